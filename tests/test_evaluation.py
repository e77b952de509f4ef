"""The quality that every change must keep: labelled questions, noise and dialogues, above evals/thresholds.yaml."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from bot import wiring
from bot.assistant import Assistant
from bot.settings import Settings
from evals import apart, asking, dialogues, measuring, scoring, thresholds
from knowledge import catalogue, questions
from nlu import training
from tests.end_to_end.program import data_folder

BOUNDS = [bound for bound in thresholds.load() if not bound.figure.startswith(("imported.", "masking."))]
# the import is needed for some: `make eval`; masking: tests/test_masking.py
FLOORED = [bound.figure.removeprefix("loss.") for bound in BOUNDS if bound.figure.startswith("loss.")]
# noises that have a ceiling


@pytest.fixture(scope="module")
def figures(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, float]:
    """Every figure, of the embedded engine over the procedures that come with the program."""
    folder = data_folder(tmp_path_factory.mktemp("evaluation"))
    assistant: Assistant = wiring.build_assistant(Settings(data_dir=folder))
    over = measuring.over(measuring.SHIPPED, assistant, scoring.load())
    lost = measuring.losses(assistant, measuring.clean(over.labels), over.answers, FLOORED)
    with asking.with_portal(assistant) as connected:
        talked = [dialogues.run(connected, dialogue) for dialogue in dialogues.load().values()]
    return measuring.figures(over, None, lost, dialogues.summary(talked))


@pytest.mark.slow
@pytest.mark.parametrize("bound", BOUNDS, ids=lambda bound: bound.figure)
def test_quality_holds(figures: Mapping[str, float], bound: thresholds.Threshold) -> None:
    """No figure lies below its floor or above its ceiling."""
    failure = bound.failure(figures)
    assert not failure, failure


@pytest.mark.slow
def test_what_is_tested_was_not_taught() -> None:
    """No test question and no turn of a dialogue is nearly a text that the assistant learns from."""
    tested = apart.tested(scoring.load(), dialogues.load().values())
    found = apart.near(tested, apart.taught(training.load(), catalogue.load(), questions.load()))
    said = [
        f"{pair.tested.place}: {pair.tested.text!r} is {pair.ratio:.0f} near {pair.taught.text!r}" for pair in found
    ]
    assert not said, "\n".join(said)
