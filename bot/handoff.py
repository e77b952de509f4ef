"""Hand-off: the officers' desk. What may be done to a ticket is said in bot/ticket.py; here it is done and told."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from bot import (
    attachments,
    clocks,
    complaints,
    desks,
    ledger,
    mentions,
    notices,
    outbox,
    roster,
    rules,
    standing,
    tables,
)
from bot.clocks import Clock
from bot.complaints import Complaint
from bot.desks import Desks
from bot.doubts import Doubt, doubts
from bot.ledger import Entry, Ticket
from bot.locks import alone
from bot.messages import Attachment, Block, Reply, Source
from bot.outcomes import Outcome, meanings
from bot.rules import Rules
from bot.store import Store
from bot.ticket import HELD, WAITING, Act, Ending, Event, Refusal, Stage, State, Why
from nlu import personal_data

LONGEST_REPLY = 4_000
# characters of an officer's message
SHOWN = {stage: "claimed" for stage in HELD} | dict.fromkeys(WAITING, "waiting") | {Stage.CLOSED: "resolved"}
# a stage as the console's pages name it


@dataclass(frozen=True)
class Line:
    """One thing said in a conversation."""

    author: str
    # "citizen", "assistant", "officer" or "note" (never sent)
    text: str
    reply: Reply | None
    at: datetime
    id: int | None
    # of the outgoing reply
    attachment: Attachment | None = None
    received_id: int | None = None
    # of the message it came with


@dataclass(frozen=True)
class Evidence:
    """What the assistant made of one message."""

    at: datetime
    engine: str
    intent: str
    decision: str
    procedures: list[str]
    # "1.001193 (0.87)"
    sources: tuple[Source, ...] = ()
    # the records that the reply was made from
    dossiers: tuple[str, ...] = ()
    # codes that the citizen named
    doubts: tuple[Doubt, ...] = ()
    # why the assistant was not sure


@dataclass(frozen=True)
class TicketSummary:
    """One escalated conversation in the queue."""

    id: int
    state: str
    # "waiting", "claimed" or "resolved"
    channel: str
    reason: str
    opened_at: datetime
    officer_name: str | None
    last_text: str
    code: str = ""
    stage: Stage = Stage.QUEUED
    desk: str = ""
    # its id
    urgency: tuple[str, ...] = ()
    # names in bot/data/urgency.yaml
    promised_at: datetime | None = None
    ending: str = ""
    snoozed_until: datetime | None = None
    # its holder put it off


@dataclass(frozen=True)
class TicketView:
    """One escalated conversation, whole."""

    summary: TicketSummary
    officer_id: int | None
    lines: list[Line]
    evidence: list[Evidence]


@dataclass(frozen=True)
class DeskState:
    """One desk now."""

    id: str
    name: str
    queued: int
    held: int
    # with an officer, or waiting for a citizen
    on_duty: int
    is_open: bool


class Desk:
    """What officers do with tickets. Each act is one transaction: the ticket, its row, and what the citizen is told."""

    def __init__(
        self, store: Store, served: Desks | None = None, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._store = store
        self._desks = served or desks.load()
        self._clock = clock
        self._rules = rules.load()

    def tickets(self, view: str, officer_id: int, seen: frozenset[str] | None = None) -> list[TicketSummary]:
        """The tickets of a view (see in_view)."""
        with self._store.reading() as connection:
            return summaries(connection, in_view(view, officer_id, seen))

    def ticket(self, ticket_id: int) -> TicketView:
        """One ticket, whole. Raises KeyError."""
        with self._store.reading() as connection:
            row = connection.execute(_summaries().where(tables.ticket.c.id == ticket_id)).mappings().first()
            if row is None:
                raise KeyError(ticket_id)
            lines = transcript(connection, row["conversation_id"]) + _notes(connection, ticket_id)
            evidence = _evidence(connection, row["conversation_id"], self._rules)
        return TicketView(_summary(row), row["officer_id"], sorted(lines, key=lambda line: line.at), evidence)

    def history(self, ticket_id: int) -> list[Entry]:
        """Everything that happened to a ticket, in order."""
        with self._store.reading() as connection:
            return ledger.histories(connection, [ticket_id])[ticket_id]

    def clocks(self, ticket_id: int) -> list[Clock]:
        """What is owed on a ticket, and by when. Raises KeyError."""
        with self._store.reading() as connection:
            plan = self._desks[ledger.of(connection, ticket_id).state.desk]
            return clocks.clocks(ledger.histories(connection, [ticket_id])[ticket_id], plan)

    def claim(self, ticket_id: int, officer_id: int) -> bool:
        """Take a waiting ticket; False when somebody else was quicker, or the officer has no room."""
        return not isinstance(self.take(ticket_id, officer_id), Refusal)

    def take(self, ticket_id: int, officer_id: int) -> State | Refusal:
        """Take a waiting ticket, or be told who has it. Raises KeyError."""
        act = Act(Event.CLAIMED, officer_id)
        return self._act(ticket_id, act, "ticket_taken", receiver_id=officer_id)

    def take_next(self, officer_id: int) -> int | None:
        """Take the first waiting ticket of the officer's desks that fits their skills; its id, or None."""
        with self._store.reading() as connection:
            skills = {
                plan.id: member.skills
                for plan in self._desks
                for member in roster.members(connection, plan)
                if member.officer_id == officer_id
            }
            tickets = ledger.all_open(connection)
        for ticket in tickets:
            fits = _fits(ticket, skills.get(ticket.state.desk))
            with suppress(KeyError):  # forgotten since it was looked at
                if fits and not isinstance(self.take(ticket.id, officer_id), Refusal):
                    return ticket.id
        return None

    def reply(self, ticket_id: int, officer_id: int, text: str, key: str) -> bool:
        """Send an officer's words; the key makes a repeated form harmless. False when the officer does not hold it."""
        return self._say(ticket_id, Act(Event.REPLIED, officer_id), _words(text), key)

    def send(self, ticket_id: int, officer_id: int, card: Reply, key: str) -> bool:
        """Send a procedure's card; the rest as in `reply`."""
        return self._say(ticket_id, Act(Event.REPLIED, officer_id), card, key)

    def ask(self, ticket_id: int, officer_id: int, text: str, key: str) -> bool:
        """Send an officer's words that need an answer: the ticket waits for the citizen, who is reminded once."""
        return self._say(ticket_id, Act(Event.ASKED, officer_id), _words(text), key)

    def note(self, ticket_id: int, officer_id: int, text: str) -> bool:
        """Keep a note, masked: it is never sent. Whom it mentions is told. Raises bot.mentions.UnknownNames."""
        words = _internal(text)
        if not words:
            return False
        now = self._clock()
        with self._store.writing() as connection:
            done = ledger.write(connection, ticket_id, Act(Event.NOTE, officer_id, text=words), now)
            if isinstance(done, Refusal):
                return False
            mentions.keep(connection, ticket_id, officer_id, words, self._desks[done.desk], now)
        return True

    def resolve(self, ticket_id: int, officer_id: int, ending: Ending = Ending.ANSWERED) -> bool:
        """Close the ticket, tell the citizen what was decided and give the conversation back to the bot."""
        done = self._act(ticket_id, Act(Event.RESOLVED, officer_id, ending=ending), "ticket_closed")
        return not isinstance(done, Refusal)

    def give_back(self, ticket_id: int, officer_id: int, comment: str = "") -> State | Refusal:
        """Back to the queue of the same desk, at its old place."""
        return self._act(ticket_id, Act(Event.RETURNED, officer_id, text=_internal(comment)), "ticket_returned")

    def transfer(self, ticket_id: int, officer_id: int, desk: str, comment: str = "") -> State | Refusal:
        """To the queue of another desk, with a comment for whoever takes it."""
        with self._store.reading() as connection:
            here = ledger.of(connection, ticket_id).state.desk
        to = desk if desk in self._desks and desk != here else ""
        return self._act(
            ticket_id, Act(Event.TRANSFERRED, officer_id, desk=to, text=_internal(comment)), "ticket_transferred"
        )

    def hand_to(self, ticket_id: int, officer_id: int, colleague_id: int, comment: str = "") -> State | Refusal:
        """To a colleague who has room, at once."""
        act = Act(Event.HANDED, officer_id, to_officer_id=colleague_id, text=_internal(comment))
        return self._act(ticket_id, act, "ticket_handed", receiver_id=colleague_id)

    def reopen(self, ticket_id: int, officer_id: int) -> State | Refusal:
        """A closed ticket into the queue of its desk, unless the citizen has another open one."""
        return self._act(ticket_id, Act(Event.REOPENED, officer_id), "ticket_reopened")

    def complaint(self, ticket_id: int) -> Complaint | None:
        """What a complaint tells and where it is; None when the ticket is about something else."""
        with self._store.reading() as connection:
            return complaints.of(connection, ticket_id)

    def mark_unclear(self, ticket_id: int, officer_id: int) -> State | Refusal:
        """Whose matter a complaint is has to be found out: it may be forwarded later."""
        return self._complain(ticket_id, Act(Event.UNCLEAR, officer_id), "complaint_unclear")

    def forward(self, ticket_id: int, officer_id: int, agencies: Sequence[str]) -> State | Refusal:
        """A complaint went to these agencies, besides those it went to before."""
        return self._complain(
            ticket_id, Act(Event.FORWARDED, officer_id, text="\n".join(agencies)), "complaint_forwarded"
        )

    def answer(self, ticket_id: int, officer_id: int, text: str) -> State | Refusal:
        """An agency has answered a complaint: the citizen is told its words, and the ticket is closed."""
        act = Act(Event.RESOLVED, officer_id, ending=Ending.ANSWERED, text=text.strip()[:LONGEST_REPLY])
        return self._complain(ticket_id, act, "complaint_answered")

    def _complain(self, ticket_id: int, act: Act, notice: str) -> State | Refusal:
        """An act that only a complaint knows."""
        with self._store.writing() as connection:
            if complaints.of(connection, ticket_id) is None:
                return Refusal(Why.NOT_NOW)
            return self._done(connection, ticket_id, act, notice)

    def _act(self, ticket_id: int, act: Act, notice: str, receiver_id: int | None = None) -> State | Refusal:
        with self._store.writing() as connection:
            return self._done(connection, ticket_id, act, notice, receiver_id)

    def _done(
        self, connection: sa.Connection, ticket_id: int, act: Act, notice: str, receiver_id: int | None = None
    ) -> State | Refusal:
        """One act with what the citizen is told of it; whoever receives the ticket must have room for it."""
        now, ticket = self._clock(), ledger.of(connection, ticket_id)
        verdict = ledger.verdict(connection, ticket, act)
        if not isinstance(verdict, Refusal):
            verdict = self._room(connection, ticket, receiver_id) or ledger.write(connection, ticket_id, act, now)
        if isinstance(verdict, Refusal):
            return with_holder(connection, verdict)
        if verdict.stage is Stage.QUEUED:
            standing.promise(connection, ticket_id, self._desks, now)
        if act.event is Event.REOPENED:
            ledger.let_reopen(connection, ticket.conversation_id, "", "")
        stands = standing.of(connection, ledger.of(connection, ticket_id), self._desks, now)
        buttons = (notices.leave_button(),) if verdict.stage is Stage.QUEUED else ()
        told = notices.tell(notice, *buttons, standing=stands, name=_name(connection, receiver_id))
        key = f"ticket:{ticket_id}:{act.event}:{ledger.last_event(connection, ticket_id)}"
        outbox.put(connection, ticket.conversation_id, key, told, now)
        return verdict

    def _room(self, connection: sa.Connection, ticket: Ticket, receiver_id: int | None) -> Refusal | None:
        """Why an officer cannot receive a ticket: there is no such officer, or they hold as many as they may."""
        if receiver_id is None:
            return None
        alone(connection, f"officer {receiver_id}")
        if not _name(connection, receiver_id):
            return Refusal(Why.INCOMPLETE, ticket.state.officer_id)
        most = roster.capacity(connection, self._desks[ticket.state.desk], receiver_id)
        return Refusal(Why.FULL, receiver_id) if roster.held(connection, receiver_id) >= most else None

    def _say(self, ticket_id: int, act: Act, reply: Reply, key: str) -> bool:
        now = self._clock()
        with self._store.writing() as connection:
            ticket = ledger.of(connection, ticket_id)
            if not reply.blocks or isinstance(ledger.verdict(connection, ticket, act), Refusal):
                return False
            if outbox.put(connection, ticket.conversation_id, f"officer:{key}", reply, now):
                ledger.write(connection, ticket_id, act, now)
        return True


def _internal(words: str) -> str:
    """What officers write for each other, without personal numbers (a number to call back on: bot/callback.py)."""
    return personal_data.mask(words.strip()[:LONGEST_REPLY]).text


def with_holder(connection: sa.Connection, refusal: Refusal) -> Refusal:
    """A refusal that says by name who holds the ticket."""
    return replace(refusal, holder_name=_name(connection, refusal.holder_id))


def transcript(connection: sa.Connection, conversation_id: int, *, private: bool = False) -> list[Line]:
    """Everything said in a conversation, in order; what is shown once only where the citizen looks (`private`)."""
    said = sa.select(tables.inbox).where(tables.inbox.c.conversation_id == conversation_id)
    told = sa.select(tables.outbox).where(tables.outbox.c.conversation_id == conversation_id)
    labels: dict[str, str] = {}
    lines: list[Line] = []
    for row in connection.execute(told.order_by(tables.outbox.c.id)).mappings():
        reply = outbox.from_json(row["reply"] if private else row["kept"] or row["reply"])
        labels |= {button.payload: button.label for button in reply.buttons}
        lines.append(Line(reply.author, reply.plain(), reply, row["created_at"], row["id"]))
    kept = said.where(tables.inbox.c.kind != tables.FORGOTTEN).order_by(tables.inbox.c.id)
    for row in connection.execute(kept).mappings():
        text = labels.get(row["text"], row["text"]) if row["kind"] == "button" else row["text"]
        sent = attachments.of(row["attachment"])
        lines.append(Line("citizen", text, None, row["received_at"], None, sent, row["id"]))
    return sorted(lines, key=lambda line: line.at)


def in_view(view: str, officer_id: int, seen: frozenset[str] | None = None) -> sa.Select[tuple[Any, ...]]:
    """Asks for a view: "waiting" in the order of the queue, "mine", "snoozed" of these, or "all", the oldest first.

    `seen`: of these desks only.
    """
    return _summaries().where(belongs(view, officer_id, seen)).order_by(*order(view))


def belongs(view: str, officer_id: int, seen: frozenset[str] | None = None) -> sa.ColumnElement[bool]:
    """Whether a ticket is in a view."""
    row = tables.ticket.c
    held = sa.and_(row.state.in_(HELD), row.officer_id == officer_id)
    views = {
        "waiting": row.state.in_(WAITING),
        "mine": held,
        "snoozed": sa.and_(held, row.snoozed_until.is_not(None)),
    }
    return sa.and_(views.get(view, sa.true()), sa.true() if seen is None else row.desk.in_(seen))


def order(view: str) -> list[sa.ColumnElement[Any]]:
    """In which order the tickets of a view are."""
    row = tables.ticket.c
    first: list[sa.ColumnElement[Any]] = [row.rank_at] if view == "waiting" else []
    return [*first, row.state == Stage.CLOSED.value, row.id]


def summaries(connection: sa.Connection, query: sa.Select[tuple[Any, ...]]) -> list[TicketSummary]:
    """The tickets that a query of in_view finds."""
    return [_summary(row) for row in connection.execute(query).mappings()]


def _summaries() -> sa.Select[tuple[Any, ...]]:
    last = (
        sa.select(tables.inbox.c.text)
        .where(tables.inbox.c.conversation_id == tables.ticket.c.conversation_id, tables.inbox.c.kind != "button")
        .order_by(tables.inbox.c.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    return (
        sa.select(
            tables.ticket,
            tables.conversation.c.channel,
            tables.officer.c.name.label("officer_name"),
            last.label("last_text"),
        )
        .join(tables.conversation, tables.conversation.c.id == tables.ticket.c.conversation_id)
        .outerjoin(tables.officer, tables.officer.c.id == tables.ticket.c.officer_id)
    )


def _summary(row: sa.RowMapping) -> TicketSummary:
    return TicketSummary(
        id=row["id"],
        state=SHOWN[Stage(row["state"])],
        channel=row["channel"],
        reason=row["reason"],
        opened_at=row["opened_at"],
        officer_name=row["officer_name"],
        last_text=row["last_text"] or "",
        code=row["code"],
        stage=Stage(row["state"]),
        desk=row["desk"],
        urgency=tuple(row["urgency"]),
        promised_at=row["promised_at"],
        ending=row["ending"] or "",
        snoozed_until=row["snoozed_until"],
    )


def _notes(connection: sa.Connection, ticket_id: int) -> list[Line]:
    query = sa.select(tables.ticket_event).where(
        tables.ticket_event.c.ticket_id == ticket_id, tables.ticket_event.c.kind == "note"
    )
    return [Line("note", row["text"], None, row["at"], None) for row in connection.execute(query).mappings()]


def _evidence(connection: sa.Connection, conversation_id: int, known: Rules) -> list[Evidence]:
    query = sa.select(tables.turn).where(tables.turn.c.conversation_id == conversation_id).order_by(tables.turn.c.id)
    return [_made(row, known) for row in connection.execute(query).mappings()]


def _made(row: sa.RowMapping, known: Rules) -> Evidence:
    """What the assistant made of one turn."""
    read = row["understanding"]
    named = [item["value"] for item in read.get("entities", []) if item["kind"] == "dossier_code"]
    return Evidence(
        at=row["created_at"],
        engine=row["engine"],
        intent=read.get("intent", ""),
        decision=meanings()[Outcome(row["outcome"])].label,
        procedures=[f"{item['code']} ({item['confidence']:.2f})" for item in read.get("candidates", [])[:3]],
        sources=outbox.from_json(row["reply"]).sources if row["reply"] else (),
        dossiers=tuple(dict.fromkeys(named)),
        doubts=tuple(doubts({"engine": row["engine"], **read} if read else {}, known)),
    )


def _words(text: str) -> Reply:
    """An officer's words as a reply: a paragraph for each line."""
    lines = (line.strip() for line in text.strip()[:LONGEST_REPLY].splitlines())
    return Reply(tuple(Block("paragraph", (line,)) for line in lines if line), author="officer")


def _name(connection: sa.Connection, officer_id: int | None) -> str:
    """The name of an officer; "" when there is none."""
    query = sa.select(tables.officer.c.name).where(tables.officer.c.id == officer_id)
    return str(connection.execute(query).scalar() or "")


def _fits(ticket: Ticket, skills: frozenset[str] | None) -> bool:
    """Whether a waiting ticket is one for these skills at its desk; None: not the officer's desk."""
    if skills is None or ticket.state.stage not in WAITING:
        return False
    return not skills or not ticket.matter.field or ticket.matter.field in skills
