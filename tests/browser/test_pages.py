"""The chat and the console in a real browser: by keyboard, over a lost network, and without scripts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from bot.inbox import Inbox
from bot.messages import Attachment, Block, InboundMessage, Kind, Reply
from bot.wording import notes
from tests.browser.accessibility import violations_by_day_and_night
from tests.browser.visits import GIVEN, ask, called_back, queue, ticket
from tests.memory_ports import FEE, PASSWORD, MemoryTown, wait, write

pytestmark = [pytest.mark.browser, pytest.mark.slow]

OFFICER = Reply((Block("paragraph", ("Chào anh/chị, tôi là cán bộ.",)),), author="officer")


def given(town: MemoryTown) -> None:
    """Lan holds ticket 7; its citizen has given a number and sent a photo."""
    assert town.desk.claim(7, 1)
    town.errands.ask_number(7, 1, "k")
    inbox, at = Inbox(town.store, None, town.callbacks), datetime.now(UTC)
    inbox.accept(InboundMessage("webchat", "g1", "citizen-7", at, text=f"số em {GIVEN}"))
    photo = Attachment("photo", 250_000, "ref")
    inbox.accept(InboundMessage("webchat", "g2", "citizen-7", at, Kind.ATTACHMENT, "", photo))


def test_axe_finds_nothing_beside_a_number(page: Page, town: MemoryTown) -> None:
    """axe-core finds no violation where a number is shown and a photo can be opened."""
    given(town)
    called_back(page)
    assert violations_by_day_and_night(page) == []


def test_a_number_comes_by_itself(page: Page, town: MemoryTown) -> None:
    """While the officer's page is open the number's button appears, by keyboard it is seen, and it hides again."""
    queue(page)
    page.get_by_role("link", name="Phiên 7").click()
    page.get_by_role("button", name="Nhận phiên này").click()
    page.locator("summary", has_text="Số gọi lại").press("Enter")
    page.get_by_role("button", name="Xin số gọi lại").press("Enter")
    expect(page.locator("#facts")).to_contain_text("Đã xin số gọi lại")
    said = InboundMessage("webchat", "g1", "citizen-7", datetime.now(UTC), text=GIVEN)
    Inbox(town.store, None, town.callbacks).accept(said)
    page.get_by_role("button", name="Xem số gọi lại").press("Enter")
    expect(page.locator("#number")).to_have_text(GIVEN)
    page.get_by_role("link", name="Ẩn số").press("Enter")
    expect(page.locator("#number")).to_have_count(0)


def test_chat_by_keyboard(page: Page, town: MemoryTown) -> None:
    """One can skip to the box, ask, read on, choose a button and open the source without a mouse."""
    page.goto("/")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#box")).to_be_focused()
    page.keyboard.type("Khai sinh cần gì?")
    page.keyboard.press("Enter")
    expect(page.get_by_role("log")).to_contain_text("Giấy chứng sinh")
    expect(page.locator("#box")).to_be_focused()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Quyết định 2228/QĐ-UBND")).to_be_visible()
    page.keyboard.press("Shift+Tab")
    expect(page.get_by_role("button", name="In câu trả lời")).to_be_focused()
    for print_size in ("co_chu=lon", "1.001193.pdf"):
        page.keyboard.press("Shift+Tab")
        expect(page.locator(f"a[href$='{print_size}']")).to_be_focused()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#owner")).to_contain_text("đang chờ cán bộ")
    assert [message.text for message in town.mailbox.accepted] == ["Khai sinh cần gì?", "handoff"]


def test_console_by_keyboard(page: Page, town: MemoryTown) -> None:
    """An officer can take and answer a conversation without a mouse."""
    queue(page)
    page.get_by_role("link", name="Phiên 7").press("Enter")
    page.get_by_role("button", name="Nhận phiên này").press("Enter")
    page.get_by_label("Trả lời người dân").press_sequentially("Chào")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("log")).to_contain_text("Chào")
    assert [line.text for line in town.desk.ticket(7).lines if line.author == "officer"] == ["Chào"]


def test_whole_tree(page: Page) -> None:
    """A screen reader hears who speaks, the answer, its choices and its source."""
    page.goto("/")
    ask(page)
    expect(page.locator(".line.assistant")).to_match_aria_snapshot("""
        - paragraph:
          - text: Trợ lý
          - time
        - heading "Đăng ký khai sinh" [level=3]
        - paragraph: /Anh\\/chị nộp hồ sơ/
        - list:
          - listitem: /Tờ khai/
          - listitem: /Giấy chứng sinh/
        - paragraph: /60 ngày/
        - button "Thời gian làm bao lâu?"
        - button "Gặp cán bộ"
        - paragraph:
          - link "Tải phiếu hướng dẫn 1.001193 (PDF)"
          - link "Bản chữ to 1.001193 (PDF)"
        - button "In câu trả lời"
        - group: "Nguồn: thủ tục 1.001193, kiểm tra ngày 02/11/2026"
    """)


def test_page_tree(page: Page) -> None:
    """A screen reader finds the landmarks, the log, the named controls, and hears at the box that a machine answers."""
    page.goto("/")
    expect(page.locator("body")).to_match_aria_snapshot("""
        - link "Đến ô viết câu hỏi"
        - banner:
          - heading "Một Cửa" [level=1]
          - button "Chữ to"
          - button "Tương phản"
          - button "Trò chuyện mới"
        - main:
          - region "Anh/chị cần biết"
          - heading "Cuộc trò chuyện" [level=2]
          - log "Cuộc trò chuyện"
          - region "Anh/chị muốn hỏi gì?"
        - contentinfo:
          - textbox "Câu hỏi của anh/chị"
          - button "Gửi"
    """)
    expect(page.locator("#box")).to_have_accessible_description(re.compile("^Anh/chị đang trò chuyện với máy"))


def test_reload_changes_nothing(page: Page) -> None:
    """The server and the script draw the same conversation."""
    page.goto("/")
    ask(page)
    expect(page.locator(".line")).to_have_count(2)
    drawn = page.get_by_role("log").aria_snapshot()
    page.reload()
    assert page.get_by_role("log").aria_snapshot() == drawn


def test_answer_is_looked_for_and_then_shown_once(page: Page, town: MemoryTown) -> None:
    """While the answer is on its way the status says so; the answer comes once, also after a reload."""
    town.mailbox.answer = None
    page.goto("/")
    ask(page)
    expect(page.locator("#status")).to_have_text("Đang tìm câu trả lời…")
    expect(page.locator(".unsent")).to_have_count(0)
    town.mailbox.say(town.mailbox.accepted[0].address, OFFICER)
    expect(page.locator(".line.officer")).to_have_count(1)
    expect(page.locator("#status")).to_have_text("")
    page.reload()
    page.wait_for_timeout(600)
    expect(page.locator(".line.officer")).to_have_count(1)


def test_half_typed_word_is_not_sent(page: Page, town: MemoryTown) -> None:
    """Enter that ends a Telex composition does not send; Shift + Enter makes a new line."""
    page.goto("/")
    box = page.locator("#box")
    box.fill("khai sin")
    box.dispatch_event("keydown", {"key": "Enter", "isComposing": True})
    box.press("Shift+Enter")
    expect(box).to_have_value("khai sin\n")
    assert town.mailbox.accepted == []


def test_network_lost_and_found(page: Page, town: MemoryTown) -> None:
    """What is sent while offline is sent again with the same id, and arrives once."""
    page.goto("/")
    page.context.set_offline(True)
    ask(page)
    expect(page.locator("#status")).to_contain_text("Máy đang mất mạng")
    page.context.set_offline(False)
    expect(page.locator(".line.assistant")).to_have_count(1)
    expect(page.locator(".unsent")).to_have_count(0)
    expect(page.locator("#status")).to_have_text("")
    assert len(town.mailbox.accepted) == 1


def test_answers_made_while_offline_come_once(page: Page, town: MemoryTown) -> None:
    """What officers wrote while the network was gone comes when it is back: nothing lost, nothing doubled, in order."""
    page.goto("/")
    ask(page)
    expect(page.locator(".line.assistant")).to_have_count(1)
    page.context.set_offline(True)
    expect(page.locator("#status")).to_contain_text("Máy đang mất mạng")
    for number in range(3):
        town.mailbox.say(town.mailbox.accepted[0].address, Reply((Block("paragraph", (f"Câu {number}",)),)))
    page.context.set_offline(False)
    expect(page.locator(".line")).to_have_count(5)
    page.context.set_offline(True)
    page.context.set_offline(False)
    page.wait_for_timeout(1500)
    texts = [line.inner_text().splitlines()[-1] for line in page.locator(".line").all()]
    assert texts[2:] == ["Câu 0", "Câu 1", "Câu 2"]


def test_deaf_connection_is_opened_anew(page: Page, town: MemoryTown) -> None:
    """A stream that gives no sign of life for 40 s is opened again, after the last answer that the page has."""
    streams: list[str] = []
    page.on("request", lambda request: "/chat/events" in request.url and streams.append(request.url))
    page.clock.install()
    page.goto("/")
    ask(page)
    expect(page.locator(".line.assistant")).to_have_count(1)
    page.clock.fast_forward(46_000)
    expect(page.locator("#status")).to_have_text("")
    page.wait_for_timeout(300)
    assert [url.partition("?")[2] for url in streams] == ["after=0", "after=1"]


def test_unsent_question_outlives_the_page(page: Page, town: MemoryTown) -> None:
    """A phone may throw the page away while a question waits for the network: the next page sends it, once."""
    page.goto("/")
    page.route("**/chat/messages", lambda route: route.abort())
    ask(page)
    expect(page.locator("#status")).to_have_text("Chưa gửi được. Đang thử gửi lại…")
    page.on("dialog", lambda dialog: dialog.accept())
    page.unroute("**/chat/messages")
    page.reload()
    expect(page.locator(".line.assistant")).to_have_count(1)
    page.reload()
    expect(page.locator(".line")).to_have_count(2)
    assert [message.text for message in town.mailbox.accepted] == ["Khai sinh cần gì?"]


def test_question_that_had_arrived_is_not_shown_twice(page: Page, town: MemoryTown) -> None:
    """If only the 202 was lost before the page was thrown away, the next page shows the question once."""
    page.goto("/")

    def lose_the_answer(route: Route) -> None:
        route.fetch()
        route.abort()

    page.route("**/chat/messages", lose_the_answer)
    ask(page)
    expect(page.locator("#status")).to_have_text("Chưa gửi được. Đang thử gửi lại…")
    page.on("dialog", lambda dialog: dialog.accept())
    page.unroute("**/chat/messages")
    page.reload()
    expect(page.locator(".unsent")).to_have_count(0)
    expect(page.locator(".line.citizen")).to_have_count(1)
    expect(page.locator(".line.assistant")).to_have_count(1)
    assert len(town.mailbox.accepted) == 1


def test_only_finished_answers_are_announced(page: Page, town: MemoryTown) -> None:
    """The log is one polite live region; what the citizen wrote is not read back, and the search is told once."""
    town.mailbox.answer = None
    page.goto("/")
    page.evaluate(
        """() => {
            window.told = [];
            const hear = (id, node) => node.ariaLive !== "off" && told.push(`${id}: ${node.textContent}`);
            const listen = (id) => new MutationObserver(
                (changes) => changes.forEach(({addedNodes}) => addedNodes.forEach((node) => hear(id, node)))
            ).observe(document.getElementById(id), {childList: true});
            ["log", "status"].forEach(listen);
        }"""
    )
    expect(page.get_by_role("log")).to_have_attribute("aria-live", "polite")
    for text in ("Khai sinh?", "Cần gì?"):
        ask(page, text)
    expect(page.locator(".unsent")).to_have_count(0)
    town.mailbox.say(town.mailbox.accepted[0].address, OFFICER)
    expect(page.locator(".line.officer")).to_have_count(1)
    told = [text[:8] for text in page.evaluate("told")]
    assert told == ["status: ", "log: Cán"]


def test_blocked_cookies_are_said(page: Page) -> None:
    """A browser that keeps no cookie is told so, instead of asking again for ever."""
    page.goto("/")
    page.route("**/chat/**", lambda route: route.fulfill(status=401, json={"error": "x"}))
    ask(page)
    expect(page.get_by_role("alert")).to_contain_text("chặn cookie", timeout=15_000)


def test_nothing_moves(page: Page) -> None:
    """Nothing on the page is animated, whatever the citizen prefers."""
    page.goto("/")
    ask(page)
    expect(page.locator(".line.assistant")).to_have_count(1)
    moving = "[...document.querySelectorAll('*')].filter(e => getComputedStyle(e).transitionDuration !== '0s').length"
    assert page.evaluate(f"document.getAnimations().length + {moving}") == 0


CHECKLIST = Reply(
    (
        Block("heading", ("Đăng ký khai sinh",)),
        Block("heading", ("Giấy tờ cần có",)),
        Block("bullets", ("Tờ khai: 1 bản chính", "Giấy chứng sinh: 1 bản chính")),
        Block("heading", ("Lệ phí",)),
        Block("bullets", ("Không thu",)),
    ),
    sources=FEE.sources,
)
BOX = "([list, item]) => getComputedStyle(document.querySelectorAll(list)[item], '::before').borderTopStyle"


def test_checklist_is_printed(page: Page, town: MemoryTown) -> None:
    """On paper the papers have boxes to tick, the record shows its number and dates, and the controls are gone."""
    town.mailbox.answer = CHECKLIST
    page.goto("/")
    ask(page)
    expect(page.locator(".line.assistant")).to_have_count(1)
    page.emulate_media(media="print", color_scheme="dark")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    for words in ("Quyết định 2228/QĐ-UBND", "01/07/2025", "02/11/2026", "Giấy chứng sinh: 1 bản chính"):
        expect(page.get_by_text(words, exact=True)).to_be_visible()
    for gone in (".composer", ".tools", ".notice", ".print"):
        expect(page.locator(gone)).to_be_hidden()
    assert [page.evaluate(BOX, [".line li", item]) for item in range(3)] == ["solid", "solid", "none"]
    assert page.evaluate("getComputedStyle(document.body).color") == "rgb(0, 0, 0)"
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    expect(page.locator(".source[open]")).to_have_count(0)


def test_one_answer_is_printed_alone(page: Page, town: MemoryTown) -> None:
    """The button under an answer prints that answer alone."""
    town.mailbox.answer = CHECKLIST
    page.add_init_script("window.print = () => { window.printed = (window.printed ?? 0) + 1; }")
    page.goto("/")
    for text in ("một", "hai"):
        ask(page, text)
    expect(page.locator(".line.assistant")).to_have_count(2)
    page.get_by_role("button", name="In câu trả lời").last.click()
    page.emulate_media(media="print")
    assert page.evaluate("printed") == 1
    shown = [line.is_visible() for line in page.locator(".line").all()]
    assert shown.count(True) == 1 and page.locator(".line[data-chosen]").is_visible()
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert [line.is_visible() for line in page.locator(".line").all()].count(True) == 4


def test_lost_answer_to_the_post_is_no_second_question(page: Page, town: MemoryTown) -> None:
    """If the 202 is lost on the way, the retry carries the same id."""
    page.goto("/")
    bodies: list[str | None] = []

    def lose_first(route: Route) -> None:
        bodies.append(route.request.post_data)
        if len(bodies) > 1:
            return route.continue_()
        route.fetch()
        route.abort()

    page.route("**/chat/messages", lose_first)
    ask(page)
    expect(page.locator(".line.assistant")).to_have_count(1)
    expect(page.locator(".unsent")).to_have_count(0)
    assert len(set(bodies)) == 1 and len(bodies) == 2 and len(town.mailbox.accepted) == 1


def test_a_flood_is_told_and_sent_later(page: Page, town: MemoryTown) -> None:
    """Too many at once: the page says so in the server's words, keeps the question, and sends it when it may."""
    words = notes()["too_many"].format(wait_s=2)
    page.goto("/")
    page.route(
        "**/chat/messages",
        lambda route: route.fulfill(status=429, headers={"Retry-After": "2"}, json={"error": words}),
        times=1,
    )
    ask(page)
    expect(page.get_by_role("alert")).to_have_text(words)
    expect(page.locator(".unsent")).to_have_count(1)
    expect(page.locator(".line.assistant")).to_have_count(1)
    expect(page.locator("#error")).to_have_text("")
    assert len(town.mailbox.accepted) == 1


def test_expired_session_keeps_the_text(page: Page, town: MemoryTown) -> None:
    """An expired session is said, replaced by a new one, and the text waits in the box."""
    with page.expect_response("**/chat/events*"):  # it may still bring a cookie
        page.goto("/")
    page.context.clear_cookies()
    ask(page, "câu tôi đã viết")
    expect(page.get_by_role("alert")).to_contain_text("đã hết hạn")
    expect(page.locator("#box")).to_have_value("câu tôi đã viết")
    page.locator("#box").press("Enter")
    expect(page.locator(".line.assistant")).to_have_count(1)
    assert [message.text for message in town.mailbox.accepted] == ["câu tôi đã viết"]


def test_too_long_is_said_and_kept(page: Page, town: MemoryTown) -> None:
    """A text of more than 20,000 characters is not sent and not lost."""
    page.goto("/")
    ask(page, "a" * 20_001)
    expect(page.get_by_role("alert")).to_contain_text("dài quá")
    assert len(page.locator("#box").input_value()) == 20_001


@pytest.mark.parametrize("event", ["paste", "drop"])
def test_file_is_announced_not_sent(page: Page, town: MemoryTown, event: str) -> None:
    """A pasted or dropped file tells the assistant that there was one; its content stays here."""
    page.goto("/")
    page.evaluate(
        """event => {
            const files = new DataTransfer();
            files.items.add(new File(["bí mật"], "cccd.jpg"));
            const data = event === "paste" ? {clipboardData: files} : {dataTransfer: files};
            const made = event === "paste" ? new ClipboardEvent(event, {...data, bubbles: true, cancelable: true})
                                           : new DragEvent(event, {...data, bubbles: true, cancelable: true});
            document.getElementById("box").dispatchEvent(made);
        }""",
        event,
    )
    expect(page.locator(".line.assistant")).to_have_count(1)
    assert [(message.kind.value, message.text) for message in town.mailbox.accepted] == [("attachment", "")]


@pytest.mark.parametrize(("scheme", "ink", "paper"), [("light", 0, 255), ("dark", 255, 0)])
def test_high_contrast_is_remembered(page: Page, scheme: str, ink: int, paper: int) -> None:
    """High contrast is one press away, is black on white or white on black, and stays after a reload."""
    page.emulate_media(color_scheme=scheme)
    page.goto("/")
    page.get_by_role("button", name="Tương phản").press("Enter")
    page.reload()
    expect(page.get_by_role("button", name="Tương phản")).to_have_attribute("aria-pressed", "true")
    style = "(({color, backgroundColor}) => [color, backgroundColor])(getComputedStyle(document.body))"
    assert page.evaluate(style) == [f"rgb({ink}, {ink}, {ink})", f"rgb({paper}, {paper}, {paper})"]


def test_text_size_is_remembered(page: Page) -> None:
    """Large text is one press away and stays after a reload."""
    page.goto("/")
    page.get_by_role("button", name="Chữ to").click()
    page.reload()
    expect(page.get_by_role("button", name="Chữ to")).to_have_attribute("aria-pressed", "true")
    assert page.evaluate("getComputedStyle(document.documentElement).fontSize") == "20.8px"


@pytest.fixture
def plain(browser: Browser, site: str) -> Iterator[Page]:
    """A window without scripts."""
    context = browser.new_context(base_url=site, java_script_enabled=False)
    yield context.new_page()
    context.close()


def test_chat_without_scripts(plain: Page) -> None:
    """Without scripts one can ask, choose a button and start anew."""
    plain.goto("/")
    ask(plain)
    expect(plain.locator(".line.assistant")).to_contain_text("Giấy chứng sinh")
    plain.get_by_role("button", name="Gặp cán bộ").click()
    expect(plain.locator("#owner")).to_contain_text("đang chờ cán bộ")
    plain.get_by_role("button", name="Trò chuyện mới").click()
    expect(plain.locator(".line")).to_have_count(0)


def test_console_without_scripts(plain: Page) -> None:
    """Without scripts an officer can take, note and answer."""
    ticket(plain)
    expect(plain.locator(".line.note")).to_contain_text("Gọi lại sau 14 giờ")


def test_queue_keeps_itself_fresh(page: Page, town: MemoryTown) -> None:
    """A new ticket appears by itself, is announced, and focus stays where it was."""
    queue(page)
    page.get_by_role("link", name="Phiên 7").focus()
    wait(town.store, 8, "complaint", "Chờ lâu quá")
    expect(page.get_by_role("link", name="Phiên 8")).to_be_visible()
    expect(page.get_by_role("link", name="Phiên 7")).to_be_focused()
    expect(page.locator("#news")).to_contain_text("vừa thay đổi")


def test_ticket_keeps_itself_fresh(page: Page, town: MemoryTown) -> None:
    """What the citizen adds appears while the officer writes, and the draft stays."""
    queue(page)
    page.get_by_role("link", name="Phiên 7").click()
    page.get_by_role("button", name="Nhận phiên này").click()
    page.get_by_label("Trả lời người dân").fill("đang viết")
    write(town.store, 7, "Còn lệ phí?")
    expect(page.get_by_role("log")).to_contain_text("Còn lệ phí?")
    expect(page.get_by_label("Trả lời người dân")).to_have_value("đang viết")


def test_the_place_in_the_queue_is_kept(page: Page, town: MemoryTown) -> None:
    """Who stands on a ticket by keys still stands there when the queue is read again."""
    queue(page)
    link = page.get_by_role("link", name="Phiên 7")
    link.focus()
    wait(town.store, 8, "asked", "Hỏi thêm")
    expect(page.get_by_role("link", name="Phiên 8")).to_be_visible()
    expect(link).to_be_focused()


def test_keys_of_the_console(page: Page, town: MemoryTown) -> None:
    """By keys alone: to a ticket, take it, to the answer, send it, back to the list; the help tells the keys."""
    queue(page)
    expect(page.get_by_role("button", name="Phím tắt")).to_be_visible()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Phím tắt")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog", name="Phím tắt")).to_be_hidden()
    page.keyboard.press("j")
    expect(page.get_by_role("link", name="Phiên 7")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Cuộc trò chuyện")).to_be_visible()
    expect(page.get_by_role("button", name="Phím tắt")).to_be_visible()
    page.keyboard.press("n")
    expect(page.get_by_label("Trả lời người dân")).to_be_visible()
    expect(page.get_by_role("button", name="Phím tắt")).to_be_visible()
    page.keyboard.press("r")
    page.keyboard.type("ngon")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".line.officer")).to_contain_text("ngon")
    expect(page.get_by_role("button", name="Phím tắt")).to_be_visible()
    page.keyboard.press("g")
    expect(page.get_by_role("heading", name="Phiên hỗ trợ")).to_be_visible()


def test_keys_of_one_letter_can_be_turned_off(page: Page) -> None:
    """Whoever speaks to the computer, or presses keys by mistake, turns them off once for all pages."""
    queue(page)
    expect(page.get_by_role("button", name="Phím tắt")).to_be_visible()
    page.keyboard.press("?")
    page.get_by_label("Dùng phím tắt một chữ").uncheck()
    page.get_by_role("button", name="Đóng").click()
    page.reload()
    expect(page.get_by_role("button", name="Phím tắt")).to_be_visible()
    page.keyboard.press("?")
    page.keyboard.press("/")
    page.wait_for_timeout(300)
    expect(page.get_by_role("heading", name="Phiên hỗ trợ")).to_be_visible()
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_canned_sentence_keeps_what_was_written(page: Page) -> None:
    """A canned sentence is put under what stands in the box already."""
    queue(page)
    page.get_by_role("link", name="Phiên 7").click()
    page.get_by_role("button", name="Nhận phiên này").click()
    page.get_by_label("Trả lời người dân").fill("Dạ.")
    page.get_by_label("Câu mẫu").select_option(label="Hỏi phường, xã")
    page.get_by_role("button", name="Chèn câu mẫu").click()
    expect(page.get_by_label("Trả lời người dân")).to_have_value(re.compile("^Dạ\\.\nAnh/chị cho tôi biết phường"))


def test_colleague_who_writes_is_seen(browser: Browser, site: str) -> None:
    """While an officer writes, a colleague at the same ticket sees it without doing anything."""
    pages = []
    for name in ("lan", "minh"):
        context = browser.new_context(base_url=site, locale="vi-VN")
        page = context.new_page()
        page.goto("/console/login")
        page.get_by_label("Tên đăng nhập").fill(name)
        page.get_by_label("Mật khẩu").fill(PASSWORD)
        page.get_by_role("button", name="Đăng nhập").click()
        page.get_by_role("link", name="Phiên 7").click()
        pages.append(page)
    lan, minh = pages
    lan.get_by_role("button", name="Nhận phiên này").click()
    lan.get_by_label("Trả lời người dân").press_sequentially("Chào")
    expect(minh.locator("#others")).to_contain_text("Nguyễn Thị Lan đang viết")
    for page in pages:
        page.context.close()
