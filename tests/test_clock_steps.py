"""The clock is put forward or back by an hour: nothing is lost, told twice or stuck, and nobody loses a session."""

from __future__ import annotations

from datetime import timedelta

import pytest
from itsdangerous import TimestampSigner
from starlette.requests import Request

from bot import desks, tables
from bot.flood import Flood, load
from bot.inbox import LEASE, SET_BACK, Inbox
from bot.outbox import Outbox
from bot.store import Store
from tests.test_timers import Place, at
from tests.town import Clock, rows, say, told, worker
from web.cookies import SignedCookie

HOUR_S = 3600
STEPS = pytest.mark.parametrize("step_s", [HOUR_S, -HOUR_S], ids=["forward", "back"])


def drain(database: Store, clock: Clock, limit_s: float) -> int:
    """Replies that are sent within so many seconds by a sender that looks each second."""
    box, sent = Outbox(database), 0
    for _ in range(int(limit_s)):
        while (delivery := box.take("webchat", clock())) is not None:
            box.sent(delivery.id, clock())
            sent += 1
        clock.move(1)
    return sent


@STEPS
def test_what_a_dead_process_held_is_free_in_time(database: Store, step_s: int) -> None:
    """A message and a reply whose holders died before the step are taken again within a lease, not after an hour."""
    clock = Clock()
    for number in range(2):
        say(database, "xin chào", f"{number}", f"p{number}")
    assert worker(database, clock=clock).step()
    assert Outbox(database).take("webchat", clock()) and Inbox(database).take(clock())
    clock.move(step_s)
    for _ in range(int(LEASE.total_seconds()) + 2):
        worker(database, clock=clock).step()
        clock.move(1)
    assert [row["status"] for row in rows(database, tables.inbox)] == ["done", "done"]
    assert drain(database, clock, 1) == 2 and len(told(database)) == 2


@STEPS
def test_nobody_s_lease_is_taken_before_its_time(database: Store, step_s: int) -> None:
    """What was taken after the step is its holder's for a whole lease, and clocks may be a lease apart."""
    clock = Clock()
    clock.move(step_s)
    say(database, "xin chào")
    assert Inbox(database).take(clock())
    ahead = (SET_BACK - LEASE).total_seconds() - 1
    for seconds in (0, LEASE.total_seconds() - 1, -ahead):
        assert Inbox(database).take(clock() + timedelta(seconds=seconds)) is None


@STEPS
def test_what_waits_goes_on(database: Store, step_s: int) -> None:
    """Replies written before the step, and those that were to be tried again, go out within their usual wait."""
    clock, box = Clock(), Outbox(database)
    for number in range(3):
        say(database, "xin chào", f"{number}", f"p{number}")
    one = worker(database, clock=clock)
    while one.step():
        pass
    tried = box.take("webchat", clock())
    assert tried is not None
    box.retry(tried, clock() + timedelta(seconds=2))
    clock.move(step_s)
    assert drain(database, clock, 5) == 3


@STEPS
def test_a_conversation_goes_on_in_its_order(database: Store, step_s: int) -> None:
    """Messages before, at and after the step are answered once each, in the order in which they came."""
    clock = Clock()
    one = worker(database, clock=clock)
    for number in range(6):
        say(database, "xin chào", f"{number}")
        if number == 2:
            clock.move(step_s)
        if number % 2:
            one.step()
    while one.step():
        pass
    assert [row["inbox_id"] for row in rows(database, tables.turn)] == [1, 2, 3, 4, 5, 6] and len(told(database)) == 6


@STEPS
def test_no_limit_lasts_longer_than_its_window(step_s: int) -> None:
    """Whoever met a limit before the step is let in a minute later; slow talk in the hour after it meets none."""
    clock = Clock()
    flood, limit = Flood(load(), clock), load().ordinary["person"]

    def refused() -> bool:
        return flood.excess("webchat", "lan", "a", lambda: False) is not None

    assert [refused() for _ in range(limit + 1)] == [False] * limit + [True]
    clock.move(step_s)
    clock.move(load().window_s + 1)
    for _ in range(3 * limit):
        assert not refused()
        clock.move(load().window_s / limit + 1)


@STEPS
def test_a_ticket_s_clocks_hold(database: Store, step_s: int) -> None:
    """Tickets that wait, are held, or wait for the citizen are looked at without an error, and nobody is told twice."""
    place = Place(database, desks.load())
    for who in ("an", "binh", "chi"):
        place.says("gặp cán bộ", who)
    place.desk.claim(2, 1)
    place.desk.claim(3, 2)
    place.desk.reply(3, 2, "Anh gửi giúp em giấy tờ.", "k")
    place.clock.move(step_s)
    for _ in range(12):
        place.timers.step()
        place.clock.move(HOUR_S / 2)
    keys = [row["key"] for row in told(database)]
    assert len(keys) == len(set(keys))
    moments = [row["promised_at"] for row in rows(database, tables.ticket) if row["promised_at"]]
    assert all(moment < at("25 17:00") for moment in moments)


@STEPS
def test_a_session_outlives_the_step(step_s: int) -> None:
    """A cookie that was written before the step, or by a host whose clock differs, is still ours; an old one is not."""
    cookie = SignedCookie("chat", "secret", 24 * HOUR_S)

    signer = Moved("secret", salt="chat")
    for ahead_s, value in ((step_s, "lan"), (30 * step_s, None)):
        signer.ahead_s = ahead_s
        header = f"chat={signer.sign('lan').decode()}".encode()
        assert cookie.read(Request({"type": "http", "headers": [(b"cookie", header)]})) == value


class Moved(TimestampSigner):
    """A signer whose clock is off."""

    ahead_s = 0

    def get_timestamp(self) -> int:
        """The machine's moment, and so much."""
        return super().get_timestamp() + self.ahead_s
