"""A citizen's session in the browser: its cookie is changed for a newer one, and a copy of an old one opens nothing.

The cookie names the conversation, its own number and since when that number counts. When it is a day old, or nobody
wrote for a while, the answer brings the next number. The next number counts once the browser has shown it: an answer
lost on the way loses no conversation. From then on the number before it is good for GRACE only.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from web.cookies import SignedCookie
from web.ports import Known, Numbers

CHANGE_AFTER = timedelta(hours=24)
CHANGE_AFTER_IDLE = timedelta(hours=2)
GRACE = timedelta(minutes=2)
# for other tabs, and for requests that were under way


@dataclass(frozen=True)
class Card:
    """What a session's cookie says."""

    address: str
    # of the conversation; nobody can guess it
    number: int
    # how often the cookie was changed
    since: datetime
    # aware; when this number was given out

    def value(self) -> str:
        """As it is signed."""
        return f"{self.address}.{self.number}.{int(self.since.timestamp())}"

    def next(self, now: datetime) -> Card:
        """The card that follows."""
        return Card(self.address, self.number + 1, now)


@dataclass(frozen=True)
class Sessions:
    """Reads, writes and changes the cookie."""

    cookie: SignedCookie
    numbers: Numbers

    async def read(self, request: Request) -> Card | None:
        """The card to write into the answer, of whoever may go on; None for everybody else."""
        found = self.cookie.read_dated(request)
        return await run_in_threadpool(self._admit, *found) if found else None

    def write(self, response: Response, request: Request, card: Card) -> None:
        """Keep the card in the browser."""
        self.cookie.write(response, request, card.value())

    def _admit(self, value: str, written_at: datetime) -> Card | None:
        now = datetime.now(UTC)
        shown = parse(value, written_at)
        known = self.numbers.known(shown.address) or Known(0, shown.since)
        if shown.number == known.number - 1 and now - known.since <= GRACE:
            return Card(shown.address, known.number, known.since)
        if shown.number == known.number + 1:
            self.numbers.advance(shown.address, Known(shown.number, now))
        elif shown.number != known.number:
            return None
        due = now - shown.since >= CHANGE_AFTER or now - written_at >= CHANGE_AFTER_IDLE
        return shown.next(now) if due else shown


def new_card() -> Card:
    """A conversation that nobody else knows."""
    return Card(secrets.token_urlsafe(24), 0, datetime.now(UTC))


def parse(value: str, written_at: datetime) -> Card:
    """The card in a signed value; one that names only its conversation counts from when it was written."""
    address, _, rest = value.partition(".")
    if not rest:
        return Card(address, 0, written_at)
    number, _, since = rest.partition(".")
    return Card(address, int(number), datetime.fromtimestamp(int(since), UTC))
