"""Pictures of due days and of a payment: .venv/bin/python -m tests.browser.papers_screenshots [FOLDER]

Serves the pages over the town of the tests, whose dossiers are made up, and writes deadlines.png and payment-open.png.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

from playwright.sync_api import sync_playwright

from bot.roles import Sight
from tests.browser.conftest import ARGUMENTS, CHROMIUM, served
from tests.browser.desk_screenshots import SIZE, take
from tests.end_to_end.program import ROOT
from tests.memory_ports import PASSWORD, MemoryTown
from tests.sheets import told
from tests.test_deadlines_page import deadlines
from tests.test_payment import LINK, OPEN, payments
from tests.town import Book, temporary_store
from web.app import create_app
from web.deadlines_page import DeadlinesPage
from web.payment_page import PaymentPage


def main() -> None:
    """Write the pictures and say how large they are."""
    folder = Path(sys.argv[1]) if sys.argv[1:] else ROOT / "docs" / "pictures"
    place, made = deadlines(temporary_store()), payments()
    routes = DeadlinesPage.over(place.book, place.desk_of, Sight()).routes(Book(), place.clock)
    app = create_app(MemoryTown().ports(), "secret", [*routes, *PaymentPage.over(made, told).routes()])
    with served(app) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        page = browser.new_page(viewport=SIZE, locale="vi-VN", base_url=address)  # type: ignore[arg-type]
        page.goto("/console/login")
        page.get_by_label("Tên đăng nhập").fill("lan")
        page.get_by_label("Mật khẩu").fill(PASSWORD)
        page.get_by_role("button", name="Đăng nhập").click()
        page.get_by_role("link", name="Hồ sơ đến hạn").click()
        take(page, folder / "deadlines.png")
        page.set_viewport_size({"width": 560, "height": 900})
        page.goto(made.address(replace(OPEN, link=LINK)).removeprefix("https://motcua.example"))
        take(page, folder / "payment-open.png")
        browser.close()


if __name__ == "__main__":
    main()
