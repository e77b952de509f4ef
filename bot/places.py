"""Places: the unit that a text surely names, and the form of a complaint with it."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

from bot.complaint import Form, is_story
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
    """A form with the unit that its words name, at the first question that is open.

    An answer about the place that names no unit and tells more of what happened belongs to the story.
    """
    if form.unit:
        return form.settled()
    place, what, time = (words[:LONGEST_READ] for words in (form.place, form.what, form.time))
    there = named(place, all_units().resolve(place)) if place else ""
    if place and not there and is_story(place):
        form = replace(form.more(form.place), place="")
    return replace(form, unit=there or named(what) or named(time)).settled()
