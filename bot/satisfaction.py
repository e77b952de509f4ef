"""Satisfaction: who is asked how satisfied they are, when, and what counts as an answer. Pure; words in bot/data.

The steps are those of the public surveys: 1 very satisfied, 2 satisfied, 3 neutral, 4 not satisfied, 5 not at all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from bot.conversation import Owner
from bot.messages import Button
from bot.outcomes import Outcome
from bot.ticket import OFFICERS_ENDINGS, Ending
from bot.urgency import EMERGENCY
from bot.zalo_window import FREE
from nlu.text import words as folded_words

PATH = Path(__file__).parent / "data" / "satisfaction.yaml"
SKIPPED = 0
# in place of a step: asked, and rather not answered
SATISFIED = frozenset({1, 2})
FEW_BUTTONS = frozenset({"zalo"})
# channels that show five: the steps alone, and skipping is said in words
STEP, WORDS = "step", "words"
# what the next message may answer: the question itself, or why
ANSWERS = frozenset(
    {
        Outcome.ANSWERED,
        Outcome.JOURNEY_TOLD,
        Outcome.SHEET_SENT,
        Outcome.PREMISE_CORRECTED,
        Outcome.UNIT_TOLD,
        Outcome.DOSSIER_FOUND,
        Outcome.DETAILS_SHOWN,
    }
)
ASIDE = frozenset({Outcome.SMALL_TALK})
# what is said around an answer: thanks, goodbye
NEVER_AFTER = frozenset(
    {
        Outcome.ALARMED,
        Outcome.SCAM_WARNED,
        Outcome.FORGET_ASKED,
        Outcome.FORGET_PUT_OFF,
        Outcome.FORGOTTEN,
    }
)
RATINGS = frozenset(
    {
        Outcome.RATING_ASKED,
        Outcome.RATED,
        Outcome.RATING_SKIPPED,
        Outcome.RATING_LATE,
        Outcome.REASON_ASKED,
        Outcome.REASON_TAKEN,
    }
)


@dataclass(frozen=True)
class Plan:
    """When citizens are asked."""

    quiet: timedelta
    # an answer of the assistant has stood so long; zero: nobody is asked about anything
    latest: timedelta
    rest: timedelta
    answer_days: int
    channels: frozenset[str]

    def until(self, on: date) -> date:
        """The last day on which a question of this day may be answered."""
        return on + timedelta(days=self.answer_days)


@dataclass(frozen=True)
class Ended:
    """What is known of a matter that may have come to its end."""

    channel: str
    owner: Owner
    ended_at: datetime
    # a ticket was closed, or the last thing happened in a talk with the assistant
    said_at: datetime | None = None
    # when the citizen wrote last; None: never, or it is not known
    ending: Ending | None = None
    # of a ticket; None: the assistant alone was asked
    outcomes: tuple[Outcome, ...] = ()
    # of the last turns, newest first
    urgency: tuple[str, ...] = ()
    has_unread: bool = False
    # the citizen wrote something that nobody has read
    is_asked: bool = False
    # about this matter
    asked_at: datetime | None = None
    # when the same person was asked last, about anything
    is_silenced: bool = False
    # by a switch (bot/switches.py)


def due(ended: Ended, plan: Plan, now: datetime) -> bool:
    """Whether the citizen is asked now (aware)."""
    rested = now - ended.ended_at
    is_over = ended.owner is Owner.BOT and not ended.has_unread and not ended.is_asked
    may_ask = plan.quiet and ended.channel in plan.channels and not ended.is_silenced and _reaches(ended, now)
    if not (is_over and may_ask) or rested > plan.latest or EMERGENCY in ended.urgency:
        return False
    if ended.ending is not None:
        return ended.ending in OFFICERS_ENDINGS
    is_rare = ended.asked_at is None or now - ended.asked_at >= plan.rest
    return rested >= plan.quiet and is_rare and _was_answered(ended.outcomes)


def _reaches(ended: Ended, now: datetime) -> bool:
    """Zalo takes a message of ours for free only so long after one of the citizen."""
    return ended.channel != "zalo" or (ended.said_at is not None and now <= ended.said_at + FREE)


def _was_answered(outcomes: tuple[Outcome, ...]) -> bool:
    """The last thing that was asked was answered, and nothing grave came before it."""
    told = [outcome for outcome in outcomes if outcome not in ASIDE]
    return bool(told) and told[0] in ANSWERS and NEVER_AFTER.isdisjoint(outcomes)


@lru_cache(maxsize=1)
def content() -> dict[str, Any]:
    """Words and numbers of the data."""
    loaded: dict[str, Any] = yaml.load(PATH.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    return loaded


def plan(quiet_min: int) -> Plan:
    """The plan of the data; an answer of the assistant rests for so many minutes before it is asked about."""
    told = content()
    return Plan(
        quiet=timedelta(minutes=quiet_min),
        latest=timedelta(minutes=quiet_min + told["latest_minutes"]),
        rest=timedelta(days=told["rest_days"]),
        answer_days=told["answer_days"],
        channels=frozenset(told["channels"]),
    )


def heard(text: str) -> int | None:
    """The step that a whole message says in words, SKIPPED for a no; None when it says something else."""
    said = _plain(text)
    fillers = {_plain(filler) for filler in content()["fillers"]}
    parts = said.split()
    while parts and parts[0] in fillers:
        parts = parts[1:]
    while parts and parts[-1] in fillers:
        parts = parts[:-1]
    return _steps_in_words().get(" ".join(parts))


@lru_cache(maxsize=1)
def _steps_in_words() -> dict[str, int]:
    return {_plain(said): step for step, sayings in content()["words"].items() for said in sayings}


def _plain(text: str) -> str:
    """The folded words; of a text without any, its signs."""
    return " ".join(folded_words(text)) or "".join(text.split())


def reasons(step: int) -> Mapping[str, str]:
    """The common reasons for a step: key and label."""
    told: Mapping[str, str] = content()["reasons"]["satisfied" if step in SATISFIED else "not_satisfied"]
    return told


def is_praise(reason: str) -> bool:
    """Whether a reason is one of the satisfied."""
    return reason in reasons(min(SATISFIED))


def reason_label(key: str) -> str:
    """The label of a reason; "" when there is none (any more)."""
    return str({**content()["reasons"]["satisfied"], **content()["reasons"]["not_satisfied"]}.get(key, ""))


def step_buttons(number: int, channel: str) -> tuple[Button, ...]:
    """The five steps of a question, and the way past it where there is room."""
    shown = tuple(Button(label, f"rate:{number}.{step}") for step, label in content()["steps"].items())
    return shown if channel in FEW_BUTTONS else (*shown, _button("rate", number, "skip"))


def reason_buttons(number: int, step: int, channel: str) -> tuple[Button, ...]:
    """The common reasons, one's own words, the way past them; another choice where the old buttons are gone."""
    shown = tuple(Button(label, f"why:{number}.{key}") for key, label in reasons(step).items())
    again = () if channel in FEW_BUTTONS else (_button("rate", number, "again"),)
    return (*shown, _button("why", number, "words"), _button("why", number, "skip"), *again)


def _button(kind: str, number: int, name: str) -> Button:
    return Button(content()["buttons"][name], f"{kind}:{number}.{name}")
