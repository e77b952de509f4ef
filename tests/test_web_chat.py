"""The web chat, spoken to over HTTP."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
import yaml
from itsdangerous import TimestampSigner
from starlette.applications import Starlette
from starlette.testclient import TestClient

from bot.errors import BadSettings
from bot.messages import Block, Kind, Reply
from bot.retention import KEEP_SESSIONS, delete_old
from bot.sessions import Known, Numbers
from bot.settings import Settings, load
from bot.store import Store
from tests.memory_ports import FEE, MemoryTown
from web.app import create_app
from web.chat import Chat, ping
from web.newest import Newest
from web.pages import load_pages
from web.sessions import CHANGE_AFTER, CHANGE_AFTER_IDLE, GRACE, Card

AGENCY = "https://phuong-ben-thanh.example"
HOUR = timedelta(hours=1)


@pytest.fixture
def town() -> MemoryTown:
    return MemoryTown()


@pytest.fixture
def citizen(town: MemoryTown) -> Iterator[TestClient]:
    """A browser that has opened the chat."""
    app = create_app(town.ports(), "secret", embedders=[AGENCY])
    with TestClient(app, follow_redirects=False) as client:
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
    assert message["data"]["blocks"][0] == {
        "kind": "heading",
        "lines": ["Đăng ký khai sinh"],
        "private": False,
    }
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


def test_sign_of_life_is_heard_by_the_script() -> None:
    """The stream's sign of life is an event, not a comment that no script can hear."""
    assert ping().encode().split() == [b"event:", b"ping", b"data:", b"1"]


def test_stream_ends_to_be_looked_at_again(town: MemoryTown) -> None:
    """A stream ends after its time; the browser then comes with its cookie again."""
    replies = Newest(town.mailbox.newest, town.mailbox.news)
    chat = replace(Chat.over(town.ports(), load_pages(), "secret", replies), stream_age_s=0.5)
    with TestClient(Starlette(routes=chat.routes())) as client:
        client.get("/")
        assert [event["event"] for event in events(client, 9)] == ["owner"]


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
    """Page and everything it names weigh at most 20 KB compressed, and all of it is ours."""
    page = citizen.get("/").text
    named = set(re.findall(r'(?:src|href)="(/static/[^"]+)"', page))
    assert {name.partition("?")[0].rpartition("/")[2] for name in named} >= {"chat.js", "chat.css", "print.css"}
    parts = [page.encode(), *(citizen.get(name).content for name in named)]
    assert sum(len(gzip.compress(part)) for part in parts) <= 20_000
    assert len(gzip.compress(citizen.get("/widget.js").content)) <= 3_000


def test_files_are_named_by_their_content(citizen: TestClient) -> None:
    """Static files may be cached because a changed file has a new name."""
    (name,) = re.findall(r"/static/chat\.js\?v=\w{8}", citizen.get("/").text)
    response = citizen.get(name)
    assert "max-age" in response.headers["cache-control"]
    assert citizen.get("/").headers["cache-control"] == "no-store"


def test_memory_answer_is_a_whole_one() -> None:
    """The answer used here has every kind of block, so the pages are tried with all of them."""
    assert {block.kind for block in FEE.blocks} == {"heading", "paragraph", "bullets", "warning"}


def show_card(client: TestClient, number: int, age: timedelta, written_ago: timedelta = timedelta(0)) -> object:
    """Come with the cookie of that number and age, and post."""

    class Then(TimestampSigner):
        def get_timestamp(self) -> int:
            return super().get_timestamp() - int(written_ago.total_seconds())

    value = Card("someone", number, datetime.now(UTC) - age).value()
    client.cookies.clear()
    client.cookies.set("chat", Then("secret", salt="chat").sign(value).decode())
    return post(client)


def given_number(response: object) -> int:
    """The number of the cookie that an answer brings."""
    return int(re.search(r"chat=\"?someone\.(\d+)\.", response.headers["set-cookie"])[1])


@pytest.mark.parametrize(
    ("age", "idle", "number"),
    [
        (CHANGE_AFTER - HOUR, 0 * HOUR, 4),
        (CHANGE_AFTER, 0 * HOUR, 5),
        (3 * HOUR, CHANGE_AFTER_IDLE - HOUR, 4),
        (3 * HOUR, CHANGE_AFTER_IDLE, 5),
    ],
)
def test_cookie_is_changed(town: MemoryTown, citizen: TestClient, age: timedelta, idle: timedelta, number: int) -> None:
    """A cookie that is a day old, or rested for two hours, is changed for the next one of the same conversation."""
    town.numbers.advance("someone", Known(4, datetime.now(UTC) - age))
    response = show_card(citizen, 4, age, idle)
    assert (response.status_code, given_number(response)) == (202, number)
    assert town.mailbox.accepted[0].address == "someone"


def test_changed_cookie_counts_once_it_is_shown(town: MemoryTown, citizen: TestClient) -> None:
    """A change that was lost on the way loses nothing; the old cookie ends after the new one was shown."""
    assert [given_number(show_card(citizen, 0, CHANGE_AFTER)) for _ in range(2)] == [1, 1]
    assert show_card(citizen, 1, 0 * HOUR).status_code == 202
    assert given_number(show_card(citizen, 0, CHANGE_AFTER)) == 1
    town.numbers.numbers["someone"] = Known(1, datetime.now(UTC) - GRACE - timedelta(seconds=1))
    assert show_card(citizen, 0, CHANGE_AFTER).status_code == 401
    assert show_card(citizen, 1, 0 * HOUR).status_code == 202


@pytest.mark.parametrize(("number", "status"), [(1, 401), (2, 401), (3, 202), (4, 202), (5, 202), (6, 401)])
def test_only_neighbours_of_the_counting_cookie(
    town: MemoryTown, citizen: TestClient, number: int, status: int
) -> None:
    """Good are the number that counts, the next one, and for a while the one before it."""
    town.numbers.advance("someone", Known(4, datetime.now(UTC)))
    assert show_card(citizen, number, 0 * HOUR).status_code == status


def test_numbers_in_the_database_only_grow(database: Store) -> None:
    """The database keeps the highest number that was shown, until no cookie can be good any more."""
    numbers, now = Numbers(database), datetime.now(UTC)
    assert numbers.known("someone") is None
    for number in (1, 3, 2):
        numbers.advance("someone", Known(number, now))
    assert numbers.known("someone") == Known(3, now)
    delete_old(database, now + KEEP_SESSIONS - HOUR)
    assert numbers.known("someone") == Known(3, now)
    delete_old(database, now + KEEP_SESSIONS + HOUR)
    assert numbers.known("someone") is None


@pytest.mark.parametrize("path", ["/chat/messages", "/chat/form", "/chat/new", "/embed/chat/messages"])
@pytest.mark.parametrize(
    ("headers", "refused"),
    [
        ({"Sec-Fetch-Site": "cross-site"}, True),
        ({"Sec-Fetch-Site": "same-site"}, True),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "http://testserver"}, False),
        ({"Origin": AGENCY}, True),
        ({"Origin": "null"}, True),
        ({"Origin": "http://testserver"}, False),
        ({}, False),
    ],
)
def test_only_our_pages_write(citizen: TestClient, path: str, headers: dict[str, str], refused: bool) -> None:
    """A page of another site cannot make a browser write in the citizen's name."""
    assert (citizen.post(path, headers=headers).status_code == 403) == refused


def test_listed_sites_may_frame_the_embedded_page_only(citizen: TestClient) -> None:
    """The frame page names the listed sites; every other page may be framed by nobody else."""
    framed, own = citizen.get("/embed").headers, citizen.get("/").headers
    assert framed["content-security-policy"].endswith(f"frame-ancestors 'self' {AGENCY}")
    assert "x-frame-options" not in framed
    assert AGENCY not in own["content-security-policy"] and own["x-frame-options"] == "SAMEORIGIN"
    assert AGENCY not in citizen.get("/embedded").headers["content-security-policy"]


def test_nobody_frames_without_a_list(town: MemoryTown) -> None:
    """Without a list no other site may frame the chat."""
    with TestClient(create_app(town.ports(), "secret")) as client:
        assert client.get("/embed").headers["content-security-policy"].endswith("frame-ancestors 'self'")


def test_framed_session_is_apart(citizen: TestClient) -> None:
    """In a frame the session has a cookie of its own, kept apart for each site, over HTTPS only."""
    cookie = citizen.get("/embed").headers["set-cookie"]
    assert cookie.startswith("chat-embed=")
    for part in ("HttpOnly", "SameSite=none", "Secure", "Partitioned", "Path=/embed"):
        assert part in cookie


@pytest.mark.parametrize(
    ("text", "origins"),
    [
        ("", ()),
        ("https://a.example", ("https://a.example",)),
        ("https://a.example, https://*.b.example:8443", ("https://a.example", "https://*.b.example:8443")),
        ("a.example", None),
        ("https://a.example/", None),
        ("https://a.example;script-src *", None),
        ("*", None),
    ],
)
def test_list_of_embedders(text: str, origins: tuple[str, ...] | None) -> None:
    """The setting is a list of origins; whatever is none is refused at the start."""
    if origins is not None:
        assert load({"MOT_CUA_EMBED_ORIGINS": text}).embedders == origins
        return
    with pytest.raises(BadSettings, match="MOT_CUA_EMBED_ORIGINS"):
        load({"MOT_CUA_EMBED_ORIGINS": text})


def test_settings_embed_nowhere_by_default() -> None:
    """Nobody may frame the chat unless somebody said so."""
    assert Settings().embedders == ()


def test_widget_is_a_script_with_our_words(citizen: TestClient) -> None:
    """The widget is one script, cached shortly, that names no other host."""
    response = citizen.get("/widget.js")
    assert response.headers["content-type"].startswith("text/javascript")
    assert response.headers["cache-control"] == "public, max-age=300"
    assert "Hỏi thủ tục" in response.text and "{{" not in response.text
    assert re.findall(r"https?://[\w.]+", response.text) == []


def test_lists_of_papers_are_known_by_their_heading() -> None:
    """The words over a list of papers are the ones that the replies use."""
    papers = yaml.load(Path("web/data/texts.yaml").read_text("utf-8"), Loader=yaml.CSafeLoader)["print"]["papers"]
    for name in ("answered", "journey_told"):
        assert f"\n# {papers}" in Path(f"bot/data/replies/{name}.txt").read_text("utf-8")


def test_only_papers_get_boxes(town: MemoryTown, citizen: TestClient) -> None:
    """The list under the heading of papers is marked, other lists are not."""
    town.mailbox.answer = Reply(
        (
            Block("heading", ("Giấy tờ cần có – sinh ở nhà",)),
            Block("bullets", ("Tờ khai",)),
            Block("heading", ("Lệ phí",)),
            Block("bullets", ("Không thu",)),
        )
    )
    post(citizen)
    page = citizen.get("/").text
    assert '<ul class="papers"><li>Tờ khai</li></ul>' in page and "<ul><li>Không thu</li></ul>" in page
