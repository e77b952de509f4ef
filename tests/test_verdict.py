"""The scales of the delivery runs: what was asked against what arrived."""

from __future__ import annotations

import pytest

from evals import plays
from evals.killing import codes
from evals.plays import Question
from evals.verdict import Sending, judge

A, B = "H29.19-260312-0001", "H29.19-260312-0002"
QUESTIONS = [Question("zalo", "7", number, token, token) for number, token in enumerate((A, B))]


def sent(*texts: str) -> list[Sending]:
    """Texts that arrived one after the other."""
    return [Sending("zalo", "7", text, at=float(number)) for number, text in enumerate(texts)]


@pytest.mark.parametrize(
    ("texts", "lost", "doubled", "disordered", "strange"),
    [
        ((A, B), 0, 0, 0, 0),
        (("first part", A, B), 0, 0, 0, 0),
        (("first part", "first part", A, B), 0, 1, 0, 0),
        ((A,), 1, 0, 0, 0),
        ((A, A, B), 0, 1, 0, 0),
        ((B, A), 0, 0, 1, 0),
        ((A, B, A), 0, 1, 1, 0),
        ((A, B, "H29.19-260312-0003"), 0, 0, 0, 1),
        ((A, B, "sorry"), 0, 0, 0, 1),
    ],
)
def test_every_fault_is_seen(texts: tuple[str, ...], lost: int, doubled: int, disordered: int, strange: int) -> None:
    """What is missing, arrives again, too early or for nobody is counted."""
    found = judge(QUESTIONS, sent(*texts), lambda first, second: False)
    counts = (len(found.unanswered), len(found.doubled), len(found.disordered), len(found.strange))
    assert counts == (lost, doubled, disordered, strange)
    assert found.is_good is (sum(counts) == 0)


def test_an_unknown_outcome_is_counted_apart() -> None:
    """A text that had to be sent again is no double."""
    found = judge(QUESTIONS, sent(A, A, B), lambda first, second: first.sending.at == 0)
    assert (len(found.again), len(found.doubled), found.is_good) == (1, 0, True)


def test_others_are_left_out() -> None:
    """What other people were told says nothing about ours."""
    other = [Sending("zalo", "8", A, 0.0), Sending("telegram", "7", A, 0.0)]
    assert judge(QUESTIONS, [*sent(A, B), *other], lambda first, second: False).is_good


def test_each_answer_is_recognised() -> None:
    """In a play no two questions of a person share a token, and each question names its own."""
    played = plays.play(6, 20, codes(), seed=1)
    assert len({(item.person, item.token) for item in played}) == len(played) == 120
    assert all(item.token in item.text for item in played)
    assert plays.token(f"Nguồn: mã thủ tục {played[1].token}, Quyết định 1") == played[1].token
    assert plays.token(played[0].text) == played[0].token


def test_a_play_keeps_each_conversation_in_order() -> None:
    """However conversations are mixed, each keeps its own order; the seed repeats the play."""
    played = plays.play(6, 20, codes(), seed=2)
    for person in {item.person for item in played}:
        assert [item.number for item in played if item.person == person] == list(range(20))
    assert played == plays.play(6, 20, codes(), seed=2) != plays.play(6, 20, codes(), seed=3)
