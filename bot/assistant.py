"""One turn, step by step: admit -> understand -> decide -> perform -> compose -> remember.

The steps know no database and no channel: `python -m bot ask`, the evals and the worker run the same turn.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from datetime import date
from typing import Protocol

from bot import commands, introduction, read_back, satisfaction, stopwatch
from bot.complaint import Form
from bot.compose import compose
from bot.conversation import Awaiting, Conversation, Owner
from bot.decisions import AskWhich, Decision, Follow, Forget, ReadBack, Stay, TakeComplaint, WithdrawConsent
from bot.facts import (
    ComplaintFacts,
    DetailsFacts,
    DossierFacts,
    DossiersFacts,
    Facts,
    KeptFacts,
    PlainFacts,
    ProcedureFacts,
    RatingFacts,
    SeveralFacts,
    SheetFacts,
)
from bot.hearing import hear
from bot.messages import Kind, Reply
from bot.outcomes import Outcome
from bot.payment import Payments, due
from bot.perform import NO_TICKETS, perform
from bot.rules import Rules
from bot.second_factor import Attempt
from bot.standing import Tickets
from bot.switches import Switches, decide_within, noticed, told_first
from bot.utterance import Utterance
from integrations.dossiers import Dossiers
from knowledge.catalogue import Catalogue
from knowledge.errors import NotFound
from nlu.understanding import Understanding

FAILURES = {Outcome.NOT_UNDERSTOOD, Outcome.ASKED_AGAIN, Outcome.ASKED_PROCEDURE, Outcome.OFFICER_OFFERED}
FAILURES |= {Outcome.DOSSIER_EXPLAINED, Outcome.DOSSIER_INSISTED}
AWAITING = {
    Outcome.ASKED_WHICH: Awaiting.CHOICE,
    Outcome.ASKED_DOSSIER_CODE: Awaiting.DOSSIER_CODE,
    Outcome.DOSSIER_EXPLAINED: Awaiting.DOSSIER_CODE,
    Outcome.DOSSIER_INSISTED: Awaiting.OFFICER,
    Outcome.DOSSIER_NOT_FOUND: Awaiting.DOSSIER_CODE,
    Outcome.ASKED_COMPLAINT: Awaiting.COMPLAINT,
    Outcome.COMPLAINT_SHOWN: Awaiting.COMPLAINT,
    Outcome.OFFICER_OFFERED: Awaiting.OFFICER,
    Outcome.FACTOR_LOCKED: Awaiting.OFFICER,
    Outcome.DOSSIER_KEPT: Awaiting.DOSSIER_NAME,
}
RATING_AWAITS = {Outcome.RATING_ASKED: satisfaction.STEP, Outcome.REASON_ASKED: satisfaction.WORDS}
# what the next message may say about satisfaction
ASKS_FACTOR = {Outcome.FACTOR_ASKED, Outcome.FACTOR_REFUSED, Outcome.FACTOR_WAITS}
ENDS_FACTOR = {Outcome.DETAILS_SHOWN, Outcome.FACTOR_LOCKED, Outcome.HANDED_OFF, Outcome.ALARMED}
ENDS_FACTOR |= {Outcome.COMPLAINT_TAKEN, Outcome.ASKED_COMPLAINT, Outcome.SMALL_TALK, Outcome.DOSSIER_FOUND}
# after anything else digits are still awaited: they mean nothing else, and are never stored
NOT_UNDERSTOOD = (Kind.BUTTON, Kind.HEARD, Kind.SEEN)
# a button says what it does; what was heard or seen is no citizen's word before it is confirmed
OWNERS = {
    Outcome.HANDED_OFF: Owner.QUEUE,
    Outcome.ALARMED: Owner.QUEUE,
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
    public_url: str = ""
    # where citizens reach the web chat
    payments: Payments | None = None
    # None: no QR codes for fees

    def turn(
        self,
        utterance: Utterance,
        conversation: Conversation,
        on: date,
        attempt: Attempt | None = None,
        switches: Switches | None = None,
    ) -> Turn:
        """What one utterance leads to, on a day, as the switches stand (all on unless said).

        `attempt`: it is an answer to the question for a second factor.
        """
        started, switches, conversation = time.perf_counter(), switches or Switches(), conversation.on(on)
        watch = stopwatch.running()
        utterance = read_back.confirmed(utterance, conversation)
        reads = switches.reads and attempt is None
        understanding = self._understand(utterance, conversation, on) if reads else None
        watch.lap("understand")
        decision = decide_within(switches, utterance, understanding, conversation, self.rules, attempt)
        watch.lap("decide")
        facts = _with_kept(perform(decision, self.catalogue, self.portal, on, self.tickets), conversation)
        facts = _with_payment(facts, self.payments)
        watch.lap("perform")
        english = understanding is not None and understanding.first("english") is not None
        unsent = _form(conversation, decision, facts) is not None
        notes = {"masked": bool(utterance.masked), "english": english, "unsent": unsent}
        reply = compose(facts, **notes, public_url=self.public_url)
        watch.lap("compose")
        after = remember(conversation, decision, facts, reply)
        if not isinstance(decision, Stay | Forget):
            after = hear(after, utterance, facts)
        after = noticed(after, reply, switches.notice, conversation)
        reply = told_first(reply, switches.notice, conversation)
        after = introduction.made(after, reply)
        reply = introduction.first(reply, facts, conversation)
        watch.lap("remember")
        elapsed_ms = round((time.perf_counter() - started) * 1000)
        return Turn(utterance, understanding, decision, facts, reply, after, elapsed_ms)

    def _understand(self, utterance: Utterance, conversation: Conversation, on: date) -> Understanding | None:
        """Only what the assistant is going to answer is read."""
        held = conversation.owner in (Owner.QUEUE, Owner.OFFICER)
        if held or utterance.kind in NOT_UNDERSTOOD or utterance.fault:
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


def _with_kept(facts: Facts, conversation: Conversation) -> Facts:
    """A dossier that the conversation remembers is not offered to be remembered."""
    return replace(facts, kept=conversation.keeps(facts.dossier.code)) if isinstance(facts, DossierFacts) else facts


def _with_payment(facts: Facts, payments: Payments | None) -> Facts:
    """Unpaid fees with the page that shows how to pay them."""
    owed = due(facts.code, facts.details) if isinstance(facts, DetailsFacts) else None
    if payments is None or owed is None or not isinstance(facts, DetailsFacts):
        return facts
    return replace(facts, pay_at=payments.address(owed), has_qr=bool(payments.qr(owed)))


def remember(conversation: Conversation, decision: Decision, facts: Facts, reply: Reply | None) -> Conversation:
    """The conversation after a turn."""
    if isinstance(decision, Stay):
        return conversation
    outcome = facts.outcome
    if isinstance(decision, ReadBack):
        return conversation.with_(unconfirmed=decision.text)
        # what was asked before is still asked: the confirmed words may answer it
    if outcome is Outcome.FORGOTTEN:
        return Conversation(introduced=conversation.introduced)
    if isinstance(facts, RatingFacts):
        return _remember_rating(conversation, facts)
    after = conversation.with_(
        owner=OWNERS.get(outcome, conversation.owner),
        awaiting=AWAITING.get(outcome, Awaiting.CHOICE if _asks_case(reply) else Awaiting.NOTHING),
        offered=reply.buttons if reply else (),
        failures=conversation.failures + 1 if outcome in FAILURES else 0,
        aspects=decision.aspects if isinstance(decision, AskWhich) else (),
        reopens="" if outcome in OWNERS else conversation.reopens,
        rating_awaits="",
        unconfirmed="",
        agreed=_agreed(conversation, decision),
        form=_form(conversation, decision, facts),
    )
    match facts:
        case ProcedureFacts() | SheetFacts():
            return after.about(facts.procedure.code, facts.case_id)
        case SeveralFacts(_, parts):
            for part in reversed(parts):
                after = after.about(part.procedure.code)
    return _remember_dossier(after, facts)


def _agreed(conversation: Conversation, decision: Decision) -> tuple[str, ...]:
    """What the citizen agreed to, in which words."""
    match decision:
        case WithdrawConsent():
            return ()
        case Follow(_, _, _, agreed) if agreed and agreed not in conversation.agreed:
            return (*conversation.agreed, agreed)
    return conversation.agreed


def _remember_rating(conversation: Conversation, facts: RatingFacts) -> Conversation:
    """What was talked about stays; a step may be changed until the end of the day on which it was chosen."""
    until = facts.on.isoformat() if facts.on and facts.outcome is Outcome.RATED else conversation.rating_until
    awaits = RATING_AWAITS.get(facts.outcome, "")
    return conversation.with_(rating_until=until, rating_awaits=awaits, unconfirmed="")


def _form(conversation: Conversation, decision: Decision, facts: Facts) -> Form | None:
    """The complaint that is not sent yet: kept through other questions until it is sent, dropped, or officers read."""
    match facts:
        case ComplaintFacts(Outcome.ASKED_COMPLAINT | Outcome.COMPLAINT_SHOWN, form):
            return form
        case ComplaintFacts() if isinstance(decision, TakeComplaint) and decision.form == conversation.form:
            return None
        case PlainFacts(outcome) if outcome in OWNERS or outcome is Outcome.COMPLAINT_DROPPED:
            return None
    return conversation.form


def _remember_dossier(after: Conversation, facts: Facts) -> Conversation:
    """The dossier the talk is about, the one whose second factor is awaited, and those that are to be remembered."""
    if facts.outcome in ENDS_FACTOR:
        after = after.with_(factor_for="")
    match facts:
        case DossierFacts():
            return after.with_(dossier=facts.dossier.code)
        case DossiersFacts():
            return after.with_(dossier="")
        case DetailsFacts(_, code, _):
            return after.with_(dossier=code)
        case KeptFacts(Outcome.DOSSIER_KEPT | Outcome.DOSSIER_NAMED, _, about) if about is not None:
            return after.with_kept(about)
        case PlainFacts(Outcome.DOSSIER_LET_GO, _, code):
            return after.with_(kept=tuple(item for item in after.kept if code and item.code != code))
        case PlainFacts(outcome, _, code) if outcome in ASKS_FACTOR:
            return after.with_(dossier=code, factor_for=code)
    return after


def _asks_case(reply: Reply | None) -> bool:
    """Whether an answer offers the cases of its procedure."""
    return reply is not None and any(button.payload.startswith("c:") for button in reply.buttons)
