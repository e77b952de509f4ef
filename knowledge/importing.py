"""Import of other people's records: bad ones are refused one by one; a failed import changes nothing."""

from __future__ import annotations

import json
import os
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from knowledge import national_database, national_export, record
from knowledge.errors import BadRecord, KnowledgeError

SERVED = "imported.jsonl"
ELSEWHERE = "imported_elsewhere.jsonl"
FORMAT = 1


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


def import_export(
    source: Path, folder: Path, today: date, progress: Callable[[int], None] = lambda size_bytes: None
) -> Imported:
    """Load a file into a folder; replaces the former import at once, or not at all.

    Each line is a record of the national portal's export or an answer of the national database; `today` dates the
    latter. `progress` is called with the number of bytes read. Raises KnowledgeError when no record is good, or when
    the file says that it has a format we do not know.
    """
    folder.mkdir(parents=True, exist_ok=True)
    seen: set[str] = set()
    refused: list[Refusal] = []
    counts = {SERVED: 0, ELSEWHERE: 0}
    drafts = {name: folder / f".{name}.new" for name in counts}
    files = {name: draft.open("w", encoding="utf-8") for name, draft in drafts.items()}
    try:
        for number, line in _lines(source, progress):
            for read in _read(line, seen, today):
                if isinstance(read, BadRecord):
                    refused.append(Refusal(number, str(read)))
                    continue
                item, name = read
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


def _read(line: bytes, seen: set[str], today: date) -> Iterator[tuple[dict[str, Any], str] | BadRecord]:
    """The records of a line, each with the file it belongs to, or why it is refused."""
    try:
        content = json.loads(line.decode("utf-8-sig"), object_hook=_composed)
        _refuse_unknown_format(content)
        exports = list(national_database.unwrapped(content)) if national_database.is_answer(content) else [content]
    except (ValueError, RecursionError) as error:
        yield BadRecord([f"not a JSON object in UTF-8: {error}"])
        return
    except BadRecord as error:
        yield error
        return
    for export in exports:
        try:
            yield _record(export, seen, today)
        except BadRecord as error:
            yield error


def _record(export: Any, seen: set[str], today: date) -> tuple[dict[str, Any], str]:
    if not isinstance(export, dict):
        raise BadRecord(["not a JSON object"])
    try:
        if "MATTHC" in export:
            item, ours = national_database.record(export, today.isoformat()), national_database.is_of_this_city(export)
        else:
            item, ours = national_export.record(export), national_export.is_of_this_city(export)
        record.procedure(item, reviewed=False)
        json.dumps(item, ensure_ascii=False).encode()
        # half a character is nothing that can be written
    except (KeyError, ValueError, TypeError, OverflowError) as error:
        code = export.get("code") or export.get("MATTHC")
        raise BadRecord([f"{code}: {error}"]) from error
    if item["code"] in seen:
        raise BadRecord([f"{item['code']} appears twice: the first one is kept"])
    seen.add(item["code"])
    return item, SERVED if ours else ELSEWHERE


def _composed(row: dict[str, Any]) -> dict[str, Any]:
    """A JSON object with its texts in NFC: a decomposed text reads the same and matches nothing."""
    return {key: unicodedata.normalize("NFC", value) if isinstance(value, str) else value for key, value in row.items()}


def _refuse_unknown_format(content: Any) -> None:
    """A line {"format": N} says which edition of the shape follows."""
    if isinstance(content, dict) and content.get("format", FORMAT) != FORMAT:
        raise KnowledgeError(f"the file has format {content['format']}; this program reads format {FORMAT}")
