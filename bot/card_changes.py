"""What changes for citizens: the assistant's answer before and after, line by line and word by word. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from difflib import SequenceMatcher
from itertools import zip_longest

from bot.compose import compose
from bot.facts import ProcedureFacts
from bot.outcomes import Outcome
from knowledge.procedure import Exemption, Fee, LegalBasis, Procedure, ProcessingTime
from nlu.understanding import Aspect

EVERYTHING = ("overview", *(aspect.value for aspect in Aspect))
# all that the assistant can tell of a procedure at once
MOST_DAYS = 4
SAME, GONE, NEW = "same", "del", "ins"
Dated = Fee | ProcessingTime | Exemption | LegalBasis
WORDS = re.compile(r"\s+|[^\s]+")


@dataclass(frozen=True)
class Line:
    """One line of the answer."""

    kind: str
    # of its block: "heading", "paragraph", "bullets", "warning", "source"
    parts: tuple[tuple[str, str], ...]
    # (SAME, GONE or NEW, text)

    @property
    def is_same(self) -> bool:
        """Whether nothing changes in it."""
        return all(mark == SAME for mark, _ in self.parts)


@dataclass(frozen=True)
class Card:
    """The answer on one day."""

    on: date
    lines: tuple[Line, ...]

    @property
    def is_same(self) -> bool:
        """Whether citizens are told the same as before on this day."""
        return all(line.is_same for line in self.lines)


def cards(before: Procedure, after: Procedure, today: date) -> list[Card]:
    """The answer today, and on the coming days on which a fee, a time, a law or the record itself begins or ends."""
    days = [today, *sorted(day for day in {*_turns(before), *_turns(after)} if day > today)]
    return [Card(on, tuple(compared(_told(before, on), _told(after, on)))) for on in days[:MOST_DAYS]]


def compared(before: Sequence[tuple[str, str]], after: Sequence[tuple[str, str]]) -> Iterator[Line]:
    """The lines of both, each (kind, text); a line that was reworded shows the words that came and went."""
    for mark, start, end, new_start, new_end in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if mark == "equal":
            yield from (Line(kind, ((SAME, text),)) for kind, text in before[start:end])
            continue
        for old, new in zip_longest(before[start:end], after[new_start:new_end]):
            yield from _pair(old, new)


def _pair(old: tuple[str, str] | None, new: tuple[str, str] | None) -> Iterator[Line]:
    if old and new and old[0] == new[0]:
        yield Line(old[0], tuple(_words(old[1], new[1])))
        return
    if old:
        yield Line(old[0], ((GONE, old[1]),))
    if new:
        yield Line(new[0], ((NEW, new[1]),))


def _words(old: str, new: str) -> Iterator[tuple[str, str]]:
    before, after = WORDS.findall(old), WORDS.findall(new)
    for mark, start, end, new_start, new_end in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if mark == "equal":
            yield SAME, "".join(before[start:end])
            continue
        if start < end:
            yield GONE, "".join(before[start:end])
        if new_start < new_end:
            yield NEW, "".join(after[new_start:new_end])


def _told(procedure: Procedure, on: date) -> list[tuple[str, str]]:
    """Kind and text of every line of the answer; none on a day on which the record does not hold."""
    if not procedure.in_force(on):
        return []
    reply = compose(ProcedureFacts(Outcome.ANSWERED, procedure, EVERYTHING, "", on))
    return [(block.kind, line) for block in reply.blocks for line in block.lines] if reply else []


def _turns(procedure: Procedure) -> Iterator[date]:
    """The first days of something, and the days after the last ones."""
    dated: tuple[Dated, ...] = (*procedure.fees, *procedure.times, *procedure.exemptions, *procedure.legal_basis)
    yield from (procedure.valid_from, *(item.valid_from for item in dated if item.valid_from))
    for last in (procedure.valid_to, *(item.valid_to for item in dated)):
        if last and last < date.max:
            yield last + timedelta(days=1)
