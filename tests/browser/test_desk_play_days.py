"""The desk over several days: the lunch break, the night, and a ticket that is opened again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.desk_play import LAN, MONDAY, WAIT_MS, Play, asks, desk_play, goes_to, hears

pytestmark = [pytest.mark.browser, pytest.mark.slow]

NOON, AFTERNOON = (MONDAY.replace(hour=hour, minute=minute) for hour, minute in ((11, 45), (13, 5)))
NIGHT = MONDAY.replace(hour=22, minute=10)
MORNING = (MONDAY + timedelta(days=1)).replace(hour=7, minute=35)
TWO_DAYS_LATER = MORNING + timedelta(days=2)


@pytest.fixture(scope="module")
def play(browser: Browser) -> Iterator[Play]:
    """The desk, from a Monday's lunch break on."""
    with desk_play(browser, NOON) as running:
        yield running


def test_who_writes_while_nobody_is_there_is_answered_in_order(play: Play) -> None:
    """At noon and at night a citizen gets a code and the hour of the promise; whoever came first is answered first."""
    noon, night = play.phone("telegram"), play.phone("zalo")
    code = asks(noon)
    assert "ngoài giờ làm việc" in hears(noon, code) and "13:30 thứ Hai 30/11/2026" in hears(noon, code)
    play.move_to(AFTERNOON)
    with play.officer("lan", LAN) as lan:
        lan.page.get_by_role("button", name="Nhận phiên tiếp theo").click()
        lan.sends("Chào anh/chị, tôi đã đọc câu hỏi buổi trưa.")
        hears(noon, "câu hỏi buổi trưa")
        lan.closes()
    with play.visitor() as late:
        play.move_to(NIGHT)
        codes = [asks(night), asks(late)]
        for citizen, named in zip((night, late), codes, strict=True):
            assert "08:00 thứ Ba 01/12/2026" in hears(citizen, named)
        play.move_to(MORNING)
        with play.officer("lan", LAN) as lan:
            for number, named in enumerate(codes):
                lan.queue()
                lan.page.get_by_role("button", name="Nhận phiên tiếp theo").click()
                expect(lan.page.locator("#facts")).to_contain_text(named, timeout=WAIT_MS)
                lan.sends(f"Chào buổi sáng, tôi trả lời người thứ {number + 1}.")
                lan.closes()
            for number, citizen in enumerate((night, late)):
                hears(citizen, f"người thứ {number + 1}")


def test_reopened_within_days(play: Play) -> None:
    """A ticket that was closed is opened again two days later by an officer: the citizen knows, and it waits again."""
    play.move_to(MORNING)
    citizen = play.phone("telegram")
    code = asks(citizen)
    with play.officer("lan", LAN) as lan:
        address = lan.claims(code)
        lan.closes("impossible")
    hears(citizen, "Việc này không làm được")
    play.move_to(TWO_DAYS_LATER)
    with play.officer("lan", LAN) as lan:
        goes_to(lan.page, address)
        lan.page.get_by_role("button", name="Mở lại phiên").click()
        assert code in hears(citizen, "Cán bộ đã mở lại phiếu")
        lan.queue()
        expect(lan.row(code)).to_contain_text("Đang chờ", timeout=WAIT_MS)
        lan.claims(code)
        lan.closes()
    play.settle()
    assert sum("Cán bộ đã mở lại phiếu" in text for text in citizen.told()) == 1
