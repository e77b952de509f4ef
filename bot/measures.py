"""Measures: every figure of the reports, defined once. Pure; what each says stands in bot/data/measures.yaml.

python -m bot.measures --write    writes the data dictionary into docs/statistics.md
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from pathlib import Path

import yaml

from bot.outcomes import Outcome
from bot.satisfaction import SATISFIED
from bot.shares import Share

PATH = Path(__file__).parent / "data" / "measures.yaml"
DOCUMENT = Path(__file__).parents[1] / "docs" / "statistics.md"
BEGINS, ENDS = "<!-- written by python -m bot.measures --write -->", "<!-- end of the data dictionary -->"
STEPS = range(1, 6)
WHOLE = 1000
# shares are shown in tenths of a percent
UNCLEAR = "unclear"
# key of a wait that would be negative: it is counted, and is in no percentile


class Name(StrEnum):
    """The figures."""

    MESSAGES = "messages"
    ANSWERED = "answered"
    CLARIFIED = "clarified"
    HANDED_OFF = "handed_off"
    DECLINED = "declined"
    NOT_RESOLVED = "not_resolved"
    SAID_TO_OFFICER = "said_to_officer"
    OTHER_TALK = "other_talk"
    CONVERSATIONS = "conversations"
    PROCEDURE_ASKED = "procedure_asked"
    TICKETS_OPENED = "tickets_opened"
    COMPLAINTS_FILED = "complaints_filed"
    TICKETS_MOVED = "tickets_moved"
    TICKETS_REOPENED = "tickets_reopened"
    TICKETS_SETTLED = "tickets_settled"
    TICKETS_ENDED = "tickets_ended"
    CLOSED_UNANSWERED = "closed_unanswered"
    FIRST_ANSWERS = "first_answers"
    FIRST_ANSWER_WAIT = "first_answer_wait"
    WAIT_P50_MIN = "wait_p50_min"
    WAIT_P90_MIN = "wait_p90_min"
    CLOCKS_MET = "clocks_met"
    CLOCKS_BROKEN = "clocks_broken"
    CLOCKS_MET_SHARE = "clocks_met_share"
    MOST_AT_ONCE = "most_at_once"
    SATISFACTION_ASKED = "satisfaction_asked"
    SATISFACTION = "satisfaction"
    SATISFIED_SHARE = "satisfied_share"
    REASONS = "reasons"


class Adds(StrEnum):
    """How days and places are put together."""

    SUM = "sum"
    MOST = "most"
    SPREAD = "spread"
    DERIVED = "derived"


@dataclass(frozen=True)
class Measure:
    """What one figure says; the words are for officers and managers."""

    name: Name
    label: str
    meaning: str
    unit: str
    source: str
    # tables, as in bot/tables.py
    counted: str
    # on which day, and where
    adds: Adds
    outcomes: frozenset[Outcome] = frozenset()
    # of turns that it counts


class Counts:
    """What was counted of one place or period: measure and key to a number."""

    def __init__(self, counted: Iterable[tuple[str, str, int]] = ()) -> None:
        self._counted: dict[str, dict[str, int]] = {}
        for row in counted:
            self.add(*row)

    def add(self, measure: str, key: str, number: int) -> None:
        """Put a number to what is there: the largest for a measure that adds as "most", the sum otherwise."""
        keys = self._counted.setdefault(measure, {})
        known = keys.get(key, 0)
        keys[key] = max(known, number) if measure in largest() else known + number

    def told(self) -> list[tuple[str, str, int]]:
        """Everything: measure, key and number, in order."""
        return sorted((measure, key, number) for measure, keys in self._counted.items() for key, number in keys.items())

    def spread(self, name: Name) -> Mapping[str, int]:
        """A measure by its keys."""
        return self._counted.get(name, {})

    def total(self, name: Name) -> int:
        """A measure over all its keys."""
        return sum(self.spread(name).values())


def value(counts: Counts, name: Name) -> float | None:
    """A figure: an integer; of a share percent; None when it cannot be known."""
    derived = DERIVED.get(name)
    if derived is not None:
        return derived(counts)
    found = counts.total(name)
    return None if load()[name].adds is Adds.MOST and not found else found


def shares(parts: Mapping[str, int]) -> Mapping[str, float]:
    """Percent of each part, to a tenth; together 100 (largest remainder, the first of equals). Nothing of nought."""
    whole = sum(parts.values())
    if not whole:
        return {}
    tenths = {name: WHOLE * count // whole for name, count in parts.items()}
    rest = sorted(parts, key=lambda name: -(WHOLE * parts[name] % whole))
    for name in rest[: WHOLE - sum(tenths.values())]:
        tenths[name] += 1
    return {name: count / 10 for name, count in tenths.items()}


def percentile(spread: Mapping[str, int], percent: int) -> int | None:
    """The least number that so many percent do not exceed (nearest rank); keys are whole numbers, others left out."""
    known = sorted((int(key), count) for key, count in spread.items() if key != UNCLEAR)
    reach, seen = percent * sum(count for _, count in known), 0
    for number, count in known:
        seen += count
        if 100 * seen >= reach:
            return number
    return None


def steps(counts: Counts) -> Mapping[str, int]:
    """How many gave each of the five steps."""
    given = counts.spread(Name.SATISFACTION)
    return {str(step): given.get(str(step), 0) for step in STEPS}


def _satisfied(counts: Counts) -> float | None:
    given = steps(counts)
    satisfied = sum(given[str(step)] for step in SATISFIED)
    share = Share(counts.total(Name.SATISFACTION_ASKED), sum(given.values()), satisfied).satisfied_share
    return None if share is None else round(100 * share, 1)


def _share(part: int, whole: int) -> float | None:
    """Percent, to a tenth; None of nothing."""
    return round(100 * part / whole, 1) if whole else None


def _met(counts: Counts) -> float | None:
    met = counts.total(Name.CLOCKS_MET)
    return _share(met, met + counts.total(Name.CLOCKS_BROKEN))


OF_TURNS = (
    Name.ANSWERED,
    Name.CLARIFIED,
    Name.HANDED_OFF,
    Name.DECLINED,
    Name.NOT_RESOLVED,
    Name.SAID_TO_OFFICER,
    Name.OTHER_TALK,
)
# every turn is counted by exactly one of them
DERIVED: Mapping[Name, Callable[[Counts], float | None]] = {
    Name.MESSAGES: lambda counts: sum([counts.total(name) for name in OF_TURNS]),
    Name.FIRST_ANSWERS: lambda counts: counts.total(Name.FIRST_ANSWER_WAIT),
    Name.WAIT_P50_MIN: lambda counts: percentile(counts.spread(Name.FIRST_ANSWER_WAIT), 50),
    Name.WAIT_P90_MIN: lambda counts: percentile(counts.spread(Name.FIRST_ANSWER_WAIT), 90),
    Name.CLOCKS_MET_SHARE: _met,
    Name.SATISFIED_SHARE: _satisfied,
}


@lru_cache(maxsize=1)
def load() -> Mapping[Name, Measure]:
    """The data dictionary, in its order."""
    content = yaml.load(PATH.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    return {Name(name): _measure(name, dict(fields)) for name, fields in content.items()}


def _measure(name: str, fields: dict[str, str]) -> Measure:
    outcomes = frozenset(Outcome(outcome) for outcome in fields.pop("outcomes", ()))
    return Measure(Name(name), adds=Adds(fields.pop("adds")), outcomes=outcomes, **fields)


@lru_cache(maxsize=1)
def largest() -> frozenset[str]:
    """The measures of which the largest counts."""
    return frozenset(item.name.value for item in load().values() if item.adds is Adds.MOST)


@lru_cache(maxsize=1)
def of_outcome() -> Mapping[Outcome, Name]:
    """Which measure counts a turn that ended so."""
    return {outcome: measure.name for measure in load().values() for outcome in measure.outcomes}


def counted_twice() -> list[Outcome]:
    """Outcomes that several measures count."""
    found = Counter(outcome for measure in load().values() for outcome in measure.outcomes)
    return [outcome for outcome, times in found.items() if times > 1]


def markdown() -> str:
    """The data dictionary as a table."""
    rows = [
        f"| `{item.name}` | {item.label} | {item.meaning} | {item.unit} | "
        f"{item.source} | {item.counted} | {item.adds} |"
        for item in load().values()
    ]
    head = "| name | label | meaning | unit | source | counted | adds |\n|---|---|---|---|---|---|---|"
    return "\n".join([head, *rows])


def written(document: str) -> str:
    """The document with the data dictionary of today."""
    before, _, rest = document.partition(BEGINS)
    _, _, after = rest.partition(ENDS)
    return f"{before}{BEGINS}\n\n{markdown()}\n\n{ENDS}{after}"


def main() -> int:
    """Print the data dictionary, or write it into its document."""
    parser = argparse.ArgumentParser(prog="python -m bot.measures", description=__doc__)
    parser.add_argument("--write", action="store_true", help=f"into docs/{DOCUMENT.name}")
    if parser.parse_args().write:
        DOCUMENT.write_text(written(DOCUMENT.read_text(encoding="utf-8")), encoding="utf-8")
    else:
        print(markdown())
    return 0


if __name__ == "__main__":
    sys.exit(main())
