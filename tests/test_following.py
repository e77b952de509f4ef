"""Following, the pure part: what is news to a follower, when a dossier is asked next, and how it begins and ends."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from bot import follow_notices, following, settings, wiring
from bot.compose import compose
from bot.conversation import Conversation, Owner
from bot.decide import decide
from bot.decisions import AskAgain, AskConsent, Decision, Follow, Stay, Unfollow, WithdrawConsent
from bot.errors import BadSettings
from bot.facts import DossierFacts, Facts, FollowFacts, PlainFacts
from bot.following import MOST_FOLLOWED, Follower, Kind, Plan
from bot.messages import Kind as Sent
from bot.outcomes import Outcome
from bot.perform import perform
from bot.present import ZONE
from bot.progress import progress
from bot.utterance import Utterance
from integrations.dossiers import Found, Status
from integrations.errors import IntegrationError, NotFound, Unavailable
from knowledge.calendar import WorkCalendar
from tests.town import DOSSIER_CODE, MORNING, RULES, TODAY, Book, catalogue, dossier, understood

LATER = MORNING + timedelta(hours=1)
HOLIDAY = date(2026, 11, 24)
DAYS = WorkCalendar(
    {
        "timezone": "Asia/Ho_Chi_Minh",
        "decided_through": date(2026, 12, 31),
        "same_day_until": "15:00",
        "working_hours": [{"opens": "07:30", "closes": "11:30"}],
        "rules": {},
        "days": [{"day": HOLIDAY, "working": False, "document": "1/QĐ", "note": "a Tuesday off"}],
    }
)
FAR = date(2026, 12, 18)


def follower(**changes: Any) -> Follower:
    """Somebody who follows the town's dossier, due in four weeks, and knows it as it is."""
    known = following.seen(dossier(due_on=FAR))
    who = Follower(1, 1, "telegram", "7", DOSSIER_CODE, known, MORNING, None, MORNING + following.LONGEST, 0)
    return replace(who, **changes)


def kinds(who: Follower, on: date = TODAY, at: datetime = LATER, stale: bool = False, **changes: Any) -> list[Kind]:
    """What is news when the portal says so."""
    found = Found(dossier(**{"due_on": FAR, **changes}), at, stale)
    new = following.news(who, found, on, DAYS)
    return list(new.kinds) if new else []


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({}, []),
        ({"updated_at": LATER, "agency_name": "Phường khác"}, []),
        ({"status_label": "đang  xử lý"}, []),
        ({"status": Status.SUPPLEMENT_REQUIRED}, [Kind.CHANGED]),
        ({"status": Status.UNKNOWN, "status_label": "Chờ ký"}, [Kind.CHANGED]),
        ({"status": Status.PROCESSED, "completed_on": TODAY}, [Kind.CHANGED]),
        ({"due_on": date(2026, 12, 25)}, [Kind.DUE_MOVED]),
        ({"status": Status.STOPPED, "due_on": date(2026, 12, 25)}, [Kind.CHANGED, Kind.DUE_MOVED]),
        ({"due_on": None}, [Kind.UPDATED]),
        ({"completed_on": TODAY}, [Kind.UPDATED]),
        ({"status": Status.RETURNED}, [Kind.CHANGED, Kind.ENDED]),
        ({"status": Status.WITHDRAWN}, [Kind.CHANGED, Kind.ENDED]),
    ],
)
def test_what_differs_is_told_and_nothing_else(changes: dict[str, Any], told: list[Kind]) -> None:
    """A follower hears of the status and of the days, not of what the portal rewrote without a meaning."""
    assert kinds(follower(), **changes) == told


@pytest.mark.parametrize(
    ("before", "changes", "told"),
    [
        (True, {"fees_due": False}, [Kind.FEES_PAID]),
        (False, {"fees_due": True}, [Kind.FEES_DUE]),
        (None, {"fees_due": True}, [Kind.FEES_DUE]),
        (None, {"fees_due": False}, []),
        (True, {"fees_due": True}, []),
        (True, {"fees_due": None}, []),
        (False, {"fees_due": True, "status": Status.PAYMENT_REQUIRED}, [Kind.CHANGED]),
        (True, {"fees_due": False, "status": Status.ACCEPTED}, [Kind.CHANGED, Kind.FEES_PAID]),
        (False, {"fees_due": True, "due_on": date(2026, 12, 25)}, [Kind.DUE_MOVED, Kind.FEES_DUE]),
        (True, {"fees_due": False, "status": Status.RETURNED}, [Kind.CHANGED, Kind.FEES_PAID, Kind.ENDED]),
    ],
)
def test_payment_is_followed_like_a_status(before: bool | None, changes: dict[str, Any], told: list[Kind]) -> None:
    """A fee that is due, and all of them paid, are told; not what the status says itself, and nothing from silence."""
    assert kinds(follower(seen=following.seen(dossier(due_on=FAR, fees_due=before))), **changes) == told


def test_silence_takes_no_payment_back() -> None:
    """Where a portal once leaves open whether a fee is paid, what it said before is still known."""
    known = following.seen(dossier(due_on=FAR, fees_due=True))
    found = Found(dossier(due_on=FAR, status=Status.PROCESSED), LATER)
    new = following.news(follower(seen=known), found, TODAY, DAYS)
    assert new is not None and new.seen.fees_due is True


def test_a_fee_is_one_press_away() -> None:
    """The notice of a fee that is due has the button to its details: no amount stands in the notice itself."""
    news = following.News((Kind.FEES_DUE,), following.seen(dossier(due_on=FAR)), LATER, None)
    reply = follow_notices.write(follower(), news, Found(dossier(due_on=FAR, fees_due=True), LATER), TODAY)
    assert reply.buttons[0].payload == f"detail:{DOSSIER_CODE}" and "còn phí, lệ phí chưa nộp" in reply.plain()


@pytest.mark.parametrize(("stale", "at"), [(True, LATER), (False, MORNING), (False, MORNING - timedelta(hours=1))])
def test_an_older_answer_is_no_news(stale: bool, at: datetime) -> None:
    """What the portal said before, or says only from memory, never overrules what the follower was told."""
    assert kinds(follower(), at=at, stale=stale, status=Status.PROCESSED) == []


def test_two_words_for_an_unknown_status_are_two_statuses() -> None:
    """A status that nobody knows is compared by the portal's own words."""
    known = following.seen(dossier(status=Status.UNKNOWN, status_label="Chờ ký", due_on=FAR))
    assert kinds(follower(seen=known), status=Status.UNKNOWN, status_label="Chờ đóng dấu") == [Kind.CHANGED]
    assert kinds(follower(seen=known), status=Status.UNKNOWN, status_label="Chờ ký") == []


@pytest.mark.parametrize(
    ("today", "due_on", "told"),
    [
        (date(2026, 11, 16), date(2026, 11, 19), None),
        (date(2026, 11, 17), date(2026, 11, 19), Kind.NEAR),
        (date(2026, 11, 19), date(2026, 11, 19), Kind.NEAR),
        (date(2026, 11, 20), date(2026, 11, 19), Kind.LATE),
        (date(2026, 11, 19), date(2026, 11, 23), Kind.NEAR),
        (date(2026, 11, 18), date(2026, 11, 23), None),
        (date(2026, 11, 20), date(2026, 11, 25), Kind.NEAR),
        (date(2026, 11, 19), date(2026, 11, 25), None),
    ],
    ids=["three days", "two days", "the day", "the day after", "weekend", "weekend and three", "holiday", "and three"],
)
def test_the_due_day_nears_by_working_days(today: date, due_on: date, told: Kind | None) -> None:
    """Two working days before, over weekends and holidays; once it has passed it is said to have passed."""
    who = follower(seen=following.seen(dossier(due_on=due_on)))
    assert kinds(who, on=today, due_on=due_on) == ([told] if told else [])


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"status": Status.SUPPLEMENT_REQUIRED}, [Kind.CHANGED]),
        ({"status": Status.PROCESSED}, [Kind.CHANGED]),
        ({"status": Status.ACCEPTED}, [Kind.CHANGED, Kind.NEAR]),
    ],
)
def test_only_running_work_has_a_nearing_day(changes: dict[str, Any], told: list[Kind]) -> None:
    """While the citizen is waited for, and once the work is done, no day comes nearer."""
    near = date(2026, 11, 23)
    who = follower(seen=following.seen(dossier(due_on=near)))
    assert kinds(who, due_on=near, **changes) == told


def test_each_due_day_nears_once() -> None:
    """The same due day is told once; one that was moved is told again when it nears."""
    near, moved = date(2026, 11, 23), date(2026, 11, 25)
    who = follower(seen=following.seen(dossier(due_on=near)), due_told=near)
    assert kinds(who, due_on=near) == []
    assert kinds(who, on=date(2026, 11, 23), due_on=moved) == [Kind.DUE_MOVED, Kind.NEAR]


@pytest.mark.parametrize(("due_on", "told"), [(date(2026, 11, 23), True), (date(2026, 11, 2), True), (FAR, False)])
def test_who_sees_a_near_day_is_not_told_of_it_again(due_on: date, told: bool) -> None:
    """Whoever begins to follow has just read the due day: when it is near or past, that is no news an hour later."""
    assert following.due_told(dossier(due_on=due_on), TODAY, DAYS) == (due_on if told else None)


@pytest.mark.parametrize(
    ("hour", "is_day"), [(6.99, False), (7, True), (12, True), (20.99, True), (21, False), (0, False)]
)
def test_the_night_is_the_city_s(hour: float, is_day: bool) -> None:
    """From 21:00 to 07:00 in the City nobody is told anything, whatever the server's own zone."""
    midnight = datetime(2026, 11, 23, tzinfo=ZONE)
    assert Plan().is_day((midnight + timedelta(hours=hour)).astimezone(UTC)) is is_day


@pytest.mark.parametrize("draw", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("hour", [8, 15, 20, 20.9, 23, 5])
def test_the_next_question_is_within_the_interval_of_the_day(hour: float, draw: float) -> None:
    """By day a dossier is asked again within the interval, not before four fifths of it; the night does not count."""
    plan, asked = Plan(), datetime(2026, 11, 23, tzinfo=ZONE) + timedelta(hours=hour)
    at = plan.next_ask(asked, draw)
    assert plan.is_day(at) and at - asked >= 0.8 * plan.interval
    seven = datetime(2026, 11, 23 + (hour > 12), 7, tzinfo=ZONE)
    assert at - asked <= plan.interval or seven <= at <= seven + plan.interval


def test_questions_spread() -> None:
    """A thousand dossiers asked at once are not asked at once again, by day or in the morning."""
    for hour in (9, 23):
        asked = datetime(2026, 11, 23, hour, tzinfo=ZONE)
        times = sorted(Plan().next_ask(asked, number / 1000) for number in range(1000))
        assert max(after - before for before, after in zip(times, times[1:], strict=False)) < timedelta(seconds=5)
        assert times[-1] - times[0] > timedelta(minutes=8)


@pytest.mark.parametrize("kind", list(Kind))
def test_every_notice_has_words(kind: Kind) -> None:
    """Each kind of news is told in a sentence of its own, with a way to stop while it goes on, and to an officer."""
    found = Found(dossier(due_on=FAR), LATER)
    news = following.News((kind,), following.seen(found.dossier), LATER, None)
    reply = follow_notices.write(follower(), news, found, TODAY)
    assert reply.plain() and "{" not in reply.plain()
    stops = [button for button in reply.buttons if button.payload == f"unfollow:{DOSSIER_CODE}"]
    assert len(stops) == (not news.ends) and reply.buttons[-1].payload == "officer"


def test_a_notice_says_from_what_to_what() -> None:
    """The notice names the former status and the new one, then tells the dossier as a look-up does."""
    found = Found(dossier(status=Status.PROCESSED, status_label="Đã xử lý xong", due_on=FAR), LATER)
    news = following.news(follower(), found, TODAY, DAYS)
    assert news is not None
    told, looked_up = follow_notices.write(follower(), news, found, TODAY), compose(_facts(found))
    assert looked_up is not None and told.blocks[1:] == looked_up.blocks
    assert "từ “Đang xử lý” sang “Đã xử lý xong”" in told.plain()


def _facts(found: Found) -> Facts:
    return DossierFacts(Outcome.DOSSIER_FOUND, found, progress(found.dossier, DAYS, TODAY))


FOLLOWING = Conversation(followed=(DOSSIER_CODE, "H29.19-261116-0012"))
FULL = Conversation(followed=tuple(f"H29.19-261116-{number:04}" for number in range(MOST_FOLLOWED)))


@pytest.mark.parametrize(
    ("payload", "conversation", "decision"),
    [
        (f"follow:{DOSSIER_CODE}", Conversation(channel="zalo"), AskConsent(DOSSIER_CODE)),
        (f"follow:{DOSSIER_CODE}", Conversation(channel="zalo", agreed=("follow.3",)), Follow(DOSSIER_CODE, "zalo")),
        (f"agree:follow.3:{DOSSIER_CODE}", Conversation(), Follow(DOSSIER_CODE, "", agreed="follow.3")),
        (f"agree:follow.0:{DOSSIER_CODE}", Conversation(), AskConsent(DOSSIER_CODE)),
        (f"agree:follow.3:{DOSSIER_CODE}", FOLLOWING, Follow(DOSSIER_CODE, "", "already", "follow.3")),
        ("agree:follow.3:x", Conversation(), AskAgain("unknown_button")),
        ("withdraw", FOLLOWING.with_(owner=Owner.OFFICER), WithdrawConsent()),
        (f"follow:{DOSSIER_CODE}", FOLLOWING, Follow(DOSSIER_CODE, "", "already")),
        (f"follow:{DOSSIER_CODE}", FULL, Follow(DOSSIER_CODE, "", "full")),
        ("follow:", Conversation(), AskAgain("unknown_button")),
        ("follow:' OR 1=1", Conversation(), AskAgain("unknown_button")),
        (f"unfollow:{DOSSIER_CODE}", FOLLOWING, Unfollow((DOSSIER_CODE,))),
        (f"unfollow:{DOSSIER_CODE}", Conversation(), Unfollow(())),
        ("unfollow", FOLLOWING, Unfollow(FOLLOWING.followed)),
        (f"unfollow:{DOSSIER_CODE}", FOLLOWING.with_(owner=Owner.QUEUE), Unfollow((DOSSIER_CODE,))),
        (f"unfollow:{DOSSIER_CODE}", FOLLOWING.with_(owner=Owner.OFFICER), Unfollow((DOSSIER_CODE,))),
        (f"follow:{DOSSIER_CODE}", FOLLOWING.with_(owner=Owner.OFFICER), Stay(Owner.OFFICER)),
    ],
)
def test_one_press_begins_and_ends(payload: str, conversation: Conversation, decision: Decision) -> None:
    """A button begins or ends following; ending works also while an officer holds the conversation."""
    assert decide(Utterance(Sent.BUTTON, payload, (), len(payload)), None, conversation, RULES) == decision


@pytest.mark.parametrize(
    ("entities", "conversation", "codes"),
    [
        ({"unfollow": "x"}, FOLLOWING, FOLLOWING.followed),
        ({"unfollow": "x", "dossier_code": DOSSIER_CODE}, FOLLOWING, (DOSSIER_CODE,)),
        ({"unfollow": "x", "dossier_code": "H29.19-261117-0003"}, FOLLOWING, ()),
        ({"unfollow": "x"}, Conversation(), ()),
    ],
)
def test_words_end_it_too(entities: dict[str, str], conversation: Conversation, codes: tuple[str, ...]) -> None:
    """ "Thôi theo dõi" ends all, or the dossier that is named with it."""
    said = understood("thôi theo dõi", intent="deny", entities=entities)
    utterance = Utterance(Sent.TEXT, said.text, (), len(said.text))
    assert decide(utterance, said, conversation, RULES) == Unfollow(codes)


@pytest.mark.parametrize(
    ("error", "outcome"),
    [(NotFound("no"), Outcome.DOSSIER_NOT_FOUND), (Unavailable("down"), Outcome.PORTAL_DOWN)],
)
def test_nothing_is_followed_unseen(error: IntegrationError, outcome: Outcome) -> None:
    """Following begins with what the portal says now: without it nothing begins, and the citizen is told why."""
    facts = perform(Follow(DOSSIER_CODE, "zalo"), catalogue(), Book(error), TODAY)
    assert facts == PlainFacts(outcome, value=DOSSIER_CODE)


@pytest.mark.parametrize(
    ("status", "is_followed"),
    [(status, status not in (Status.RETURNED, Status.WITHDRAWN)) for status in Status],
)
def test_what_is_over_is_not_offered(status: Status, is_followed: bool) -> None:
    """A dossier that will not change any more has no button to follow it, and an old button says why not."""
    reply = compose(_facts(Found(dossier(status=status), MORNING)))
    assert reply is not None
    assert (f"follow:{DOSSIER_CODE}" in [button.payload for button in reply.buttons]) is is_followed
    facts = perform(Follow(DOSSIER_CODE, "zalo"), catalogue(), OneDossier(status), TODAY)
    assert isinstance(facts, FollowFacts) is is_followed


class OneDossier(Book):
    """A portal whose one dossier has a status."""

    def __init__(self, status: Status) -> None:
        super().__init__()
        self._status = status

    def find(self, code: str) -> Found:
        return Found(dossier(status=self._status), MORNING)


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("FOLLOW_INTERVAL_MIN", "0"),
        ("FOLLOW_INTERVAL_MIN", "721"),
        ("FOLLOW_PER_S", "0"),
        ("FOLLOW_DAY_FROM_H", "13"),
        ("FOLLOW_DAY_UNTIL_H", "12"),
        ("FOLLOW_DAY_UNTIL_H", "25"),
        ("FOLLOW_THREADS", "-1"),
    ],
)
def test_settings_leave_a_day_to_tell_in(name: str, given: str) -> None:
    """An interval, a rate or hours with which nobody could be told are refused at the start."""
    with pytest.raises(BadSettings, match=name):
        settings.load({f"MOT_CUA_{name}": given})


def test_settings_make_the_plan() -> None:
    """The pollers follow what the settings say, and the shipped hours are those that citizens are promised."""
    given = {"MOT_CUA_FOLLOW_INTERVAL_MIN": "30", "MOT_CUA_FOLLOW_PER_S": "5", "MOT_CUA_FOLLOW_DAY_FROM_H": "8"}
    assert wiring.follow_plan(settings.load(given)) == Plan(timedelta(minutes=30), 8, 21, 5)
    assert wiring.follow_plan(settings.load({})) == Plan()
