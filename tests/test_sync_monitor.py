"""The sync monitor: every difference once, whoever dies or races; nothing is concluded from silence."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from bot import sync_gauges, sync_plan, tables
from bot.errors import BadSettings
from bot.store import Store
from bot.sync_book import KEEP, Hour, SyncBook
from bot.sync_cards import SyncCards
from bot.sync_difference import Kind
from bot.sync_monitor import AGAIN, BATCH, FEWEST, SyncMonitor, sample
from integrations.dossiers import Details, Dossier, Found, Proof, Status
from integrations.errors import BadAnswer, Busy, IntegrationError, NotConnected, NotFound, Refused, Unavailable
from tests.test_desk_cards import GROUP, grouped
from tests.test_poller import Town
from tests.town import DOSSIER_CODE, Clock, dossier, rows, told

NINE = datetime(2026, 11, 23, 2, tzinfo=UTC)
INTERVAL = timedelta(hours=4)
LAG = timedelta(hours=24)
PLAN = replace(sync_plan.load(), lags=dict.fromkeys(Kind, LAG), alarm_from=2)
ONE, TWO = "H29.19-260312-0001", "H29.20-260312-0002"


class Killed(BaseException):
    """The process ends here."""


class System:
    """A portal whose dossiers a test changes."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.dossiers: dict[str, Dossier] = {}
        self.error: IntegrationError | None = None
        self.is_stale = False
        self.asked: list[str] = []
        self.before_answer: Callable[[], object] = lambda: None

    def find(self, code: str) -> Found:
        """The dossier as it is now. Raises what was ordered."""
        self.asked.append(code)
        self.before_answer()
        if self.error is not None:
            raise self.error
        if code not in self.dossiers:
            raise NotFound("no such dossier")
        return Found(self.dossiers[code], self.clock(), self.is_stale)

    def details(self, code: str, proof: Proof) -> Details:
        """Nobody asks for them here."""
        raise NotFound("no such dossier")


class Place:
    """Two systems that know two dossiers alike, and who compares them."""

    def __init__(self, store: Store, codes: tuple[str, ...] = (ONE, TWO)) -> None:
        self.store, self.clock, self.codes = store, Clock(NINE), list(codes)
        self.here, self.there = System(self.clock), System(self.clock)
        for code in codes:
            self.says(code)
        self.book = SyncBook(store, PLAN)
        self.monitor = self.another()

    def another(self) -> SyncMonitor:
        """One more monitor."""
        return SyncMonitor(self.book, self.here, self.there, lambda: self.codes, INTERVAL, self.clock)

    def says(self, code: str = ONE, **changes: Any) -> None:
        """Both systems say the same, without the moment it changed."""
        self.here.dossiers[code] = self.there.dossiers[code] = dossier(code=code, updated_at=None, **changes)

    def differs(self, code: str = ONE, **changes: Any) -> None:
        """The City's system goes ahead."""
        self.here.dossiers[code] = dossier(**{"code": code, "updated_at": None, "status": Status.PROCESSED, **changes})

    def passes(self, by: timedelta) -> None:
        """Time goes by, and whatever is due in it is compared at its time."""
        end = self.clock() + by
        self.monitor.step()
        while (due := self.book.first_due()) is not None and due <= end:
            self.clock.at = max(self.clock.at, due)
            self.monitor.step()
        self.clock.at = end

    def kinds(self, code: str = ONE) -> list[Kind]:
        """What counts and goes on."""
        return sorted(item.kind for item in self.book.ongoing() if item.code == code)

    def rows(self) -> list[Any]:
        return rows(self.store, tables.sync_difference)


@pytest.fixture
def place(database: Store) -> Place:
    return Place(database)


def test_followed_dossiers_are_compared_only_with_consent(database: Store) -> None:
    """A follower who agreed to former words, or took the yes back, did not agree that systems are compared."""
    town, book = Town(database), SyncBook(database, PLAN)
    town.press(f"follow:{DOSSIER_CODE}")
    assert book.followed() == [DOSSIER_CODE]
    for changed in ({"version": 2}, {"version": 3, "withdrawn_at": NINE}):
        with database.writing() as connection:
            connection.execute(sa.update(tables.consent).values(**changed))
        assert book.followed() == []


def test_a_difference_counts_after_its_lag(place: Place) -> None:
    """Kept from the first look, shown after the lag when it is seen again, one row however long it lasts."""
    place.monitor.step()
    place.differs()
    place.passes(LAG)
    assert place.kinds() == [] and len(place.rows()) == 1
    place.passes(2 * INTERVAL)
    place.passes(4 * LAG)
    assert place.kinds() == [Kind.STATUS] and len(place.rows()) == 1
    (found,) = place.book.ongoing()
    assert (found.here, found.there, found.unit) == ("9", "4", "H29.19")
    assert place.clock() - found.last_seen_at <= INTERVAL < found.last_seen_at - found.first_seen_at


def test_what_a_system_says_of_its_changes_is_believed(place: Place) -> None:
    """One that was ahead for longer than the lag counts at the second look, a quarter of an hour later."""
    place.differs(updated_at=NINE - 2 * LAG)
    place.there.dossiers[ONE] = replace(place.there.dossiers[ONE], updated_at=NINE - 3 * LAG)
    place.monitor.step()
    assert place.kinds() == []
    place.passes(AGAIN)
    assert place.kinds() == [Kind.LATE, Kind.STATUS]


def test_a_normal_lag_leaves_nothing(place: Place) -> None:
    """What the other system takes over in time was never a difference."""
    place.differs()
    place.passes(LAG - INTERVAL)
    assert len(place.rows()) == 1
    place.says(status=Status.PROCESSED)
    place.passes(LAG)
    assert place.rows() == [] and sum(hour.found for hour in place.book.hours(NINE - LAG)) == 0


def test_a_difference_that_is_gone_may_come_back(place: Place) -> None:
    """Its end is kept; the next one is a row of its own."""
    for _ in range(2):
        place.differs()
        place.passes(2 * LAG)
        place.says()
        place.passes(INTERVAL)
    assert place.kinds() == [] and [row["gone_at"] is not None for row in place.rows()] == [True, True]


@pytest.mark.parametrize("error", [Unavailable(""), Busy(""), NotConnected(""), Refused(""), BadAnswer("")])
@pytest.mark.parametrize("side", ["here", "there"])
def test_a_system_that_is_down_differs_in_nothing(place: Place, side: str, error: IntegrationError) -> None:
    """It is not compared, that is counted, nothing begins and nothing ends; it is tried again soon."""
    place.differs(TWO)
    place.passes(2 * LAG)
    before = place.rows()
    place.differs(ONE)
    getattr(place, side).error = error
    place.passes(INTERVAL)
    assert place.rows() == before and place.kinds(TWO) == [Kind.STATUS]
    hours = place.book.hours(place.clock() - INTERVAL + timedelta(seconds=1))
    assert sum(hour.not_compared for hour in hours) >= 2 and sum(hour.found for hour in hours) == 0


def test_what_was_said_before_is_not_compared(place: Place) -> None:
    """The last answer of a portal that fails now is no word on how it stands."""
    place.differs()
    place.there.is_stale = True
    place.passes(3 * LAG)
    assert place.rows() == []


@pytest.mark.parametrize("side", ["here", "there"])
def test_a_dossier_that_one_system_does_not_have(place: Place, side: str) -> None:
    """It is missing there; what else differed before goes on, because nothing is known of it."""
    place.differs()
    place.passes(2 * LAG)
    del getattr(place, side).dossiers[ONE]
    place.passes(2 * LAG)
    assert place.kinds() == [Kind.MISSING, Kind.STATUS]
    place.says()
    place.passes(INTERVAL)
    assert place.kinds() == []


def test_a_system_that_knows_nobody_is_out_of_order(database: Store) -> None:
    """When one says of a whole batch that there is no such dossier, nothing was compared."""
    place = Place(database, tuple(f"H29.19-260312-{number:04}" for number in range(FEWEST)))
    place.there.dossiers.clear()
    place.passes(3 * LAG)
    assert place.rows() == []
    place.says(ONE)
    place.passes(3 * LAG)
    assert len(place.rows()) == FEWEST - 1 and place.kinds(place.codes[5]) == [Kind.MISSING]


@pytest.mark.parametrize("dies_at", range(1, 2 * BATCH, 7))
def test_killed_in_the_middle(database: Store, dies_at: int) -> None:
    """A process that dies while it asks has written nothing; the next one asks again, and counts each look once."""
    place = Place(database, tuple(f"H29.19-260312-{number:04}" for number in range(BATCH)))
    place.differs(place.codes[3], updated_at=NINE - 3 * LAG)
    asked = 0

    def dies() -> None:
        nonlocal asked
        asked += 1
        if asked == dies_at:
            raise Killed

    place.here.before_answer = place.there.before_answer = dies
    with pytest.raises(Killed):
        place.monitor.step()
    assert place.rows() == [] and place.book.hours(NINE - LAG) == []
    place.monitor = place.another()
    place.passes(AGAIN)
    assert len(place.rows()) == 1 and {row["code"] for row in place.rows()} == {place.codes[3]}
    assert sum(hour.compared for hour in place.book.hours(NINE - LAG)) == BATCH + 1


def test_two_monitors_write_once(database: Store) -> None:
    """Both ask, one writes: no row and no count is there twice."""
    place = Place(database)
    place.differs(updated_at=NINE - 3 * LAG)
    place.monitor.step()
    place.clock.move(INTERVAL.total_seconds())
    both = threading.Barrier(2)
    place.here.before_answer = lambda: both.wait(10)
    threads = [threading.Thread(target=monitor.step) for monitor in (place.monitor, place.another())]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(place.rows()) == 1
    assert sum(hour.compared for hour in place.book.hours(NINE - LAG)) == 4


def test_what_is_compared_no_more_is_in_no_list(place: Place) -> None:
    """Whoever stops following takes the dossier out of the comparison within the hour; its row is deleted with age."""
    place.differs()
    place.passes(2 * LAG)
    place.codes.remove(ONE)
    place.passes(INTERVAL)
    place.monitor.step()
    assert place.kinds() == [] and [row["gone_at"] is not None for row in place.rows()] == [True]
    place.passes(KEEP + LAG)
    place.monitor.step()
    assert place.rows() == []


def test_counts_by_unit_and_hour(place: Place) -> None:
    """Looks and new differences are summed by unit, and read by hour."""
    place.differs(ONE, updated_at=NINE - 3 * LAG)
    place.there.dossiers[ONE] = replace(place.there.dossiers[ONE], updated_at=NINE - 2 * LAG)
    place.passes(AGAIN)
    assert place.book.hours(NINE - LAG) == [Hour(NINE, 3, 0, 1)]
    assert place.book.hours(NINE - LAG, ["H29.20"]) == [Hour(NINE, 1, 0, 0)]
    assert place.book.units() == ["H29.19", "H29.20"]
    assert place.book.standing() == {"H29.19": {Kind.STATUS: 1}}


def test_gauges_say_how_it_stands(place: Place) -> None:
    """Counts by kind, units from the alarm on with their counts, looks; no code."""
    place.differs(ONE, due_on=date(2026, 4, 1))
    place.passes(2 * LAG)
    found = {
        (gauge.name, *gauge.labels.values()): gauge.value
        for gauge in sync_gauges.gauges(place.book, PLAN, place.clock())
    }
    assert found["sync_differences", "status"] == found["sync_differences", "due"] == found["sync_units_alarmed",] == 1
    assert found["sync_compared", "no"] == 0 < found["sync_compared", "yes"]
    assert [(key[1], value) for key, value in found.items() if key[0] == "sync_unit_differences"] == [("H29.19", 2)]


def test_a_desk_is_told_once(place: Place) -> None:
    """From the alarm on its group gets one card that counts by kind and names no dossier; new ones make a new card."""
    cards = SyncCards(place.store, grouped(thanh_pho=GROUP), PLAN, place.clock, "https://motcua.example/")
    place.differs(ONE)
    place.passes(2 * LAG)
    assert cards.step() == 0
    place.differs(ONE, due_on=date(2026, 4, 1))
    place.passes(2 * LAG)
    assert (cards.step(), cards.step()) == (1, 0)
    (card,) = told(place.store)
    assert "H29.19" in str(card["reply"]) and ONE not in str(card["reply"]) and "/console/sync" in str(card["reply"])
    place.differs(ONE, due_on=date(2026, 4, 1), accepted_on=date(2026, 4, 1), completed_on=date(2026, 4, 1))
    place.there.dossiers[ONE] = replace(place.there.dossiers[ONE], completed_on=date(2026, 4, 2))
    place.passes(2 * LAG)
    assert (cards.step(), len(told(place.store))) == (1, 2)
    assert all(row["told_at"] for row in place.rows())


def test_a_list_of_codes(tmp_path: Path) -> None:
    """One on each line, remarks left out; a list that cannot be read is an error of the settings."""
    path = tmp_path / "codes.txt"
    path.write_text("# ours\nh29.19-260312-0001  # one\n\nH29.20-260312-0002\n", "utf-8")
    assert sample(path) == [ONE, TWO]
    with pytest.raises(BadSettings):
        sample(tmp_path / "none.txt")


def test_nothing_of_a_person_is_kept(place: Place) -> None:
    """Of a dossier with an officer's words for its status only numbers, days and the code are written."""
    place.differs(status=Status.UNKNOWN, status_label="Chờ ông Nguyễn Văn A, 0901234567", due_on=date(2026, 4, 1))
    place.passes(2 * LAG)
    with place.store.reading() as connection:
        kept = str(connection.execute(sa.select(tables.sync_difference)).all())
    assert "Nguyễn" not in kept and "0901234567" not in kept and place.kinds() == [Kind.DUE]
