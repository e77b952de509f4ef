"""What the assistant can decide to do: a closed list."""

from __future__ import annotations

from dataclasses import dataclass

from bot.complaint import Form
from bot.conversation import Kept
from bot.data_law import Wanted
from bot.second_factor import Check


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
class SendSheet:
    """Send the guidance sheet of a procedure."""

    code: str
    case_id: str = ""
    is_large: bool = False
    # in large print
    english: bool = False
    # a short English frame goes with it


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
    # "dossier_code" or "procedure"


@dataclass(frozen=True)
class AskAgain:
    """Say why the message could not be read."""

    fault: str
    # a Fault, "unknown_button" or "unknown_choice"


@dataclass(frozen=True)
class ReadBack:
    """Show what was heard in a voice message or seen on a photo: only a yes makes it the citizen's words."""

    kind: str
    # "heard", "seen", or "retype": it was wrong
    text: str = ""
    # masked; for "seen" dossier codes, a line each


@dataclass(frozen=True)
class ExplainCode:
    """Say what a number is when it is no dossier code, or what is wrong with it."""

    kind: str
    # an entity kind: "procedure_code", "citizen_number", a value of nlu.dossier_codes.Fault...
    value: str
    again: bool = False
    # the citizen stays with it: an officer is offered


@dataclass(frozen=True)
class Follow:
    """Tell the citizen from now on what changes in a dossier."""

    code: str
    channel: str
    hindrance: str = ""
    # "already" or "full": why not
    agreed: str = ""
    # the words to which the citizen has just said yes (bot/consent.py); empty: before, or never


@dataclass(frozen=True)
class Unfollow:
    """Follow these dossiers no longer."""

    codes: tuple[str, ...]
    # empty: none is followed


@dataclass(frozen=True)
class LookUpDossiers:
    """Ask the portal for dossiers, each by its code."""

    codes: tuple[str, ...]
    # in normal form, each once
    doubts: tuple[ExplainCode, ...] = ()
    # near misses of the same message


@dataclass(frozen=True)
class TellMore:
    """Ask the portal again for the dossier that the talk is about."""

    code: str
    asked: str
    # "when", "late", "missing"; empty: everything


@dataclass(frozen=True)
class AskFactor:
    """Ask for the second factor that opens a dossier's details."""

    code: str
    too_short: bool = False
    # the answer had fewer digits than asked for


@dataclass(frozen=True)
class OpenDetails:
    """Ask the portal for what the second factor opens."""

    code: str
    check: Check


@dataclass(frozen=True)
class RefuseDetails:
    """Do not compare: too soon after a wrong answer, or too many were wrong."""

    code: str
    wait_s: int
    # 0: not any more


@dataclass(frozen=True)
class KeepDossier:
    """Remember a dossier in this conversation, as the citizen wants."""

    code: str
    name: str = ""


@dataclass(frozen=True)
class ListDossiers:
    """Name the dossiers that the conversation remembers."""

    kept: tuple[Kept, ...]


@dataclass(frozen=True)
class LetDossierGo:
    """Remember a dossier no more."""

    code: str
    # empty: none of them


@dataclass(frozen=True)
class HandOff:
    """Put the conversation into the officers' queue."""

    reason: str
    # "asked", "complaint", "not_understood", "emergency" or "officers_only" (bot/switches.py)


@dataclass(frozen=True)
class Alarm:
    """Life or safety is in danger: give the emergency numbers at once, and an officer."""

    text: str


@dataclass(frozen=True)
class AskComplaint:
    """Ask on for a complaint, or show it whole to be confirmed."""

    form: Form


@dataclass(frozen=True)
class TakeComplaint:
    """Send a complaint to the officers."""

    form: Form


@dataclass(frozen=True)
class DropComplaint:
    """Send no complaint, and keep nothing of it."""


@dataclass(frozen=True)
class SmallTalk:
    """Greet, thank, say goodbye, say what this is."""

    kind: str
    # "greet", "thanks", "goodbye", "ask_bot", "insult" or "okay"


@dataclass(frozen=True)
class Decline:
    """Say that this is not something the assistant can settle."""

    reason: str
    # "off_topic", "elsewhere", "legal_dispute", "scam", "injection", "not_understood", "offer_officer",
    # "switched_off" or "read_only" (bot/switches.py)


@dataclass(frozen=True)
class Forget:
    """Delete what is stored of this conversation."""

    step: str
    # "ask": for a yes first; "confirmed": now; "held": not while an officer works on it


@dataclass(frozen=True)
class TellKept:
    """Say what is stored of this conversation, and for how long."""


@dataclass(frozen=True)
class AskConsent:
    """Ask whether the citizen agrees, before the first dossier is followed."""

    code: str


@dataclass(frozen=True)
class WithdrawConsent:
    """Take back every consent, and end what was done on it."""


@dataclass(frozen=True)
class RequestData:
    """Ask whoever answers for personal data for something that cannot be done at once."""

    wanted: Wanted
    words: str
    # the citizen's own, masked


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


@dataclass(frozen=True)
class Rate:
    """Note how satisfied the citizen is."""

    number: int
    # of the question
    step: int
    # 1 to 5, the best first; 0: they would rather not say
    channel: str = ""
    # what can be offered next depends on it


@dataclass(frozen=True)
class GiveReason:
    """Note why they are, or are not, satisfied; both empty: they would rather not say."""

    number: int
    reason: str = ""
    # a name of bot/data/satisfaction.yaml
    words: str = ""
    # the citizen's own


@dataclass(frozen=True)
class AskRating:
    """Ask once more how satisfied they are, ask why in own words, or say that it is too late."""

    number: int
    what: str
    # "again", "words" or "late"
    channel: str = ""


AboutRating = Rate | GiveReason | AskRating
# how satisfied somebody is with what came before
AboutDossier = (
    TellMore | AskFactor | OpenDetails | RefuseDetails | KeepDossier | ListDossiers | LetDossierGo | Follow | Unfollow
)
# about one dossier, or those that are remembered or followed
AboutComplaint = AskComplaint | TakeComplaint | DropComplaint
Plain = (
    AskSlot
    | AskAgain
    | ReadBack
    | ExplainCode
    | HandOff
    | Alarm
    | SmallTalk
    | Decline
    | Forget
    | TellKept
    | RequestData
    | AskConsent
    | WithdrawConsent
    | Reopen
    | LeaveQueue
    | Stay
)
# what needs nothing but words
Decision = (
    AnswerAbout
    | AnswerSeveral
    | TellJourney
    | SendSheet
    | CorrectPremise
    | AskWhich
    | ResolveUnit
    | LookUpDossiers
    | LookUpTicket
    | AboutDossier
    | AboutRating
    | AboutComplaint
    | Plain
)
