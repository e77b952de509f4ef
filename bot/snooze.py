"""Snooze: until when an officer may put a ticket off. Pure. The limits run on: bot/clocks.py does not look."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from knowledge.calendar import WorkCalendar

HOUR = timedelta(hours=1)
NOON = time(12)
LONGEST = timedelta(days=30)


class Preset(StrEnum):
    """What an officer chooses from; a date is the other way. Words in web/data/texts.yaml."""

    HOUR = "hour"
    AFTERNOON = "afternoon"
    MORNING = "morning"


def offered(now: datetime, calendar: WorkCalendar) -> Mapping[Preset, datetime]:
    """The presets that lie ahead at a moment (aware): in an hour, this afternoon, the next working morning."""
    local = now.astimezone(calendar.zone)
    today, tomorrow = local.date(), local.date() + timedelta(days=1)
    found = {Preset.HOUR: local + HOUR}
    afternoon = calendar.next_opening(_at(today, NOON, calendar))
    if local < afternoon and afternoon.date() == today:
        found[Preset.AFTERNOON] = afternoon
    return {**found, Preset.MORNING: calendar.next_opening(_at(tomorrow, time(), calendar))}


def on(day: date, now: datetime, calendar: WorkCalendar) -> datetime | None:
    """The first working moment of a day, or after it where nobody works then; None for a day past or too far ahead."""
    if not now.astimezone(calendar.zone).date() < day <= (now + LONGEST).astimezone(calendar.zone).date():
        return None
    return calendar.next_opening(_at(day, time(), calendar))


def _at(day: date, hour: time, calendar: WorkCalendar) -> datetime:
    return datetime.combine(day, hour, calendar.zone)
