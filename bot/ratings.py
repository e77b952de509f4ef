"""Ratings: citizens are asked how satisfied they are, each matter once, and what they say is kept.

The row of a question is unique for its ticket or turn, and written in one transaction with the message that asks:
whoever dies in between, and however many look at the same moment, one question leaves or none. When one is due says
bot/satisfaction.py.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from bot import outbox, satisfaction, tables, zalo_window
from bot.compose import compose
from bot.conversation import Owner
from bot.decisions import Decision, GiveReason, Rate
from bot.facts import RatingFacts
from bot.outcomes import Outcome
from bot.present import ZONE
from bot.satisfaction import SKIPPED, Ended, Plan, due
from bot.shares import Asked
from bot.store import Store
from bot.switches import Mode, Switches
from bot.ticket import OFFICERS_ENDINGS, Ending, Stage

log = logging.getLogger(__name__)

LOOK_EVERY_S = 15.0
SITTING = timedelta(days=1)
MOST_TURNS = 10
# what is looked back at: nothing grave may have happened in it
_rating, _ticket, _turn, _talk = tables.rating.c, tables.ticket.c, tables.turn.c, tables.conversation.c


@dataclass(frozen=True)
class Matter:
    """What somebody may be asked about."""

    conversation_id: int
    ticket_id: int | None = None
    turn_id: int | None = None
    # one of both


@dataclass(frozen=True)
class Given:
    """What a citizen said of a ticket."""

    step: str
    # in words; empty: nothing, or they would rather not say
    reason: str
    # in words: a common one, or the citizen's own; empty: none
    asked_at: datetime
    answered_at: datetime | None


class Survey:
    """Asks. Any number may look beside each other, in threads and processes."""

    def __init__(
        self,
        store: Store,
        plan: Plan,
        clock: Callable[[], datetime],
        switches: Callable[[str], Switches] = lambda channel: Switches(),
    ) -> None:
        self._store = store
        self._plan = plan
        self._clock = clock
        self._switches = switches
        # of a channel, as they stand

    def step(self) -> int:
        """Ask everybody who is to be asked now; how many it were."""
        if not self._plan.quiet:
            return 0
        now = self._clock()
        with self._store.reading() as connection:
            found = [*_closed(connection, self._plan, now), *_rested(connection, self._plan, now)]
            pressing = [matter for matter in found if self._is_due(connection, matter, now)]
        return sum(self._ask(matter, now) for matter in pressing)

    def run(self, stop: threading.Event) -> None:
        """Look again and again until told to stop."""
        while not stop.wait(LOOK_EVERY_S):
            try:
                self.step()
            except sa.exc.SQLAlchemyError as error:
                log.error("nobody was asked how satisfied they are: %s", type(error).__name__)

    def _is_due(self, connection: sa.Connection, matter: Matter, now: datetime) -> bool:
        ended = _ended(connection, matter, self._switches)
        return ended is not None and due(ended, self._plan, now)

    def _ask(self, matter: Matter, now: datetime) -> bool:
        """Row, message and memory in one transaction, looked at once more: somebody may have been quicker."""
        with self._store.writing() as connection:
            talk = _talk_of(connection, matter.conversation_id, locked=True)
            if talk is None or not self._is_due(connection, matter, now):
                return False
            number = _insert(connection, matter, talk, now)
            facts = RatingFacts(Outcome.RATING_ASKED, number, channel=talk["channel"], about=_code(connection, matter))
            question = compose(facts)
            assert question is not None
            outbox.put(connection, matter.conversation_id, f"rating:{number}", question, now)
            until = self._plan.until(now.astimezone(ZONE).date()).isoformat()
            asked = {"rating": number, "rating_until": until, "rating_awaits": satisfaction.STEP}
            this = _talk.id == matter.conversation_id
            connection.execute(sa.update(tables.conversation).where(this).values(state={**talk["state"], **asked}))
        return True


def settle(connection: sa.Connection, conversation_id: int, decision: Decision, at: datetime) -> None:
    """Keep what a turn says of a question of its conversation, in the turn's transaction.

    Another step takes the place of the one before, whose reason goes with it.
    """
    match decision:
        case Rate(number, step):
            is_same = _rating.step == step
            values = {name: sa.case((is_same, _rating[name]), else_="") for name in ("reason", "words")}
            _update(connection, conversation_id, number, step=step, answered_at=at, **values)
        case GiveReason(number, reason, words) if reason or words:
            _update(connection, conversation_id, number, reason=reason, words=words)


def given(connection: sa.Connection, ticket_id: int) -> Given | None:
    """What came of the question about a ticket; None when it was not asked."""
    row = connection.execute(sa.select(tables.rating).where(_rating.ticket_id == ticket_id)).mappings().first()
    if row is None:
        return None
    return Given(
        step=satisfaction.content()["steps"].get(row["step"], ""),
        reason=row["words"] or satisfaction.reason_label(row["reason"]),
        asked_at=row["asked_at"],
        answered_at=row["answered_at"],
    )


def asked(connection: sa.Connection, since: datetime) -> Iterator[Asked]:
    """Every question since a moment (aware), for bot/shares.py."""
    query = sa.select(_rating.unit, _rating.field, _rating.step).where(_rating.asked_at >= since)
    for row in connection.execute(query):
        yield Asked(row.unit, row.field, None if row.step == SKIPPED else row.step)


def forget(connection: sa.Connection, conversation_ids: Sequence[int]) -> None:
    """Delete what was asked in conversations and what was said to it."""
    connection.execute(sa.delete(tables.rating).where(_rating.conversation_id.in_(conversation_ids)))


def disconnect(connection: sa.Connection, conversation_ids: Sequence[int]) -> None:
    """Keep steps and common reasons for the figures; whose they were is known no more, and own words are deleted."""
    here = _rating.conversation_id.in_(conversation_ids)
    for row in connection.execute(sa.select(tables.rating).where(here)).mappings().all():
        days = {name: _day(row[name]) for name in ("asked_at", "answered_at")}
        loose = {"conversation_id": None, "ticket_id": None, "turn_id": None, "words": ""}
        connection.execute(sa.update(tables.rating).where(_rating.id == row["id"]).values(**loose, **days))


def _day(at: datetime | None) -> datetime | None:
    """The beginning of the City's day of a moment."""
    return at.astimezone(ZONE).replace(hour=0, minute=0, second=0, microsecond=0) if at else None


def _closed(connection: sa.Connection, plan: Plan, now: datetime) -> list[Matter]:
    """Tickets that an officer closed lately and nobody was asked about."""
    asked = sa.select(_rating.id).where(_rating.ticket_id == _ticket.id)
    query = sa.select(_ticket.id, _ticket.conversation_id).where(
        _ticket.state == Stage.CLOSED.value,
        _ticket.ending.in_([ending.value for ending in OFFICERS_ENDINGS]),
        _ticket.resolved_at >= now - plan.latest,
        ~asked.exists(),
    )
    return [Matter(row.conversation_id, ticket_id=row.id) for row in connection.execute(query)]


def _rested(connection: sa.Connection, plan: Plan, now: datetime) -> list[Matter]:
    """Conversations with the assistant in which nothing happened for a while, after something that may be an answer."""
    turns = tables.turn.alias("turns")
    newest = sa.select(sa.func.max(turns.c.id)).where(turns.c.conversation_id == _talk.id).scalar_subquery()
    lately = sa.select(_rating.id).where(_rating.conversation_id == _talk.id, _rating.asked_at > now - plan.rest)
    ends = [outcome.value for outcome in satisfaction.ANSWERS | satisfaction.ASIDE]
    query = (
        sa.select(_talk.id.label("conversation_id"), _turn.id)
        .select_from(tables.conversation)
        .join(tables.turn, _turn.id == newest)
        .where(_talk.updated_at >= now - plan.latest, _talk.updated_at <= now - plan.quiet)
        .where(_talk.owner == Owner.BOT.value, _talk.channel.in_(plan.channels))
        .where(_turn.outcome.in_(ends), ~lately.exists())
    )
    return [Matter(row.conversation_id, turn_id=row.id) for row in connection.execute(query)]


def _talk_of(connection: sa.Connection, conversation_id: int, *, locked: bool = False) -> sa.RowMapping | None:
    query = sa.select(tables.conversation).where(_talk.id == conversation_id)
    return connection.execute(query.with_for_update() if locked else query).mappings().first()


def _ended(connection: sa.Connection, matter: Matter, switches: Callable[[str], Switches]) -> Ended | None:
    """What is known of a matter; None when it is gone, or no longer what happened last."""
    talk = _talk_of(connection, matter.conversation_id)
    ticket = _ticket_of(connection, matter)
    outcomes = _outcomes(connection, matter)
    if talk is None or (ticket is None and not outcomes):
        return None
    return Ended(
        channel=talk["channel"],
        owner=Owner(talk["owner"]),
        ended_at=ticket["resolved_at"] if ticket else talk["updated_at"],
        said_at=zalo_window.last_said_in(connection, matter.conversation_id),
        ending=Ending(ticket["ending"]) if ticket else None,
        outcomes=outcomes,
        urgency=tuple(ticket["urgency"] if ticket else talk["state"].get("urgency", ())),
        has_unread=_has_unread(connection, matter.conversation_id),
        is_asked=_is_asked(connection, matter),
        asked_at=_asked_at(connection, matter.conversation_id),
        is_silenced=switches(talk["channel"]).mode is not Mode.ON,
    )


def _ticket_of(connection: sa.Connection, matter: Matter) -> sa.RowMapping | None:
    """The ticket, while it is closed."""
    query = sa.select(tables.ticket).where(_ticket.id == matter.ticket_id, _ticket.state == Stage.CLOSED.value)
    return connection.execute(query).mappings().first() if matter.ticket_id else None


def _outcomes(connection: sa.Connection, matter: Matter) -> tuple[Outcome, ...]:
    """How the last turns ended, newest first; nothing when there was another one since."""
    if matter.turn_id is None:
        return ()
    here = _turn.conversation_id == matter.conversation_id
    query = sa.select(_turn.id, _turn.outcome, _turn.created_at).where(here).order_by(_turn.id.desc())
    rows = connection.execute(query.limit(MOST_TURNS)).all()
    if not rows or rows[0].id != matter.turn_id:
        return ()
    return tuple(Outcome(row.outcome) for row in rows if row.created_at >= rows[0].created_at - SITTING)


def _has_unread(connection: sa.Connection, conversation_id: int) -> bool:
    here = tables.inbox.c.conversation_id == conversation_id
    query = sa.select(tables.inbox.c.id).where(here, tables.unread(tables.inbox.c.status))
    return connection.execute(query.limit(1)).first() is not None


def _is_asked(connection: sa.Connection, matter: Matter) -> bool:
    here = _rating.ticket_id == matter.ticket_id if matter.ticket_id else _rating.turn_id == matter.turn_id
    return connection.execute(sa.select(_rating.id).where(here)).first() is not None


def _asked_at(connection: sa.Connection, conversation_id: int) -> datetime | None:
    newest = sa.select(sa.func.max(_rating.asked_at, type_=tables.UtcTime))
    found: datetime | None = connection.execute(newest.where(_rating.conversation_id == conversation_id)).scalar()
    return found


def _insert(connection: sa.Connection, matter: Matter, talk: sa.RowMapping, now: datetime) -> int:
    """The row of a question, with what the figures are by."""
    about: Any = _ticket_of(connection, matter) or {name: talk["state"].get(name, "") for name in ("unit", "field")}
    made = connection.execute(
        sa.insert(tables.rating).values(
            conversation_id=matter.conversation_id,
            ticket_id=matter.ticket_id,
            turn_id=matter.turn_id,
            channel=talk["channel"],
            unit=about["unit"],
            field=about["field"],
            reason="",
            words="",
            asked_at=now,
        )
    )
    return int(made.inserted_primary_key[0])  # type: ignore[index]


def _code(connection: sa.Connection, matter: Matter) -> str:
    ticket = _ticket_of(connection, matter)
    return str(ticket["code"]) if ticket else ""


def _update(connection: sa.Connection, conversation_id: int, number: int, **values: Any) -> None:
    here = sa.and_(_rating.id == number, _rating.conversation_id == conversation_id)
    connection.execute(sa.update(tables.rating).where(here).values(**values))
