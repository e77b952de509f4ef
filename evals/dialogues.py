"""Labelled dialogues (evals/data/dialogues), run with the whole assistant and judged turn by turn."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import yaml

from bot.assistant import Assistant, Turn
from bot.conversation import Conversation, Owner
from bot.facts import Facts, ProcedureFacts, SeveralFacts
from bot.messages import InboundMessage
from bot.outcomes import meanings
from bot.procedure_reply import OVERVIEW
from bot.utterance import admit
from evals.scoring import any_of

FOLDER = Path(__file__).parent / "data" / "dialogues"
ON = date(2026, 11, 22)
# the day on which everybody talks


@dataclass(frozen=True)
class Expected:
    """One message of a citizen and what is right for it; what is empty is not judged."""

    citizen: str
    behaviours: tuple[str, ...] = ()
    # any of these
    procedures: tuple[str, ...] = ()
    # all of these
    aspects: tuple[str, ...] = ()
    # all of these
    says: tuple[str, ...] = ()
    # words of the reply


@dataclass(frozen=True)
class Dialogue:
    """A labelled conversation."""

    name: str
    turns: tuple[Expected, ...]


@dataclass(frozen=True)
class Told:
    """What one turn came to."""

    behaviour: str
    procedures: tuple[str, ...]
    # that were answered about; when none was, the first candidate
    aspects: tuple[str, ...]
    # that were told; when no record was, those that were understood
    reply: str


@dataclass(frozen=True)
class Judged:
    """One turn beside its label."""

    behaviour_right: bool
    problems: tuple[str, ...]
    # everything that differs


@dataclass(frozen=True)
class Summary:
    """Shares between 0 and 1 over some dialogues."""

    dialogues: int
    turns: int
    right_behaviour: float
    # turns
    faultless_turns: float
    faultless: float
    # dialogues


def load(folder: Path = FOLDER) -> dict[str, Dialogue]:
    """The dialogues of a folder, by the names of their files."""
    found = (
        _dialogue(path.stem, yaml.load(path.read_text("utf-8"), Loader=yaml.CSafeLoader))
        for path in sorted(folder.glob("*.yaml"))
    )
    return {dialogue.name: dialogue for dialogue in found}


def _dialogue(name: str, content: Mapping[str, Any]) -> Dialogue:
    return Dialogue(
        name,
        tuple(
            Expected(
                citizen=turn["citizen"],
                behaviours=any_of(turn.get("behaviour", ())),
                procedures=any_of(turn.get("procedure", ())),
                aspects=tuple(turn.get("aspects", ())),
                says=tuple(turn.get("says", ())),
            )
            for turn in content["turns"]
        ),
    )


def run(assistant: Assistant, dialogue: Dialogue, on: date = ON) -> list[Judged]:
    """Every turn, judged."""
    turns = _turns(assistant, [turn.citizen for turn in dialogue.turns], on)
    return [judge(expected, told(turn)) for expected, turn in zip(dialogue.turns, turns, strict=True)]


def _turns(assistant: Assistant, said: Sequence[str], on: date) -> Iterator[Turn]:
    """One turn a message; between turns the conversation belongs to the assistant, as in `python -m bot ask`."""
    conversation = Conversation()
    for number, text in enumerate(said, start=1):
        message = InboundMessage("machine", str(number), "1", datetime.now(UTC), text=text)
        turn = assistant.turn(admit(message), conversation, on)
        conversation = turn.conversation.with_(owner=Owner.BOT)
        yield turn


def told(turn: Turn) -> Told:
    """What a turn came to."""
    facts, reply, understanding = turn.facts, turn.reply, turn.understanding
    records = _records(facts)
    codes = [record.procedure.code for record in records]
    codes += [source.code for source in reply.sources] if reply else []
    likeliest = [candidate.code for candidate in understanding.candidates[:1]] if understanding else []
    understood = [aspect.value for aspect in understanding.aspects] if understanding else []
    answered = [aspect for record in records for aspect in record.aspects or OVERVIEW]
    return Told(
        behaviour=meanings()[facts.outcome].behaviour,
        procedures=tuple(dict.fromkeys(codes or likeliest)),
        aspects=tuple(dict.fromkeys(answered if records else understood)),
        reply=reply.plain() if reply else "",
    )


def _records(facts: Facts) -> tuple[ProcedureFacts, ...]:
    match facts:
        case ProcedureFacts():
            return (facts,)
        case SeveralFacts(parts=parts):
            return parts
        case _:
            return ()


def judge(expected: Expected, found: Told) -> Judged:
    """How a turn differs from its label."""
    behaviour_right = not expected.behaviours or found.behaviour in expected.behaviours
    problems = [] if behaviour_right else [found.behaviour]
    if not set(expected.procedures) <= set(found.procedures):
        problems.append(f"about {', '.join(found.procedures) or 'no procedure'}")
    if missing := [aspect for aspect in expected.aspects if aspect not in found.aspects]:
        problems.append(f"leaves out {', '.join(missing)}")
    problems += [f"does not say {words}" for words in expected.says if words not in found.reply]
    return Judged(behaviour_right, tuple(problems))


def problems(judged: Iterable[Judged]) -> list[str]:
    """What is wrong with a dialogue, each with the number of its turn."""
    return [f"turn {number}: {problem}" for number, turn in enumerate(judged, start=1) for problem in turn.problems]


def summary(dialogues: Sequence[Sequence[Judged]]) -> Summary:
    """The figures of some judged dialogues."""
    turns = [turn for dialogue in dialogues for turn in dialogue]
    return Summary(
        dialogues=len(dialogues),
        turns=len(turns),
        right_behaviour=sum(turn.behaviour_right for turn in turns) / (len(turns) or 1),
        faultless_turns=sum(not turn.problems for turn in turns) / (len(turns) or 1),
        faultless=sum(not problems(dialogue) for dialogue in dialogues) / (len(dialogues) or 1),
    )
