"""How long a reply rests after a failed attempt: one pure function for every channel."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.zalo import Seal, Zalo
from bot.messages import Block, Reply
from bot.outbox import LONGEST_RETRY_S, MOST_ATTEMPTS, Outbox, put, wait_s
from bot.store import Store
from integrations.errors import BadAnswer, IntegrationError, Refused, Unavailable
from tests import town
from tests.town import MORNING, Clock

SEED = 20_261_122


@given(attempts=st.integers(0, 10_000), draw=st.floats(0, 1), asked_s=st.floats(0, 3600))
def test_a_wait_has_bounds(attempts: int, draw: float, asked_s: float) -> None:
    """Never sooner than the vendor asked, never more than half of the longest wait later than that."""
    waited = wait_s(attempts, draw, asked_s)
    assert asked_s <= waited <= max(asked_s, LONGEST_RETRY_S / 2) + LONGEST_RETRY_S / 2
    assert waited >= 1


@pytest.mark.parametrize("draw", [0.0, 1.0])
def test_waits_grow(draw: float) -> None:
    """With the same luck each wait is twice the one before, up to the longest."""
    waits = [wait_s(attempts, draw) for attempts in range(10)]
    assert [later / sooner for sooner, later in zip(waits[:7], waits[1:8], strict=True)] == [2.0] * 7
    assert waits[-1] == LONGEST_RETRY_S * (1 + draw) / 2


def test_senders_that_failed_together_come_back_apart() -> None:
    """Of a hundred replies that failed at one moment no ten come back within the same twentieth of the spread."""
    luck = random.Random(SEED)
    waits = [wait_s(5, luck.random(), asked_s=40) for _ in range(100)]
    slots = [int((waited - 40) / (32 / 20)) for waited in waits]
    assert max(slots.count(slot) for slot in set(slots)) <= 10


def test_an_outage_of_hours_is_outlived() -> None:
    """With usual luck a reply is tried for more than five and a half hours before it is set aside."""
    luck = random.Random(SEED)
    assert sum(wait_s(attempts, luck.random()) for attempts in range(MOST_ATTEMPTS - 1)) > 5.5 * 3600


class Closed:
    """A vendor that always fails in the same way."""

    def __init__(self, error: IntegrationError) -> None:
        self._error = error

    def send_text(self, user_id: str, text: str, buttons: object = ()) -> str:
        """Raises."""
        raise self._error


@pytest.mark.parametrize(
    ("error", "waits_s"),
    [
        (Unavailable("down"), [1.5, 3.0, 6.0]),
        (Unavailable("slow down", 20.0), [20.5, 21.0, 22.0]),
        (BadAnswer("what?"), [1.5, 3.0, 6.0]),
        (Refused("no entry"), [300.5, 301.0, 302.0]),
    ],
    ids=lambda value: type(value).__name__,
)
def test_zalo_waits_by_it(database: Store, error: IntegrationError, waits_s: list[float]) -> None:
    """After each failure the reply rests for as long as the function says, `retry_after` included."""
    clock = Clock(datetime(2026, 11, 22, 1, 0, tzinfo=UTC))
    town.Inbox(database).accept(town.InboundMessage("zalo", "1", "lan", MORNING, text="xin chào"))
    with database.writing() as connection:
        put(connection, 1, "a", Reply((Block("paragraph", ("a",)),)), clock())
    channel = Zalo(Closed(error), lambda message: True, Outbox(database), Seal("a", "s"), "#", clock, lambda: 0.5)
    for wanted_s in waits_s:
        assert channel.step()
        (row,) = town.told(database)
        assert row["next_at"] - clock() == timedelta(seconds=wanted_s)
        clock.at = row["next_at"]
