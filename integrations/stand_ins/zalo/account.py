"""The account that the stand-in plays, and the values that its files share."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]


@dataclass(frozen=True)
class Account:
    """An application with its Official Account; invented, none of it is a secret."""

    app_id: str = "2468013579"
    oa_id: str = "1357924680"
    app_secret: str = "stand-in-app-secret"
    # proves who asks for tokens
    oa_secret: str = "stand-in-oa-secret"
    # signs webhooks
    refresh_token: str = "first-refresh-token"
    # handed over when the account authorised the application
    token_lifetime_s: float = 90_000
    rate_per_s: float = 20
    # calls of the API
    retries_s: tuple[float, ...] = (30, 300, 900, 1800, 3600)
    # waits before an event is pushed again; then the webhook is switched off
    answer_within_s: float = 2.0
    # a webhook that is slower has not answered


class Clock:
    """The present moment, which may be moved on."""

    def __init__(self) -> None:
        self._ahead_s = 0.0

    def now_s(self) -> float:
        """Seconds since 1970."""
        return time.time() + self._ahead_s

    def go_on(self, hours: float) -> None:
        """So much time passes at once."""
        self._ahead_s += hours * 3600


class Rejected(Exception):
    """What Zalo answers with an error number, and HTTP 200."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code
