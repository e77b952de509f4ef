"""Oracles for what an operator writes: settings are read as they were meant, or refused by name."""

from __future__ import annotations

import json
import math

from bot import settings as reading
from bot.errors import BadSettings
from bot.settings import PORTAL_ADDRESSES, Settings
from evals.fuzz.target import Check
from evals.fuzz.texts import hold

LOOPBACK = ("http://127.0.0.1", "http://[::1]", "http://localhost")


def settings() -> Check:
    """Numbers have bounds, portals are asked in secret, and what is printed for a child is read the same."""

    def check(data: bytes) -> None:
        try:
            given = {f"MOT_CUA_{name.upper()}": str(value) for name, value in json.loads(data).items()}
        except (ValueError, AttributeError, RecursionError):
            return
        try:
            made = reading.load(given)
        except BadSettings:
            return
        for name, value in vars(made).items():
            hold(not isinstance(value, float) or (math.isfinite(value) and value >= 0), f"{name} has no bounds")
            hold(not isinstance(value, int) or value >= 0, f"{name} is below nothing")
        _reach(made)
        again = reading.load({name: text for name, text in reading.environment(made).items() if "MOT_CUA_" in name})
        hold(again == made, "a child reads other settings")

    return check


def _reach(made: Settings) -> None:
    """Whether citizens' data leaves this machine encrypted."""
    for name in PORTAL_ADDRESSES:
        address = getattr(made, name).strip().lower()
        hold(not address or address.startswith(("https://", *LOOPBACK)), f"{name} in the clear")
