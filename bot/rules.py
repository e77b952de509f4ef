"""The thresholds of deciding, read from bot/data/rules.yaml."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import yaml

from bot.errors import BadData

PATH = Path(__file__).parent / "data" / "rules.yaml"
ENGINES = ("rasa", "embedded")


@dataclass(frozen=True)
class Rules:
    """Numbers that evals choose."""

    answer_at: float
    ask_at: float
    follow_up_below: float
    intent_over_procedure_at: float
    certain_at: float
    contradicted_at: float
    choices: int
    failures_before_officer: int
    intent_at: dict[str, float]
    # engine -> confidence


def load(path: Path = PATH) -> Rules:
    """The rules of a file. Raises BadData when a number is missing or out of bounds."""
    content = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    try:
        rules = Rules(**content)
    except TypeError as error:
        raise BadData(f"{path}: {error}") from error
    if not isinstance(rules.intent_at, dict) or set(rules.intent_at) != set(ENGINES):
        raise BadData(f"{path}: intent_at needs one confidence for each of {', '.join(ENGINES)}")
    shares = (
        rules.answer_at,
        rules.ask_at,
        rules.follow_up_below,
        rules.intent_over_procedure_at,
        rules.certain_at,
        rules.contradicted_at,
        *rules.intent_at.values(),
    )
    if not all(isinstance(share, int | float) and 0 <= share <= 1 for share in shares):
        raise BadData(f"{path}: a confidence lies outside 0 to 1")
    counts = (rules.choices, rules.failures_before_officer)
    if not all(isinstance(count, int) and count >= 1 for count in counts):
        raise BadData(f"{path}: choices and failures_before_officer are counts from 1")
    if not rules.ask_at < rules.answer_at:
        raise BadData(f"{path}: ask_at must lie below answer_at")
    return rules
