"""Lost questions turned into examples: what that gains on the same needs in other words, and what it costs elsewhere.

`python -m evals.lost_questions` prints the tables of docs/understanding.md. evals/data/lost_questions.yaml holds, for
each need, the question that was lost and, apart from it, other ways of asking, which nothing was taught. Ranking alone,
over the reviewed records of the edition that is served, as evals/effect.py measures the drafts of editors.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from bot import settings
from evals import scoring
from evals.effect import Comparison, comparison
from evals.scoring import Label
from evals.tally import Pair, Tally, total
from knowledge.edition import Edition

PATH = Path(__file__).parent / "data" / "lost_questions.yaml"
Record = Mapping[str, Any]


@dataclass(frozen=True)
class Need:
    """One thing that people want, and how they say it."""

    code: str
    # of the procedure
    accept: tuple[str, ...]
    # other procedures that are right too
    lost: Label
    # asked in vain; becomes an example
    held_out: tuple[Label, ...]
    # never taught


@dataclass(frozen=True)
class Table:
    """One set of questions, before and after, by style."""

    title: str
    compared: Comparison

    @property
    def worse(self) -> list[str]:
        """The questions whose first procedure was right and is not any more."""
        return [one["text"] for one in self.compared.changed if one["was_right"] and not one["is_right"]]


def load(path: Path = PATH) -> list[Need]:
    """The needs of a file."""
    return [_need(row) for row in yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)]


def taught(records: Mapping[str, Record], needs: Sequence[Need]) -> dict[str, Record]:
    """The records of the needs' procedures with the lost questions among their examples."""
    found: dict[str, Record] = {}
    for need in needs:
        one = found.get(need.code, records[need.code])
        found[need.code] = {**one, "examples": [*one["examples"], need.lost.text]}
    return found


def measured(needs: Sequence[Need], labels: Sequence[Label], chosen: settings.Settings) -> Iterator[Table]:
    """The lost questions themselves, their needs in other words, and the whole set of labelled questions."""
    served = {item["code"]: item for item in Edition(chosen.catalogue_dir).reviewed()}
    sets = {
        "The lost questions themselves": [need.lost for need in needs],
        "The same needs in other words": [label for need in needs for label in need.held_out],
        "The whole question set": [label for label in labels if {label.code, *label.accept} & set(served)],
    }
    both = comparison(chosen, served, {}, taught(served, needs))
    for title, asked in sets.items():
        compared = Comparison(both.sides, both.names, both.told_from)
        for label in asked:
            compared.ask(label)
        yield Table(title, compared)


def markdown(table: Table) -> Iterator[str]:
    """A set as docs/understanding.md shows it."""
    yield f"**{table.title}**"
    yield ""
    yield "| style | n | hit@1 | hit@3 | not sure enough |"
    yield "|---|---|---|---|---|"
    styles = table.compared.styles
    for style, pair in {**dict(sorted(styles.items())), "all": total(list(styles.values()))}.items():
        yield _row(style, pair)
    yield ""
    yield f"Right before and wrong after: {len(table.worse)}."
    yield from (f"- {text}" for text in table.worse)
    yield ""


def main() -> int:
    """Print everything; 1 when the whole set lost anything or the needs gained nothing."""
    _, other, whole = tables = list(measured(load(), scoring.load(), settings.load()))
    for table in tables:
        print("\n".join(markdown(table)))
    gained, lost = (_gain(table) for table in (other, whole))
    return int(gained <= 0 or lost < 0)


def _gain(table: Table) -> int:
    """How many more questions have the right procedure first."""
    every = total(list(table.compared.styles.values()))
    return every.after.hit_1 - every.before.hit_1


def _row(style: str, pair: Pair) -> str:
    cells = (f"{_share(pair.before, name)} → {_share(pair.after, name)}" for name in ("hit_1", "hit_3", "unsure"))
    return f"| {style} | {pair.before.questions} | {' | '.join(cells)} |"


def _share(tally: Tally, name: str) -> str:
    return f"{100 * getattr(tally, name) / (tally.questions or 1):.1f}"


def _need(row: Mapping[str, Any]) -> Need:
    code, accept = row["code"], tuple(row.get("accept", ()))
    lost = Label(f"{code} lost", row["lost"]["text"], row["lost"]["style"], code, accept)
    held_out = [
        Label(f"{code} {number}", one["text"], one["style"], code, accept)
        for number, one in enumerate(row["held_out"], start=1)
    ]
    return Need(code, accept, lost, tuple(held_out))


if __name__ == "__main__":
    sys.exit(main())
