"""The worker: takes messages from the inbox, runs the turn, records everything in one transaction."""

from __future__ import annotations

import logging
import random
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from bot import desks, followers, following, inbox, outbox, ratings, reception, retention, tables, tries
from bot.assistant import Assistant, Turn
from bot.compose import say
from bot.conversation import Owner
from bot.decisions import Unfollow
from bot.desks import Desks
from bot.facts import FollowFacts, procedure_of
from bot.followers import Opening
from bot.following import Plan
from bot.inbox import Inbox, Taken
from bot.locks import hold
from bot.outcomes import Outcome
from bot.perform import BAD_ANSWER
from bot.present import ZONE, now
from bot.second_factor import Attempt, Seal
from bot.store import Store
from bot.switches import Switches
from bot.tries import Tries
from nlu.understanding import Understanding

log = logging.getLogger(__name__)

MOST_DEATHS = 10
# a message in hand at so many ends of a worker causes them, most likely; fewer may be bad luck, and it is answered
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
    ) -> None:
        self._store = store
        self._desks = served or desks.load()
        self._inbox = Inbox(store)
        self._assistant = assistant
        # asked for each turn: another edition of the catalogue may have come
        self._clock = clock
        self._tries = tries
        # none: no second factor is compared
        self._lock = threading.Lock()
        self._ended: Counter[str] = Counter()
        self._switches = switches
        # of a channel, as they stand
        self._plan = plan
        # when followed dossiers are asked for

    def step(self) -> bool:
        """Answer one message; False when there is none."""
        taken = self._inbox.take(self._clock())
        if taken is None:
            return False
        if taken.attempts > MOST_DEATHS:
            self._give_back(taken, "WorkerEnded")
            return True
        try:
            at = self._clock()
            attempt, switches = self._attempt(taken, at), self._switches(taken.channel)
            turn = self._assistant().turn(taken.utterance, taken.conversation, at.date(), attempt, switches)
            self._record(taken, turn)
        except Exception as error:
            log.error("message %s failed on attempt %s: %s", taken.inbox_id, taken.attempts, type(error).__name__)
            self._give_back(taken, type(error).__name__)
        return True

    def ended(self) -> Mapping[str, int]:
        """How many turns ended how since the start; an answer of a portal that was not believed counts besides."""
        with self._lock:
            return dict(self._ended)

    def _attempt(self, taken: Taken, at: datetime) -> Attempt | None:
        """The answer to the question for a second factor, counted before it is compared."""
        if taken.seal is None or self._tries is None or taken.conversation.owner is not Owner.BOT:
            return None
        return self._tries.enter(taken.conversation_id, taken.inbox_id, taken.seal, at)

    def _record(self, taken: Taken, turn: Turn) -> None:
        """Turn, conversation, ticket, reply and the end of the message: all or nothing, and only once."""
        at = self._clock()
        with self._store.writing() as connection:
            hold(connection, taken.conversation_id)
            if connection.execute(sa.select(tables.turn.c.id).where(tables.turn.c.inbox_id == taken.inbox_id)).first():
                return
            owner = _owner(connection, taken.conversation_id)
            if owner is not taken.conversation.owner:
                self._overtaken(connection, taken, turn, owner, at)
                return
            _keep(connection, taken.conversation_id, turn, at)
            under = reception.attend(connection, taken, turn, self._desks, at)
            if turn.reply is not None and under:
                turn = replace(turn, reply=replace(turn.reply, blocks=(*turn.reply.blocks, *under)))
            turn_id = _done(connection, taken, turn, at)
            if turn.reply is not None:
                outbox.put(connection, taken.conversation_id, f"turn:{turn_id}", turn.reply, at)
            self._follow(connection, taken.conversation_id, turn, at, is_said=turn.reply is not None)
            ratings.settle(connection, taken.conversation_id, turn.decision, at)
            if turn.reply is not None and turn.facts.outcome is Outcome.FORGOTTEN:
                retention.forget(connection, taken.conversation_id, taken.inbox_id, turn_id)
            if taken.seal is not None:
                self._settle(connection, taken, taken.seal, turn.facts.outcome)
        self._count(turn)

    def _overtaken(self, connection: sa.Connection, taken: Taken, turn: Turn, owner: Owner, at: datetime) -> None:
        """Another owner has the conversation by now: an officer reads the message, or it is answered once more."""
        if owner in HELD:
            reception.added(connection, taken.conversation_id, at)
            _done(connection, taken, replace(turn, reply=None), at)
            self._follow(connection, taken.conversation_id, turn, at, is_said=False)
            ratings.settle(connection, taken.conversation_id, turn.decision, at)
            if taken.seal is not None:
                self._settle(connection, taken, taken.seal, turn.facts.outcome)
        else:
            this = tables.inbox.c.id == taken.inbox_id
            connection.execute(sa.update(tables.inbox).where(this).values(status="new", lease_until=None))

    def _count(self, turn: Turn) -> None:
        """One more turn; an answer of a portal that was not believed is an alarm."""
        refused = getattr(turn.facts, "detail", "") == BAD_ANSWER
        with self._lock:
            self._ended.update([turn.facts.outcome.value, *([BAD_ANSWER] if refused else ())])
        if refused:
            log.error("a portal's answer was not believed")

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
        """Following begins when the citizen is told so, and ends in any case."""
        if isinstance(turn.decision, Unfollow):
            followers.unfollow(connection, conversation_id, turn.decision.codes)
        if isinstance(turn.facts, FollowFacts) and is_said:
            found = turn.facts.found
            due_told = following.due_told(found.dossier, at.astimezone(ZONE).date(), following.calendar())
            opening = Opening(at, self._plan.next_ask(at, random.random()), due_told)
            followers.follow(connection, conversation_id, found, opening)

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
