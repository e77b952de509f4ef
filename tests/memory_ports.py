"""The pages' seven neighbours in memory: small, whole, and quick enough for a browser to talk to."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime

from bot.messages import Block, Button, InboundMessage, Kind, Reply, Source
from bot.officers import Officers
from bot.roles import Role
from bot.store import Store
from tests.town import QUICK, access, temporary_store
from web.ports import (
    Aside,
    Delivery,
    Evidence,
    Known,
    Line,
    Owner,
    Ports,
    TicketSummary,
    TicketView,
)

START = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)
OFFICERS = {"lan": (1, "Nguyễn Thị Lan"), "minh": (2, "Trần Văn Minh")}
PASSWORD = "mot-cua-2026"
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

    def _add(self, address: str, line: Line) -> None:
        self.lines.setdefault(address, []).append(line)


@dataclass
class MemoryDesk:
    """Tickets in a dictionary."""

    views: dict[int, TicketView] = field(default_factory=dict)
    keys: set[str] = field(default_factory=set)

    def open(self, ticket_id: int, reason: str, lines: list[Line], evidence: list[Evidence]) -> None:
        last = next((line.text for line in reversed(lines) if line.author == "citizen"), "")
        summary = TicketSummary(ticket_id, "waiting", "webchat", reason, START, None, last)
        self.views[ticket_id] = TicketView(summary, None, lines, evidence)

    def tickets(self, view: str, officer_id: int, seen: frozenset[str] | None = None) -> list[TicketSummary]:
        chosen = {
            "waiting": lambda ticket: ticket.summary.state == "waiting",
            "mine": lambda ticket: ticket.officer_id == officer_id,
            "all": lambda ticket: True,
        }[view]
        return [ticket.summary for ticket in self.views.values() if chosen(ticket)]

    def ticket(self, ticket_id: int) -> TicketView:
        return self.views[ticket_id]

    def claim(self, ticket_id: int, officer_id: int) -> bool:
        if self.views[ticket_id].summary.state != "waiting":
            return False
        self._become(ticket_id, "claimed", officer_id)
        return True

    def reply(self, ticket_id: int, officer_id: int, text: str, key: str) -> bool:
        if not self._held(ticket_id, officer_id):
            return False
        if key not in self.keys:
            self.keys.add(key)
            reply = Reply((Block("paragraph", (text,)),), author="officer")
            self.views[ticket_id].lines.append(Line("officer", text, reply, datetime.now(UTC), None))
        return True

    def note(self, ticket_id: int, officer_id: int, text: str) -> bool:
        if not self._held(ticket_id, officer_id):
            return False
        self.views[ticket_id].lines.append(Line("note", text, None, datetime.now(UTC), None))
        return True

    def resolve(self, ticket_id: int, officer_id: int) -> bool:
        if not self._held(ticket_id, officer_id):
            return False
        self._become(ticket_id, "resolved", officer_id)
        return True

    def _held(self, ticket_id: int, officer_id: int) -> bool:
        ticket = self.views[ticket_id]
        return ticket.summary.state == "claimed" and ticket.officer_id == officer_id

    def _become(self, ticket_id: int, state: str, officer_id: int) -> None:
        ticket = self.views[ticket_id]
        name = next(name for number, name in OFFICERS.values() if number == officer_id)
        summary = replace(ticket.summary, state=state, officer_name=name)
        self.views[ticket_id] = replace(ticket, summary=summary, officer_id=officer_id)


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
    """The seven neighbours together, with one ticket waiting. The officers' accounts are the real ones."""

    mailbox: MemoryMailbox = field(default_factory=MemoryMailbox)
    desk: MemoryDesk = field(default_factory=MemoryDesk)
    store: Store = field(default_factory=temporary_store)
    numbers: MemoryNumbers = field(default_factory=MemoryNumbers)
    aside: MemoryAside = field(default_factory=MemoryAside)

    def __post_init__(self) -> None:
        self.officers = Officers(self.store, QUICK)
        for username, (_, name) in OFFICERS.items():
            self.officers.add(username, name, PASSWORD, [Role.OFFICER])
        self.officers.add("quan", "Phạm Minh Quân", PASSWORD, [Role.AUDITOR, Role.ADMINISTRATOR])
        lines = [
            Line("citizen", "lam khai sinh cho con can giay to gi", None, START, None),
            Line("assistant", FEE.plain(), FEE, START, 1),
            Line("citizen", "Con tôi sinh ở nước ngoài thì sao? Cho tôi gặp cán bộ.", None, START, None),
        ]
        evidence = [Evidence(START, "rasa", "ask_documents", "Answer", ["1.001193", "1.004873"])]
        self.desk.open(7, "asked", lines, evidence)

    def ports(self) -> Ports:
        return Ports(self.mailbox, self.mailbox, self.desk, self.officers, self.numbers, self.aside, access(self.store))
