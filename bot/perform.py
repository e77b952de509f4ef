"""Performing a decision: the one neighbour it needs. A neighbour that is down is an outcome, never an exception."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from functools import lru_cache
from pathlib import Path

import yaml

from bot.complaint import Step
from bot.conversation import Kept
from bot.decisions import (
    AboutComplaint,
    AboutDossier,
    AboutRating,
    Alarm,
    AnswerAbout,
    AnswerSeveral,
    AskAgain,
    AskComplaint,
    AskConsent,
    AskFactor,
    AskRating,
    AskSlot,
    AskWhich,
    CorrectPremise,
    Decision,
    Decline,
    DropComplaint,
    ExplainCode,
    Follow,
    Forget,
    GiveReason,
    HandOff,
    KeepDossier,
    LeaveQueue,
    LetDossierGo,
    ListDossiers,
    LookUpDossiers,
    LookUpTicket,
    OpenDetails,
    Plain,
    Rate,
    ReadBack,
    RefuseDetails,
    Reopen,
    RequestData,
    ResolveUnit,
    SendSheet,
    SmallTalk,
    Stay,
    TakeComplaint,
    TellJourney,
    TellKept,
    TellMore,
    Unfollow,
    WithdrawConsent,
)
from bot.facts import (
    ChoiceFacts,
    ComplaintFacts,
    DetailsFacts,
    DossierFacts,
    DossiersFacts,
    Facts,
    FollowFacts,
    JourneyFacts,
    KeptFacts,
    PlainFacts,
    ProcedureFacts,
    RatingFacts,
    SeveralFacts,
    SheetFacts,
    TicketFacts,
    UnitFacts,
)
from bot.following import calendar, is_over
from bot.outcomes import Outcome
from bot.places import all_units, located, unit_of
from bot.progress import progress
from bot.second_factor import Check
from bot.standing import NoTickets, Tickets
from integrations import errors as integration_errors
from integrations.dossiers import Dossiers
from knowledge import bundles
from knowledge.catalogue import Catalogue
from knowledge.errors import NotFound
from nlu.text import written_out
from nlu.understanding import Aspect

SLOTS = {
    "dossier_code": Outcome.ASKED_DOSSIER_CODE,
    "procedure": Outcome.ASKED_PROCEDURE,
}
BAD_ANSWER = "bad_answer"
MOST_DOSSIERS = 5
# of one message
BESIDE = 2
# of them asked at the same moment as the first: a portal takes four questions at once from all citizens
EMERGENCIES_PATH = Path(__file__).parent / "data" / "emergencies.yaml"
FORGETTING = {
    "ask": Outcome.FORGET_ASKED,
    "held": Outcome.FORGET_PUT_OFF,
    "confirmed": Outcome.FORGOTTEN,
}
RATING_AGAIN = {
    "again": Outcome.RATING_ASKED,
    "words": Outcome.REASON_ASKED,
    "late": Outcome.RATING_LATE,
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
    "switched_off": Outcome.SWITCHED_OFF,
    "read_only": Outcome.READ_ONLY,
}


def perform(
    decision: Decision, catalogue: Catalogue, portal: Dossiers, on: date, tickets: Tickets = NO_TICKETS
) -> Facts:
    """What the decision brings back on a day."""
    if isinstance(decision, AboutDossier):
        return _about_dossier(decision, portal, on)
    if isinstance(decision, AboutRating):
        return _about_rating(decision, on)
    if isinstance(decision, AboutComplaint):
        return _about_complaint(decision)
    if isinstance(decision, Plain):
        return _plain(decision)
    match decision:
        case AnswerAbout(code, aspects, case_id, pages, copies):
            facts = _record(catalogue, code, aspects, case_id, on)
            return replace(facts, pages=pages, copies=copies) if isinstance(facts, ProcedureFacts) else facts
        case AnswerSeveral(parts):
            return _several([perform(part, catalogue, portal, on) for part in parts])
        case TellJourney(bundle_id):
            return _journey(catalogue, bundle_id, on)
        case SendSheet():
            return _sheet(catalogue, decision, on)
        case CorrectPremise(code, claimed_vnd):
            return _premise(catalogue, code, claimed_vnd, on)
        case AskWhich(codes):
            return _choices(catalogue, codes, on)
        case ResolveUnit(text):
            return UnitFacts(Outcome.UNIT_TOLD, all_units().resolve(text))
        case LookUpDossiers(codes, doubts):
            asked = _asked(portal, codes[:MOST_DOSSIERS], on)
            return _dossiers(asked, [perform(doubt, catalogue, portal, on) for doubt in doubts], len(codes))
        case LookUpTicket(code, waits_here):
            standing = tickets.find(code)
            found = TicketFacts(Outcome.TICKET_TOLD, standing, waits_here) if standing else None
            return found or PlainFacts(Outcome.TICKET_NOT_FOUND, value=code)


def _about_dossier(decision: AboutDossier, portal: Dossiers, on: date) -> Facts:
    """What a decision about dossiers that are known brings back."""
    match decision:
        case TellMore(code, asked):
            facts = _dossier(portal, code, on)
            return replace(facts, asked=asked) if isinstance(facts, DossierFacts) else facts
        case AskFactor(code, too_short):
            return PlainFacts(Outcome.FACTOR_ASKED, "too_short" if too_short else "", code)
        case OpenDetails(code, check):
            return _details(portal, code, check)
        case RefuseDetails(code, wait_s):
            return PlainFacts(Outcome.FACTOR_WAITS if wait_s else Outcome.FACTOR_LOCKED, waiting(wait_s), code)
        case KeepDossier(code, name):
            return KeptFacts(Outcome.DOSSIER_NAMED if name else Outcome.DOSSIER_KEPT, (), Kept(code, name))
        case ListDossiers(kept):
            return KeptFacts(Outcome.DOSSIERS_LISTED, kept)
        case LetDossierGo(code):
            return PlainFacts(Outcome.DOSSIER_LET_GO, value=code)
        case Follow(code, _, hindrance) if hindrance:
            return PlainFacts(Outcome.NOT_FOLLOWED, hindrance, code)
        case Follow(code, channel):
            return _follow(portal, code, channel, on)
        case Unfollow(codes):
            return PlainFacts(Outcome.UNFOLLOWED, "stopped" if codes else "none", ", ".join(codes))


def _about_rating(decision: AboutRating, on: date) -> Facts:
    """What was said of how somebody was served; it is noted with the turn (bot/ratings.py)."""
    match decision:
        case Rate(number, step, channel):
            outcome = Outcome.RATED if step else Outcome.RATING_SKIPPED
            return RatingFacts(outcome, number, step, channel=channel, on=on)
        case GiveReason(number, reason, words):
            return RatingFacts(Outcome.REASON_TAKEN, number, reason=reason or words)
        case AskRating(number, what, channel):
            about = what if RATING_AGAIN[what] is Outcome.RATING_ASKED else ""
            return RatingFacts(RATING_AGAIN[what], number, channel=channel, about=about)


def _about_complaint(decision: AboutComplaint) -> Facts:
    """A complaint with the unit that its words name; what they already tell is not asked for."""
    match decision:
        case AskComplaint(form):
            form = located(form)
            outcome = Outcome.COMPLAINT_SHOWN if form.step is Step.CHECK else Outcome.ASKED_COMPLAINT
        case TakeComplaint(form):
            form, outcome = located(form), Outcome.COMPLAINT_TAKEN
        case DropComplaint():
            return PlainFacts(Outcome.COMPLAINT_DROPPED)
    unit = unit_of(form.unit)
    return ComplaintFacts(outcome, form, unit.name if unit else "")


def _plain(decision: Plain) -> Facts:
    """What needs no neighbour."""
    match decision:
        case AskSlot(slot):
            return PlainFacts(SLOTS[slot])
        case AskAgain(fault):
            return PlainFacts(Outcome.ASKED_AGAIN, fault)
        case ReadBack(kind, text):
            return PlainFacts(Outcome.READ_BACK, kind, text)
        case ExplainCode(kind, value, again):
            return PlainFacts(Outcome.DOSSIER_INSISTED if again else Outcome.DOSSIER_EXPLAINED, kind, value)
        case HandOff(reason):
            return PlainFacts(Outcome.HANDED_OFF, reason)
        case Alarm(text):
            return PlainFacts(Outcome.ALARMED, emergency(text))
        case SmallTalk(kind):
            return PlainFacts(Outcome.SMALL_TALK, kind)
        case Decline(reason):
            return PlainFacts(DECLINED[reason])
        case Forget(step):
            return PlainFacts(FORGETTING[step])
        case TellKept():
            return PlainFacts(Outcome.KEPT_TOLD)
        case AskConsent(code):
            return PlainFacts(Outcome.CONSENT_ASKED, value=code)
        case WithdrawConsent():
            return PlainFacts(Outcome.CONSENT_WITHDRAWN)
        case RequestData(wanted):
            return PlainFacts(Outcome.DATA_REQUESTED, wanted.value)
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
    content = yaml.load(EMERGENCIES_PATH.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    return {number: re.compile(rf"\b(?:{' '.join(entry['said'].split())})\b") for number, entry in content.items()}


def emergency(text: str) -> str:
    """The number to call first for what a text tells; "" when its words fit none of them."""
    folded = written_out(text)
    return next((number for number, said in _emergencies().items() if said.search(folded)), "")


def _journey(catalogue: Catalogue, bundle_id: str, on: date) -> Facts:
    bundle = next((bundle for bundle in bundles.load() if bundle.id == bundle_id), None)
    journey = bundles.journey(bundle, catalogue, on) if bundle else None
    if journey is None or not journey.parts:
        return PlainFacts(Outcome.ASKED_AGAIN, "unknown_button")
    return JourneyFacts(Outcome.JOURNEY_TOLD, journey, on)


def _sheet(catalogue: Catalogue, asked: SendSheet, on: date) -> Facts:
    """A case that the record no longer has is left out: the papers of every case are on the sheet then."""
    facts = _record(catalogue, asked.code, (), asked.case_id, on)
    if not isinstance(facts, ProcedureFacts):
        return facts
    case_id = asked.case_id if facts.procedure.case(asked.case_id) else ""
    return SheetFacts(Outcome.SHEET_SENT, facts.procedure, case_id, on, asked.is_large, asked.english)


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


def _asked(portal: Dossiers, codes: tuple[str, ...], on: date) -> list[Facts]:
    """What each code opens, asked beside each other: several waits for a slow portal are one wait.

    The first is asked here: whoever waits here gives its place to other conversations (bot/lanes.py).
    """
    with ThreadPoolExecutor(BESIDE) as beside:
        others = beside.map(lambda code: _dossier(portal, code, on), codes[1:])
        return [_dossier(portal, codes[0], on), *others]


def _dossiers(asked: list[Facts], explained: list[Facts], count: int) -> Facts:
    """One dossier as it is; several under the outcome of the first that was found."""
    parts, left = (*asked, *explained), count - len(asked)
    if len(parts) == 1:
        return parts[0]
    found = (facts.outcome for facts in parts if facts.outcome is Outcome.DOSSIER_FOUND)
    return DossiersFacts(next(found, parts[0].outcome), parts, left)


def _dossier(portal: Dossiers, code: str, on: date) -> Facts:
    try:
        found = portal.find(code)
        if found.dossier.code.upper() != code.upper():
            raise integration_errors.BadAnswer("portal: answered with another dossier")
    except integration_errors.NotFound:
        return PlainFacts(Outcome.DOSSIER_NOT_FOUND, value=code)
    except integration_errors.IntegrationError as error:
        return _down(error, code)
    return DossierFacts(Outcome.DOSSIER_FOUND, found, progress(found.dossier, calendar(), on))


def _details(portal: Dossiers, code: str, check: Check) -> Facts:
    """What the second factor opens; an unknown code and a wrong factor are one outcome, after the same work."""
    try:
        return DetailsFacts(Outcome.DETAILS_SHOWN, code, portal.details(code, check))
    except integration_errors.NotFound:
        return PlainFacts(Outcome.FACTOR_REFUSED, value=code)
    except integration_errors.IntegrationError as error:
        return _down(error, code)
    finally:
        check.even_out()


def _down(error: integration_errors.IntegrationError, code: str) -> Facts:
    """The citizen hears of an outage; an answer that was not to be believed is marked, so that it is counted."""
    match error:
        case integration_errors.Busy():
            return PlainFacts(Outcome.PORTAL_DOWN, "busy", code)
        case integration_errors.NotConnected():
            return PlainFacts(Outcome.PORTAL_DOWN, "not_connected", code)
        case integration_errors.BadAnswer():
            return PlainFacts(Outcome.PORTAL_DOWN, BAD_ANSWER, code)
    return PlainFacts(Outcome.PORTAL_DOWN, value=code)


def waiting(wait_s: int) -> str:
    """Whole minutes to wait, rounded up, as a number to be said; "" when there is nothing to wait for."""
    return str(-(-wait_s // 60)) if wait_s else ""


def _follow(portal: Dossiers, code: str, channel: str, on: date) -> Facts:
    """What is told later is what differs from the dossier as it is now."""
    facts = _dossier(portal, code, on)
    if not isinstance(facts, DossierFacts):
        return facts
    if is_over(facts.dossier):
        return PlainFacts(Outcome.NOT_FOLLOWED, "over", code)
    return FollowFacts(Outcome.FOLLOWED, facts.found, channel)
