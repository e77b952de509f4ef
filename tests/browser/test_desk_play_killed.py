"""The program is killed while two officers press claim on the same ticket."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.desk_play import LAN, MINH, TAKEN, WAIT_MS, Officer, Play, asks, desk_play, goes_to, hears

pytestmark = [pytest.mark.browser, pytest.mark.slow]

KILLS = 10
LONGEST_S = 0.08
# from the second press to the end: most claims are written after a half of it
NOTICE = (
    "SELECT outbox.status FROM outbox, ticket WHERE outbox.key LIKE 'ticket:' || ticket.id || ':claimed:%' AND code = ?"
)
HOLDER = (
    "SELECT officer.name FROM ticket LEFT JOIN officer ON officer.id = officer_id AND state = 'officer' WHERE code = ?"
)


@pytest.fixture(scope="module")
def play(browser: Browser) -> Iterator[Play]:
    """The desk on a Monday morning."""
    with desk_play(browser) as running:
        yield running


def test_a_claim_is_whole_or_was_not(play: Play) -> None:
    """However the program ends, a ticket has one owner or waits, every page says so, and the citizen is told once."""
    chance = random.Random(7)
    with play.officer("lan", LAN) as lan, play.officer("minh", MINH) as minh:
        fates = [killed_while_claiming(play, chance, lan, minh) for _ in range(KILLS)]
    assert len(fates) == KILLS and set(fates) <= {None, "pending", "sending", "sent"}


def killed_while_claiming(play: Play, chance: random.Random, lan: Officer, minh: Officer) -> str | None:
    """One ticket, two presses, one end; how far the notice had come by then, None when there was none."""
    citizen, officers = play.phone("telegram"), chance.sample((lan, minh), 2)
    code = asks(citizen)
    addresses = [officer.opens(code) for officer in officers]
    for officer in officers:
        officer.presses("claim")
    time.sleep(chance.uniform(0, LONGEST_S))  # the instant is what is tried
    play.place.server.kill()
    fate = next((status for (status,) in play.rows(NOTICE, code)), None)
    play.place.server.start()
    ((holder,),) = play.rows(HOLDER, code)
    assert (holder is None) == (fate is None)
    for officer, address in zip(officers, addresses, strict=True):
        goes_to(officer.page, address)
        says_the_truth(officer, holder)
    owner = next((officer for officer in officers if officer.name == holder), officers[0])
    if holder is None:
        owner.claims(code)
    hears(citizen, TAKEN)
    owner.closes()
    play.settle()
    told = sum(TAKEN in text for text in citizen.told())
    # a text that was on its way at the end may have arrived, and nobody can know: it is sent again
    assert told == 1 or (fate, told) == ("sending", 2)
    return fate


def says_the_truth(officer: Officer, holder: str | None) -> None:
    """The page of an officer about who has the ticket."""
    told = "chưa có" if holder is None else holder
    expect(officer.page.locator("#facts")).to_contain_text(f"Cán bộ: {told}", timeout=WAIT_MS)
    expect(officer.box).to_have_count(int(officer.name == holder))
    expect(officer.page.get_by_role("button", name="Nhận phiên này")).to_have_count(int(holder is None))
