"""The present moment, as every part of this process takes it. A play on this machine may be set on another day."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")

log = logging.getLogger(__name__)


class Present:
    """A clock: the machine's own, unless it was moved."""

    def __init__(self) -> None:
        self._ahead = timedelta()

    def __call__(self) -> datetime:
        """The present moment in Ho Chi Minh City."""
        return datetime.now(ZONE) + self._ahead

    def move(self, ahead_s: int) -> None:
        """It is so much later than the machine says, or earlier (bot/settings.py: play_ahead_s)."""
        self._ahead = timedelta(seconds=ahead_s)
        if ahead_s:
            log.warning("the clock is moved by %d s: this is a play", ahead_s)


now = Present()
# of this process; second factors, cookies and time limits stay with the machine's clock
