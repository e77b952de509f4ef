"""Admit: a message becomes text that may be stored. Personal numbers stop here."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from enum import StrEnum

from bot.messages import InboundMessage, Kind
from nlu import personal_data, text

LONGEST_STORED = 20_000
# characters kept of one message
LONGEST_READ = 2_000
# characters the assistant is willing to read
LONGEST_NUMBER = 50
# characters of a personal number: where a text is cut, the last ones may be half of one
LONGEST_PAYLOAD = 200
# characters of a button's payload


class Fault(StrEnum):
    """Why a message cannot be read."""

    EMPTY = "empty"
    SYMBOLS_ONLY = "symbols_only"
    TOO_LONG = "too_long"
    ATTACHMENT = "attachment"
    VOICE = "voice"


@dataclass(frozen=True)
class Utterance:
    """What a citizen said, safe to store."""

    kind: Kind
    text: str
    # NFC, no hidden characters, personal numbers masked; a button's payload
    masked: tuple[str, ...]
    # kinds of personal numbers that were masked
    length: int
    # characters received

    @property
    def fault(self) -> Fault | None:
        """Why this cannot be read, or None."""
        if self.kind is Kind.HEARD and not self.text:
            return Fault.VOICE
        if self.kind is Kind.ATTACHMENT and not self.text:
            return Fault.ATTACHMENT
        if not self.text:
            return Fault.EMPTY
        if self.length > LONGEST_READ:
            return Fault.TOO_LONG
        if not any(unicodedata.category(letter)[0] in "LN" for letter in self.text):
            return Fault.SYMBOLS_ONLY
        return None


def admit(message: InboundMessage) -> Utterance:
    """The utterance of a message."""
    if message.kind is Kind.BUTTON:
        payload = message.text[:LONGEST_STORED]
        pressed = personal_data.mask(payload if storable(payload) else "")
        return Utterance(Kind.BUTTON, pressed.text[:LONGEST_PAYLOAD], pressed.found, len(message.text))
    masked = personal_data.mask(text.normalise(message.text[:LONGEST_STORED]))
    kept = masked.text[:-LONGEST_NUMBER] if len(message.text) > LONGEST_STORED else masked.text
    return Utterance(_kind(message), kept, masked.found, len(message.text))


def _kind(message: InboundMessage) -> Kind:
    """What was sent; a sound without words is a voice message, of which nothing is heard yet."""
    is_voice = message.attachment is not None and message.attachment.kind == "sound" and not message.text
    return Kind.HEARD if message.kind is Kind.ATTACHMENT and is_voice else message.kind


def storable(text: str) -> bool:
    """Whether a database can keep the text: no NUL, no half of a character."""
    return "\0" not in text and not any("\ud800" <= letter <= "\udfff" for letter in text)
