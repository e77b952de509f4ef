"""Clocks: how soon a desk owes what, in its working time. Pure, over a ticket's history and the desk's plan.

A complaint has limits of its own (bot/forwarding.py); only replies that are owed in the talk run as elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise

from bot import forwarding
from bot.desks import DeskPlan
from bot.forwarding import Span
from bot.ledger import Entry
from bot.ticket import WAITING, Event, Stage

SPOKEN = frozenset({Event.REPLIED, Event.ASKED})
BEGUN = frozenset({Event.OPENED, Event.REOPENED})
PASSED_ON = frozenset({Event.RETURNED, Event.FREED, Event.TRANSFERRED, Event.HANDED, Event.REROUTED})


class Limit(StrEnum):
    """What is owed."""

    FIRST_REPLY = "first_reply"
    NEXT_REPLY = "next_reply"
    RESOLUTION = "resolution"
    FORWARDING = "forwarding"
    # of a complaint
    UNCLEAR_FORWARDING = "unclear_forwarding"
    # where the authority had to be found out
    AGENCY_ANSWER = "agency_answer"


OURS = frozenset({Limit.FIRST_REPLY, Limit.NEXT_REPLY, Limit.FORWARDING, Limit.UNCLEAR_FORWARDING})
# somebody waits for the desk itself


class Cause(StrEnum):
    """Why a limit was passed; words in bot/data/tickets.yaml."""

    NOBODY_ON_DUTY = "nobody_on_duty"
    AT_CAPACITY = "at_capacity"
    NOT_CLAIMED = "not_claimed"
    # somebody was there and had room
    PASSED_ON = "passed_on"
    WAITED_FOR_CITIZEN = "waited_for_citizen"
    OFFICER_SILENT = "officer_silent"
    AGENCY_SILENT = "agency_silent"


@dataclass(frozen=True)
class Clock:
    """One limit of one ticket."""

    limit: Limit
    started_at: datetime
    warn_at: datetime | None
    due_at: datetime | None
    # both None while it rests: the citizen is waited for
    stopped_at: datetime | None
    # None while it runs

    @property
    def name(self) -> str:
        """What tells it from the other clocks of its ticket."""
        return f"{self.limit} {self.started_at.isoformat()}"

    def is_warning(self, now: datetime) -> bool:
        """Whether it runs and is near its end."""
        return self.stopped_at is None and self.warn_at is not None and self.warn_at <= now

    def is_breached(self, now: datetime) -> bool:
        """Whether the limit was passed, by now or before it stopped."""
        return self.due_at is not None and self.due_at <= (self.stopped_at or now)


def clocks(history: Sequence[Entry], plan: DeskPlan) -> list[Clock]:
    """Every clock of a ticket, in the order they started."""
    others = _forwardings(history, plan) if forwarding.track(history) else _resolutions(history, plan)
    return sorted([*_replies(history, plan), *others], key=lambda clock: clock.started_at)


def cause(history: Sequence[Entry], clock: Clock, someone_on_duty: bool, someone_free: bool) -> Cause:
    """Why a limit was passed, as it looks when it was."""
    during = [entry for entry in history if entry.at >= clock.started_at]
    if clock.limit is Limit.AGENCY_ANSWER:
        return Cause.AGENCY_SILENT
    if history[-1].stage in WAITING and not someone_on_duty:
        return Cause.NOBODY_ON_DUTY
    if history[-1].stage in WAITING and not someone_free:
        return Cause.AT_CAPACITY
    if any(entry.event in PASSED_ON for entry in during):
        return Cause.PASSED_ON
    if clock.limit is Limit.RESOLUTION and any(entry.stage is Stage.CITIZEN for entry in during):
        return Cause.WAITED_FOR_CITIZEN
    return Cause.NOT_CLAIMED if history[-1].stage in WAITING else Cause.OFFICER_SILENT


def _replies(history: Sequence[Entry], plan: DeskPlan) -> Iterator[Clock]:
    """The first reply is owed from the opening on; the next ones from the first words that nobody answered."""
    owed_since, limit = None, Limit.FIRST_REPLY
    for entry in history:
        if owed_since is None and entry.event in (*BEGUN, Event.WROTE):
            owed_since = entry.at
            limit = Limit.FIRST_REPLY if entry.event is Event.OPENED else Limit.NEXT_REPLY
        elif owed_since is not None and (entry.event in SPOKEN or entry.stage in (Stage.CLOSED, Stage.BESIDE)):
            yield _clock(limit, owed_since, entry.at, plan)
            owed_since = None
    if owed_since is not None:
        yield _clock(limit, owed_since, None, plan)


def _clock(limit: Limit, started_at: datetime, stopped_at: datetime | None, plan: DeskPlan) -> Clock:
    length = plan.limits.first_reply if limit is Limit.FIRST_REPLY else plan.limits.next_reply
    warn_at = plan.calendar.add_worked(started_at, length * plan.limits.warn_at)
    return Clock(limit, started_at, warn_at, plan.calendar.add_worked(started_at, length), stopped_at)


def _resolutions(history: Sequence[Entry], plan: DeskPlan) -> Iterator[Clock]:
    """From each opening to its closing; the clock rests while the citizen is waited for."""
    starts = [index for index, entry in enumerate(history) if entry.event in BEGUN]
    for start, end in zip(starts, [*starts[1:], len(history)], strict=True):
        part = history[start:end]
        stopped_at = part[-1].at if part[-1].stage is Stage.CLOSED else None
        worked = _worked(part, plan)
        ends = [_reached(part, worked, plan, plan.limits.resolution * share) for share in (plan.limits.warn_at, 1.0)]
        yield Clock(Limit.RESOLUTION, part[0].at, ends[0], ends[1], stopped_at)


def _worked(part: Sequence[Entry], plan: DeskPlan) -> list[timedelta]:
    """How much was worked on a ticket after each of its rows but the last; nothing while it rested."""
    return [
        timedelta() if entry.stage is Stage.CITIZEN else plan.calendar.worked_between(entry.at, following.at)
        for entry, following in pairwise(part)
    ]


def _reached(part: Sequence[Entry], worked: Sequence[timedelta], plan: DeskPlan, left: timedelta) -> datetime | None:
    """When so much time has been worked on a ticket; None when it rests before."""
    for entry, span in zip(part, worked, strict=False):
        if entry.stage is not Stage.CITIZEN and left <= span:
            return plan.calendar.add_worked(entry.at, left)
        left -= span
    return None if part[-1].stage in (Stage.CITIZEN, Stage.CLOSED) else plan.calendar.add_worked(part[-1].at, left)


def _forwardings(history: Sequence[Entry], plan: DeskPlan) -> Iterator[Clock]:
    """A complaint is forwarded, later where the authority is unclear; then the agencies owe an answer.

    The limits run on while the citizen is waited for: the rules know no rest.
    """
    limits, filed_at = forwarding.load(), history[0].at
    gone_at = forwarding.first(history, Event.FORWARDED) or _closed_at(history)
    unclear_at = forwarding.first(history, Event.UNCLEAR)
    if unclear_at is not None and gone_at is not None and gone_at < unclear_at:
        unclear_at = None
    yield _limited(Limit.FORWARDING, filed_at, unclear_at or gone_at, limits.forward, plan)
    if unclear_at is not None:
        yield _limited(Limit.UNCLEAR_FORWARDING, filed_at, gone_at, limits.unclear, plan)
    starts = [0, *(index for index, entry in enumerate(history) if entry.event is Event.REOPENED), len(history)]
    for part in (history[start:end] for start, end in pairwise(starts)):
        sent_at = forwarding.first(part, Event.FORWARDED)
        if sent_at is not None:
            span = limits.answer_by(forwarding.agencies(part))
            yield _limited(Limit.AGENCY_ANSWER, sent_at, _closed_at(part), span, plan)


def _closed_at(part: Sequence[Entry]) -> datetime | None:
    return part[-1].at if part[-1].stage is Stage.CLOSED else None


def _limited(limit: Limit, started_at: datetime, stopped_at: datetime | None, span: Span, plan: DeskPlan) -> Clock:
    ends = [span.after(started_at, plan.calendar, share) for share in (forwarding.load().warn_at, 1.0)]
    return Clock(limit, started_at, ends[0], ends[1], stopped_at)
