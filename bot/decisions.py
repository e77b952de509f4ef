"""What the assistant can decide to do: a closed list."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class AnswerAbout:
    """Tell what the record of a procedure says."""

    code: str
    aspects: tuple[str, ...]
    # empty: an overview
    case_id: str = ""
    pages: int = 0
    # of one document, when the citizen says so
    copies: int = 0


@dataclass(frozen=True)
class AnswerSeveral:
    """Tell about several procedures that one message asks for."""

    parts: tuple[AnswerAbout, ...]


@dataclass(frozen=True)
class TellJourney:
    """Tell the procedures of one event in life together."""

    bundle_id: str


@dataclass(frozen=True)
class CorrectPremise:
    """Compare an amount the citizen heard with the record."""

    code: str
    claimed_vnd: int


@dataclass(frozen=True)
class AskWhich:
    """Offer the likely procedures as buttons."""

    codes: tuple[str, ...]
    aspects: tuple[str, ...]


@dataclass(frozen=True)
class ResolveUnit:
    """Say what a ward, commune or former unit is called today."""

    text: str


@dataclass(frozen=True)
class AskSlot:
    """Ask for the one thing that is missing."""

    slot: str
    # "dossier_code", "procedure" or "complaint"


@dataclass(frozen=True)
class AskAgain:
    """Say why the message could not be read."""

    fault: str
    # a Fault, "unknown_button" or "unknown_choice"


@dataclass(frozen=True)
class LookUpDossier:
    """Ask the portal for a dossier."""

    code: str


@dataclass(frozen=True)
class ExplainCode:
    """Say what a number is when it is no dossier code."""

    kind: str
    # an entity kind: "procedure_code", "citizen_number", "insurance_number", "bad_dossier_code"...
    value: str


@dataclass(frozen=True)
class HandOff:
    """Put the conversation into the officers' queue."""

    reason: str
    # "asked", "complaint", "not_understood" or "emergency"


@dataclass(frozen=True)
class Alarm:
    """Life or safety is in danger: give the emergency numbers at once, and an officer."""

    text: str


@dataclass(frozen=True)
class TakeComplaint:
    """Record a complaint and hand it to an officer."""

    text: str


@dataclass(frozen=True)
class SmallTalk:
    """Greet, thank, say goodbye, say what this is."""

    kind: str
    # "greet", "thanks", "goodbye", "ask_bot", "insult" or "okay"


@dataclass(frozen=True)
class Decline:
    """Say that this is not something the assistant can settle."""

    reason: str
    # "off_topic", "elsewhere", "legal_dispute", "scam", "injection", "not_understood" or "offer_officer"


@dataclass(frozen=True)
class Forget:
    """Delete what is stored of this conversation."""

    step: str
    # "ask": for a yes first; "confirmed": now; "held": not while an officer works on it


@dataclass(frozen=True)
class LookUpTicket:
    """Say where an officer's ticket stands."""

    code: str
    waits_here: bool = False
    # whoever asks is in the queue


@dataclass(frozen=True)
class Reopen:
    """Give a ticket that was closed for want of an answer back to its desk."""

    code: str


@dataclass(frozen=True)
class LeaveQueue:
    """The citizen no longer waits for an officer."""


@dataclass(frozen=True)
class Stay:
    """Say nothing, or only that the message was kept: somebody else holds the conversation."""

    owner: str


Decision = (
    AnswerAbout
    | AnswerSeveral
    | TellJourney
    | CorrectPremise
    | AskWhich
    | ResolveUnit
    | AskSlot
    | AskAgain
    | LookUpDossier
    | ExplainCode
    | HandOff
    | Alarm
    | TakeComplaint
    | SmallTalk
    | Decline
    | Forget
    | LookUpTicket
    | Reopen
    | LeaveQueue
    | Stay
)
