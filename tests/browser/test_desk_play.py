"""Two officers and three citizens at the real program: web chat, Telegram and Zalo at the same desk."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import ARGUMENTS, CHROMIUM
from tests.browser.desk_play import (
    LAN,
    MINH,
    TAKEN,
    WAIT_MS,
    Citizen,
    Officer,
    Play,
    after,
    asks,
    axe,
    desk_play,
    hears,
    sign_in,
)

pytestmark = [pytest.mark.browser, pytest.mark.slow]

QUESTION = "lệ phí đăng ký kết hôn bao nhiêu"
HALF = "Chào anh/chị. Hồ sơ của anh/chị còn"
Citizens = Callable[[str], Citizen]


@pytest.fixture(scope="module")
def play(browser: Browser) -> Iterator[Play]:
    """The desk on a Monday morning, shared: every test brings its own citizens and closes its tickets."""
    with desk_play(browser) as running:
        yield running


@pytest.fixture
def lan(play: Play) -> Iterator[Officer]:
    """An officer of the desk for everyone."""
    with play.officer("lan", LAN) as officer:
        yield officer


@pytest.fixture
def minh(play: Play) -> Iterator[Officer]:
    """An officer of the desk for everyone and of that for land."""
    with play.officer("minh", MINH) as officer:
        yield officer


@pytest.fixture
def citizen(play: Play) -> Iterator[Citizens]:
    """Somebody new on a channel."""
    with ExitStack() as windows:

        def come(channel: str) -> Citizen:
            return windows.enter_context(play.visitor()) if channel == "webchat" else play.phone(channel)

        yield come


CHANNELS = ("webchat", "telegram", "zalo")


def test_three_citizens_are_seen_by_both_officers(citizen: Citizens, lan: Officer, minh: Officer) -> None:
    """Whoever asks for an officer on any channel is in the list of every officer of the desk, without a reload."""
    for officer in (lan, minh):
        officer.queue()
        officer.page.evaluate("window.stayed = true")
    codes = [asks(citizen(channel)) for channel in CHANNELS]
    for officer in (lan, minh):
        for code in codes:
            expect(officer.row(code)).to_be_visible(timeout=WAIT_MS)
        assert officer.page.evaluate("window.stayed")
    assert axe(lan.page, minh.page) == []
    for code in codes:
        lan.claims(code)
        lan.closes()


def test_of_two_who_claim_one_has_it(citizen: Citizens, lan: Officer, minh: Officer, play: Play) -> None:
    """Of two officers who press claim at once exactly one has the ticket; the other is told who, the citizen once."""
    asker = citizen("telegram")
    code = asks(asker)
    officers = (lan, minh)
    for officer in officers:
        officer.opens(code)
    assert axe(lan.page) == []
    for officer in officers:
        officer.presses("claim")
    for officer in officers:
        expect(officer.page.locator("#facts")).to_contain_text("Cán bộ đang xử lý", timeout=WAIT_MS)
    ((holder,),) = play.rows("SELECT name FROM officer, ticket WHERE officer_id = officer.id AND code = ?", code)
    winner, loser = sorted(officers, key=lambda officer: officer.name != holder)
    expect(winner.box).to_be_visible()
    expect(loser.page.get_by_role("alert").first).to_contain_text(f"{holder} đang giữ phiên này")
    expect(loser.box).to_have_count(0)
    assert axe(lan.page, minh.page) == []
    hears(asker, TAKEN)
    winner.closes()
    play.settle()
    assert [holder in text for text in asker.told() if TAKEN in text] == [True]


@pytest.mark.parametrize("channel", CHANNELS)
def test_replies_come_once_and_in_order(channel: str, citizen: Citizens, lan: Officer, play: Play) -> None:
    """What an officer sends arrives once and in order on every channel, and the assistant is silent meanwhile."""
    asker = citizen(channel)
    lan.claims(asks(asker))
    hears(asker, TAKEN)
    lan.sends("Câu thứ nhất của cán bộ.")
    asker.says(QUESTION)
    expect(lan.log).to_contain_text(QUESTION, timeout=WAIT_MS)
    lan.sends("Câu thứ hai của cán bộ.")
    lan.sends("Câu thứ ba của cán bộ.")
    hears(asker, "Câu thứ ba")
    play.settle()
    marks = (TAKEN, "Câu thứ nhất", "Câu thứ hai", "Câu thứ ba")
    told = after(asker, TAKEN)
    assert [mark in text for mark, text in zip(marks, told, strict=True)] == [True] * 4, told
    lan.closes()


def test_a_transferred_ticket_is_the_others(citizen: Citizens, lan: Officer, minh: Officer, play: Play) -> None:
    """After a transfer the citizen knows, the other desk reads the comment, the first officer can write no more."""
    asker = citizen("zalo")
    code = asks(asker)
    minh.queue()
    address = lan.claims(code)
    other = lan.page.context.new_page()
    other.goto(address)
    other.get_by_label("Trả lời người dân").fill("Viết sau khi đã chuyển.")
    lan.page.get_by_text("Sang bàn khác", exact=True).click()
    lan.page.get_by_label("Bàn", exact=True).select_option("dat_dai")
    lan.page.get_by_label("Lời nhắn cho cán bộ nhận").first.fill("Người dân hỏi về thửa đất.")
    lan.page.get_by_role("button", name="Chuyển sang bàn này").click()
    hears(asker, "đã được chuyển sang đó")
    expect(minh.row(code)).to_contain_text("Đất đai", timeout=WAIT_MS)
    other.get_by_role("button", name="Gửi cho người dân").click()
    expect(other.get_by_role("textbox")).to_have_value("Viết sau khi đã chuyển.", timeout=WAIT_MS)
    assert axe(other) == []
    minh.claims(code)
    expect(minh.page.locator("#history")).to_contain_text("Người dân hỏi về thửa đất.")
    minh.sends("Chào anh/chị, tôi ở bàn đất đai.")
    hears(asker, "bàn đất đai")
    play.settle()
    assert not [text for text in asker.told() if "Viết sau" in text]
    minh.closes("referred")


def test_words_outlive_a_closed_browser(citizen: Citizens, play: Play, tmp_path: Path) -> None:
    """A browser that is closed in the middle of a reply sends nothing, and the words are there again until sent."""
    asker = citizen("telegram")
    code = asks(asker)
    with_browser = play.browser.browser_type.launch_persistent_context
    options = {"executable_path": CHROMIUM, "args": ARGUMENTS, "base_url": play.place.server.address}
    first = with_browser(tmp_path, **options)
    address = signed_in(first.pages[0]).claims(code)
    first.pages[0].get_by_label("Trả lời người dân").press_sequentially(HALF)
    first.close()
    second = with_browser(tmp_path, **options)
    lan = signed_in(second.pages[0])
    lan.page.goto(address)
    expect(lan.box).to_have_value(HALF, timeout=WAIT_MS)
    assert not [text for text in asker.told() if HALF in text]
    lan.box.press("End")
    lan.box.press_sequentially(" thiếu một giấy.")
    lan.page.get_by_role("button", name="Gửi cho người dân").click()
    hears(asker, f"{HALF} thiếu một giấy.")
    expect(lan.box).to_have_value("", timeout=WAIT_MS)
    lan.page.reload()
    expect(lan.box).to_have_value("")
    assert len([text for text in asker.told() if HALF in text]) == 1
    lan.closes()
    second.close()


def test_unsent_words_go_with_the_officer(citizen: Citizens, play: Play, lan: Officer) -> None:
    """Who signs out takes unsent words away from that browser: nobody who signs in there later finds them."""
    code = asks(citizen("telegram"))
    lan.claims(code)
    lan.box.press_sequentially(HALF)
    assert HALF in lan.page.evaluate("JSON.stringify(localStorage)")
    lan.page.get_by_role("button", name="Đăng xuất").click()
    expect(lan.page.get_by_label("Mật khẩu")).to_be_visible(timeout=WAIT_MS)
    assert HALF not in lan.page.evaluate("JSON.stringify(localStorage)")
    sign_in(lan.page, "lan")
    lan.opens(code)
    expect(lan.box).to_have_value("")
    lan.closes()


def test_closed_with_an_outcome(citizen: Citizens, lan: Officer) -> None:
    """Who closes a ticket names the outcome; the citizen reads it once, and the assistant answers again."""
    asker = citizen("webchat")
    lan.claims(asks(asker))
    assert axe(lan.page) == []
    lan.closes("visit")
    assert axe(lan.page) == []
    told = hears(asker, "đã kết thúc hỗ trợ")
    assert "Anh/chị cần đến nơi nhận hồ sơ." in told
    asker.says(QUESTION)
    hears(asker, "1.000894")
    assert sum("đã kết thúc hỗ trợ" in text for text in asker.told()) == 1


def test_axe_finds_nothing_on_the_other_pages(citizen: Citizens, play: Play, lan: Officer) -> None:
    """Search, audit, officers, switches and account have no violation while the desk is at work."""
    code = asks(citizen("zalo"))
    lan.claims(code)
    lan.closes()
    with play.officer("quan", "") as quan:
        quan.page.goto("/console/search")
        quan.page.get_by_label("Chữ trong cuộc trò chuyện").fill(code)
        quan.page.get_by_role("button", name="Tìm", exact=True).click()
        expect(quan.page.get_by_role("heading", name="Tìm thấy 1 phiên")).to_be_visible(timeout=WAIT_MS)
        found = axe(quan.page)
        for path in ("access-log", "officers", "switches", "account"):
            quan.page.goto(f"/console/{path}")
            found += axe(quan.page)
        quan.page.goto("/console/access-log")
        expect(quan.page.get_by_role("table")).to_contain_text(LAN)
    assert found == []


def signed_in(page: Page) -> Officer:
    """Lan at a browser that is opened again."""
    sign_in(page, "lan")
    return Officer(LAN, page)
