"""The measured lost questions: ten needs, each held out in other words, and a teaching that finds them."""

from __future__ import annotations

from bot.settings import Settings
from evals import apart, lost_questions
from evals.apart import Text
from evals.lost_questions import Need
from evals.scoring import Label
from knowledge import catalogue, questions
from nlu import training
from tests import test_effect
from tests.town import BIRTH, COPY, RECORDS

STYLES = {"colloquial", "english", "long_story", "no_diacritics", "southern", "standard", "teencode", "typo"}
chosen = test_effect.chosen


def test_ten_needs_are_measured_in_several_styles() -> None:
    """Ten lost questions about ten reviewed procedures, at least three other ways of asking for each."""
    needs = lost_questions.load()
    reviewed = {record["code"] for record in catalogue.read_reviewed(catalogue.REVIEWED_FOLDER)}
    assert len(needs) == 10 == len({need.code for need in needs}) and {need.code for need in needs} <= reviewed
    assert all(len(need.held_out) >= 3 for need in needs)
    assert {label.style for need in needs for label in (need.lost, *need.held_out)} <= STYLES


def test_what_is_held_out_was_never_taught() -> None:
    """No held-out question is near a lost one that becomes an example, or anything the assistant learns from."""
    needs = lost_questions.load()
    held_out = [Text(label.id, label.text) for need in needs for label in need.held_out]
    taught = apart.taught(training.load(), catalogue.load(), questions.load())
    assert apart.near(held_out, [*taught, *(Text(need.lost.id, need.lost.text) for need in needs)]) == []


def test_a_taught_question_finds_its_needs(chosen: Settings) -> None:
    """Missed before, found after, in its own words and in others; what was found before still is."""
    asked = [Label(name, f"{name} thị thực tờ giấy", "southern", COPY) for name in ("tui", "em")]
    need = Need(COPY, (), asked[0], (asked[1],))
    assert lost_questions.taught({COPY: RECORDS[COPY]}, [need])[COPY]["examples"] == [asked[0].text]
    found = list(lost_questions.measured([need], [Label("1", "khai sinh cho con", "standard", BIRTH)], chosen))
    results = [table.compared.result() for table in found]
    assert [(one["before"], one["after"]) for one in results] == [(0, 1), (0, 1), (1, 1)]
    assert found[2].worse == [] and "| all | 1 |" in "\n".join(lost_questions.markdown(found[2]))
