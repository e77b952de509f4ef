"""A full disk on SQLite: nothing is acknowledged that is not kept, people are told plainly, and it passes by itself."""

from __future__ import annotations

import json
import resource
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
import sqlalchemy as sa

from bot import tables
from bot.door import Door
from bot.errors import NotKept
from bot.flood import Flood, load
from bot.inbox import LEASE
from bot.loop import Loop
from bot.settings import Settings
from bot.store import ROOT, Store
from integrations.stand_ins.zalo.account import Account
from nlu.understanding import Understanding
from tests import silences, town
from tests.end_to_end.program import START_S, Program, started
from tests.serving import until
from tests.test_zalo_channel import event, signed
from tests.town import Clock, Script, message, rows, say
from web.webhooks import TELEGRAM_PATH, TELEGRAM_SECRET, ZALO_PATH

QUESTION = "Làm giấy khai sinh cho bé cần giấy tờ gì?"
UNLIMITED = resource.RLIM_INFINITY
ANSWERED_S = 60
QUESTIONS = 20
SECRET = "webhook-secret"


class Disk:
    """Room for so many pages of the database, which a test may change while it is used."""

    def __init__(self, database: Store) -> None:
        self.pages = 2**31 - 2
        sa.event.listen(database.engine, "begin", self._limit)

    def _limit(self, connection: sa.Connection) -> None:
        cursor = connection.connection.cursor()
        cursor.execute(f"PRAGMA max_page_count = {self.pages}")
        cursor.close()

    def fill(self, database: Store) -> None:
        """Not a page more, and none of those that are there is free."""
        with database.reading() as connection:
            self.pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        with pytest.raises(NotKept):
            for number in range(100):
                door(database).accept(message("x" * 2000, f"filling{number}", "filler"))

    def empty(self) -> None:
        """There is room again."""
        self.pages = 2**31 - 2


def door(database: Store) -> Door:
    """The door without a flood."""
    return Door(database, Flood(load().times(1000), Clock()), Clock())


@pytest.fixture
def disk(database: Store) -> Disk:
    """The disk of the database."""
    return Disk(database)


def test_what_is_not_kept_is_not_acknowledged(database: Store, disk: Disk, caplog: pytest.LogCaptureFixture) -> None:
    """On a full disk each way in fails, without a word of the citizen in the error; with room it is kept once."""
    disk.fill(database)
    before, long = len(rows(database, tables.inbox)), message(f"{QUESTION} {'x' * 4000}", "1")
    with pytest.raises(NotKept) as told:
        door(database).accept(long)
    with pytest.raises(NotKept) as pushed:
        door(database).push(long)
    assert not any("khai sinh" in said for said in (str(told.value), str(pushed.value), caplog.text))
    assert len(rows(database, tables.inbox)) == before
    disk.empty()
    assert [door(database).push(long), door(database).push(long)] == [True, False]


class Filling(Script):
    """An interpreter during whose first reading the disk gets full."""

    def __init__(self, disk: Disk, database: Store) -> None:
        super().__init__()
        self._disk, self._database = disk, database

    def understand(self, text: str, topic: str = "") -> Understanding:
        """The scripted meaning, on a full disk."""
        if not self.heard:
            self._disk.fill(self._database)
        return super().understand(text, topic)


def test_a_turn_waits_for_room(database: Store, disk: Disk) -> None:
    """A disk that gets full amid a turn undoes all of the turn; with room, each message is answered once."""
    clock = Clock()
    for number in range(QUESTIONS):
        say(database, "khai sinh", f"{number}", f"p{number}")
    filling = town.worker(database, Filling(disk, database), clock)
    with pytest.raises(sa.exc.OperationalError):
        [filling.step() for _ in range(QUESTIONS)]
    assert len(rows(database, tables.turn)) == len(rows(database, tables.outbox)) < QUESTIONS
    disk.empty()
    clock.move(LEASE.total_seconds() + 1)
    one = town.worker(database, clock=clock)
    while one.step():
        pass
    asked = [row["id"] for row in rows(database, tables.inbox)]
    assert sorted(row["inbox_id"] for row in rows(database, tables.turn)) == asked
    assert len(rows(database, tables.outbox)) == len(asked) >= QUESTIONS


def test_loops_outlive_it(database: Store, disk: Disk) -> None:
    """Threads that answer go on looking while the disk is full, and answer when there is room."""
    say(database, "xin chào")
    disk.fill(database)
    loop = Loop(town.worker(database).step)
    loop.start()
    disk.empty()
    until(lambda: {row["status"] for row in rows(database, tables.inbox)} == {"done"})
    loop.stop()


# The program, whose files may not grow


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Program]:
    """The program with both webhooks; its vendors are silent."""
    account = Account()
    with silences.silent() as vendor:
        values = {
            "encoder": "none", "cache_dir": str(ROOT / Settings().cache_dir),
            "telegram_token": "1:x", "telegram_api_url": vendor, "telegram_mode": "webhook",
            "telegram_webhook_url": "http://127.0.0.1:1", "telegram_webhook_secret": SECRET,
            "zalo_app_id": account.app_id, "zalo_app_secret": account.app_secret, "zalo_oa_secret": account.oa_secret,
            "zalo_refresh_token": account.refresh_token, "zalo_api_url": vendor, "zalo_oauth_url": vendor,
        }  # fmt: skip
        with started(tmp_path, **{f"MOT_CUA_{name.upper()}": value for name, value in values.items()}) as made:
            until(made.healthy, START_S)
            yield made


def room(program: Program, size: int) -> None:
    """How long the program's files may be, in bytes; its own log is one of them."""
    resource.prlimit(program.process.pid, resource.RLIMIT_FSIZE, (size, UNLIMITED))


def pushed(program: Program) -> list[int]:
    """What both vendors are told of a message, the same each time."""
    person = {"id": 7, "is_bot": False, "first_name": "Lan"}
    said = {"message_id": 1, "date": 1, "chat": {"id": 7, "type": "private"}, "from": person, "text": QUESTION}
    update = {"update_id": 1, "message": said}
    content = event(text=QUESTION)
    raw = json.dumps(content).encode()
    with httpx.Client(base_url=program.address, trust_env=False, timeout=30) as http:
        told = [http.post(TELEGRAM_PATH, json=update, headers={TELEGRAM_SECRET: SECRET})]
        told.append(http.post(ZALO_PATH, content=raw, headers=signed(raw, content["timestamp"])))
    return [answer.status_code for answer in told]


def count(program: Program, query: str) -> int:
    """A number from the database."""
    with closing(sqlite3.connect(program.folder / "mot_cua.db")) as database:
        return int(database.execute(query).fetchone()[0])


@pytest.mark.slow
def test_the_program_lives_through_a_full_disk(program: Program) -> None:
    """Vendors hear that we have it not, the chat says so and keeps the draft, and with room all goes on by itself."""
    message = {"id": str(uuid4()), "kind": "text", "text": QUESTION}
    form = {"id": str(uuid4()), "text": QUESTION}
    with httpx.Client(base_url=program.address, trust_env=False, timeout=30) as http:
        http.get("/").raise_for_status()
        room(program, 0)
        assert pushed(program) == [503, 503]
        script, plain = http.post("/chat/messages", json=message), http.post("/chat/form", data=form)
        assert (script.status_code, plain.status_code) == (503, 503)
        assert "chưa nhận được tin này" in script.json()["error"] and "chưa nhận được tin này" in plain.text
        assert QUESTION in plain.text and not any(word in script.text + plain.text for word in ("Error", "sqlite"))
        assert count(program, "SELECT count(*) FROM inbox") == 0
        room(program, UNLIMITED)
        assert pushed(program) == [200, 200] == pushed(program)
        assert http.post("/chat/messages", json=message).status_code == 202
    until(lambda: count(program, "SELECT count(*) FROM turn") == 3, ANSWERED_S)
    assert count(program, "SELECT count(*) FROM outbox") == 3
    assert QUESTION not in program.printed()
