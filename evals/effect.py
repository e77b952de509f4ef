"""What a changed record does to finding procedures: the questions about it and about its neighbours, before and after.

Over the reviewed records of the edition that is served, ranking alone. Neighbours are the procedures that the index
ranks among the first three for the record's own names and questions, before or after. One JSON object a line: progress,
then the result.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from bot import wiring
from bot.settings import Settings
from evals import scoring
from evals.asking import read
from evals.scoring import Label
from knowledge import questions, record
from knowledge.catalogue import Catalogue
from knowledge.edition import Edition
from nlu import confidence as confidences
from nlu import encoder, stored
from nlu.encoder import Encoder
from nlu.retrieval import Entry, Retrieval

FIRST = 3
FOLDER = "measured"
# of the cache: the indexes of drafts do not push out those that are served
Record = Mapping[str, Any]


class Ranking:
    """The codes for a text, the best first."""

    def __init__(self, entries: Sequence[Entry], folder: Path, reader: Encoder | None) -> None:
        self._index: Retrieval = stored.retrieval(entries, folder, reader)
        self._confidence = confidences.fitted(reader is not None)
        self._reader = reader

    def codes(self, text: str) -> list[str]:
        """Codes of the procedures that a text may mean."""
        return [found.code for found in self._index.rank(read(text), self._confidence, self._reader)]


def measured(before: Record, after: Record, chosen: Settings, labels: Sequence[Label]) -> Iterator[dict[str, Any]]:
    """{"done", "of"} after each question, then {"result"}: questions, before, after (right ones first), changed."""
    reader, folder = encoder.default() if chosen.encoder == "auto" else None, chosen.cache_dir / FOLDER
    served = {item["code"]: item for item in Edition(chosen.catalogue_dir).reviewed()}
    sides = [Ranking(entries({**served, before["code"]: one}), folder, reader) for one in (before, after)]
    near = neighbours(sides, before, after)
    asked = [item for item in labels if item.code in near or near & set(item.accept)]
    names = {code: one["name"] for code, one in served.items()} | {after["code"]: after["name"]}
    changed, hits = [], [0, 0]
    for number, item in enumerate(asked, start=1):
        found = [side.codes(item.text) for side in sides]
        right = [scoring.place(item, codes) == 1 for codes in found]
        hits = [count + hit for count, hit in zip(hits, right, strict=True)]
        firsts = [codes[0] if codes else "" for codes in found]
        if firsts[0] != firsts[1]:
            told = {"before": names.get(firsts[0], ""), "after": names.get(firsts[1], "")}
            changed.append({"text": item.text, **told, "was_right": right[0], "is_right": right[1]})
        yield {"done": number, "of": len(asked)}
    yield {"result": {"questions": len(asked), "before": hits[0], "after": hits[1], "changed": changed}}


def entries(records: Mapping[str, Record]) -> list[Entry]:
    """The records as they can be found."""
    made = Catalogue(record.procedure(item, reviewed=True) for item in records.values())
    return wiring.entries(made, questions.load())


def neighbours(sides: Sequence[Ranking], *records: Record) -> set[str]:
    """The procedure itself and what is found for its own words."""
    words = {text for one in records for text in (one["name"], *one["aliases"], *one["examples"])}
    return {records[0]["code"], *(code for side in sides for text in words for code in side.codes(text)[:FIRST])}


def tell(path: Path, chosen: Settings) -> None:
    """Print what a file's {"before", "after"} comes to."""
    asked = json.loads(path.read_text(encoding="utf-8"))
    for said in measured(asked["before"], asked["after"], chosen, scoring.load()):
        print(json.dumps(said, ensure_ascii=False), flush=True)
