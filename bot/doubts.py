"""Doubts: why the assistant was not sure of a message, by the thresholds it decides with. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Any

from bot.rules import Rules

ASKS = "ask_"
# how the intents about procedures begin


class Doubt(StrEnum):
    """What was not sure; words in web/data/texts.yaml."""

    INTENT = "intent"
    NO_PROCEDURE = "no_procedure"
    PROCEDURE = "procedure"
    SEVERAL = "several"


def doubts(understanding: Mapping[str, Any], rules: Rules) -> Iterator[Doubt]:
    """The doubts about an understanding as a turn keeps it; none for a message that the assistant did not read."""
    if not understanding:
        return
    if understanding.get("intent_confidence", 1.0) < rules.intent_at.get(understanding.get("engine", ""), 0.0):
        yield Doubt.INTENT
    likely = [item["confidence"] for item in understanding.get("candidates", []) if item["confidence"] >= rules.ask_at]
    if not likely and understanding.get("intent", "").startswith(ASKS):
        yield Doubt.NO_PROCEDURE
    if likely and max(likely) < rules.answer_at:
        yield Doubt.PROCEDURE
        if len(likely) > 1:
            yield Doubt.SEVERAL
