"""Reading back: what was heard or seen becomes the citizen's words only by a yes. Pure; words in bot/data.

The button names what it confirms, so that one under an older reading confirms nothing else. A code that was seen is
looked up by the button that looks up codes everywhere.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

import yaml

from bot.conversation import Conversation
from bot.messages import Button, Kind
from bot.utterance import Utterance
from nlu.text import fold

PATH = Path(__file__).parent / "data" / "read_back.yaml"
WORD = re.compile(r"\w+")
LETTERS = str.maketrans("0123456789", "ghijklmnop")
RETYPE = "retype"
YES, NO = "heard:yes", "heard:no"
MOST_CODES = 3
# of one photo; Zalo shows five buttons


def buttons(kind: str, text: str, labels: Mapping[str, str]) -> tuple[Button, ...]:
    """Yes or no to what was read back; of several codes, each its own yes."""
    no = Button(labels["heard_no"], NO)
    codes = text.split("\n")[:MOST_CODES]
    match kind, len(codes):
        case Kind.HEARD, _:
            return Button(labels["heard_yes"], f"{YES}:{_name(text)}"), no
        case Kind.SEEN, 1:
            return Button(labels["heard_yes"], f"dossier:{text}"), no
        case Kind.SEEN, _:
            return *(Button(labels["look_up"].format(code=code), f"dossier:{code}") for code in codes), no
    return ()


def confirmed(utterance: Utterance, conversation: Conversation) -> Utterance:
    """The words that an utterance confirms, in its place; every other utterance as it is."""
    text = conversation.unconfirmed
    is_yes = utterance.kind is Kind.BUTTON and utterance.text == f"{YES}:{_name(text)}"
    if text and (is_yes or _is_one("agrees", utterance)):
        return Utterance(Kind.TEXT, text, (), len(text))
    return utterance


def refuses(utterance: Utterance) -> bool:
    """Whether what was read back was wrong."""
    return _is_one("refuses", utterance)


def _is_one(answer: str, utterance: Utterance) -> bool:
    """Whether a whole message is a yes, or a no."""
    return utterance.kind is Kind.TEXT and _said(utterance.text) in _answers()[answer]


def _said(text: str) -> tuple[str, ...]:
    """The words of a text in small letters, their marks kept: "dừng" is no "đúng"."""
    return tuple(WORD.findall(text.lower()))


def _name(text: str) -> str:
    """A short name of a text, in letters alone: digits in a button could be masked like a number of a person."""
    return hashlib.sha256(text.encode()).hexdigest()[:12].translate(LETTERS)


@lru_cache(maxsize=1)
def _answers() -> dict[str, frozenset[tuple[str, ...]]]:
    content = yaml.load(PATH.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    return {name: frozenset(map(_said, (*texts, *map(fold, texts)))) for name, texts in content.items()}
