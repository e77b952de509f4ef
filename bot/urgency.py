"""Urgency: who goes ahead in the queue, because of what they said of themselves or what happened to them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from pathlib import Path

import yaml

from nlu.text import written_out

PATH = Path(__file__).parent / "data" / "urgency.yaml"
FAILURES = 3
# replies in a row that did not help
EMERGENCY, LATE_DOSSIER, THIRD_FAILURE = "emergency", "late_dossier", "third_failure"


@dataclass(frozen=True)
class Reason:
    """One reason to go ahead."""

    head_start: timedelta
    said: re.Pattern[str] | None
    # None: it is not heard but seen


@lru_cache(maxsize=1)
def reasons() -> dict[str, Reason]:
    """Every reason by name."""
    content = yaml.load(PATH.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    return {
        name: Reason(
            timedelta(minutes=item["head_start_minutes"]),
            re.compile(rf"\b(?:{'|'.join(item['said'])})\b") if item["said"] else None,
        )
        for name, item in content.items()
    }


def heard(text: str) -> tuple[str, ...]:
    """The reasons that a citizen's words give."""
    folded = written_out(text)
    return tuple(name for name, reason in reasons().items() if reason.said and reason.said.search(folded))


def head_start(urgency: Iterable[str]) -> timedelta:
    """How much earlier somebody counts as having come: the longest of their reasons."""
    return max((reasons()[name].head_start for name in urgency if name in reasons()), default=timedelta())
