"""One at a time on a host: a file that only one process holds. It is free again when its holder ends, however."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path


class HostLock:
    """A lock of the processes that share a folder."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @contextlib.contextmanager
    def tried(self) -> Iterator[bool]:
        """Whether it is ours, for as long as it is needed; without waiting."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        file = os.open(self._path, os.O_WRONLY | os.O_CREAT, 0o600)
        try:
            yield _is_locked(file)
        finally:
            os.close(file)


def _is_locked(file: int) -> bool:
    """Whether an open file could be locked at once."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
