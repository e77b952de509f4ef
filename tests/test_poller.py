"""The poller: each change is told exactly once, whoever dies, races or sleeps; the portal is asked as said."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from bot import tables
from bot.conversation import Owner
from bot.followers import LEASE, Followers
from bot.following import LONGEST, MOST_FOLLOWED, MOST_MISSING, Plan
from bot.inbox import Inbox
from bot.messages import Kind
from bot.outbox import Outbox
from bot.poller import BATCH, Poller
from bot.present import ZONE
from bot.retention import KEEP, delete_old
from bot.store import Store
from bot.worker import Worker
from integrations.dossiers import Details, Dossier, Found, Proof, Status
from integrations.errors import BadAnswer, IntegrationError, NotFound, Refused, Unavailable
from tests.town import DOSSIER_CODE, Clock, Script, assistant, dossier, message, rows, told

pytestmark = pytest.mark.slow

NINE = datetime(2026, 11, 23, 2, tzinfo=UTC)
# on a Monday in the City
HOUR_S, DAY_S = 3600, 24 * 3600
FAR = date(2026, 12, 30)
PLAN = Plan(per_s=10_000)
SPREAD = 0.5


class Killed(BaseException):
    """The process ends here."""


class Register:
    """A portal whose dossiers a test changes; it keeps who asked when."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.dossiers: dict[str, Dossier] = {DOSSIER_CODE: dossier(due_on=FAR)}
        self.error: IntegrationError | None = None
        self.asked: list[tuple[str, datetime]] = []
        self.before_answer: Callable[[], None] = lambda: None

    def find(self, code: str) -> Found:
        """The dossier as it is now. Raises what was ordered."""
        self.asked.append((code, self.clock()))
        self.before_answer()
        if self.error is not None:
            raise self.error
        if code not in self.dossiers:
            raise NotFound("no such dossier")
        return Found(self.dossiers[code], self.clock())

    def details(self, code: str, proof: Proof) -> Details:
        """Nobody asks for them here."""
        raise NotFound("no such dossier")

    def change(self, code: str = DOSSIER_CODE, **changes: Any) -> None:
        """The portal records something."""
        self.dossiers[code] = dossier(**{"code": code, "due_on": FAR, **changes})


class Town:
    """Citizens, a worker, a poller, a portal and one clock."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.clock = Clock(NINE)
        self.portal = Register(self.clock)
        one = assistant(Script(), self.portal)
        self.worker = Worker(store, lambda: one, self.clock, PLAN)
        self.poller = self.another()
        self._number = 0

    def another(self, store: Store | None = None, plan: Plan = PLAN) -> Poller:
        """One more poller."""
        return Poller(store or self.store, self.portal, plan, self.clock, lambda: SPREAD)

    def press(self, payload: str, address: str = "lan", channel: str = "webchat") -> None:
        """A citizen presses a button and is answered; whoever wants to follow says yes to the consent."""
        kind, _, code = payload.partition(":")
        payload = f"agree:follow.3:{code}" if kind == "follow" else payload
        self._number += 1
        pressed = message(payload, f"press {self._number}", address, Kind.BUTTON)
        self._send(pressed, channel)

    def write(self, text: str, address: str = "lan", channel: str = "webchat") -> None:
        """A citizen writes and is answered."""
        self._number += 1
        self._send(message(text, f"text {self._number}", address), channel)

    def _send(self, sent: Any, channel: str) -> None:
        changed = {"channel": channel, "received_at": self.clock()}

        Inbox(self.store).accept(replace(sent, **changed))
        while self.worker.step():
            pass

    def run(self, seconds: float = HOUR_S, poller: Poller | None = None) -> None:
        """Time passes in steps of a minute; the poller does what is to be done."""
        ends_at = self.clock() + timedelta(seconds=seconds)
        while self.clock() < ends_at:
            self.clock.move(60)
            while (poller or self.poller).step():
                pass

    def notices(self, address: str = "lan") -> list[str]:
        """What the poller told somebody, first lines only."""
        mine = [row for row in told(self.store) if row["key"].startswith("follow:") and row["address"] == address]
        return [row["reply"]["blocks"][0]["lines"][0] for row in mine]

    def followed(self) -> list[dict[str, Any]]:
        """The rows of followers."""
        return rows(self.store, tables.followed)


@pytest.fixture
def town(database: Store) -> Town:
    """Lan follows the town's dossier since nine in the morning."""
    made = Town(database)
    made.press(f"follow:{DOSSIER_CODE}")
    return made


def test_a_change_is_told_within_the_interval_and_once(town: Town) -> None:
    """Within the interval after a change its follower has one message, and a day later still one."""
    town.run(3 * HOUR_S)
    assert town.notices() == []
    town.portal.change(status=Status.PROCESSED)
    town.run(HOUR_S)
    assert len(town.notices()) == 1 and "“Đang xử lý” sang “Đã xử lý xong”" in town.notices()[0]
    town.run(DAY_S)
    assert len(town.notices()) == 1


def test_a_status_that_comes_back_is_told_again(town: Town) -> None:
    """There and back and there again are three changes: each is told."""
    for status in (Status.SUPPLEMENT_REQUIRED, Status.PROCESSING, Status.SUPPLEMENT_REQUIRED):
        town.portal.change(status=status)
        town.run(HOUR_S)
    assert len(town.notices()) == 3


def test_payment_is_told_once(town: Town) -> None:
    """A fee comes, is paid, and another comes: three messages a day later, and nothing when the portal is silent."""
    for fees_due in (True, None, False, None, True):
        town.portal.change(fees_due=fees_due)
        town.run(2 * HOUR_S)
    told = ["còn phí, lệ phí chưa nộp", "đã nộp đủ", "còn phí, lệ phí chưa nộp"]
    assert [words in notice for words, notice in zip(told, town.notices(), strict=True)] == [True] * 3


def test_many_followers_cost_one_question(town: Town) -> None:
    """Ten people follow the same dossier: the portal is asked once an interval, and each of them is told once."""
    people = [f"person {number}" for number in range(10)]
    for person in people:
        town.press(f"follow:{DOSSIER_CODE}", person)
    town.portal.asked.clear()
    town.portal.change(status=Status.PROCESSED)
    town.run(5 * HOUR_S)
    moments = [at for _, at in town.portal.asked]
    assert 5 <= len(moments) <= 6
    assert min(after - before for before, after in zip(moments, moments[1:], strict=False)) >= 0.8 * PLAN.interval
    assert [len(town.notices(person)) for person in people] == [1] * 10


def test_a_later_follower_hears_only_what_came_later(town: Town) -> None:
    """Who begins to follow after a change was shown the new state: only the earlier follower is told."""
    town.portal.change(status=Status.PROCESSED)
    town.press(f"follow:{DOSSIER_CODE}", "minh")
    town.run(HOUR_S)
    assert (len(town.notices("lan")), len(town.notices("minh"))) == (1, 0)


def test_nobody_is_told_or_asked_for_at_night(town: Town) -> None:
    """A change of the evening is told in the first interval of the morning, and the portal rests with us."""
    town.run(11.9 * HOUR_S)
    town.portal.asked.clear()
    town.portal.change(status=Status.PROCESSED)
    town.run(10 * HOUR_S)
    assert town.notices() == [] and town.portal.asked == []
    town.run(1.2 * HOUR_S)
    assert len(town.notices()) == 1
    at = next(row["created_at"] for row in told(town.store) if row["key"].startswith("follow:")).astimezone(ZONE)
    assert at.hour == 7


def test_an_answer_that_comes_after_dark_waits_for_the_morning(town: Town) -> None:
    """Asked before nine in the evening and answered after it: told in the morning, and once."""
    town.clock.at = datetime(2026, 11, 23, 20, 59, 58, tzinfo=ZONE)
    town.portal.change(status=Status.PROCESSED)
    town.portal.before_answer = lambda: town.clock.move(4) and None
    assert town.poller.step() and town.notices() == []
    town.run(12 * HOUR_S)
    assert len(town.notices()) == 1


def test_the_due_day_is_told_two_working_days_before(database: Store) -> None:
    """Due on a Friday, told on the Wednesday morning, once."""
    town = Town(database)
    town.portal.change(due_on=date(2026, 11, 27))
    town.press(f"follow:{DOSSIER_CODE}")
    town.run(DAY_S)
    assert town.notices() == []
    town.run(DAY_S)
    assert [("27/11/2026" in notice) for notice in town.notices()] == [True]
    town.run(2 * DAY_S)
    assert len(town.notices()) == 1


def test_a_weekend_and_a_holiday_are_no_working_days(database: Store) -> None:
    """Over New Year and a weekend: due on Tuesday the fifth, it nears on Thursday the 31st, two working days before."""
    town = Town(database)
    town.clock.at = datetime(2026, 12, 30, 9, tzinfo=ZONE)
    town.portal.change(due_on=date(2027, 1, 5))
    town.press(f"follow:{DOSSIER_CODE}")
    town.run(22 * HOUR_S)
    assert town.notices() == []
    town.run(HOUR_S)
    assert ["sắp đến ngày hẹn trả: 05/01/2027" in notice for notice in town.notices()] == [True]


@pytest.mark.parametrize("error", [Unavailable("down"), Refused("HTTP 401"), BadAnswer("not JSON")])
def test_an_outage_says_nothing_and_loses_nothing(town: Town, error: IntegrationError) -> None:
    """While the portal is down nobody is told anything; once it is back the change is told, within minutes, once."""
    town.portal.error = error
    town.portal.change(status=Status.PROCESSED)
    town.run(5 * HOUR_S)
    assert town.notices() == []
    town.portal.error = None
    town.run(11 * 60)
    assert len(town.notices()) == 1


def test_a_portal_that_is_down_is_asked_less(town: Town) -> None:
    """A hundred dossiers and a dead portal: after the first batches it is asked about a batch every few minutes."""
    add(town, 100)
    town.portal.error = Unavailable("down")
    town.portal.asked.clear()
    town.run(2 * HOUR_S)
    assert 0 < len(town.portal.asked) <= 2 * 3600 / 150 * BATCH
    assert town.notices() == []


def test_the_portal_says_how_long_it_wants_peace(town: Town) -> None:
    """Retry-After is kept by all pollers of the process."""
    town.run(HOUR_S * 0.9)
    town.portal.error = Unavailable("HTTP 429", retry_after_s=1800)
    town.run(HOUR_S)
    town.portal.asked.clear()
    town.portal.error = None
    asked_at = town.clock()
    town.run(HOUR_S)
    assert all(at - asked_at < timedelta(minutes=31) for _, at in town.portal.asked[:1]) and town.portal.asked


def test_another_dossier_s_state_is_told_to_nobody(town: Town) -> None:
    """A portal that answers about another dossier than asked is not believed."""
    town.portal.dossiers[DOSSIER_CODE] = dossier(code="H29.19-261116-0012", status=Status.PROCESSED)
    town.run(3 * HOUR_S)
    assert town.notices() == []


def test_one_unreadable_dossier_holds_up_nobody(town: Town) -> None:
    """A dossier that cannot be read is asked again later; the others are told in time."""
    add(town, 3)
    broken = next(iter(town.portal.dossiers))

    def break_one() -> None:
        town.portal.error = BadAnswer("unreadable date") if town.portal.asked[-1][0] == broken else None

    town.portal.before_answer = break_one
    town.run(2 * HOUR_S)
    for code in list(town.portal.dossiers):
        town.portal.change(code, status=Status.PROCESSED)
    town.run(HOUR_S)
    assert [len(town.notices(f"person {number}")) for number in range(3)] == [1, 1, 1]


def test_a_dossier_that_is_gone_is_said_once(town: Town) -> None:
    """After several answers in a row that there is no such dossier its follower is told so, and following ends."""
    del town.portal.dossiers[DOSSIER_CODE]
    town.run((MOST_MISSING - 1) * HOUR_S * 0.9)
    assert town.notices() == []
    town.run(DAY_S)
    assert len(town.notices()) == 1 and DOSSIER_CODE in town.notices()[0]
    assert town.followed() == [] and rows(town.store, tables.watched) == []


def test_a_dossier_that_comes_back_was_never_gone(town: Town) -> None:
    """One missing answer between good ones counts for nothing."""
    kept = town.portal.dossiers[DOSSIER_CODE]
    for _ in range(4):
        town.portal.dossiers.clear()
        town.run(HOUR_S)
        town.portal.dossiers[DOSSIER_CODE] = kept
        town.run(HOUR_S)
    assert town.notices() == [] and len(town.followed()) == 1


@pytest.mark.parametrize("status", [Status.RETURNED, Status.WITHDRAWN])
def test_what_is_over_is_told_and_ends(town: Town, status: Status) -> None:
    """The last change is told with the word that following ends; nothing is kept or asked afterwards."""
    town.portal.change(status=status)
    town.run(2 * HOUR_S)
    last = next(row["reply"] for row in told(town.store) if row["key"].startswith("follow:"))
    assert "em thôi theo dõi" in last["blocks"][-1]["lines"][0]
    assert [button["payload"] for button in last["buttons"]] == ["officer"]
    town.portal.asked.clear()
    town.run(DAY_S)
    assert (town.followed(), rows(town.store, tables.watched), town.portal.asked) == ([], [], [])


def test_following_has_an_end(town: Town) -> None:
    """After sixty days the citizen is told that it ends, with a button to go on; before, the conversation is kept."""
    town.clock.move((LONGEST - timedelta(hours=2)).total_seconds())
    assert delete_old(town.store, town.clock()) == 0 and KEEP - timedelta(days=7) > LONGEST
    town.run(4 * HOUR_S)
    last = [row["reply"] for row in told(town.store) if row["key"].startswith("follow:")][-1]
    assert last["buttons"][0]["payload"] == f"follow:{DOSSIER_CODE}"
    assert town.followed() == []
    town.press(f"follow:{DOSSIER_CODE}")
    assert len(town.followed()) == 1


def test_one_tap_stops(town: Town) -> None:
    """After the tap nothing is told, kept or asked; somebody else who follows the same dossier goes on."""
    town.press(f"follow:{DOSSIER_CODE}", "minh")
    town.press(f"unfollow:{DOSSIER_CODE}")
    town.portal.change(status=Status.PROCESSED)
    town.run(HOUR_S)
    assert (town.notices("lan"), len(town.notices("minh"))) == ([], 1)
    town.press(f"unfollow:{DOSSIER_CODE}", "minh")
    town.portal.asked.clear()
    town.run(2 * HOUR_S)
    assert (town.followed(), rows(town.store, tables.watched), town.portal.asked) == ([], [], [])


def test_following_again_begins_anew(town: Town) -> None:
    """A row's number is never used again: notices of the second time are not taken for those of the first."""
    town.portal.change(status=Status.SUPPLEMENT_REQUIRED)
    town.run(HOUR_S)
    town.press(f"unfollow:{DOSSIER_CODE}")
    town.press(f"follow:{DOSSIER_CODE}")
    town.portal.change(status=Status.PROCESSED)
    town.run(HOUR_S)
    keys = [row["key"] for row in told(town.store) if row["key"].startswith("follow:")]
    assert keys == ["follow:1:1", "follow:2:1"]


def test_forgetting_forgets_what_is_followed(town: Town) -> None:
    """Who has the data deleted follows nothing, and is told nothing."""
    town.press("forget:yes")
    assert town.followed() == []
    town.portal.change(status=Status.PROCESSED)
    town.run(HOUR_S)
    assert town.notices() == []


def test_who_left_is_told_nothing(town: Town) -> None:
    """A channel that says the citizen has left ends following, whichever way it says so."""
    town.press(f"follow:{DOSSIER_CODE}", "minh", "telegram")
    town.press(f"follow:{DOSSIER_CODE}", "hoa", "zalo")
    outbox = Outbox(town.store)
    blocked, refused = outbox.take("telegram", town.clock()), outbox.take("zalo", town.clock())
    assert blocked and refused
    outbox.close_conversation(blocked, town.clock())
    outbox.refused(refused.id, "recipient")
    town.portal.change(status=Status.PROCESSED)
    town.run(HOUR_S)
    assert (len(town.notices("lan")), town.notices("minh"), town.notices("hoa")) == (1, [], [])


def test_an_old_conversation_takes_its_following_with_it(town: Town) -> None:
    """When retention deletes a conversation, nothing of what it followed is left."""
    assert delete_old(town.store, town.clock() + KEEP + timedelta(days=1)) == 1
    assert town.followed() == []


def test_at_most_so_many(town: Town) -> None:
    """The eleventh dossier of a conversation is refused in words, and not followed."""
    codes = [f"H29.19-261116-{number:04}" for number in range(MOST_FOLLOWED)]
    for code in codes:
        town.portal.change(code)
        town.press(f"follow:{code}")
    assert len(town.followed()) == MOST_FOLLOWED
    assert rows(town.store, tables.turn)[-1]["outcome"] == "not_followed"


def test_a_second_press_changes_nothing(town: Town) -> None:
    """Pressing again says that it is followed already."""
    town.press(f"follow:{DOSSIER_CODE}")
    assert len(town.followed()) == 1 and rows(town.store, tables.turn)[-1]["outcome"] == "not_followed"


def test_an_officer_in_the_conversation_is_no_hindrance(town: Town) -> None:
    """While an officer holds the conversation its follower is told all the same, and may stop."""
    with town.store.writing() as connection:
        connection.execute(sa.update(tables.conversation).values(owner=Owner.OFFICER.value))
    town.portal.change(status=Status.PROCESSED)
    town.run(HOUR_S)
    assert len(town.notices()) == 1
    town.press(f"unfollow:{DOSSIER_CODE}")
    assert town.followed() == [] and rows(town.store, tables.conversation)[0]["owner"] == "officer"


def test_zalo_hears_it_when_it_may(database: Store) -> None:
    """Two days after the citizen's last message nothing is sent on Zalo; the news waits until they write again."""
    town = Town(database)
    town.press(f"follow:{DOSSIER_CODE}", channel="zalo")
    town.run(2 * DAY_S + HOUR_S)
    town.portal.change(status=Status.SUPPLEMENT_REQUIRED)
    town.run(2 * DAY_S)
    town.portal.change(status=Status.PROCESSED)
    town.run(DAY_S)
    assert town.notices() == []
    town.write("xin chào", channel="zalo")
    town.run(HOUR_S)
    assert ["“Đang xử lý” sang “Đã xử lý xong”" in notice for notice in town.notices()] == [True]


def test_what_zalo_never_takes_ends_in_time(database: Store) -> None:
    """Who never writes again on Zalo is followed for no longer than others, without a message that cannot be sent."""
    town = Town(database)
    town.press(f"follow:{DOSSIER_CODE}", channel="zalo")
    town.portal.change(status=Status.PROCESSED)
    town.clock.move(LONGEST.total_seconds() + HOUR_S)
    town.run(2 * HOUR_S)
    assert (town.notices(), town.followed()) == ([], [])


# who dies, and who races


class Mortal(Store):
    """A store whose process dies at one of its transactions: before it, in it, or just after it is committed."""

    def __init__(self, url: str, dies_at: int, place: str) -> None:
        super().__init__(url)
        self.left = dies_at
        self.place = place

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """One transaction, unless this is the last."""
        self.left -= 1
        dies = self.left == 0
        if dies and self.place == "before":
            raise Killed
        with super().writing() as connection:
            yield connection
            if dies and self.place == "in":
                raise Killed
        if dies and self.place == "after":
            raise Killed


@pytest.mark.parametrize("place", ["before", "in", "after"])
@pytest.mark.parametrize("dies_at", [1, 2, 3, 4])
def test_whoever_dies_each_change_is_told_once(town: Town, dies_at: int, place: str) -> None:
    """Killed before, in or after any transaction of a step, the next process tells all, and nothing twice."""
    add(town, 3)
    for code in list(town.portal.dossiers)[:3]:
        town.portal.change(code, status=Status.PROCESSED)
    mortal = Mortal(str(town.store.engine.url), dies_at, place)
    with pytest.raises(Killed):
        town.run(HOUR_S, town.another(mortal))
    mortal.close()
    town.clock.move(LEASE.total_seconds())
    town.run(HOUR_S)
    assert [len(town.notices(person)) for person in ("lan", "person 0", "person 1", "person 2")] == [1, 1, 1, 0]


@pytest.mark.parametrize("when", [1, 2, 3])
def test_killed_while_it_asks(town: Town, when: int) -> None:
    """Killed while the portal is being asked: what was told is not told again, the rest is told by the next one."""
    add(town, 3)
    for code in town.portal.dossiers:
        town.portal.change(code, status=Status.PROCESSED)
    town.portal.asked.clear()

    def die() -> None:
        if len(town.portal.asked) == when:
            raise Killed

    town.portal.before_answer = die
    with pytest.raises(Killed):
        town.run(HOUR_S)
    town.portal.before_answer = lambda: None
    town.run(HOUR_S)
    assert [len(town.notices(person)) for person in ("lan", "person 0", "person 1", "person 2")] == [1, 1, 1, 1]


def test_a_slow_poller_and_the_one_that_took_over(town: Town) -> None:
    """A poller that hangs beyond its lease loses the dossier to another: both have the answer, one tells it."""
    other = town.another()
    town.portal.change(status=Status.PROCESSED)

    def hang() -> None:
        town.portal.before_answer = lambda: None
        town.clock.move(LEASE.total_seconds() + 1)
        assert other.step()

    town.portal.before_answer = hang
    town.run(2 * HOUR_S)
    assert len(town.notices()) == 1 and len(town.portal.asked) >= 3


def test_pollers_in_many_threads(town: Town) -> None:
    """Four pollers over one database at once: each dossier is asked once, each follower is told once."""
    add(town, 100)
    for code in town.portal.dossiers:
        town.portal.change(code, status=Status.PROCESSED)
    town.portal.asked.clear()
    town.clock.move(HOUR_S)
    together = threading.Barrier(4)

    def work() -> None:
        poller = town.another()
        together.wait()
        while poller.step():
            pass

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    codes = [code for code, _ in town.portal.asked]
    assert len(codes) == len(set(codes)) == 101
    assert [len(town.notices(f"person {number}")) for number in range(100)] == [1] * 100


def test_stopping_while_the_portal_answers(town: Town) -> None:
    """A citizen who stops while the portal is being asked is told nothing any more."""
    town.portal.change(status=Status.PROCESSED)

    def stop() -> None:
        town.portal.before_answer = lambda: None
        town.press(f"unfollow:{DOSSIER_CODE}")

    town.portal.before_answer = stop
    town.run(HOUR_S)
    assert town.notices() == []


def test_no_more_questions_than_allowed(town: Town) -> None:
    """A hundred dossiers overdue after an outage of ours are asked at the allowed rate, not at once."""
    add(town, 300)
    slow = town.another(plan=Plan(per_s=5))
    town.clock.move(3 * HOUR_S)
    town.portal.asked.clear()
    begun = town.clock()
    for _ in range(600):
        slow.step()
        town.clock.move(0.1)
    assert (
        0.8 * 300 <= len([at for _, at in town.portal.asked if at <= begun + timedelta(seconds=60)]) <= 5 * 61 + BATCH
    )
    assert len({code for code, _ in town.portal.asked}) == len(town.portal.asked)


def test_a_slow_portal_delays_no_end(town: Town) -> None:
    """After five seconds a step gives back what it has not asked: it is due at once, for whoever comes."""
    add(town, 19)
    town.clock.move(HOUR_S)
    town.portal.asked.clear()
    town.portal.before_answer = lambda: town.clock.move(3) and None
    assert town.poller.step()
    assert len(town.portal.asked) == 2
    town.portal.before_answer = lambda: None
    while town.poller.step():
        pass
    codes = [code for code, _ in town.portal.asked]
    assert len(codes) == len(set(codes)) == 20


def test_the_figures_say_how_it_stands(town: Town) -> None:
    """How many follow how many dossiers, and how late the latest question is."""
    town.press(f"follow:{DOSSIER_CODE}", "minh")
    figures = Followers(town.store).figures(town.clock.at)
    assert (figures.followers, figures.dossiers, figures.overdue_s) == (2, 1, 0.0)
    late = Followers(town.store).figures(town.clock.at + 2 * PLAN.interval)
    assert timedelta(seconds=late.overdue_s) > PLAN.interval


def add(town: Town, count: int) -> None:
    """More dossiers, each with a follower of its own; the first one is the first of the portal's book."""
    for number in range(count):
        code = f"H29.20-261101-{number:04}"
        town.portal.change(code)
        town.press(f"follow:{code}", f"person {number}")
