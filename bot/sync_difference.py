"""Differences: where the City's system and the national one tell one dossier differently. Pure.

Here is the City's system, there the national one. What one of them leaves unsaid is no difference: nothing is concluded
from a missing day, an unknown status or a fee that nobody speaks of. Statuses are compared by what they mean to the
citizen (integrations.dossiers.GROUPS): 9 and 10 are both done. How long a difference is normal says bot/sync_plan.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum

from bot.present import ZONE
from integrations.dossiers import Dossier, Group, group

DUE, PAID = "due", "paid"


class Kind(StrEnum):
    """What differs; its words are in bot/data/sync.yaml."""

    MISSING = "missing"
    # one of them has no such dossier
    STATUS = "status"
    RECEIVED = "received"
    DUE = "due"
    FINISHED = "finished"
    # the day it was taken in, the promised one, the end of the work
    LATE = "late"
    # the City's system changed it, the national one has not since
    FEES = "fees"
    # to be paid in one, paid in the other


DAYS = {Kind.RECEIVED: "accepted_on", Kind.DUE: "due_on", Kind.FINISHED: "completed_on"}
# kind -> field of Dossier


@dataclass(frozen=True)
class Difference:
    """One thing that two systems tell differently. No words of a portal and nothing of a person."""

    kind: Kind
    code: str
    # of the dossier
    unit: str
    # the unit id in the code; whose it is no public list says
    seen_at: datetime
    # aware
    here: str
    there: str
    # the number of a status, a day or moment (ISO 8601), DUE, PAID; "": it has no such dossier
    since: datetime | None
    # aware; from when on one of them was ahead of the other; None: they do not say


def differences(code: str, here: Dossier | None, there: Dossier | None, at: datetime) -> tuple[Difference, ...]:
    """What differs at a moment (aware); None: that system has no such dossier. Two that have none differ in nothing."""
    unit = unit_of(code)
    known = here or there
    if known is None:
        return ()
    if here is None or there is None:
        return (Difference(Kind.MISSING, code, unit, at, _status(here), _status(there), _begun(known)),)
    since = _ahead_since(here, there)
    unlike = _unlike(here, there)
    return tuple(Difference(kind, code, unit, at, one, other, since) for kind, one, other in unlike)


def unit_of(code: str) -> str:
    """The unit id that a dossier code begins with: H29.19."""
    return code.partition("-")[0]


def _unlike(here: Dossier, there: Dossier) -> Iterator[tuple[Kind, str, str]]:
    """What differs, and what both say."""
    groups = group(here.status), group(there.status)
    if Group.UNKNOWN not in groups and groups[0] is not groups[1]:
        yield Kind.STATUS, _status(here), _status(there)
    for kind, field in DAYS.items():
        days = getattr(here, field), getattr(there, field)
        if None not in days and days[0] != days[1]:
            yield kind, days[0].isoformat(), days[1].isoformat()
    if here.updated_at and there.updated_at and here.updated_at > there.updated_at:
        yield Kind.LATE, here.updated_at.isoformat(), there.updated_at.isoformat()
    if None not in (here.fees_due, there.fees_due) and here.fees_due != there.fees_due:
        yield Kind.FEES, _dues(here), _dues(there)


def _status(dossier: Dossier | None) -> str:
    return str(int(dossier.status)) if dossier else ""


def _dues(dossier: Dossier) -> str:
    return DUE if dossier.fees_due else PAID


def _ahead_since(one: Dossier, other: Dossier) -> datetime | None:
    """The first change of whichever changed last that the other cannot have known when it changed last."""
    if one.updated_at is None or other.updated_at is None or one.updated_at == other.updated_at:
        return None
    behind, ahead = (one, other) if one.updated_at < other.updated_at else (other, one)
    assert behind.updated_at
    return next((step.at for step in ahead.steps if step.at > behind.updated_at), ahead.updated_at)


def _begun(dossier: Dossier) -> datetime | None:
    """From when on the other system could have heard of it: its first step, or the end of the day it was handed in."""
    if dossier.steps:
        return dossier.steps[0].at
    day = dossier.applied_on or dossier.accepted_on
    return datetime.combine(day + timedelta(days=1), time(), ZONE) if day else None
