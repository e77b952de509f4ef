"""The web chat, spoken to over HTTP."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from itsdangerous import TimestampSigner
from starlette.testclient import TestClient

from bot.messages import Block, Kind, Reply
from tests.memory_ports import FEE, MemoryTown
from web.app import create_app

STATIC = Path("web/static")


@pytest.fixture
def town() -> MemoryTown:
    return MemoryTown()


@pytest.fixture
def citizen(town: MemoryTown) -> Iterator[TestClient]:
    """A browser that has opened the chat."""
    with TestClient(create_app(town.ports(), "secret"), follow_redirects=False) as client:
        client.get("/")
        yield client


def post(client: TestClient, **changes: object) -> object:
    return client.post("/chat/messages", json={"id": str(uuid4()), "kind": "text", "text": "xin chào", **changes})


def events(client: TestClient, count: int, query: str = "", headers: dict[str, str] | None = None) -> list[dict]:
    """The first events of the stream as id, event and data."""
    found: list[dict] = []
    with client.stream("GET", f"/chat/events{query}", headers=headers) as response:
        current: dict = {}
        for row in response.iter_lines():
            name, _, value = row.partition(": ")
            if row:
                current[name] = json.loads(value) if name == "data" else value
            elif current:
                found, current = [*found, current], {}
            if len(found) == count:
                return found
    return found


def test_page_says_what_it_is(citizen: TestClient) -> None:
    """The first page says: a machine, kept for a limited time, never send codes or passwords."""
    page = citizen.get("/").text
    for words in ("trí tuệ nhân tạo", "lưu 90 ngày", "mã OTP", 'lang="vi"', 'role="log"', 'role="status"'):
        assert words in page


def test_message_is_committed_then_accepted(town: MemoryTown, citizen: TestClient) -> None:
    """202 means that the inbox has the message, once, however often it is sent."""
    message_id = str(uuid4())
    answers = [post(citizen, id=message_id, text="Khai sinh cần gì?") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [202, 202]
    assert [answer.json()["new"] for answer in answers] == [True, False]
    (message,) = town.mailbox.accepted
    assert (message.channel, message.text, message.kind) == ("webchat", "Khai sinh cần gì?", Kind.TEXT)
    assert message.message_id.startswith(message.address) and message.received_at.tzinfo


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"text": "ă" * 20_000}, 202),
        ({"text": "ă" * 20_001}, 413),
        ({"text": "x" * 1_100_000}, 413),
        ({"kind": "button", "text": "handoff"}, 202),
        ({"kind": "attachment", "text": ""}, 202),
        ({"kind": "voice"}, 400),
        ({"kind": ["text"]}, 400),
        ({"text": "  \n "}, 400),
        ({"text": None}, 400),
        ({"text": "a\0b"}, 400),
        ({"id": "1"}, 400),
        ({"id": 1}, 400),
    ],
)
def test_what_is_taken(citizen: TestClient, changes: dict, status: int) -> None:
    """A message is taken if it has a UUID, a known kind and storable text of at most 20,000 characters."""
    assert post(citizen, **changes).status_code == status


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'"x"', b"\xff", b"[" * 9000, b'{"text": "\\ud800"}'])
def test_bad_json_is_refused_in_a_sentence(citizen: TestClient, body: bytes) -> None:
    """Whatever is no message gets 400 and a sentence."""
    response = citizen.post("/chat/messages", content=body)
    assert response.status_code == 400
    assert response.json()["error"].endswith(".")


def test_half_a_character_is_refused(citizen: TestClient) -> None:
    """Text that no database can keep is refused at the door."""
    body = json.dumps({"id": str(uuid4()), "kind": "text", "text": "\ud800"})
    assert citizen.post("/chat/messages", content=body).status_code == 400


@pytest.mark.parametrize("cookie", ["", "x", "someone.aaaa.bbbb"])
def test_bad_session_is_told(town: MemoryTown, citizen: TestClient, cookie: str) -> None:
    """A session that we did not sign gets 401 and a sentence, and nothing is taken."""
    citizen.cookies.clear()
    citizen.cookies.set("chat", cookie)
    for response in (post(citizen), citizen.get("/chat/events")):
        assert response.status_code == 401
        assert "hết hạn" in response.json()["error"]
    assert town.mailbox.accepted == []


@pytest.mark.parametrize(("age_s", "status"), [(0, 202), (86_390, 202), (86_410, 401)])
def test_session_ends_after_a_day(citizen: TestClient, age_s: int, status: int) -> None:
    """The signature counts for 24 hours."""

    class Then(TimestampSigner):
        def get_timestamp(self) -> int:
            return super().get_timestamp() - age_s

    citizen.cookies.clear()
    citizen.cookies.set("chat", Then("secret", salt="chat").sign("someone").decode())
    assert post(citizen).status_code == status


def test_cookie_is_hidden_and_lax(citizen: TestClient) -> None:
    """The session is a signed cookie that scripts and other sites cannot use."""
    cookie = citizen.get("/").headers["set-cookie"]
    for part in ("HttpOnly", "SameSite=lax", "Max-Age=86400"):
        assert part in cookie
    assert "Secure" not in cookie
    assert "Secure" in TestClient(citizen.app, base_url="https://t").get("/").headers["set-cookie"]


def test_stream_carries_whole_answers(citizen: TestClient) -> None:
    """Each answer is one event with its id, blocks, buttons and sources; the owner follows."""
    post(citizen)
    message, owner = events(citizen, 2)
    assert (message["event"], message["id"]) == ("message", "1")
    assert message["data"]["blocks"][0] == {"kind": "heading", "lines": ["Đăng ký khai sinh"]}
    assert message["data"]["buttons"][1] == {"label": "Gặp cán bộ", "payload": "handoff"}
    assert message["data"]["sources"][0]["valid_from"] == "2025-07-01"
    assert message["data"]["author"] == "assistant" and "T" in message["data"]["at"]
    assert (owner["event"], owner["data"]) == ("owner", {"owner": "bot"})


@pytest.mark.parametrize(
    ("query", "last_event_id", "ids"),
    [
        ("", None, ["1", "2", "3"]),
        ("?after=1", None, ["2", "3"]),
        ("?after=1", "2", ["3"]),
        ("", "2", ["3"]),
        ("?after=x", None, ["1", "2", "3"]),
        ("?after=" + "9" * 40, None, ["1", "2", "3"]),
    ],
)
def test_stream_resumes(citizen: TestClient, query: str, last_event_id: str | None, ids: list[str]) -> None:
    """A stream starts after the last answer that the browser has; the header knows best."""
    for _ in range(3):
        post(citizen)
    headers = {"Last-Event-ID": last_event_id} if last_event_id else {}
    assert [event["id"] for event in events(citizen, len(ids), query, headers)] == ids


def test_stream_tells_the_new_owner(town: MemoryTown, citizen: TestClient) -> None:
    """When the conversation goes to the queue, the stream says so."""
    post(citizen, kind="button", text="handoff")
    assert events(citizen, 1)[0]["data"] == {"owner": "queue"}


def test_one_session_never_sees_another(town: MemoryTown, citizen: TestClient) -> None:
    """Answers go to the session that asked."""
    post(citizen)
    with TestClient(citizen.app) as stranger:
        assert "Đăng ký khai sinh</h3>" not in stranger.get("/").text
        assert events(stranger, 1)[0]["event"] == "owner"


def test_new_session_leaves_the_old_one(citizen: TestClient) -> None:
    """A fresh session starts empty; another site cannot start it."""
    post(citizen)
    before = citizen.cookies["chat"]
    assert citizen.post("/chat/new", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert citizen.post("/chat/new").status_code == 303
    assert citizen.cookies["chat"] != before
    assert 'id="start"' in citizen.get("/").text


def test_page_shows_the_transcript(citizen: TestClient) -> None:
    """A reloaded page shows everything said, with source, and streams on from there."""
    post(citizen, text="<b>khai sinh</b>")
    page = citizen.get("/").text
    for part in ("&lt;b&gt;khai sinh", "Quyết định 2228/QĐ-UBND", "01/07/2025", "02/11/2026", 'data-after="1"'):
        assert part in page


@pytest.mark.parametrize(
    ("fields", "kind", "text"),
    [
        ({"text": "dòng một\r\ndòng hai"}, Kind.TEXT, "dòng một\ndòng hai"),
        ({"text": "", "say": "Khai sinh cần gì?"}, Kind.TEXT, "Khai sinh cần gì?"),
        ({"text": "đang gõ", "button": "handoff"}, Kind.BUTTON, "handoff"),
    ],
)
def test_plain_form(town: MemoryTown, citizen: TestClient, fields: dict, kind: Kind, text: str) -> None:
    """Without scripts, typing, offered questions and buttons all work, and a double submit is one message."""
    form = {"id": str(uuid4()), **fields}
    responses = [citizen.post("/chat/form", data=form) for _ in range(2)]
    assert [response.status_code for response in responses] == [303, 303]
    assert [(message.kind, message.text) for message in town.mailbox.accepted] == [(kind, text)]


@pytest.mark.parametrize(
    ("text", "signed", "status", "sentence"),
    [
        ("câu tôi đang viết", False, 401, "Phiên trò chuyện cũ đã hết hạn"),
        ("câu dài " * 3000, True, 413, "dài quá"),
        (" ", True, 400, "chưa viết gì"),
    ],
)
def test_plain_form_keeps_what_was_typed(
    citizen: TestClient, text: str, signed: bool, status: int, sentence: str
) -> None:
    """A refused form says why, keeps the text and leaves a session that works."""
    if not signed:
        citizen.cookies.clear()
    response = citizen.post("/chat/form", data={"id": str(uuid4()), "text": text})
    assert response.status_code == status
    assert sentence in response.text and f">{text}</textarea>" in response.text
    assert post(citizen).status_code == 202


def test_answers_are_escaped_and_linked(town: MemoryTown, citizen: TestClient) -> None:
    """Addresses in an answer become links, markup stays text."""
    town.mailbox.answer = Reply((Block("paragraph", ("<i>Xem</i> https://dichvucong.gov.vn/a?b=1&c=2.",)),))
    post(citizen)
    page = citizen.get("/").text
    assert "&lt;i&gt;Xem&lt;/i&gt; " in page
    assert '<a href="https://dichvucong.gov.vn/a?b=1&amp;c=2" rel="noopener">' in page


def test_headers_keep_the_page_closed(citizen: TestClient) -> None:
    """Every answer carries a strict policy, errors included, and no page runs inline code."""
    for path in ("/", "/health", "/nowhere", "/static/chat.js"):
        headers = citizen.get(path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'self'" in policy and "frame-ancestors 'self'" in policy and "unsafe" not in policy
        assert headers["x-content-type-options"] == "nosniff" and headers["referrer-policy"] == "same-origin"
    assert not re.search(r"<script(?! src)|<style|\sstyle=|\son\w+=|//(?!www\.w3)[\w.]+/", citizen.get("/").text)


@pytest.mark.parametrize(("path", "status"), [("/nowhere", 404), ("/static/none.css", 404), ("/chat/messages", 405)])
def test_errors_are_sentences(citizen: TestClient, path: str, status: int) -> None:
    """People get a page in Vietnamese, scripts get JSON."""
    page, data = citizen.get(path, headers={"Accept": "text/html"}), citizen.get(path, headers={"Accept": "*/*"})
    assert (page.status_code, data.status_code) == (status, status)
    assert "<h1>Chưa làm được</h1>" in page.text
    assert data.json()["error"] in page.text


def test_own_mistake_is_a_sentence(town: MemoryTown) -> None:
    """If we break, people read a sentence and no traceback, behind the same headers."""
    town.mailbox.lines = None  # type: ignore[assignment]
    with TestClient(create_app(town.ports(), "secret"), raise_server_exceptions=False) as client:
        response = client.get("/", headers={"Accept": "text/html"})
    assert response.status_code == 500 and "Traceback" not in response.text
    assert "đang có lỗi" in response.text and "default-src" in response.headers["content-security-policy"]


def test_health(citizen: TestClient) -> None:
    """The health address answers in JSON."""
    assert citizen.get("/health").json() == {"status": "ok"}


def test_page_is_small(citizen: TestClient) -> None:
    """Page, styles and script together weigh at most 20 KB on the wire."""
    page = citizen.get("/").content
    files = [(STATIC / name).read_bytes() for name in ("base.css", "chat.css", "chat.js", "mark.svg")]
    assert sum(len(gzip.compress(part)) for part in (page, *files)) <= 20_000


def test_files_are_named_by_their_content(citizen: TestClient) -> None:
    """Static files may be cached because a changed file has a new name."""
    (name,) = re.findall(r"/static/chat\.js\?v=\w{8}", citizen.get("/").text)
    response = citizen.get(name)
    assert "max-age" in response.headers["cache-control"]
    assert citizen.get("/").headers["cache-control"] == "no-store"


def test_memory_answer_is_a_whole_one() -> None:
    """The answer used here has every kind of block, so the pages are tried with all of them."""
    assert {block.kind for block in FEE.blocks} == {"heading", "paragraph", "bullets", "warning"}
