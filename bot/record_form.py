"""The form of a record: a plain record written as texts by path, and read from them again. Pure.

Texts are what an editor typed, by path ("fees.0.amount_vnd"), also where it makes no sense yet: nothing typed is lost.
What the form shows, and its words, is bot/data/record_form.yaml.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from knowledge import checking
from knowledge.checking import Fault

PATH = Path(__file__).parent / "data" / "record_form.yaml"
NUMBER = re.compile(r"\d{1,12}|\d{1,3}(\.\d{3}){1,3}")
# 50000, and 50.000 as it is written here
AMOUNT = re.compile(r"\d{1,6}([.,]\d{1,2})?")

Texts = Mapping[str, str]
Record = Mapping[str, Any]


@dataclass(frozen=True)
class Field:
    """One field of the form; a place in the record."""

    path: str
    # from the record, or from its row: "source.as_of"
    kind: str
    label: str
    hint: str = ""
    needed: bool = False
    # the record holds it also when it is empty
    choices: Mapping[str, str] = field(default_factory=dict)
    # value -> words
    row: str = ""
    # what one row is called
    columns: tuple[Field, ...] = ()


@dataclass(frozen=True)
class Form:
    """All fields, and the sentences beside a wrong one."""

    fields: tuple[Field, ...]
    sentences: Mapping[str, str]
    # by kind of fault, or "kind.field"

    def sentence(self, fault: Fault) -> str:
        """What to tell the editor."""
        last = next((str(part) for part in reversed(fault.where) if isinstance(part, str)), "")
        named = (f"{fault.kind}.{last}", fault.kind, "other")
        return next(self.sentences[name] for name in named if name in self.sentences)

    def label(self, path: str) -> str:
        """The words for a path, as a list of differences names it: "Mức thu 1: Số tiền (đồng)"."""
        return _label(self.fields, path.split("."))


@dataclass(frozen=True)
class Node:
    """A field of the page with what is in it."""

    field: Field
    path: str
    text: str
    problem: str
    # the sentence beside it; empty when it is right
    rows: tuple[Row, ...] = ()


@dataclass(frozen=True)
class Row:
    """One row of a field of rows."""

    path: str
    number: int
    # from 1
    problem: str
    nodes: tuple[Node, ...]


@cache
def load(path: Path = PATH) -> Form:
    """The form of the data file."""
    content = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    return Form(tuple(map(_field, content["fields"])), content["faults"])


def write(form: Form, record: Record) -> dict[str, str]:
    """The record as texts."""
    return dict(_written(form.fields, record, ""))


def shaped(form: Form, texts: Texts) -> dict[str, str]:
    """The texts that the form knows, rows numbered from 0 without gaps."""
    return dict(_shaped(form.fields, texts, "", ""))


def grown(form: Form, texts: Texts, path: str) -> dict[str, str]:
    """With one more, empty, row at the end of a field of rows. Raises KeyError when there is no such field."""
    columns = _rows_at(form.fields, path.split(".")).columns
    number = max(_numbers(texts, f"{path}."), default=-1) + 1
    return {**texts, **{f"{path}.{number}.{item.path}": "" for item in columns if item.kind != "rows"}}


def shrunk(form: Form, texts: Texts, path: str) -> dict[str, str]:
    """Without the row of a path ("documents.3"), those after it moved up."""
    return shaped(form, {name: text for name, text in texts.items() if not name.startswith(f"{path}.")})


def read(form: Form, texts: Texts, base: Record) -> tuple[dict[str, Any], list[Fault]]:
    """The record that the texts describe, on what the form does not show of the base; with everything wrong in it."""
    content, faults = copy.deepcopy(dict(base)), list[Fault]()
    _read(form.fields, texts, content, "", faults)
    wrong = {fault.where for fault in faults}
    return content, faults + [fault for fault in checking.faults(content) if fault.where not in wrong]


def plain(form: Form, record: Record) -> dict[str, Any]:
    """A record as the form leaves it, so that what it never touched makes no difference."""
    return read(form, write(form, record), record)[0]


def nodes(form: Form, texts: Texts, faults: Sequence[Fault]) -> tuple[Node, ...]:
    """The page's fields with what is in them and what is wrong."""
    problems: dict[str, str] = {}
    for fault in faults:
        problems.setdefault(".".join(map(str, fault.where)), form.sentence(fault))
    return tuple(_node(item, texts, problems, "") for item in form.fields)


def _field(content: Mapping[str, Any]) -> Field:
    columns = tuple(map(_field, content.get("columns", ())))
    return Field(**{**content, "columns": columns})


def _label(fields: Sequence[Field], parts: Sequence[str]) -> str:
    for item in fields:
        own = item.path.split(".")
        if list(parts[: len(own)]) == own:
            rest = parts[len(own) :]
            if item.kind != "rows" or not rest:
                return item.label
            inside = _label(item.columns, rest[1:])
            return f"{item.row} {int(rest[0]) + 1}" + (f": {inside}" if inside else "")
    return ".".join(parts)


def _written(fields: Sequence[Field], content: Record, prefix: str) -> Iterator[tuple[str, str]]:
    for item in fields:
        value, path = _at(content, item.path), f"{prefix}{item.path}"
        if item.kind == "rows":
            for number, row in enumerate(value or ()):
                yield from _written(item.columns, row, f"{path}.{number}.")
        else:
            yield path, _text(item, value)


def _text(item: Field, value: Any) -> str:
    match item.kind:
        case "doubt":
            return "1" if value is False else ""
        case "lines":
            return "\n".join(value or ())
        case "ticks":
            return " ".join(value or ())
        case _:
            return "" if value is None else str(value)


def _shaped(fields: Sequence[Field], texts: Texts, given: str, made: str) -> Iterator[tuple[str, str]]:
    for item in fields:
        if item.kind == "rows":
            for number, old in enumerate(_numbers(texts, f"{given}{item.path}.")):
                yield from _shaped(item.columns, texts, f"{given}{item.path}.{old}.", f"{made}{item.path}.{number}.")
        else:
            yield f"{made}{item.path}", texts.get(f"{given}{item.path}", "")


def _numbers(texts: Texts, prefix: str) -> list[int]:
    """The rows that have a text under a prefix."""
    heads = {name[len(prefix) :].partition(".")[0] for name in texts if name.startswith(prefix)}
    return sorted(int(head) for head in heads if head.isdecimal() and len(head) < 4)


def _rows_at(fields: Sequence[Field], parts: Sequence[str]) -> Field:
    found = next((item for item in fields if item.kind == "rows" and item.path == parts[0]), None)
    if found is None:
        raise KeyError(parts[0])
    return found if len(parts) == 1 else _rows_at(found.columns, parts[2:] or [""])


def _read(fields: Sequence[Field], texts: Texts, content: dict[str, Any], prefix: str, faults: list[Fault]) -> None:
    for item in fields:
        path = f"{prefix}{item.path}"
        if item.kind == "rows":
            value: Any = [_row(item, texts, f"{path}.{number}.", faults) for number in _numbers(texts, f"{path}.")]
        else:
            value = _value(item, texts.get(path, "").strip(), path, faults)
        _put(content, item, value)


def _row(item: Field, texts: Texts, prefix: str, faults: list[Fault]) -> dict[str, Any]:
    content: dict[str, Any] = {}
    _read(item.columns, texts, content, prefix, faults)
    return content


def _value(item: Field, text: str, path: str, faults: list[Fault]) -> Any:
    """The value of a text; None and a fault where it has none."""
    if item.kind in NUMERIC and text:
        pattern, made = NUMERIC[item.kind]
        if pattern.fullmatch(text):
            return made(text)
        faults.append(Fault(where(path), "number", f"{text!r} is no number"))
        return None
    match item.kind:
        case "lines":
            return [line.strip() for line in text.splitlines() if line.strip()]
        case "ticks":
            return [name for name in text.split() if name in item.choices]
        case "doubt":
            return False if text else None
        case _:
            return text or ("" if item.needed else None)


def where(path: str) -> checking.Where:
    """A path as the checker names places."""
    return tuple(int(part) if part.isdecimal() else part for part in path.split("."))


def _whole(text: str) -> int:
    return int(text.replace(".", ""))


def _amount(text: str) -> float:
    value = float(text.replace(",", "."))
    return int(value) if value.is_integer() else value


NUMERIC: Mapping[str, tuple[re.Pattern[str], Callable[[str], float]]] = {
    "number": (NUMBER, _whole),
    "amount": (AMOUNT, _amount),
}


def _at(content: Record, path: str) -> Any:
    head, _, rest = path.partition(".")
    value = content.get(head)
    return _at(value or {}, rest) if rest else value


def _put(content: dict[str, Any], item: Field, value: Any) -> None:
    """Into its place; what is empty and not needed leaves no trace."""
    *outer, last = item.path.split(".")
    is_empty = value is None or (value in ("", []) and not item.needed)
    for name in outer:
        if is_empty and name not in content:
            return
        content = content.setdefault(name, {})
    if is_empty:
        content.pop(last, None)
    else:
        content[last] = value


def _node(item: Field, texts: Texts, problems: Mapping[str, str], prefix: str) -> Node:
    path = f"{prefix}{item.path}"
    if item.kind != "rows":
        return Node(item, path, texts.get(path, ""), problems.get(path, ""))
    rows = [
        Row(
            f"{path}.{number}",
            number + 1,
            problems.get(f"{path}.{number}", ""),
            tuple(_node(column, texts, problems, f"{path}.{number}.") for column in item.columns),
        )
        for number in _numbers(texts, f"{path}.")
    ]
    return Node(item, path, "", problems.get(path, ""), tuple(rows))
