"""What citizens may ask about their own data, and by when it is done: Decree 356/2025, Article 5. Pure.

Working days are those of the offices' calendar (knowledge/calendar.py); a last day on which nobody works moves to the
next one that is worked (Civil Code, Article 148).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from functools import lru_cache
from pathlib import Path

import yaml

from bot.errors import BadData
from knowledge.calendar import WorkCalendar

PATH = Path(__file__).parent / "data" / "data_law.yaml"


class Wanted(StrEnum):
    """What a citizen wants done with their data that nobody can do at once."""

    DELETE = "delete"
    CORRECT = "correct"
    OBJECT = "object"


@dataclass(frozen=True)
class Limits:
    """How long the agency has for one kind of request."""

    acknowledge_working_days: int
    finish_days: int
    # calendar days from the request
    extension_days: int
    # once, from the first last day
    said: str
    # for citizens and officers


@dataclass(frozen=True)
class Law:
    """What bot/data/data_law.yaml says."""

    kinds: Mapping[Wanted, Limits]
    grounds: Mapping[str, str]
    # of a refusal, as the citizen reads them


@dataclass(frozen=True)
class Dates:
    """The days of one request."""

    acknowledge_by: date
    finish_by: date


@lru_cache(maxsize=1)
def load(path: Path = PATH) -> Law:
    """The rules of a file. Raises BadData when a kind is missing or a number is below one."""
    content = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    try:
        kinds = {Wanted(name): Limits(**said) for name, said in content["kinds"].items()}
        law = Law(kinds, content["grounds"])
    except (KeyError, TypeError, ValueError) as error:
        raise BadData(f"{path}: {error}") from error
    days = [item for kind in kinds.values() for item in (kind.acknowledge_working_days, kind.finish_days)]
    if set(kinds) != set(Wanted) or min(days) < 1 or not law.grounds:
        raise BadData(f"{path}: every kind with whole days from 1, and a ground of refusal")
    return law


def dates(wanted: Wanted, asked_on: date, calendar: WorkCalendar) -> Dates:
    """By when a request of a day is acknowledged and done."""
    limits = load().kinds[wanted]
    return Dates(
        calendar.add_working_days(asked_on, limits.acknowledge_working_days),
        calendar.working_day_from(asked_on + timedelta(days=limits.finish_days)),
    )


def extended(wanted: Wanted, asked_on: date, calendar: WorkCalendar) -> date:
    """By when it is done once the agency took the one extension that the Decree allows."""
    limits = load().kinds[wanted]
    return calendar.working_day_from(asked_on + timedelta(days=limits.finish_days + limits.extension_days))
