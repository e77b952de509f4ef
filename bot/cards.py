"""Cards: a procedure's answer for an officer to send, made from the record like the assistant's own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime

from bot.compose import compose
from bot.facts import ProcedureFacts
from bot.messages import Reply
from bot.outcomes import Outcome
from bot.present import ZONE
from knowledge.catalogue import Catalogue
from knowledge.errors import NotFound
from knowledge.procedure import Procedure
from nlu.text import fold

MOST_FOUND = 10


class Cards:
    """The procedures in force, as officers look them up and send them."""

    def __init__(self, catalogue: Callable[[], Catalogue], clock: Callable[[], datetime]) -> None:
        self._catalogue = catalogue
        self._clock = clock

    def find(self, words: str) -> list[tuple[str, str]]:
        """Code and name of the procedures whose code, name or other names hold every word, with accents or without.

        The shortest names first: a word that is nearly the whole name means it.
        """
        wanted, today = fold(words).split(), self._today()
        if not wanted:
            return []
        found = [item for item in self._catalogue() if item.in_force(today) and holds(item, wanted)]
        return [(item.code, item.name) for item in sorted(found, key=lambda item: (len(item.name), item.code))][
            :MOST_FOUND
        ]

    def card(self, code: str) -> Reply | None:
        """What a citizen is told of a procedure, with its source; None when there is none in force."""
        today = self._today()
        try:
            procedure = self._catalogue().get(code.strip(), today)
        except NotFound:
            return None
        reply = compose(ProcedureFacts(Outcome.ANSWERED, procedure, (), "", today))
        return replace(reply, buttons=(), author="officer") if reply else None

    def papers(self, code: str) -> list[str]:
        """The names of a procedure's papers, each once, those of its cases too; none when it is not in force."""
        try:
            procedure = self._catalogue().get(code, self._today())
        except NotFound:
            return []
        of_cases = (paper for case in procedure.cases for paper in case.documents)
        return list(dict.fromkeys(paper.name.strip() for paper in (*procedure.documents, *of_cases)))

    def _today(self) -> date:
        return self._clock().astimezone(ZONE).date()


def holds(item: Procedure, wanted: list[str]) -> bool:
    """Whether code, name or other names hold every folded word."""
    text = fold(" ".join((item.code, item.name, *item.aliases)))
    return all(word in text for word in wanted)
