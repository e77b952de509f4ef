"""Floods: how many messages one process takes from a person, a network address and everybody, in a moving window.

Dossier codes are counted besides, in several windows: whoever tries one after the other waits longer and longer.
The count lies in the memory of the process: n processes together take up to n times as much, and a restart forgets.
"""

from __future__ import annotations

import heapq
import math
import threading
from array import array
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from pathlib import Path

import yaml
from limits import RateLimitItem, RateLimitItemPerSecond
from limits.storage import MovingWindowSupport, Storage
from limits.strategies import MovingWindowRateLimiter

from bot.errors import BadData
from bot.meters import UNCOUNTED, Counting

GROUPED = ("ordinary", "held", "lookups", "sheets")
PATH = Path(__file__).parent / "data" / "limits.yaml"


class What(StrEnum):
    """What was too many."""

    MESSAGES = "messages"
    LOOKUPS = "lookups"


class Bound(StrEnum):
    """Which limit was met first."""

    PERSON = "person"
    NETWORK = "network"
    EVERYONE = "everyone"


@dataclass(frozen=True)
class Limits:
    """Numbers of bot/data/limits.yaml."""

    window_s: int
    ordinary: Mapping[str, int]
    # bound -> messages in a window
    held: Mapping[str, int]
    # as many more while an officer, or the queue, has the conversation
    lookups: Mapping[int, Mapping[str, int]]
    # window in seconds -> bound -> dossier codes in it
    sheets: Mapping[str, int]
    # bound -> guidance sheets printed or checked in a window
    notices: int
    # polite sentences in a window to one person
    webhook_bytes: int
    # of a request's body
    chat_bytes: int

    def of_sheets(self) -> Limits:
        """The limits of guidance sheets in the place of those of messages."""
        return replace(self, ordinary=self.sheets, held=self.sheets)

    def times(self, factor: int) -> Limits:
        """The same limits for so many times as many messages."""
        ordinary = {bound: number * factor for bound, number in self.ordinary.items()}
        held = {bound: number * factor for bound, number in self.held.items()}
        lookups = {
            window_s: {bound: number * factor for bound, number in numbers.items()}
            for window_s, numbers in self.lookups.items()
        }
        return replace(self, ordinary=ordinary, held=held, lookups=lookups)


@lru_cache(maxsize=1)
def load(path: Path = PATH) -> Limits:
    """The limits of a file. Raises BadData when a number is missing, unknown or below one."""
    content = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    try:
        limits = Limits(**content)
    except TypeError as error:
        raise BadData(f"{path}: {error}") from error
    for name, numbers in (
        *((name, content[name]) for name in ("ordinary", "held", "sheets")),
        *content["lookups"].items(),
    ):
        if set(numbers) != set(Bound):
            raise BadData(f"{path}: {name} needs one number for each of {', '.join(Bound)}")
    plain = [content[field.name] for field in fields(Limits) if field.name not in GROUPED]
    if not all(isinstance(number, int) and number >= 1 for number in (*plain, *_numbers(limits))):
        raise BadData(f"{path}: every limit is a whole number from 1")
    return limits


def _numbers(limits: Limits) -> tuple[int, ...]:
    looked_up = (number for numbers in limits.lookups.values() for number in numbers.values())
    return (*limits.ordinary.values(), *limits.held.values(), *limits.sheets.values(), *limits.lookups, *looked_up)


@dataclass(frozen=True)
class Excess:
    """A message too many."""

    bound: Bound
    retry_after_s: int
    # whole seconds until one more would be taken, at least one
    is_first: bool
    # of its person in this window: it is answered; the others are dropped silently
    what: What = What.MESSAGES


class Moments(Storage, MovingWindowSupport):
    """When messages were taken, by the clock that is given; a key is forgotten when its window is over.

    The store that `limits` brings reads the system's clock and starts threads; this one does neither.
    """

    def __init__(self, clock: Callable[[], datetime]) -> None:
        super().__init__()
        self._clock = clock
        self._taken: dict[str, array[float]] = {}
        # oldest first; an array, for whoever asked for a dossier is remembered for a day, and a deque takes 0.7 KB
        self._ends: list[tuple[float, int, str]] = []
        # when a key may be over, the soonest first; its window in seconds

    def acquire_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        """Take, if the window has room."""
        now = self._clock().timestamp()
        self._forget(now)
        if self.get_moving_window(key, limit, expiry)[1] + amount > limit:
            return False
        if key not in self._taken:
            self._taken[key] = array("d")
            heapq.heappush(self._ends, (now + expiry, expiry, key))
        self._taken[key].extend([now] * amount)
        return True

    def get_moving_window(self, key: str, limit: int, expiry: int) -> tuple[float, int]:
        """When the oldest that still counts was taken, and how many count."""
        now = self._clock().timestamp()
        taken = self._taken.get(key, array("d"))
        counts = (place for place, moment in enumerate(taken) if now - expiry < moment <= now)
        del taken[: next(counts, len(taken))]
        # over; or to come: the clock was set back, and would count it for as long again
        return (taken[0], len(taken)) if taken else (now, 0)

    def _forget(self, now: float) -> None:
        """As many people as wrote in a window are remembered, no more."""
        while self._ends and self._ends[0][0] <= now:
            _, expiry, key = heapq.heappop(self._ends)
            if self._taken[key] and self._taken[key][-1] + expiry > now:
                heapq.heappush(self._ends, (self._taken[key][-1] + expiry, expiry, key))
            else:
                del self._taken[key]

    @property
    def base_exceptions(self) -> type[Exception]:
        """What a lost connection to the store would raise; there is no connection."""
        return ConnectionError

    def check(self) -> bool:
        """Memory is there."""
        return True

    def reset(self) -> int:
        """Forget everything."""
        count = len(self._taken)
        self._taken.clear()
        self._ends.clear()
        return count

    def clear(self, key: str) -> None:
        """Forget the moments of a key."""
        del self._taken.get(key, array("d"))[:]

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Fixed windows are not kept."""
        raise NotImplementedError

    def get(self, key: str) -> int:
        """Fixed windows are not kept."""
        raise NotImplementedError

    def get_expiry(self, key: str) -> float:
        """Fixed windows are not kept."""
        raise NotImplementedError


class Flood:
    """Counts what comes in and says what is too many. Safe to share between threads."""

    def __init__(self, limits: Limits, clock: Callable[[], datetime], meters: Counting = UNCOUNTED) -> None:
        self._clock = clock
        self._meters = meters
        self._limiter = MovingWindowRateLimiter(Moments(clock))
        self._ordinary = _items("ordinary", limits.ordinary, limits.window_s)
        self._held = _items("held", limits.held, limits.window_s)
        self._lookups = [_items("lookups", numbers, window_s) for window_s, numbers in sorted(limits.lookups.items())]
        self._notice = RateLimitItemPerSecond(limits.notices, limits.window_s, "notice")
        self._lock = threading.Lock()

    def excess(
        self, channel: str, address: str, network: str, is_held: Callable[[], bool], codes: int = 0
    ) -> Excess | None:
        """None when the message is taken; otherwise which limit it is over. A refused message takes no room.

        `is_held` is asked only when a message is over an ordinary limit, or has dossier codes: an officer's
        conversation has more room, and looks nothing up.
        """
        who = _who(channel, address, network)
        return self._too_many(channel, who, is_held) or self._too_curious(channel, who, is_held, codes)

    def _too_curious(
        self, channel: str, who: Mapping[Bound, str], is_held: Callable[[], bool], codes: int
    ) -> Excess | None:
        """Too many dossier codes: the longest of the waits. However many a message has, it takes one person's room."""
        if not codes or is_held():
            return None
        room = [
            (items[bound], key, bound, min(codes, items[Bound.PERSON].amount))
            for items in self._lookups
            for bound, key in who.items()
        ]
        with self._lock:
            full = [
                (self._wait_s(item, key), bound)
                for item, key, bound, cost in room
                if not self._limiter.test(item, key, cost=cost)
            ]
            if full:
                wait_s, over = max(full)
                self._meters.count("lookups_slowed", channel=channel, limit=over.value)
                return Excess(over, wait_s, self._limiter.hit(self._notice, who[Bound.PERSON]), What.LOOKUPS)
            for item, key, _, cost in room:
                self._limiter.hit(item, key, cost=cost)
        return None

    def _too_many(self, channel: str, who: Mapping[Bound, str], is_held: Callable[[], bool]) -> Excess | None:
        """Too many messages."""
        with self._lock:
            over = self._take(self._ordinary, who)
        if over is None:
            return None
        items = self._held if is_held() else self._ordinary
        with self._lock:
            over = self._take(items, who)
            if over is None:
                return None
            self._meters.count("messages_dropped", channel=channel, limit=over.value)
            is_first = self._limiter.hit(self._notice, who[Bound.PERSON])
            return Excess(over, self._wait_s(items[over], who[over]), is_first)

    def _take(self, items: Mapping[Bound, RateLimitItem], who: Mapping[Bound, str]) -> Bound | None:
        """Take room of every limit, or of none; the limit without room."""
        for bound, key in who.items():
            if not self._limiter.test(items[bound], key):
                return bound
        for bound, key in who.items():
            self._limiter.hit(items[bound], key)
        return None

    def _wait_s(self, item: RateLimitItem, key: str) -> int:
        """Until the oldest message leaves the window."""
        reset_at = self._limiter.get_window_stats(item, key).reset_time
        return max(1, math.ceil(reset_at - self._clock().timestamp()))


def _who(channel: str, address: str, network: str) -> dict[Bound, str]:
    """Whose room a message takes."""
    who = {Bound.PERSON: f"{channel}:{address}", Bound.NETWORK: network, Bound.EVERYONE: "all"}
    return who if network else {bound: key for bound, key in who.items() if bound is not Bound.NETWORK}


def _items(name: str, numbers: Mapping[str, int], window_s: int) -> dict[Bound, RateLimitItem]:
    return {bound: RateLimitItemPerSecond(numbers[bound], window_s, f"{name}:{bound}") for bound in Bound}
