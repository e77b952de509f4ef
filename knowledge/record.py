"""From a plain record (a YAML file or an imported line) to a `Procedure`.

The shape is knowledge/data/procedure.schema.json. Dates are written YYYY-MM-DD.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from knowledge.procedure import (
    Case,
    Channel,
    Document,
    Exemption,
    Fee,
    FeeStatus,
    LegalBasis,
    OnlineLevel,
    OpenPoint,
    PageTariff,
    Procedure,
    ProcessingTime,
    TimeUnit,
)

Record = Mapping[str, Any]

REVIEW_AFTER_DAYS = 180


def procedure(record: Record, *, reviewed: bool) -> Procedure:
    """The procedure a checked record describes."""
    valid_from = date.fromisoformat(record["valid_from"])
    source = record["source"]
    return Procedure(
        code=record["code"],
        former_codes=tuple(record.get("former_codes", ())),
        name=record["name"],
        field=record["field"],
        purpose=record["purpose"],
        levels=tuple(record["levels"]),
        authority=record["authority"],
        receiving_point=record["receiving_point"],
        channels=_channels(record),
        online_level=OnlineLevel(record["online_level"]),
        case_question=record.get("case_question", ""),
        cases=tuple(_case(item) for item in record.get("cases", ())),
        documents=_documents(record),
        fees=tuple(_fee(item, valid_from) for item in record["fees"]),
        exemptions=tuple(_exemption(item, valid_from) for item in record.get("exemptions", ())),
        times=tuple(_time(item, valid_from) for item in record["times"]),
        conditions=record.get("conditions", ""),
        result=record["result"],
        steps=tuple(record["steps"]),
        legal_basis=tuple(_law(item) for item in record["legal_basis"]),
        aliases=tuple(record["aliases"]),
        examples=tuple(record["examples"]),
        decision=source.get("decision", ""),
        url=source.get("url", ""),
        source_as_of=source["as_of"],
        valid_from=valid_from,
        valid_to=_day(record.get("valid_to")),
        checked_on=date.fromisoformat(record["checked_on"]),
        review_after_days=record.get("review_after_days", REVIEW_AFTER_DAYS),
        open_points=tuple(OpenPoint(item["field"], item["reason"]) for item in record.get("open", ())),
        reviewed=reviewed,
        stale=record.get("stale", False),
    )


def _channels(item: Record) -> tuple[Channel, ...]:
    return tuple(Channel(name) for name in item.get("channels", ()))


def _documents(item: Record) -> tuple[Document, ...]:
    return tuple(
        Document(
            name=document["name"],
            originals=document.get("originals"),
            copies=document.get("copies"),
            form=document.get("form", ""),
            note=document.get("note", ""),
        )
        for document in item["documents"]
    )


def _case(item: Record) -> Case:
    return Case(item["id"], item["label"], _documents(item))


def _fee(item: Record, valid_from: date) -> Fee:
    return Fee(
        status=FeeStatus(item["status"]),
        channels=_channels(item),
        case_id=item.get("case", ""),
        kind=item.get("kind", ""),
        amount_vnd=item.get("amount_vnd"),
        tariff=_tariff(item["tariff"]) if "tariff" in item else None,
        per=item.get("per", ""),
        text=item.get("text", ""),
        basis=item.get("basis", ""),
        valid_from=_day(item.get("valid_from")) or valid_from,
        valid_to=_day(item.get("valid_to")),
    )


def _law(item: Record) -> LegalBasis:
    return LegalBasis(item["number"], item["name"], _day(item.get("valid_from")), _day(item.get("valid_to")))


def _tariff(item: Record) -> PageTariff:
    return PageTariff(item["first_pages"], item["first_vnd"], item["further_vnd"], item.get("most_vnd"))


def _exemption(item: Record, valid_from: date) -> Exemption:
    return Exemption(
        id=item["id"],
        label=item["label"],
        kinds=tuple(item["kinds"]),
        percent=item["percent"],
        basis=item["basis"],
        valid_from=_day(item.get("valid_from")) or valid_from,
        valid_to=_day(item.get("valid_to")),
    )


def _time(item: Record, valid_from: date) -> ProcessingTime:
    return ProcessingTime(
        amount=item.get("amount"),
        unit=TimeUnit(item["unit"]) if "unit" in item else None,
        unit_certain=item.get("unit_certain", True),
        channels=_channels(item),
        case_id=item.get("case", ""),
        text=item.get("text", ""),
        basis=item.get("basis", ""),
        valid_from=_day(item.get("valid_from")) or valid_from,
        valid_to=_day(item.get("valid_to")),
    )


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
