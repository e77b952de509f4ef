"""From what a reader heard or saw to an utterance that waits for a yes. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from bot import receipts
from bot.messages import Kind
from bot.utterance import LONGEST_READ, Utterance
from nlu import personal_data, spoken_digits
from nlu.text import normalise

SOUND, PHOTO = "sound", "photo"
# kinds of an attachment that can be read


def utterance(kind: str, lines: Sequence[str], on: date) -> Utterance:
    """What a sound or a photo says, safe to store; empty when it says nothing that is taken over."""
    return heard(lines) if kind == SOUND else seen(lines, on)


def heard(lines: Sequence[str]) -> Utterance:
    """What was said, with personal numbers masked, also those that were said digit by digit."""
    said = normalise(" ".join(lines))[:LONGEST_READ]
    masked = personal_data.mask(spoken_digits.written(said))
    return Utterance(Kind.HEARD, masked.text, masked.found, len(said))


def seen(lines: Sequence[str], on: date) -> Utterance:
    """The dossier codes in the print of a photo; of an identity card what it is, as if its number had been typed."""
    text = receipts.printed(lines, on)
    is_card = text in personal_data.placeholders()
    kind = Kind.ATTACHMENT if not text else Kind.TEXT if is_card else Kind.SEEN
    return Utterance(kind, text, (), len(text))
