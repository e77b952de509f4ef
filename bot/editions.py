"""The edition of the catalogue that is served, switched while the assistant works.

Where a release is current in the catalogue's folder, it is served; otherwise the reviewed files with what was imported.
A release that is tampered with, unapproved or unreadable is refused, and what was served goes on.
"""

from __future__ import annotations

import gc
import logging
import threading
from collections.abc import Callable
from pathlib import Path

from bot.assistant import Assistant
from knowledge import catalogue
from knowledge.catalogue import Catalogue
from knowledge.errors import KnowledgeError
from knowledge.importing import SERVED
from knowledge.releasing import Releases

log = logging.getLogger(__name__)

LOOK_EVERY_S = 2.0


class Editions:
    """The assistant over the current edition; `look` notices a switch."""

    def __init__(self, folder: Path, build: Callable[[Catalogue], Assistant]) -> None:
        self._folder = folder
        self._releases = Releases(folder)
        self._build = build
        self._seen = self._releases.current()
        self._made: Assistant | None = None
        self._making = threading.Lock()
        self._read: tuple[str, Catalogue] | None = None
        self._reading = threading.Lock()

    def assistant(self) -> Assistant:
        """The assistant to use for the next turn; the first call makes it, which takes seconds."""
        if self._made is None:
            with self._making:
                self._made = self._made or self._lasting(self._whole(self._seen))
        return self._made

    @property
    def is_made(self) -> bool:
        """Whether an assistant is there already, so that an answer takes no seconds."""
        return self._made is not None

    def catalogue(self) -> Catalogue:
        """The records that are served. Where nobody made an assistant, none is made: who only prints needs no index."""
        if self._made is not None:
            return self._made.catalogue
        with self._reading:
            current = self._releases.current()
            if self._read is None or self._read[0] != current:
                self._read = (current, self._whole(current))
            return self._read[1]

    def look(self) -> bool:
        """Serve another release when one was switched to; True when something changed."""
        if self._made is None:
            return False
        current = self._releases.current()
        if current == self._seen:
            return False
        self._seen = current
        try:
            self._made = self._lasting(self._releases.load(current) if current else self._working())
        except (KnowledgeError, OSError, ValueError) as error:
            log.error("release %s is refused, the former edition goes on: %s", current, error)
            return False
        return True

    def keep_looking(self, stop: threading.Event) -> None:
        """Look again and again until told to stop."""
        while not stop.wait(LOOK_EVERY_S):
            self.look()

    def _lasting(self, served: Catalogue) -> Assistant:
        """An assistant that the collector of garbage passes over: its 300,000 objects halt every thread for 0.2 s."""
        made = self._build(served)
        gc.unfreeze()
        # what an earlier edition left is found
        gc.collect()
        gc.freeze()
        return made

    def _whole(self, release_id: str) -> Catalogue:
        """A release, or an earlier one when it is not whole; the working files when there is none."""
        if not release_id:
            return self._working()
        try:
            return self._releases.load(release_id)
        except (KnowledgeError, OSError, ValueError) as error:
            log.error("release %s is refused, an earlier one is looked for: %s", release_id, error)
            return self._earlier()

    def _earlier(self) -> Catalogue:
        """The newest release before the current one that is whole; the reviewed files when there is none."""
        for release_id in reversed(self._releases.history()[:-1]):
            try:
                return self._releases.load(release_id)
            except (KnowledgeError, OSError, ValueError):
                continue
        return self._working()

    def _working(self) -> Catalogue:
        return catalogue.load(self._folder / SERVED)
