"""Routing: which desk a matter belongs to. Pure; a matter always gets a desk."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bot.desks import DeskPlan, Desks

COMPLAINT = "complaint"
FOR_EVERYONE = frozenset({COMPLAINT, "emergency"})
# reasons that go past the desk of the matter: nobody judges a complaint about themselves, and danger does not wait


@dataclass(frozen=True)
class Matter:
    """Why somebody needs an officer, and for what."""

    reason: str
    field: str = ""
    # of the procedure talked about; empty when there is none
    unit: str = ""
    # code of the ward or commune named; empty when none was, or it was not clear which
    urgency: tuple[str, ...] = ()
    # names in bot/data/urgency.yaml


def proper(matter: Matter, desks: Desks) -> DeskPlan:
    """The desk whose matter it is, whoever is there: the one that fits most closely."""
    if matter.reason in FOR_EVERYONE:
        return desks.everyone
    fitting = [plan for plan in desks if _fits(plan, matter)]
    return max(fitting, key=lambda plan: (bool(plan.units) + bool(plan.fields), bool(plan.fields), plan.everyone))


def _fits(plan: DeskPlan, matter: Matter) -> bool:
    """A unit that is not known leads to no unit's desk: it goes to one of the whole City."""
    field_fits = not plan.fields or matter.field in plan.fields
    return plan.everyone or (field_fits and (not plan.units or matter.unit in plan.units))


def route(
    first: DeskPlan, desks: Desks, staffed: Callable[[DeskPlan], bool], has_officers: Callable[[DeskPlan], bool]
) -> DeskPlan:
    """The desk that takes a matter now.

    The first of the chain that somebody is on duty at; while nobody is at any, the first that has officers at all, so
    that no ticket lies where nobody ever looks; the desk for everyone when none has.
    """
    chain = list(desks.chain(first))
    on_duty = next((plan for plan in chain if staffed(plan)), None)
    return on_duty or next((plan for plan in chain if has_officers(plan)), desks.everyone)
