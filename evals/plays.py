"""What citizens write in the runs that prove delivery: every question is told from every other by its answer."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

TEXTS = Path(__file__).parent / "data" / "played.yaml"
CHANNELS = ("telegram", "zalo")
FIRST_PERSON = 100_000_001
_DOSSIER = re.compile(r"H29\.19-260312-\d{4,}")
_SOURCE = re.compile(r"mã thủ tục (\d+\.\d+)")
# stands under the facts of each answer about a procedure


@dataclass(frozen=True)
class Question:
    """One message of a citizen."""

    channel: str
    person: str
    number: int
    # its place in the conversation
    text: str
    token: str
    # stands in its answer and in no other answer to this person


def token(text: str) -> str:
    """The token of the question that a text answers; empty where it names none."""
    found = _DOSSIER.search(text) or _SOURCE.search(text)
    return found[found.re.groups] if found else ""


def play(conversations: int, messages: int, codes: Sequence[str], seed: int) -> list[Question]:
    """Conversations over both channels in turn, mixed with each other; each keeps its own order."""
    chance = random.Random(seed)
    texts = yaml.load(TEXTS.read_text("utf-8"), Loader=yaml.CSafeLoader)
    queues = [_conversation(number, messages, codes, texts, chance) for number in range(conversations)]
    turns = [queue for queue in queues for _ in range(messages)]
    chance.shuffle(turns)
    return [queue.pop(0) for queue in turns]


def _conversation(
    number: int, messages: int, codes: Sequence[str], texts: dict[str, list[str]], chance: random.Random
) -> list[Question]:
    """One person's questions: dossiers and procedures in turn, none of them twice."""
    asked = chance.sample(list(codes), messages)
    tokens = [
        asked[place] if place % 2 else f"H29.19-260312-{number * messages + place + 1:04}" for place in range(messages)
    ]
    channel, person = CHANNELS[number % len(CHANNELS)], str(FIRST_PERSON + number)
    return [
        Question(channel, person, place, chance.choice(texts[_kind(place)]).format(code=code), code)
        for place, code in enumerate(tokens)
    ]


def _kind(place: int) -> str:
    return "procedure" if place % 2 else "dossier"
