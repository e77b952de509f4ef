"""A portal that takes calls and is silent, or drops them: the look-up ends in time, and nobody else waits."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, closing

import pytest

from bot import tables
from bot.lanes import GivingWay, Lanes
from bot.loop import Loop
from bot.outcomes import Outcome
from bot.store import Store
from bot.worker import Worker
from integrations.errors import Unavailable
from integrations.resilient import Patience, Resilient
from tests import silences, town
from tests.portals import CITY_CODE, TIMEOUT_S, client, reaching
from tests.serving import until
from tests.town import DOSSIER_CODE, Clock, Script, rows, say

pytestmark = pytest.mark.slow

WAYS = pytest.mark.parametrize("way", [silences.silent, silences.dropping], ids=["silent", "drops"])
Way = Callable[[], AbstractContextManager[str]]
IN_TIME_S = 2 * TIMEOUT_S + 3.0
# with a login before the look-up, and three seconds for a busy machine
THREADS, SEATS, CURIOUS, OTHERS = 2, 4, 10, 20


def hole(address: str) -> Resilient:
    """The City's portal at an address, asked as wiring does it."""
    return Resilient("city", client("city", reaching("city", address)), Patience(at_once=SEATS))


@WAYS
def test_a_look_up_ends_in_time(way: Way) -> None:
    """Each look-up ends as Unavailable within its time; after five in a row nobody waits any more."""
    waits_s = []
    with way() as address, closing(hole(address)) as portal:
        for _ in range(Patience().failures + 3):
            begun = time.monotonic()
            with pytest.raises(Unavailable):
                portal.find(CITY_CODE)
            waits_s.append(time.monotonic() - begun)
    assert max(waits_s) < IN_TIME_S and max(waits_s[-3:]) < TIMEOUT_S / 5


@WAYS
def test_others_are_answered_meanwhile(database: Store, way: Way) -> None:
    """While ten citizens ask about dossiers in the hole, twenty others are answered without a wait."""
    for number in range(CURIOUS):
        say(database, DOSSIER_CODE, f"d{number}", f"curious{number}")
    for number in range(OTHERS):
        say(database, "xin chào", f"m{number}", f"p{number}")
    lanes = Lanes(THREADS)
    with way() as address, closing(hole(address)) as portal:
        assistant = town.assistant(Script(), GivingWay(portal, lanes))
        loop = Loop(Worker(database, lambda: assistant, Clock()).step, THREADS + SEATS, lanes)
        loop.start()
        until(lambda: len(rows(database, tables.turn)) == CURIOUS + OTHERS, 30)
        loop.stop()
    turns = rows(database, tables.turn)
    looked = [row for row in turns if row["inbox_id"] <= CURIOUS]
    waited_ms = [row["elapsed_ms"] for row in turns if row["inbox_id"] > CURIOUS]
    assert statistics.median(waited_ms) < 1000 * TIMEOUT_S / 2
    assert {row["outcome"] for row in looked} == {Outcome.PORTAL_DOWN.value}
    assert max(row["elapsed_ms"] for row in looked) < 1000 * IN_TIME_S
