"""Scope: whether a message is about a matter of the one-stop service at all."""

from __future__ import annotations

import numpy as np
import pytest

from nlu import training
from nlu.scope import MATTER, OUTSIDE, QUESTIONS, Scope, some
from nlu.training import Example
from nlu.understanding import Reading

SENTENCES = (
    *(Example(text, "ask_fee") for text in ("làm khai sinh bao nhiêu tiền", "phí đổi bằng lái")),
    *(Example(text, "off_topic") for text in ("kể chuyện cười đi", "hôm nay trời mưa không", "kể chuyện ma đi")),
    *(Example(text, "emergency") for text in ("cứu với nhà đang cháy", "cứu với có người bất tỉnh", "nhà cháy cứu")),
    *(Example(text, "affirm") for text in ("ok em", "ừ đúng rồi", "đúng rồi em")),
)
ASKED = ("ông nội bị tai nạn mất, báo tử ở đâu", "nhà cháy mất giấy tờ, xin cấp lại", "nhà cháy mất sổ đỏ")
SCOPE = Scope.taught(SENTENCES, ASKED, None)


def read(intent: str) -> Reading:
    """What an engine made of a message."""
    return Reading(intent, 0.5, (), "rasa")


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("làm khai sinh bao nhiêu tiền vậy", MATTER),
        ("nhà cháy mất giấy tờ thì xin cấp lại ở đâu", MATTER),
        ("cứu với nhà cháy", "emergency"),
        ("kể chuyện cười nghe đi", "off_topic"),
    ],
)
def test_a_matter_is_told_from_everything_else(text, kind):
    """What happened to somebody does not hide what they ask for."""
    assert SCOPE.kind(text, None)[0] == kind


def test_the_engine_is_overruled_only_about_what_is_outside():
    """Its small talk and its aspects stand; its alarms and refusals do not."""
    question = "nhà cháy mất giấy tờ thì xin cấp lại ở đâu"
    assert SCOPE.settle(read("ask_place"), question, None) == read("ask_place")
    assert SCOPE.settle(read("emergency"), question, None).intent == MATTER
    assert SCOPE.settle(read("ask_place"), "cứu với nhà cháy", None).intent == "emergency"
    assert SCOPE.settle(read("greet"), "đúng rồi em", None) == read("greet")


def test_meanings_count():
    """Two texts without a known word differ by what they mean."""
    meanings = np.zeros((len(SENTENCES) + len(ASKED), 2), dtype=np.float32)
    for row, example in enumerate(SENTENCES):
        meanings[row, 1] = float(example.intent == "emergency")
    scope = Scope.taught(SENTENCES, ASKED, meanings)
    shares = [
        dict(zip(scope.classifier.classes, scope.shares("xyz", meaning), strict=True))["emergency"]
        for meaning in (np.array([0.0, 1.0], dtype=np.float32), np.array([0.0, 0.0], dtype=np.float32))
    ]
    assert shares[0] > shares[1]


def test_the_questions_come_from_all_over_the_catalogue():
    """So many, evenly; all of them when there are fewer."""
    assert len(some(str(number) for number in range(10_000))) == QUESTIONS
    assert some(["một", "hai"]) == ["một", "hai"]
    assert some([]) == []


def test_what_is_outside_are_known_intents():
    """Every name is an intent of the training sentences."""
    assert set(training.intents()) >= OUTSIDE
