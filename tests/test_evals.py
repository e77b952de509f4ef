"""The scales themselves: scoring, noise, curves, intervals, thresholds, dialogues, apartness, baselines, the report."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from evals import ablation, apart, baselines, curves, intervals, measuring, noise, pictures, report, scoring, thresholds
from evals import dialogues as talks
from evals.ablation import Scored, Without
from evals.apart import Text
from evals.baselines import Found
from evals.curves import Guess, Point
from evals.dialogues import Expected, Judged, Told
from evals.measuring import Loss, Over
from evals.scoring import Label
from evals.thresholds import Threshold
from nlu.confidence import CALIBRATING, Confidence
from tests.town import assistant

BIRTH = Label("q1", "làm khai sinh", "standard", "1.001193", ("3.000722",), field="ho_tich")
SCAM = Label("q2", "gọi đòi tiền", "standard", "", behaviours=("out_of_scope", "handoff"))


def answer(behaviour: str, *codes: str, confidence: float = 0.9, told: str = "") -> dict[str, Any]:
    """An answer of the machine's interface, as far as scoring reads it."""
    return {
        "behaviour": behaviour,
        "procedures": [{"code": code, "name": f"name of {code}", "confidence": confidence} for code in codes],
        "sources": [{"code": told}] if told else [],
        "buttons": [],
    }


# --- scoring


@pytest.mark.parametrize(("value", "words"), [("answer", ("answer",)), (["a", "b"], ("a", "b")), ("", ()), ([], ())])
def test_a_label_is_a_word_or_a_list(value: str | list[str], words: tuple[str, ...]) -> None:
    """One word is one behaviour, not its letters; an empty one is none."""
    assert scoring.label({"id": 1, "text": "", "behaviour": value}).behaviours == words


@pytest.mark.parametrize(("given", "share"), [("handoff", 1.0), ("out_of_scope", 1.0), ("smalltalk", 0.0)])
def test_any_accepted_behaviour_is_right(given: str, share: float) -> None:
    """Each behaviour of the list is right, another is not; questions about a procedure do not count."""
    answers = {"q1": answer("smalltalk"), "q2": answer(given)}
    assert scoring.right_behaviour([BIRTH, SCAM], answers) == share
    assert scoring.confusion([SCAM], answers) == {(("out_of_scope", "handoff"), given): 1}


@pytest.mark.parametrize(("given", "share"), [("answer", 1.0), ("correct_premise", 1.0), ("clarify", 0.0)])
def test_an_answer_to_what_nothing_answers_counts(given: str, share: float) -> None:
    """Told facts of a procedure count; a question whose label allows an answer is not among them."""
    allowed = replace(SCAM, id="q3", behaviours=("clarify", "answer"))
    answers = {"q2": answer(given), "q3": answer("answer")}
    assert scoring.off_topic_answered([SCAM, allowed], answers) == share


def test_hits_and_wrong_answers() -> None:
    """An accepted procedure is a hit; what was told about another one is a wrong answer."""
    answers = {"q1": answer("answer", "9.999999", "3.000722", told="9.999999")}
    score = scoring.score([BIRTH], answers)
    assert (score.hit_1, score.hit_3, score.mrr) == (0, 1, 0.5)
    assert (score.answered, score.right_when_answered, score.wrong_answers) == (1, 0, 1)


def test_the_questions_that_come_with_the_project_can_be_read() -> None:
    """Each question is about a procedure or says which behaviours are right; ids are given once."""
    labels = scoring.load()
    assert labels
    assert all(item.code or item.behaviours for item in labels)
    assert len({item.id for item in labels}) == len(labels)


# --- noise

QUESTION = "em muốn đăng ký khai sinh cho con thì cần giấy tờ gì vậy, có mất tiền không"


@pytest.mark.parametrize("kind", noise.NOISES)
def test_noise_is_seeded_and_changes_the_text(kind: str) -> None:
    """The same question gives the same variant; it differs from the question; another question's is another."""
    made = noise.noisy(QUESTION, kind, "q1")
    assert made == noise.noisy(QUESTION, kind, "q1") != QUESTION
    if kind != "no_diacritics":
        assert len({noise.noisy(QUESTION, kind, f"q{number}") for number in range(20)}) > 10


@pytest.mark.parametrize("text", ["Đăng ký ở Đà Nẵng", "thẻ căn cước"])
def test_no_diacritics_leaves_plain_letters(text: str) -> None:
    """Nothing but ASCII is left, as long as before."""
    made = noise.no_diacritics(text, random.Random(1))
    assert made.isascii()
    assert len(made) == len(text)


@pytest.mark.parametrize(
    ("word", "keys"), [("giấy", "giaays"), ("được", "dduwowcj"), ("cho", "cho"), ("Đổi", "ddooir")]
)
def test_raw_telex(word: str, keys: str) -> None:
    """A word that the keyboard did not put together shows its keys, the tone last."""
    assert noise._telex(word, random.Random(1)) == keys


@pytest.mark.parametrize("slip", noise._SLIPS)
def test_slips_stay_small(slip: noise.Slip) -> None:
    """A slip of the finger keeps nearly all letters of the word."""
    chance = random.Random(7)
    slipped = {slip("khai", chance) for _ in range(30)}
    assert all(3 <= len(word) <= 5 for word in slipped)


def test_typos_leave_numbers_and_short_words() -> None:
    """Where no word is long enough nothing is changed."""
    assert noise.noisy("12 ở 000.00.01", "typo", "q1") == "12 ở 000.00.01"


# --- curves


def test_calibration_error_by_hand() -> None:
    """Two bins: 0.9 sure and half right (2 of 4 guesses), 0.2 sure and never right (2 of 4)."""
    guesses = [Guess(0.9, True), Guess(0.9, False), Guess(0.2, False), Guess(0.2, False)]
    assert curves.calibration_error(guesses) == pytest.approx(0.5 * 0.4 + 0.5 * 0.2)
    assert curves.calibration_error([Guess(1.0, True)]) == 0
    assert curves.calibration_error([]) == 0


def test_risk_coverage_by_hand() -> None:
    """The surest come first, and guesses of one confidence together, so that their order does not matter."""
    guesses = [Guess(0.5, False), Guess(0.9, True), Guess(0.5, True), Guess(0.7, False)]
    points = [Point(0.25, 0, 0.9), Point(0.5, 0.5, 0.7), Point(1, 0.5, 0.5)]
    assert curves.risk_coverage(guesses) == points
    assert curves.risk_coverage(guesses[::-1]) == points


@pytest.mark.parametrize(("told_from", "rate"), [(0.8, 0.0), (0.7, 0.25), (0.5, 0.5)])
def test_wrong_answer_rate_counts_all_questions(told_from: float, rate: float) -> None:
    """Of all questions, those that are told and wrong."""
    guesses = [Guess(0.5, False), Guess(0.9, True), Guess(0.5, True), Guess(0.7, False)]
    assert curves.wrong_answer_rate(guesses, told_from) == rate


# --- intervals


def test_the_interval_brackets_the_mean() -> None:
    """It lies on both sides of the share, is the same each time, and narrower for more procedures."""
    hits = [(f"p{number}", number % 10 != 0) for number in range(100)]
    found = intervals.interval(hits)
    assert 0.8 < found.low < 0.9 < found.high < 1
    assert intervals.interval(hits) == found
    more = intervals.interval([(f"{code}-{copy}", hit) for code, hit in hits for copy in range(10)])
    assert more.high - more.low < found.high - found.low


def test_the_interval_draws_procedures() -> None:
    """A hundred questions about two procedures are two draws, not a hundred."""
    assert intervals.interval([(code, code == "a") for code in "ab" * 50]) == intervals.Interval(0.0, 1.0)


def test_no_hits_no_interval() -> None:
    """Nothing asked is no division by nought."""
    assert intervals.interval([]) == intervals.Interval(0, 0)


# --- thresholds


def test_thresholds_name_what_fails() -> None:
    """The sentence names figure, bound and value; what holds exactly is silent; what is missing fails."""
    floor, ceiling = Threshold("shipped.hit_1", 88, False), Threshold("loss.typo", 4, True)
    assert thresholds.failures([floor, ceiling], {"shipped.hit_1": 88, "loss.typo": 4}) == []
    assert thresholds.failures([floor, ceiling], {"shipped.hit_1": 87.5, "loss.typo": 4.25}) == [
        "shipped.hit_1 must be at least 88 but is 87.50",
        "loss.typo must be at most 4 but is 4.25",
    ]
    assert thresholds.failures([floor], {}) == ["shipped.hit_1 must be at least 88 but was not measured"]


def test_every_threshold_has_a_figure() -> None:
    """The file names no figure that is never measured."""
    over = Over("shipped", [BIRTH, SCAM], {"q1": answer("answer", "1.001193"), "q2": answer("handoff")}, {})
    lost = dict.fromkeys(noise.NOISES, Loss(1, 1, 1))
    figures = measuring.figures(over, over, lost, talks.summary([[Judged(True, ())]]))
    bounds = {bound.figure for bound in thresholds.load() if not bound.figure.startswith("masking.")}
    assert bounds <= set(figures)
    assert figures["shipped.hit_1"] == figures["dialogue_turns"] == 100
    assert figures["loss.typo"] == figures["off_topic_answered"] == 0


# --- dialogues

TOLD = Told("answer", ("1.001193", "2.000806"), ("documents", "fee"), "Không thu lệ phí")


@pytest.mark.parametrize(
    ("expected", "problems"),
    [
        (Expected("?", ("answer",), ("1.001193",), ("fee",), ("lệ phí",)), ()),
        (Expected("?", ("clarify", "answer"), ("2.000806", "1.001193")), ()),
        (Expected("?"), ()),
        (Expected("?", ("clarify",)), ("answer",)),
        (Expected("?", (), ("1.001193", "1.000000")), ("about 1.001193, 2.000806",)),
        (Expected("?", (), (), ("fee", "time", "place")), ("leaves out time, place",)),
        (Expected("?", (), (), (), ("50.000 đồng",)), ("does not say 50.000 đồng",)),
    ],
)
def test_a_turn_is_judged(expected: Expected, problems: tuple[str, ...]) -> None:
    """Any behaviour, all procedures, all aspects, all words."""
    assert talks.judge(expected, TOLD).problems == problems


def test_about_nothing_is_said_so() -> None:
    """A turn that was about no procedure fails a label that names one."""
    found = talks.judge(Expected("?", (), ("1.001193",)), replace(TOLD, procedures=()))
    assert found == Judged(True, ("about no procedure",))


def test_the_summary_counts_turns_and_dialogues() -> None:
    """A turn with the right behaviour and a wrong procedure is a fault, but not of behaviour."""
    right, half, wrong = Judged(True, ()), Judged(True, ("about x",)), Judged(False, ("clarify",))
    found = talks.summary([[right, right], [right, half, wrong]])
    assert (found.dialogues, found.turns) == (2, 5)
    assert (found.right_behaviour, found.faultless_turns, found.faultless) == (0.8, 0.6, 0.5)
    assert talks.problems([right, half, wrong]) == ["turn 2: about x", "turn 3: clarify"]


def test_dialogues_are_read(tmp_path: Path) -> None:
    """A word and a list mean the same; what is not labelled is empty."""
    content = {"turns": [{"citizen": "a", "behaviour": "answer", "procedure": ["1", "2"]}, {"citizen": "b"}]}
    (tmp_path / "one.yaml").write_text(json.dumps(content), encoding="utf-8")
    assert talks.load(tmp_path)["one"].turns == (Expected("a", ("answer",), ("1", "2")), Expected("b"))


def test_a_dialogue_runs_with_the_assistant() -> None:
    """The whole way: the town's assistant does not know this text, and the label that wants an answer says so."""
    dialogue = talks.Dialogue("one", (Expected("xin chào bạn nhé", ("no such behaviour",)),))
    (judged,) = talks.run(assistant(), dialogue)
    assert not judged.behaviour_right
    assert len(judged.problems) == 1


# --- apart


def test_apart_finds_a_planted_pair() -> None:
    """Marks, capitals and one letter do not hide a copy; few words and another question are no copy."""
    taught = [Text("training fee", "Làm khai sinh mất bao nhiêu tiền?"), Text("training thanks", "cảm ơn bạn")]
    tested = [
        Text("question q1", "lam khai sinh mat bao nhieu tien a"),
        Text("question q2", "cảm ơn bạn"),
        Text("question q3", "đăng ký tạm trú ở đâu hả anh"),
    ]
    (pair,) = apart.near(tested, taught)
    assert (pair.tested, pair.taught) == (tested[0], taught[0])
    assert pair.ratio >= apart.NEAR


def test_apart_reads_questions_and_turns() -> None:
    """Both kinds of test text, with where they stand."""
    dialogue = talks.Dialogue("one", (Expected("a"), Expected("b")))
    places = [item.place for item in apart.tested([BIRTH], [dialogue])]
    assert places == ["question q1", "dialogue one, turn 1", "dialogue one, turn 2"]


# --- baselines and ablation

NAMES = {"1": "Đăng ký khai sinh", "2": "Đăng ký kết hôn", "3": "Cấp hộ chiếu phổ thông"}


@pytest.mark.parametrize("build", [baselines.bm25, baselines.wratio, baselines.fts5])
def test_plain_search_finds_a_name(build: Any) -> None:
    """Each finds the name that has the words, and bears a text without any."""
    search = build(NAMES)
    assert search("em muốn cấp hộ chiếu phổ thông")[0] == "3"
    assert search("Đăng ký kết hôn")[0] == "2"
    assert isinstance(search('"?!"'), list)


def test_a_search_is_measured() -> None:
    """Hits by place, times by question."""
    labels = [Label(str(place), "?", "", code) for place, code in enumerate("abcd")]
    found = baselines.measure("fixed", lambda text: ["a", "b"], labels)
    assert (found.questions, found.hit_1, found.hit_3) == (4, 0.25, 0.5)
    assert 0 <= found.p50_ms <= found.p99_ms


def test_a_signal_that_decides_is_missed() -> None:
    """Without the one signal that speaks for the right candidate another is first."""
    size = len(ablation.SIGNALS)
    right, wrong = [0.0] * size, [0.0] * size
    right[0], wrong[1] = 1.0, 0.5
    scored = [Scored(BIRTH, ("9.999999", BIRTH.code), [wrong, right])]
    confidence = Confidence((1.0,) * size, (0.0,) * (3 + len(CALIBRATING)))
    assert ablation.without(scored, confidence, ()).hit_1 == 1
    assert ablation.without(scored, confidence, ablation.SIGNALS[:1]) == Without(ablation.SIGNALS[:1], 0, 1)


# --- the report


def measured() -> report.Report:
    """A report of two questions."""
    answers = {"q1": answer("answer", "9.999999", told="9.999999"), "q2": answer("handoff", "9.999999", confidence=0.2)}
    over = Over("shipped", [BIRTH, SCAM], answers, {"1.001193": "Đăng ký khai sinh"})
    found = Found("BM25", 1, 0.5, 1, 1, 1, 2)
    return report.Report(
        day=date(2026, 11, 5),
        command="python -m evals own",
        encoder=False,
        told_from=0.6,
        overs={"shipped": over},
        parts=[over],
        losses={"typo": Loss(10, 0.9, 0.85)},
        dialogues=talks.summary([[Judged(False, ("clarify",))]]),
        failing={"one": ["turn 1: clarify"]},
        baselines={"shipped": [found]},
        ablation=[Without((), 0.9, 1), Without(("local",), 0.8, 1)],
        ablation_over="shipped",
        figures={"shipped.hit_1": 87.5},
        thresholds=[Threshold("shipped.hit_1", 88, False), Threshold("imported.hit_1", 75, False)],
    )


@pytest.mark.parametrize(
    "line",
    [
        "5 November 2026",
        "| shipped | 1 | 0.0 | 0.0 to 0.0 |",
        "| typo | 10 | 90.0 | 85.0 | 5.0 |",
        "| one | turn 1: clarify |",
        "| local | 80.0 | -10.0 | 100.0 | +0.0 |",
        "| shipped.hit_1 | at least 88 | 87.5 | no |",
        "| imported.hit_1 | at least 75 | not measured | no |",
        "| out_of_scope / handoff |  | 1 | 100.0 |",
        "| q1 | standard | làm khai sinh | 1.001193 Đăng ký khai sinh | 9.999999 name of 9.999999 | 0.90 |",
    ],
)
def test_the_report_tells_the_figures(line: str) -> None:
    """Each part stands in the text, and no place of the template is left open."""
    text = report.markdown(measured(), report.TEMPLATE.read_text(encoding="utf-8"))
    assert line in text
    assert "{{" not in text


def test_the_report_is_the_same_for_the_same_figures(tmp_path: Path) -> None:
    """Text and pictures, byte for byte; every picture that the text shows is there."""
    written = [tmp_path / name / "understanding.md" for name in ("one", "two")]
    for path in written:
        path.parent.mkdir()
        report.write(measured(), path)
    first, second = ({each.name: each.read_bytes() for each in _files(path.parent)} for path in written)
    assert first == second
    shown = [part.partition(")")[0] for part in written[0].read_text(encoding="utf-8").split("](pictures/")[1:]]
    assert len(shown) == 3
    assert set(shown) <= set(first)


def test_pictures_show_the_names(tmp_path: Path) -> None:
    """Letters stay letters, and no date stands in the file."""
    pictures.styles({"shipped": {"typo": 0.9}}, tmp_path / "styles.svg")
    text = (tmp_path / "styles.svg").read_text(encoding="utf-8")
    assert "typo" in text
    assert "dc:date" not in text


def _files(folder: Path) -> Sequence[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())
