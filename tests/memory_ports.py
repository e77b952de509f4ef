"""The pages' neighbours, small and quick enough for a browser to talk to: the chat's in memory, the desk's are real."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import sqlalchemy as sa

from bot import complaints, ledger, outbox, tables
from bot.board import Board
from bot.callback import Callbacks
from bot.cards import Cards
from bot.complaint import Form
from bot.drafts import Drafts
from bot.errands import Errands
from bot.handoff import Desk
from bot.messages import Block, Button, InboundMessage, Kind, Reply, Source
from bot.officers import Officers
from bot.roles import Role
from bot.routing import Matter
from bot.search import Search
from bot.store import Store
from bot.ticket import Act, Event, Stage
from tests.town import QUICK, access, assistant, catalogue, oversight, temporary_store
from web.ports import (
    Aside,
    Delivery,
    Known,
    Line,
    Owner,
    Ports,
)

START = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)
ANSWERED_AT = START + timedelta(seconds=2)
OFFICERS = {"lan": (1, "Nguyễn Thị Lan"), "minh": (2, "Trần Văn Minh")}
PASSWORD = "mot-cua-2026"
EVERYONE = "thanh_pho"
# the desk that the shipped list names for everyone
FEE = Reply(
    blocks=(
        Block("heading", ("Đăng ký khai sinh",)),
        Block("paragraph", ("Anh/chị nộp hồ sơ tại Ủy ban nhân dân phường, xã nơi cha hoặc mẹ cư trú. Cần có:",)),
        Block("bullets", ("Tờ khai đăng ký khai sinh: 1 bản chính", "Giấy chứng sinh: 1 bản chính")),
        Block("warning", ("Nộp trong 60 ngày kể từ ngày sinh thì không mất lệ phí.",)),
    ),
    buttons=(Button("Thời gian làm bao lâu?", "aspect:time:1.001193"), Button("Gặp cán bộ", "handoff")),
    sources=(
        Source(
            "1.001193",
            "Quyết định 2228/QĐ-UBND",
            date(2025, 7, 1),
            date(2026, 11, 2),
            "https://dichvucong.gov.vn/p/home/dvc-chi-tiet-thu-tuc.html?ma_thu_tuc=1.001193",
        ),
    ),
)

UNDERSTOOD = {
    "intent": "ask_documents",
    "intent_confidence": 0.62,
    "entities": [{"kind": "dossier_code", "value": "H29.19-260312-0005", "start": 0, "end": 18, "score": 1.0}],
    "candidates": [
        {"code": "1.001193", "name": "Đăng ký khai sinh", "confidence": 0.55},
        {"code": "1.004873", "name": "Cấp giấy xác nhận tình trạng hôn nhân", "confidence": 0.41},
    ],
}


@dataclass
class MemoryMailbox:
    """Inbox and mailbox of every citizen; answers at once while the bot holds the conversation."""

    accepted: list[InboundMessage] = field(default_factory=list)
    lines: dict[str, list[Line]] = field(default_factory=dict)
    owners: dict[str, Owner] = field(default_factory=dict)
    answer: Reply | None = FEE

    def accept(self, message: InboundMessage, network: str = "") -> bool:
        if message.message_id in {old.message_id for old in self.accepted}:
            return False
        self.accepted.append(message)
        self._add(message.address, Line("citizen", message.text, None, message.received_at, None))
        if message.kind is Kind.BUTTON and message.text == "handoff":
            self.owners[message.address] = Owner.QUEUE
        if self.answer and self.owner(message.channel, message.address) in (Owner.BOT, Owner.CLOSED):
            self.say(message.address, self.answer)
        return True

    def say(self, address: str, reply: Reply) -> None:
        last = max((line.id or 0 for lines in self.lines.values() for line in lines), default=0)
        author = "officer" if reply.author == "officer" else "assistant"
        self._add(address, Line(author, reply.plain(), reply, datetime.now(UTC), last + 1))

    def outgoing(self, channel: str, address: str, after_id: int) -> list[Delivery]:
        sent = [line for line in self.lines.get(address, []) if line.id and line.reply and line.id > after_id]
        return [Delivery(line.id, channel, address, line.reply, line.at, 0) for line in sent if line.id and line.reply]

    def transcript(self, channel: str, address: str) -> list[Line]:
        return list(self.lines.get(address, []))

    def owner(self, channel: str, address: str) -> Owner:
        return self.owners.get(address, Owner.BOT)

    def newest(self) -> int:
        return max(self.news(0).values(), default=0)

    def news(self, after: int) -> dict[str, int]:
        last = {address: max((line.id or 0 for line in lines), default=0) for address, lines in self.lines.items()}
        return {address: line_id for address, line_id in last.items() if line_id > after}

    def _add(self, address: str, line: Line) -> None:
        self.lines.setdefault(address, []).append(line)


@dataclass
class MemoryNumbers:
    """The cookies' numbers in a dictionary."""

    numbers: dict[str, Known] = field(default_factory=dict)

    def known(self, address: str) -> Known | None:
        return self.numbers.get(address)

    def advance(self, address: str, shown: Known) -> None:
        if shown.number > self.numbers.get(address, Known(0, shown.since)).number:
            self.numbers[address] = shown


@dataclass
class MemoryAside:
    """A message and a reply that were set aside."""

    items: list[Aside] = field(
        default_factory=lambda: [
            Aside("outbox", 4, 2, "zalo", START, "recipient", 1),
            Aside("inbox", 9, 3, "telegram", START, "ZeroDivisionError", 3),
        ]
    )

    def all(self) -> list[Aside]:
        return list(self.items)

    def retry(self, box: str, item_id: int, officer_id: int) -> bool:
        return self.discard(box, item_id, officer_id)

    def discard(self, box: str, item_id: int, officer_id: int) -> bool:
        before = len(self.items)
        self.items = [item for item in self.items if (item.box, item.id) != (box, item_id)]
        return len(self.items) < before


@dataclass
class MemoryTown:
    """The neighbours together, with one ticket waiting. The officers' accounts and their desk are the real ones."""

    mailbox: MemoryMailbox = field(default_factory=MemoryMailbox)
    store: Store = field(default_factory=temporary_store)
    numbers: MemoryNumbers = field(default_factory=MemoryNumbers)
    aside: MemoryAside = field(default_factory=MemoryAside)
    files: dict[str, Callable[[str], Awaitable[bytes]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.officers = Officers(self.store, QUICK)
        for username, (_, name) in OFFICERS.items():
            self.officers.add(username, name, PASSWORD, [Role.OFFICER])
        self.officers.add("quan", "Phạm Minh Quân", PASSWORD, [Role.AUDITOR, Role.ADMINISTRATOR, Role.EDITOR])
        self.desk, self.board = Desk(self.store), Board(self.store)
        self.callbacks = Callbacks("secret")
        self.errands = Errands(self.store, self.callbacks)
        wait(self.store, 7, "asked", "lam khai sinh cho con can giay to gi")
        answer(self.store, 7, FEE)
        write(self.store, 7, "Con tôi sinh ở nước ngoài thì sao? Cho tôi gặp cán bộ.")

    def ports(self) -> Ports:
        drafts = Drafts(self.store, assistant, lambda: START)
        desk = (self.desk, self.board, Cards(catalogue, lambda: START), Search(self.store), drafts)
        who = (self.officers, self.numbers, self.aside, access(self.store))
        return Ports(self.mailbox, self.mailbox, *desk, *who, oversight(self.store), self.errands, self.files)


def wait(
    store: Store,
    ticket_id: int,
    reason: str,
    text: str,
    channel: str = "webchat",
    desk: str = EVERYONE,
    at: datetime = START,
) -> None:
    """A citizen who has written a text waits at a desk, with that ticket."""
    with store.writing() as connection:
        conversation = {"channel": channel, "address": f"citizen-{ticket_id}", "owner": "queue", "state": {}}
        made = connection.execute(sa.insert(tables.conversation).values(**conversation, updated_at=at))
        _receive(connection, int(made.inserted_primary_key[0]), text, at)
        known = {"id": ticket_id, "conversation_id": made.inserted_primary_key[0], "code": f"HT-7K3M-{ticket_id:04}"}
        told = {"desk": desk, "reason": reason, "field": "", "unit": "", "urgency": []}
        times = {"opened_at": at, "rank_at": at}
        connection.execute(sa.insert(tables.ticket).values(**known, **told, **times, state=Stage.BOT.value))
        ledger.write(connection, ticket_id, Act(Event.OPENED, desk=desk, text=reason), at)


def complain(store: Store, ticket_id: int, form: Form, at: datetime = START) -> int:
    """The citizen of a ticket has sent a complaint beside it; the number of its own ticket."""
    with store.writing() as connection:
        conversation_id = ledger.of(connection, ticket_id).conversation_id
        ticket = ledger.file(connection, conversation_id, Matter("complaint"), EVERYONE, at)
        complaints.keep(connection, ticket.id, form)
    return ticket.id


def answer(store: Store, ticket_id: int, reply: Reply) -> None:
    """The assistant has answered the citizen of a ticket, and why is known."""
    with store.writing() as connection:
        conversation_id = ledger.of(connection, ticket_id).conversation_id
        last = sa.select(sa.func.max(tables.inbox.c.id)).where(tables.inbox.c.conversation_id == conversation_id)
        outbox.put(connection, conversation_id, f"turn:{ticket_id}", reply, ANSWERED_AT)
        values = {
            "inbox_id": connection.execute(last).scalar_one(),
            "engine": "rasa",
            "understanding": UNDERSTOOD,
            "decision": "Answer",
            "outcome": "answered",
            "reply": outbox.to_json(reply),
            "elapsed_ms": 3,
            "created_at": ANSWERED_AT,
        }
        connection.execute(sa.insert(tables.turn).values(conversation_id=conversation_id, **values))


def write(store: Store, ticket_id: int, text: str, at: datetime = START + timedelta(minutes=1)) -> None:
    """The citizen of a ticket writes on."""
    with store.writing() as connection:
        conversation_id = ledger.of(connection, ticket_id).conversation_id
        _receive(connection, conversation_id, text, at)
        ledger.write(connection, ticket_id, Act(Event.WROTE), at)


def _receive(connection: sa.Connection, conversation_id: int, text: str, at: datetime) -> None:
    values = {"conversation_id": conversation_id, "channel": "webchat", "message_id": str(uuid4()), "kind": "text"}
    said = {"text": text, "masked": [], "length": len(text), "received_at": at, "status": "done", "attempts": 1}
    connection.execute(sa.insert(tables.inbox).values(**values, **said))
