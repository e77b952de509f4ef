"""What a citizen is told about their ticket besides the replies: templates in bot/data/notices."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from typing import Any

import yaml

from bot import compose
from bot.messages import Block, Button, Reply

PATH = compose.DATA / "tickets.yaml"


@lru_cache(maxsize=1)
def words() -> dict[str, Any]:
    """Words of the tickets."""
    content: dict[str, Any] = yaml.safe_load(PATH.read_text(encoding="utf-8"))
    return content


def said(at: datetime) -> str:
    """A promised moment: "08:30 thứ Hai 23/11/2026"."""
    local = at.astimezone(compose.ZONE)
    return str(words()["promise"].format(at=local, weekday=words()["weekdays"][local.weekday()]))


def blocks(notice: str, **values: object) -> tuple[Block, ...]:
    """One notice, rendered."""
    template = compose.templates().get_template(f"{notice}.txt")
    return compose.blocks(template.render(endings=words()["endings"], **values))


def tell(notice: str, *buttons: Button, **values: object) -> Reply:
    """One notice on its own."""
    return Reply(blocks(notice, **values), buttons)


def leave_button() -> Button:
    """One tap, and the citizen no longer waits."""
    return Button(compose.words()["buttons"]["stay"], "stay")


def reopen_button(code: str) -> Button:
    """One tap, and a closed ticket is open again."""
    return Button(words()["buttons"]["reopen"], f"reopen:{code}")
