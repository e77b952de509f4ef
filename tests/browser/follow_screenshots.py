"""Pictures of following a dossier: .venv/bin/python -m tests.browser.follow_screenshots [FOLDER]

Starts the program between stand-ins of the City's portal and of Telegram, looks a dossier up and follows it in the web
chat and on Telegram, lets the portal change it and waits until both are told: two to three minutes. Telegram's side is
drawn from what its stand-in holds, with the buttons that a citizen would see.
"""

from __future__ import annotations

import html
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import Browser, Page, expect, sync_playwright

from integrations.stand_ins import portal, telegram
from tests.browser.conftest import ARGUMENTS, CHROMIUM
from tests.end_to_end.program import ROOT, START_S, Program, started
from tests.serving import served, until

CODE, CHAT_ID, TOKEN = "H29.19-260312-0005", 7, "1234:TEST"
FOLLOW, AGREE, TOLD = "Báo khi hồ sơ thay đổi", "Đồng ý", "có tin mới"
WAIT_MS = 120_000
MOST_BYTES = 300_000
PAGE = """<!doctype html><meta charset="utf-8"><style>
body{font:16px/1.45 sans-serif;background:#dfe7d8;margin:0;padding:14px;width:430px}
h1{font-size:14px;color:#555;margin:0 0 10px} div{white-space:pre-wrap;padding:9px 12px;border-radius:10px;margin:6px 0}
.us{background:#fff}.you{background:#d6f3c5;margin-left:120px} button{display:block;width:100%;padding:8px;margin:4px 0;
border:0;border-radius:8px;background:#8fa98388;color:#fff;font-size:15px;background:#5f7f56}</style>
<h1>Telegram (máy giả lập)</h1>"""


def main() -> None:
    """Write the pictures and say how large they are."""
    folder = Path(sys.argv[1]) if sys.argv[1:] else ROOT / "docs" / "pictures"
    dossiers = json.loads(portal.DATA.read_text("utf-8"))
    with (
        tempfile.TemporaryDirectory() as data,
        served(portal.app(dossiers)) as city,
        served(telegram.app(TOKEN)) as bot_api,
        started(Path(data), data=Path(data), **settings(city, bot_api)) as program,
        sync_playwright() as playwright,
    ):
        until(program.healthy, START_S)
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        page, phone = opened(browser, program), Phone(bot_api)
        follow(page, folder)
        phone.follow()
        change(dossiers)
        expect(page.locator("#log")).to_contain_text(TOLD, timeout=WAIT_MS)
        take(page, folder / "follow-told.png")
        until(lambda: any(TOLD in message["text"] for message in phone.messages()), WAIT_MS / 1000)
        phone.draw(browser, folder / "follow-telegram.png")
        browser.close()


def settings(city: str, bot_api: str) -> dict[str, str]:
    """The program between the stand-ins; a minute is an hour, and there is no night."""
    values = {
        "encoder": "none", "cache_dir": str(ROOT / "var" / "cache"),
        "portal_url": city, "portal_token_url": city + portal.TOKEN_PATH, "portal_client_id": portal.CLIENT_ID,
        "portal_client_secret": portal.CLIENT_SECRET, "telegram_token": TOKEN, "telegram_api_url": bot_api,
        "portal_fresh_s": "0", "follow_interval_min": "1", "follow_day_from_h": "0", "follow_day_until_h": "24",
    }  # fmt: skip
    return {f"MOT_CUA_{name.upper()}": value for name, value in values.items()}


def change(dossiers: list[dict[str, Any]]) -> None:
    """The officer asks for more papers."""
    mine = next(row for row in dossiers if row["code"] == CODE)
    mine["statusCurrentTask"] = "Yêu cầu bổ sung giấy tờ"


def opened(browser: Browser, program: Program) -> Page:
    """The web chat in a window of a tablet."""
    page = browser.new_page(viewport={"width": 820, "height": 1100}, locale="vi-VN")
    page.goto(program.address)
    return page


def follow(page: Page, folder: Path) -> None:
    """Look up, press, agree."""
    page.get_by_label("Câu hỏi của anh/chị").fill(f"Hồ sơ {CODE} tới đâu rồi?")
    page.get_by_role("button", name="Gửi", exact=True).click()
    button = page.get_by_role("button", name=FOLLOW)
    expect(button).to_be_visible(timeout=WAIT_MS)
    take(page, folder / "follow-offered.png")
    button.click()
    page.get_by_role("button", name=AGREE, exact=True).click(timeout=WAIT_MS)
    expect(page.locator("#log")).to_contain_text("Em sẽ theo dõi hồ sơ", timeout=WAIT_MS)
    take(page, folder / "follow-agreed.png")


def take(page: Page, path: Path) -> None:
    """A picture of what is seen now."""
    page.evaluate("document.activeElement.blur()")
    page.mouse.move(0, 0)
    page.wait_for_timeout(500)
    page.screenshot(path=path)
    size_bytes = path.stat().st_size
    print(f"{path}: {size_bytes} bytes")
    assert size_bytes < MOST_BYTES


class Phone:
    """A citizen on Telegram's stand-in."""

    def __init__(self, bot_api: str) -> None:
        self._http = httpx.Client(base_url=bot_api, trust_env=False, timeout=30)

    def messages(self) -> list[dict[str, Any]]:
        """What the bot wrote, as it now stands."""
        found: list[dict[str, Any]] = self._http.get("/__control/sent", params={"chat_id": CHAT_ID}).json()
        return found

    def follow(self) -> None:
        """Ask for the dossier, press the button under it."""
        self._http.post("/__control/message", json={"chat_id": CHAT_ID, "text": f"/tracuu {CODE}"}).raise_for_status()
        until(self.messages, 60)
        for number, label in enumerate((FOLLOW, AGREE), 1):
            shown = self.messages()[-1]
            data = next(button["callback_data"] for button in _buttons(shown) if button["text"] == label)
            press = {"chat_id": CHAT_ID, "message_id": shown["message_id"], "data": data}
            self._http.post("/__control/callback", json=press).raise_for_status()
            until(lambda least=number: len(self.messages()) > least, 60)

    def draw(self, browser: Browser, path: Path) -> None:
        """The chat as a picture."""
        page = browser.new_page(viewport={"width": 460, "height": 400})
        bubbles = [f'<div class="us">{html.escape(item["text"])}</div>{_keyboard(item)}' for item in self.messages()]
        page.set_content(f'{PAGE}<div class="you">/tracuu {CODE}</div>{"".join(bubbles)}')
        page.screenshot(path=path, full_page=True)
        print(f"{path}: {path.stat().st_size} bytes")
        assert path.stat().st_size < MOST_BYTES


def _buttons(message: dict[str, Any]) -> list[dict[str, str]]:
    rows = message.get("reply_markup", {}).get("inline_keyboard", [])
    return [button for row in rows for button in row]


def _keyboard(message: dict[str, Any]) -> str:
    return "".join(f"<button>{html.escape(button['text'])}</button>" for button in _buttons(message))


if __name__ == "__main__":
    main()
