"""What changes for citizens between two editions of the catalogue, field by field."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Record = Mapping[str, Any]

UNSEEN = {"checked_on", "examples", "aliases", "source", "review_after_days"}
# fields that change no answer's facts


@dataclass(frozen=True)
class Change:
    """One field of one procedure."""

    code: str
    name: str
    field: str
    # "fees.0.amount_vnd"; empty for a procedure that came or went
    before: str
    after: str


def changes(
    before: Mapping[str, Record], after: Mapping[str, Record], left_out: Collection[str] = UNSEEN
) -> Iterator[Change]:
    """Every change, by code, but for fields that are left out. Records are keyed by their code."""
    for code in sorted(before.keys() | after.keys()):
        old, new = before.get(code), after.get(code)
        if old is None or new is None:
            yield Change(
                code, (old or new or {})["name"], "", "" if old is None else "there", "" if new is None else "there"
            )
            continue
        for field in sorted(old.keys() | new.keys()):
            if field not in left_out:
                yield from _field(code, new["name"], field, old.get(field), new.get(field))


def _field(code: str, name: str, path: str, old: Any, new: Any) -> Iterator[Change]:
    """Down to the single values that differ."""
    if old == new:
        return
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in sorted(old.keys() | new.keys()):
            yield from _field(code, name, f"{path}.{key}", old.get(key), new.get(key))
    elif isinstance(old, list) and isinstance(new, list):
        for index in range(max(len(old), len(new))):
            pair = [values[index] if index < len(values) else None for values in (old, new)]
            yield from _field(code, name, f"{path}.{index}", *pair)
    else:
        yield Change(code, name, path, _shown(old), _shown(new))


def _shown(value: Any) -> str:
    return "" if value is None else str(value)
