"""What performing a decision brings back: everything a reply is composed from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from bot.complaint import Form
from bot.conversation import Kept
from bot.outcomes import Outcome
from bot.progress import Progress
from bot.standing import Standing
from integrations.dossiers import Details, Dossier, Found
from knowledge.bundles import Journey
from knowledge.procedure import Procedure
from knowledge.units import Resolution


@dataclass(frozen=True)
class ProcedureFacts:
    """The record to answer from."""

    outcome: Outcome
    procedure: Procedure
    aspects: tuple[str, ...]
    case_id: str
    on: date
    claimed_vnd: int | None = None
    # an amount the citizen heard
    pages: int = 0
    copies: int = 0
    # how much the citizen wants done; 0 when not said


@dataclass(frozen=True)
class SeveralFacts:
    """The records to answer several questions from."""

    outcome: Outcome
    parts: tuple[ProcedureFacts, ...]


@dataclass(frozen=True)
class JourneyFacts:
    """Several procedures told as one."""

    outcome: Outcome
    journey: Journey
    on: date


@dataclass(frozen=True)
class SheetFacts:
    """The record whose guidance sheet is sent."""

    outcome: Outcome
    procedure: Procedure
    case_id: str
    on: date
    is_large: bool
    english: bool
    # whether the answer above it had an English frame


@dataclass(frozen=True)
class ChoiceFacts:
    """The procedures to choose from."""

    outcome: Outcome
    procedures: tuple[Procedure, ...]


@dataclass(frozen=True)
class DossierFacts:
    """The state of one dossier: what whoever knows its code may see."""

    outcome: Outcome
    found: Found
    progress: Progress
    asked: str = ""
    # "when", "late", "missing": what a citizen asks on about it; empty: everything is told
    kept: bool = False
    # whether the conversation remembers it

    @property
    def dossier(self) -> Dossier:
        """The dossier itself."""
        return self.found.dossier


@dataclass(frozen=True)
class DetailsFacts:
    """What a second factor opened: shown once."""

    outcome: Outcome
    code: str
    details: Details
    pay_at: str = ""
    # the page about the unpaid fees; empty: there is none
    has_qr: bool = False
    # whether it has a QR code


@dataclass(frozen=True)
class KeptFacts:
    """The dossiers that the conversation remembers, and the one it is about."""

    outcome: Outcome
    kept: tuple[Kept, ...]
    about: Kept | None = None


@dataclass(frozen=True)
class DossiersFacts:
    """Several dossiers of one message, each told on its own."""

    outcome: Outcome
    parts: tuple[Facts, ...]
    left: int
    # codes that were not asked for because there were too many


@dataclass(frozen=True)
class FollowFacts:
    """The dossier that is followed from now on."""

    outcome: Outcome
    found: Found
    channel: str
    # what can be promised depends on it


@dataclass(frozen=True)
class PlainFacts:
    """Nothing but a word or two for the reply."""

    outcome: Outcome
    detail: str = ""
    # which of the outcome's sentences: a fault, a kind of code, a kind of small talk
    value: str = ""
    # a code to repeat to the citizen


@dataclass(frozen=True)
class UnitFacts:
    """What a name of a ward or commune means today."""

    outcome: Outcome
    resolution: Resolution


@dataclass(frozen=True)
class TicketFacts:
    """Where an officer's ticket stands."""

    outcome: Outcome
    standing: Standing
    waits_here: bool = False
    # whoever asks is in the queue themselves


@dataclass(frozen=True)
class RatingFacts:
    """What came of a question how satisfied somebody is."""

    outcome: Outcome
    number: int
    # of the question
    step: int = 0
    reason: str = ""
    # given in own words or as a name
    channel: str = ""
    about: str = ""
    # what is asked about: the code of a ticket, "again"; empty: the assistant's answer
    on: date | None = None
    # the day on which it was answered


@dataclass(frozen=True)
class ComplaintFacts:
    """A complaint as it was told so far."""

    outcome: Outcome
    form: Form
    unit: str = ""
    # name of the ward or commune that it surely names


Facts = (
    TicketFacts
    | ComplaintFacts
    | UnitFacts
    | ProcedureFacts
    | SeveralFacts
    | JourneyFacts
    | SheetFacts
    | ChoiceFacts
    | DossierFacts
    | DossiersFacts
    | DetailsFacts
    | KeptFacts
    | FollowFacts
    | RatingFacts
    | PlainFacts
)


def procedure_of(facts: Facts) -> str:
    """The code of the record that was answered from, the first of several; "" when it was none."""
    if isinstance(facts, SeveralFacts):
        return facts.parts[0].procedure.code
    return facts.procedure.code if isinstance(facts, ProcedureFacts) else ""
