"""The guidance sheet: everything a citizen brings, pays and waits for, on paper. Pure; every figure from the record.

It is guidance and no receipt: nothing of it says that a dossier was taken in.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time
from urllib.parse import urlencode

from bot.errors import BotError
from bot.facts import ProcedureFacts
from bot.messages import Source
from bot.present import ZONE
from bot.procedure_reply import open_points, source_of, warnings_of
from bot.record_lines import channel_name, copies_line, fee_line, time_line
from knowledge.calendar import WorkCalendar, due
from knowledge.procedure import Document, Fee, FeeStatus, Procedure, ProcessingTime, TimeUnit

MOST_LEGAL_BASES = 6
TOLD = ("documents", "fee", "time", "authority", "receiving_point", "channels", "online_level", "legal_basis")
# parts of the record on the sheet: what it leaves open about them is said
CHAT_QUESTION = "thu_tuc"
# the web chat's page offers the procedure with this code


class NoCase(BotError):
    """The procedure has no such case."""


@dataclass(frozen=True)
class Paper:
    """One paper to bring."""

    name: str
    count: str
    # "1 bản chính, 1 bản sao"; empty when the record does not say
    form: str
    # empty when there is none to fill in
    note: str


@dataclass(frozen=True)
class Papers:
    """The papers of everybody, or of one case."""

    label: str
    # the case; empty: everybody's
    papers: tuple[Paper, ...]


@dataclass(frozen=True)
class Payment:
    """One thing to pay."""

    line: str
    has_basis: bool
    # False: there is an amount, and the record names no document that sets it


@dataclass(frozen=True)
class Term:
    """One time limit."""

    line: str
    due_on: date | None
    # when a dossier handed in on `Sheet.handed_in_on` is due; None when the record does not give working days
    is_same_day: bool
    # the line itself says the day


@dataclass(frozen=True)
class Sheet:
    """What is printed; the words around it are in bot/data/sheet.typ."""

    name: str
    source: Source
    case_label: str
    # empty: the citizen told none, and the papers of all are listed
    case_question: str
    papers: tuple[Papers, ...]
    fees: tuple[Payment, ...]
    terms: tuple[Term, ...]
    handed_in_on: date
    # the first working day from the day of the sheet on
    receiving_point: str
    authority: str
    # empty when it is the receiving point
    channels: tuple[str, ...]
    legal_basis: tuple[str, ...]
    legal_basis_left: int
    # in the record, and not on the sheet
    unknown: tuple[str, ...]
    # what the record leaves open
    warnings: tuple[str, ...]
    address: str
    # of the web chat, where it asks about this procedure; empty when ours is not known


def sheet(facts: ProcedureFacts, calendar: WorkCalendar, public_url: str = "") -> Sheet:
    """The sheet of a procedure and a case on a day. Raises NoCase."""
    procedure, case = facts.procedure, facts.procedure.case(facts.case_id)
    if facts.case_id and case is None:
        raise NoCase(f"{procedure.code} has no case {facts.case_id!r}")
    labels = {item.id: item.label for item in procedure.cases}
    handed_in_on = calendar.working_day_from(facts.on)
    laws = [f"{item.number}: {item.name}" for item in procedure.laws_on(facts.on)]
    place = procedure.receiving_point or procedure.authority
    return Sheet(
        name=procedure.name,
        source=source_of(procedure, facts.case_id),
        case_label=case.label if case else "",
        case_question="" if case else procedure.case_question,
        papers=_papers(procedure, facts.case_id),
        fees=tuple(_payment(fee, labels) for fee in procedure.fees_on(facts.on, facts.case_id)),
        terms=tuple(
            _term(item, labels, handed_in_on, calendar) for item in procedure.times_on(facts.on, facts.case_id)
        ),
        handed_in_on=handed_in_on,
        receiving_point=procedure.receiving_point,
        authority=procedure.authority if procedure.authority != place or not procedure.receiving_point else "",
        channels=tuple(channel_name(channel) for channel in procedure.channels),
        legal_basis=tuple(laws[:MOST_LEGAL_BASES]),
        legal_basis_left=max(0, len(laws) - MOST_LEGAL_BASES),
        unknown=tuple(open_points(procedure, TOLD)),
        warnings=tuple(warnings_of(facts)),
        address=chat_address(public_url, procedure.code) if public_url else "",
    )


def chat_address(public_url: str, code: str) -> str:
    """Where the web chat offers a procedure."""
    return f"{public_url.rstrip('/')}/?{urlencode({CHAT_QUESTION: code})}"


def _papers(procedure: Procedure, case_id: str) -> tuple[Papers, ...]:
    """Everybody's papers, then those of the case; of every case when none is told."""
    cases = [case for case in procedure.cases if case_id in ("", case.id)]
    groups = [("", procedure.documents), *((case.label, case.documents) for case in cases)]
    return tuple(Papers(label, tuple(map(_paper, papers))) for label, papers in groups if papers)


def _paper(document: Document) -> Paper:
    return Paper(document.name.rstrip(" .;"), copies_line(document), document.form, document.note)


def _payment(fee: Fee, labels: dict[str, str]) -> Payment:
    has_amount = fee.status is FeeStatus.AMOUNT and bool(fee.amount_vnd)
    return Payment(fee_line(fee, labels), bool(fee.basis) or not has_amount)


def _term(limit: ProcessingTime, labels: dict[str, str], handed_in_on: date, calendar: WorkCalendar) -> Term:
    """A date only where the record gives working days, and the days off until then are announced."""
    morning = datetime.combine(handed_in_on, time(8), ZONE)
    end = due(morning, limit, calendar) if limit.unit is TimeUnit.WORKING_DAYS else None
    due_on = end.on if end and end.certain else None
    return Term(time_line(limit, labels), due_on, limit.unit is TimeUnit.SAME_DAY)
