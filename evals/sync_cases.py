"""Dossiers as two systems tell them, with what really differs: planted by chance, written down apart from the program.

A case says what both systems tell, what one of them tells later, and which kinds of difference an officer who looked at
both would see. Traps look like differences and are none: lags that pass, statuses of one meaning, what is left unsaid.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache

SAME = 0.6
# share of the dossiers that both systems tell alike


@dataclass(frozen=True)
class Told:
    """What one system tells of a dossier."""

    status: int = 4
    # national number; 0: words of its own
    received: int = -20
    due: int | None = 10
    finished: int | None = None
    # days from the start of the run; None: not told
    changed_h: float | None = -50.0
    # hours from the start of the run; None: not told
    is_paid: bool | None = None
    # its fee; None: no fee is told
    is_busy: bool = False
    # it changes something in every hour
    is_there: bool = True


@dataclass(frozen=True)
class Case:
    """What both systems tell."""

    here: Told
    there: Told
    differs: frozenset[str] = frozenset()
    # kinds, as bot/sync_difference.py names them
    there_later: Told | None = None
    later_h: float = 0.0
    # hours from the start: then the national system tells this instead


TOLD, OLD, NEW = Told(), Told(changed_h=-72.0), Told(changed_h=-48.0)
SILENT, DONE, GONE = Told(changed_h=None), Told(9, finished=-3), Told(is_there=False)
PLANTED: Mapping[str, Case] = {
    "missing there": Case(TOLD, GONE, frozenset({"missing"})),
    "missing here": Case(GONE, TOLD, frozenset({"missing"})),
    "status not taken over": Case(replace(NEW, status=9), OLD, frozenset({"status", "late"})),
    "status without times": Case(replace(SILENT, status=9), SILENT, frozenset({"status"})),
    "status ahead there": Case(OLD, replace(NEW, status=9), frozenset({"status"})),
    "waiting told as done": Case(replace(TOLD, status=5), replace(TOLD, status=9), frozenset({"status"})),
    "received": Case(TOLD, replace(TOLD, received=-19), frozenset({"received"})),
    "due": Case(TOLD, replace(TOLD, due=12), frozenset({"due"})),
    "due without times": Case(SILENT, replace(SILENT, due=12), frozenset({"due"})),
    "finished": Case(DONE, replace(DONE, finished=-2), frozenset({"finished"})),
    "late": Case(NEW, OLD, frozenset({"late"})),
    "late and ever newer": Case(replace(NEW, is_busy=True), OLD, frozenset({"late"})),
    "fee due here": Case(replace(TOLD, is_paid=False), replace(TOLD, is_paid=True), frozenset({"fees"})),
    "fee due there": Case(replace(TOLD, is_paid=True), replace(TOLD, is_paid=False), frozenset({"fees"})),
}
JUST_DONE = Told(9, finished=0, changed_h=-1.0)
TRAPS: Mapping[str, Case] = {
    "done and handed over": Case(DONE, replace(DONE, status=10)),
    "taken in and in work": Case(replace(TOLD, status=2), TOLD),
    "words of its own": Case(replace(TOLD, status=0), replace(TOLD, status=9)),
    "days not told": Case(replace(TOLD, due=None), replace(TOLD, finished=-2)),
    "fees not told": Case(replace(TOLD, is_paid=False), TOLD),
    "taken over in time": Case(JUST_DONE, OLD, there_later=replace(JUST_DONE, changed_h=3.0), later_h=3.0),
    "taken over in time, without times": Case(
        replace(SILENT, status=9), SILENT, there_later=replace(SILENT, status=9), later_h=2.0
    ),
    "handed in today": Case(replace(TOLD, received=0), GONE, there_later=replace(TOLD, received=0), later_h=3.0),
}
CASES = {**PLANTED, **TRAPS}


@dataclass(frozen=True)
class Plantation:
    """Which dossier is which case."""

    dossiers: int
    seed: int

    def name(self, number: int) -> str:
        """The case of a dossier; "" when both systems tell the same."""
        chance = random.Random(self.seed * 10_000_019 + number)
        return "" if chance.random() < SAME else chance.choice(list(CASES))

    def case(self, number: int) -> Case:
        """What both tell of a dossier."""
        return CASES.get(self.name(number), Case(TOLD, TOLD))

    def truth(self) -> set[tuple[str, str]]:
        """Code and kind of everything that differs."""
        return {(code(number), kind) for number in range(self.dossiers) for kind in self.case(number).differs}


@cache
def code(number: int) -> str:
    """The code of a dossier."""
    return f"H29.{number % 90 + 10}-261101-{number:07}"


def number_of(written: str) -> int:
    """The dossier of a code."""
    return int(written[-7:])
