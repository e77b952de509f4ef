"""What is set aside: why it was, that it holds up nobody, and what officers do with it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from bot import outbox, tables
from bot.aside import SetAside
from bot.inbox import MOST_ATTEMPTS
from bot.messages import Block, Reply
from bot.officers import Officers
from bot.outbox import MOST_ATTEMPTS as MOST_SENDS
from bot.outbox import Outbox
from bot.retention import KEEP, delete_old
from bot.store import ROOT, Store
from bot.wording import notes
from bot.worker import MOST_DEATHS
from nlu.understanding import Understanding
from tests import town
from tests.memory_ports import MemoryTown
from tests.town import MORNING, Clock, Script, replies, rows, say, told, worker
from web.app import create_app

PASSWORD = "mot-cua-2026"


class Fragile(Script):
    """An interpreter that breaks on a text until it is mended."""

    is_mended = False

    def understand(self, text: str, topic: str = "") -> Understanding:
        """The scripted meaning, or a failure that quotes what was read."""
        if text == "hỏng" and not self.is_mended:
            raise ZeroDivisionError(f"cannot read {text} of 079203012345")
        return super().understand(text, topic)


@pytest.fixture
def officer(database: Store) -> int:
    """An officer's number."""
    Officers(database).add("lan", "Nguyễn Thị Lan", PASSWORD)
    return 1


@pytest.fixture
def fragile(database: Store) -> Fragile:
    """A poison message and one after it, both worked on."""
    fragile = Fragile()
    say(database, "hỏng", "1")
    say(database, "xin chào", "2")
    work(database, fragile)
    return fragile


def work(database: Store, script: Script) -> None:
    """Answer everything that can be answered."""
    one = worker(database, script)
    while one.step():
        pass


def sent_aside(database: Store) -> Outbox:
    """A reply that the channel refused, and one behind it."""
    box = Outbox(database)
    say(database, "xin chào")
    with database.writing() as connection:
        for key in ("a1", "a2"):
            outbox.put(connection, 1, key, Reply((Block("paragraph", (key,)),)), MORNING)
    delivery = box.take("webchat", MORNING)
    assert delivery is not None
    box.refused(delivery.id)
    return box


# Why


def test_the_reason_is_a_name(database: Store, fragile: Fragile) -> None:
    """Of a message that fails the error's name is kept, never what the error says."""
    first, second = rows(database, tables.inbox)
    assert (first["status"], first["reason"]) == ("failed", "ZeroDivisionError")
    assert (second["status"], second["reason"]) == ("done", None)
    (item,) = SetAside(database).all()
    assert (item.box, item.id, item.channel, item.at) == ("inbox", 1, "webchat", MORNING)
    assert (item.reason, item.attempts) == ("ZeroDivisionError", MOST_ATTEMPTS)


def test_a_message_that_ends_its_workers_says_so(database: Store) -> None:
    """Where no worker lived to tell the error, that is the reason."""
    clock = Clock()
    say(database, "tai nạn")
    with database.writing() as connection:
        connection.execute(sa.update(tables.inbox).values(attempts=MOST_DEATHS))
    assert worker(database, clock=clock).step()
    assert [item.reason for item in SetAside(database).all()] == ["WorkerEnded"]


@pytest.mark.parametrize(("attempts", "reason"), [(0, "refused"), (MOST_SENDS, "gave up")])
def test_a_reply_says_why_it_was_not_sent(database: Store, attempts: int, reason: str) -> None:
    """A refusal is told from an outage that lasted too long."""
    box = sent_aside(database)
    if attempts:
        delivery = box.take("webchat", MORNING)
        assert delivery is not None
        box.retry(replace(delivery, attempts=attempts), MORNING)
    assert reason in [item.reason for item in SetAside(database).all()]


# Nobody waits


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(poisons=st.lists(st.booleans(), min_size=1, max_size=7))
def test_poison_never_blocks_its_conversation(tmp_path_factory: pytest.TempPathFactory, poisons: list[bool]) -> None:
    """Wherever poison stands in a conversation, every message is answered or told of, in order."""
    database = town.store(tmp_path_factory.mktemp("poison"))
    for number, is_poison in enumerate(poisons):
        say(database, "hỏng" if is_poison else "xin chào", str(number))
    work(database, Fragile())
    assert [text == notes()["went_wrong"] for text in replies(database)] == poisons
    assert [row["status"] for row in rows(database, tables.inbox)] == [
        "failed" if is_poison else "done" for is_poison in poisons
    ]
    database.close()


# What officers do


def test_a_mended_message_is_answered(database: Store, fragile: Fragile, officer: int) -> None:
    """Tried again after the fault is gone, the message is answered; who tried is recorded."""
    fragile.is_mended = True
    assert SetAside(database).retry("inbox", 1, officer)
    work(database, fragile)
    assert len(told(database)) == 3 and "chưa hiểu ý" in replies(database)[2]
    assert SetAside(database).all() == []
    (event,) = rows(database, tables.aside_event)
    assert (event["box"], event["item_id"], event["officer_id"], event["kind"]) == ("inbox", 1, officer, "retried")


def test_what_is_still_poison_is_set_aside_again(database: Store, fragile: Fragile, officer: int) -> None:
    """Tried again in vain it holds up nobody, and its citizen is not told a second time."""
    SetAside(database).retry("inbox", 1, officer)
    say(database, "xin chào", "3")
    work(database, fragile)
    assert [row["status"] for row in rows(database, tables.inbox)] == ["failed", "done", "done"]
    assert replies(database).count(notes()["went_wrong"]) == 1
    assert rows(database, tables.inbox)[0]["attempts"] == MOST_ATTEMPTS


def test_a_refused_reply_is_sent_again(database: Store, officer: int) -> None:
    """Tried again, a reply has all its attempts; the order of what was not sent yet is kept."""
    box = sent_aside(database)
    assert SetAside(database).retry("outbox", 1, officer)
    later = MORNING.replace(year=2100)
    deliveries = []
    while delivery := box.take("webchat", later):
        deliveries.append((delivery.reply.plain(), delivery.attempts))
        box.sent(delivery.id, later)
    assert deliveries == [("a1", 0), ("a2", 0)]


@pytest.mark.parametrize("act", ["retry", "discard"])
@pytest.mark.parametrize(("box", "item_id"), [("inbox", 1), ("inbox", 2), ("inbox", 99), ("outbox", 1)])
def test_an_act_counts_once(database: Store, fragile: Fragile, officer: int, act: str, box: str, item_id: int) -> None:
    """What is not set aside, or was looked after already, is left as it is and leaves no record."""
    is_aside = (box, item_id) == ("inbox", 1)
    results = [getattr(SetAside(database), act)(box, item_id, officer) for _ in range(2)]
    assert results == [is_aside, False]
    assert len(rows(database, tables.aside_event)) == is_aside
    assert rows(database, tables.inbox)[1]["status"] == "done"


def test_records_go_with_their_conversation(database: Store, fragile: Fragile, officer: int) -> None:
    """Retention deletes what officers did to a conversation together with the conversation."""
    SetAside(database).discard("inbox", 1, officer)
    assert delete_old(database, MORNING + KEEP * 2) == 1
    assert rows(database, tables.aside_event) == rows(database, tables.inbox) == []


# In the console


@pytest.fixture
def console(database: Store, officer: int) -> Iterator[TestClient]:
    """A signed-in officer's browser over the real boxes."""
    ports = replace(MemoryTown().ports(), officers=Officers(database), aside=SetAside(database))
    with TestClient(create_app(ports, "secret"), follow_redirects=False, headers={"Accept": "text/html"}) as client:
        csrf = hidden(client.get("/console/login").text)
        client.post("/console/login", data={"csrf": csrf, "username": "lan", "password": PASSWORD, "next": ""})
        yield client


def hidden(page: str) -> str:
    """The token of the page's forms."""
    return re.findall(r'name="csrf" value="([^"]*)"', page)[0]


def act(client: TestClient, **fields: str) -> int:
    """Press a button of the page."""
    csrf = hidden(client.get("/console/aside").text)
    return client.post("/console/aside", data={"csrf": csrf, "box": "inbox", "id": "1", **fields}).status_code


def test_the_page_shows_no_words_of_citizens(database: Store, fragile: Fragile, console: TestClient) -> None:
    """The page says channel, time, kind of reason and number of tries; neither words nor address."""
    sent_aside(database)
    page = console.get("/console/aside").text
    for expected in ("Trò chuyện trên web", "09:00 21/11/2026", "ZeroDivisionError", "Kênh không nhận tin này"):
        assert expected in page
    assert "hỏng quá lâu" not in page and ">hỏng<" not in page and "079203012345" not in page
    assert re.search(r"\blan\b", page.split("<main")[1]) is None


@pytest.mark.parametrize(("name", "status"), [("retry", "new"), ("discard", "discarded")])
def test_a_button_does_what_it_says(
    database: Store, fragile: Fragile, console: TestClient, name: str, status: str
) -> None:
    """A button acts once; the second press says that somebody was quicker."""
    assert [act(console, act=name) for _ in range(2)] == [303, 409]
    assert rows(database, tables.inbox)[0]["status"] == status
    assert len(rows(database, tables.aside_event)) == 1


@pytest.mark.parametrize(
    "fields", [{"act": "delete"}, {"act": "retry", "box": "officer"}, {"act": "retry", "id": "-1"}, {}], ids=str
)
def test_other_orders_are_refused(fragile: Fragile, console: TestClient, fields: dict[str, str]) -> None:
    """What no button of the page says gets 400."""
    assert act(console, **fields) == 400


def test_the_page_is_for_officers(fragile: Fragile, database: Store, console: TestClient) -> None:
    """Strangers are sent to sign in; a form without its token is refused."""
    assert console.post("/console/aside", data={"act": "discard", "box": "inbox", "id": "1"}).status_code == 403
    console.cookies.clear()
    for answer in (console.get("/console/aside"), console.post("/console/aside")):
        assert (answer.status_code, answer.headers["location"]) == (303, "/console/login?next=/console/aside")
    assert len(SetAside(database).all()) == 1


# The tables


def test_migrations_make_the_tables_of_the_code(database: Store, tmp_path: Path) -> None:
    """After all migrations the tables are those that the code names, and the newest one can be taken back."""
    config = Config()
    config.set_main_option("script_location", str(ROOT / "migrations"))
    with database.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), tables.metadata) == []
        config.attributes["connection"] = connection
        command.downgrade(config, "0003")
        assert "aside_event" not in sa.inspect(connection).get_table_names()
        command.upgrade(config, "head")
        assert "reason" in [column["name"] for column in sa.inspect(connection).get_columns("outbox")]
