"""The values that cross the border between channels and the conversation."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum

PLACE_DIGITS = 3
# of a place in degrees: about a hundred metres


class Kind(StrEnum):
    """What the citizen sent."""

    TEXT = "text"
    BUTTON = "button"
    ATTACHMENT = "attachment"
    HEARD = "heard"
    # a voice message: its text is what this machine heard, empty when nothing; to be confirmed (bot/read_back.py)
    SEEN = "seen"
    # a photo: its text are the dossier codes that this machine read in its print; to be confirmed


@dataclass(frozen=True)
class Attachment:
    """What came besides words, by name: the file itself stays with the channel."""

    kind: str
    # "photo", "file", "place", "sound", "video" or "other"
    size_bytes: int | None = None
    # None: the channel does not say
    ref: str = ""
    # by which the channel gives it out again; "" when it does not
    place: tuple[float, float] | None = None
    # latitude and longitude, rounded (PLACE_DIGITS)

    @classmethod
    def at(cls, latitude: float, longitude: float) -> Attachment:
        """A place, no more exactly than a ward needs."""
        return cls("place", place=(round(latitude, PLACE_DIGITS), round(longitude, PLACE_DIGITS)))


@dataclass(frozen=True)
class InboundMessage:
    """One thing a citizen sent, in no vendor's words."""

    channel: str
    # "telegram", "webchat", "terminal"
    message_id: str
    # the channel's own id: unique within the channel, used to drop redeliveries
    address: str
    # where to answer: chat id, web session, terminal name
    received_at: datetime
    # aware
    kind: Kind = Kind.TEXT
    text: str = ""
    # for a button: the payload; for an attachment: its caption
    attachment: Attachment | None = None
    # also of a text: the codes on a photo are read as words


@dataclass(frozen=True)
class Button:
    """A choice offered to the citizen."""

    label: str
    # what is read, at most 100 characters
    payload: str
    # what comes back, at most 200 characters (bot/utterance.py)


@dataclass(frozen=True)
class Source:
    """The dated record that an answer was rendered from."""

    code: str
    # procedure code
    decision: str
    # the decision that published the procedure
    valid_from: date
    # first day for which we know the record to hold
    checked_on: date
    # day a person last compared the record with its source
    url: str
    case_id: str = ""
    # the case that the citizen told; empty: none, or every


@dataclass(frozen=True)
class SheetName:
    """The guidance sheet that goes with a reply, by name: the file is made when the reply is sent."""

    code: str
    # procedure code
    case_id: str
    # empty: none was told, and the papers of every case are on it
    on: date
    # the day of the turn, from which dates are counted
    is_large: bool = False
    # in large print


@dataclass(frozen=True)
class Block:
    """A piece of a reply. A channel that shows `Reply.sources` in its own way leaves out the source block."""

    kind: str
    # "heading" | "paragraph" | "bullets" | "warning" | "source"
    lines: tuple[str, ...]
    # bullets: one item a line; the others: one line
    private: bool = False
    # shown once: not kept after it was sent


class MissingSource(ValueError):
    """An answer without the record it came from cannot be built."""


@dataclass(frozen=True)
class Answer:
    """Facts rendered from records. Cannot exist without a source."""

    blocks: tuple[Block, ...]
    sources: tuple[Source, ...]

    def __post_init__(self) -> None:
        if not self.sources:
            raise MissingSource("an Answer needs at least one Source")


@dataclass(frozen=True)
class Reply:
    """What the citizen is told."""

    blocks: tuple[Block, ...]
    buttons: tuple[Button, ...] = ()
    sources: tuple[Source, ...] = field(default=())
    author: str = "assistant"
    # "assistant" or "officer"
    asks: str = ""
    # "place": a channel that can ask for it by a key does
    sheet: SheetName | None = None
    # a channel that takes files sends it in front of the words (bot/enclosures.py); the web chat links to it

    @classmethod
    def of(cls, answer: Answer, buttons: tuple[Button, ...] = ()) -> Reply:
        """The reply that shows an answer with its sources."""
        return cls(answer.blocks, buttons, answer.sources)

    @property
    def is_private(self) -> bool:
        """Whether part of it is shown once."""
        return any(block.private for block in self.blocks)

    def without_private(self, instead: str) -> Reply:
        """What may be kept of it: a sentence stands in place of what is shown once."""
        public = tuple(block for block in self.blocks if not block.private)
        return replace(self, blocks=(*public, Block("paragraph", (instead,)))) if self.is_private else self

    def plain(self) -> str:
        """The reply as plain text, bullets with dashes."""
        parts = []
        for block in self.blocks:
            mark = "- " if block.kind == "bullets" else ""
            parts.append("\n".join(mark + line for line in block.lines))
        return "\n\n".join(parts)
