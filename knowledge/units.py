"""The 168 wards, communes and the special zone of the City, and what the units before 1 July 2025 became."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from knowledge import mentions
from knowledge.errors import NotFound
from knowledge.mentions import Key, Reader, Span, Text

DATA = Path(__file__).parent / "data"
MOST_SUGGESTIONS = 12
FORMERLY, NEWLY = "cu", "moi"


@dataclass(frozen=True)
class Unit:
    """A ward, commune or special zone since 1 July 2025."""

    code: str
    # of the statistics office; some codes were another unit's before
    name: str
    # with its type: "Phường Sài Gòn"
    type: str
    former_province: str


@dataclass(frozen=True)
class FormerUnit:
    """A ward, commune or township as of 30 June 2025, known by its name and district, never by its code."""

    name: str
    district: str
    province: str
    successors: tuple[Unit, ...]
    # several when the unit was split

    @property
    def type(self) -> str:
        return self.name.removesuffix(mentions.bare(self.name)).strip()


@dataclass(frozen=True)
class Current:
    """A unit of today."""

    unit: Unit


@dataclass(frozen=True)
class Former:
    """A former unit with one successor."""

    former: FormerUnit
    unit: Unit


@dataclass(frozen=True)
class Split:
    """A former unit that was split: the street decides."""

    former: FormerUnit
    units: tuple[Unit, ...]


@dataclass(frozen=True)
class SharedName:
    """A name of units of today and of former units that became others: is it the old name or the new one?"""

    units: tuple[Unit, ...]
    # several when the names differ only in their marks
    formers: tuple[FormerUnit, ...]


@dataclass(frozen=True)
class NeedsDistrict:
    """A name that several districts had."""

    name: str
    formers: tuple[FormerUnit, ...]


@dataclass(frozen=True)
class Unknown:
    """No unit found."""

    text: str
    suggestions: tuple[Unit, ...]
    # units that may be meant; never a fact


Resolution = Current | Former | Split | SharedName | NeedsDistrict | Unknown


class Units:
    """The units by code and by name."""

    def __init__(self, units: Iterable[Unit], formers: Iterable[FormerUnit], earlier: Iterable[FormerUnit]) -> None:
        self._by_code = {unit.code: unit for unit in units}
        self.formers = tuple(formers)
        self._current, self._former, self._earlier = _by_key(self), _by_key(self.formers), _by_key(earlier)
        self._districts: dict[Key, frozenset[str]] = {}
        self._provinces: dict[Key, frozenset[str]] = {}
        self._reader = Reader([], [], [])

    def __iter__(self) -> Iterator[Unit]:
        return iter(self._by_code.values())

    def __len__(self) -> int:
        return len(self._by_code)
