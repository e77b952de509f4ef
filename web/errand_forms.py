"""What the forms of an officer's errands say: until when a ticket is put off, and which paper is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from web.forms import Unfit
from web.ports import Errands, Preset

MAX_PAPER = 200
# characters, as bot/errands.py keeps them
DAY = "day"
# neither preset: the day beside it


def until(form: Mapping[str, str], errands: Errands, ticket_id: int) -> datetime:
    """The moment of a form: a preset, or the first working moment of a day. Raises Unfit, KeyError."""
    wanted = form.get("until", "")
    try:
        choice = date.fromisoformat(form.get("day", "")) if wanted == DAY else Preset(wanted)
    except ValueError as error:
        raise Unfit("until") from error
    found = errands.moment(ticket_id, choice)
    if found is None:
        raise Unfit("until")
    return found


def paper(form: Mapping[str, str]) -> str:
    """What is asked for: the officer's own words, or else a paper of the record. Raises Unfit."""
    words = " ".join((form.get("own", "").strip() or form.get("paper", "")).split())
    if not words or len(words) > MAX_PAPER:
        raise Unfit("paper")
    return words
