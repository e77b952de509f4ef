"""Import of a national export: good records are kept, bad ones refused one by one, the old import stays if all fail."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from knowledge import national_export, record
from knowledge.errors import BadRecord, KnowledgeError

SERVED = "imported.jsonl"
ELSEWHERE = "imported_elsewhere.jsonl"


@dataclass(frozen=True)
class Refusal:
    """One line that was not loaded."""

    line: int
    reason: str


@dataclass(frozen=True)
class Imported:
    """What an import did."""

    served: int
    # records of the nation and of this city
    elsewhere: int
    # records of other provinces, kept apart and never served
    refused: tuple[Refusal, ...]


def import_export(source: Path, folder: Path, progress: Callable[[int], None] = lambda size_bytes: None) -> Imported:
    """Load an export file into a folder; replaces the former import at once, or not at all.

    `progress` is called with the number of bytes read. Raises KnowledgeError when no record is good.
    """
    folder.mkdir(parents=True, exist_ok=True)
    seen: set[str] = set()
    refused: list[Refusal] = []
    counts = {SERVED: 0, ELSEWHERE: 0}
    drafts = {name: folder / f".{name}.new" for name in counts}
    files = {name: draft.open("w", encoding="utf-8") for name, draft in drafts.items()}
    try:
        for number, line in _lines(source, progress):
            try:
                item, name = _read(line, seen)
            except BadRecord as error:
                refused.append(Refusal(number, str(error)))
                continue
            files[name].write(json.dumps(item, ensure_ascii=False) + "\n")
            counts[name] += 1
    finally:
        for file in files.values():
            file.close()
    if not any(counts.values()):
        for draft in drafts.values():
            draft.unlink()
        first = f"; the first: line {refused[0].line}: {refused[0].reason}" if refused else ""
        raise KnowledgeError(f"no good record in {source}: nothing was changed{first}")
    for name, draft in drafts.items():
        os.replace(draft, folder / name)
    return Imported(counts[SERVED], counts[ELSEWHERE], tuple(refused))


def _lines(source: Path, progress: Callable[[int], None]) -> Iterator[tuple[int, bytes]]:
    with source.open("rb") as file:
        for number, line in enumerate(file, start=1):
            progress(len(line))
            if line.strip():
                yield number, line


def _read(line: bytes, seen: set[str]) -> tuple[dict[str, Any], str]:
    """The record of a line and the file it belongs to. Raises BadRecord."""
    try:
        export = json.loads(line.decode("utf-8-sig"))
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise BadRecord([f"not a JSON object in UTF-8: {error}"]) from error
    if not isinstance(export, dict):
        raise BadRecord(["not a JSON object"])
    item = national_export.record(export)
    try:
        record.procedure(item, reviewed=False)
    except (KeyError, ValueError, TypeError) as error:
        raise BadRecord([f"{item['code']}: {error}"]) from error
    if item["code"] in seen:
        raise BadRecord([f"{item['code']} appears twice: the first one is kept"])
    seen.add(item["code"])
    return item, SERVED if national_export.is_of_this_city(export) else ELSEWHERE
