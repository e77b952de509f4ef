"""Answers of the national procedure database's `LayThuTuc`, read into our own records.

Shape: reference of the domain, section 4.6. Numbers arrive as strings, `URL` also as `Url`, nested lists may be null or
missing, and the provincial gateway wraps the answer as JSON text inside JSON.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from knowledge.cleaning import legal_bases, merge_channels, one_line
from knowledge.errors import BadRecord

Answer = Mapping[str, Any]

CODE = re.compile(r"^\d\.\d{6}(\.\d{3}\.\d{2}\.\d{2}\.H\d{2})?$")
OTHER_PROVINCE = re.compile(r"\.H(?!29$)\d{2}$")
CHANNELS = {"1": "counter", "2": "online", "3": "post"}
LEVELS = {"0": "ministry", "1": "city", "2": "other", "3": "ward"}
UNITS = {"ngày làm việc": "working_days", "ngày": "calendar_days", "giờ": "hours", "tháng": "months"}
SMALLEST_FEE_VND = 1000
# below it the thousands were lost at the source


def is_answer(content: Any) -> bool:
    """Whether a JSON value looks like an answer of LayThuTuc, wrapped or bare."""
    if not isinstance(content, dict) or "code" in content:
        return False
    return "MATTHC" in content or "result" in content or "message" in content


def unwrapped(content: Answer) -> Iterator[Answer]:
    """The procedures inside an answer. Raises BadRecord when a wrapping cannot be opened."""
    if "MATTHC" in content:
        yield content
        return
    inner: Any = content.get("result")
    if inner is None:
        try:
            inner = json.loads(str(content.get("message", "")))
        except json.JSONDecodeError as error:
            raise BadRecord([f"`message` holds no JSON: {error}"]) from error
    for item in inner if isinstance(inner, list) else [inner]:
        if not isinstance(item, dict):
            raise BadRecord(["`result` holds something that is no object"])
        yield from unwrapped(item)


def is_of_this_city(answer: Answer) -> bool:
    """A local procedure carries its province in its code; ours is H29."""
    return not OTHER_PROVINCE.search(str(answer.get("MATTHC", "")))


def record(answer: Answer, as_of: str) -> dict[str, Any]:
    """One procedure in our own shape; `as_of` is the day it was asked for. Raises BadRecord."""
    code, name = one_line(answer.get("MATTHC")), one_line(answer.get("TENTTHC"))
    if not CODE.match(code):
        raise BadRecord([f"MATTHC {code!r} does not look like 1.004222: give the procedure code"])
    if not name:
        raise BadRecord([f"{code}: no TENTTHC: give the procedure's name"])
    ways = _rows(answer, "CACHTHUCTHUCHIEN")
    fees = merge_channels((_fee(fee), _channel(way)) for way in ways for fee in _rows(way, "PHILEPHI") or [{}])
    times = merge_channels(
        (time, _channel(way)) for way in ways for row in _rows(way, "THOIGIAN") if (time := _time(row)) is not None
    )
    common, cases = _documents(_rows(answer, "THANHPHANHOSO"))
    return {
        "code": code,
        "name": name,
        "field": "nhap_khau",
        "purpose": "",
        "levels": _levels(answer),
        "authority": _names(answer, "COQUANTHUCHIEN", "TENDONVI") or one_line(answer.get("MOTACOQUANTHUCHIEN")),
        "receiving_point": one_line(answer.get("DIACHITIEPNHAN")),
        "channels": sorted({channel for way in ways if (channel := _channel(way))}),
        "online_level": "unknown",
        "cases": cases,
        "documents": common,
        "fees": fees,
        "times": times,
        "conditions": one_line(answer.get("YEUCAU")),
        "result": _names(answer, "KETQUATHUCHIEN", "TENKETQUA"),
        "steps": [
            one_line(step.get("TENTRINHTU"))
            for row in _rows(answer, "TRINHTUTHUCHIEN")
            for step in _rows(row, "TRINHTU")
            if one_line(step.get("TENTRINHTU"))
        ],
        "legal_basis": legal_bases((row.get("SOVANBAN"), row.get("TENVANBAN")) for row in _rows(answer, "CANCUPHAPLY")),
        "aliases": [],
        "examples": [],
        "source": {"code": code, "decision": one_line(answer.get("IDQUYETDINHCONGBO")), "url": "", "as_of": as_of},
        "valid_from": as_of,
        "checked_on": as_of,
        "open": [*_open(fees, "fees", "mức thu"), *([] if times else _open([], "times", "thời hạn"))],
    }


def _rows(item: Answer, key: str) -> list[Answer]:
    """A nested list; null, missing or a single object instead of a list are seen in the wild."""
    rows = item.get(key)
    if isinstance(rows, dict):
        return [rows]
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def _names(item: Answer, key: str, name: str) -> str:
    return "; ".join(dict.fromkeys(one_line(row.get(name)) for row in _rows(item, key) if one_line(row.get(name))))


def _channel(way: Answer) -> str | None:
    return CHANNELS.get(str(way.get("KENH", "")).strip())


def _levels(answer: Answer) -> list[str]:
    found = {LEVELS.get(str(row.get("CAPTHUCHIEN", "")).strip(), "other") for row in _rows(answer, "CAPTHUCHIEN")}
    return sorted(found) or ["other"]


def _number(value: object) -> float | None:
    text = re.sub(r"[\s.]", "", str(value if value is not None else "")).replace(",", ".")
    return float(text) if re.fullmatch(r"\d+(\.\d+)?", text) else None


def _fee(row: Answer) -> dict[str, Any]:
    """Zero is not free: the database writes it where nothing was entered."""
    amount, words = _number(row.get("SOTIEN")), one_line(row.get("MOTA"))
    if amount is not None and amount >= SMALLEST_FEE_VND and amount.is_integer():
        per = one_line(row.get("DONVI"))
        return {"status": "amount", "amount_vnd": int(amount), "per": per if per != "Đồng" else "", "text": words}
    return {"status": "by_rule", "text": words} if len(words) > 3 else {"status": "unpublished"}


def _time(row: Answer) -> dict[str, Any] | None:
    amount, words = _number(row.get("THOIGIANGIAIQUYET")), one_line(row.get("MOTA"))
    unit = UNITS.get(one_line(row.get("DONVITINH")).casefold())
    if amount and unit:
        return {"amount": int(amount) if amount.is_integer() else amount, "unit": unit, "text": words}
    return {"text": words} if re.search(r"(?<!\d)\d+ (ngày|giờ|tháng)", words) else None


def _documents(rows: list[Answer]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    groups = [(one_line(row.get("TRUONGHOP")), [_document(paper) for paper in _rows(row, "GIAYTO")]) for row in rows]
    groups = [(label, [paper for paper in papers if paper["name"]]) for label, papers in groups]
    common = [paper for label, papers in groups if not label for paper in papers]
    cases = [(label, papers) for label, papers in groups if label and papers]
    if not common and len(cases) == 1:
        return cases[0][1], []
    return common, [
        {"id": f"c{number}", "label": label, "documents": papers}
        for number, (label, papers) in enumerate(cases, start=1)
    ]


def _document(paper: Answer) -> dict[str, Any]:
    counts = (_number(paper.get("SOBANCHINH")), _number(paper.get("SOBANSAO")))
    originals, copies = (int(count) if count is not None else None for count in counts)
    form = one_line(paper.get("TENMAUDON"))
    return {"name": one_line(paper.get("TENGIAYTO")), "originals": originals, "copies": copies, "form": form}


def _open(values: list[dict[str, Any]], field: str, what: str) -> list[dict[str, str]]:
    known = [value for value in values if value.get("status", "unpublished") != "unpublished"]
    return [] if known else [{"field": field, "reason": f"Cơ sở dữ liệu quốc gia chưa ghi {what}"}]
