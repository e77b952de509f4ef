"""Following: what somebody who asked to be told about a dossier is told, and when the portal is asked next. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache

from bot.present import ZONE
from integrations.dossiers import LABELS, Dossier, Found, Group, Status, group
from knowledge.calendar import WorkCalendar

MOST_FOLLOWED = 10
# dossiers of one conversation
LONGEST = timedelta(days=60)
# that one is followed before the citizen is asked again: well within bot.retention.KEEP, so that no conversation is
# deleted while it follows something
NEAR_WORKING_DAYS = 2
MOST_MISSING = 3
# answers in a row that there is no such dossier
LONGEST_LABEL = 200
ENDED = frozenset({Status.WITHDRAWN, Status.RETURNED})
RUNNING = frozenset({Group.WAITING, Group.PROCESSING})
# while the work waits for the citizen the due day does not come nearer
ZALO = timedelta(hours=48)
# after a citizen's last message on Zalo; later news waits until they write again (bot/zalo_window.py: FREE)
SOONEST, LATEST = 0.8, 0.95
# parts of the interval after which a dossier is asked again: it is spread, and never longer than the interval


@dataclass(frozen=True)
class Plan:
    """How often the portal is asked, and when citizens may be written to."""

    interval: timedelta = timedelta(minutes=60)
    # by day a dossier is asked once in it, and never twice within four fifths of it
    day_from_h: int = 7
    day_until_h: int = 21
    # hours of the City; nothing is asked and nobody is told outside them
    per_s: float = 40.0
    # questions to the portal in a second, of this process

    def is_day(self, at: datetime) -> bool:
        """Whether citizens may be told something at a moment (aware)."""
        return self.day_from_h <= at.astimezone(ZONE).hour < self.day_until_h

    def next_ask(self, at: datetime, draw: float) -> datetime:
        """When a dossier asked at a moment is asked again; at night, spread over the first interval of the morning.

        `draw`, from 0 to 1, spreads dossiers that were asked together.
        """
        soon = at + self.interval * (SOONEST + (LATEST - SOONEST) * draw)
        if self.is_day(soon):
            return soon
        here = soon.astimezone(ZONE)
        day = here.date() + timedelta(days=here.hour >= self.day_until_h)
        return datetime.combine(day, time(self.day_from_h), ZONE) + self.interval * LATEST * draw


@dataclass(frozen=True)
class Seen:
    """What a follower was last told of a dossier: they are told again when any of it differs."""

    label: str
    # of the status: the national words, or the portal's own for a status that nobody knows
    due_on: date | None
    completed_on: date | None
    fees_due: bool | None = None
    # whether a fee is unpaid; None: the portal never said, which is told like no


@dataclass(frozen=True)
class Follower:
    """Somebody who follows a dossier."""

    id: int
    conversation_id: int
    channel: str
    address: str
    code: str
    seen: Seen
    seen_at: datetime
    # aware; when the portal said so
    due_told: date | None
    # the due day whose nearing was told
    until: datetime
    # aware; then following ends
    told: int
    # how many notices there were: the number of the last one


class Kind(StrEnum):
    """What a notice is about; its words are the note `follow_<kind>`."""

    CHANGED = "changed"
    DUE_MOVED = "due_moved"
    UPDATED = "updated"
    FEES_DUE = "fees_due"
    FEES_PAID = "fees_paid"
    NEAR = "near"
    LATE = "late"
    ENDED = "ended"
    MISSING = "missing"
    OVER = "over"


@dataclass(frozen=True)
class News:
    """What a follower is to be told, and what is remembered of it."""

    kinds: tuple[Kind, ...]
    seen: Seen
    seen_at: datetime
    due_told: date | None

    @property
    def ends(self) -> bool:
        """Whether following ends with it."""
        return self.kinds[-1] in (Kind.ENDED, Kind.MISSING, Kind.OVER)


@lru_cache(maxsize=1)
def calendar() -> WorkCalendar:
    """The working days, read once."""
    return WorkCalendar.load()


def seen(dossier: Dossier) -> Seen:
    """What a follower knows of a dossier who was told it."""
    label = LABELS.get(dossier.status, dossier.status_label[:LONGEST_LABEL])
    return Seen(label, dossier.due_on, dossier.completed_on, dossier.fees_due)


def is_over(dossier: Dossier) -> bool:
    """Whether nothing more will happen to it."""
    return dossier.status in ENDED


def news(follower: Follower, found: Found, today: date, days: WorkCalendar) -> News | None:
    """What the portal's answer means to a follower; None when they know it, or know something later."""
    if found.stale or found.fetched_at <= follower.seen_at:
        return None
    dossier, now_seen = found.dossier, _since(follower.seen, seen(found.dossier))
    deadline = _deadline(dossier, follower.due_told, today, days)
    kinds = (*_changes(follower.seen, now_seen), *((deadline,) if deadline else ()))
    if not kinds:
        return None
    kinds = (*kinds, Kind.ENDED) if is_over(dossier) else kinds
    return News(kinds, now_seen, found.fetched_at, dossier.due_on if deadline else follower.due_told)


def farewell(follower: Follower, kind: Kind) -> News:
    """The last notice that no answer of the portal brings: MISSING or OVER."""
    return News((kind,), follower.seen, follower.seen_at, follower.due_told)


def due_told(dossier: Dossier, today: date, days: WorkCalendar) -> date | None:
    """The due day that needs no notice, because whoever begins to follow sees that it is near or past."""
    return dossier.due_on if _deadline(dossier, None, today, days) else None


def _since(before: Seen, after: Seen) -> Seen:
    """What is known now: a portal that leaves open whether a fee is paid takes nothing back."""
    return after if after.fees_due is not None else replace(after, fees_due=before.fees_due)


def _changes(before: Seen, after: Seen) -> tuple[Kind, ...]:
    """What differs, told in the fewest sentences."""
    moved = before.due_on is not None and after.due_on is not None and before.due_on != after.due_on
    found = [Kind.CHANGED] if before.label != after.label else []
    found += [Kind.DUE_MOVED] if moved else []
    found += _payment(before, after)
    is_same = (before.due_on, before.completed_on) == (after.due_on, after.completed_on)
    return tuple(found) if found or is_same else (Kind.UPDATED,)


def _payment(before: Seen, after: Seen) -> list[Kind]:
    """A fee to be paid, unless the status has just said so; or every fee paid, where one was not."""
    is_due, asks = after.fees_due is True, LABELS[Status.PAYMENT_REQUIRED]
    if is_due == (before.fees_due is True):
        return []
    if not is_due:
        return [Kind.FEES_PAID]
    return [] if after.label == asks != before.label else [Kind.FEES_DUE]


def _deadline(dossier: Dossier, told: date | None, today: date, days: WorkCalendar) -> Kind | None:
    """The due day is two working days away or nearer, or has passed; told once for each due day."""
    due_on = dossier.due_on
    if due_on is None or due_on == told or group(dossier.status) not in RUNNING:
        return None
    if today > due_on:
        return Kind.LATE
    return Kind.NEAR if days.count_working_days(today, due_on) <= NEAR_WORKING_DAYS else None
