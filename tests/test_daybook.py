"""Days are counted once, in one place each; reports of closed days stay what they were."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from bot import day_counts, desks, ledger, periods, report, tables
from bot.clocks import SPOKEN
from bot.day_counts import most_at_once, of_history, wait_key
from bot.daybook import CLOSE_AFTER, Daybook
from bot.ledger import Entry
from bot.measures import Name, value
from bot.periods import span
from bot.present import ZONE
from bot.report import Changed, Reports, Scope
from bot.retention import KEEP, delete_old
from bot.routing import Matter
from bot.store import Store
from bot.ticket import Act, Ending, Event, Stage
from tests import town
from tests.town import Clock, rows

DESKS = desks.load()
OFFICE, LAND = "thanh_pho", "dat_dai"
BEN_THANH, SAI_GON = "26743", "26740"
MONDAY = date(2026, 11, 23)
WEEK = periods.of(periods.Kind.WEEK, MONDAY)


def at(text: str) -> datetime:
    """A moment of November 2026 here; the 23rd is a Monday, the 24th a holiday."""
    return datetime.fromisoformat(f"2026-11-{text}").replace(tzinfo=ZONE)


class City:
    """A database into which talks, tickets and ratings are put, and its daybook."""

    def __init__(self, database: Store) -> None:
        self.store, self.clock = database, Clock(at("24 02:00"))
        self.book = Daybook(database, DESKS, self.clock)
        self.reports = Reports(database, DESKS, self.clock)
        self.talks = 0
        with database.writing() as connection:
            town.hire(connection, "lan", "minh")

    def talk(self, channel: str = "webchat") -> int:
        """A new conversation."""
        self.talks += 1
        values = {
            "channel": channel,
            "address": str(self.talks),
            "owner": "bot",
            "state": {},
            "updated_at": self.clock(),
        }
        return self._put(tables.conversation, **values)

    def turn(self, talk: int, when: str, outcome: str = "answered", unit: str = "", **about: str) -> None:
        """A turn of a conversation."""
        received = {"channel": "webchat", "message_id": f"{talk} {when} {outcome}", "kind": "text", "text": "x"}
        rest = {"masked": [], "length": 1, "received_at": at(when), "status": "done", "attempts": 1}
        inbox = self._put(tables.inbox, conversation_id=talk, **received, **rest)
        made = {"inbox_id": inbox, "engine": "none", "understanding": {}, "decision": "-", "elapsed_ms": 1}
        self._put(tables.turn, conversation_id=talk, outcome=outcome, created_at=at(when), unit=unit, **made, **about)

    def ticket(self, talk: int, when: str, *acts: tuple[str, Act], desk: str = OFFICE, unit: str = "") -> int:
        """A ticket with what was done to it."""
        with self.store.writing() as connection:
            opened = ledger.open_ticket(connection, talk, Matter("asked", "ho_tich", unit, ()), desk, at(when))
            for moment, act in acts:
                assert not isinstance(ledger.write(connection, opened.id, act, at(moment)), ledger.Refusal)
        return opened.id

    def rating(self, asked: str, step: int | None = None, answered: str = "", **about: Any) -> None:
        """A question, and perhaps its answer."""
        said = {"channel": "webchat", "unit": "", "field": "", "reason": "", "words": "", **about}
        when = at(answered) if answered else None
        self._put(tables.rating, asked_at=at(asked), answered_at=when, step=step, **said)

    def _put(self, table: sa.Table, **values: Any) -> int:
        with self.store.writing() as connection:
            return int(connection.execute(sa.insert(table).values(**values)).inserted_primary_key[0])

    def closed(self, *names: Name, days: int = 7, **scope: str) -> list[float | None]:
        """Figures of the week, once so many of its days are closed."""
        self.clock.at = span(MONDAY + timedelta(days=days))[0] + CLOSE_AFTER
        self.book.step()
        with self.store.reading() as connection:
            whole = report.figures(connection, Scope(WEEK, **scope)).whole
        return [value(whole, name) for name in names]


@pytest.fixture
def city(database: Store) -> City:
    """An empty city."""
    return City(database)


CLAIM, REPLY = Act(Event.CLAIMED, 1), Act(Event.REPLIED, 1)
MOVE, TAKE = Act(Event.TRANSFERRED, 1, desk=LAND), Act(Event.CLAIMED, 2)
END = Act(Event.RESOLVED, 1, ending=Ending.ANSWERED)
SETTLE = Act(Event.RESOLVED, 2, ending=Ending.ANSWERED)


def test_a_day_begins_and_ends_at_midnight_here(city: City) -> None:
    """A turn of the last moment of a day belongs to it, one of the next moment does not."""
    talk = city.talk()
    for when in ("22 23:59:59", "23 00:00:00", "23 23:59:59", "24 00:00:00"):
        city.turn(talk, when)
    city.closed()
    counted = {
        row["day"].day: row["value"] for row in rows(city.store, tables.daily_figure) if row["measure"] == "answered"
    }
    assert counted == {22: 1, 23: 2, 24: 1}


def test_a_day_is_closed_two_hours_after_it_ended_and_once(city: City) -> None:
    """Not before; afterwards not again, and what comes later still changes nothing."""
    city.turn(city.talk(), "23 09:00")
    city.clock.at = at("24 01:59:59")
    assert city.book.step() == 0
    city.clock.move(1)
    assert (city.book.step(), city.book.step()) == (1, 0)
    before = rows(city.store, tables.daily_figure)
    city.turn(city.talk(), "23 10:00")
    assert city.closed(Name.MESSAGES) == [1] and rows(city.store, tables.daily_figure) == before


def test_a_day_without_anything_is_closed_too(city: City) -> None:
    """Otherwise nobody could tell a quiet day from one that was not counted."""
    city.turn(city.talk(), "23 09:00")
    city.closed()
    assert [row["day"].day for row in rows(city.store, tables.closed_day)] == [23, 24, 25, 26, 27, 28, 29]


def test_turns_are_counted_where_they_were(city: City) -> None:
    """By outcome and what they were about; a talk once a day, where its last turn was; what nobody named is unknown."""
    first, second = city.talk(), city.talk("zalo")
    city.turn(first, "23 09:00", "asked_which")
    city.turn(first, "23 09:01", "answered", BEN_THANH, field="ho_tich", procedure="1.1")
    city.turn(first, "25 09:00", "not_understood", BEN_THANH)
    city.turn(second, "23 09:00", "small_talk")
    names = (Name.MESSAGES, Name.ANSWERED, Name.CLARIFIED, Name.NOT_RESOLVED, Name.OTHER_TALK, Name.CONVERSATIONS)
    assert city.closed(*names) == [4, 1, 1, 1, 1, 3]
    assert city.closed(*names, unit=BEN_THANH) == [2, 1, 0, 1, 0, 2]
    assert city.closed(*names, channel="zalo") == [1, 0, 0, 0, 1, 1]
    table = city.reports.report(Scope(WEEK)).table("unit")
    assert [(row[0], row[1], row[2]) for row in table.rows] == [(BEN_THANH, "Phường Bến Thành", 2), ("", "Chưa rõ", 2)]


def test_a_transfer_counts_nothing_twice(city: City) -> None:
    """Opened at the first desk, answered and settled at the second, moved once; the sum over desks is the City."""
    moved = [("23 09:05", CLAIM), ("23 09:10", MOVE), ("23 09:20", TAKE), ("23 09:29:01", Act(Event.REPLIED, 2))]
    city.ticket(city.talk(), "23 09:00", *moved, ("25 09:00", SETTLE))
    names = (Name.TICKETS_OPENED, Name.TICKETS_MOVED, Name.FIRST_ANSWERS, Name.TICKETS_SETTLED, Name.WAIT_P50_MIN)
    assert city.closed(*names, Name.TICKETS_ENDED, Name.CLOSED_UNANSWERED) == [1, 1, 1, 1, 30, 0, 0]
    with city.store.reading() as connection:
        by = report.figures(connection, Scope(WEEK)).by["desk"]
    assert {desk: [value(by[desk], name) for name in names[:4]] for desk in (OFFICE, LAND)} == {
        OFFICE: [1, 0, 0, 0],
        LAND: [0, 1, 1, 1],
    }


def test_each_limit_is_met_or_broken_once(city: City) -> None:
    """A limit that was passed counts on the day of its row, not again when it stops; a kept one when it stops."""
    name = f"first_reply {at('23 09:00').astimezone(UTC).isoformat()}"
    late = (Act(Event.BREACHED, text=f"{name} not_claimed"), CLAIM, REPLY, END)
    city.ticket(city.talk(), "23 09:00", *zip(("23 09:30", "25 08:00", "25 08:01", "25 08:02"), late, strict=True))
    week = city.closed(Name.CLOCKS_MET_SHARE), city.reports.report(Scope(WEEK)).table("clocks").rows
    assert week == ([50.0], ((week[1][0][0], 0, 1), (week[1][1][0], 1, 0)))


def test_who_ends_a_wait_unanswered_is_counted(city: City) -> None:
    """A ticket that ends before anybody spoke has no wait, and says so."""
    city.ticket(city.talk(), "23 09:00", ("23 09:05", Act(Event.CANCELLED)))
    names = (Name.TICKETS_ENDED, Name.CLOSED_UNANSWERED, Name.FIRST_ANSWERS, Name.WAIT_P90_MIN)
    assert city.closed(*names) == [1, 1, 0, None]


def test_ratings_count_when_they_are_asked_and_when_they_are_answered(city: City) -> None:
    """An answer of a later day is counted on that day; who would rather not is asked but not in the share."""
    city.rating("23 10:00", 1, "23 10:01")
    city.rating("23 11:00", 5, "25 08:00", reason="slow")
    city.rating("23 12:00", 0, "23 12:01")
    city.rating("23 13:00")
    assert city.closed(Name.SATISFACTION_ASKED, Name.SATISFIED_SHARE, days=1) == [4, 100.0]
    assert city.closed(Name.SATISFACTION_ASKED, Name.SATISFIED_SHARE) == [4, 50.0]
    assert [row[1:] for row in city.reports.report(Scope(WEEK)).table("satisfaction").rows] == [
        (1, 50.0), (0, 0.0), (0, 0.0), (0, 0.0), (1, 50.0)
    ]  # fmt: skip


def test_days_places_and_channels_sum_to_the_whole(city: City) -> None:
    """Every breakdown of turns and tickets sums to the City's figure."""
    for number, unit in enumerate((BEN_THANH, SAI_GON, "", BEN_THANH)):
        talk = city.talk(("webchat", "zalo")[number % 2])
        city.turn(talk, f"2{3 + number} 09:00", unit=unit, field=("ho_tich", "")[number % 2])
        city.ticket(talk, f"2{3 + number} 09:05", ("29 10:00", CLAIM), ("29 10:01", REPLY), unit=unit)
    names = (Name.MESSAGES, Name.CONVERSATIONS, Name.TICKETS_OPENED, Name.FIRST_ANSWERS)
    whole = city.closed(*names)
    with city.store.reading() as connection:
        by = report.figures(connection, Scope(WEEK)).by
    sums = {which: [sum(value(counts, name) or 0 for counts in by[which].values()) for name in names] for which in by}
    assert whole == [4, 4, 4, 4] and sums == dict.fromkeys(report.BREAKDOWNS, whole)


def test_a_report_outlives_its_conversations(city: City) -> None:
    """The report of a closed week is the same, to its digest, once every conversation was deleted for age."""
    city.turn(city.talk(), "23 09:00", unit=BEN_THANH, procedure="1.1")
    city.closed()
    before = city.reports.issue(Scope(WEEK))
    city.clock.move((KEEP + timedelta(days=30)).total_seconds())
    assert delete_old(city.store, city.clock()) == 1 and rows(city.store, tables.turn) == []
    assert city.reports.issue(Scope(WEEK)) == before and before.is_closed and city.book.changed() == []


def test_a_report_that_would_change_is_refused(city: City) -> None:
    """Somebody who changes a closed day is found out, by the day's digest and by the report's."""
    city.turn(city.talk(), "23 09:00")
    city.closed()
    city.reports.issue(Scope(WEEK))
    with city.store.writing() as connection:
        connection.execute(sa.update(tables.daily_figure).values(value=9))
    with pytest.raises(Changed):
        city.reports.issue(Scope(WEEK))
    assert city.book.changed() == [MONDAY]


def test_a_period_that_is_not_over_says_so(city: City) -> None:
    """Its report names the last day in it, and no digest of it is kept."""
    city.turn(city.talk(), "23 09:00")
    city.closed(days=2)
    told = city.reports.issue(Scope(WEEK))
    assert "24/11/2026" in told.state and not told.is_closed and rows(city.store, tables.issued_report) == []


# What a history says


def held(*moments: tuple[str, Stage, int | None]) -> list[Entry]:
    """A history of who held a ticket since when."""
    return [Entry(Event.NOTE, at(when), stage, OFFICE, holder, holder, "") for when, stage, holder in moments]


Held = list[tuple[str, Stage, int | None]]
HELD, WAITS, DONE = Stage.OFFICER, Stage.CITIZEN, Stage.CLOSED


@pytest.mark.parametrize(
    ("histories", "most"),
    [
        ([], 0),
        ([[("23 09:00", HELD, 1)]], 1),
        ([[("23 09:00", HELD, 1)], [("23 10:00", HELD, 1)]], 2),
        ([[("23 09:00", HELD, 1)], [("23 10:00", HELD, 2)]], 1),
        ([[("23 09:00", HELD, 1), ("23 10:00", DONE, None)], [("23 10:00", HELD, 1)]], 1),
        ([[("23 09:00", HELD, 1), ("23 09:30", WAITS, 1)], [("23 10:00", HELD, 1)]], 1),
        ([[("20 09:00", HELD, 1)], [("22 09:00", HELD, 1)]], 2),
        ([[("20 09:00", HELD, 1), ("21 09:00", DONE, None)], [("23 09:00", HELD, 1)]], 1),
    ],
)
def test_how_many_tickets_an_officer_has_at_once(histories: list[Held], most: int) -> None:
    """What is in hand at one moment: not what follows, not what waits for the citizen, not a colleague's."""
    assert most_at_once([held(*history) for history in histories], span(MONDAY)) == most


def test_no_officer_has_more_than_the_desk_allows(city: City) -> None:
    """Of sixty tickets that one officer answered in a day, one was in hand at a time."""
    for number in range(60):
        when = f"23 {9 + number // 30:02}:{2 * (number % 30):02}"
        done = (CLAIM, REPLY, END)
        city.ticket(
            city.talk(), when, *((f"{when}:{second}", act) for second, act in zip((10, 20, 30), done, strict=True))
        )
    assert city.closed(Name.MOST_AT_ONCE, Name.TICKETS_SETTLED) == [1, 60]


@pytest.mark.parametrize(
    ("answered", "key"),
    [
        ("23 09:00:00", "0"),
        ("23 09:00:01", "1"),
        ("23 09:01:00", "1"),
        ("24 09:00:00", "1440"),
        ("23 08:59:59", "unclear"),
    ],
)
def test_no_wait_is_negative(answered: str, key: str) -> None:
    """Minutes rounded up; an answer before the question is said to be unclear."""
    assert wait_key(at("23 09:00:00"), at(answered)) == key


def test_a_history_says_the_same_whenever_a_day_is_counted(city: City) -> None:
    """What happened later does not change what is counted of a day."""
    number = city.ticket(city.talk(), "23 09:00", ("23 09:05", CLAIM), ("23 09:06", REPLY))
    with city.store.reading() as connection:
        early = day_counts.of_day(connection, MONDAY, DESKS)
    with city.store.writing() as connection:
        ledger.write(connection, number, Act(Event.TRANSFERRED, 1, desk=LAND), at("25 09:00"))
    with city.store.reading() as connection:
        assert day_counts.of_day(connection, MONDAY, DESKS) == early
        history = ledger.histories(connection, [number])[number]
    assert [entry.event for entry in history if entry.event in SPOKEN] == [Event.REPLIED]
    assert list(of_history(history[:1], span(MONDAY), DESKS)) == [(OFFICE, Name.TICKETS_OPENED, "")]
