"""Every labelled dialogue with the whole assistant; what fails today stands in tests/known_failures.yaml."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import pytest

from bot import wiring
from bot.assistant import Assistant
from bot.settings import Settings
from evals import dialogues
from integrations.routing import Routing
from integrations.stand_ins import portal as portal_stand_in
from integrations.stand_ins.settings import environment
from tests.end_to_end.program import data_folder
from tests.known_failures import judge, known
from tests.serving import served

SUITE = "dialogues, embedded"
DIALOGUES = dialogues.load()


@pytest.fixture(scope="module")
def assistant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assistant]:
    """The assistant with the procedures that come with the program, the embedded engine and a portal."""
    with served(portal_stand_in.app()) as portal:
        settings = Settings(
            data_dir=data_folder(tmp_path_factory.mktemp("dialogues")),
            **environment("city", portal),  # type: ignore[arg-type]
        )
        made = wiring.build_assistant(settings)
        assert isinstance(made.portal, Routing)
        with contextlib.closing(made.portal):
            yield made


@pytest.mark.parametrize("name", DIALOGUES)
def test_dialogue(request: pytest.FixtureRequest, assistant: Assistant, name: str) -> None:
    """Every turn of a labelled dialogue does what the label says, about its procedures and aspects, in its words."""
    judge(request, SUITE, name, dialogues.problems(dialogues.run(assistant, DIALOGUES[name])))


def test_known_failures_name_dialogues() -> None:
    """The list of known failures names only dialogues that exist."""
    assert set(known().get(SUITE, {})) <= set(DIALOGUES)
