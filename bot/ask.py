"""The machine's interface: questions in, one JSON line a message out (docs/machine-interface.md)."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from bot.assistant import Assistant, Turn
from bot.conversation import Conversation, Owner
from bot.facts import ProcedureFacts
from bot.messages import InboundMessage, Kind
from bot.outcomes import meanings
from bot.utterance import admit
from nlu.understanding import Candidate


@dataclass(frozen=True)
class Question:
    """One conversation to run."""

    id: str
    turns: tuple[str, ...]


@dataclass(frozen=True)
class BadLine:
    """An input line that is no question."""

    number: int
    reason: str


def read(path: Path) -> Iterator[Question | BadLine]:
    """The questions of a JSON-lines file: `id` and `text`, or `id` and `turns`."""
    with path.open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            if line.strip():
                yield _question(number, line)


def _question(number: int, line: bytes) -> Question | BadLine:
    try:
        content = json.loads(line.decode("utf-8-sig"))
        turns = content["turns"] if "turns" in content else [content["text"]]
        if not isinstance(turns, list) or not turns or not all(isinstance(turn, str) for turn in turns):
            return BadLine(number, "turns is not a list of texts")
        name = str(content["id"])
        name.encode()  # a lone surrogate could not be written back
        return Question(name, tuple(turns))
    except (ValueError, RecursionError) as error:
        return BadLine(number, f"not a JSON object in UTF-8: {error}")
    except (KeyError, TypeError):
        return BadLine(number, "needs `id`, and `text` or `turns`")


def tell(
    assistant: Assistant, items: Iterable[Question | BadLine], on: date, engine: str, *, as_json: bool = True
) -> int:
    """Print every answer, and on standard error what is no question; the exit code, 0 when all was handled."""
    bad_lines, other_engine = 0, 0
    for item in items:
        if isinstance(item, BadLine):
            bad_lines += 1
            print(f"line {item.number}: {item.reason}", file=sys.stderr)
            continue
        for given in run(assistant, item, on):
            other_engine += given["engine"] not in (engine, "none")
            print(json.dumps(given, ensure_ascii=False) if as_json else given["reply"], flush=True)
    if other_engine:
        print(f"{other_engine} messages were read by the embedded engine: Rasa did not answer", file=sys.stderr)
    return 1 if bad_lines else 0


def run(assistant: Assistant, question: Question, on: date) -> Iterator[dict[str, Any]]:
    """One answer a turn; nothing is stored. Each conversation starts anew and stays with the assistant."""
    conversation = Conversation()
    for number, text in enumerate(question.turns, start=1):
        message = InboundMessage("machine", str(number), question.id, datetime.now(UTC), Kind.TEXT, text)
        turn = assistant.turn(admit(message), conversation, on)
        conversation = turn.conversation.with_(owner=Owner.BOT)
        yield answer(question.id, number, turn)


def answer(question_id: str, number: int, turn: Turn) -> dict[str, Any]:
    """The published shape of one answer."""
    understanding, reply = turn.understanding, turn.reply
    return {
        "id": question_id,
        "turn": number,
        "engine": turn.engine,
        "behaviour": meanings()[turn.facts.outcome].behaviour,
        "intent": understanding.intent if understanding else "",
        "aspects": [aspect.value for aspect in understanding.aspects] if understanding else [],
        "procedures": [
            {"code": item.code, "name": item.name, "confidence": round(item.confidence, 4)}
            for item in _procedures(turn)
        ],
        "reply": reply.plain() if reply else "",
        "buttons": [{"label": button.label, "payload": button.payload} for button in reply.buttons] if reply else [],
        "sources": [
            {
                "code": source.code,
                "decision": source.decision,
                "valid_from": source.valid_from.isoformat(),
                "checked_on": source.checked_on.isoformat(),
                "url": source.url,
            }
            for source in (reply.sources if reply else ())
        ],
        "elapsed_ms": turn.elapsed_ms,
    }


def _procedures(turn: Turn) -> list[Candidate]:
    """The candidates, best first; the procedure that was answered leads when the talk was already about it."""
    candidates = list(turn.understanding.candidates) if turn.understanding else []
    if not isinstance(turn.facts, ProcedureFacts):
        return candidates
    told = turn.facts.procedure
    if candidates and candidates[0].code == told.code:
        return candidates
    rest = [item for item in candidates if item.code != told.code]
    return [Candidate(told.code, told.name, 1.0), *rest][:10]
