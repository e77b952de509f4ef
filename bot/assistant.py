"""One turn, step by step: admit -> understand -> decide -> perform -> compose -> remember.

The steps know no database and no channel: `python -m bot ask`, the evals and the worker run the same turn.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from bot import commands
from bot.compose import compose
from bot.conversation import Awaiting, Conversation, Owner
from bot.decide import decide
from bot.decisions import AskWhich, Decision, Forget, Stay
from bot.facts import Facts, ProcedureFacts, SeveralFacts
from bot.hearing import hear
from bot.messages import Kind, Reply
from bot.outcomes import Outcome
from bot.perform import NO_TICKETS, perform
from bot.rules import Rules
from bot.standing import Tickets
from bot.utterance import Utterance
from integrations.dossiers import Dossiers
from knowledge.catalogue import Catalogue
from knowledge.errors import NotFound
from nlu.understanding import Understanding

FAILURES = {Outcome.NOT_UNDERSTOOD, Outcome.ASKED_AGAIN, Outcome.ASKED_PROCEDURE, Outcome.OFFICER_OFFERED}
AWAITING = {
    Outcome.ASKED_WHICH: Awaiting.CHOICE,
    Outcome.ASKED_DOSSIER_CODE: Awaiting.DOSSIER_CODE,
    Outcome.DOSSIER_EXPLAINED: Awaiting.DOSSIER_CODE,
    Outcome.DOSSIER_NOT_FOUND: Awaiting.DOSSIER_CODE,
    Outcome.ASKED_COMPLAINT: Awaiting.COMPLAINT,
    Outcome.OFFICER_OFFERED: Awaiting.OFFICER,
}
OWNERS = {
    Outcome.HANDED_OFF: Owner.QUEUE,
    Outcome.ALARMED: Owner.QUEUE,
    Outcome.COMPLAINT_TAKEN: Owner.QUEUE,
    Outcome.REOPENED: Owner.QUEUE,
    Outcome.LEFT_QUEUE: Owner.BOT,
}


class Interpreter(Protocol):
    """Whoever knows what a masked message means. nlu.understander.Interpreter is the real one."""

    def understand(self, text: str, topic: str = "") -> Understanding: ...


@dataclass(frozen=True)
class Turn:
    """Everything one turn made."""

    utterance: Utterance
    understanding: Understanding | None
    decision: Decision
    facts: Facts
    reply: Reply | None
    conversation: Conversation
    # as it is after the turn
    elapsed_ms: int

    @property
    def engine(self) -> str:
        """The engine that read the message, or "none" when nothing had to be read."""
        return self.understanding.engine if self.understanding else "none"


@dataclass(frozen=True)
class Assistant:
    """The assistant and its neighbours."""

    interpreter: Interpreter
    catalogue: Catalogue
    portal: Dossiers
    rules: Rules
    tickets: Tickets = NO_TICKETS

    def turn(self, utterance: Utterance, conversation: Conversation, on: date) -> Turn:
        """What one utterance leads to, on a day."""
        started = time.perf_counter()
        conversation = conversation.on(on)
        understanding = self._understand(utterance, conversation, on)
        decision = decide(utterance, understanding, conversation, self.rules)
        facts = perform(decision, self.catalogue, self.portal, on, self.tickets)
        english = understanding is not None and understanding.first("english") is not None
        reply = compose(facts, masked=bool(utterance.masked), english=english)
        after = remember(conversation, decision, facts, reply)
        if not isinstance(decision, Stay | Forget):
            after = hear(after, utterance, facts)
        elapsed_ms = round((time.perf_counter() - started) * 1000)
        return Turn(utterance, understanding, decision, facts, reply, after, elapsed_ms)

    def _understand(self, utterance: Utterance, conversation: Conversation, on: date) -> Understanding | None:
        """Only what the assistant is going to answer is read."""
        held = conversation.owner in (Owner.QUEUE, Owner.OFFICER)
        if held or utterance.kind is Kind.BUTTON or utterance.fault:
            return None
        command = commands.read(utterance.text)
        if command is not None and not command.rest:
            return None
        text = command.rest if command else utterance.text
        return self.interpreter.understand(text, self._name(conversation.topic, on))

    def _name(self, code: str, on: date) -> str:
        """The name of a procedure; empty when there is none, or none any more."""
        try:
            return self.catalogue.get(code, on).name if code else ""
        except NotFound:
            return ""


def remember(conversation: Conversation, decision: Decision, facts: Facts, reply: Reply | None) -> Conversation:
    """The conversation after a turn."""
    if isinstance(decision, Stay):
        return conversation
    outcome = facts.outcome
    if outcome is Outcome.FORGOTTEN:
        return Conversation()
    after = conversation.with_(
        owner=OWNERS.get(outcome, conversation.owner),
        awaiting=AWAITING.get(outcome, Awaiting.CHOICE if _asks_case(reply) else Awaiting.NOTHING),
        offered=reply.buttons if reply else (),
        failures=conversation.failures + 1 if outcome in FAILURES else 0,
        aspects=decision.aspects if isinstance(decision, AskWhich) else (),
        reopens="" if outcome in OWNERS else conversation.reopens,
    )
    match facts:
        case ProcedureFacts():
            return after.about(facts.procedure.code, facts.case_id)
        case SeveralFacts(_, parts):
            for part in reversed(parts):
                after = after.about(part.procedure.code)
    return after


def _asks_case(reply: Reply | None) -> bool:
    """Whether an answer offers the cases of its procedure."""
    return reply is not None and any(button.payload.startswith("c:") for button in reply.buttons)
