"""How often the right procedure stands first, among the first three, and how often the assistant is not sure enough."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from evals import scoring
from evals.scoring import Label
from nlu.understanding import Candidate

FEW = 3


@dataclass
class Tally:
    """Counts over some questions."""

    questions: int = 0
    hit_1: int = 0
    hit_3: int = 0
    unsure: int = 0
    # it asks back, or says that it does not know

    def add(self, item: Label, found: Sequence[Candidate], told_from: float) -> bool:
        """Count one question; whether the right procedure stands first. Answered from a confidence of `told_from`."""
        place = scoring.place(item, [candidate.code for candidate in found])
        self.questions += 1
        self.hit_1 += place == 1
        self.hit_3 += 0 < place <= FEW
        self.unsure += not found or found[0].confidence < told_from
        return place == 1


@dataclass
class Pair:
    """The same questions before and after a change."""

    before: Tally
    after: Tally

    @classmethod
    def empty(cls) -> Pair:
        """Nothing counted yet."""
        return cls(Tally(), Tally())


def total(pairs: Sequence[Pair]) -> Pair:
    """All of them together."""
    found = Pair.empty()
    for pair in pairs:
        for name in vars(found.before):
            setattr(found.before, name, getattr(found.before, name) + getattr(pair.before, name))
            setattr(found.after, name, getattr(found.after, name) + getattr(pair.after, name))
    return found
