"""The pages: templates, the words they share, and how times are written."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache, lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import yaml
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape
from starlette.requests import Request
from starlette.responses import Response
from starlette.templating import Jinja2Templates

from bot.present import ZONE, now
from bot.wording import ticket_words
from web.shared import once

ROOM = Path(__file__).parent
STATIC = ROOM / "static"
MEGABYTE = 2**20
LINK = re.compile(r"https?://[^\s<>\"]*[^\s<>\".,;:!?)\]]")


@dataclass(frozen=True)
class Pages:
    """Renders templates with the shared words."""

    templates: Jinja2Templates
    words: Mapping[str, Any]
    ticket_words: Mapping[str, Any]
    # of bot/data/tickets.yaml

    def show(
        self, request: Request, name: str, status: int = 200, media_type: str | None = None, **values: Any
    ) -> Response:
        """One page as a response."""
        return self.templates.TemplateResponse(request, name, values, status_code=status, media_type=media_type)

    def error(self, status: int) -> str:
        """The sentence for an error of that status."""
        errors: Mapping[int, str] = self.words["errors"]
        return errors.get(status, errors[500])


@lru_cache(maxsize=1)
def load_pages() -> Pages:
    """The pages of this room, ready to render."""
    words = yaml.load((ROOM / "data" / "texts.yaml").read_text("utf-8"), Loader=yaml.CSafeLoader)
    environment = Environment(
        loader=FileSystemLoader(ROOM / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.policies["json.dumps_kwargs"] = {"ensure_ascii": False}
    environment.globals.update(words=words, static=static_url, ticket_words=ticket_words(), once=once)
    environment.filters.update(clock=clock, day=day, local_day=local_day, moment=moment, links=links)
    environment.filters["size"] = size
    environment.filters["stated"] = lambda text: moment(datetime.fromisoformat(text))
    environment.filters["extract"] = lambda name, known: known.get(name, name)
    environment.filters["part"] = lambda name: name.partition(".")[0]
    environment.filters["lasts"] = lambda passed: span(passed, words["spans"])
    environment.filters["age"] = lambda at: age(now() - at, words["ages"])
    environment.filters["since"] = lambda at: span(now() - at, words["spans"])
    environment.filters["left"] = lambda at: span(at - now(), words["spans"])
    return Pages(Jinja2Templates(env=environment), words, ticket_words())


@cache
def static_url(name: str) -> str:
    """The address of a static file, with its fingerprint so that it may be cached."""
    return f"/static/{name}?v={sha256((STATIC / name).read_bytes()).hexdigest()[:8]}"


def clock(at: datetime) -> str:
    """Hour and minute in Vietnam: 09:05."""
    return at.astimezone(ZONE).strftime("%H:%M")


def day(on: date) -> str:
    """A day as people here write it: 21/11/2026."""
    return on.strftime("%d/%m/%Y")


def local_day(at: datetime) -> str:
    """The day in Vietnam: 21/11/2026."""
    return day(at.astimezone(ZONE))


def moment(at: datetime) -> str:
    """Day and time in Vietnam: 09:05 21/11/2026."""
    return at.astimezone(ZONE).strftime("%H:%M %d/%m/%Y")


def age(passed: timedelta, words: Mapping[str, str]) -> str:
    """How long ago, in the largest whole unit: 5 phút trước."""
    minutes = int(passed.total_seconds() // 60)
    for unit, size in (("day", 1440), ("hour", 60), ("minute", 1)):
        if minutes >= size:
            return words[unit].format(n=minutes // size)
    return words["now"]


def span(passed: timedelta, words: Mapping[str, str]) -> str:
    """How long, in the two largest units: 3 giờ 20 phút; "" when it is over."""
    minutes = int(passed.total_seconds() // 60)
    if minutes < 0:
        return ""
    sizes = {"day": minutes // 1440, "hour": minutes % 1440 // 60, "minute": minutes % 60}
    told = [words[unit].format(n=count) for unit, count in sizes.items() if count]
    return " ".join(told[:2]) or words["none"]


def size(count: int) -> str:
    """Bytes as people read them: 240 KB; 1,5 MB."""
    if count < MEGABYTE:
        return f"{max(1, round(count / 1024))} KB"
    return f"{count / MEGABYTE:.1f} MB".replace(".", ",")


def links(text: str) -> Markup:
    """The text with its web addresses as links."""
    parts, end = [], 0
    for found in LINK.finditer(text):
        url = escape(found.group())
        parts += [escape(text[end : found.start()]), Markup(f'<a href="{url}" rel="noopener">{url}</a>')]
        end = found.end()
    return Markup("").join([*parts, escape(text[end:])])
