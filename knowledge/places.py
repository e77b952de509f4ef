"""Where one goes: offices known from secondary sources, each with its date and its caution."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import yaml

PLACES_FILE = Path(__file__).parent / "data" / "places.yaml"


class PlaceKind(StrEnum):
    """What a place is for."""

    IDENTITY_CARD = "identity_card"
    SOCIAL_INSURANCE = "social_insurance"
    LAND_REGISTRATION = "land_registration"
    CITY_CENTRE = "city_centre"


@dataclass(frozen=True)
class Place:
    """One office or counter."""

    kind: PlaceKind
    name: str
    address: str
    # street and unit; empty when the source gives none
    unit: str
    # the unit it stands in; empty when not known
    serves: tuple[str, ...]
    # the units it serves, where the source says it; empty otherwise
    whole_city: bool
    # True: it serves every unit
    formerly: str
    # the office it replaced; may be empty
    note: str
    source: str
    # the document it comes from
    via: str
    # where we read of that document
    as_of: str
    # YYYY, YYYY-MM or YYYY-MM-DD
    verify: bool
    # True: secondary, not yet checked with the office
    caution: str
    # the sentence to show with it while it is not checked

    def serves_unit(self, unit_name: str) -> bool:
        """Whether the source says that it serves a unit."""
        return self.whole_city or unit_name in self.serves


class Places:
    """The places by kind and unit."""

    def __init__(self, places: Iterable[Place]) -> None:
        self._places = tuple(places)

    @classmethod
    def load(cls, path: Path = PLACES_FILE) -> Places:
        """The places as the data file has them."""
        groups = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
        return cls(_place(item, group) for group in groups for item in group["places"])

    def __iter__(self) -> Iterator[Place]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)

    def of(self, kind: PlaceKind, unit_name: str) -> tuple[Place, ...]:
        """The places that serve a unit; when none is known to, those that stand in it."""
        found = [place for place in self._places if place.kind is kind]
        serving = tuple(place for place in found if place.serves_unit(unit_name))
        return serving or tuple(place for place in found if place.unit == unit_name)


def _place(item: Mapping[str, Any], group: Mapping[str, Any]) -> Place:
    return Place(
        kind=PlaceKind(group["kind"]),
        name=item["name"],
        address=item["address"],
        unit=item.get("unit", ""),
        serves=tuple(item.get("serves", ())),
        whole_city=item.get("whole_city", False),
        formerly=item.get("formerly", ""),
        note=item.get("note", ""),
        source=group["source"],
        via=group["via"],
        as_of=group["as_of"],
        verify=group["verify"],
        caution=group["caution"],
    )
