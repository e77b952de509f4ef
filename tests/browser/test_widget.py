"""The chat on an agency's page: a real page on another site, with the one script tag that agencies are told to use."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, FrameLocator, Page, expect
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from tests.browser.accessibility import AXE, violations
from tests.browser.test_pages import OFFICER
from tests.memory_ports import MemoryTown
from tests.serving import free_port, served
from web.app import create_app

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PAGE = """<!doctype html><html lang="vi"><meta name="viewport" content="width=device-width">
<title>Phường Bến Thành</title><main><h1>Phường Bến Thành</h1><a href="#gio">Giờ làm việc</a></main>
<script src="{home}/widget.js" defer></script></html>"""


@pytest.fixture
def chat(town: MemoryTown) -> Iterator[tuple[str, str]]:
    """The chat, and a site that it lists: for a browser, localhost and 127.0.0.1 are two sites."""
    agency = f"http://localhost:{free_port()}"
    with served(create_app(town.ports(), "secret", embedders=[agency])) as home:
        yield home, agency


@pytest.fixture
def agency(chat: tuple[str, str]) -> Iterator[str]:
    """The listed site; its own policy allows our script and frame and no inline styles."""
    home, origin = chat
    with served(site(home), int(origin.rpartition(":")[2])):
        yield origin


@pytest.fixture
def stranger(chat: tuple[str, str]) -> Iterator[str]:
    """A site that is not listed."""
    with served(site(chat[0])) as address:
        yield address.replace("127.0.0.1", "localhost")


def site(home: str) -> Starlette:
    """An agency's page."""

    async def front(request: Request) -> Response:
        policy = f"default-src 'self'; script-src {home}; frame-src {home}"
        return HTMLResponse(PAGE.format(home=home), headers={"Content-Security-Policy": policy})

    return Starlette(routes=[Route("/", front)])


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A fresh window."""
    context = browser.new_context(locale="vi-VN")
    context.set_default_timeout(10_000)
    yield context.new_page()
    context.close()


def open_by_keyboard(page: Page, address: str) -> FrameLocator:
    """Open the chat without a mouse; its frame."""
    page.goto(address)
    expect(page.get_by_role("button", name="Hỏi thủ tục")).to_have_attribute("aria-expanded", "false")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    return page.frame_locator("iframe")


def test_talk_on_an_agency_page_by_keyboard(page: Page, agency: str, town: MemoryTown) -> None:
    """On a listed site one opens, asks, closes with Escape, and focus returns; the talk outlives a reload."""
    frame = open_by_keyboard(page, agency)
    frame.locator("#box").press_sequentially("Khai sinh cần gì?")
    page.keyboard.press("Enter")
    expect(frame.get_by_role("log")).to_contain_text("Giấy chứng sinh")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(page.get_by_role("button", name="Hỏi thủ tục")).to_be_focused()
    frame = open_by_keyboard(page, agency)
    expect(frame.get_by_role("log")).to_contain_text("Giấy chứng sinh")
    assert [message.text for message in town.mailbox.accepted] == ["Khai sinh cần gì?"]


def test_focus_goes_into_the_frame(page: Page, agency: str) -> None:
    """Opening moves focus into the chat, where Tab goes on."""
    frame = open_by_keyboard(page, agency)
    expect(page.locator("iframe")).to_be_focused()
    page.keyboard.press("Tab")
    expect(frame.get_by_role("link", name="Đến ô viết câu hỏi")).to_be_focused()


def test_answer_to_a_closed_chat_is_told(page: Page, agency: str, town: MemoryTown) -> None:
    """When an officer answers while the chat is closed, the button says so."""
    frame = open_by_keyboard(page, agency)
    frame.get_by_label("Câu hỏi của anh/chị").fill("Khai sinh?")
    frame.get_by_role("button", name="Gửi", exact=True).click()
    expect(frame.locator(".line.assistant")).to_have_count(1)
    page.get_by_role("button", name="Đóng trợ lý").click()
    town.mailbox.say(town.mailbox.accepted[0].address, OFFICER)
    page.get_by_role("button", name="Có câu trả lời mới").click()
    expect(frame.locator(".line.officer")).to_be_visible()


def test_site_that_is_not_listed_cannot_frame_the_chat(page: Page, stranger: str) -> None:
    """On another site the browser refuses the frame, and a link to the chat's own page stands there instead."""
    refused: list[str] = []
    page.on("console", lambda message: refused.append(message.text))
    open_by_keyboard(page, stranger)
    link = page.get_by_role("link", name="Mở trợ lý ở trang riêng")
    expect(link).to_be_visible(timeout=12_000)
    expect(page.locator("iframe")).to_have_count(0)
    assert any("frame-ancestors" in text for text in refused)


def test_own_page_cannot_be_framed_by_a_listed_site(page: Page, chat: tuple[str, str], agency: str) -> None:
    """The list opens the frame page alone: the chat's own page is framed by nobody."""
    page.goto(agency)
    with page.expect_console_message(lambda message: "frame-ancestors" in message.text):
        page.evaluate("home => { document.body.append(Object.assign(document.createElement('iframe'), {src: home})) }",
                      f"{chat[0]}/")  # fmt: skip


def test_keeps_within_the_agency_policy(page: Page, agency: str) -> None:
    """The script needs no inline style and no inline script on the agency's page."""
    trouble: list[str] = []
    page.on("console", lambda message: message.type in ("error", "warning") and trouble.append(message.text))
    page.on("pageerror", lambda error: trouble.append(str(error)))
    frame = open_by_keyboard(page, agency)
    expect(frame.locator("#box")).to_be_visible()
    assert [text for text in trouble if "favicon" not in text and "404" not in text] == []


@pytest.mark.parametrize("width", [320, 1280])
def test_axe_finds_nothing_around_the_widget(browser: Browser, agency: str, width: int) -> None:
    """Open or closed, axe finds no violation on the agency's page or in the frame, which fits the window."""
    context = browser.new_context(viewport={"width": width, "height": 640})
    page = context.new_page()
    page.goto(agency)
    closed = violations(page)
    page.get_by_role("button", name="Hỏi thủ tục").click()
    expect(page.frame_locator("iframe").locator("#box")).to_be_visible()
    inner = page.frames[1]
    inner.evaluate(AXE)  # from the page axe looks into a frame that has it too
    opened = violations(page)
    sideways = [
        frame.evaluate("document.documentElement.scrollWidth - innerWidth") for frame in (page.main_frame, inner)
    ]
    context.close()
    assert (closed + opened, [extra for extra in sideways if extra > 0]) == ([], [])


def test_page_apart_is_offered_in_the_frame(page: Page, agency: str, serve: Callable[[Starlette], str]) -> None:
    """Inside the frame a link leads to the chat's own page, for browsers that keep no cookie in frames."""
    frame = open_by_keyboard(page, agency)
    with page.context.expect_page() as opened:
        frame.get_by_role("link", name="Mở trang riêng").click()
    expect(opened.value.get_by_role("link", name="Mở trang riêng")).to_have_count(0)
    expect(opened.value.locator("#box")).to_be_visible()
