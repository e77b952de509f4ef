"""Pictures of the web chat for the documents: .venv/bin/python -m tests.browser.screenshots [FOLDER]

Starts the program with an empty database, asks one question in Chromium and writes webchat-phone.png (390 x 844) and
webchat-desktop.png (1280 x 800).
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, expect, sync_playwright

from tests.browser.conftest import ARGUMENTS, CHROMIUM
from tests.end_to_end.program import ROOT, START_S, Program, started
from tests.serving import until

SIZES = {"phone": (390, 844), "desktop": (1280, 800)}
QUESTION = "Xin trích lục khai sinh hết bao nhiêu tiền?"
ANSWER_MS = 30_000
MOST_BYTES = 150_000


def main() -> None:
    """Write both pictures and say how large they are."""
    folder = Path(sys.argv[1]) if sys.argv[1:] else ROOT / "docs" / "pictures"
    with tempfile.TemporaryDirectory() as data, started(Path(data), data=Path(data), MOT_CUA_ENCODER="none") as program:
        until(program.healthy, START_S)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
            for name, size in SIZES.items():
                take(browser, program, size, folder / f"webchat-{name}.png")
            browser.close()


def take(browser: Browser, program: Program, size: tuple[int, int], path: Path) -> None:
    """One answered question in a window of that size."""
    width, height = size
    page = browser.new_page(viewport={"width": width, "height": height}, locale="vi-VN")
    page.goto(program.address)
    page.get_by_label("Câu hỏi của anh/chị").fill(QUESTION)
    page.get_by_role("button", name="Gửi", exact=True).click()
    expect(page.locator(".line.assistant")).to_be_visible(timeout=ANSWER_MS)
    page.evaluate("document.activeElement.blur()")
    page.mouse.move(0, 0)
    page.screenshot(path=path)
    size_bytes = path.stat().st_size
    print(f"{path}: {size_bytes} bytes")
    assert size_bytes < MOST_BYTES
    page.close()


if __name__ == "__main__":
    main()
