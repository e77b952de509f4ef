"""Reception: what a citizen's turn does to their ticket and what they are told of it, in the turn's transaction."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import sqlalchemy as sa

from bot import complaints, ledger, notices, roster, standing
from bot.assistant import Turn
from bot.decisions import HandOff, Reopen
from bot.desks import DeskPlan, Desks
from bot.facts import ComplaintFacts
from bot.inbox import Taken
from bot.ledger import Ticket
from bot.messages import Block
from bot.outcomes import Outcome
from bot.routing import COMPLAINT, Matter, proper, route
from bot.satisfaction import RATINGS
from bot.ticket import Act, Event, Refusal
from bot.urgency import FAILURES, THIRD_FAILURE

REASONS = {Outcome.COMPLAINT_TAKEN: COMPLAINT, Outcome.ALARMED: "emergency"}
OPENING = frozenset({Outcome.HANDED_OFF, Outcome.ALARMED})


def attend(connection: sa.Connection, taken: Taken, turn: Turn, desks: Desks, now: datetime) -> tuple[Block, ...]:
    """Open, reopen, cancel or add to the ticket of a conversation; the blocks that belong under the turn's reply."""
    match turn.facts.outcome:
        case outcome if outcome in OPENING:
            return _opened(connection, taken, turn, desks, now)
        case Outcome.COMPLAINT_TAKEN:
            return _filed(connection, taken, turn, desks, now)
        case Outcome.REOPENED:
            return _reopened(connection, taken, turn, desks, now)
        case Outcome.LEFT_QUEUE:
            waiting = ledger.open_of(connection, taken.conversation_id)
            if waiting is not None:
                ledger.let_go(connection, waiting, Event.CANCELLED, now)
            return ()
        case outcome if outcome in RATINGS:
            return ()
            # how satisfied somebody was before is no word to the officer of today
        case outcome:
            ticket = added(connection, taken.conversation_id, now)
            if ticket is None or outcome is not Outcome.QUEUED:
                return ()
            return notices.blocks("ticket_waiting", standing=standing.of(connection, ticket, desks, now))


def added(connection: sa.Connection, conversation_id: int, now: datetime) -> Ticket | None:
    """The open ticket of a conversation, with the citizen's new words noted; None when there is none."""
    ticket = ledger.open_of(connection, conversation_id)
    if ticket is not None:
        ledger.write(connection, ticket.id, Act(Event.WROTE), now)
    return ticket


def desk_for(connection: sa.Connection, matter: Matter, desks: Desks, now: datetime) -> DeskPlan:
    """The desk that takes a matter at a moment (aware)."""
    return taking_over(connection, proper(matter, desks), desks, now)


def taking_over(connection: sa.Connection, plan: DeskPlan, desks: Desks, now: datetime) -> DeskPlan:
    """The desk that answers for a desk at a moment (aware): itself, or one that it falls back to."""
    return route(
        plan,
        desks,
        staffed=lambda plan: bool(roster.on_duty(connection, plan, now)),
        has_officers=lambda plan: bool(roster.members(connection, plan)),
    )


def _opened(connection: sa.Connection, taken: Taken, turn: Turn, desks: Desks, now: datetime) -> tuple[Block, ...]:
    matter = _matter(taken, turn)
    desk = desk_for(connection, matter, desks, now)
    return _told(connection, ledger.open_ticket(connection, taken.conversation_id, matter, desk.id, now), desks, now)


def _filed(connection: sa.Connection, taken: Taken, turn: Turn, desks: Desks, now: datetime) -> tuple[Block, ...]:
    """A complaint with what it tells: a ticket of its own, while the assistant goes on answering."""
    if not isinstance(turn.facts, ComplaintFacts):
        raise TypeError("a complaint is taken with what it tells")
    form, matter = turn.facts.form, _matter(taken, turn)
    matter = replace(matter, unit=form.unit or matter.unit)
    desk = desk_for(connection, matter, desks, now)
    ticket = ledger.file(connection, taken.conversation_id, matter, desk.id, now)
    complaints.keep(connection, ticket.id, form)
    return notices.blocks("complaint_filed", standing=standing.of(connection, ticket, desks, now))


def _reopened(connection: sa.Connection, taken: Taken, turn: Turn, desks: Desks, now: datetime) -> tuple[Block, ...]:
    """The closed ticket at its desk; a new one where it cannot be: the code is another's, or it is deleted."""
    ticket = ledger.by_code(connection, turn.decision.code) if isinstance(turn.decision, Reopen) else None
    is_theirs = ticket is not None and ticket.conversation_id == taken.conversation_id
    if (
        ticket is None
        or not is_theirs
        or isinstance(ledger.write(connection, ticket.id, Act(Event.REOPENED), now), Refusal)
    ):
        return _opened(connection, taken, turn, desks, now)
    return _told(connection, ticket, desks, now)


def _told(connection: sa.Connection, ticket: Ticket, desks: Desks, now: datetime) -> tuple[Block, ...]:
    promised = standing.promise(connection, ticket.id, desks, now)
    return notices.blocks("ticket_opened", standing=standing.of(connection, promised, desks, now, with_wait=True))


def _matter(taken: Taken, turn: Turn) -> Matter:
    said, tired = turn.conversation, taken.conversation.failures >= FAILURES
    asked = turn.decision.reason if isinstance(turn.decision, HandOff) else "asked"
    urgency = (*said.urgency, THIRD_FAILURE) if tired else said.urgency
    return Matter(REASONS.get(turn.facts.outcome, asked), said.field, said.unit, urgency)
