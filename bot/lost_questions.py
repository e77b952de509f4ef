"""The ledger of lost questions: what the assistant did not understand, declined, handed on, or answered badly.

A question is kept apart from its conversation, without personal numbers and without what could tell who asked. The
links to its message, its ticket and an officer's answer go with the conversation; when the citizen has the conversation
deleted, the question goes too. Questions that ask the same lie together (nlu/clusters.py); what editors make of them is
in bot/lost_decisions.py.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from bot import freed_memory, tables
from bot.locks import insert_unless_there
from bot.messages import Kind
from bot.outcomes import Outcome
from bot.periods import day_of
from bot.satisfaction import ANSWERS
from bot.store import Store
from nlu import clusters, identifying, personal_data
from nlu.encoder import Vectors
from nlu.text import without_placeholders, words

log = logging.getLogger(__name__)

KEEP = timedelta(days=365)
# a question, after the day it was asked
FIRST_LOOK_S = 30.0
# after the start: a program that is often started again collects too
LOOK_EVERY_S = 900.0
LOOK_BACK = timedelta(days=4)
# longer than an answer may be rated (bot/data/satisfaction.yaml)
SITTING = timedelta(days=1)
# a question and what came of it
MOST_TOGETHER = 2_000
# of the newest questions: so many are put in order at once
SHORTEST = 2
# words
NOT_SATISFIED = (4, 5)
# steps of bot/satisfaction.py
ABOUT_NO_PROCEDURE = frozenset({"complaint", "emergency", "insult"})
# intents of what is handed on and no question
PERSON = "officer"
# the intent of whoever only asks for one
TAKEN_BACK = '%"kind": "correction"%'
# of an understanding, as it is stored: the citizen says that something else was meant

_lost, _turn, _inbox, _ticket, _outbox = (
    table.c for table in (tables.lost_question, tables.turn, tables.inbox, tables.ticket, tables.outbox)
)
Meanings = Callable[[Sequence[str]], Vectors | None]
# a unit vector a text; None without an encoder


class Reason(StrEnum):
    """Why a question counts as lost; words in web/data/texts.yaml."""

    ABSTAINED = "abstained"
    # not understood, or no such procedure
    DECLINED = "declined"
    # called no matter of ours
    HANDED_OFF = "handed_off"
    DOWN_VOTED = "down_voted"
    # answered, and the citizen said that it was wrong or was not satisfied


REASONS = {
    Outcome.NOT_UNDERSTOOD: Reason.ABSTAINED,
    Outcome.OFFICER_OFFERED: Reason.ABSTAINED,
    Outcome.PROCEDURE_UNKNOWN: Reason.ABSTAINED,
    Outcome.OFF_TOPIC: Reason.DECLINED,
    Outcome.HANDED_OFF: Reason.HANDED_OFF,
}
ASKED = ANSWERS | {Outcome.ASKED_WHICH, Outcome.ASKED_PROCEDURE, *REASONS} - {Outcome.HANDED_OFF}
# turns that a question led to


@dataclass(frozen=True)
class Found:
    """A lost question, still with its conversation."""

    turn: sa.RowMapping
    # of the turn that answered it, with text, channel and received_at of its message
    reason: Reason


class LostQuestions:
    """Collects. Any number may look beside each other, and again: a question is kept once."""

    def __init__(self, store: Store, meanings: Meanings, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._meanings = meanings
        self._clock = clock

    def step(self) -> int:
        """Keep what was lost lately, link the answers, put alike questions together; how many are new."""
        with self._store.writing() as connection:
            kept = collect(connection, self._clock())
            link(connection)
        self._order()
        return kept

    def run(self, stop: threading.Event) -> None:
        """Look again and again until told to stop."""
        pause_s = FIRST_LOOK_S
        while not stop.wait(pause_s):
            pause_s = LOOK_EVERY_S
            try:
                with self._store.duty("lost questions") as ours:
                    if ours:
                        self.step()
                        freed_memory.give_back()
            except sa.exc.SQLAlchemyError as error:
                log.error("lost questions were not collected: %s", type(error).__name__)

    def _order(self) -> None:
        """Name the middle of each open question's cluster, unless nothing came and nothing went."""
        with self._store.reading() as connection:
            rows = connection.execute(_open()).all()[::-1]
        known = {row.id for row in rows}
        if all(row.middle_id in known for row in rows):
            return
        found = [rows[place].id for place in together([row.text for row in rows], self._meanings)]
        with self._store.writing() as connection:
            for row, middle in zip(rows, found, strict=True):
                if row.middle_id != middle:
                    this = sa.update(tables.lost_question).where(_lost.id == row.id)
                    connection.execute(this.values(middle_id=middle))


def together(texts: Sequence[str], meanings: Meanings) -> list[int]:
    """For each text the place of the one in the middle of those that ask the same."""
    if len(texts) < 2:
        return list(range(len(texts)))
    vectors = meanings(texts)
    if vectors is None:
        return clusters.middles(clusters.by_letters(texts), clusters.WRITTEN)
    return clusters.middles(vectors, clusters.MEANT)


def clean(text: str) -> str:
    """A text without personal numbers, and without what could tell who is meant."""
    return identifying.hide(personal_data.mask(text).text)


def collect(connection: sa.Connection, now: datetime) -> int:
    """Keep the questions that were lost in the last days; how many are new."""
    return sum(_keep(connection, found) for found in [*_ended(connection, now), *_voted(connection, now)])


def link(connection: sa.Connection) -> None:
    """Name the ticket that a question came to and the officer's first words in it, once they are there."""
    for lost_id, ticket_id in _tickets(connection).items():
        connection.execute(_changed(lost_id, ticket_id=ticket_id))
    said = sa.and_(
        _outbox.conversation_id == _lost.conversation_id,
        _outbox.key.startswith("officer:"),
        _outbox.created_at >= _ticket.opened_at,
    )
    query = (
        sa.select(_lost.id, sa.func.min(_outbox.id).label("answer_id"))
        .join(tables.ticket, _ticket.id == _lost.ticket_id)
        .join(tables.outbox, said)
        .where(_lost.answer_id.is_(None))
        .group_by(_lost.id)
    )
    for row in connection.execute(query).all():
        connection.execute(_changed(row.id, answer_id=row.answer_id))


def forget(connection: sa.Connection, conversation_ids: Sequence[int]) -> None:
    """Delete what was asked in conversations: the citizen wants it."""
    here = _lost.conversation_id.in_(conversation_ids)
    connection.execute(sa.delete(tables.lost_question).where(here))


def disconnect(connection: sa.Connection, conversation_ids: Sequence[int]) -> None:
    """The questions stay; whose they were, and what was answered, is known no more."""
    here = sa.update(tables.lost_question).where(_lost.conversation_id.in_(conversation_ids))
    connection.execute(here.values(conversation_id=None, inbox_id=None, ticket_id=None, answer_id=None))


def delete_old(connection: sa.Connection, now: datetime) -> None:
    """Delete questions that were asked longer than KEEP ago."""
    connection.execute(sa.delete(tables.lost_question).where(_lost.day < day_of(now - KEEP)))


def _turns() -> sa.Select[tuple[Any, ...]]:
    """Turns with the message that each answered; without the replies, which would fill the memory."""
    did = (
        _turn.id,
        _turn.conversation_id,
        _turn.inbox_id,
        _turn.outcome,
        _turn.understanding,
        _turn.created_at,
        _turn.unit,
    )
    said = (_inbox.text, _inbox.kind, _inbox.channel, _inbox.received_at)
    return sa.select(*did, *said).join(tables.inbox, _inbox.id == _turn.inbox_id)


def _ended(connection: sa.Connection, now: datetime) -> Iterator[Found]:
    """Questions whose turn ended in one of REASONS; of a wish for an officer the question before it."""
    known = sa.select(_lost.id).where(_lost.inbox_id == _turn.inbox_id)
    lately = _turns().where(_turn.created_at >= now - LOOK_BACK, _turn.outcome.in_(list(REASONS)), ~known.exists())
    for row in connection.execute(lately.order_by(_turn.id)).mappings().all():
        intent = row["understanding"].get("intent", "")
        asks = row["kind"] == Kind.TEXT and intent != PERSON
        question = row if asks else _before(connection, row, ASKED)
        if question is not None and intent not in ABOUT_NO_PROCEDURE and question["understanding"]:
            yield Found(question, REASONS[Outcome(row["outcome"])])


def _voted(connection: sa.Connection, now: datetime) -> Iterator[Found]:
    """Questions whose answer a citizen took for wrong, or was not satisfied with."""
    rated = sa.select(tables.rating.c.turn_id).where(
        tables.rating.c.answered_at >= now - LOOK_BACK, tables.rating.c.step.in_(NOT_SATISFIED)
    )
    for row in connection.execute(_turns().where(_turn.id.in_(rated))).mappings().all():
        answered = row if Outcome(row["outcome"]) in ANSWERS else _before(connection, row, ANSWERS)
        if answered is not None:
            yield Found(answered, Reason.DOWN_VOTED)
    took_back = sa.cast(_turn.understanding, sa.Text).like(TAKEN_BACK)
    for row in connection.execute(_turns().where(_turn.created_at >= now - LOOK_BACK, took_back)).mappings().all():
        answered = _before(connection, row, ANSWERS)
        if answered is not None:
            yield Found(answered, Reason.DOWN_VOTED)


def _before(connection: sa.Connection, row: sa.RowMapping, outcomes: frozenset[Outcome]) -> sa.RowMapping | None:
    """The turn before another one of the same sitting that answered words and ended so."""
    query = _turns().where(
        _turn.conversation_id == row["conversation_id"],
        _turn.id < row["id"],
        _turn.created_at >= row["created_at"] - SITTING,
        _turn.outcome.in_(list(outcomes)),
        _inbox.kind == Kind.TEXT.value,
    )
    return connection.execute(query.order_by(_turn.id.desc()).limit(1)).mappings().first()


def _keep(connection: sa.Connection, found: Found) -> bool:
    """Whether a question is new; one of fewer than SHORTEST words is none."""
    turn, text = found.turn, clean(found.turn["text"])
    if len(words(without_placeholders(text))) < SHORTEST:
        return False
    return insert_unless_there(
        connection,
        tables.lost_question,
        text=text,
        reason=found.reason.value,
        day=day_of(turn["received_at"]),
        channel=turn["channel"],
        unit=turn["unit"],
        conversation_id=turn["conversation_id"],
        inbox_id=turn["inbox_id"],
    )


def _tickets(connection: sa.Connection) -> dict[int, int]:
    """The first ticket of the same sitting for questions that have none yet."""
    after = sa.and_(_ticket.conversation_id == _lost.conversation_id, _ticket.opened_at >= _inbox.received_at)
    query = (
        sa.select(_lost.id, _ticket.id.label("ticket_id"), _ticket.opened_at, _inbox.received_at)
        .join(tables.inbox, _inbox.id == _lost.inbox_id)
        .join(tables.ticket, after)
        .where(_lost.ticket_id.is_(None))
        .order_by(_ticket.id.desc())
    )
    rows = connection.execute(query).all()
    return {row.id: row.ticket_id for row in rows if row.opened_at <= row.received_at + SITTING}


def _open() -> sa.Select[tuple[int, str, int | None]]:
    """The newest questions that nothing was made of."""
    query = sa.select(_lost.id, _lost.text, _lost.middle_id).where(_lost.decision_id.is_(None))
    return query.order_by(_lost.id.desc()).limit(MOST_TOGETHER)


def _changed(lost_id: int, **values: int) -> sa.Update:
    return sa.update(tables.lost_question).where(_lost.id == lost_id).values(**values)
