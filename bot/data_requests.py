"""Requests about a citizen's own data that cannot be met at once: recorded, acknowledged, decided, told.

What the assistant alone holds is deleted at once (bot/erasure.py). What an officer works with or an agency still
answers for stays meanwhile, and the wish becomes a request with the days of Decree 356/2025, Article 5. Whoever answers
for personal data decides at /console/data-requests; a deletion that nothing hinders any more is done on its last day
even if nobody looks. The functions work inside the caller's transaction.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from bot import data_law, erasure, notices, outbox, tables
from bot.data_law import Wanted
from bot.following import calendar
from bot.locks import hold
from bot.messages import Block
from bot.present import ZONE
from bot.store import Store
from bot.ticket import LETTERS
from nlu import personal_data

LONGEST_WORDS = 500
KEEP = timedelta(days=365)
# after the decision, as proof that the days were held: our own rule, the law names no period
_request = tables.data_request.c


class Decided(StrEnum):
    """How a request ended."""

    DONE = "done"
    REFUSED = "refused"


class Hindrance(StrEnum):
    """Why a decision is not taken."""

    GONE = "gone"
    # decided before
    TICKET_OPEN = "ticket_open"
    # an officer or an agency still works with what is to be deleted
    NO_GROUND = "no_ground"
    # a refusal says why, from the list
    EXTENDED = "extended"
    # it was extended before, or its last day is over


@dataclass(frozen=True)
class DataRequest:
    """One request."""

    id: int
    code: str
    # for the citizen: "YC-7K3M-Q4XA"
    wanted: Wanted
    words: str
    # the citizen's own, masked
    asked_at: datetime
    finish_by: date
    extended_at: datetime | None
    decided: Decided | None
    decided_at: datetime | None
    ground: str
    # of a refusal: a name of bot/data/data_law.yaml
    open_tickets: tuple[str, ...] = ()
    # codes of what still has to be closed in the conversation

    def is_late(self, today: date) -> bool:
        """Whether its last day is over and nobody decided."""
        return self.decided is None and today > self.finish_by


class DataRequests:
    """The requests of all citizens, for whoever answers for personal data."""

    def __init__(self, store: Store, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._store = store
        self._clock = clock

    def all(self) -> list[DataRequest]:
        """The undecided ones first, those that end soonest on top; then what was decided, newest first."""
        query = sa.select(tables.data_request).order_by(_request.finish_by, _request.id)
        with self._store.reading() as connection:
            found = [_made(connection, row) for row in connection.execute(query).mappings()]
        waiting = [item for item in found if item.decided is None]
        return waiting + sorted((item for item in found if item.decided), key=lambda item: -item.id)

    def today(self) -> date:
        """The City's day."""
        return self._clock().astimezone(ZONE).date()

    def finish(self, request_id: int, officer_id: int) -> Hindrance | None:
        """What was asked for is done; a deletion is done by this very call. None when it is."""
        with self._store.writing() as connection:
            row = _held(connection, request_id)
            if row is None:
                return Hindrance.GONE
            if row["wanted"] == Wanted.DELETE and unfinished(connection, row["conversation_id"]):
                return Hindrance.TICKET_OPEN
            _finish(connection, row, officer_id, self._clock())
        return None

    def refuse(self, request_id: int, officer_id: int, ground: str, words: str = "") -> Hindrance | None:
        """It is not done, on a ground of the law, with the officer's explanation."""
        if ground not in data_law.load().grounds:
            return Hindrance.NO_GROUND
        with self._store.writing() as connection:
            row = _held(connection, request_id)
            if row is None:
                return Hindrance.GONE
            explained = personal_data.mask(words.strip()[:LONGEST_WORDS]).text
            _decide(connection, row, Decided.REFUSED, officer_id, self._clock(), ground)
            _tell(connection, row, "refused", self._clock(), why=data_law.load().grounds[ground], words=explained)
        return None

    def extend(self, request_id: int, officer_id: int) -> Hindrance | None:
        """More time, once, before the last day is over."""
        now = self._clock()
        with self._store.writing() as connection:
            row = _held(connection, request_id)
            if row is None:
                return Hindrance.GONE
            if row["extended_at"] is not None or self.today() > row["finish_by"]:
                return Hindrance.EXTENDED
            until = data_law.extended(Wanted(row["wanted"]), _day(row["asked_at"]), calendar())
            values = {"extended_at": now, "finish_by": until, "officer_id": officer_id}
            connection.execute(sa.update(tables.data_request).where(_request.id == request_id).values(**values))
            _tell(connection, {**row, **values}, "extended", now)
        return None


def ask(
    connection: sa.Connection, conversation_id: int, wanted: Wanted, now: datetime, words: str = ""
) -> tuple[Block, ...]:
    """Record a request and acknowledge it: the blocks for the reply. Asked again while it waits, it is the same one."""
    row = _open(connection, conversation_id, wanted)
    if row is None:
        by = data_law.dates(wanted, _day(now), calendar())
        values = {
            "conversation_id": conversation_id,
            "code": new_code(),
            "wanted": wanted.value,
            "words": words[:LONGEST_WORDS],
            "asked_at": now,
            "finish_by": by.finish_by,
        }
        connection.execute(sa.insert(tables.data_request).values(**values))
        row = _open(connection, conversation_id, wanted)
        assert row is not None
    return notices.blocks("data_request_taken", **_said(row))


def waiting(connection: sa.Connection, conversation_id: int) -> list[DataRequest]:
    """What a citizen asked for and nobody decided yet."""
    here = sa.and_(_request.conversation_id == conversation_id, _request.decided.is_(None))
    rows = connection.execute(sa.select(tables.data_request).where(here).order_by(_request.id)).mappings().all()
    return [_made(connection, row) for row in rows]


def unfinished(connection: sa.Connection, conversation_id: int | None) -> tuple[str, ...]:
    """Codes of a conversation's tickets that are not closed."""
    mine = sa.and_(tables.ticket.c.conversation_id == conversation_id, erasure.UNFINISHED)
    return tuple(connection.execute(sa.select(tables.ticket.c.code).where(mine)).scalars())


def finish_due(store: Store, now: datetime) -> int:
    """Do the deletions whose last day has come and that nothing hinders; their number."""
    over = sa.and_(_request.decided.is_(None), _request.wanted == Wanted.DELETE.value, _request.finish_by <= _day(now))
    done = 0
    with store.reading() as connection:
        ids: Sequence[int] = connection.execute(sa.select(_request.id).where(over)).scalars().all()
    for request_id in ids:
        with store.writing() as connection:
            row = _held(connection, request_id)
            if row is not None and not unfinished(connection, row["conversation_id"]):
                _finish(connection, row, None, now)
                done += 1
    return done


def undecided() -> sa.Select[tuple[int]]:
    """The conversations with a request that nobody decided."""
    return sa.select(_request.conversation_id).where(_request.decided.is_(None), _request.conversation_id.is_not(None))


def disconnect(connection: sa.Connection, conversation_ids: Sequence[int]) -> None:
    """Whose requests they were is known no more; that they were decided in time is."""
    here = _request.conversation_id.in_(conversation_ids)
    connection.execute(sa.update(tables.data_request).where(here).values(conversation_id=None))


def delete_old(connection: sa.Connection, now: datetime) -> None:
    """Delete requests that were decided longer than KEEP ago."""
    connection.execute(sa.delete(tables.data_request).where(_request.decided_at < now - KEEP))


def new_code() -> str:
    """A code for a citizen that nobody guesses: "YC-7K3M-Q4XA"."""
    letters = "".join(secrets.choice(LETTERS) for _ in range(8))
    return f"YC-{letters[:4]}-{letters[4:]}"


def _finish(connection: sa.Connection, row: Mapping[str, Any], officer_id: int | None, now: datetime) -> None:
    if row["wanted"] == Wanted.DELETE and row["conversation_id"] is not None:
        erasure.erase(connection, row["conversation_id"])
    _decide(connection, row, Decided.DONE, officer_id, now)
    _tell(connection, row, "done", now)


def _decide(
    connection: sa.Connection,
    row: Mapping[str, Any],
    decided: Decided,
    officer_id: int | None,
    now: datetime,
    ground: str = "",
) -> None:
    """The words of a request are needed no more once it is decided."""
    values = {"decided": decided.value, "decided_at": now, "ground": ground, "officer_id": officer_id, "words": ""}
    connection.execute(sa.update(tables.data_request).where(_request.id == row["id"]).values(**values))


def _tell(connection: sa.Connection, row: Mapping[str, Any], what: str, now: datetime, **values: object) -> None:
    """The citizen hears of it where they asked."""
    if row["conversation_id"] is not None:
        told = notices.tell(f"data_request_{what}", **_said(row), **values)
        outbox.put(connection, row["conversation_id"], f"data-request:{row['id']}:{what}", told, now)


def _open(connection: sa.Connection, conversation_id: int, wanted: Wanted) -> dict[str, Any] | None:
    same = sa.and_(
        _request.conversation_id == conversation_id, _request.wanted == wanted.value, _request.decided.is_(None)
    )
    row = connection.execute(sa.select(tables.data_request).where(same)).mappings().first()
    return {**row} if row else None


def _held(connection: sa.Connection, request_id: int) -> dict[str, Any] | None:
    """An undecided request with its conversation held; None when it is gone or decided."""
    query = sa.select(tables.data_request).where(_request.id == request_id, _request.decided.is_(None))
    row = connection.execute(query).mappings().first()
    if row is not None and row["conversation_id"] is not None:
        hold(connection, row["conversation_id"])
        row = connection.execute(query).mappings().first()
    return {**row} if row else None


def _said(row: Mapping[str, Any]) -> dict[str, object]:
    return {
        "code": row["code"],
        "wanted": data_law.load().kinds[Wanted(row["wanted"])].said,
        "finish_by": row["finish_by"],
    }


def _made(connection: sa.Connection, row: sa.RowMapping) -> DataRequest:
    named = {name: row[name] for name in ("id", "code", "words", "asked_at", "finish_by", "extended_at", "decided_at")}
    return DataRequest(
        **named,
        wanted=Wanted(row["wanted"]),
        decided=Decided(row["decided"]) if row["decided"] else None,
        ground=row["ground"],
        open_tickets=unfinished(connection, row["conversation_id"]) if row["decided"] is None else (),
    )


def _day(at: datetime) -> date:
    return at.astimezone(ZONE).date()
