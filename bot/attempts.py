"""Wrong sign-ins: who guesses waits, longer each time; nobody can shut a colleague out for long.

Three counts, each over WINDOW: the pair of username and address (strict), the address alone (an office may share one:
patient, and the wait is short) and the username alone (a guesser with many addresses). The last one does not count
for an address from which the officer signed in before: guessing from elsewhere never stops a colleague at their desk.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from bot import tables

WINDOW = timedelta(hours=1)


class TooManyAttempts(Exception):
    """Sign-in is closed for a while."""

    def __init__(self, retry_after_s: float) -> None:
        super().__init__(f"try again in {retry_after_s:.0f} s")
        self.retry_after_s = retry_after_s


@dataclass(frozen=True)
class Limit:
    """How long to wait after failures."""

    free: int
    # failures that cost nothing
    first_s: float
    # the wait after the next one; doubles with each
    most_s: float

    def wait_s(self, failures: int) -> float:
        """How long after the last failure the next attempt is looked at."""
        over = failures - self.free - 1
        return 0.0 if over < 0 else min(self.first_s * 2.0 ** min(over, 30), self.most_s)


LIMITS = {
    "pair": Limit(free=4, first_s=5, most_s=600),
    "from": Limit(free=20, first_s=2, most_s=60),
    "name": Limit(free=50, first_s=5, most_s=30),
}


def keys(username: str, address: str) -> dict[str, str]:
    """What failures are counted by. What was typed as a name may be a password: it is hashed."""
    name = _hash(username)
    return {"pair": f"pair:{_hash(username + ' ' + address)}", "from": f"from:{address[:100]}", "name": f"name:{name}"}


def refuse_guesser(connection: sa.Connection, username: str, address: str, now: datetime, *, is_known: bool) -> None:
    """Raises TooManyAttempts. `is_known`: the officer signed in from that address before."""
    counted = keys(username, address)
    if is_known:
        del counted["name"]
    waits = [_left_s(connection, kind, who, now) for kind, who in counted.items()]
    if max(waits) > 0:
        raise TooManyAttempts(max(waits))


def count(connection: sa.Connection, username: str, address: str, now: datetime) -> None:
    """One more failure; those that no longer count go."""
    delete_old(connection, now)
    rows = [{"who": who, "at": now} for who in keys(username, address).values()]
    connection.execute(sa.insert(tables.sign_in_failure), rows)


def delete_old(connection: sa.Connection, now: datetime) -> None:
    """Delete failures that count no more."""
    connection.execute(sa.delete(tables.sign_in_failure).where(tables.sign_in_failure.c.at < now - WINDOW))


def forgive(connection: sa.Connection, username: str, address: str) -> None:
    """The right password: this officer's failures from this address count no more."""
    who = tables.sign_in_failure.c.who
    connection.execute(sa.delete(tables.sign_in_failure).where(who == keys(username, address)["pair"]))


def _left_s(connection: sa.Connection, kind: str, who: str, now: datetime) -> float:
    failure = tables.sign_in_failure.c
    query = sa.select(sa.func.count(), sa.func.max(failure.at, type_=tables.UtcTime))
    failures, last = connection.execute(query.where(failure.who == who, failure.at > now - WINDOW)).one()
    return LIMITS[kind].wait_s(failures) - (now - last).total_seconds() if failures else 0.0


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]
