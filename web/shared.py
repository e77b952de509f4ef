"""One reading for all: what many officers ask at the same moment is read from the database and rendered once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import Any, ParamSpec, TypeVar
from weakref import WeakValueDictionary

from starlette.concurrency import run_in_threadpool

FRESH_S = 1.0
# whoever is on duty, and how long somebody waits, changes without a row in the history of a ticket
MOST_KEPT = 64

Asked = ParamSpec("Asked")
Answer = TypeVar("Answer")


@dataclass
class Reading:
    """Values for a part of a page that is the same for all, and that part once it was made."""

    values: Mapping[str, Any]
    made: str = ""


def once(reading: Reading, caller: Callable[[], str]) -> str:
    """For templates: the part of a page between `call` and `endcall`, made by whoever comes first."""
    if not reading.made:
        reading.made = caller()
    return reading.made


@dataclass(frozen=True)
class Kept:
    """An answer."""

    newest: int
    # row of a ticket's history before it was read
    read_at_s: float
    answer: Any


class Shared:
    """Answers that hold until something happens to a ticket, and no longer than FRESH_S."""

    def __init__(self, newest: Callable[[], int], clock_s: Callable[[], float] = time.monotonic) -> None:
        self._ask_newest = newest
        self._clock_s = clock_s
        self._kept: dict[Hashable, Kept] = {}
        self._locks: WeakValueDictionary[Hashable, asyncio.Lock] = WeakValueDictionary()
        # of those who wait at the moment

    async def read(self, ask: Callable[Asked, Answer], *asked: Asked.args, **named: Asked.kwargs) -> Answer:
        """What `ask` answers to these arguments; it is called in the thread pool, once for all who wait for it."""
        key = (ask, asked, tuple(named.items()))
        newest = await run_in_threadpool(self._ask_newest)
        async with self._locks.setdefault(key, asyncio.Lock()):
            known = self._kept.get(key)
            if known is None or known.newest < newest or self._clock_s() - known.read_at_s >= FRESH_S:
                if len(self._kept) >= MOST_KEPT:
                    self._kept.clear()
                read_at_s = self._clock_s()
                known = Kept(newest, read_at_s, await run_in_threadpool(ask, *asked, **named))
                self._kept[key] = known
        answer: Answer = known.answer
        return answer
