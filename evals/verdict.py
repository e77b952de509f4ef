"""What became of the questions: lost, doubled, out of order. Pure; reads only what was written and what arrived."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from evals.plays import Question, token


@dataclass(frozen=True)
class Sending:
    """One text that a vendor took for a citizen."""

    channel: str
    person: str
    text: str
    at: float
    # seconds since 1970
    is_late: bool = False
    # its answer came after our time limit


@dataclass(frozen=True)
class Told:
    """A text with the question it answers."""

    sending: Sending
    token: str


@dataclass(frozen=True)
class Verdict:
    """What became of the questions."""

    questions: int
    answered: int
    unanswered: tuple[Question, ...]
    doubled: tuple[Sending, ...]
    # handed over again although its success was known
    again: tuple[Sending, ...]
    # handed over again because nobody could know
    disordered: tuple[Sending, ...]
    # arrived after the answer to a later question
    strange: tuple[Sending, ...]
    # answers no question of this person

    @property
    def is_good(self) -> bool:
        """Nothing lost, nothing twice, in order."""
        return not (self.unanswered or self.doubled or self.disordered or self.strange)


Unknown = Callable[[Told, Told], bool]
# whether the sender could not know, at the second text, that the first had arrived


def judge(questions: Sequence[Question], sendings: Iterable[Sending], unknown: Unknown) -> Verdict:
    """Compare what was asked with what arrived, person by person, in the order of arrival."""
    people = {(question.channel, question.person) for question in questions}
    told = list(_told(sending for sending in sendings if (sending.channel, sending.person) in people))
    places = {(item.channel, item.person, item.token): item.number for item in questions}
    known = [item for item in told if _key(item) in places]
    answered = {_key(item) for item in known}
    doubled, again = _repeated(known, unknown)
    return Verdict(
        questions=len(questions),
        answered=len(answered),
        unanswered=tuple(item for item in questions if (item.channel, item.person, item.token) not in answered),
        doubled=tuple(doubled),
        again=tuple(again),
        disordered=tuple(_disordered(known, places)),
        strange=tuple(item.sending for item in told if _key(item) not in places),
    )


def _key(told: Told) -> tuple[str, str, str]:
    return told.sending.channel, told.sending.person, told.token


def _told(sendings: Iterable[Sending]) -> Iterator[Told]:
    """Each text with its question; the first texts of a long answer belong to the one that names it."""
    by_person = sorted(sendings, key=lambda item: (item.channel, item.person))
    for _, texts in groupby(by_person, key=lambda item: (item.channel, item.person)):
        waiting: list[Sending] = []
        for sending in texts:
            waiting.append(sending)
            if found := token(sending.text):
                yield from (Told(item, found) for item in waiting)
                waiting = []
        yield from (Told(item, "") for item in waiting)


def _repeated(told: Sequence[Told], unknown: Unknown) -> tuple[list[Sending], list[Sending]]:
    """The texts that arrived again: those that should not have, and those that had to."""
    doubled: list[Sending] = []
    again: list[Sending] = []
    before: dict[tuple[str, str, str, str], Told] = {}
    for item in told:
        key = (*_key(item), item.sending.text)
        if key in before:
            (again if unknown(before[key], item) else doubled).append(item.sending)
        before[key] = item
    return doubled, again


def _disordered(told: Sequence[Told], places: dict[tuple[str, str, str], int]) -> Iterator[Sending]:
    furthest: dict[tuple[str, str], int] = {}
    for item in told:
        person, place = (item.sending.channel, item.sending.person), places[_key(item)]
        if place < furthest.get(person, 0):
            yield item.sending
        furthest[person] = max(place, furthest.get(person, 0))
