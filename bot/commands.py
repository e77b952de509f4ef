"""What starts with a slash: on every channel the same as the button that does it.

The menu that Telegram shows is in bot/data/words.yaml.
"""

from __future__ import annotations

from dataclasses import dataclass

PAYLOADS = {
    "/start": "greet",
    "/help": "help",
    "/tracuu": "dossier",
    "/canbo": "officer",
    "/thoitheodoi": "unfollow",
    "/xoadulieu": "forget",
    "/rutdongy": "withdraw",
}


@dataclass(frozen=True)
class Command:
    """A command that a citizen typed."""

    payload: str
    # of the button that does the same
    rest: str
    # what stands behind it, read for a dossier code only


def read(text: str) -> Command | None:
    """The command that a text begins with; a bot's name may hang on it: "/tracuu@motcua_bot H29.19-260312-0005"."""
    first, _, rest = text.strip().partition(" ")
    payload = PAYLOADS.get(first.split("@")[0].lower())
    if payload is None:
        return None
    return Command(payload, rest.strip() if payload == "dossier" else "")
