"""Lost questions in a real browser: read, decided by keyboard, without a fault that axe finds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from starlette.applications import Starlette

from bot.roles import Role
from tests import lost
from tests.browser.accessibility import violations_by_day_and_night
from tests.browser.test_editor_play import AN, enter, press
from tests.editing import over, prepared
from tests.memory_ports import PASSWORD, MemoryTown
from tests.town import COPY, EDITED, Clock, oversight
from web.app import create_app

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PAGE = "/console/lost-questions"


@pytest.fixture
def site(tmp_path: Path, town: MemoryTown, serve: Callable[[Starlette], str]) -> str:
    """The console with three lost questions."""
    clock = Clock()
    town.officers.add(AN, "An", PASSWORD, [Role.EDITOR])
    prepared(tmp_path, EDITED, AN)
    lost.fill(town.store)
    editing = over(town.store, tmp_path, clock)
    behind = oversight(town.store, clock, editing)
    return serve(create_app(replace(town.ports(), oversight=behind), "secret", lost.routes(town.store, editing)))


def listed(page: Page) -> None:
    enter(page, AN, PAGE)


def opened(page: Page) -> None:
    listed(page)
    page.get_by_role("link", name=lost.ASKED[0]).press("Enter")
    expect(page.get_by_role("heading", level=1, name=lost.ASKED[0])).to_be_visible()


def taught(page: Page) -> None:
    opened(page)
    page.get_by_label("Thủ tục", exact=True).select_option(COPY)
    page.get_by_label("Tôi đã đọc các câu được chọn").press("Space")
    press(page, "Thành câu hỏi mẫu")
    expect(page.get_by_role("heading", name="Tìm thủ tục có tốt hơn không")).to_be_visible()


def test_a_lost_question_becomes_an_example(browser: Browser, site: str) -> None:
    """From the list to the measured draft by keyboard; without the ticked box nothing is sent."""
    page = browser.new_context(base_url=site, locale="vi-VN").new_page()
    opened(page)
    press(page, "Thành câu hỏi mẫu")
    expect(page.get_by_label("Tôi đã đọc các câu được chọn")).to_be_visible()
    taught(page)
    page.goto(PAGE)
    expect(page.get_by_text("0 nhóm")).to_be_visible()
    page.context.close()


@pytest.mark.parametrize("visit", [listed, opened, taught], ids=lambda visit: visit.__name__)
def test_axe_finds_nothing(page: Page, visit: Callable[[Page], None]) -> None:
    """axe-core finds no violation in the list, in a cluster, or where the effect is shown, by day or by night."""
    visit(page)
    assert violations_by_day_and_night(page) == []
