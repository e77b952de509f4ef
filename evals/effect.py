"""What a changed record does to finding procedures: the questions about it and about its neighbours, before and after.

Over the reviewed records of the edition that is served, ranking alone. Neighbours are the procedures that the index
ranks among the first three for the record's own names and questions, before or after. One JSON object a line: progress,
then the result. The index of what is served is kept, and so is what its phrases were read as (nlu/stored.py): from the
second draft on, one index is built, and of its phrases only the changed ones are read.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from bot import rules, wiring
from bot.settings import Settings
from evals import scoring
from evals.asking import read
from evals.scoring import Label
from evals.tally import Pair, total
from knowledge import questions, record
from knowledge.catalogue import Catalogue
from knowledge.edition import Edition
from nlu import confidence as confidences
from nlu import encoder, stored
from nlu.encoder import Encoder
from nlu.retrieval import Entry, Retrieval
from nlu.understanding import Candidate

FIRST = 3
FOLDER = "measured"
# of the cache: the indexes of drafts do not push out those that are served
Record = Mapping[str, Any]


class Ranking:
    """The procedures for a text, the best first."""

    def __init__(self, entries: Sequence[Entry], folder: Path, reader: Encoder | None) -> None:
        self._index: Retrieval = stored.retrieval(entries, folder, reader)
        self._confidence = confidences.fitted(reader is not None)
        self._reader = reader

    def found(self, text: str) -> tuple[Candidate, ...]:
        """Procedures that a text may mean, each with its confidence."""
        return self._index.rank(read(text), self._confidence, self._reader)

    def codes(self, text: str) -> list[str]:
        """Their codes."""
        return [found.code for found in self.found(text)]


@dataclass
class Comparison:
    """Questions asked on both sides of a change."""

    sides: Sequence[Ranking]
    # before, after
    names: Mapping[str, str]
    # of procedures, by code
    told_from: float
    # the least confidence of an answer
    styles: dict[str, Pair] = field(default_factory=dict)
    changed: list[dict[str, Any]] = field(default_factory=list)
    # questions with another procedure first than before

    def ask(self, item: Label) -> None:
        """Count one question, and keep it where the first procedure is another one."""
        found = [side.found(item.text) for side in self.sides]
        pair = self.styles.setdefault(item.style, Pair.empty())
        right = [
            tally.add(item, some, self.told_from) for tally, some in zip((pair.before, pair.after), found, strict=True)
        ]
        firsts = [some[0].code if some else "" for some in found]
        if firsts[0] != firsts[1]:
            told = {"before": self.names.get(firsts[0], ""), "after": self.names.get(firsts[1], "")}
            self.changed.append({"text": item.text, **told, "was_right": right[0], "is_right": right[1]})

    def result(self) -> dict[str, Any]:
        """questions, before, after (right ones first), changed, styles: name -> before, after as evals.tally.Tally."""
        every = total(list(self.styles.values()))
        return {
            "questions": every.before.questions,
            "before": every.before.hit_1,
            "after": every.after.hit_1,
            "changed": self.changed,
            "styles": {style: asdict(pair) for style, pair in sorted(self.styles.items())},
        }


def measured(before: Record, after: Record, chosen: Settings, labels: Sequence[Label]) -> Iterator[dict[str, Any]]:
    """{"done", "of"} after each question, then {"result"}: see Comparison.result."""
    served = {item["code"]: item for item in Edition(chosen.catalogue_dir).reviewed()}
    compared = comparison(chosen, served, {before["code"]: before}, {after["code"]: after})
    near = neighbours(compared.sides, before, after)
    asked = [item for item in labels if item.code in near or near & set(item.accept)]
    for number, item in enumerate(asked, start=1):
        compared.ask(item)
        yield {"done": number, "of": len(asked)}
    yield {"result": compared.result()}


def comparison(
    chosen: Settings, served: Mapping[str, Record], before: Mapping[str, Record], after: Mapping[str, Record]
) -> Comparison:
    """Both sides: the served records with the changed ones, by code, as they were and as they would be."""
    reader = encoder.default() if chosen.encoder == "auto" else None
    sides = [_ranking(entries({**served, **some}), chosen.cache_dir, reader) for some in (before, after)]
    names = {code: one["name"] for code, one in {**served, **after}.items()}
    return Comparison(sides, names, rules.load().answer_at)


def _ranking(known: Sequence[Entry], cache: Path, reader: Encoder | None) -> Ranking:
    """Over the index that is served, where it is of the very same records; otherwise over one of the measurements'."""
    is_served = stored.has_retrieval(known, cache, reader)
    return Ranking(known, cache if is_served else cache / FOLDER, reader)


def entries(records: Mapping[str, Record]) -> list[Entry]:
    """The records as they can be found."""
    made = Catalogue(record.procedure(item, reviewed=True) for item in records.values())
    return wiring.entries(made, questions.load())


def neighbours(sides: Sequence[Ranking], *records: Record) -> set[str]:
    """The procedure itself and what is found for its own words."""
    words = {text for one in records for text in (one["name"], *one["aliases"], *one["examples"])}
    return {records[0]["code"], *(code for side in sides for text in words for code in side.codes(text)[:FIRST])}


def tell(path: Path, chosen: Settings) -> None:
    """Print what a file's {"before", "after", "tests"} comes to."""
    asked = json.loads(path.read_text(encoding="utf-8"))
    labels = [*scoring.load(), *map(scoring.label, asked["tests"])]
    for said in measured(asked["before"], asked["after"], chosen, labels):
        print(json.dumps(said, ensure_ascii=False), flush=True)
