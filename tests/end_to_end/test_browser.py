"""The whole program in real browsers: a citizen and an officer talk, and what must stay private stays private."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.end_to_end.program import ROOT, Program, running

pytestmark = [pytest.mark.browser, pytest.mark.slow]

AXE = (ROOT / "tests" / "browser" / "axe" / "axe.min.js").read_text("utf-8")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
PICTURES = ROOT / "docs" / "pictures"
DOSSIER, PERSONAL_NUMBER = "H29.19-260312-0005", "079201234567"
ANSWER_MS = 20_000


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """The demo, shared: every test brings its own citizen."""
    with running(tmp_path_factory.mktemp("demo"), "--demo") as started:
        yield started


@contextmanager
def window(browser: Browser, program: Program) -> Iterator[Page]:
    """A window of somebody's own."""
    context = browser.new_context(
        base_url=program.address, locale="vi-VN", viewport={"width": 1280, "height": 800}, bypass_csp=True
    )
    context.set_default_timeout(ANSWER_MS)
    yield context.new_page()
    context.close()


@pytest.fixture
def citizen(browser: Browser, program: Program) -> Iterator[Page]:
    """A citizen at the web chat."""
    with window(browser, program) as page:
        page.goto("/")
        yield page


@pytest.fixture
def officer(browser: Browser, program: Program) -> Iterator[Page]:
    """An officer who signed in with what the demo printed."""
    name, _, password = program.named("Demo officer").partition(" / ")
    with window(browser, program) as page:
        page.goto("/console/login")
        page.get_by_label("Tên đăng nhập").fill(name)
        page.get_by_label("Mật khẩu").fill(password)
        page.get_by_role("button", name="Đăng nhập").click()
        expect(page.get_by_role("heading", name="Phiên hỗ trợ")).to_be_visible()
        yield page


def ask(page: Page, text: str, replies: int = 1) -> str:
    """Send a question and wait for so many new replies; the text of the last line."""
    before = page.locator(".line.assistant").count()
    page.get_by_label("Câu hỏi của anh/chị").fill(text)
    page.get_by_role("button", name="Gửi", exact=True).click()
    expect(page.locator(".line.citizen").last).to_contain_text(text)
    expect(page.locator(".unsent")).to_have_count(0, timeout=ANSWER_MS)
    expect(page.locator(".line.assistant")).to_have_count(before + replies, timeout=ANSWER_MS)
    return page.locator(".line").last.inner_text()


def claim(page: Page) -> None:
    """Take the newest waiting ticket."""
    page.goto("/console")
    page.locator(".ticket a").last.click()
    page.get_by_role("button", name="Nhận phiên này").click()


def reply(page: Page, words: str) -> None:
    """Write to the citizen."""
    page.get_by_label("Trả lời người dân").fill(words)
    page.get_by_role("button", name="Gửi cho người dân").click()
    expect(page.get_by_role("log")).to_contain_text(words)


def violations(page: Page) -> list[tuple[str, str]]:
    """What axe finds wrong on a page."""
    page.add_script_tag(content=AXE)
    found = page.evaluate("rules => axe.run({runOnly: rules})", RULES)
    return [(rule["id"], rule["nodes"][0]["html"]) for rule in found["violations"]]


def picture(page: Page, name: str) -> None:
    """Keep a picture for the documents when asked to."""
    if os.environ.get("MOT_CUA_PICTURES"):
        page.evaluate("document.activeElement.blur(); scrollTo(0, 0)")
        page.screenshot(path=PICTURES / f"{name}.png")


def test_question_is_answered_with_its_source(citizen: Page) -> None:
    """A question is answered from a record, and the record is named."""
    assert "Nguồn: thủ tục 1.001193" in ask(citizen, "Làm giấy khai sinh cho bé cần giấy tờ gì?")
    citizen.get_by_text("Nguồn: thủ tục 1.001193").click()
    expect(citizen.locator("details.source[open]")).to_contain_text("Quyết định")


def test_button_is_answered(citizen: Page) -> None:
    """A pressed button is answered about the same procedure."""
    ask(citizen, "Làm giấy khai sinh cho bé cần giấy tờ gì?")
    citizen.get_by_role("button", name="Thời gian giải quyết").click()
    expect(citizen.locator(".line.assistant")).to_have_count(2)
    expect(citizen.locator(".line").last).to_contain_text("Nguồn: thủ tục 1.001193")


def test_dossier_code_gives_its_status(citizen: Page) -> None:
    """A dossier code gives the state of the dossier and nothing personal, on a page without violations."""
    status = ask(citizen, f"Hồ sơ {DOSSIER} tới đâu rồi?")
    assert "Tình trạng:" in status and DOSSIER in status
    assert "không hiện thông tin cá nhân" in status
    assert violations(citizen) == []


def test_officer_takes_over_and_gives_back(citizen: Page, officer: Page) -> None:
    """While an officer holds a conversation the assistant is silent; afterwards it answers again."""
    assert "chuyển cuộc trò chuyện cho cán bộ" in ask(citizen, "gặp cán bộ")
    expect(citizen.locator("#owner")).to_contain_text("đang chờ cán bộ")
    claim(officer)
    expect(citizen.locator("#owner")).to_contain_text("Trợ lý máy tạm dừng")
    expect(citizen.locator(".line").last).to_contain_text("đã nhận cuộc trò chuyện")
    ask(citizen, "lệ phí đăng ký kết hôn bao nhiêu", replies=0)
    expect(officer.get_by_role("log")).to_contain_text("lệ phí đăng ký kết hôn bao nhiêu")
    reply(officer, "Chào chị, tôi là cán bộ đây.")
    expect(citizen.locator(".line").last).to_contain_text("Chào chị, tôi là cán bộ đây.")
    expect(citizen.locator(".line.officer")).to_have_count(1)
    officer.get_by_label("Kết quả, người dân sẽ đọc được").select_option("answered")
    officer.get_by_role("button", name="Kết thúc phiên").click()
    expect(citizen.locator(".line").last).to_contain_text("kết thúc hỗ trợ")
    assert "Nguồn: thủ tục 1.000894" in ask(citizen, "lệ phí đăng ký kết hôn bao nhiêu")


def test_personal_number_stays_nowhere(citizen: Page, officer: Page, program: Program) -> None:
    """A personal number that a citizen types reaches no log, no database and no console."""
    said = ask(citizen, f"số cccd của tôi là {PERSONAL_NUMBER}, cho tôi gặp cán bộ")
    assert "che số" in said
    ask(citizen, f"{PERSONAL_NUMBER[:3]} {PERSONAL_NUMBER[3:6]} {PERSONAL_NUMBER[6:]}")
    claim(officer)
    expect(officer.get_by_role("log")).to_contain_text("‹")
    pages = [officer.content(), citizen.reload() and citizen.content(), program.printed()]
    kept = [path.read_bytes().decode("utf-8", "ignore") for path in program.folder.rglob("*") if path.is_file()]
    assert len(kept) > 3 and not [text for text in (*pages, *kept) if PERSONAL_NUMBER in re.sub(r"[ .-]", "", text)]


def test_axe_finds_nothing_in_a_real_talk(citizen: Page, officer: Page) -> None:
    """axe finds no violation on the chat and on the ticket of a real conversation."""
    ask(citizen, "Xin trích lục khai sinh hết bao nhiêu tiền?")
    picture(citizen, "chat")
    ask(citizen, "Cho tôi gặp cán bộ")
    claim(officer)
    reply(officer, "Chào anh, tôi là cán bộ hộ tịch. Anh cho biết phường nơi anh ở nhé.")
    expect(citizen.locator(".line.officer")).to_be_visible()
    assert violations(citizen) == [] and violations(officer) == []
    picture(officer, "console")
