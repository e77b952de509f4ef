"""The desks, as bot/data/desks.yaml plans them: what each answers, when it works, how soon it owes a reply."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import time, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from bot.errors import BadData
from knowledge.calendar import Shift, WorkCalendar

PATH = Path(__file__).parent / "data" / "desks.yaml"
GROUP = re.compile(r"-[1-9][0-9]{0,19}|@[A-Za-z][A-Za-z0-9_]{4,31}|", re.ASCII)
# a number without a minus would be a person


@dataclass(frozen=True)
class Limits:
    """How soon a desk owes what, in its own working time."""

    first_reply: timedelta
    next_reply: timedelta
    resolution: timedelta
    # the time in which the citizen was waited for does not count
    warn_at: float
    # share of a limit from 0 to 1
    remind_after: timedelta
    close_after: timedelta
    # after the reminder
    reopen_days: int


@dataclass(frozen=True)
class DeskPlan:
    """One desk."""

    id: str
    name: str
    # as citizens read it
    everyone: bool
    fields: frozenset[str]
    # empty: all
    units: frozenset[str]
    # empty: the whole City
    calendar: WorkCalendar
    # the working days, at the desk's own hours
    capacity: int
    fallback: str
    limits: Limits
    telegram_group: str = ""
    # id or @name of the group that is told of its tickets; empty: none


class Desks:
    """All desks by id."""

    def __init__(self, plans: Mapping[str, DeskPlan]) -> None:
        self._plans = plans
        self.everyone = next(plan for plan in plans.values() if plan.everyone)

    def __getitem__(self, desk: str) -> DeskPlan:
        """The desk of an id; the one for everyone when there is no such desk any more."""
        return self._plans.get(desk, self.everyone)

    def __contains__(self, desk: str) -> bool:
        return desk in self._plans

    def __iter__(self) -> Iterator[DeskPlan]:
        return iter(self._plans.values())

    def chain(self, plan: DeskPlan) -> Iterator[DeskPlan]:
        """A desk, then those that take over from it; the last one is for everyone."""
        while True:
            yield plan
            if plan.everyone:
                return
            plan = self[plan.fallback]


def read(content: Mapping[str, Any], calendar: WorkCalendar) -> Desks:
    """The desks of a file's content. Raises BadData."""
    try:
        plans = [_plan(item, calendar) for item in content["desks"]]
    except (KeyError, TypeError, ValueError) as error:
        raise BadData(f"desks: {error!r}") from error
    by_id = {plan.id: plan for plan in plans}
    if len(by_id) != len(plans) or sum(plan.everyone for plan in plans) != 1:
        raise BadData("desks: two of one id, or not exactly one for everyone")
    for plan in plans:
        _check(plan, by_id)
    return Desks(by_id)


@lru_cache(maxsize=1)
def load() -> Desks:
    """The shipped desks. Raises BadData."""
    return read(yaml.load(PATH.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader), WorkCalendar.load())


def _check(plan: DeskPlan, by_id: Mapping[str, DeskPlan]) -> None:
    """Every desk leads to the one for everyone, and its numbers are numbers of something."""
    seen: set[str] = set()
    here = plan
    while not here.everyone:
        if here.id in seen or here.fallback not in by_id:
            raise BadData(f"desks: {plan.id} falls back to no desk for everyone")
        seen.add(here.id)
        here = by_id[here.fallback]
    limits = plan.limits
    spans = (limits.first_reply, limits.next_reply, limits.resolution, limits.remind_after, limits.close_after)
    if plan.capacity < 1 or min(spans) <= timedelta() or not 0 < limits.warn_at < 1 or limits.reopen_days < 0:
        raise BadData(f"desks: a capacity or a limit of {plan.id} is out of bounds")


def _plan(item: Mapping[str, Any], calendar: WorkCalendar) -> DeskPlan:
    shifts = [Shift(time.fromisoformat(part["opens"]), time.fromisoformat(part["closes"])) for part in item["hours"]]
    return DeskPlan(
        id=item["id"],
        name=item["name"],
        everyone=item.get("everyone", False),
        fields=frozenset(item["fields"]),
        units=frozenset(item["units"]),
        calendar=calendar.with_hours(shifts),
        capacity=item["capacity"],
        fallback=item["fallback"],
        limits=_limits(item["limits"]),
        telegram_group=_group(item.get("telegram_group", "")),
    )


def _group(name: object) -> str:
    """The name of a Telegram group. Raises ValueError."""
    if not GROUP.fullmatch(str(name)):
        raise ValueError("telegram_group is the number of a group, a name that begins with @, or empty")
    return str(name)


def _limits(item: Mapping[str, Any]) -> Limits:
    return Limits(
        first_reply=timedelta(minutes=item["first_reply_minutes"]),
        next_reply=timedelta(minutes=item["next_reply_minutes"]),
        resolution=timedelta(minutes=item["resolution_minutes"]),
        warn_at=item["warn_at_percent"] / 100,
        remind_after=timedelta(minutes=item["remind_after_minutes"]),
        close_after=timedelta(minutes=item["close_after_minutes"]),
        reopen_days=item["reopen_days"],
    )
