"""Why the assistant was unsure, by the thresholds it decides with."""

from __future__ import annotations

from typing import Any

import pytest

from bot.doubts import Doubt, doubts
from tests.town import RULES


def read(*confidences: float, intent: str = "ask_fee", sure: float = 0.9) -> dict[str, Any]:
    found = [{"code": str(place), "confidence": share} for place, share in enumerate(confidences)]
    return {"engine": "rasa", "intent": intent, "intent_confidence": sure, "candidates": found}


@pytest.mark.parametrize(
    ("understanding", "why"),
    [
        ({}, []),
        (read(0.9, 0.05), []),
        (read(0.9, 0.3), []),
        (read(0.5), [Doubt.PROCEDURE]),
        (read(0.5, 0.3), [Doubt.PROCEDURE, Doubt.SEVERAL]),
        (read(0.5, 0.05), [Doubt.PROCEDURE]),
        (read(0.05), [Doubt.NO_PROCEDURE]),
        (read(), [Doubt.NO_PROCEDURE]),
        (read(intent="greet"), []),
        (read(0.9, sure=0.4), [Doubt.INTENT]),
    ],
    ids=str,
)
def test_doubts(understanding: dict[str, Any], why: list[Doubt]) -> None:
    """Sure is what would be answered; several are those that would be offered."""
    assert list(doubts(understanding, RULES)) == why
