"""The 168 wards, communes and the special zone of the City, and what the units before 1 July 2025 became."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from knowledge import mentions
from knowledge.errors import NotFound
from knowledge.mentions import Key, Reader, Span, Text

DATA = Path(__file__).parent / "data"
CITY = "Thành phố Hồ Chí Minh"
# as an area it tells nothing: its name is on every address
MOST_SUGGESTIONS = 12
Area = frozenset[str]
# the districts it covers; a province covers several
FORMERLY, NEWLY = "cũ", "mới"
# beside a name they say which of its two meanings it has


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
    """The units by name, today's and former ones."""

    def __init__(
        self,
        units: Iterable[Unit],
        formers: Iterable[FormerUnit],
        earlier: Iterable[FormerUnit],
        renamed_districts: Mapping[str, str],
    ) -> None:
        self._units, self.formers = tuple(units), tuple(formers)
        self._current, self._former, self._earlier = _by_key(self._units), _by_key(self.formers), _by_key(earlier)
        districts = {former.district: frozenset({former.district}) for former in self.formers}
        districts |= {name: frozenset({now}) for name, now in renamed_districts.items()}
        provinces = {former.province: _districts_of(former.province, self.formers) for former in self.formers}
        provinces.pop(CITY, None)
        self._areas: dict[Key, Area] = {mentions.key(name): area for name, area in (districts | provinces).items()}
        wards = {*self._current, *self._former, *self._earlier}
        self._reader = Reader(wards, map(mentions.key, districts), map(mentions.key, provinces))

    @classmethod
    def load(cls, folder: Path = DATA) -> Units:
        """The units as the data files have them."""
        units = {row["code"]: Unit(**row) for row in _rows(folder / "units.csv")}
        renamed = {row["earlier_district"]: row["old_district"] for row in _rows(folder / "former_districts.csv")}
        formers = _former_units(folder / "former_units.csv", units, {})
        earlier = _former_units(folder / "earlier_units.csv", units, renamed)
        return cls(units.values(), formers, earlier, renamed)

    def __iter__(self) -> Iterator[Unit]:
        return iter(self._units)

    def __len__(self) -> int:
        return len(self._units)

    def named(self, name: str) -> Unit:
        """The unit of today with exactly this name. Raises NotFound."""
        for unit in self._current.get(mentions.key(name), ()):
            if unit.name == name:
                return unit
        raise NotFound(f"no unit {name}")

    def resolve(self, text: str) -> Resolution:
        """Which unit a text names first, in whatever spelling."""
        written = mentions.words(text)
        areas = self._reader.areas(written)
        rest = mentions.without(written, areas)
        if wards := self._reader.wards(rest):
            until = wards[1].start if len(wards) > 1 else len(written)
            return self._settled(text, written, wards[0], [area for area in areas if area.start < until])
        if wards := self._of_their_type(self._reader.misspelt_wards(rest)):
            return self._settled_misspelling(text, written, wards, areas)
        if wards := list(self._bare(rest, areas)):
            return self._settled_bare(text, written, wards, areas)
        return self._settled_area(text, rest, areas)

    def _settled(self, text: str, written: Text, span: Span, areas: Sequence[Span]) -> Resolution:
        """What a name means, given the areas named around it."""
        area_span = self._area_of(written, span, areas)
        area = self._areas[area_span.key] if area_span else None
        bearers = self._bearers(span.key, area)
        beside = (span.start - 1, span.end, area_span.end if area_span else span.end)
        bearers = bearers.of_era(mentions.first_of((FORMERLY, NEWLY), written, beside))
        bearers = bearers.narrowed(lambda named: named.type == span.type)
        if mentions.is_marked(written[span.start : span.end]):
            spelt = span.spelling(written)
            bearers = bearers.narrowed(lambda named: mentions.spelling(named.name) == spelt)
        return bearers.resolution() or Unknown(text, self._suggestions(span.key, area))

    def _settled_misspelling(
        self, text: str, written: Text, spans: Sequence[Span], areas: Sequence[Span]
    ) -> Resolution:
        """What a misspelt name means, when only one reading leads to a unit."""
        found = [self._settled(text, written, span, areas) for span in spans]
        known = [resolution for resolution in found if not isinstance(resolution, Unknown)]
        if len(known) == 1:
            return known[0]
        return Unknown(text, _first_units(unit for resolution in found for unit in offered(resolution)))

    def _settled_bare(self, text: str, written: Text, spans: Sequence[Span], areas: Sequence[Span]) -> Resolution:
        """What a name without its type means; the name of a district may mean the whole district."""
        wide = [span for span in spans if self._is_wide(span)]
        narrow = [span for span in spans if span not in wide]
        span = (narrow or wide)[0]
        areas = sorted([*areas, *wide[:1]], key=lambda area: area.start) if narrow else areas
        if narrow or self._area_of(written, span, areas):
            return self._settled(text, written, span, areas)
        return Unknown(text, self._suggestions(span.key, self._areas[span.key]))

    def _settled_area(self, text: str, rest: Text, areas: Sequence[Span]) -> Resolution:
        """What a text without any ward's name means: only a district of one unit leads to a unit."""
        area: Area = self._areas[areas[0].key] if areas else frozenset()
        formers = self._inside(area)
        if len(formers) == 1:
            return _successor(formers[0])
        similar = self._of_their_type(self._reader.similar_wards(rest))
        meant = [unit for span in similar for unit in self._heirs(span.key)]
        return Unknown(text, _first_units([*meant, *_successors(formers)]))

    def _bare(self, written: Text, areas: Sequence[Span]) -> Iterator[Span]:
        """The names without their type that are surely places: by their marks, or by what stands around them."""
        marked = mentions.is_marked(written)
        for span in self._reader.bare_wards(written):
            spelt = span.spelling(written)
            exact = marked and any(mentions.spelling(named.name) == spelt for named in self._bearers(span.key).all)
            placed = mentions.follows_a_place_word(written, span) or self._is_alone(written, span, areas)
            if exact or (placed and spelt == span.key):
                yield span

    def _is_alone(self, written: Text, span: Span, areas: Sequence[Span]) -> bool:
        """Whether a text consists of a name and its area."""
        area = self._area_of(written, span, areas)
        return mentions.is_empty(mentions.without(written, [span, area] if area else [span]))

    def _of_their_type(self, readings: Iterable[Sequence[Span]]) -> list[Span]:
        """The readings of the first misspelt name that fit the type before it."""
        for spans in readings:
            if fitting := [span for span in spans if any(it.type == span.type for it in self._bearers(span.key).all)]:
                return fitting
        return []

    def _is_wide(self, span: Span) -> bool:
        """Whether a name is also that of an area with several units."""
        return len(_successors(self._inside(self._areas.get(span.key, frozenset())))) > 1

    def _area_of(self, written: Text, span: Span, areas: Sequence[Span]) -> Span | None:
        """The area a name belongs to: named after it, beside it without a type, or before it."""
        after = next((area for area in areas if area.start >= span.end), None)
        before = next((area for area in reversed(areas) if area.end <= span.start), None)
        return after or self._reader.area_at(written, span.end) or before

    def _inside(self, area: Area) -> list[FormerUnit]:
        return [former for former in self.formers if former.district in area]

    def _bearers(self, key: Key, area: Area | None = None) -> _Bearers:
        """Who bears a name: within an area the former units go first, since areas belong to old addresses."""
        units, formers = self._current.get(key, ()), self._former.get(key, ())
        if area is None:
            return _Bearers(tuple(units), tuple(formers))
        inside = tuple(former for former in formers if former.district in area)
        heirs = _successors(self._inside(area))
        return _Bearers(() if inside else tuple(unit for unit in units if unit in heirs), inside)

    def _heirs(self, key: Key) -> tuple[Unit, ...]:
        """The units of today that a name may lead to."""
        formers = (*self._former.get(key, ()), *self._earlier.get(key, ()))
        return (*self._current.get(key, ()), *_successors(formers))

    def _suggestions(self, key: Key, area: Area | None) -> tuple[Unit, ...]:
        """Before 2025 in this area; otherwise by that name anywhere, then of the area."""
        earlier = [unit for unit in self._earlier.get(key, ()) if area is None or unit.district in area]
        if earlier:
            return _first_units(_successors(earlier))
        return _first_units([*self._heirs(key), *_successors(self._inside(area or frozenset()))])


@dataclass(frozen=True)
class _Bearers:
    """Who bears one name."""

    units: tuple[Unit, ...]
    formers: tuple[FormerUnit, ...]

    @property
    def all(self) -> tuple[Unit | FormerUnit, ...]:
        return (*self.units, *self.formers)

    def of_era(self, era: str) -> _Bearers:
        """Those of the time that a word beside the name tells."""
        if era == FORMERLY and self.formers:
            return _Bearers((), self.formers)
        return _Bearers(self.units, ()) if era == NEWLY and self.units else self

    def narrowed(self, fits: Callable[[Unit | FormerUnit], bool]) -> _Bearers:
        """Those that fit; all of them when none does."""
        kept = _Bearers(tuple(filter(fits, self.units)), tuple(filter(fits, self.formers)))
        return kept if kept.all else self

    def resolution(self) -> Resolution | None:
        """The one unit, or what has to be asked; None when nobody bears the name."""
        elsewhere = tuple(former for former in self.formers if not {*former.successors} <= {*self.units})
        if len(self.units) == 1 and not elsewhere:
            return Current(self.units[0])
        if self.units:
            return SharedName(self.units, elsewhere)
        if len(self.formers) == 1:
            return _successor(self.formers[0])
        return NeedsDistrict(_common_name(self.formers), self.formers) if self.formers else None


def offered(resolution: Resolution) -> tuple[Unit, ...]:
    """Every unit a resolution speaks of."""
    match resolution:
        case Current(unit) | Former(_, unit):
            return (unit,)
        case Split(_, units):
            return units
        case SharedName(units, formers):
            return _first_units([*units, *_successors(formers)])
        case NeedsDistrict(_, formers):
            return _successors(formers)
        case Unknown(_, suggestions):
            return suggestions


def _successor(former: FormerUnit) -> Former | Split:
    if len(former.successors) == 1:
        return Former(former, former.successors[0])
    return Split(former, former.successors)


def _successors(formers: Iterable[FormerUnit]) -> tuple[Unit, ...]:
    return tuple(dict.fromkeys(unit for former in formers for unit in former.successors))


def _first_units(units: Iterable[Unit]) -> tuple[Unit, ...]:
    return tuple(dict.fromkeys(units))[:MOST_SUGGESTIONS]


def _common_name(formers: Sequence[FormerUnit]) -> str:
    """The name with its type when all have the same type."""
    names = {former.name for former in formers}
    return names.pop() if len(names) == 1 else mentions.bare(formers[0].name)


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def _former_units(path: Path, units: Mapping[str, Unit], renamed: Mapping[str, str]) -> list[FormerUnit]:
    """One former unit for all rows of the same name, district and province."""
    successors: dict[tuple[str, str, str], list[Unit]] = {}
    for row in _rows(path):
        district = renamed.get(row["old_district"], row["old_district"])
        successors.setdefault((row["old_ward"], district, row["old_province"]), []).append(units[row["new_code"]])
    return [FormerUnit(*identity, tuple(found)) for identity, found in successors.items()]


_Named = TypeVar("_Named", Unit, FormerUnit)


def _by_key(named: Iterable[_Named]) -> dict[Key, list[_Named]]:
    found: dict[Key, list[_Named]] = {}
    for item in named:
        found.setdefault(mentions.key(item.name), []).append(item)
    return found


def _districts_of(province: str, formers: Iterable[FormerUnit]) -> Area:
    return frozenset(former.district for former in formers if former.province == province)
