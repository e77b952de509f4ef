"""How much slower a message becomes while its own conversation grows, beside a full Rasa dialogue server.

Some people write to the assistant by turns, each in one conversation, and the same people the same words to Rasa over
REST. Nothing is copied: message 500 of somebody is their five hundredth. Only the growth is to be compared: ours is
asked inside the process, with its database; Rasa over HTTP, with its trackers in memory.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from evals.rasa_servers import dialogue
from evals.site import post
from evals.spread import Spread

TURNS = 500
PEOPLE = 4
SHOWN = 50
# messages at the beginning and at the end, of each person
SEED = 2
WARM_UP = 10

Say = Callable[[str, str], object]
# a person's address, a text; over when the answer is there


@dataclass(frozen=True)
class Grown:
    """A conversation's first messages beside its last ones."""

    name: str
    turns: int
    first: Spread
    last: Spread

    @property
    def times(self) -> tuple[float, float]:
        """How much longer the last ones take: p50, p99."""
        return self.last.over(self.first)


def grown(name: str, say: Say, texts: Sequence[str], turns: int = TURNS, people: int = PEOPLE) -> Grown:
    """So many people, each with so many messages."""
    chance, waits_s = random.Random(SEED), []
    said = chance.choices(texts, k=turns)
    for number in range(WARM_UP):
        say("warm-up", texts[number])
    for text in said:
        for person in range(people):
            begun = time.perf_counter()
            say(f"talker-{person}", text)
            waits_s.append(time.perf_counter() - begun)
    shown = people * min(SHOWN, turns // 2)
    return Grown(name, turns, Spread.of(waits_s[:shown]), Spread.of(waits_s[-shown:]))


def of_rasa(texts: Sequence[str], turns: int = TURNS, people: int = PEOPLE) -> Grown:
    """The same with a full Rasa dialogue server. Raises rasa_servers.NotHere."""
    with dialogue() as rasa:
        return grown("full Rasa dialogue, over REST", Rest(rasa.address).say, texts, turns, people)


@dataclass(frozen=True)
class Rest:
    """Rasa's REST channel."""

    address: str

    def say(self, person: str, text: str) -> None:
        """One message and its answer."""
        post(f"{self.address}/webhooks/rest/webhook", {"sender": person, "message": text})


def table(found: Sequence[Grown]) -> str:
    """Markdown: p50 / p99 in ms."""
    lines = ["| | first messages | last messages | times as long |", "|---|---|---|---|"]
    for one in found:
        p50, p99 = one.times
        name = f"{one.name}, 1 to {one.turns} turns"
        lines.append(f"| {name} | {one.first} | {one.last} | {p50:.2f} / {p99:.2f} |")
    return "\n".join(lines)
