"""The plan of the comparison: how long a difference is normal, when a desk is told, and the words for what differs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from bot.errors import BadData
from bot.present import ZONE
from bot.sync_difference import DAYS, Difference, Kind
from integrations.dossiers import LABELS, Status

PATH = Path(__file__).parent / "data" / "sync.yaml"


@dataclass(frozen=True)
class SyncPlan:
    """What bot/data/sync.yaml decides."""

    lags: Mapping[Kind, timedelta]
    # so long a difference is normal
    alarm_from: int
    # untold differences of one unit
    desks: Mapping[str, str]
    # unit id -> desk; a unit that is not here is looked after by the desk for everyone

    def counts_from(self, difference: Difference) -> datetime:
        """From when on it is no normal lag any more, if it is seen then still."""
        return (difference.since or difference.seen_at) + self.lags[difference.kind]


@dataclass(frozen=True)
class Words:
    """How officers read differences."""

    kinds: Mapping[str, str]
    says: Mapping[str, str]
    columns: Mapping[str, str]

    def said(self, kind: Kind, told: str) -> str:
        """What a system says (Difference.here, .there) as people write it: a label, 21/11/2026, 09:05 21/11/2026."""
        if told in self.says:
            return self.says[told]
        if kind in (Kind.STATUS, Kind.MISSING):
            return LABELS.get(Status(int(told)), self.says["unknown"])
        if kind in DAYS:
            return date.fromisoformat(told).strftime("%d/%m/%Y")
        return moment(datetime.fromisoformat(told))


def moment(at: datetime) -> str:
    """A moment in the City: 09:05 21/11/2026."""
    return at.astimezone(ZONE).strftime("%H:%M %d/%m/%Y")


def read(content: Mapping[str, Any]) -> SyncPlan:
    """The plan of a file's content. Raises BadData."""
    try:
        lags = {Kind(name): timedelta(hours=hours) for name, hours in content["lag_hours"].items()}
        plan = SyncPlan(lags, int(content["alarm_from"]), dict(content["desks"]))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise BadData(f"sync: {error!r}") from error
    if set(lags) != set(Kind) or min(lags.values()) < timedelta() or plan.alarm_from < 1:
        raise BadData("sync: every kind has a lag from 0, and an alarm begins at 1 or more")
    return plan


@lru_cache(maxsize=1)
def load() -> SyncPlan:
    """The shipped plan. Raises BadData."""
    return read(_content())


@lru_cache(maxsize=1)
def words() -> Words:
    """The shipped words."""
    return Words(*(_content()[name] for name in ("kinds", "says", "columns")))


def _content() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.load(PATH.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    return loaded
