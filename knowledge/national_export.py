"""The national portal's export, one JSON object a line, read into our own records.

What the portal leaves open stays open: a zero is never "free", a thousand lost at the source is never printed,
a time without unit is never called days (docs/decisions/0003).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from knowledge.cleaning import is_date, legal_bases, merge_channels, one_line
from knowledge.errors import BadRecord

Export = Mapping[str, Any]

CODE = re.compile(r"[0-9]\.[0-9]{6}(\.[0-9]{3}\.[0-9]{2}\.[0-9]{2}\.H[0-9]{2})?")
CITY_NAMES = ("hồ chí minh",)
TEST_RECORDS = {"1.116538", "5.003872", "1.116216"}
CHANNELS = {"Trực tiếp": "counter", "Trực tuyến": "online", "Dịch vụ bưu chính": "post"}
LEVELS = {"cấp xã": "ward", "cấp tỉnh": "city", "cấp bộ": "ministry", "cấp bộ/ngành": "ministry"}
AMOUNT = re.compile(r"^(\d{1,3}(?:,\d{3})+) đồng(?: \((?P<text>.*)\))?$", re.DOTALL)
ANY_AMOUNT = re.compile(r"\d{1,3}(?:[.,]\d{3})+|\bUSD\b|(?<!\d)\d+ ?(?:nghìn|triệu|%)")
TIME = re.compile(r"^(\d+(?:[.,]\d+)?) (ngày làm việc|ngày|giờ làm việc|giờ|tháng)$", re.IGNORECASE)
TIME_UNITS = {
    "ngày làm việc": "working_days",
    "ngày": "calendar_days",
    "giờ làm việc": "working_hours",
    "giờ": "hours",
    "tháng": "months",
}
LONGEST_TEXT = 600
LISTS = ("methods", "documents", "legal_basis")


def is_of_this_city(export: Export) -> bool:
    """National procedures and the city's own; another province's are never served here."""
    locality = str(export.get("locality") or "").casefold()
    return not locality or any(name in locality for name in CITY_NAMES)


def record(export: Export) -> dict[str, Any]:
    """One exported procedure in our own shape.

    Raises BadRecord when it has no usable code, name or date, or is a test record of the portal.
    """
    problems = _problems(export)
    if problems:
        raise BadRecord(problems)
    as_of = str(export["as_of"])
    valid_from = as_of if len(as_of) == 10 else f"{as_of}-01"
    fees, open_fees = _fees(_rows(export, "methods"))
    times, open_times = _times(_rows(export, "methods"))
    common, cases = _documents(_rows(export, "documents"))
    return {
        "code": export["code"],
        "name": one_line(export.get("name")).rstrip("."),
        "field": "nhap_khau",
        "purpose": "",
        "levels": _levels(one_line(export.get("level"))),
        "authority": one_line(export.get("authority")) or one_line(export.get("agency")),
        "receiving_point": one_line(export.get("receiving_address")) or one_line(export.get("agency")),
        "channels": _channels(_rows(export, "methods")),
        "online_level": {"toàn trình": "full"}.get(one_line(export.get("online_level")), "unknown"),
        "cases": cases,
        "documents": common,
        "fees": fees,
        "times": times,
        "conditions": one_line(export.get("conditions")),
        "result": one_line(export.get("result")),
        "steps": _steps(str(export.get("steps") or "")),
        "legal_basis": _legal_basis(_rows(export, "legal_basis")),
        "aliases": [],
        "examples": [],
        "source": {
            "code": export["code"],
            "decision": one_line(export.get("decision")),
            "url": one_line(export.get("url")),
            "as_of": as_of,
        },
        "valid_from": valid_from,
        "checked_on": valid_from,
        "open": open_fees + open_times + _open_record(export),
        "stale": bool(export.get("mentions_district_level")),
    }


def _problems(export: Export) -> list[str]:
    problems = []
    code = export.get("code")
    if not isinstance(code, str) or not CODE.fullmatch(code):
        problems.append(f"code {code!r} does not look like 1.004222: give the procedure code")
    elif code in TEST_RECORDS:
        problems.append(f"{code} is a test record of the portal: leave it out")
    if not one_line(export.get("name")):
        problems.append("no name: give the procedure's name")
    if not re.match(r"^20\d\d-\d\d(-\d\d)?$", str(export.get("as_of") or "")) or not is_date(str(export["as_of"])):
        problems.append(f"as_of {export.get('as_of')!r} is not a date YYYY-MM or YYYY-MM-DD")
    for key in LISTS:
        rows = export.get(key)
        if rows is not None and not (isinstance(rows, list) and all(isinstance(row, dict) for row in rows)):
            problems.append(f"{key} is not a list of objects")
            continue
        nested = {name for row in rows or () for name, value in row.items() if name != "note" and _is_nested(value)}
        problems += [f"{key}: {name} is no text and no number" for name in sorted(nested)]
    nested = {name for name, value in export.items() if name not in LISTS and _is_nested(value)}
    return problems + [f"{name} is no text and no number" for name in sorted(nested)]


def _is_nested(value: object) -> bool:
    return isinstance(value, list | dict)


def _rows(export: Export, key: str) -> list[dict[str, Any]]:
    return export.get(key) or []


def _levels(text: str) -> list[str]:
    found = [LEVELS.get(part.strip().casefold(), "other") for part in re.split(r"[,(]", text) if part.strip()]
    return sorted(set(found)) or ["other"]


def _channels(methods: list[dict[str, Any]]) -> list[str]:
    return sorted({CHANNELS[m["channel"]] for m in methods if m.get("channel") in CHANNELS})


def _flags(method: Export) -> set[str]:
    note = method.get("note")
    return set(note) if isinstance(note, list) else {note} if isinstance(note, str) else set()


def _fees(methods: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], list[dict[str, str]]]:
    values = [(_fee(method), CHANNELS.get(method.get("channel", ""))) for method in methods]
    merged = merge_channels(values)
    if all(value["status"] == "unpublished" for value in merged):
        return merged, [{"field": "fees", "reason": "Cổng chưa công bố mức thu"}]
    return merged, []


def _fee(method: Export) -> dict[str, Any]:
    text, status, flags = str(method.get("fee") or ""), method.get("fee_status"), _flags(method)
    inner = one_line(_inside(text))
    if "ambiguous_split" in flags:
        return {"status": "unpublished"}
    if status == "amount":
        return _amount(text, inner, suspect="amount_suspect_thousands" in flags)
    if status == "free_text_says_free":
        return {"status": "free", "text": inner[:LONGEST_TEXT]} if inner else {"status": "free"}
    if status == "portal_zero_but_text" and inner and not _says_nothing(inner):
        return {"status": "by_rule", "text": inner[:LONGEST_TEXT]}
    return {"status": "unpublished"}


def _amount(text: str, inner: str, *, suspect: bool) -> dict[str, Any]:
    """A number only where the text gives one number; otherwise its own words."""
    match = AMOUNT.match(text.strip())
    if match and not suspect:
        amount = int(match[1].replace(",", ""))
        if not amount:
            return {"status": "unpublished"}
        others = {found for found in ANY_AMOUNT.findall(inner) if _digits(found) != str(amount)}
        if not others:
            return {"status": "amount", "amount_vnd": amount, **({"text": inner[:LONGEST_TEXT]} if inner else {})}
    words = inner if suspect or re.match(r"^\d{1,3} đồng", text) else one_line(text)
    return {"status": "by_rule", "text": words[:LONGEST_TEXT]} if words else {"status": "unpublished"}


def _digits(text: str) -> str:
    return re.sub(r"\D", "", text)


def _inside(text: str) -> str:
    match = re.match(r"[^(]*\((.*)\)\s*$", text, re.DOTALL)
    return match[1] if match else ""


def _says_nothing(text: str) -> bool:
    words = text.casefold().strip(" .")
    return len(words) < 4 or words in ("chưa quy định", "không quy định", "đồng", "nếu có")


def _times(methods: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], list[dict[str, str]]]:
    values = [(_time(method), CHANNELS.get(method.get("channel", ""))) for method in methods]
    known = [(value, channel) for value, channel in values if value]
    if known:
        return merge_channels(known), []
    return [], [{"field": "times", "reason": "Cổng không ghi rõ thời hạn hoặc đơn vị thời gian"}]


def _time(method: Export) -> dict[str, Any] | None:
    text, flags = one_line(method.get("time_limit")), _flags(method)
    if "ambiguous_split" in flags or "nguồn không ghi đơn vị" in text:
        return None
    description = one_line(method.get("description"))
    words = (
        description
        if re.search(r"(?<!\d)\d+ (ngày|giờ|tháng)", description) and len(description) <= LONGEST_TEXT
        else ""
    )
    match = TIME.match(text)
    if not match:
        said = re.sub(r"(?<!\d) ngày$", "", text)
        said = words if said.casefold() == "theo mô tả" else said
        return {"text": said} if 8 <= len(said) <= LONGEST_TEXT else None
    amount = float(match[1].replace(",", "."))
    value: dict[str, Any] = {
        "amount": int(amount) if amount.is_integer() else amount,
        "unit": TIME_UNITS[match[2].casefold()],
        "unit_certain": "unit_uncertain" not in flags or match[2].casefold() == "ngày làm việc",
    }
    return {**value, "text": words} if words else value


def _documents(rows: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Common documents, and one case for each heading the portal uses."""
    cases: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        name = one_line(row.get("name")).lstrip("-+• ").strip()
        if name:
            cases.setdefault(one_line(row.get("case")), []).append(_document(row, name))
    common = cases.pop("", [])
    if not common and len(cases) == 1:
        return next(iter(cases.values())), []
    return common, [
        {"id": f"c{number}", "label": label, "documents": documents}
        for number, (label, documents) in enumerate(cases.items(), start=1)
    ]


def _document(row: Export, name: str) -> dict[str, Any]:
    form = one_line(row.get("form"))
    copies = {"originals": _count(row.get("original_copies")), "copies": _count(row.get("photo_copies"))}
    return {"name": name, **copies, **({"form": form} if form else {})}


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and value >= 0 else None


def _steps(text: str) -> list[str]:
    lines = (one_line(line).lstrip("-+• ") for line in text.splitlines())
    return [re.sub(r"^\d+\.\s+(?=Bước|-)", "", line) for line in lines if len(line) > 3]


def _legal_basis(rows: list[dict[str, Any]]) -> list[dict[str, str]]:
    return legal_bases((row.get("code"), row.get("name")) for row in rows)


def _open_record(export: Export) -> list[dict[str, str]]:
    if export.get("quality") or export.get("incomplete"):
        return [{"field": "record", "reason": "bản ghi trên Cổng chưa đầy đủ"}]
    return []
