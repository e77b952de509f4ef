"""Places: the unit that a text surely names, and the form of a complaint with it."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

from bot.complaint import A_STORY, Form, Step
from bot.utterance import LONGEST_READ
from knowledge.units import Current, Former, Resolution, Unit, Units
from nlu.text import fold, written_out


@lru_cache(maxsize=1)
def all_units() -> Units:
    """The units of the City, read once."""
    return Units.load()


def unit_of(code: str) -> Unit | None:
    """The unit of a code; None when there is none."""
    return next((unit for unit in all_units() if unit.code == code), None)


def named(text: str, told: Resolution | None = None) -> str:
    """The code of the unit that a text surely names; "" when it could be another.

    With its type, unless the citizen was asked, or asked, about a unit (`told`: what their words were resolved to):
    "Phường Sài Gòn" is a ward, "ở Sài Gòn" may be the whole City.
    """
    found = told or all_units().resolve(text)
    match found:
        case Current(unit):
            name = unit.name
        case Former(former, unit):
            name = former.name
        case _:
            return ""
    return unit.code if told or fold(name) in written_out(text) else ""


def located(form: Form) -> Form:
    """A form with the unit that its place or its story names, at the first question that is open.

    An answer about the place that names no unit and is long tells more of what happened: it belongs to the story.
    """
    place = form.place[:LONGEST_READ]
    if place and not form.unit:
        unit = named(place, all_units().resolve(place))
        if not unit and len(place.split()) >= A_STORY:
            return replace(form.more(form.place), place="").settled()
        return replace(form, unit=unit).settled()
    if form.step is Step.PLACE and not form.unit:
        return replace(form, unit=named(form.what[:LONGEST_READ])).settled()
    return form.settled()
