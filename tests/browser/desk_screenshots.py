"""Pictures of the officers' console: .venv/bin/python -m tests.browser.desk_screenshots [FOLDER]

Serves the pages over the town of the tests, whose people are made up, and writes console-queue.png, console-ticket.png,
console-card.png, console-search.png and console-keys.png.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from tests.browser.conftest import ARGUMENTS, CHROMIUM, served
from tests.end_to_end.program import ROOT
from tests.memory_ports import PASSWORD, MemoryTown, wait
from web.app import create_app

SIZE = {"width": 1280, "height": 900}
MOST_BYTES = 300_000


def main() -> None:
    """Write the pictures and say how large they are."""
    folder, town = Path(sys.argv[1]) if sys.argv[1:] else ROOT / "docs" / "pictures", MemoryTown()
    now = datetime.now(UTC)
    wait(town.store, 8, "complaint", "Tôi chờ sổ đỏ ba tháng rồi", desk="dat_dai", at=now - timedelta(days=9))
    wait(town.store, 9, "not_understood", "Nhập hộ khẩu cho mẹ tôi", "zalo", at=now - timedelta(hours=44, minutes=39))
    with served(create_app(town.ports(), "secret")) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        page = browser.new_page(viewport=SIZE, locale="vi-VN", base_url=address)  # type: ignore[arg-type]
        page.goto("/console/login")
        page.get_by_label("Tên đăng nhập").fill("lan")
        page.get_by_label("Mật khẩu").fill(PASSWORD)
        page.get_by_role("button", name="Đăng nhập").click()
        take(page, folder / "console-queue.png")
        page.get_by_role("button", name="Phím tắt").click()
        take(page, folder / "console-keys.png")
        page.keyboard.press("Escape")
        page.goto("/console/tickets/9")
        page.get_by_role("button", name="Nhận phiên này").click()
        page.get_by_label("Thẻ thủ tục").fill("thuong tru")
        page.get_by_role("button", name="Tìm thủ tục").click()
        page.get_by_role("link", name="Đăng ký thường trú").click()
        page.get_by_role("button", name="Gửi thẻ này").scroll_into_view_if_needed()
        take(page, folder / "console-card.png")
        page.goto("/console/tickets/7")
        page.get_by_role("button", name="Nhận phiên này").click()
        page.get_by_label("Trả lời người dân").fill("Chào anh/chị. Trẻ sinh ở nước ngoài thì")
        page.evaluate("scrollTo(0, 0)")
        take(page, folder / "console-ticket.png")
        page.goto("/console/search")
        page.get_by_label("Chữ trong cuộc trò chuyện").fill("so do")
        page.get_by_role("button", name="Tìm", exact=True).click()
        take(page, folder / "console-search.png")
        browser.close()


def take(page: Page, path: Path) -> None:
    """The window as it stands."""
    page.mouse.move(0, 0)
    page.screenshot(path=path)
    size_bytes = path.stat().st_size
    print(f"{path}: {size_bytes} bytes")
    assert size_bytes < MOST_BYTES


if __name__ == "__main__":
    main()
