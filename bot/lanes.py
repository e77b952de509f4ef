"""Lanes: a few threads work at a time, and whoever waits for a portal gives their lane to somebody else.

There are more threads than lanes, one more for each call that a portal may keep waiting. So a slow portal takes no lane
from other conversations, and on a quiet day no more threads work, or look into the inbox, than there are lanes.
"""

from __future__ import annotations

import threading

from integrations.dossiers import Details, Dossiers, Found, Proof


class Lanes:
    """The right to work."""

    def __init__(self, count: int) -> None:
        self._free = threading.Semaphore(count)
        self._own = threading.local()

    def take(self) -> None:
        """Wait for a lane."""
        self._free.acquire()
        self._own.has_one = True

    def give(self) -> None:
        """Let somebody else have the lane; a thread without one has nothing to give."""
        if getattr(self._own, "has_one", False):
            self._own.has_one = False
            self._free.release()


class GivingWay:
    """Dossiers whose asker gives its lane away first. It ends its step without one: that takes milliseconds."""

    def __init__(self, dossiers: Dossiers, lanes: Lanes) -> None:
        self._dossiers = dossiers
        self._lanes = lanes

    def find(self, code: str) -> Found:
        """What the code alone opens."""
        self._lanes.give()
        return self._dossiers.find(code)

    def details(self, code: str, proof: Proof) -> Details:
        """What the second factor opens."""
        self._lanes.give()
        return self._dossiers.details(code, proof)
