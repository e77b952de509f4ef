"""Errands on the console's pages: every form does its act, a refused one keeps what was typed, looks are recorded."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from bot import callback, snooze, tables
from bot.errors import NoFile
from bot.inbox import Inbox
from bot.messages import PLACE_DIGITS, Attachment, InboundMessage, Kind
from bot.roles import Role
from tests.memory_ports import PASSWORD, MemoryTown
from tests.pictures import photo
from tests.test_web_console import act, browser, sign_in
from tests.town import DOSSIER_CODE, rows, worker
from web.attachment import answer
from web.pages import size

TICKET = "/console/tickets/7"
LAN, MINH = 1, 2
NUMBER = "0901234567"
PHOTO = photo(DOSSIER_CODE)


@pytest.fixture
def town() -> MemoryTown:
    """Lan holds ticket 7; Hoa leads the desk."""
    made = MemoryTown()
    made.officers.add("hoa", "Lê Thị Hoa", PASSWORD, [Role.LEAD])
    assert made.desk.claim(7, LAN)
    return made


@pytest.fixture
def lan(town: MemoryTown) -> Iterator[TestClient]:
    """Officer Lan, signed in."""
    with browser(town) as client:
        sign_in(client)
        yield client


@pytest.fixture
def others(town: MemoryTown) -> Iterator[dict[str, TestClient]]:
    """Her colleague and her lead, signed in."""
    with browser(town) as minh, browser(town) as hoa:
        sign_in(minh, "minh")
        sign_in(hoa, "hoa")
        yield {"minh": minh, "hoa": hoa}


def says(town: MemoryTown, text: str, attachment: Attachment | None = None) -> None:
    """The citizen of ticket 7 sends something through the real door, and a worker comes to it."""
    kind = Kind.ATTACHMENT if attachment else Kind.TEXT
    number = str(len(rows(town.store, tables.inbox)))
    message = InboundMessage("webchat", number, "citizen-7", datetime.now(UTC), kind, text, attachment)
    assert Inbox(town.store, None, town.callbacks).accept(message)
    while worker(town.store, clock=lambda: datetime.now(UTC)).step():
        pass


def day(days: int) -> str:
    return (datetime.now(UTC) + timedelta(days=days)).date().isoformat()


@pytest.mark.parametrize("fields", [{"until": "hour"}, {"until": "morning"}, {"until": "day", "day": day(9)}], ids=str)
def test_put_off_by_a_form(town: MemoryTown, lan: TestClient, fields: dict[str, str]) -> None:
    """The form leads back to the list, where the ticket is among what is put off and not among the active ones."""
    response: Any = act(lan, "snooze", why="chờ phường trả lời", **fields)
    assert (response.status_code, response.headers["location"]) == (303, "/console")
    assert "Phiên 7" in lan.get("/console?view=snoozed").text and "Hẹn lại lúc" in lan.get("/console?view=all").text
    page = lan.get(TICKET).text
    assert "Bỏ hẹn" in page and "chờ phường trả lời" in page and "Giờ hạn vẫn chạy" in page
    assert act(lan, "wake").status_code == 303
    assert "Phiên 7" not in lan.get("/console?view=snoozed").text and "Bỏ hẹn" not in lan.get(TICKET).text


@pytest.mark.parametrize(
    "fields",
    [{}, {"until": "never"}, {"until": "day"}, {"until": "day", "day": day(-3)}, {"until": "day", "day": day(60)}],
    ids=["nothing", "unknown", "no day", "past", "too far"],
)
def test_a_moment_that_cannot_be(town: MemoryTown, lan: TestClient, fields: dict[str, str]) -> None:
    """Without a moment ahead nothing changes, and the note stays in its box."""
    response: Any = act(lan, "snooze", why="gọi chị Tám", **fields)
    assert response.status_code == 400 and "gọi chị Tám</textarea>" in response.text
    assert rows(town.store, tables.ticket)[0]["snoozed_until"] is None


def test_an_unknown_name_costs_no_word(town: MemoryTown, lan: TestClient) -> None:
    """A note with a name that nobody has is not saved; the sentence says which name, the note stays in its box."""
    response: Any = act(lan, "note", note="@minh và @mihn xem giúp")
    assert response.status_code == 400 and "không có ai tên @mihn" in response.text
    assert "@minh và @mihn xem giúp</textarea>" in response.text
    assert "note" not in [row["kind"] for row in rows(town.store, tables.ticket_event)]


def test_the_mark_in_the_queue(lan: TestClient, others: dict[str, TestClient]) -> None:
    """The named colleague sees the mark in the list until they open the ticket; nobody else sees it."""
    assert act(lan, "note", note="@minh xem giúp").status_code == 303
    minh = others["minh"]
    assert "Bạn được nhắc: 1" in minh.get("/console").text and "Nguyễn Thị Lan nhắc bạn" in minh.get("/console").text
    assert all("Bạn được nhắc: " not in client.get("/console").text for client in (lan, others["hoa"]))
    assert minh.get(TICKET).status_code == 200
    assert "Bạn được nhắc: " not in minh.get("/console").text


def test_a_number_is_shown_on_demand(town: MemoryTown, lan: TestClient, others: dict[str, TestClient]) -> None:
    """Asked for, given, and shown after a click to the holder and the lead, each look recorded; to nobody else."""
    assert act(lan, "ask-number", key="k").status_code == 303
    says(town, f"số em {NUMBER}")
    page = lan.get(TICKET).text
    assert "Xem số gọi lại" in page and NUMBER not in page and "Người dân cho số gọi lại" in page
    for client in (lan, others["hoa"]):
        response: Any = act(client, "number")
        assert response.status_code == 200 and NUMBER in response.text
    assert "Xem số gọi lại" not in others["minh"].get(TICKET).text
    refused: Any = act(others["minh"], "number")
    assert refused.status_code == 403 and NUMBER not in refused.text
    looks = [
        (row["officer_id"], row["ticket_id"]) for row in rows(town.store, tables.access_log) if row["why"] == "number"
    ]
    assert looks == [(LAN, 7), (4, 7)]
    assert NUMBER not in lan.get(f"{TICKET}/transcript.txt").text
    assert "không còn số" not in lan.get(TICKET).text


def test_papers_of_the_record_are_offered(town: MemoryTown, lan: TestClient) -> None:
    """The papers of the procedure talked about can be chosen; own words win; without either nothing is asked."""
    with town.store.writing() as connection:
        reply = {**rows(town.store, tables.turn)[0]["reply"]}
        reply["sources"] = [{**reply["sources"][0], "code": "1.100001"}]
        connection.execute(sa.update(tables.turn).values(reply=reply))
    page = lan.get(TICKET).text
    assert '<option value="Giấy chứng sinh">' in page and '<option value="Giấy tờ chung 9">' in page
    assert act(lan, "ask-paper", key="1", paper="Giấy chứng sinh", own="").status_code == 303
    assert act(lan, "ask-paper", key="2", paper="Giấy chứng sinh", own=" Hợp đồng  thuê nhà ").status_code == 303
    for fields in ({}, {"own": "a" * 201}):
        assert act(lan, "ask-paper", key="3", **fields).status_code == 400
    page = lan.get(TICKET).text
    assert "Xin giấy tờ: Giấy chứng sinh" in page and "Xin giấy tờ: Hợp đồng thuê nhà" in page
    assert "Đã xin giấy tờ" in page and "Chờ người dân trả lời" in page


def test_what_arrives_is_named(town: MemoryTown, lan: TestClient) -> None:
    """A photo is a line with its size and a way to open it, a place one with its rounded numbers."""
    says(town, "", Attachment("photo", 250_000, "ref"))
    assert act(lan, "ask-place", key="k").status_code == 303
    says(town, "", Attachment.at(10.776889, 106.700806))
    page = lan.get(TICKET).text
    assert re.search(r"Ảnh, 244 KB\s+<a [^>]*href=\"/console/tickets/7/file\?line=\d+\"", page)
    assert "Vị trí gần 10.777, 106.701" in page and "Đã xin vị trí" in page
    assert "(Ảnh, 244 KB)" in lan.get(f"{TICKET}/transcript.txt").text


def test_a_file_is_opened_through_its_channel(town: MemoryTown, lan: TestClient) -> None:
    """What the channel gives out is shown and the look recorded; what it does not give out is said; nothing is kept."""

    async def fetch(ref: str) -> bytes:
        if ref != "good":
            raise NoFile("gone")
        return PHOTO

    town.files["webchat"] = fetch
    for ref in ("good", "old"):
        says(town, "", Attachment("photo", 9, ref))
    good, old = (row["id"] for row in rows(town.store, tables.inbox)[-2:])
    opened = lan.get(f"{TICKET}/file?line={good}")
    assert (opened.status_code, opened.content, opened.headers["content-type"]) == (200, PHOTO, "image/png")
    assert opened.headers["cache-control"] == "no-store" and opened.headers["x-content-type-options"] == "nosniff"
    for line in (old, 1, 10**8):
        refused = lan.get(f"{TICKET}/file?line={line}")
        assert refused.status_code == 400 and "Chưa lấy được tệp" in refused.text
    assert [lan.get(f"{TICKET}/file?line={line}").status_code for line in ("", "x", "-1", "0")] == [400] * 4
    assert "file" in {row["why"] for row in rows(town.store, tables.access_log)}


@pytest.mark.parametrize(
    ("content", "kind", "way"),
    [
        (b"\xff\xd8\xff\xe0", "image/jpeg", "inline"),
        (PHOTO, "image/png", "inline"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "image/webp", "inline"),
        (b"RIFF\x00\x00\x00\x00WAVE", "application/octet-stream", "attachment"),
        (b"<html><script>alert(1)</script>", "application/octet-stream", "attachment"),
        (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "application/octet-stream", "attachment"),
        (b"%PDF-1.4", "application/octet-stream", "attachment"),
        (b"", "application/octet-stream", "attachment"),
    ],
)
def test_only_pictures_are_shown(content: bytes, kind: str, way: str) -> None:
    """By its own first bytes a picture is shown; anything else is saved and never opened by the browser."""
    given = answer(content)
    assert (given.headers["content-type"], given.headers["content-disposition"]) == (kind, way)


@pytest.mark.parametrize(("count", "said"), [(1, "1 KB"), (250_000, "244 KB"), (3 * 2**20, "3,0 MB")])
def test_sizes_as_people_read_them(count: int, said: str) -> None:
    """Kilobytes, and from a million on megabytes with a comma."""
    assert size(count) == said


def test_pages_say_the_bounds_of_the_code(lan: TestClient) -> None:
    """How long a number is kept, how far ahead a ticket is put off, how exact a place is: as the program has it."""
    page = lan.get(TICKET).text
    assert f"xóa {callback.KEEP.days} ngày sau khi phiếu đóng" in page
    assert f"trong {snooze.LONGEST.days} ngày tới" in page
    assert PLACE_DIGITS == 3 and "khoảng 100 mét" in page
