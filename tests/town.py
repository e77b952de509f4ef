"""A small fixed town: four procedures, a scripted interpreter, a book of dossiers, a clock that is moved by hand.

Nothing here reads the shipped data, so that a test says everything that it depends on.
"""

from __future__ import annotations

import shutil
import tempfile
import weakref
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

import argon2
import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from bot import tables
from bot.access_log import AccessLog
from bot.accounts import Accounts
from bot.assistant import Assistant
from bot.breaches import Breaches
from bot.inbox import Inbox
from bot.messages import InboundMessage, Kind
from bot.passwords import Passwords
from bot.records import Records
from bot.roles import Role, Sight
from bot.rota import Rotas
from bot.rules import Rules
from bot.second_step import SecondSteps
from bot.staffing import Staffing
from bot.store import ROOT, Store, open_store
from bot.switch_book import SwitchBook
from bot.worker import Worker
from integrations.dossiers import Details, Dossier, Dossiers, FeeDue, Found, Proof, Status
from integrations.errors import NotFound
from knowledge.catalogue import Catalogue
from knowledge.procedure import Procedure
from knowledge.record import procedure
from nlu.understanding import Aspect, Candidate, Entity, Understanding
from tests.editing import temporary
from web.ports import Access, Editing, Oversight

TODAY = date(2026, 11, 21)
MORNING = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)
QUICK = Passwords(argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
# as argon2 as any, in no time
RULES = Rules(
    answer_at=0.6,
    ask_at=0.1,
    follow_up_below=0.45,
    intent_over_procedure_at=0.8,
    certain_at=0.9,
    contradicted_at=0.6,
    choices=3,
    failures_before_officer=2,
    intent_at={"rasa": 0.5, "embedded": 0.3},
)

BIRTH, COPY, RESIDENCE, IMPORTED = "1.100001", "1.100002", "1.100003", "1.100004"
FORMER_RESIDENCE = "1.099999"
UNKNOWN = "1.999999"
DOSSIER_CODE = "H29.19-260312-0005"

RECORDS: Mapping[str, dict[str, Any]] = {
    BIRTH: {
        "code": BIRTH,
        "name": "Đăng ký khai sinh",
        "field": "ho_tich",
        "purpose": "Dành cho cha mẹ của trẻ mới sinh.",
        "levels": ["ward"],
        "authority": "Ủy ban nhân dân phường",
        "receiving_point": "Trung tâm Phục vụ hành chính công phường",
        "channels": ["counter", "online", "post"],
        "online_level": "full",
        "case_question": "Trẻ có Giấy chứng sinh không ạ?",
        "cases": [
            {
                "id": "co_giay",
                "label": "Có Giấy chứng sinh",
                "documents": [{"name": "Giấy chứng sinh", "originals": 1, "copies": 0}],
            },
            {
                "id": "khong_giay",
                "label": "Không có Giấy chứng sinh",
                "documents": [{"name": "Văn bản của người làm chứng", "originals": 1, "copies": 2}],
            },
        ],
        "documents": [{"name": f"Giấy tờ chung {number}", "originals": 1, "copies": 0} for number in range(1, 10)],
        "fees": [
            {
                "status": "free",
                "channels": ["online"],
                "kind": "le_phi",
                "basis": "411/NQ-HĐND",
                "text": "Lệ phí 0 đồng khi nộp trực tuyến.",
            },
            {"status": "unpublished", "channels": ["counter"], "kind": "le_phi"},
        ],
        "times": [{"amount": 1, "unit": "same_day", "text": "Trong ngày; sau 15 giờ thì trả ngày làm việc tiếp theo."}],
        "conditions": "Cha hoặc mẹ đăng ký trong 60 ngày.",
        "result": "Giấy khai sinh",
        "steps": ["Nộp hồ sơ.", "Nhận kết quả."],
        "legal_basis": [{"number": "60/2014/QH13", "name": "Luật Hộ tịch"}],
        "aliases": ["làm giấy khai sinh"],
        "examples": ["khai sinh cho con cần gì"],
        "source": {"code": BIRTH, "decision": "163/QĐ-BTP", "url": "https://example.org/1", "as_of": "2026-07-18"},
        "valid_from": "2026-07-18",
        "checked_on": "2026-11-01",
    },
    COPY: {
        "code": COPY,
        "name": "Chứng thực bản sao từ bản chính",
        "field": "chung_thuc",
        "purpose": "Dành cho người cần bản sao có giá trị như bản chính.",
        "levels": ["ward"],
        "authority": "Ủy ban nhân dân phường",
        "receiving_point": "",
        "channels": ["counter"],
        "online_level": "none",
        "documents": [{"name": "Bản chính giấy tờ", "originals": 1, "copies": None, "note": "Xem rồi trả lại."}],
        "fees": [{"status": "amount", "kind": "phi", "amount_vnd": 2000, "per": "trang", "basis": "226/2016/TT-BTC"}],
        "times": [{"amount": 2, "unit": "working_days", "channels": ["counter"]}],
        "result": "",
        "steps": [],
        "legal_basis": [],
        "aliases": [],
        "examples": [],
        "source": {"code": COPY, "as_of": "2026-07"},
        "valid_from": "2026-07-01",
        "checked_on": "2026-11-01",
    },
    RESIDENCE: {
        "code": RESIDENCE,
        "former_codes": [FORMER_RESIDENCE],
        "name": "Đăng ký thường trú",
        "field": "cu_tru",
        "purpose": "Dành cho người chuyển về ở hẳn.",
        "levels": ["ward"],
        "authority": "Công an phường",
        "receiving_point": "Công an phường nơi ở",
        "channels": ["counter", "online"],
        "online_level": "partial",
        "documents": [{"name": "Tờ khai", "originals": 1, "copies": 0, "form": "CT01"}],
        "fees": [
            {"status": "amount", "kind": "le_phi", "amount_vnd": 20000, "channels": ["counter"]},
            {
                "status": "amount",
                "kind": "le_phi",
                "amount_vnd": 10000,
                "channels": ["online"],
                "valid_from": "2026-07-18",
                "valid_to": "2026-12-31",
            },
            {
                "status": "amount",
                "kind": "le_phi",
                "amount_vnd": 15000,
                "channels": ["online"],
                "valid_from": "2027-01-01",
            },
        ],
        "times": [{"amount": 7, "unit": "working_days"}],
        "result": "Thông báo kết quả",
        "steps": ["Nộp hồ sơ."],
        "legal_basis": [{"number": "68/2020/QH14", "name": "Luật Cư trú"}],
        "aliases": ["nhập hộ khẩu"],
        "examples": ["chuyển hộ khẩu"],
        "source": {"code": RESIDENCE, "decision": "1523/QĐ-BCA-C06", "url": "", "as_of": "2026-07-18"},
        "valid_from": "2026-07-18",
        "valid_to": "2027-06-30",
        "checked_on": "2026-11-01",
        "open": [{"field": "fees", "reason": "chưa rõ mức giảm cho người cao tuổi"}],
    },
    IMPORTED: {
        "code": IMPORTED,
        "name": "Thủ tục nhập từ Cổng",
        "field": "nhap_khau",
        "purpose": "",
        "levels": ["other"],
        "authority": "",
        "receiving_point": "",
        "channels": [],
        "online_level": "unknown",
        "documents": [],
        "fees": [],
        "times": [],
        "result": "",
        "steps": [],
        "legal_basis": [],
        "aliases": [],
        "examples": [],
        "source": {"code": IMPORTED, "as_of": "2026-07"},
        "valid_from": "2026-07-01",
        "checked_on": "2026-07-01",
        "stale": True,
    },
}


EDITED = (RECORDS[BIRTH], RECORDS[COPY], RECORDS[RESIDENCE])
# what lies in the files that editors start from


def made(code: str, *, reviewed: bool | None = None, **changes: Any) -> Procedure:
    """A procedure of the town, its record changed."""
    is_reviewed = code != IMPORTED if reviewed is None else reviewed
    return procedure({**RECORDS[code], **changes}, reviewed=is_reviewed)


def catalogue() -> Catalogue:
    """The town's four procedures."""
    return Catalogue(made(code) for code in RECORDS)


def understood(
    text: str = "một câu",
    intent: str = "ask_procedure",
    confidence: float = 0.9,
    *,
    aspects: tuple[Aspect, ...] = (),
    entities: Mapping[str, str] | None = None,
    candidates: Mapping[str, float] | None = None,
    engine: str = "embedded",
) -> Understanding:
    """An understanding: entities as kind -> value over the whole text, candidates as code -> confidence."""
    return Understanding(
        text=text,
        intent=intent,
        intent_confidence=confidence,
        aspects=aspects,
        entities=tuple(Entity(kind, value, 0, len(text)) for kind, value in (entities or {}).items()),
        candidates=tuple(Candidate(code, f"tên {code}", share) for code, share in (candidates or {}).items()),
        engine=engine,
    )


SCRIPT: Mapping[str, Understanding] = {
    "xin chào": understood(intent="greet"),
    "khai sinh": understood(candidates={BIRTH: 0.9, COPY: 0.05}),
    "lệ phí thường trú": understood(intent="ask_fee", aspects=(Aspect.FEE,), candidates={RESIDENCE: 0.9}),
    "lệ phí": understood(intent="ask_fee", aspects=(Aspect.FEE,)),
    "đăng ký": understood(candidates={BIRTH: 0.4, RESIDENCE: 0.3}),
    "hồ sơ tới đâu": understood(intent="dossier_status"),
    DOSSIER_CODE: understood(intent="dossier_status", entities={"dossier_code": DOSSIER_CODE}),
    "‹số định danh›": understood("‹số định danh›", entities={"citizen_number": "‹số định danh›"}),
    "gặp cán bộ": understood(intent="officer"),
    "hai": understood(intent="choose", entities={"ordinal": "2"}),
}


class Script:
    """An interpreter that knows its lines; anything else is understood as nothing."""

    def __init__(self, lines: Mapping[str, Understanding] = SCRIPT) -> None:
        self._lines = lines
        self.heard: list[str] = []

    def understand(self, text: str, topic: str = "") -> Understanding:
        """The scripted meaning of a text."""
        self.heard.append(text)
        return replace(self._lines.get(text, understood(confidence=0.0)), text=text)


class Book:
    """A portal with one dossier, or one that always fails in the same way."""

    def __init__(self, error: Exception | None = None) -> None:
        self._error = error

    def find(self, code: str) -> Found:
        """The town's dossier. Raises the errors of integrations.errors."""
        if self._error is not None:
            raise self._error
        if code != DOSSIER_CODE:
            raise NotFound("no such dossier")
        return Found(dossier(), MORNING)

    def details(self, code: str, proof: Proof) -> Details:
        """What the town's applicant may see; the last digits are 0100."""
        self.find(code)
        if not proof("0100"):
            raise NotFound("no such dossier")
        return Details("N*** T*** An", ("Nộp thêm bản sao giấy khai sinh.",), (FeeDue("Lệ phí", 30_000),))


def dossier(**changes: Any) -> Dossier:
    """The town's dossier, changed."""
    values: dict[str, Any] = {
        "code": DOSSIER_CODE,
        "procedure_name": "Đăng ký khai sinh",
        "procedure_code": BIRTH,
        "status": Status.PROCESSING,
        "status_label": "Đang xử lý",
        "applied_on": date(2026, 3, 12),
        "accepted_on": date(2026, 3, 12),
        "due_on": date(2026, 3, 19),
        "completed_on": None,
        "updated_at": MORNING,
        "agency_name": "Phường Bến Thành",
    }
    return Dossier(**{**values, **changes})


def assistant(interpreter: Any = None, portal: Dossiers | None = None) -> Assistant:
    """The town's assistant."""
    return Assistant(interpreter or Script(), catalogue(), portal or Book(), RULES)


class Clock:
    """The town's clock: it stands still until somebody moves it."""

    def __init__(self, at: datetime = MORNING) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at

    def move(self, seconds: float) -> datetime:
        """Later by so many seconds."""
        self.at += timedelta(seconds=seconds)
        return self.at


@lru_cache(maxsize=1)
def _migrated() -> Path:
    """An empty database with all tables, made once."""
    path = Path(tempfile.mkdtemp()) / "empty.db"
    open_store(f"sqlite:///{path}").close()
    return path


def store(folder: Path) -> Store:
    """An empty database in a folder."""
    path = folder / "town.db"
    shutil.copyfile(_migrated(), path)
    return Store(f"sqlite:///{path}")


def temporary_store() -> Store:
    """An empty database whose file goes with the last who holds it."""
    folder = Path(tempfile.mkdtemp())
    made = store(folder)
    weakref.finalize(made, _remove, made.engine, folder)
    return made


def _remove(engine: sa.Engine, folder: Path) -> None:
    engine.dispose()
    shutil.rmtree(folder, ignore_errors=True)


def access(database: Store, clock: Callable[[], datetime] | None = None, **changes: Any) -> Access:
    """Who may do what in the town; its passwords are hashed quickly."""
    now = clock or (lambda: datetime.now(UTC))
    parts: dict[str, Any] = {
        "accounts": Accounts(database, QUICK, now),
        "second_steps": SecondSteps(database, "secret", now),
        "log": AccessLog(database, now),
        "switches": SwitchBook(database, now),
        "sight": Sight(),
    }
    return Access(**{**parts, **changes})


def oversight(database: Store, clock: Callable[[], datetime] | None = None, edited: Editing | None = None) -> Oversight:
    """What leads and editors of the town look after."""
    now = clock or (lambda: datetime.now(UTC))
    return Oversight(
        Breaches(database, clock=now),
        Rotas(database, clock=now),
        Staffing(database, clock=now),
        Records(catalogue, now),
        edited or temporary(database, EDITED, now),
    )


def hire(connection: sa.Connection, *usernames: str, role: Role = Role.OFFICER) -> None:
    """Officers who answer citizens."""
    for name in usernames:
        values = {"username": name, "name": name.title(), "password_hash": "-"}
        made = connection.execute(sa.insert(tables.officer).values(**values)).inserted_primary_key
        connection.execute(sa.insert(tables.officer_role).values(officer_id=made[0], role=role.value))


def migrate(connection: sa.Connection, revision: str, down: bool = False) -> None:
    """The tables as a migration left them."""
    config = Config()
    config.set_main_option("script_location", str(ROOT / "migrations"))
    config.attributes["connection"] = connection
    (command.downgrade if down else command.upgrade)(config, revision)


def worker(database: Store, interpreter: Any = None, clock: Callable[[], datetime] | None = None) -> Worker:
    """A worker of the town."""
    town = assistant(interpreter)
    return Worker(database, lambda: town, clock or Clock())


def message(text: str, number: str = "1", address: str = "lan", kind: Kind = Kind.TEXT) -> InboundMessage:
    """Something a citizen of the town sent."""
    return InboundMessage("webchat", number, address, MORNING, kind, text)


def say(database: Store, text: str, number: str = "1", address: str = "lan", kind: Kind = Kind.TEXT) -> bool:
    """A citizen's message into the inbox."""
    return Inbox(database).accept(message(text, number, address, kind))


def rows(database: Store, table: sa.Table) -> list[dict[str, Any]]:
    """A table, whole and in order."""
    with database.reading() as connection:
        return [dict(row) for row in connection.execute(sa.select(table).order_by(*table.primary_key)).mappings()]


def replies(database: Store) -> list[str]:
    """Everything that was said to citizens, as plain text."""
    return ["\n".join(line for block in row["reply"]["blocks"] for line in block["lines"]) for row in told(database)]


def told(database: Store) -> list[dict[str, Any]]:
    """The rows of the outbox."""
    return rows(database, tables.outbox)
