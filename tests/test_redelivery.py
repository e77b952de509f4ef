"""Vendors push twice, late, in any order, to two web processes at once and again after a restart: answered once each.

The order that is promised is the order in which a conversation's messages were committed here.
"""

from __future__ import annotations

import asyncio
import json
import random
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from bot import tables
from bot.channels.telegram import Telegram, make_bot
from bot.channels.zalo import Seal, Zalo
from bot.door import Door
from bot.flood import Flood, load
from bot.outbox import Outbox
from bot.present import now
from bot.store import Store
from tests import town
from tests.test_postgresql import wrong
from tests.test_zalo_channel import ACCOUNT, event, signed
from tests.town import rows

PEOPLE, MESSAGES = 6, 5
Push = Callable[["Front"], Awaitable[object]]


class Front:
    """What takes pushes in a web process: both channels over a connection of their own to the database."""

    def __init__(self, store: Store) -> None:
        door, outbox = Door(store, Flood(load().times(1000), now)), Outbox(store)
        self.telegram = Telegram(make_bot("1:x", "http://127.0.0.1:1"), door.push, outbox)
        self.zalo = Zalo(None, door.push, outbox, Seal(ACCOUNT.app_id, ACCOUNT.oa_secret))  # type: ignore[arg-type]


@contextmanager
def fronts(database: Store, count: int = 2) -> Iterator[list[Front]]:
    """So many web processes."""
    url = database.engine.url.render_as_string(hide_password=False)
    stores = [Store(url) for _ in range(count)]
    yield [Front(store) for store in stores]
    [store.close() for store in stores]


def telegram_push(person: int, number: int) -> Push:
    """An update of Telegram."""
    who: dict[str, Any] = {"id": person, "is_bot": False, "first_name": "Lan"}
    said = {"message_id": number, "date": 1, "chat": {"id": person, "type": "private"}, "from": who, "text": "xin chào"}
    update = {"update_id": person * 100 + number, "message": said}
    return lambda front: front.telegram.receive(update)


def zalo_push(person: int, number: int) -> Push:
    """An event of Zalo."""
    content = event(msg_id=f"{person}.{number}", text="xin chào") | {"sender": {"id": f"z{person}"}}
    raw = json.dumps(content).encode()
    return lambda front: front.zalo.receive(raw, signed(raw, content["timestamp"]))


def all_pushes() -> list[Push]:
    """Everything that is said, twice, in any order."""
    made = [push(person, number) for push in PUSHES for person in range(1, PEOPLE + 1) for number in range(MESSAGES)]
    return random.Random(1).sample(made * 2, len(made) * 2)


PUSHES = (telegram_push, zalo_push)
SAID = len(PUSHES) * PEOPLE * MESSAGES


def deliver(front: Front, pushes: list[Push]) -> None:
    """A process takes its pushes, many at a time."""

    async def all_of_them() -> None:
        await asyncio.gather(*(push(front) for push in pushes))

    asyncio.run(all_of_them())


def together(both: list[Front], pushes: list[Push]) -> None:
    """Two processes take the same pushes at the same moment, one of them backwards."""
    acts = [(both[0], pushes), (both[1], pushes[::-1])]
    threads = [threading.Thread(target=deliver, args=act) for act in acts]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]


def answer(database: Store) -> None:
    """Everything is answered."""
    one = town.worker(database)
    while one.step():
        pass


def test_pushed_at_once_to_two(database: Store) -> None:
    """Each message is kept once and answered once, in the order in which it was committed."""
    with fronts(database) as both:
        together(both, all_pushes())
    answer(database)
    assert len(rows(database, tables.inbox)) == SAID and wrong(database) == []


def test_pushed_again_after_a_restart(database: Store) -> None:
    """Whatever the vendors repeat to processes that began later changes nothing."""
    pushes = all_pushes()
    with fronts(database) as before:
        together(before, pushes)
    answer(database)
    told = town.told(database)
    with fronts(database) as after:
        together(after, pushes)
    answer(database)
    assert town.told(database) == told and len(told) == SAID


@pytest.mark.parametrize("push", PUSHES)
def test_a_late_one_is_answered_when_it_comes(database: Store, push: Callable[[int, int], Push]) -> None:
    """A message that comes after later ones is answered after them: nothing waits for what may never come."""
    with fronts(database, 1) as (front,):
        for number in (1, 2, 0):
            deliver(front, [push(1, number)])
    answer(database)
    assert wrong(database) == [] and [row["inbox_id"] for row in rows(database, tables.turn)] == [1, 2, 3]
