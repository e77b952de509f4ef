"""Performing a decision: the one neighbour it needs. A neighbour that is down is an outcome, never an exception."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from functools import lru_cache
from pathlib import Path

import yaml

from bot.decisions import (
    Alarm,
    AnswerAbout,
    AnswerSeveral,
    AskAgain,
    AskSlot,
    AskWhich,
    CorrectPremise,
    Decision,
    Decline,
    ExplainCode,
    Forget,
    HandOff,
    LeaveQueue,
    LookUpDossier,
    LookUpTicket,
    Reopen,
    ResolveUnit,
    SmallTalk,
    Stay,
    TakeComplaint,
    TellJourney,
)
from bot.facts import (
    ChoiceFacts,
    DossierFacts,
    Facts,
    JourneyFacts,
    PlainFacts,
    ProcedureFacts,
    SeveralFacts,
    TicketFacts,
    UnitFacts,
)
from bot.outcomes import Outcome
from bot.standing import NoTickets, Tickets
from integrations import errors as integration_errors
from integrations.dossiers import Dossiers, is_overdue
from knowledge import bundles
from knowledge.catalogue import Catalogue
from knowledge.errors import NotFound
from knowledge.units import Units
from nlu.text import written_out
from nlu.understanding import Aspect

SLOTS = {
    "dossier_code": Outcome.ASKED_DOSSIER_CODE,
    "procedure": Outcome.ASKED_PROCEDURE,
    "complaint": Outcome.ASKED_COMPLAINT,
}
EMERGENCIES_PATH = Path(__file__).parent / "data" / "emergencies.yaml"
FORGETTING = {
    "ask": Outcome.FORGET_ASKED,
    "held": Outcome.FORGET_PUT_OFF,
    "confirmed": Outcome.FORGOTTEN,
}
NO_TICKETS = NoTickets()
DECLINED = {
    "off_topic": Outcome.OFF_TOPIC,
    "elsewhere": Outcome.ELSEWHERE,
    "legal_dispute": Outcome.LEGAL_DISPUTE,
    "scam": Outcome.SCAM_WARNED,
    "injection": Outcome.INJECTION_REFUSED,
    "not_understood": Outcome.NOT_UNDERSTOOD,
    "offer_officer": Outcome.OFFICER_OFFERED,
}


def perform(
    decision: Decision, catalogue: Catalogue, portal: Dossiers, on: date, tickets: Tickets = NO_TICKETS
) -> Facts:
    """What the decision brings back on a day."""
    match decision:
        case AnswerAbout(code, aspects, case_id, pages, copies):
            facts = _record(catalogue, code, aspects, case_id, on)
            return replace(facts, pages=pages, copies=copies) if isinstance(facts, ProcedureFacts) else facts
        case AnswerSeveral(parts):
            return _several([perform(part, catalogue, portal, on) for part in parts])
        case TellJourney(bundle_id):
            return _journey(catalogue, bundle_id, on)
        case CorrectPremise(code, claimed_vnd):
            return _premise(catalogue, code, claimed_vnd, on)
        case AskWhich(codes):
            return _choices(catalogue, codes, on)
        case ResolveUnit(text):
            return UnitFacts(Outcome.UNIT_TOLD, all_units().resolve(text))
        case LookUpDossier(code):
            return _dossier(portal, code, on)
        case AskSlot(slot):
            return PlainFacts(SLOTS[slot])
        case AskAgain(fault):
            return PlainFacts(Outcome.ASKED_AGAIN, fault)
        case ExplainCode(kind, value):
            return PlainFacts(Outcome.DOSSIER_EXPLAINED, kind, value)
        case HandOff(reason):
            return PlainFacts(Outcome.HANDED_OFF, reason)
        case Alarm(text):
            return PlainFacts(Outcome.ALARMED, emergency(text))
        case TakeComplaint():
            return PlainFacts(Outcome.COMPLAINT_TAKEN)
        case SmallTalk(kind):
            return PlainFacts(Outcome.SMALL_TALK, kind)
        case Decline(reason):
            return PlainFacts(DECLINED[reason])
        case Forget(step):
            return PlainFacts(FORGETTING[step])
        case LookUpTicket(code, waits_here):
            standing = tickets.find(code)
            found = TicketFacts(Outcome.TICKET_TOLD, standing, waits_here) if standing else None
            return found or PlainFacts(Outcome.TICKET_NOT_FOUND, value=code)
        case Reopen(code):
            return PlainFacts(Outcome.REOPENED, value=code)
        case LeaveQueue():
            return PlainFacts(Outcome.LEFT_QUEUE)
        case Stay(owner):
            return PlainFacts(Outcome.QUEUED if owner == "queue" else Outcome.SILENT)


def _record(catalogue: Catalogue, code: str, aspects: tuple[str, ...], case_id: str, on: date) -> Facts:
    try:
        return ProcedureFacts(Outcome.ANSWERED, catalogue.get(code, on), aspects, case_id, on)
    except NotFound:
        return PlainFacts(Outcome.PROCEDURE_UNKNOWN, value=code)


def _several(found: list[Facts]) -> Facts:
    """The records that are there; when it is only one, the answer is about that one."""
    records = tuple(facts for facts in found if isinstance(facts, ProcedureFacts))
    if len(records) > 1:
        return SeveralFacts(Outcome.ANSWERED, records)
    return records[0] if records else found[0]


@lru_cache(maxsize=1)
def _emergencies() -> dict[str, re.Pattern[str]]:
    content = yaml.safe_load(EMERGENCIES_PATH.read_text(encoding="utf-8"))
    return {number: re.compile(rf"\b(?:{' '.join(entry['said'].split())})\b") for number, entry in content.items()}


def emergency(text: str) -> str:
    """The number to call first for what a text tells; "" when its words fit none of them."""
    folded = written_out(text)
    return next((number for number, said in _emergencies().items() if said.search(folded)), "")


@lru_cache(maxsize=1)
def all_units() -> Units:
    """The units of the City, read once."""
    return Units.load()


def _journey(catalogue: Catalogue, bundle_id: str, on: date) -> Facts:
    bundle = next((bundle for bundle in bundles.load() if bundle.id == bundle_id), None)
    journey = bundles.journey(bundle, catalogue, on) if bundle else None
    if journey is None or not journey.parts:
        return PlainFacts(Outcome.ASKED_AGAIN, "unknown_button")
    return JourneyFacts(Outcome.JOURNEY_TOLD, journey, on)


def _premise(catalogue: Catalogue, code: str, claimed_vnd: int, on: date) -> Facts:
    """Corrected only when the record gives amounts and none of them is the claimed one."""
    facts = _record(catalogue, code, (Aspect.FEE.value,), "", on)
    if not isinstance(facts, ProcedureFacts):
        return facts
    amounts = {fee.amount_vnd for fee in facts.procedure.fees_on(on) if fee.amount_vnd is not None}
    wrong = bool(amounts) and claimed_vnd not in amounts
    outcome = Outcome.PREMISE_CORRECTED if wrong else Outcome.ANSWERED
    return ProcedureFacts(outcome, facts.procedure, facts.aspects, "", on, claimed_vnd if wrong else None)


def _choices(catalogue: Catalogue, codes: tuple[str, ...], on: date) -> Facts:
    known = []
    for code in codes:
        try:
            known.append(catalogue.get(code, on))
        except NotFound:
            continue
    return ChoiceFacts(Outcome.ASKED_WHICH, tuple(known)) if known else PlainFacts(Outcome.NOT_UNDERSTOOD)


def _dossier(portal: Dossiers, code: str, on: date) -> Facts:
    try:
        dossier = portal.find(code).dossier
    except integration_errors.NotFound:
        return PlainFacts(Outcome.DOSSIER_NOT_FOUND, value=code)
    except integration_errors.IntegrationError:
        return PlainFacts(Outcome.PORTAL_DOWN, value=code)
    return DossierFacts(Outcome.DOSSIER_FOUND, dossier, is_overdue(dossier, on))
