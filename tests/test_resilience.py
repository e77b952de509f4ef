"""What makes a portal bearable: seats, flights, the breaker, short memory, one login for many; routes and lanes."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from bot import portals, settings
from bot.errors import BadSettings
from bot.lanes import GivingWay, Lanes
from bot.loop import Loop
from integrations import fields
from integrations.breaker import LONGEST_REST_S, Breaker
from integrations.dossiers import Details, Found, Proof
from integrations.errors import BadAnswer, Busy, IntegrationError, NotConnected, NotFound, Refused, Unavailable
from integrations.kept import Kept
from integrations.portal import BOTH, Portal
from integrations.resilient import Patience, Resilient
from integrations.routing import Routing, levels
from tests import town
from tests.portals import CODES, NOW, reaching, running
from tests.serving import until

MANY = 20


class Clock:
    """Seconds that pass when they are told to."""

    at_s = 0.0

    def __call__(self) -> float:
        """The present."""
        return self.at_s


class Scripted(Portal):
    """A portal that waits, or fails, as it is told."""

    def __init__(self) -> None:
        super().__init__(fields.load().city.fields, BOTH, lambda: NOW)
        self.error: Exception | None = None
        self.asked = 0
        self.is_open = threading.Event()
        self.is_open.set()

    def find(self, code: str) -> Found:
        """The town's dossier, once the gate is open."""
        self.asked += 1
        self.is_open.wait(10)
        if self.error:
            raise self.error
        return Found(town.dossier(code=code), NOW)

    def details(self, code: str, proof: Proof) -> Details:
        """Somebody, once the gate is open."""
        self.find(code)
        return Details("A*** B")

    def rows(self, code: str) -> object:
        """Never asked."""
        raise AssertionError

    def close(self) -> None:
        """Nothing to close."""


def resilient(script: Scripted, clock: Callable[[], float], **patience: float) -> Resilient:
    """The portal of a script, bearable."""
    return Resilient("city", script, replace(Patience(), **patience), clock)  # type: ignore[arg-type]


@pytest.mark.parametrize("details", [False, True])
def test_seats(details: bool) -> None:
    """No more callers than there are seats wait for a portal; who comes beyond them is answered at once."""
    script, clock = Scripted(), Clock()
    made = resilient(script, clock, at_once=2)
    ask = (lambda code: made.details(code, bool)) if details else made.find
    script.is_open.clear()
    with ThreadPoolExecutor(2) as pool:
        waiting = [pool.submit(ask, code) for code in ("A", "B")]
        until(lambda: script.asked == 2)
        with pytest.raises(Busy):
            ask("C")
        script.is_open.set()
        assert all(answer.result() for answer in waiting)
    assert ask("C") and made.counts() == {"answered": 3, "Busy": 1}


def test_those_who_ask_the_same_share_seats_too() -> None:
    """Citizens who wait for somebody else's request hold threads as well: they need seats."""
    script, clock = Scripted(), Clock()
    made = resilient(script, clock, at_once=2)
    script.is_open.clear()
    with ThreadPoolExecutor(2) as pool:
        waiting = [pool.submit(made.find, "A") for _ in range(2)]
        until(lambda: not made._seats.acquire(blocking=False) or made._seats.release())
        with pytest.raises(Busy):
            made.find("A")
        script.is_open.set()
        assert len({answer.result() for answer in waiting}) == 1 and script.asked == 1


def test_a_taken_seat_gives_the_last_answer() -> None:
    """Who finds no seat reads what the portal said last, marked stale."""
    script, clock = Scripted(), Clock()
    made = resilient(script, clock, at_once=1)
    made.find("A")
    clock.at_s = 61
    script.is_open.clear()
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(made.find, "B")
        until(lambda: script.asked == 2)
        assert made.find("A").stale
        script.is_open.set()
        waiting.result()


def test_fresh_answers_are_given_again() -> None:
    """Within a minute the portal is asked once, however the code is written; details are asked for each time."""
    script, clock = Scripted(), Clock()
    made = resilient(script, clock)
    for at_s, asked in ((0, 1), (59, 1), (60, 2), (119, 2)):
        clock.at_s = at_s
        assert not made.find(" h29-A ").stale and script.asked == asked
    made.details("H29-A", bool)
    made.details("H29-A", bool)
    assert script.asked == 4


def test_nothing_is_kept_of_an_unknown_code() -> None:
    """A dossier that the portal no longer knows is unknown, also when it then fails."""
    script, clock = Scripted(), Clock()
    made = resilient(script, clock)
    made.find("A")
    for error in (NotFound(), Unavailable()):
        clock.at_s += 61
        script.error = error
        with pytest.raises(type(error)):
            made.find("A")


def test_kept_is_bounded() -> None:
    """The longest unused answer is forgotten first, and none outlives its age."""
    clock = Clock()
    kept = Kept(most=2, oldest_s=100, clock=clock)
    for code in ("A", "B"):
        kept.put(code, Found(town.dossier(code=code), NOW))
    assert kept.get("A")
    kept.put("C", Found(town.dossier(code="C"), NOW))
    assert [bool(kept.get(code)) for code in "ABC"] == [True, False, True]
    clock.at_s = 100
    assert kept.get("A") is None


@pytest.mark.parametrize(
    ("errors", "rests_s"),
    [
        ([Unavailable()] * 4, 0),
        ([Unavailable()] * 5, 30),
        ([Refused()] * 5, 30),
        ([Unavailable()] * 4 + [NotFound()] + [Unavailable()] * 4, 0),
        ([BadAnswer()] * 20, 0),
        ([Unavailable("busy", 7)], 7),
        ([Unavailable("busy", 10**6)], LONGEST_REST_S),
        ([Unavailable("busy", 0)], 0),
    ],
)
def test_the_breaker_opens(errors: list[IntegrationError], rests_s: float) -> None:
    """Five failures in a row, or the portal's own wish, give it a rest; a broken record does not."""
    clock = Clock()
    breaker = Breaker("city", 5, 30, clock)
    for error in errors:
        with suppress(IntegrationError), breaker.guarding():
            raise error
    for at_s in (0.0, rests_s - 0.1):
        clock.at_s = max(at_s, 0.0)
        reached = False
        with suppress(Unavailable), breaker.guarding():
            reached = True
        assert reached is not (rests_s > 0)
    clock.at_s = rests_s
    with breaker.guarding():
        pass


def test_one_tries_for_all() -> None:
    """After a rest one caller tries; the others are turned away until it comes back, and a failure rests again."""
    clock = Clock()
    breaker = Breaker("city", 1, 30, clock)
    with suppress(Unavailable), breaker.guarding():
        raise Unavailable
    clock.at_s = 30
    with suppress(Unavailable), breaker.guarding():
        with pytest.raises(Unavailable) as turned, breaker.guarding():
            raise AssertionError("two try at once")
        raise Unavailable
    assert turned.value.retry_after_s
    with pytest.raises(Unavailable), breaker.guarding():
        raise AssertionError("it rests again")
    clock.at_s = 60
    for _ in range(2):
        with breaker.guarding():
            pass


@pytest.mark.parametrize("name", ["city", "national", "lgsp-city", "lgsp-national"])
def test_one_login_for_many(name: str) -> None:
    """Twenty threads that come at once, and again when token or session is over, bring one login each time."""
    time = [NOW]
    with running(name, clock=lambda: time[0]) as served, ThreadPoolExecutor(MANY) as pool:
        together = threading.Barrier(MANY)

        def ask(number: int) -> None:
            together.wait()
            served.client.find(CODES[name])

        list(pool.map(ask, range(MANY)))
        assert served.asked() == {"logins": 1, "searches": MANY}
        _end_of_pass(served.client, time)
        list(pool.map(ask, range(MANY)))
        assert served.asked() == {"logins": 2, "searches": 2 * MANY}


def _end_of_pass(client: Portal, time: list[datetime]) -> None:
    """A token ends by the clock; a session when the services no longer take it."""
    if sessions := getattr(client, "_sessions", None):
        sessions._held = replace(sessions._held, value="over")
    else:
        time[0] += timedelta(seconds=280)


def test_one_request_for_the_same_code() -> None:
    """Citizens who ask for the same dossier at once bring one request to a real, slow server."""
    with running("city", slow_s=0.3) as served, closing(Resilient("city", served.client, Patience())) as made:
        served.order("slow")
        with ThreadPoolExecutor(4) as pool:
            found = list(pool.map(made.find, [CODES["city"]] * 4))
        assert {item.dossier.code for item in found} == {CODES["city"]}
        assert served.asked()["searches"] == 1


def test_an_error_is_shared_and_then_forgotten() -> None:
    """Those who wait for one request get its error together; the next look-up asks again."""
    script, clock = Scripted(), Clock()
    made = resilient(script, clock)
    script.error = BadAnswer("x")
    script.is_open.clear()
    with ThreadPoolExecutor(3) as pool:
        waiting = [pool.submit(made.find, "A") for _ in range(3)]
        until(lambda: made._seats._value == 1)  # type: ignore[attr-defined]
        script.is_open.set()
        assert {type(answer.exception()) for answer in waiting} == {BadAnswer}
    script.error = None
    assert made.find("A").dossier.code == "A"


@pytest.mark.parametrize(
    ("code", "asked"),
    [
        ("H29.19-260312-0005", "city"),
        ("h29-260312-0005", "city"),
        ("000.00.01.H29-240115-0001", "city"),
        ("38.98.H29-210519-0003", "city"),
        ("G22.99-251225-020175", "national"),
        ("H09.12-240101-0001", "national"),
        ("000.00.31.H09-250612-0142", "national"),
        ("H290-240101-0001", "national"),
        ("H29.77-260312-0005", "ward"),
        ("000.00.77.H29-240115-0001", "ward"),
    ],
)
def test_the_unit_decides_who_is_asked(code: str, asked: str) -> None:
    """The longest unit id of the routes that begins the code's own decides, also in codes written low to high."""
    assert Routing({}, {**fields.load().routes, "H29.77": "ward"}).portal(code) == asked


def test_a_portal_that_is_not_set() -> None:
    """A code of a portal that is not connected says so, and asks nobody else."""
    script = Scripted()
    made = Routing({"city": script}, fields.load().routes)
    assert made.find("H29-1").dossier.code == "H29-1" and levels("X") == ("X",)
    for ask in (made.find, lambda code: made.details(code, bool)):
        with pytest.raises(NotConnected):
            ask("G22.99-251225-020175")
    assert script.asked == 1


@pytest.mark.parametrize(
    ("address", "is_taken"),
    [
        ("https://cong.example", True),
        ("http://127.0.0.1:8099", True),
        ("http://localhost:1", True),
        ("http://cong.example", False),
        ("http://127.0.0.1.cong.example", False),
        ("http://169.254.169.254/latest", False),
        ("https://user:secret@cong.example", False),
        ("https://cong.example?x=1", False),
        ("ftp://cong.example", False),
        ("file:///etc/passwd", False),
        ("https://", False),
        ("cong.example", False),
    ],
)
@pytest.mark.parametrize("name", settings.PORTAL_ADDRESSES)
def test_addresses_of_portals(name: str, address: str, is_taken: bool) -> None:
    """A portal is reached encrypted, or on this machine; its address holds no secret, and none is printed."""
    environment = {f"MOT_CUA_{name.upper()}": address}
    if is_taken:
        assert getattr(settings.load(environment), name) == address
    else:
        with pytest.raises(BadSettings) as caught:
            settings.load(environment)
        assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("routes: {H06: city}", None),
        ("city: {fields: {updated_at: [changedAt]}}", None),
        ("city: {fields: {status_numbers: {17: 4}}}", None),
        ("routes: {H06: province}", "lead to"),
        ("city: {fields: {update_at: [x]}}", "no such entry"),
        ("city: {search_path: [x]}", "expected"),
        ("- x", "not a map"),
        ("a: [", "not YAML"),
    ],
)
def test_changes_to_the_map(tmp_path: Path, content: str, problem: str | None) -> None:
    """A file changes single entries of the map; a mistake in it stops the start and says where."""
    path = tmp_path / "portals.yaml"
    path.write_text(content, "utf-8")
    changed = replace(reaching("city"), portals_file=str(path))
    if problem is None:
        assert portals.mapping(changed) != fields.load()
    else:
        with pytest.raises(BadSettings, match=problem):
            portals.mapping(changed)


@pytest.mark.parametrize(
    "change",
    [
        {"lgsp_in_front_of": "everything"},
        {"portals_file": "/nowhere.yaml"},
    ],
)
def test_settings_that_cannot_be(change: dict[str, object]) -> None:
    """What cannot be used stops the start."""
    with pytest.raises(BadSettings):
        portals.dossiers(replace(reaching("city"), **change))  # type: ignore[arg-type]


def test_a_waiting_turn_gives_its_lane_away() -> None:
    """With one lane and one conversation that waits for a portal, other work goes on, one at a time."""
    script, lanes = Scripted(), Lanes(1)
    dossiers = GivingWay(script, lanes)
    script.is_open.clear()
    work: list[Callable[[], object]] = [lambda: dossiers.find("A"), *[lambda: None] * 5]
    done: list[int] = []
    at_work: list[int] = []

    def step() -> bool:
        with suppress(IndexError):
            act = work.pop(0)
            at_work.append(1)
            act()
            done.append(1)
            return True
        return False

    loop = Loop(step, 3, lanes)
    loop.start()
    try:
        until(lambda: len(done) == 5)
        assert len(at_work) == 6 and script.asked == 1
        script.is_open.set()
        until(lambda: len(done) == 6)
    finally:
        script.is_open.set()
        loop.stop()
    assert lanes._free.acquire(timeout=1), "the lane was not given back"
