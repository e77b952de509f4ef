"""Records: the catalogue as its editors see it: what each record leaves open, and when it was last checked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from bot.cards import holds
from bot.present import ZONE
from knowledge.catalogue import Catalogue
from knowledge.procedure import OpenPoint, Procedure
from nlu.text import fold


class Want(StrEnum):
    """What an editor looks for."""

    OPEN = "open"
    # the source leaves something open
    DUE = "due"
    # not checked for longer than its review limit
    ENDED = "ended"
    # holds no more
    ALL = "all"


@dataclass(frozen=True)
class Entry:
    """One reviewed record."""

    code: str
    name: str
    field: str
    checked_on: date
    source_as_of: str
    is_due: bool
    # to be checked again
    is_in_force: bool
    open_points: tuple[OpenPoint, ...]

    @property
    def parts(self) -> tuple[str, ...]:
        """The parts of the record that are left open, each once."""
        return tuple(dict.fromkeys(point.field.partition(".")[0] for point in self.open_points))


class Records:
    """The reviewed records of the edition that is served."""

    def __init__(self, catalogue: Callable[[], Catalogue], clock: Callable[[], datetime]) -> None:
        self._catalogue = catalogue
        self._clock = clock

    def fields(self) -> list[str]:
        """The fields that have reviewed records."""
        return sorted({item.field for item in self._catalogue() if item.reviewed})

    def find(self, want: Want = Want.OPEN, field: str = "", words: str = "") -> list[Entry]:
        """The records of a kind, of one field or all; those that were checked longest ago first.

        Of those whose code, name or other names hold every word, with accents or without.
        """
        found = (one for one in self._all(field, words) if _is(one, want))
        return sorted(found, key=lambda one: (one.checked_on, one.field, one.code))

    def counts(self, field: str = "", words: str = "") -> dict[Want, int]:
        """How many records of each kind there are."""
        entries = list(self._all(field, words))
        return {want: sum(_is(one, want) for one in entries) for want in Want}

    def of(self, code: str) -> Entry:
        """One record. Raises KeyError."""
        found = next((item for item in self._catalogue() if item.code == code and item.reviewed), None)
        if found is None:
            raise KeyError(code)
        return _entry(found, self._today())

    def _all(self, field: str, words: str) -> Iterator[Entry]:
        today, wanted = self._today(), fold(words).split()
        for item in self._catalogue():
            if item.reviewed and field in ("", item.field) and holds(item, wanted):
                yield _entry(item, today)

    def _today(self) -> date:
        return self._clock().astimezone(ZONE).date()


def _entry(item: Procedure, today: date) -> Entry:
    return Entry(
        code=item.code,
        name=item.name,
        field=item.field,
        checked_on=item.checked_on,
        source_as_of=item.source_as_of,
        is_due=item.review_is_due(today),
        is_in_force=item.in_force(today),
        open_points=item.open_points,
    )


def _is(entry: Entry, want: Want) -> bool:
    return {
        Want.OPEN: bool(entry.open_points),
        Want.DUE: entry.is_due,
        Want.ENDED: not entry.is_in_force,
        Want.ALL: True,
    }[want]
