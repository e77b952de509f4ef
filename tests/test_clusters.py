"""Clusters: what asks the same lies together, named by its middle, and the same texts give the same clusters."""

from __future__ import annotations

import numpy as np
import pytest

from bot.lost_questions import together
from nlu import clusters

TEXTS = [
    "thị thực giấy tờ ở đâu",
    "thi thuc giay to o dau vay",
    "trả biển số xe cũ",
    "cho em hỏi thị thực giấy tờ ở đâu",
    "tra bien so xe cu duoc khong",
]


def test_alike_texts_lie_together() -> None:
    """By letters, with accents or without: two needs, two clusters."""
    found = together(TEXTS, lambda texts: None)
    assert found[0] == found[1] == found[3] and found[2] == found[4] and found[0] != found[2]
    assert all(found[middle] == middle for middle in found)


@pytest.mark.parametrize("order", [[4, 2, 0, 1, 3], [3, 0, 4, 1, 2]])
def test_the_order_makes_no_difference(order: list[int]) -> None:
    """The same texts in another order lie in the same clusters."""
    plain = together(TEXTS, lambda texts: None)
    moved = together([TEXTS[place] for place in order], lambda texts: None)
    for here, one in enumerate(order):
        for there, other in enumerate(order):
            assert (plain[one] == plain[other]) == (moved[here] == moved[there])


def test_the_middle_is_most_like_the_others() -> None:
    """Of three texts in a row the one between the two others names the cluster."""
    likeness = np.array([[1, 0.8, 0.5], [0.8, 1, 0.8], [0.5, 0.8, 1]])
    assert clusters.middles(np.linalg.cholesky(likeness), 0.5) == [1, 1, 1]


def test_meanings_go_before_letters() -> None:
    """With an encoder other words for the same lie together, and the same words for something else do not."""
    vectors = {"a": [1, 0], "b": [0.96, 0.28], "ab": [0, 1]}
    assert together(["a", "b", "ab"], lambda texts: np.array([vectors[text] for text in texts], np.float32)) == [
        0,
        0,
        2,
    ]


@pytest.mark.parametrize("count", [0, 1])
def test_few_texts_are_no_case_apart(count: int) -> None:
    """One question is a cluster of its own; none is none."""
    assert together(TEXTS[:count], lambda texts: None) == list(range(count))
    assert clusters.middles(np.eye(count), 0.5) == list(range(count))
