"""What Telegram refuses.

Rejected   a call that is answered with ok=false: HTTP status, description, parameters
"""

from __future__ import annotations

from typing import Any


class Rejected(Exception):
    """A call that Telegram answers with ok=false."""

    def __init__(self, status: int, description: str, parameters: dict[str, Any] | None = None) -> None:
        super().__init__(description)
        self.status = status
        self.description = description
        self.parameters = parameters


def bad_request(why: str) -> Rejected:
    """The usual refusal."""
    return Rejected(400, f"Bad Request: {why}")
