"""What a check found, and the words for it (bot/data/doctor.yaml)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

import yaml

WORDS = Path(__file__).parents[1] / "data" / "doctor.yaml"


class Mark(StrEnum):
    """How much it matters."""

    GOOD = "✓"
    LOOK = "!"
    # it works; somebody should look at it
    BROKEN = "✗"


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    check: str
    # a key of doctor.yaml
    state: str
    # one of that check's states
    facts: Mapping[str, object] = field(default_factory=dict)
    # what the sentence names


@dataclass(frozen=True)
class Advice:
    """A finding in words."""

    name: str
    # of what was looked at
    state: str
    mark: Mark
    says: str
    do: str
    # empty: nothing


@cache
def words() -> Mapping[str, Mapping[str, Any]]:
    """Each check with its name and its states."""
    content: dict[str, dict[str, Any]] = yaml.load(WORDS.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    return content


def told(finding: Finding) -> Advice:
    """A finding in the words of its state."""
    known = words()[finding.check]
    state = known["states"][finding.state]
    says, do = (state.get(part, "").format(**finding.facts) for part in ("says", "do"))
    return Advice(known["name"], finding.state, Mark[state["mark"].upper()], says, do)


def is_healthy(advice: Iterable[Advice]) -> bool:
    """Whether nothing is broken."""
    return all(item.mark is not Mark.BROKEN for item in advice)
