"""Deadlines: officers see a followed dossier before it is late, each due day is told to its desk once."""

from __future__ import annotations

import threading
from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from bot import desks, retention, settings, tables
from bot.deadline_cards import DeadlineCards
from bot.deadlines import Deadlines
from bot.desks import DeskPlan
from bot.errors import BadSettings
from bot.poller import Poller
from bot.store import Store
from integrations.dossiers import Dossier, Found, Status
from tests.test_desk_cards import GROUP, LAND, LAND_GROUP, OFFICE, grouped
from tests.test_poller import PLAN, SPREAD, Town
from tests.town import DOSSIER_CODE, dossier, replies, rows

MONDAY, THURSDAY = date(2026, 11, 23), date(2026, 11, 26)
# the clock starts on the Monday; the Tuesday is a holiday, so the Thursday is two working days away
OTHER_UNIT = "H29.20-260312-0002"
WITHIN = 2


class Place(Town):
    """Lan follows the town's dossier; the desk of everyone has a group, and so has the desk for land."""

    def __init__(self, store: Store) -> None:
        super().__init__(store)
        self.book = Deadlines(store, WITHIN, self.clock)
        self.poller = Poller(store, self.portal, PLAN, self.clock, lambda: SPREAD, note=self.book.note)
        self.served = grouped(thanh_pho=GROUP, dat_dai=LAND_GROUP)
        self.press(f"follow:{DOSSIER_CODE}")

    def desk_of(self, unit: str) -> DeskPlan:
        """Unit H29.20 is looked after by the desk for land."""
        return self.served[LAND if unit == "H29.20" else OFFICE]

    def cards(self) -> DeadlineCards:
        """A process that tells desks."""
        return DeadlineCards(self.book, self.desk_of, self.clock, "https://motcua.example")

    def shown(self) -> list[tuple[str, bool]]:
        """What the list holds, and whether it is late."""
        return [(item.code, item.is_late) for item in self.book.standing()]

    def notes(self, *dossiers: Dossier) -> None:
        """The portal was asked, and said so a little later than before."""
        self.clock.move(1)
        self.book.note([Found(item, self.clock()) for item in dossiers])

    def told(self) -> list[str]:
        """The cards of all groups."""
        return [text for text in replies(self.store) if text.startswith("Hồ sơ sắp đến ngày hẹn trả")]


@pytest.fixture
def place(database: Store) -> Place:
    return Place(database)


@pytest.mark.parametrize(
    ("changes", "shown"),
    [
        ({"due_on": THURSDAY}, [False]),
        ({"due_on": date(2026, 11, 27)}, []),
        ({"due_on": MONDAY}, [False]),
        ({"due_on": date(2026, 11, 20)}, [True]),
        ({"due_on": date(2026, 11, 22)}, [False]),
        ({"due_on": None}, []),
        ({"due_on": THURSDAY, "status": Status.SUPPLEMENT_REQUIRED}, []),
        ({"due_on": date(2026, 11, 20), "status": Status.PROCESSED}, []),
    ],
    ids=["two days", "three days", "today", "late", "a Sunday: counts as today", "no day", "waits", "done"],
)
def test_what_is_near_or_late_is_listed(place: Place, changes: dict[str, object], shown: list[bool]) -> None:
    """By working days, while the work goes on; a due day that is a day of rest counts as the next working day."""
    place.portal.change(**changes)
    place.run()
    assert [is_late for _, is_late in place.shown()] == shown


def test_a_day_changes_the_list_by_itself(place: Place) -> None:
    """What was near yesterday and is not done is late today, before the portal is asked again."""
    place.notes(dossier(due_on=THURSDAY))
    assert place.shown() == [(DOSSIER_CODE, False)]
    place.clock.at += timedelta(days=4)
    assert place.shown() == [(DOSSIER_CODE, True)]


def test_what_ends_leaves_the_list(place: Place) -> None:
    """Done, moved far away, or followed no longer: no list shows it, and retention deletes the row."""
    for change in ({"status": Status.PROCESSED}, {"due_on": date(2026, 12, 30)}):
        place.notes(dossier(due_on=THURSDAY))
        place.notes(dossier(**{"due_on": THURSDAY, **change}))
        assert place.shown() == []
    place.notes(dossier(due_on=THURSDAY))
    place.press(f"unfollow:{DOSSIER_CODE}")
    assert place.shown() == []
    retention.delete_old(place.store, place.clock())
    assert rows(place.store, tables.deadline) == []


def test_only_with_consent(place: Place) -> None:
    """A follower who agreed to former words, or took the yes back, did not agree that officers are reminded."""
    with place.store.writing() as connection:
        connection.execute(sa.update(tables.consent).values(version=1))
    place.notes(dossier(due_on=THURSDAY), dossier(code=OTHER_UNIT, due_on=THURSDAY))
    assert rows(place.store, tables.deadline) == []


def test_an_older_answer_changes_nothing(place: Place) -> None:
    """What the portal said before, or says from memory only, does not overrule what is known."""
    place.notes(dossier(due_on=THURSDAY))
    before = place.clock() - timedelta(minutes=1)
    done = dossier(due_on=THURSDAY, status=Status.PROCESSED)
    place.book.note([Found(done, before)])
    place.book.note([Found(done, place.clock() + timedelta(minutes=1), stale=True)])
    assert place.shown() == [(DOSSIER_CODE, False)]


def test_each_due_day_is_told_once(place: Place) -> None:
    """One card for a dossier and its day, after a pause too; another day has another. No card names a dossier."""
    for changes, cards in (
        ({"due_on": THURSDAY}, 1),
        ({"due_on": THURSDAY, "status": Status.STOPPED}, 1),
        ({"due_on": THURSDAY}, 1),
        ({"due_on": date(2026, 11, 25)}, 2),
    ):
        place.notes(dossier(**changes))
        place.cards().step()
        place.cards().step()
        assert len(place.told()) == cards, changes
    first = place.told()[0]
    assert "Mã đơn vị H29.19, hẹn trả 26/11/2026: 1 hồ sơ" in first and "/console/deadlines" in first
    assert DOSSIER_CODE not in first


def test_what_is_late_already_has_no_reminder(place: Place) -> None:
    """It is in the list of letters: there is nothing to be in time for."""
    place.notes(dossier(due_on=date(2026, 11, 20)))
    assert place.cards().step() == 0 and place.shown() == [(DOSSIER_CODE, True)]


def test_each_desk_is_told_of_its_units(place: Place) -> None:
    """Two units, two desks, two cards; without a group nobody is told, and nothing is marked."""
    place.portal.change(OTHER_UNIT)
    place.press(f"follow:{OTHER_UNIT}", "minh")
    place.notes(dossier(due_on=THURSDAY), dossier(code=OTHER_UNIT, due_on=THURSDAY))
    place.served = desks.load()
    assert place.cards().step() == 0
    place.served = grouped(thanh_pho=GROUP, dat_dai=LAND_GROUP)
    assert place.cards().step() == 2
    assert sorted("H29.20" in card for card in place.told()) == [False, True]


def test_many_at_the_same_moment_tell_once(place: Place) -> None:
    """Processes beside each other note the same answer and leave one row and one card."""
    barrier, done = threading.Barrier(4), []
    found = Found(dossier(due_on=THURSDAY), place.clock() + timedelta(seconds=1))

    def look() -> None:
        barrier.wait()
        place.book.note([found])
        done.append(place.cards().step())

    threads = [threading.Thread(target=look) for _ in range(4)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert sum(done) == len(place.told()) == len(rows(place.store, tables.deadline)) == 1


@pytest.mark.parametrize("given", ["-1", "21", "hai"])
def test_the_setting_has_bounds(given: str) -> None:
    """A number of working days that makes no sense is refused at the start."""
    with pytest.raises(BadSettings, match="REMIND_WORKING_DAYS"):
        settings.load({"MOT_CUA_REMIND_WORKING_DAYS": given})
