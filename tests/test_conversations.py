"""Every labelled dialogue with the whole assistant; what fails today stands in tests/known_failures.yaml."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot import wiring
from bot.assistant import Assistant, Turn
from bot.conversation import Conversation, Owner
from bot.facts import ProcedureFacts
from bot.messages import InboundMessage
from bot.outcomes import meanings
from bot.settings import Settings
from bot.utterance import admit
from integrations.stand_ins import portal as portal_stand_in
from tests.end_to_end.program import data_folder
from tests.known_failures import judge, known
from tests.serving import served

FOLDER = Path(__file__).parent.parent / "evals" / "data" / "dialogues"
SUITE = "dialogues, embedded"
ON = date(2026, 11, 22)
# the day on which everybody talks

DIALOGUES = {path.stem: yaml.safe_load(path.read_text("utf-8")) for path in sorted(FOLDER.glob("*.yaml"))}


@pytest.fixture(scope="module")
def assistant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assistant]:
    """The assistant with the procedures that come with the program, the embedded engine and a portal."""
    with served(portal_stand_in.app()) as portal:
        settings = Settings(
            data_dir=data_folder(tmp_path_factory.mktemp("dialogues")),
            portal_url=portal,
            portal_token_url=portal + portal_stand_in.TOKEN_PATH,
            portal_client_id=portal_stand_in.CLIENT_ID,
            portal_client_secret=portal_stand_in.CLIENT_SECRET,
        )
        made = wiring.build_assistant(settings)
        with contextlib.closing(made.portal):
            yield made


def _turns(assistant: Assistant, said: list[str]) -> Iterator[Turn]:
    """One turn a message; between turns the conversation belongs to the assistant, as in `python -m bot ask`."""
    conversation = Conversation()
    for number, text in enumerate(said, start=1):
        message = InboundMessage("machine", str(number), "1", datetime.now(UTC), text=text)
        turn = assistant.turn(admit(message), conversation, ON)
        conversation = turn.conversation.with_(owner=Owner.BOT)
        yield turn


def _problems(number: int, label: dict[str, Any], turn: Turn) -> list[str]:
    """How a turn differs from its label."""
    behaviour, right = meanings()[turn.facts.outcome].behaviour, label.get("behaviour", [])
    wrong = []
    if right and behaviour not in ([right] if isinstance(right, str) else right):
        wrong.append(f"turn {number}: {behaviour}")
    if label.get("procedure", "") not in ("", _procedure(turn)):
        wrong.append(f"turn {number}: about {_procedure(turn) or 'no procedure'}")
    reply = turn.reply.plain() if turn.reply else ""
    return wrong + [f"turn {number}: does not say {words}" for words in label.get("says", ()) if words not in reply]


def _procedure(turn: Turn) -> str:
    """The procedure that was answered about, otherwise the first candidate."""
    if isinstance(turn.facts, ProcedureFacts):
        return turn.facts.procedure.code
    candidates = turn.understanding.candidates if turn.understanding else ()
    return candidates[0].code if candidates else ""


@pytest.mark.parametrize("name", DIALOGUES)
def test_dialogue(request: pytest.FixtureRequest, assistant: Assistant, name: str) -> None:
    """Every turn of a labelled dialogue does what the label says, about its procedure, in its words."""
    labels = DIALOGUES[name]["turns"]
    turns = _turns(assistant, [label["citizen"] for label in labels])
    found = enumerate(zip(labels, turns, strict=True), start=1)
    judge(request, SUITE, name, [wrong for number, pair in found for wrong in _problems(number, *pair)])


def test_known_failures_name_dialogues() -> None:
    """The list of known failures names only dialogues that exist."""
    assert set(known().get(SUITE, {})) <= set(DIALOGUES)
