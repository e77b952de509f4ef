"""Every labelled sentence, read by both engines; what fails today stands in tests/known_failures.yaml."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
import yaml

from bot import wiring
from bot.messages import InboundMessage
from bot.settings import Settings
from bot.utterance import admit
from nlu.cues import ASPECT_OF_INTENT
from nlu.understander import Interpreter
from nlu.understanding import Understanding
from tests.end_to_end.program import data_folder
from tests.known_failures import judge, known
from tests.serving import free_port, until

FOLDER = Path(__file__).parent / "sentences"
RASA = Path(__file__).parents[1] / "nlu" / "rasa"
START_S = 120
FIRST = 3
# the right procedure is among so many candidates
QUESTIONS = {"ask_procedure", *ASPECT_OF_INTENT}
# without a labelled aspect these are one


@dataclass(frozen=True)
class Sentence:
    """A labelled sentence."""

    id: str
    text: str
    intent: str
    aspects: frozenset[str]
    entities: dict[str, str]
    procedure: str
    # empty: about none in particular


def _sentences() -> Iterator[Sentence]:
    for path in sorted(FOLDER.glob("*.yaml")):
        content = yaml.load(path.read_text("utf-8"), Loader=yaml.CSafeLoader)
        for number, item in enumerate(content["sentences"], start=1):
            yield Sentence(
                id=f"{path.stem}-{number:02}",
                text=item["text"],
                intent=item.get("intent", content["intent"]),
                aspects=frozenset(item.get("aspects", ())),
                entities=item.get("entities", {}),
                procedure=item.get("procedure", ""),
            )


SENTENCES = list(_sentences())
MARKS = {"embedded": (), "rasa": (pytest.mark.rasa, pytest.mark.slow)}


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder without an import: only the procedures that come with the program."""
    return data_folder(tmp_path_factory.mktemp("sentences"))


@pytest.fixture(scope="session")
def embedded(folder: Path) -> Interpreter:
    """The engine inside the application."""
    return wiring.build_assistant(Settings(data_dir=folder)).interpreter


@pytest.fixture(scope="session")
def rasa(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Interpreter]:
    """Rasa with all the time it needs."""
    if not (RASA / ".venv" / "bin" / "rasa").exists():
        tell = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
        tell("the Rasa environment is not installed: run nlu/rasa/environment.sh")
    subprocess.run([RASA / "train.sh"], check=True, stdout=subprocess.DEVNULL)
    port, log = free_port(), tmp_path_factory.mktemp("rasa") / "log"
    with log.open("wb") as output:
        server = subprocess.Popen([RASA / "serve.sh", str(port)], stdout=output, stderr=output)
    try:
        until(lambda: _ready(f"http://127.0.0.1:{port}", server, log), START_S)
        settings = Settings(data_dir=folder, rasa_url=f"http://127.0.0.1:{port}", rasa_timeout_s=10)
        interpreter = wiring.build_assistant(settings).interpreter
        with contextlib.closing(interpreter._engines[0]):
            yield interpreter
    finally:
        server.terminate()
        server.wait(20)


def _ready(address: str, server: subprocess.Popen[bytes], log: Path) -> bool:
    assert server.poll() is None, f"Rasa stopped while starting: {log.read_text('utf-8')[-1000:]}"
    try:
        return httpx.get(f"{address}/status", trust_env=False).is_success
    except httpx.HTTPError:
        return False


def _problems(sentence: Sentence, found: Understanding) -> list[str]:
    """How the understanding differs from the label."""
    alike = not sentence.aspects and {sentence.intent, found.intent} <= QUESTIONS
    aspects = {aspect.value for aspect in found.aspects}
    entities = {(entity.kind, entity.value) for entity in found.entities}
    place = _place(sentence.procedure, found)
    wrong = [] if alike or found.intent == sentence.intent else [f"intent {found.intent}"]
    if not sentence.aspects <= aspects:
        wrong.append(f"aspects {sorted(aspects)} lack {sorted(sentence.aspects - aspects)}")
    wrong += [f"no {kind} {value}" for kind, value in sentence.entities.items() if (kind, value) not in entities]
    if sentence.procedure and not 1 <= place <= FIRST:
        wrong.append(f"{sentence.procedure} is candidate {place}" if place else f"{sentence.procedure} is no candidate")
    return wrong


def _place(code: str, found: Understanding) -> int:
    """1 for the first candidate, 0 when the procedure is none of them."""
    codes = [candidate.code for candidate in found.candidates]
    return codes.index(code) + 1 if code in codes else 0


@pytest.mark.parametrize(
    ("engine", "sentence"),
    [
        pytest.param(engine, sentence, id=f"{engine}-{sentence.id}", marks=marks)
        for engine, marks in MARKS.items()
        for sentence in SENTENCES
    ],
)
def test_sentence(request: pytest.FixtureRequest, engine: str, sentence: Sentence) -> None:
    """A labelled sentence gives its intent, entities, aspects, and its procedure among the first three."""
    interpreter: Interpreter = request.getfixturevalue(engine)
    message = InboundMessage("machine", "1", "1", datetime.now(UTC), text=sentence.text)
    found = interpreter.understand(admit(message).text)
    assert found.engine == engine
    judge(request, f"sentences, {engine}", sentence.id, _problems(sentence, found))


@pytest.mark.parametrize("engine", MARKS)
def test_known_failures_name_sentences(engine: str) -> None:
    """The list of known failures names only sentences that exist."""
    assert set(known().get(f"sentences, {engine}", {})) <= {sentence.id for sentence in SENTENCES}
