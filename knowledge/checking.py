"""The checker of the reviewed files: what is wrong, on which line, and the mend."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

import jsonschema
import yaml

from knowledge.catalogue import REVIEWED_FOLDER

SCHEMA = Path(__file__).parent / "data" / "procedure.schema.json"
LEGAL_NUMBER = re.compile(r"^\d+([./]\d+)*(/\d{4})?/[A-ZĐƯ0-9&.-]++[A-ZĐƯa-z0-9-]*$")
FEWEST_EXAMPLES = 6


@dataclass(frozen=True)
class Problem:
    """One thing to mend."""

    path: Path
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.text}"


Where = tuple[str | int, ...]


@dataclass(frozen=True)
class Fault:
    """One thing to mend in a record that is no file yet."""

    where: Where
    # ("fees", 0, "amount_vnd"); empty for the record as a whole
    kind: str
    # what is wrong, for whoever has words of their own: a keyword of JSON Schema, or a name of this module
    text: str


def faults(content: dict[str, Any]) -> list[Fault]:
    """Everything wrong with a plain record: by the schema, and when that is content, by its meaning."""
    found = [_schema_fault(error) for error in _validator().iter_errors(content)]
    return found or list(_semantic(content))


def check(folder: Path = REVIEWED_FOLDER) -> list[Problem]:
    """Every problem of every file, and of the files together."""
    problems: list[Problem] = []
    owners: dict[str, Path] = {}
    for path in sorted(folder.glob("*/*.yaml")):
        problems.extend(check_file(path, owners))
    return problems


def check_file(path: Path, owners: dict[str, Path]) -> list[Problem]:
    """The problems of one file; `owners` holds the codes seen so far and gains this file's."""
    try:
        return _check_file(path, owners)
    except RecursionError:
        return [Problem(path, 1, "lists within lists without end: write the file anew from another one")]


def _check_file(path: Path, owners: dict[str, Path]) -> list[Problem]:
    try:
        text = path.read_text(encoding="utf-8")
        node = yaml.compose(text, Loader=yaml.CSafeLoader)
        content = yaml.load(text, Loader=yaml.CSafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        return [Problem(path, mark.line + 1 if mark else 1, f"not YAML: {getattr(error, 'problem', error)}")]
    except UnicodeDecodeError as error:
        return [Problem(path, 1, f"not UTF-8 at byte {error.start}: save the file as UTF-8")]
    except ValueError as error:  # a date that no calendar has, a number too long
        return [Problem(path, 1, f"not YAML that can be read: {error}")]
    lines = dict(_lines(node))
    found = [Problem(path, line, f"{key} is there twice: only the last would be read") for key, line in _twice(node)]
    found += [_schema_problem(path, lines, error) for error in _validator().iter_errors(content)]
    if found:
        return found
    named = [(fault.where, fault.text) for fault in _semantic(content)]
    named += _ownership(path, content, owners)
    if unicodedata.normalize("NFC", text) != text:
        named.append(((), "not in NFC: save the file with composed Vietnamese letters"))
    return [Problem(path, _line(lines, where), words) for where, words in named]


@lru_cache(maxsize=1)
def _validator() -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text(encoding="utf-8")))


def _schema_problem(path: Path, lines: dict[Where, int], error: jsonschema.ValidationError) -> Problem:
    where = tuple(error.absolute_path)
    name = ".".join(str(part) for part in where) or "the file"
    return Problem(path, _line(lines, where), f"{name}: {error.message}; see knowledge/data/procedure.schema.json")


def _schema_fault(error: jsonschema.ValidationError) -> Fault:
    """At the field that is missing, or that should not be there, where the schema names one."""
    where, kind = tuple(error.absolute_path), str(error.validator)
    wanted: Any = error.validator_value
    if kind == "required":
        where = (*where, error.message.split("'")[1])
    elif kind == "not":
        where = (*where, *wanted.get("required", ()))
    return Fault(where, kind, error.message)


def _lines(node: yaml.Node | None, where: Where = ()) -> Iterator[tuple[Where, int]]:
    """The line of every key and item of a YAML file."""
    if node is None:
        return
    yield where, node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield from _lines(value, (*where, key.value))
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            yield from _lines(value, (*where, index))


def _twice(node: yaml.Node | None) -> Iterator[tuple[str, int]]:
    """The keys that a mapping holds twice, with the line of the second."""
    if isinstance(node, yaml.MappingNode):
        keys = [key.value for key, _ in node.value]
        for place, (key, value) in enumerate(node.value):
            if key.value in keys[:place]:
                yield key.value, key.start_mark.line + 1
            yield from _twice(value)
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            yield from _twice(value)


def _line(lines: dict[Where, int], where: Where) -> int:
    while where and where not in lines:
        where = where[:-1]
    return lines.get(where, 1)


def _semantic(content: dict[str, Any]) -> Iterator[Fault]:
    yield from _dates(content)
    yield from _cases(content)
    yield from _values(content)
    if len(content["examples"]) < FEWEST_EXAMPLES:
        yield Fault(
            ("examples",), "few_examples", f"give at least {FEWEST_EXAMPLES} example questions in different styles"
        )
    if content["source"]["code"] != content["code"]:
        yield Fault(("source", "code"), "source_code", "the source's code differs from the file's code")
    open_fields = {item["field"] for item in content.get("open", ())}
    for name in ("fees", "times"):
        if not content[name] and name not in open_fields:
            yield Fault(
                (name,),
                "nothing_said",
                f"no {name}: add a value, or an entry under `open` that says why it is not known",
            )
    for index, item in enumerate(content["legal_basis"]):
        if not LEGAL_NUMBER.match(item["number"]):
            yield Fault(
                ("legal_basis", index, "number"),
                "legal_number",
                f"{item['number']!r} is not a legal number such as 75/2022/TT-BTC",
            )


def _dates(content: dict[str, Any]) -> Iterator[Fault]:
    for where, item in _dated(content):
        for key in ("valid_from", "valid_to", "checked_on"):
            if key in item and not _is_day(item[key]):
                yield Fault((*where, key), "no_day", f"{item[key]} is not a day of the calendar")
        if item.get("valid_to", "9999") < item.get("valid_from", ""):
            yield Fault((*where, "valid_to"), "reversed_days", "valid_to lies before valid_from: exchange them")
    if content["checked_on"] > date.today().isoformat():
        yield Fault(("checked_on",), "future", "checked_on lies in the future")


def _dated(content: dict[str, Any]) -> Iterator[tuple[Where, dict[str, Any]]]:
    yield (), content
    for name in ("fees", "times", "exemptions", "legal_basis"):
        for index, item in enumerate(content.get(name, ())):
            yield (name, index), item


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _cases(content: dict[str, Any]) -> Iterator[Fault]:
    ids = [case["id"] for case in content.get("cases", ())]
    for repeated in sorted({name for name in ids if ids.count(name) > 1}):
        yield Fault(("cases",), "case_twice", f"case {repeated} appears twice")
    if len(ids) > 1 and not content.get("case_question"):
        yield Fault(
            ("case_question",),
            "no_case_question",
            "several cases but no case_question: write the one question that chooses",
        )
    for name in ("fees", "times"):
        for index, item in enumerate(content[name]):
            if item.get("case", "") and item["case"] not in ids:
                yield Fault(
                    (name, index, "case"), "no_such_case", f"no case {item['case']}; known: {', '.join(ids) or 'none'}"
                )


def _values(content: dict[str, Any]) -> Iterator[Fault]:
    for index, fee in enumerate(content["fees"]):
        amount = fee.get("amount_vnd")
        if amount is not None and (amount < 1000 or amount % 100):
            yield Fault(
                ("fees", index, "amount_vnd"),
                "thousands_lost",
                f"{amount} đồng: were the thousands lost at the source?",
            )
    for index, item in enumerate(content["times"]):
        if item.get("unit") == "same_day" and not item.get("text"):
            yield Fault(
                ("times", index), "same_day_text", "same_day needs a text that says what happens after the closing hour"
            )


def _ownership(path: Path, content: dict[str, Any], owners: dict[str, Path]) -> list[tuple[Where, str]]:
    found: list[tuple[Where, str]] = []
    if path.stem != content["code"]:
        found.append((("code",), f"the file is named {path.name} but holds {content['code']}: rename it"))
    if path.parent.name != content["field"]:
        found.append((("field",), f"the file lies in {path.parent.name}/ but its field is {content['field']}"))
    for code in (content["code"], *content.get("former_codes", ())):
        if code in owners:
            found.append((("code",), f"{code} is already held by {owners[code]}"))
        owners[code] = path
    return found
