"""The worker: takes messages from the inbox, runs the turn, records everything in one transaction."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from bot import (
    consents,
    desks,
    erasure,
    followers,
    following,
    inbox,
    outbox,
    own_data,
    ratings,
    reception,
    stopwatch,
    tables,
    tries,
)
from bot.assistant import Assistant, Turn
from bot.conversation import Owner
from bot.decisions import Unfollow
from bot.desks import Desks
from bot.facts import FollowFacts, procedure_of
from bot.followers import Opening
from bot.following import Plan
from bot.inbox import Inbox, Taken
from bot.locks import hold
from bot.observation import Observer
from bot.outcomes import Outcome
from bot.present import ZONE, now
from bot.second_factor import Attempt, Seal
from bot.stopwatch import Stopwatch
from bot.store import Store
from bot.switches import Switches
from bot.tries import Tries
from bot.wording import say
from nlu.understanding import Understanding

MOST_DEATHS = 10
# a message in hand at so many ends of a worker causes them, most likely; fewer may be bad luck, and it is answered
UNAVAILABLE = (sa.exc.OperationalError, sa.exc.InternalError)
# full, away, or out of patience with us
LONGEST_WAIT = timedelta(hours=1)
DATABASE = "Database"
# reason of a message that waited longer than this for it
HELD = (Owner.QUEUE, Owner.OFFICER)


class Worker:
    """One worker; any number of them may run beside each other."""

    def __init__(
        self,
        store: Store,
        assistant: Callable[[], Assistant],
        clock: Callable[[], datetime] = now,
        tries: Tries | None = None,
        switches: Callable[[str], Switches] = lambda channel: Switches(),
        plan: Plan = Plan(),  # noqa: B008 (frozen)
        served: Desks | None = None,
        observer: Observer | None = None,
    ) -> None:
        self._store = store
        self._desks = served or desks.load()
        self._inbox = Inbox(store)
        self._assistant = assistant
        # asked for each turn: another edition of the catalogue may have come
        self._clock = clock
        self._tries = tries
        # none: no second factor is compared
        self._observer = observer or Observer()
        self._switches = switches
        # of a channel, as they stand
        self._plan = plan
        # when followed dossiers are asked for

    def step(self) -> bool:
        """Answer one message; False when there is none. Raises the database's errors, which are no message's fault."""
        taken = self._inbox.take(self._clock())
        if taken is None:
            return False
        if taken.attempts > MOST_DEATHS:
            self._give_back(taken, "WorkerEnded")
            return True
        try:
            with stopwatch.started() as watch:
                self._answer(taken, watch)
        except UNAVAILABLE as error:
            self._observer.failed(taken, error)
            self._rest(taken)
            raise
        except Exception as error:
            self._observer.failed(taken, error)
            self._give_back(taken, type(error).__name__)
        return True

    def _answer(self, taken: Taken, watch: Stopwatch) -> None:
        """The turn that a message leads to, recorded and told to whoever watches."""
        assistant, at = self._assistant(), self._clock()
        attempt, switches = self._attempt(taken, at), self._switches(taken.channel)
        turn = assistant.turn(taken.utterance, taken.conversation, at.date(), attempt, switches)
        turn_id = self._record(taken, turn)
        watch.lap("record")
        if turn_id is not None:
            self._observer.turn(turn_id, taken, turn, (self._clock() - taken.received_at).total_seconds(), watch)

    def _attempt(self, taken: Taken, at: datetime) -> Attempt | None:
        """The answer to the question for a second factor, counted before it is compared."""
        if taken.seal is None or self._tries is None or taken.conversation.owner is not Owner.BOT:
            return None
        return self._tries.enter(taken.conversation_id, taken.inbox_id, taken.seal, at)

    def _record(self, taken: Taken, turn: Turn) -> int | None:
        """Turn, conversation, ticket, reply, end of the message: all or nothing, and only once. The id of the turn."""
        at = self._clock()
        with self._store.writing() as connection:
            hold(connection, taken.conversation_id)
            if connection.execute(sa.select(tables.turn.c.id).where(tables.turn.c.inbox_id == taken.inbox_id)).first():
                return None
            owner = _owner(connection, taken.conversation_id)
            if owner is not taken.conversation.owner:
                return self._overtaken(connection, taken, turn, owner, at)
            _keep(connection, taken.conversation_id, turn, at)
            under = reception.attend(connection, taken, turn, self._desks, at)
            under += own_data.attend(connection, taken.conversation_id, turn.decision, turn.facts.outcome, at)
            if turn.reply is not None and under:
                turn = replace(turn, reply=replace(turn.reply, blocks=(*turn.reply.blocks, *under)))
            turn_id = _done(connection, taken, turn, at)
            if turn.reply is not None:
                outbox.put(connection, taken.conversation_id, f"turn:{turn_id}", turn.reply, at)
            self._follow(connection, taken.conversation_id, turn, at, is_said=turn.reply is not None)
            ratings.settle(connection, taken.conversation_id, turn.decision, at)
            if turn.reply is not None and turn.facts.outcome is Outcome.FORGOTTEN:
                erasure.forget(connection, taken.conversation_id, taken.inbox_id, turn_id)
            if taken.seal is not None:
                self._settle(connection, taken, taken.seal, turn.facts.outcome)
        return turn_id

    def _overtaken(self, connection: sa.Connection, taken: Taken, turn: Turn, owner: Owner, at: datetime) -> int | None:
        """Another owner has the conversation by now: an officer reads the message, or it is answered once more."""
        if owner in HELD:
            reception.added(connection, taken.conversation_id, at)
            turn_id = _done(connection, taken, replace(turn, reply=None), at)
            self._follow(connection, taken.conversation_id, turn, at, is_said=False)
            ratings.settle(connection, taken.conversation_id, turn.decision, at)
            if taken.seal is not None:
                self._settle(connection, taken, taken.seal, turn.facts.outcome)
            return turn_id
        this = tables.inbox.c.id == taken.inbox_id
        connection.execute(sa.update(tables.inbox).where(this).values(status="new", lease_until=None))
        return None

    def _settle(self, connection: sa.Connection, taken: Taken, seal: Seal, outcome: Outcome) -> None:
        """Nothing is left of the digits; only a wrong answer stays counted."""
        inbox.erase_seal(connection, taken.inbox_id)
        if self._tries is not None and outcome is Outcome.DETAILS_SHOWN:
            self._tries.clear(connection, taken.conversation_id, seal.code)
        elif outcome is not Outcome.FACTOR_REFUSED:
            tries.take_back(connection, taken.inbox_id)

    def _follow(
        self, connection: sa.Connection, conversation_id: int, turn: Turn, at: datetime, *, is_said: bool
    ) -> None:
        """Following begins when the citizen is told so, and ends in any case; so it is with consent."""
        consents.settle(connection, conversation_id, turn.decision, at)
        if isinstance(turn.decision, Unfollow):
            followers.unfollow(connection, conversation_id, turn.decision.codes)
        if isinstance(turn.facts, FollowFacts) and is_said:
            found = turn.facts.found
            due_told = following.due_told(found.dossier, at.astimezone(ZONE).date(), following.calendar())
            opening = Opening(at, self._plan.next_ask(at, random.random()), due_told)
            followers.follow(connection, conversation_id, found, opening)

    def _rest(self, taken: Taken) -> None:
        """For an hour a database that is full or away counts as nobody's failure; then the citizen is told."""
        if self._clock() - taken.received_at > LONGEST_WAIT:
            self._give_back(taken, DATABASE)
            return
        with self._store.writing() as connection:
            inbox.rest(connection, taken, self._clock())

    def _give_back(self, taken: Taken, reason: str) -> None:
        """A message that cannot be answered, or that ends every worker, is set aside, and the citizen is told."""
        with self._store.writing() as connection:
            hold(connection, taken.conversation_id)
            if inbox.give_back(connection, taken, reason):
                key = f"failed:{taken.inbox_id}"
                outbox.put(connection, taken.conversation_id, key, say("went_wrong"), self._clock())


def _owner(connection: sa.Connection, conversation_id: int) -> Owner:
    query = sa.select(tables.conversation.c.owner).where(tables.conversation.c.id == conversation_id)
    return Owner(connection.execute(query).scalar_one())


def _keep(connection: sa.Connection, conversation_id: int, turn: Turn, at: datetime) -> None:
    """The conversation after the turn."""
    connection.execute(
        sa.update(tables.conversation)
        .where(tables.conversation.c.id == conversation_id)
        .values(owner=turn.conversation.owner.value, state=turn.conversation.state(), updated_at=at)
    )


def _done(connection: sa.Connection, taken: Taken, turn: Turn, at: datetime) -> int:
    """The turn is recorded and its message done; the turn's id."""
    made = connection.execute(sa.insert(tables.turn).values(**_row(taken, turn, at)))
    this = tables.inbox.c.id == taken.inbox_id
    connection.execute(sa.update(tables.inbox).where(this).values(status="done", lease_until=None))
    return int(made.inserted_primary_key[0])  # type: ignore[index]


def _row(taken: Taken, turn: Turn, at: datetime) -> dict[str, Any]:
    return {
        "conversation_id": taken.conversation_id,
        "inbox_id": taken.inbox_id,
        "engine": turn.engine,
        "understanding": _understanding(turn.understanding),
        "decision": type(turn.decision).__name__,
        "outcome": turn.facts.outcome.value,
        "reply": outbox.to_json(outbox.kept(turn.reply)) if turn.reply else None,
        "elapsed_ms": turn.elapsed_ms,
        "created_at": at,
        "unit": turn.conversation.unit,
        "field": turn.conversation.field,
        "procedure": procedure_of(turn.facts),
    }


def _understanding(understanding: Understanding | None) -> dict[str, Any]:
    """What the console shows and evals read; the text itself stays in the inbox only."""
    if understanding is None:
        return {}
    content = asdict(understanding)
    del content["text"]
    return content
