"""The truth check: every figure in every answer, compared with the record. Shares no code with composing.

Reads the YAML files by itself, takes each rendered text apart with its own patterns, and looks both ways: a figure of
the text that the record does not have, and a figure of the record that the text should have told.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

Record = Mapping[str, Any]

MONEY = re.compile(r"(?<![\d.,/])(\d{1,3}(?:[.,]\d{3})+|\d+)\s*(?:đồng|đ\b|VNĐ)")
DURATION = re.compile(
    r"(?<![\d.,/])0*(\d+(?:,\d+)?)\s*(ngày làm việc|ngày|giờ làm việc|giờ|tháng|năm|tuổi)\b", re.IGNORECASE
)
CODE = re.compile(r"\b\d\.\d{6}\b")
DAY = re.compile(r"\b(\d{1,2})/(\d{1,2})/(\d{4})\b")
LAW = re.compile(r"\b\d+(?:\.\d+)?/(?:\d{4}/)?[A-ZĐ]{2,}[A-ZĐa-z0-9-]*\b")
UNITS = {
    "working_days": "ngày làm việc",
    "calendar_days": "ngày",
    "hours": "giờ",
    "working_hours": "giờ làm việc",
    "months": "tháng",
}


@dataclass(frozen=True)
class Figure:
    """One thing that can be wrong."""

    kind: str
    # "money", "duration", "code", "day" or "law"
    value: str


@dataclass(frozen=True)
class Mismatch:
    """One difference between an answer and its record."""

    code: str
    part: str
    # aspect, case and channel
    problem: str


def figures(text: str) -> set[Figure]:
    """Every figure of a text."""
    found = {Figure("money", str(int(re.sub(r"\D", "", amount)))) for amount in MONEY.findall(text)}
    found |= {Figure("duration", f"{amount} {unit.lower()}") for amount, unit in DURATION.findall(text)}
    found |= {Figure("code", code) for code in CODE.findall(text)}
    found |= {Figure("day", f"{int(day)}/{int(month)}/{year}") for day, month, year in DAY.findall(text)}
    return found | {Figure("law", law) for law in LAW.findall(text)}


def known(record: Record) -> set[Figure]:
    """Every figure a record can vouch for: those of its words, and those of its numbers."""
    found = figures("\n".join(_strings(record)))
    for fee in record["fees"]:
        if "amount_vnd" in fee:
            found.add(Figure("money", str(fee["amount_vnd"])))
        found |= _last_day(fee)
    for time in record["times"]:
        if time.get("unit") in UNITS:
            found.add(_duration(time))
        found |= _last_day(time)
    for name in ("valid_from", "checked_on"):
        found.add(_day(record[name]))
    decision = record["source"].get("decision", "")
    return found | {Figure("code", record["code"])} | figures(decision)


def due(record: Record, aspect: str, case_id: str, on: date) -> tuple[set[Figure], list[str]]:
    """The figures and the words that an answer about one aspect of one case must tell."""
    told: set[Figure] = set()
    words: list[str] = []
    if aspect == "fee":
        told = {
            Figure("money", str(fee["amount_vnd"]))
            for fee in _holding(record, "fees", case_id, on)
            if "amount_vnd" in fee
        }
    if aspect == "time":
        told = {_duration(time) for time in _holding(record, "times", case_id, on) if time.get("unit") in UNITS}
    if aspect == "documents":
        cases = [case for case in record.get("cases", ()) if case["id"] == case_id]
        papers = [*record["documents"], *(paper for case in cases for paper in case["documents"])]
        words = [paper["name"].rstrip(" .;") for paper in papers]
    if aspect == "legal_basis":
        words = [basis["number"] for basis in _holding(record, "legal_basis", "", on)][:6]
    return told | {Figure("code", record["code"])}, words


def compare(record: Record, aspect: str, case_id: str, channel: str, text: str, on: date) -> Iterator[Mismatch]:
    """Everything wrong with one rendered answer. `aspect` is empty for the overview."""
    part = f"{aspect or 'overview'} {case_id} {channel}".strip()
    shown = figures(text)
    for figure in sorted(shown - known(record), key=str):
        yield Mismatch(record["code"], part, f"{figure.kind} {figure.value} is not in the record")
    told, words = due(record, aspect, case_id, on)
    for figure in sorted(told - shown, key=str):
        yield Mismatch(record["code"], part, f"{figure.kind} {figure.value} of the record is not told")
    flat = " ".join(text.split())
    for word in words:
        if " ".join(word.split()) not in flat:
            yield Mismatch(record["code"], part, f"{word!r} of the record is not told")


def _holding(record: Record, name: str, case_id: str, on: date) -> Iterator[Record]:
    for value in record[name]:
        begins = value.get("valid_from", "")
        ends = value.get("valid_to", "9999-12-31")
        if begins <= on.isoformat() <= ends and (not case_id or value.get("case", "") in ("", case_id)):
            yield value


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item)


def _duration(time: Record) -> Figure:
    amount = f"{time['amount']:g}".replace(".", ",")
    return Figure("duration", f"{amount} {UNITS[time['unit']]}")


def _last_day(value: Record) -> set[Figure]:
    return {_day(value["valid_to"])} if "valid_to" in value else set()


def _day(iso: str) -> Figure:
    year, month, day = iso.split("-")
    return Figure("day", f"{int(day)}/{int(month)}/{year}")
