"""Pictures of the guidance sheet: .venv/bin/python -m tests.browser.sheet_screenshots [FOLDER]

Signs a sheet by the tests' own authority, draws its first page in usual and large print as a viewer does, and lets the
page that checks sheets judge it as it is and with one bit turned.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import pypdfium2
from playwright.sync_api import Page, expect, sync_playwright
from starlette.testclient import TestClient

from bot.sheet_keys import in_file
from bot.sheet_signature import Checker, Signer
from tests import sheets
from tests.browser.conftest import ARGUMENTS, CHROMIUM, served
from tests.memory_ports import MemoryTown
from tests.sheet_authority import PASSPHRASE, Authority
from tests.time_authority import TimeAuthority
from web.app import create_app

ROOT = Path(__file__).parents[2]
CASE = f"?truong_hop={sheets.catalogue().get(sheets.BIRTH, sheets.NOW.date()).cases[0].id}"


def main() -> None:
    """Write the pictures and say how large they are."""
    folder = Path(sys.argv[1]) if sys.argv[1:] else ROOT / "docs" / "pictures"
    with tempfile.TemporaryDirectory() as keys:
        authority = Authority("Cơ quan chứng thực (thử nghiệm)")
        key = in_file(authority.give(Path(keys) / "key.p12"), PASSPHRASE)
        signer = Signer(key, TimeAuthority(authority).answer)
        checker = Checker.load(authority.write(Path(keys) / "authority.pem"))
    app = create_app(MemoryTown().ports(), "secret", sheets.routes(signer, checker))
    web = TestClient(app)
    usual, large = (web.get(f"/phieu/{sheets.BIRTH}.pdf{query}").content for query in (CASE, f"{CASE}&co_chu=lon"))
    draw(usual, folder / "sheet.png")
    draw(large, folder / "sheet-large.png")
    with served(app) as site, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        page = browser.new_page(viewport={"width": 560, "height": 620}, base_url=site)
        check(page, usual, "Phiếu đúng", folder / "sheet-valid.png")
        check(page, turned(usual), "Tệp đã bị sửa", folder / "sheet-changed.png")
        browser.close()


def draw(content: bytes, path: Path) -> None:
    """The first page of a file, in few colours."""
    picture = pypdfium2.PdfDocument(content)[0].render(scale=1.4).to_pil()
    picture.quantize(32).save(path, optimize=True)
    say(path)


def check(page: Page, content: bytes, says: str, path: Path) -> None:
    """What the page says of a file."""
    page.goto("/xac-minh-phieu")
    page.get_by_label("Tệp phiếu").set_input_files({"name": "phieu.pdf", "mimeType": "", "buffer": content})
    page.get_by_role("button", name="Kiểm tra").click()
    expect(page.get_by_role("heading", name=says)).to_be_visible()
    page.screenshot(path=path)
    say(path)


def turned(content: bytes) -> bytes:
    """The file with one bit turned in its middle."""
    changed = bytearray(content)
    changed[len(changed) // 2] ^= 1
    return bytes(changed)


def say(path: Path) -> None:
    print(f"{path.name}: {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
