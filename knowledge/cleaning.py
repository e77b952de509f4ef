"""Text and values of other people's records, made fit for ours."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from datetime import date
from typing import Any

TRUNCATED_RESOLUTION = re.compile(r"^\d{1,3}/202[56]/NQ-CP$")
# the true number begins with 66. (resolutions 66.N): cut at the source
JOINED_NUMBER = re.compile(r"^\d{4,}/")
# two numbers run into one


def one_line(value: object) -> str:
    """One line of plain text in NFC; amounts in Vietnamese style (10.000)."""
    text = unicodedata.normalize("NFC", str(value or "")).replace("\u200e", "").replace("\u200f", "")
    return re.sub(r"(?<=\d),(?=\d{3}\b)", ".", " ".join(text.split()))


def is_date(text: str) -> bool:
    """YYYY-MM or YYYY-MM-DD, in the calendar."""
    try:
        date.fromisoformat(text if len(text) == 10 else f"{text}-01")
    except ValueError:
        return False
    return bool(re.match(r"^20\d\d-\d\d(-\d\d)?$", text))


def merge_channels(values: Iterable[tuple[dict[str, Any], str | None]]) -> list[dict[str, Any]]:
    """Equal values of several channels become one value with several channels."""
    merged: list[tuple[dict[str, Any], list[str]]] = []
    for value, channel in values:
        same = next((channels for seen, channels in merged if seen == value), None)
        if same is None:
            same = []
            merged.append((value, same))
        if channel and channel not in same:
            same.append(channel)
    return [{**value, "channels": channels} for value, channels in merged]


def legal_bases(rows: Iterable[tuple[object, object]]) -> list[dict[str, str]]:
    """(number, name) rows; numbers cut or joined at the source are left out rather than printed wrong."""
    cleaned = ((one_line(number), one_line(name)) for number, name in rows)
    return [
        {"number": number, "name": name}
        for number, name in cleaned
        if number and not TRUNCATED_RESOLUTION.match(number) and not JOINED_NUMBER.match(number)
    ]
