"""Editors in a real browser: a fee changed, approved by another, signed, served and left again, by keyboard alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from starlette.applications import Starlette

from bot.roles import Role
from tests.browser.accessibility import violations_by_day_and_night
from tests.editing import RESULT, over, prepared
from tests.memory_ports import PASSWORD, MemoryTown
from tests.town import COPY, EDITED, Clock, oversight
from web.app import create_app

pytestmark = [pytest.mark.browser, pytest.mark.slow]

AN, BINH = "an", "binh"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The catalogue's folder, with the keys of both."""
    prepared(tmp_path, EDITED, AN, BINH)
    return tmp_path


@pytest.fixture
def site(folder: Path, town: MemoryTown, serve: Callable[[Starlette], str]) -> str:
    """The console over that folder."""
    clock = Clock()
    for name in (AN, BINH):
        town.officers.add(name, name.title(), PASSWORD, [Role.EDITOR])
    behind = oversight(town.store, clock, over(town.store, folder, clock))
    return serve(create_app(replace(town.ports(), oversight=behind), "secret"))


def enter(page: Page, who: str, where: str) -> None:
    page.goto("/console/login")
    page.get_by_label("Tên đăng nhập").fill(who)
    page.get_by_label("Mật khẩu").fill(PASSWORD)
    page.get_by_label("Mật khẩu").press("Enter")
    expect(page.get_by_role("navigation", name="Các trang")).to_be_visible()
    page.goto(where)


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).press("Enter")


def typed(page: Page, amount: str) -> None:
    """The fee typed into its field, and Enter there: the draft is kept."""
    field = page.get_by_label("Số tiền (đồng)")
    field.focus()
    page.keyboard.press("Control+a")
    page.keyboard.type(amount)
    page.keyboard.press("Enter")


def drafted(page: Page, amount: str = "3000") -> None:
    """An begins a draft and types the fee."""
    enter(page, AN, f"/console/record?code={COPY}")
    press(page, "Sửa bản ghi này")
    typed(page, amount)
    expect(page.get_by_label("Số tiền (đồng)")).to_have_value(amount)


def wrong(page: Page) -> None:
    drafted(page, "ba nghìn")
    expect(page.get_by_label("Số tiền (đồng)")).to_have_accessible_description(
        "Chỉ ghi khi có số tiền. Ô này chỉ ghi số. Không có thì để trống."
    )


def reviewed(page: Page) -> None:
    drafted(page)
    press(page, "Lưu và gửi duyệt")
    expect(page.locator("ins").first).to_have_text("3.000")


def signed(page: Page, folder: Path, who: str) -> None:
    enter(page, who, "/console/releases")
    page.get_by_label("Tệp khóa ký của anh/chị").set_input_files(folder / who)
    page.get_by_role("button", name="Ký bản").press("Enter")
    expect(page.get_by_label("Tệp khóa ký của anh/chị")).to_have_count(0)


def test_a_fee_goes_from_one_editor_to_the_citizens(browser: Browser, site: str, folder: Path) -> None:
    """Draft, review, approval by another, two signatures, publication with a reason: no mouse."""
    an, binh = (browser.new_context(base_url=site, locale="vi-VN").new_page() for _ in range(2))
    reviewed(an)
    press(an, "Duyệt bản nháp này")
    expect(an.get_by_role("alert").first).to_contain_text("Cần một người khác duyệt")
    enter(binh, BINH, "/console/drafts/1/review")
    press(binh, "Duyệt bản nháp này")
    binh.get_by_role("link", name="Đến trang Bản phát hành").press("Enter")
    press(binh, "Lập bản phát hành")
    for page, who in ((an, AN), (binh, BINH)):
        page.context.clear_cookies()
        signed(page, folder, who)
    binh.get_by_label("Lý do (ghi vào sổ)").first.fill("nghị quyết mới")
    binh.get_by_label("Tôi đã xem bản này khác gì bản đang dùng").press("Space")
    binh.get_by_role("button", name="Phát hành").press("Enter")
    expect(binh.get_by_text("Đang dùng", exact=True)).to_be_visible()
    an.context.close()
    binh.context.close()


def test_rows_by_keyboard(page: Page) -> None:
    """A new row is where the keyboard goes on; a row that is taken leads back to its list."""
    drafted(page)
    page.get_by_role("button", name="Thêm giấy tờ: Giấy tờ cần trong mọi trường hợp").press("Enter")
    expect(page.get_by_role("group", name="Giấy tờ 2", exact=True)).to_be_visible()
    page.keyboard.press("Tab")
    page.keyboard.type("Tờ khai")
    expect(page.locator("[id='documents.1.name']")).to_have_value("Tờ khai")
    press(page, "Bỏ giấy tờ 1")
    expect(page.locator("[id='documents.0.name']")).to_have_value("Tờ khai")


def test_a_measurement_is_watched_and_stopped(page: Page, town: MemoryTown, folder: Path) -> None:
    """The page goes on by itself while a draft is measured; a key stops it; the next result is shown as it comes."""
    reviewed(page)
    clock, drafts = Clock(), over(town.store, folder, Clock()).drafts
    begun = {"version": 3, "started_at": clock().isoformat(), "done": 1, "of": 4}
    drafts.begin_effect(1, begun)
    page.reload()
    assert drafts.note_effect(1, {**begun, "done": 3})
    expect(page.get_by_text("Đang hỏi: 3 trên 4 câu.")).to_be_visible()
    press(page, "Dừng đo")
    expect(page.get_by_text("Đã dừng đo.")).to_be_visible()
    drafts.begin_effect(1, begun)
    page.reload()
    assert drafts.note_effect(1, {**begun, "result": RESULT})
    expect(page.get_by_text("trước 3, sau 4 câu")).to_be_visible()


@pytest.mark.parametrize("visit", [drafted, wrong, reviewed], ids=lambda visit: visit.__name__)
def test_axe_finds_nothing(page: Page, visit: Callable[[Page], None]) -> None:
    """axe-core finds no violation in the form, beside a wrong field, or in the review, by day or by night."""
    visit(page)
    assert violations_by_day_and_night(page) == []


def test_axe_finds_nothing_while_a_draft_is_measured(page: Page, town: MemoryTown, folder: Path) -> None:
    """axe-core finds no violation where the page says how far a measurement is."""
    reviewed(page)
    begun = {"version": 3, "started_at": Clock()().isoformat(), "done": 1, "of": 4}
    over(town.store, folder, Clock()).drafts.begin_effect(1, begun)
    page.reload()
    expect(page.get_by_text("Đang hỏi: 1 trên 4 câu.")).to_be_visible()
    assert violations_by_day_and_night(page) == []


def test_axe_finds_nothing_on_releases(page: Page, town: MemoryTown, folder: Path) -> None:
    """axe-core finds no violation where a release waits and another can be returned to."""
    editing = over(town.store, folder, Clock())
    for amount in ("3000", "4000", "5000"):
        draft = editing.drafts.of(editing.drafts.open(COPY, AN))
        editing.drafts.save(draft.id, draft.version, {**draft.texts, "fees.0.amount_vnd": amount}, AN)
        editing.drafts.send(draft.id, draft.version + 1, AN)
        editing.drafts.approve(draft.id, draft.version + 2, BINH)
        name = editing.releases.make(AN)
        if amount != "5000":
            for who in (AN, BINH):
                editing.releases.sign(name, who, (folder / who).read_bytes())
            editing.releases.publish(name, BINH, "thử")
    enter(page, AN, f"/console/releases?show={name}")
    page.locator("details").evaluate_all("all => all.forEach((one) => { one.open = true; })")
    expect(page.get_by_role("button", name="Quay về bản")).to_have_count(1)
    assert violations_by_day_and_night(page) == []
