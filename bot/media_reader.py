"""Reads what citizens sent instead of words, one at a time on a host, beside the threads that answer messages."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Protocol

from bot import media_words
from bot.errors import NoFile
from bot.host_lock import HostLock
from bot.pending_media import LARGEST_BYTES, Pending, PendingMedia
from bot.present import now as present
from bot.utterance import Utterance
from integrations.errors import IntegrationError

log = logging.getLogger(__name__)

IDLE_S = 0.5
# how soon something to read is seen
AFTER_ERROR_S = 5.0
Files = Mapping[str, Callable[[str], Awaitable[bytes]]]
# by channel: what a citizen sent, by its name there. Raises NoFile


class Reader(Protocol):
    """Whoever hears a sound or sees a photo. Raises the errors of integrations.errors."""

    async def read(self, content: bytes) -> tuple[str, ...]: ...


class MediaReader:
    """Gives what is held to a reader and what it says back; of the file nothing is kept."""

    def __init__(
        self,
        media: PendingMedia,
        files: Files,
        readers: Mapping[str, Reader],
        lock: HostLock,
        clock: Callable[[], datetime] = present,
    ) -> None:
        self._media = media
        self._files = files
        self._readers = readers
        # by kind of attachment
        self._lock = lock
        self._clock = clock

    async def run(self) -> None:
        """Read for ever."""
        while True:
            try:
                worked = await self.step()
                pause_s = 0.0 if worked else IDLE_S
            except Exception as error:
                log.error("nothing can be read: %s", type(error).__name__)
                pause_s = AFTER_ERROR_S
            await asyncio.sleep(pause_s)

    async def step(self) -> bool:
        """Read one message; False when there is none, or somebody else on this host reads. Raises the database's."""
        with self._lock.tried() as is_ours:
            pending = await asyncio.to_thread(self._media.take) if is_ours else None
            if pending is None:
                return False
            utterance = await self._read(pending)
            await asyncio.to_thread(self._media.settle, pending, utterance)
            return True

    async def _read(self, pending: Pending) -> Utterance:
        """What a sound or photo says; nothing when it cannot be had or read."""
        lines: tuple[str, ...] = ()
        try:
            content = await self._fetched(pending)
            lines = await self._readers[pending.kind].read(content)
        except (NoFile, IntegrationError) as error:
            log.warning("a %s was not read: %s", pending.kind, error)
        return media_words.utterance(pending.kind, lines, self._clock().date())

    async def _fetched(self, pending: Pending) -> bytes:
        """The file. Raises NoFile, also for one that is too large."""
        if pending.channel not in self._files:
            raise NoFile("this process has no such channel")
        content = await self._files[pending.channel](pending.ref)
        if len(content) > LARGEST_BYTES[pending.kind]:
            raise NoFile("too large")
        return content
