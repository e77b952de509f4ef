"""Shares: how satisfied those are who were asked, by unit and by field. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from bot.satisfaction import SATISFIED


@dataclass(frozen=True)
class Asked:
    """One question and what came of it."""

    unit: str
    # code of a ward or commune; empty: not known
    field: str
    # of procedures; empty: not known
    step: int | None
    # 1 to 5; None: no answer, or a no


@dataclass(frozen=True)
class Share:
    """What those who were asked said."""

    asked: int
    answered: int
    satisfied: int
    # of those who answered: the first two steps

    @property
    def satisfied_share(self) -> float | None:
        """Of those who answered, from 0 to 1; None when nobody did: that is not known, and not nought."""
        return self.satisfied / self.answered if self.answered else None


def by_unit(asked: Iterable[Asked]) -> Mapping[str, Share]:
    """Code of a unit to its share; "" holds what no unit was named in."""
    return _shares(asked, lambda one: one.unit)


def by_field(asked: Iterable[Asked]) -> Mapping[str, Share]:
    """Field of procedures to its share; "" holds what was about none."""
    return _shares(asked, lambda one: one.field)


def whole(asked: Iterable[Asked]) -> Share:
    """Everything together."""
    steps = [one.step for one in asked]
    answered = [step for step in steps if step is not None]
    return Share(len(steps), len(answered), sum(step in SATISFIED for step in answered))


def _shares(asked: Iterable[Asked], name: Callable[[Asked], str]) -> Mapping[str, Share]:
    groups: dict[str, list[Asked]] = defaultdict(list)
    for one in asked:
        groups[name(one)].append(one)
    return {group: whole(groups[group]) for group in sorted(groups)}
