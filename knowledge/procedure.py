"""A procedure and its dated facts, as values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Protocol, TypeVar


class Channel(StrEnum):
    """How a dossier is handed in."""

    COUNTER = "counter"
    ONLINE = "online"
    POST = "post"


class OnlineLevel(StrEnum):
    """How much of the procedure can be done online, when the source says it."""

    FULL = "full"
    PARTIAL = "partial"
    NONE = "none"
    UNKNOWN = "unknown"


class FeeStatus(StrEnum):
    """What is known of a fee. The portal's zero is never read as free (reference data, trap "Miễn phí")."""

    AMOUNT = "amount"
    # a number of dong
    FREE = "free"
    # the text of the source says so
    BY_RULE = "by_rule"
    # no single number: the words of the rule
    UNPUBLISHED = "unpublished"
    # the portal shows no amount and no rule


class TimeUnit(StrEnum):
    """Working and calendar days are never mixed."""

    WORKING_DAYS = "working_days"
    CALENDAR_DAYS = "calendar_days"
    HOURS = "hours"
    WORKING_HOURS = "working_hours"
    MONTHS = "months"
    SAME_DAY = "same_day"
    # same working day; `text` says what happens after the closing hour


@dataclass(frozen=True)
class Document:
    """A required document."""

    name: str
    originals: int | None
    # number of originals; None when the source does not say
    copies: int | None
    # number of copies; None when the source does not say
    form: str
    # name of the form to fill in; empty when there is none
    note: str


@dataclass(frozen=True)
class Case:
    """A variant of the procedure that decides papers and fees."""

    id: str
    label: str
    documents: tuple[Document, ...]


@dataclass(frozen=True)
class PageTariff:
    """A fee that goes by pages."""

    first_pages: int
    first_vnd: int
    # for each of the first pages
    further_vnd: int
    # for each page after them
    most_vnd: int | None
    # for one copy


@dataclass(frozen=True)
class Exemption:
    """People who pay less or nothing."""

    id: str
    label: str
    kinds: tuple[str, ...]
    # which kinds of fee: "le_phi", "phi"
    percent: int
    # 100: nothing is paid
    basis: str
    valid_from: date
    valid_to: date | None

    def covers(self, kind: str, on: date) -> bool:
        """Whether a kind of fee is reduced on a day."""
        return kind in self.kinds and self.valid_from <= on and (self.valid_to is None or on <= self.valid_to)


@dataclass(frozen=True)
class Fee:
    """One dated fee."""

    status: FeeStatus
    channels: tuple[Channel, ...]
    # empty: every channel
    case_id: str
    # empty: every case
    kind: str
    # "le_phi", "phi" or empty when the source does not say
    amount_vnd: int | None
    tariff: PageTariff | None
    # for a fee by pages; its status is by_rule
    per: str
    # what one amount pays for: "lần", "bản", "thẻ"; may be empty
    text: str
    # the rule in words; may be empty
    basis: str
    # number of the law or decision that sets it; may be empty
    valid_from: date
    valid_to: date | None


@dataclass(frozen=True)
class ProcessingTime:
    """One dated time limit."""

    amount: float | None
    # None when only `text` is known
    unit: TimeUnit | None
    unit_certain: bool
    # False: the source does not tell working from calendar days
    channels: tuple[Channel, ...]
    case_id: str
    text: str
    basis: str
    valid_from: date
    valid_to: date | None


@dataclass(frozen=True)
class LegalBasis:
    """A law, decree, circular or decision the procedure rests on."""

    number: str
    name: str
    valid_from: date | None
    # None: in force before the record
    valid_to: date | None


@dataclass(frozen=True)
class OpenPoint:
    """Something the source leaves open."""

    field: str
    reason: str


@dataclass(frozen=True)
class Procedure:
    """One procedure as published, with the day it was last compared with its source."""

    code: str
    former_codes: tuple[str, ...]
    name: str
    field: str
    purpose: str
    levels: tuple[str, ...]
    # "ward", "city", "ministry"
    authority: str
    receiving_point: str
    channels: tuple[Channel, ...]
    online_level: OnlineLevel
    case_question: str
    cases: tuple[Case, ...]
    documents: tuple[Document, ...]
    # needed in every case
    fees: tuple[Fee, ...]
    exemptions: tuple[Exemption, ...]
    times: tuple[ProcessingTime, ...]
    conditions: str
    result: str
    steps: tuple[str, ...]
    legal_basis: tuple[LegalBasis, ...]
    aliases: tuple[str, ...]
    examples: tuple[str, ...]
    decision: str
    # number of the decision that published it
    url: str
    source_as_of: str
    # date of the source's copy: YYYY-MM-DD or YYYY-MM
    valid_from: date
    # first day for which we know this record to hold
    valid_to: date | None
    checked_on: date
    review_after_days: int
    open_points: tuple[OpenPoint, ...]
    reviewed: bool
    # True: a file written and read by a person; False: imported as published
    stale: bool
    # True: the text still speaks of the district level, abolished on 1 July 2025

    def in_force(self, on: date) -> bool:
        """Whether the record holds on a day."""
        return self.valid_from <= on and (self.valid_to is None or on <= self.valid_to)

    def review_is_due(self, on: date) -> bool:
        """Whether the record is older than its review limit."""
        return on > self.checked_on + timedelta(days=self.review_after_days)

    def case(self, case_id: str) -> Case | None:
        """The case with this id."""
        return next((case for case in self.cases if case.id == case_id), None)

    def documents_for(self, case_id: str) -> tuple[Document, ...]:
        """What every case needs, then what this case needs."""
        case = self.case(case_id)
        return self.documents + (case.documents if case else ())

    def laws_on(self, on: date) -> tuple[LegalBasis, ...]:
        """The laws that hold on a day."""
        return tuple(
            law
            for law in self.legal_basis
            if (law.valid_from is None or law.valid_from <= on) and (law.valid_to is None or on <= law.valid_to)
        )

    def fees_on(self, on: date, case_id: str = "") -> tuple[Fee, ...]:
        """The fees that hold on a day, for one case or (empty) for all."""
        return _holding(self.fees, on, case_id)

    def times_on(self, on: date, case_id: str = "") -> tuple[ProcessingTime, ...]:
        """The time limits that hold on a day, for one case or (empty) for all."""
        return _holding(self.times, on, case_id)


class _Dated(Protocol):
    @property
    def valid_from(self) -> date: ...
    @property
    def valid_to(self) -> date | None: ...
    @property
    def case_id(self) -> str: ...


_Value = TypeVar("_Value", bound=_Dated)


def _holding(values: tuple[_Value, ...], on: date, case_id: str) -> tuple[_Value, ...]:
    return tuple(
        value
        for value in values
        if value.valid_from <= on
        and (value.valid_to is None or on <= value.valid_to)
        and (not case_id or value.case_id in ("", case_id))
    )
