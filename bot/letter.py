"""The apology letter for a late dossier: the portal's facts, an officer's reason and new day. Pure; nothing is stored.

What it must hold (name, kind of dossier, receipt code, state, reason, new day) is what decision 5157/QĐ-UBND of
30 September 2016 asks for; whether that is still in force is not known (docs/decisions/0036-letters-and-payment.md).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from bot.errors import BotError
from bot.progress import Clock, progress
from integrations.dossiers import LABELS, Dossier
from knowledge.calendar import WorkCalendar

PATH = Path(__file__).parent / "data" / "letters" / "apology.yaml"
LONGEST_NAME, LONGEST_REASON, LONGEST_NUMBER = 120, 600, 40
# characters


class NotLate(BotError):
    """The dossier is not late: there is nothing to apologise for."""


class Incomplete(BotError):
    """No reason, words that are too long, or a new day that is past, not after today, or a day of rest."""


@dataclass(frozen=True)
class Wish:
    """What the officer fills in."""

    reason: str
    new_due_on: date
    applicant: str = ""
    # the whole name; empty: a blank to be filled in by hand
    number: str = ""
    # of the letter in the agency's book; empty: a blank


@dataclass(frozen=True)
class Letter:
    """Everything a letter tells."""

    code: str
    procedure_name: str
    state: str
    agency_name: str
    # empty: the portal does not say
    due_on: date
    late_working_days: int
    # 0: the day has passed and no working day since
    made_on: date
    wish: Wish

    @property
    def is_whole(self) -> bool:
        """Whether no blank is left, so that it may be signed."""
        return bool(self.agency_name and self.wish.applicant and self.wish.number)


@dataclass(frozen=True)
class Text:
    """The letter in words, for whoever lays it out."""

    agency: str
    number: str
    made: str
    title: str
    to: str
    lines: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]
    # label and value
    closing: tuple[str, ...]
    signs: str
    signs_note: str


def letter(dossier: Dossier, wish: Wish, days: WorkCalendar, today: date) -> Letter:
    """The letter about a dossier that is late on a day. Raises NotLate, Incomplete."""
    standing = progress(dossier, days, today)
    if standing.clock is not Clock.LATE or dossier.due_on is None:
        raise NotLate(dossier.code)
    return Letter(
        code=dossier.code,
        procedure_name=dossier.procedure_name,
        state=LABELS.get(dossier.status, dossier.status_label),
        agency_name=dossier.agency_name or "",
        due_on=dossier.due_on,
        late_working_days=standing.working_days,
        made_on=today,
        wish=_checked(wish, days, today),
    )


def text(made: Letter) -> Text:
    """The letter in the words of bot/data/letters/apology.yaml; what is not known is a visible blank."""
    words, wish = _words(), made.wish
    values = {
        "agency": made.agency_name or words["blank"],
        "number": wish.number or words["blank"],
        "applicant": wish.applicant or words["blank"],
        "procedure": made.procedure_name,
        "code": made.code,
        "state": made.state,
        "due": _day(made.due_on),
        "late": words["late"].format(days=made.late_working_days) if made.late_working_days else words["passed"],
        "reason": wish.reason,
        "new_due": _day(wish.new_due_on),
        "on": made.made_on,
    }

    def said(line: str) -> str:
        return line.format(**values)

    return Text(
        agency=said(words["agency"]),
        number=said(words["number"]),
        made=said(words["made"]),
        title=words["title"],
        to=said(words["to"]),
        lines=tuple(map(said, words["lines"])),
        facts=tuple((label, said(value)) for label, value in words["facts"].items()),
        closing=tuple(map(said, words["closing"])),
        signs=words["signs"],
        signs_note=words["signs_note"],
    )


def _checked(wish: Wish, days: WorkCalendar, today: date) -> Wish:
    """The officer's words on one line each. Raises Incomplete."""
    made = Wish(_line(wish.reason), wish.new_due_on, _line(wish.applicant), _line(wish.number))
    lengths = ((made.reason, LONGEST_REASON), (made.applicant, LONGEST_NAME), (made.number, LONGEST_NUMBER))
    if not made.reason or any(len(words) > most for words, most in lengths):
        raise Incomplete("words")
    if made.new_due_on <= today or not days.is_working_day(made.new_due_on):
        raise Incomplete("new_due_on")
    return made


def _line(words: str) -> str:
    """Without line ends and signs that no file can hold."""
    return "".join(sign for sign in " ".join(words.split()) if sign.isprintable())


def _day(on: date) -> str:
    return f"{on:%d/%m/%Y}"


@lru_cache(maxsize=1)
def _words() -> dict[str, Any]:
    content: dict[str, Any] = yaml.load(PATH.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    return content
