"""The apology letter, the list that leads to it, and the page of a payment in a real browser."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from starlette.applications import Starlette

from bot.roles import Sight
from bot.store import Store
from tests.browser.accessibility import violations_by_day_and_night
from tests.browser.visits import queue
from tests.memory_ports import START, MemoryTown
from tests.sheets import told
from tests.test_deadlines_page import deadlines
from tests.test_payment import LINK, OPEN, OWED, payments
from tests.town import DOSSIER_CODE, Book
from web.app import create_app
from web.deadlines_page import DeadlinesPage
from web.letter_page import LetterPage
from web.payment_page import PaymentPage

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
def site(town: MemoryTown, database: Store, serve: Callable[[Starlette], str]) -> str:
    """The application with these pages; of two followed dossiers one is late, the other nearly due."""
    place = deadlines(database)
    letters = LetterPage.over(town.desk, Book(), lambda: START).routes()
    letters += DeadlinesPage.over(place.book, place.desk_of, Sight()).routes(Book(), lambda: START)
    return serve(create_app(town.ports(), "secret", [*letters, *PaymentPage.over(payments(), told).routes()]))


def test_a_letter_is_made_by_keyboard(page: Page, tmp_path: Path) -> None:
    """From the ticket to the file without a mouse, and everybody can read the form."""
    queue(page)
    page.get_by_role("link", name="Phiên 7").click()
    page.get_by_role("button", name="Nhận phiên này").press("Enter")
    page.get_by_role("link", name="Lập thư xin lỗi").press("Enter")
    page.get_by_role("link", name=DOSSIER_CODE).press("Enter")
    expect(page.get_by_role("heading", name=f"Hồ sơ {DOSSIER_CODE}")).to_be_visible()
    assert violations_by_day_and_night(page) == []
    page.get_by_label("Lý do trễ hẹn").fill("Chờ xác minh")
    page.get_by_label("Ngày hẹn trả mới").fill("2026-11-23")
    with page.expect_download() as taken:
        page.get_by_role("button", name="Tải tệp PDF").press("Enter")
    taken.value.save_as(tmp_path / "thu.pdf")
    assert (tmp_path / "thu.pdf").read_bytes().startswith(b"%PDF-")


def test_a_letter_is_reached_from_the_list(page: Page) -> None:
    """By keyboard from the navigation over both lists to the form; axe finds nothing on the way."""
    queue(page)
    page.get_by_role("link", name="Hồ sơ đến hạn").press("Enter")
    expect(page.get_by_role("heading", name="Sắp đến hạn: 1")).to_be_visible()
    assert violations_by_day_and_night(page) == []
    page.get_by_role("link", name=DOSSIER_CODE).press("Enter")
    expect(page.get_by_label("Lý do trễ hẹn")).to_be_visible()
    page.get_by_role("link", name="Về hồ sơ đến hạn").press("Enter")
    expect(page.get_by_role("heading", name="Đã trễ hẹn, cần thư xin lỗi: 1")).to_be_visible()


def test_everybody_can_read_the_payment(page: Page) -> None:
    """The picture has its words beside it, and axe finds nothing."""
    page.goto(payments().address(OWED).removeprefix("https://motcua.example"))
    expect(page.get_by_role("img", name="Mã VietQR")).to_be_visible()
    assert violations_by_day_and_night(page) == []
    page.goto(payments().address(replace(OPEN, link=LINK)).removeprefix("https://motcua.example"))
    expect(page.get_by_role("heading", name="trong bản ghi thủ tục")).to_be_visible()
    expect(page.get_by_role("link", name="Mở trang nộp tiền của cổng")).to_be_visible()
    assert violations_by_day_and_night(page) == []
