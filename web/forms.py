"""Forms of the console: their fields, their token, and where they may lead."""

from __future__ import annotations

import hmac
import re

from starlette.requests import Request

MAX_NUMBER = 2**31 - 1
# of anything in the database
NUMBER = re.compile(r"[0-9]{1,9}")
INSIDE = re.compile(
    r"/console(/aside|/search|/account|/officers|/switches|/access-log|/breaches|/desks|/catalogue|/data-requests|/releases|/lost-questions|/tickets/[0-9]{1,18})?"
)


class Unfit(ValueError):
    """A form without what its act needs."""


def inside(path: str) -> str:
    """The path if it leads into the console, else the queue."""
    return path if INSIDE.fullmatch(path) else "/console"


def page_of(path: str) -> str:
    """The page that a form's address belongs to."""
    found = INSIDE.match(path)
    return found.group() if found else "/console"


def same(expected: str | None, given: str | None) -> bool:
    """Whether both are there and equal, in constant time."""
    return bool(expected and given) and hmac.compare_digest(str(expected).encode(), str(given).encode())


def address_of(request: Request) -> str:
    """From where the request came."""
    return request.client.host if request.client else ""


async def form_fields(request: Request) -> dict[str, str]:
    """The text fields of the form, with plain line ends."""
    form = await request.form()
    # not closed: who reads a file of the form comes after the gate
    return {name: str(value).replace("\r\n", "\n") for name, value in form.items()}


async def ticked(request: Request, name: str) -> list[str]:
    """The values of all ticked boxes of that name."""
    async with request.form() as form:
        return [str(value) for value in form.getlist(name)]
