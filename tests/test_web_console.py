"""The officers' console, spoken to over HTTP."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from bot import ledger, satisfaction, tables
from bot.ratings import Survey
from tests.memory_ports import PASSWORD, START, MemoryTown, wait, write
from tests.town import rows
from web.app import create_app
from web.forms import inside

TICKET = "/console/tickets/7"
ACTS = ("claim", "reply", "ask", "card", "draft", "note", "resolve", "give-back", "transfer", "hand", "reopen")
ACTS += ("unclear", "forward", "answer")


@pytest.fixture
def town() -> MemoryTown:
    return MemoryTown()


def browser(town: MemoryTown) -> TestClient:
    return TestClient(create_app(town.ports(), "secret"), follow_redirects=False, headers={"Accept": "text/html"})


@pytest.fixture
def lan(town: MemoryTown) -> Iterator[TestClient]:
    """Officer Lan, signed in."""
    with browser(town) as client:
        sign_in(client)
        yield client


def sign_in(client: TestClient, username: str = "lan", password: str = PASSWORD, **changes: str) -> object:
    csrf = field(client.get("/console/login").text, "csrf")
    return client.post(
        "/console/login", data={"csrf": csrf, "username": username, "password": password, "next": "", **changes}
    )


def field(page: str, name: str) -> str:
    """The value of the page's hidden field."""
    return re.findall(rf'name="{name}" value="([^"]*)"', page)[0]


def act(client: TestClient, name: str, **fields: str) -> object:
    csrf = field(client.get("/console").text, "csrf")
    return client.post(f"{TICKET}/{name}", data={"csrf": csrf, **fields})


@pytest.mark.parametrize(
    ("path", "where"),
    [("/console", "/console/login"), (TICKET, f"/console/login?next={TICKET}")],
)
def test_strangers_are_sent_to_sign_in(town: MemoryTown, path: str, where: str) -> None:
    """Without a session every page leads to the sign-in form."""
    response = browser(town).get(path)
    assert (response.status_code, response.headers["location"]) == (303, where)


@pytest.mark.parametrize("path", ["/console", TICKET])
def test_forged_session_is_nobody(town: MemoryTown, path: str) -> None:
    """A cookie that we did not sign opens nothing."""
    client = browser(town)
    client.cookies.set("console", "token-0")
    assert client.get(path).status_code == 303


@pytest.mark.parametrize(
    ("changes", "status", "sentence"),
    [
        ({"password": "sai"}, 401, "không đúng"),
        ({"username": "ai-do"}, 401, "không đúng"),
        ({"csrf": "khac"}, 403, "đăng nhập lại"),
        ({"csrf": ""}, 403, "đăng nhập lại"),
    ],
)
def test_sign_in_refused(town: MemoryTown, changes: dict, status: int, sentence: str) -> None:
    """A refused sign-in says why, and not which half was wrong."""
    with browser(town) as client:
        response = sign_in(client, **changes)
        assert response.status_code == status and sentence in response.text
        assert client.get("/console").status_code == 303


def test_sign_in_opens_the_console(town: MemoryTown) -> None:
    """The right password opens a session in a hidden, lax cookie of the console alone."""
    with browser(town) as client:
        response = sign_in(client, next=TICKET)
        assert (response.status_code, response.headers["location"]) == (303, TICKET)
        cookie = response.headers["set-cookie"]
        assert all(part in cookie for part in ("HttpOnly", "SameSite=lax", "Path=/console"))
        assert "Nguyễn Thị Lan" in client.get("/console").text


@pytest.mark.parametrize("path", ["//evil.test", "https://evil.test", "/console/tickets/7/../x", "/console\n", ""])
def test_sign_in_leads_nowhere_else(path: str) -> None:
    """The page after signing in is inside the console, whatever the form asks for."""
    assert inside(path) == "/console"


def test_too_many_attempts(town: MemoryTown) -> None:
    """Whoever guesses is told how long to wait."""
    with browser(town) as client:
        responses = [sign_in(client, password="sai") for _ in range(6)]
    assert responses[-1].status_code == 429
    wait = responses[-1].headers["retry-after"]
    assert 1 <= int(wait) <= 5 and f"sau {wait} giây" in responses[-1].text


def test_sign_out_ends_the_session(town: MemoryTown, lan: TestClient) -> None:
    """Signing out ends the session on our side too."""
    csrf = field(lan.get("/console").text, "csrf")
    assert lan.post("/console/logout", data={"csrf": csrf}).status_code == 303
    assert all(row["ended_at"] for row in rows(town.store, tables.officer_session))
    assert lan.get("/console").status_code == 303


@pytest.mark.parametrize(("view", "shown"), [("waiting", True), ("mine", False), ("all", True), ("bogus", True)])
def test_queue_tabs(lan: TestClient, view: str, shown: bool) -> None:
    """Each tab shows its tickets; an unknown tab is the waiting one."""
    page = lan.get(f"/console?view={view}").text
    assert ("Người dân xin gặp cán bộ" in page) is shown
    assert page.count('aria-current="page"') == 1


def test_ticket_shows_the_talk_and_why(lan: TestClient) -> None:
    """A ticket shows what was said, with its source, and how the assistant came to it."""
    page = lan.get(TICKET).text
    for part in ("lam khai sinh", "Quyết định 2228/QĐ-UBND", "ask_documents", "1.004873", "Nút chọn: Thời gian"):
        assert part in page


@pytest.mark.parametrize(
    "path", ["/console/tickets/8", f"/console/tickets/{2**80}", "/console/tickets/x", "/console/nothing"]
)
def test_unknown_ticket(lan: TestClient, path: str) -> None:
    """A ticket that is not there is a 404 page."""
    assert lan.get(path).status_code == 404


def test_a_ticket_from_claim_to_end(town: MemoryTown, lan: TestClient) -> None:
    """Claim, answer, note, resolve: each is one form and leads back to the ticket."""
    steps = [("claim", {}), ("reply", {"reply": "Chào anh/chị", "key": "k1"}), ("note", {"note": "Gọi lại"})]
    for name, fields in [*steps, ("resolve", {"ending": "visit"})]:
        response = act(lan, name, **fields)
        assert (response.status_code, response.headers["location"]) == (303, f"{TICKET}#end")
    ticket = town.desk.ticket(7)
    assert [line.author for line in ticket.lines[3:] if line.author != "assistant"] == ["officer", "note"]
    assert (ticket.summary.state, ticket.summary.ending) == ("resolved", "visit")


def test_double_submit_answers_once(town: MemoryTown, lan: TestClient) -> None:
    """The same form sent twice is one answer; the page gives each form its own key."""
    act(lan, "claim")
    key = field(lan.get(TICKET).text, "key")
    assert key != field(lan.get(TICKET).text, "key")
    assert [act(lan, "reply", reply="Chào", key=key).status_code for _ in range(2)] == [303, 303]
    assert [line.author for line in town.desk.ticket(7).lines].count("officer") == 1


def test_pressing_twice_is_harmless(lan: TestClient) -> None:
    """Claiming or closing a second time leads back to the ticket like the first."""
    for name in ("claim", "claim", "resolve", "resolve"):
        assert act(lan, name, ending="answered").status_code == 303


@pytest.mark.parametrize(
    ("name", "fields"), [("claim", {}), ("reply", {"reply": "câu trả lời"}), ("resolve", {"ending": "answered"})]
)
def test_somebody_else_holds_it(town: MemoryTown, lan: TestClient, name: str, fields: dict) -> None:
    """If a colleague holds the ticket, the page says who, and keeps what was written."""
    town.desk.claim(7, 2)
    response = act(lan, name, **fields)
    assert response.status_code == 409
    assert "Trần Văn Minh đang giữ phiên này" in response.text
    assert fields.get("reply", "") in response.text


@pytest.mark.parametrize("state", ["waiting", "resolved"])
@pytest.mark.parametrize(("name", "fields"), [("reply", {"reply": "viết"}), ("note", {"note": "viết"})])
def test_nobody_holds_it(town: MemoryTown, lan: TestClient, state: str, name: str, fields: dict) -> None:
    """An officer who does not hold a ticket cannot act on it."""
    if state == "resolved":
        assert town.desk.claim(7, 1) and town.desk.resolve(7, 1)
    before = len(town.desk.ticket(7).lines)
    assert act(lan, name, **fields).status_code == 403
    assert len(town.desk.ticket(7).lines) == before


@pytest.mark.parametrize("path", [f"{TICKET}/{name}" for name in ACTS])
@pytest.mark.parametrize("csrf", ["", "csrf-token-9", "ă"])
def test_forms_need_their_token(town: MemoryTown, lan: TestClient, path: str, csrf: str) -> None:
    """A form without the session's token changes nothing."""
    response = lan.post(path, data={"csrf": csrf, "reply": "x", "note": "x"})
    assert response.status_code == 403
    assert town.desk.ticket(7).summary.state == "waiting"


@pytest.mark.parametrize("text", ["", "  \r\n", "x" * 4001])
def test_text_has_bounds(town: MemoryTown, lan: TestClient, text: str) -> None:
    """An empty or endless answer is not sent, and stays in the form."""
    act(lan, "claim")
    response = act(lan, "reply", reply=text)
    assert response.status_code == 400 and "từ 1 đến 4.000" in response.text
    assert "officer" not in [line.author for line in town.desk.ticket(7).lines]


def test_lost_session_keeps_the_text(town: MemoryTown, lan: TestClient) -> None:
    """If the session ended while writing, the text is shown to be copied."""
    ended = sa.update(tables.officer_session).values(ended_at=START)
    with town.store.writing() as connection:
        connection.execute(ended)
    response = lan.post(f"{TICKET}/reply", data={"reply": "Câu trả lời rất dài"})
    assert response.status_code == 403
    assert "Câu trả lời rất dài" in response.text and f"next={TICKET}" in response.text


def test_note_is_set_apart(lan: TestClient) -> None:
    """A note carries its own name in the transcript, and its form says that citizens do not see it."""
    act(lan, "claim")
    act(lan, "note", note="Gọi lại sau 14 giờ")
    page = lan.get(TICKET).text
    assert re.search(r'class="line note">\s*<p class="who"><b>Ghi chú nội bộ</b>', page)
    assert "Người dân không thấy" in page


# The queue


def test_queue_says_what_is_owed(town: MemoryTown, lan: TestClient) -> None:
    """Each ticket says its code, desk, how long it waits, and in words which limit was passed; each desk its counts."""
    wait(town.store, 8, "complaint", "chờ lâu quá", at=START - timedelta(days=14))
    page = lan.get("/console").text
    assert all(part in page for part in ("Mã HT-7K3M-0007", "Người dân chờ trả lời:", "Chờ: <b>2</b>", "(mẫu thử)"))
    assert "Quá hạn: Trả lời lần đầu" in page


def test_queue_of_one_desk(town: MemoryTown, lan: TestClient) -> None:
    """A desk's link shows that desk alone; a desk that there is not shows all."""
    shown = {desk: "Phiên 7:" in lan.get(f"/console?desk={desk}").text for desk in ("dat_dai", "thanh_pho", "x")}
    assert shown == {"dat_dai": False, "thanh_pho": True, "x": True}


def test_next_ticket(town: MemoryTown, lan: TestClient) -> None:
    """One button takes the first waiting ticket and leads to it; with none left it says so."""
    csrf = field(lan.get("/console").text, "csrf")
    taken = lan.post("/console/next", data={"csrf": csrf})
    assert (taken.status_code, taken.headers["location"]) == (303, f"{TICKET}#end")
    assert town.desk.ticket(7).summary.officer_name == "Nguyễn Thị Lan"
    none = lan.post("/console/next", data={"csrf": csrf})
    assert none.status_code == 409 and "không có phiên nào đang chờ" in none.text


# The ticket


@pytest.mark.parametrize(
    ("name", "fields", "shown"),
    [
        ("transfer", {"to": "dat_dai", "comment": "Hỏi về sổ đỏ"}, "Chuyển sang bàn khác: Nguyễn Thị Lan"),
        ("hand", {"to": "2", "comment": "Nhờ Minh"}, "<span>→ Trần Văn Minh</span>"),
        ("give-back", {"comment": "Tôi bận họp"}, "Trả lại hàng chờ: Nguyễn Thị Lan"),
    ],
)
def test_a_ticket_is_passed_on(lan: TestClient, name: str, fields: dict[str, str], shown: str) -> None:
    """To another desk, a colleague or back to the queue: the history says who did it and with which words."""
    act(lan, "claim")
    answer = act(lan, name, **fields)
    assert (answer.status_code, answer.headers["location"]) == (303, "/console")
    page = lan.get(TICKET).text
    assert shown in page and fields["comment"] in page and "Trả lời người dân</label>" not in page


@pytest.mark.parametrize(
    ("name", "fields", "status"),
    [
        ("transfer", {"to": "thanh_pho"}, 403),
        ("transfer", {"to": "x"}, 403),
        ("hand", {"to": "99"}, 403),
        ("hand", {"to": ""}, 400),
        ("hand", {"to": "2", "comment": "x" * 4001}, 400),
        ("resolve", {"ending": "left"}, 400),
        ("resolve", {}, 400),
        ("reopen", {}, 409),
    ],
)
def test_an_act_that_makes_no_sense(
    town: MemoryTown, lan: TestClient, name: str, fields: dict[str, str], status: int
) -> None:
    """A form without a real desk, colleague or outcome changes nothing, and the page says so."""
    act(lan, "claim")
    answer = act(lan, name, **fields)
    assert answer.status_code == status and "Chưa đổi gì" in answer.text
    assert town.desk.ticket(7).summary.officer_name == "Nguyễn Thị Lan"


def test_asking_waits_for_the_citizen(lan: TestClient) -> None:
    """An officer who asks back lets the ticket wait for the citizen; the clock of the solution rests."""
    act(lan, "claim")
    assert act(lan, "ask", reply="Anh/chị gửi ảnh giấy chứng sinh", key="k").status_code == 303
    page = lan.get(TICKET).text
    assert "Chờ người dân trả lời</span>" in page and "Giải quyết xong trước" not in page


def test_closed_and_opened_again(town: MemoryTown, lan: TestClient) -> None:
    """A closed ticket says its outcome; opened again it waits at its desk."""
    act(lan, "claim")
    act(lan, "resolve", ending="referred")
    assert "Việc của cơ quan khác" in lan.get(TICKET).text
    assert act(lan, "reopen").status_code == 303
    assert town.desk.ticket(7).summary.state == "waiting"


def test_how_satisfied_the_citizen_was(town: MemoryTown, lan: TestClient) -> None:
    """The page of a settled ticket says that the citizen was asked, then what they said; own words are escaped."""
    act(lan, "claim")
    act(lan, "resolve", ending="answered")
    assert "Mức hài lòng của người dân" not in lan.get(TICKET).text
    assert Survey(town.store, satisfaction.plan(15), lambda: datetime.now(UTC)).step() == 1
    assert "Đã hỏi, chưa có câu trả lời" in lan.get(TICKET).text
    said = {"step": 4, "words": "chờ <b>lâu</b>", "answered_at": datetime.now(UTC)}
    with town.store.writing() as connection:
        connection.execute(sa.update(tables.rating).values(**said))
    assert "<b>Không hài lòng</b>. chờ &lt;b&gt;lâu" in lan.get(TICKET).text


def test_evidence_with_source_dossier_and_doubt(lan: TestClient) -> None:
    """Beside the talk stand the dated records, the dossier that was named, and why the assistant was unsure."""
    side = lan.get(TICKET).text.partition("Vì sao trợ lý")[2]
    for part in ("Nguồn: thủ tục 1.001193", "H29.19-260312-0005", "Chưa đủ chắc là thủ tục nào; Có từ hai thủ tục"):
        assert part in side


@pytest.mark.parametrize(
    ("hours", "words"),
    [(1, "Còn 1 ngày 2"), (44, "Còn 3 giờ"), (60, "Hết giờ trả lời miễn phí"), (200, "không cho gửi tin nữa")],
)
def test_time_left_on_zalo(town: MemoryTown, lan: TestClient, hours: int, words: str) -> None:
    """On Zalo the page counts down the 48 hours of free answers, then the seven days; elsewhere it does not."""
    at = datetime.now(UTC) - timedelta(hours=hours)
    wait(town.store, 8, "asked", "alo", channel="zalo", at=at)
    assert words in lan.get("/console/tickets/8").text
    assert 'id="window"' not in lan.get(TICKET).text


def test_earlier_tickets_of_the_same_citizen(town: MemoryTown, lan: TestClient) -> None:
    """The page leads to the citizen's earlier tickets, and to nobody else's."""
    wait(town.store, 8, "asked", "người khác")
    with town.store.writing() as connection:
        first = ledger.of(connection, 7).conversation_id
        here = sa.update(tables.ticket).where(tables.ticket.c.id == 8)
        connection.execute(here.values(conversation_id=first, state="closed", ending="answered"))
    page = lan.get(TICKET).text
    assert "Phiên trước của người dân này" in page and 'href="/console/tickets/8"' in page
    wait(town.store, 9, "asked", "người khác")
    assert "Phiên trước của người dân này" not in lan.get("/console/tickets/9").text


def test_no_room_for_more(town: MemoryTown, lan: TestClient) -> None:
    """Who holds as many as the desk allows is told so, and takes no more."""
    for number in range(20, 25):
        wait(town.store, number, "asked", "x")
        assert town.desk.claim(number, 1)
    answer = act(lan, "claim")
    assert answer.status_code == 409 and "đã giữ đủ số phiên" in answer.text


def test_news_of_a_change(town: MemoryTown) -> None:
    """The stream says at once where things stand, to the list and to a ticket; the page reads itself again."""
    app = create_app(town.ports(), "secret", stream_age_s=0)
    with TestClient(app, follow_redirects=False) as client:
        sign_in(client)
        assert "event: changed\r\ndata: 1" in client.get("/console/events?ticket=").text
        assert f"event: changed\r\ndata: {town.board.newest()}-0" in client.get("/console/events?ticket=7").text


def test_shared_lists_share_nothing_else(town: MemoryTown) -> None:
    """Officers who look at the same moment are shown the same tickets, each under their own name and token."""
    app, pages = create_app(town.ports(), "secret"), {}
    for name in ("lan", "minh"):
        with TestClient(app, follow_redirects=False, headers={"Accept": "text/html"}) as client:
            sign_in(client, name)
            pages[name] = client.get("/console?view=all").text
    lists = {page[page.index('aria-labelledby="desks"') : page.index("</main>")] for page in pages.values()}
    assert len(lists) == 1 and "Phiên 7" in lists.pop()
    assert [name in page for page in pages.values() for name in ("Nguyễn Thị Lan", "Trần Văn Minh")] == [
        True, False, False, True,
    ]  # fmt: skip
    assert len({field(page, "csrf") for page in pages.values()}) == 2


def test_list_is_new_after_ones_own_act(lan: TestClient) -> None:
    """Whoever takes a ticket reads a list without it at once, however fresh the shared one is."""
    assert "Phiên 7" in lan.get("/console?view=waiting").text
    act(lan, "claim")
    assert "Phiên 7" not in lan.get("/console?view=waiting").text
    assert "Phiên 7" in lan.get("/console?view=mine").text


def test_canned_sentence_is_filled(lan: TestClient) -> None:
    """A canned sentence stands in the box with the officer's name, the desk and the ticket's code, to be changed."""
    act(lan, "claim")
    page = lan.get(f"{TICKET}?canned=hello").text
    assert re.search(r"<textarea id=\"reply\"[^>]*>Chào anh/chị\. Tôi là Nguyễn Thị Lan, Bộ phận hỗ trợ chung", page)
    assert "HT-7K3M-0007" in lan.get(f"{TICKET}?canned=wait").text.partition("<textarea")[2].partition("</textarea")[0]


@pytest.mark.parametrize("wanted", ["thuong tru", "Thường trú", "1.100003", "tru dang ky"])
def test_procedure_is_found(lan: TestClient, wanted: str) -> None:
    """A procedure is found by code, or by words of its name with accents or without, in any order."""
    act(lan, "claim")
    assert "Đăng ký thường trú" in lan.get(TICKET, params={"card": wanted}).text


def test_card_comes_from_the_record(town: MemoryTown, lan: TestClient) -> None:
    """A card is shown before it goes; it goes once, with its source; a code that there is not sends nothing."""
    act(lan, "claim")
    shown = lan.get(TICKET, params={"card": "1.100003"}).text.partition("Thẻ thủ tục sẽ gửi")[2]
    assert "Nguồn: thủ tục 1.100003" in shown and "20.000 đồng" in shown
    for _ in range(2):
        assert act(lan, "card", code="1.100003", key="k").status_code == 303
    sent = [line.reply for line in town.desk.ticket(7).lines if line.author == "officer"]
    assert [reply.sources[0].code for reply in sent if reply] == ["1.100003"]
    assert act(lan, "card", code="9.999999", key="k2").status_code == 400


# Searching and taking away


def looked_for(client: TestClient, asked: str) -> str:
    csrf = field(client.get("/console").text, "csrf")
    return client.post("/console/search", data={"csrf": csrf, "asked": asked}).text


def test_search_is_a_look(town: MemoryTown, lan: TestClient) -> None:
    """What is found is shown and each conversation of it recorded; what is not found leaves no entry."""
    wait(town.store, 8, "asked", "chuyện khác")
    assert "Tìm thấy 0 phiên" in looked_for(lan, "không có đâu")
    assert rows(town.store, tables.access_log) == []
    assert "Tìm thấy 1 phiên" in looked_for(lan, "NUOC NGOAI")
    assert [(row["ticket_id"], row["why"]) for row in rows(town.store, tables.access_log)] == [(7, "search")]


def test_transcript_is_taken_away_and_logged(town: MemoryTown, lan: TestClient) -> None:
    """The text has who said what and the sources, no internal note, and taking it is recorded."""
    act(lan, "claim")
    act(lan, "note", note="không cho người dân xem")
    act(lan, "reply", reply="Chào <b>anh/chị</b>", key="k")
    answer = lan.get(f"{TICKET}/transcript.txt")
    assert answer.headers["content-disposition"] == 'attachment; filename="HT-7K3M-0007.txt"'
    assert all(part in answer.text for part in ("lam khai sinh", "Nguồn: thủ tục 1.001193", "Chào <b>anh/chị</b>"))
    assert "không cho người dân xem" not in answer.text
    assert "export" in [row["why"] for row in rows(town.store, tables.access_log)]


def test_colleagues_at_the_same_ticket(town: MemoryTown) -> None:
    """Officers see on the page who else looks at the ticket, and who writes."""
    app = create_app(town.ports(), "secret")
    headers = {"Accept": "text/html"}
    with TestClient(app, follow_redirects=False, headers=headers) as lan, TestClient(app, headers=headers) as minh:
        sign_in(lan)
        sign_in(minh, "minh")
        assert "cũng đang xem" not in lan.get(TICKET).text
        assert "Nguyễn Thị Lan cũng đang xem phiên này" in minh.get(TICKET).text
        assert act(lan, "presence", typing="1").status_code == 204
        assert "Nguyễn Thị Lan đang viết cho người dân" in minh.get(TICKET).text


def test_draft_is_sent_as_seen_or_changed(town: MemoryTown, lan: TestClient) -> None:
    """The assistant's answer to the last words is shown with its source; it goes as it was seen, or into the box."""
    act(lan, "claim")
    write(town.store, 7, "lệ phí thường trú")
    shown = lan.get(f"{TICKET}?draft=1").text.partition("Câu trợ lý máy định trả lời")[2]
    assert "20.000 đồng" in shown and "Nguồn: thủ tục 1.100003" in shown
    assert "20.000 đồng" in lan.get(f"{TICKET}?draft=edit").text.partition("<textarea")[2].partition("</textarea")[0]
    assert "officer" not in [line.author for line in town.desk.ticket(7).lines]
    seen = field(shown, "seen")
    assert act(lan, "draft", seen=seen, key="k").status_code == 303
    sent = [line.reply for line in town.desk.ticket(7).lines if line.author == "officer"]
    assert [reply.sources[0].code for reply in sent if reply] == ["1.100003"]
    write(town.store, 7, "khai sinh")
    assert act(lan, "draft", seen=seen, key="k2").status_code == 400


@pytest.mark.parametrize("text", ["xin chào", "gặp cán bộ", "H29.19-260312-0005"])
def test_no_draft_without_a_record(town: MemoryTown, lan: TestClient, text: str) -> None:
    """Where the answer would rest on no record there is no draft, no dossier is looked up, and nothing changes."""
    act(lan, "claim")
    write(town.store, 7, text)
    before = rows(town.store, tables.conversation)
    assert "không có câu trả lời nào có nguồn" in lan.get(f"{TICKET}?draft=1").text
    assert rows(town.store, tables.conversation) == before
    assert act(lan, "draft", seen="", key="k").status_code == 400
