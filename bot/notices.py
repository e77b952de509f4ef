"""What a citizen is told about their ticket besides the replies: templates in bot/data/notices."""

from __future__ import annotations

from bot import wording
from bot.messages import Block, Button, Reply


def blocks(notice: str, **values: object) -> tuple[Block, ...]:
    """One notice, rendered."""
    return wording.blocks(wording.templates().get_template(f"{notice}.txt").render(**values))


def tell(notice: str, *buttons: Button, **values: object) -> Reply:
    """One notice on its own."""
    return Reply(blocks(notice, **values), buttons)


def leave_button() -> Button:
    """One tap, and the citizen no longer waits."""
    return Button(wording.words()["buttons"]["stay"], "stay")


def reopen_button(code: str) -> Button:
    """One tap, and a closed ticket is open again."""
    return Button(wording.ticket_words()["buttons"]["reopen"], f"reopen:{code}")
