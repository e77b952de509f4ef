"""What a message means: the result type of this room and the protocol of an engine.

Runs on Python 3.10 too: the Rasa project imports this package.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Protocol


class Aspect(str, Enum):  # noqa: UP042 (StrEnum needs 3.11)
    """What about a procedure is asked."""

    DOCUMENTS = "documents"
    FEE = "fee"
    TIME = "time"
    PLACE = "place"
    HOW = "how"
    CONDITIONS = "conditions"
    LEGAL_BASIS = "legal_basis"
    RESULT = "result"


@dataclass(frozen=True)
class Entity:
    """One thing named in a message."""

    kind: str
    # dossier_code, procedure_code, date, amount, unit, citizen_number, insurance_number...
    value: str
    # normalised: a code in capitals, an ISO date, an amount in whole dong
    start: int
    # first character in the text that was read
    end: int
    # one past the last character
    score: float = 1.0
    # 1 for an exact match, less when matched under noise


@dataclass(frozen=True)
class Reading:
    """What an engine makes of one message: its intent and entities."""

    intent: str
    # a name of nlu/data/intents.yaml
    confidence: float
    # between 0 and 1, as the engine gives it
    entities: tuple[Entity, ...]
    engine: str
    # "rasa" or "embedded"


@dataclass(frozen=True)
class Candidate:
    """A procedure the message may be about."""

    code: str
    name: str
    confidence: float
    # calibrated probability that this is the one, between 0 and 1


@dataclass(frozen=True)
class Part:
    """One of several questions in a message."""

    text: str
    aspects: tuple[Aspect, ...]
    candidates: tuple[Candidate, ...]
    # best first


@dataclass(frozen=True)
class Understanding:
    """One message, understood."""

    text: str
    # as read: NFC, masked
    intent: str
    intent_confidence: float
    aspects: tuple[Aspect, ...]
    entities: tuple[Entity, ...]
    candidates: tuple[Candidate, ...]
    # best first, at most ten
    engine: str
    in_context: tuple[Candidate, ...] = ()
    # of the present topic and the text read together; empty without a topic, or when the text is long
    parts: tuple[Part, ...] = ()
    # the questions of a message that asks several; empty when it asks one

    def first(self, kind: str) -> Entity | None:
        """The first entity of a kind, or None."""
        return next((entity for entity in self.entities if entity.kind == kind), None)


class Understander(Protocol):
    """An engine that reads one masked message. Raises `nlu.errors.Unavailable` when it cannot answer in time."""

    def read(self, text: str) -> Reading: ...
