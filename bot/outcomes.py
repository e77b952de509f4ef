"""How a turn ended: a closed list, with labels in bot/data/outcomes.yaml."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from pathlib import Path

import yaml

PATH = Path(__file__).parent / "data" / "outcomes.yaml"


class Outcome(StrEnum):
    """How a turn ended."""

    ANSWERED = "answered"
    JOURNEY_TOLD = "journey_told"
    SHEET_SENT = "sheet_sent"
    PREMISE_CORRECTED = "premise_corrected"
    ASKED_WHICH = "asked_which"
    ASKED_PROCEDURE = "asked_procedure"
    ASKED_DOSSIER_CODE = "asked_dossier_code"
    ASKED_COMPLAINT = "asked_complaint"
    UNIT_TOLD = "unit_told"
    ASKED_AGAIN = "asked_again"
    READ_BACK = "read_back"
    DOSSIER_FOUND = "dossier_found"
    DOSSIER_NOT_FOUND = "dossier_not_found"
    DOSSIER_EXPLAINED = "dossier_explained"
    DOSSIER_INSISTED = "dossier_insisted"
    PORTAL_DOWN = "portal_down"
    FACTOR_ASKED = "factor_asked"
    FACTOR_REFUSED = "factor_refused"
    FACTOR_WAITS = "factor_waits"
    FACTOR_LOCKED = "factor_locked"
    DETAILS_SHOWN = "details_shown"
    DOSSIER_KEPT = "dossier_kept"
    DOSSIER_NAMED = "dossier_named"
    DOSSIERS_LISTED = "dossiers_listed"
    DOSSIER_LET_GO = "dossier_let_go"
    FOLLOWED = "followed"
    NOT_FOLLOWED = "not_followed"
    UNFOLLOWED = "unfollowed"
    HANDED_OFF = "handed_off"
    ALARMED = "alarmed"
    LEFT_QUEUE = "left_queue"
    COMPLAINT_SHOWN = "complaint_shown"
    COMPLAINT_TAKEN = "complaint_taken"
    COMPLAINT_DROPPED = "complaint_dropped"
    SMALL_TALK = "small_talk"
    OFF_TOPIC = "off_topic"
    ELSEWHERE = "elsewhere"
    LEGAL_DISPUTE = "legal_dispute"
    SCAM_WARNED = "scam_warned"
    INJECTION_REFUSED = "injection_refused"
    NOT_UNDERSTOOD = "not_understood"
    OFFICER_OFFERED = "officer_offered"
    FORGET_ASKED = "forget_asked"
    FORGET_PUT_OFF = "forget_put_off"
    FORGOTTEN = "forgotten"
    KEPT_TOLD = "kept_told"
    CONSENT_ASKED = "consent_asked"
    CONSENT_WITHDRAWN = "consent_withdrawn"
    DATA_REQUESTED = "data_requested"
    PROCEDURE_UNKNOWN = "procedure_unknown"
    SWITCHED_OFF = "switched_off"
    READ_ONLY = "read_only"
    TICKET_TOLD = "ticket_told"
    TICKET_NOT_FOUND = "ticket_not_found"
    REOPENED = "reopened"
    RATING_ASKED = "rating_asked"
    RATED = "rated"
    RATING_SKIPPED = "rating_skipped"
    RATING_LATE = "rating_late"
    REASON_ASKED = "reason_asked"
    REASON_TAKEN = "reason_taken"
    QUEUED = "queued"
    SILENT = "silent"


@dataclass(frozen=True)
class Meaning:
    """What an outcome counts as."""

    behaviour: str
    # a word of the machine's interface
    resolved: bool
    label: str
    # for the console


@lru_cache(maxsize=1)
def meanings() -> dict[Outcome, Meaning]:
    """The meaning of every outcome."""
    content = yaml.load(PATH.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    return {Outcome(name): Meaning(**fields) for name, fields in content.items()}
