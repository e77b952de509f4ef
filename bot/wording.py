"""Our words from bot/data: values, notes, templates; rendered lines become the blocks of a reply."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import jinja2
import yaml

from bot import forwarding
from bot.messages import Block, Button, Reply
from bot.outcomes import Outcome
from bot.present import ZONE
from nlu.dossier_codes import received_on

DATA = Path(__file__).parent / "data"
MARKS = {"# ": "heading", "- ": "bullets", "= ": "bullets", "! ": "warning", "~ ": "source"}
PRIVATE = "= "
# a bullet that is shown once


@lru_cache(maxsize=1)
def words() -> dict[str, Any]:
    """Words that stand for values of the records."""
    content: dict[str, Any] = yaml.load((DATA / "words.yaml").read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    return content


@lru_cache(maxsize=1)
def ticket_words() -> dict[str, Any]:
    """Words of the officers' tickets."""
    content: dict[str, Any] = yaml.load((DATA / "tickets.yaml").read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    return content


@lru_cache(maxsize=1)
def notes() -> dict[str, str]:
    """Sentences that come with another reply."""
    content: dict[str, str] = yaml.load((DATA / "notes.yaml").read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    return content


@lru_cache(maxsize=1)
def templates() -> jinja2.Environment:
    """The replies, one file an outcome, and the notices of tickets; an unknown name is an error, not an empty place."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader([DATA / "replies", DATA / "notices"]),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,
    )
    environment.filters["day"] = lambda day: f"{day:%d/%m/%Y}"
    environment.filters["vnd"] = vnd
    environment.filters["on"] = lambda at: f"{at.astimezone(ZONE):%d/%m/%Y}"
    environment.filters["received"] = received_on
    environment.filters["promise"] = promised
    environment.globals["endings"] = ticket_words()["endings"]
    environment.globals["complaint_limits"] = forwarding.load()
    environment.filters["moment"] = lambda at: phrase("moment", at=at.astimezone(ZONE))
    return environment


def promised(at: datetime) -> str:
    """A promised moment, with its day of the week."""
    local = at.astimezone(ZONE)
    return str(ticket_words()["promise"].format(at=local, weekday=ticket_words()["weekdays"][local.weekday()]))


def say(note: str, **values: str) -> Reply:
    """A note on its own."""
    return Reply((Block("paragraph", (notes()[note].format(**values),)),))


def blocks(text: str) -> tuple[Block, ...]:
    """Rendered lines to blocks, by their marks; anything else is a paragraph.

    `# ` heading, `- ` bullet, `= ` bullet shown once, `! ` warning, `~ ` source.
    """
    found: list[Block] = []
    for line in filter(None, (line.strip() for line in text.splitlines())):
        kind = MARKS.get(line[:2], "paragraph")
        content = line[2:].strip() if kind != "paragraph" else line
        private = line[:2] == PRIVATE
        if kind == "bullets" and found and (found[-1].kind, found[-1].private) == (kind, private):
            found[-1] = Block(kind, (*found[-1].lines, content), private)
        else:
            found.append(Block(kind, (content,), private))
    return tuple(found)


def vnd(amount_vnd: int) -> str:
    """10000 -> "10.000 đồng"."""
    return phrase("vnd", amount=f"{amount_vnd:,}".replace(",", "."))


def shorten(text: str, length: int) -> str:
    """At most `length` characters, cut between words."""
    return text if len(text) <= length else text[: length - 1].rsplit(" ", 1)[0].rstrip(" ,;:") + "…"


def render(outcome: Outcome, **values: object) -> tuple[Block, ...]:
    return blocks(templates().get_template(f"{outcome.value}.txt").render(**values))


def phrase(line: str, **values: object) -> str:
    """How a value of a record is said."""
    return str(words()["lines"][line].format(**values))


def button(name: str, about: str = "") -> Button:
    return Button(words()["buttons"][name], f"{name}:{about}" if about else name)
