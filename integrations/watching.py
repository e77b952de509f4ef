"""Watching: what a portal's look-ups tell to whoever watches over the service."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Protocol


class Watcher(Protocol):
    """Hears of portals by their names alone. Called from any thread; it must not wait."""

    def ended(self, portal: str, how: str) -> None:
        """A look-up ended: answered, kept, stale, older, or the name of an error."""

    def rests(self, portal: str, rest_s: float) -> None:
        """The portal is left alone for so long; 0: it works again."""

    def calling(self, portal: str) -> AbstractContextManager[None]:
        """A call to the portal lasts as long as the block."""


class Unwatched:
    """Where nobody watches."""

    def ended(self, portal: str, how: str) -> None:
        """Nothing."""

    def rests(self, portal: str, rest_s: float) -> None:
        """Nothing."""

    def calling(self, portal: str) -> AbstractContextManager[None]:
        """Nothing."""
        return nullcontext()


UNWATCHED = Unwatched()
