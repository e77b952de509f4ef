"""Logs: one place that says how this process writes them, ours and the libraries' alike.

JSON, a line an event, for machines; plain at a terminal. Ids are ours and opaque. Whatever looks like a personal number
is blanked on its way out: a net under the rule that no word of a citizen is logged at all.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Mapping
from typing import Any

import structlog
from structlog.typing import EventDict, Processor

from bot.settings import Settings

ROOMS = ("bot", "integrations", "knowledge", "nlu", "web")
BLANK = "‹digits›"
LONG_NUMBER = re.compile(r"\d(?:[ .\-]?\d){7,}")
# eight digits and more: identity numbers, phones, accounts, cards, and codes of dossiers
SMALLEST = 10**8
# a whole number from here on is no count of ours


def configure(settings: Settings) -> None:
    """Say how this process logs. Once, at its start."""
    handler = logging.StreamHandler()
    handler.setFormatter(formatter(is_json(settings, sys.stderr.isatty())))
    level = settings.log_level.upper()
    logging.basicConfig(level="DEBUG" if level == "DEBUG" else "WARNING", handlers=[handler], force=True)
    for room in (*ROOMS, "__main__"):
        logging.getLogger(room).setLevel(level)


def about(**said: str) -> None:
    """What the lines of this task are about from here on: ids of ours."""
    structlog.contextvars.bind_contextvars(**said)


def is_json(settings: Settings, at_terminal: bool) -> bool:
    """Whether lines are for machines."""
    return settings.log_format == "json" or (settings.log_format == "auto" and not at_terminal)


def formatter(as_json: bool) -> logging.Formatter:
    """What makes a line of a record; the time is added last, so that the net leaves it alone."""
    said: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.format_exc_info,
    ]
    shown: Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False, default=str)
        if as_json
        else structlog.dev.ConsoleRenderer(colors=False)
    )
    stamp = structlog.processors.TimeStamper(fmt="iso", utc=True, key="at")
    without_meta = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    last: list[Processor] = [without_meta, blanked, stamp, shown]
    return structlog.stdlib.ProcessorFormatter(processors=last, foreign_pre_chain=said)


def blanked(logger: object, method: str, event: EventDict) -> EventDict:
    """The event without long numbers, also inside lists and tables."""
    return {name: _blank(value) for name, value in event.items()}


def _blank(value: Any) -> Any:
    if isinstance(value, bool | float) or value is None:
        return value
    if isinstance(value, int):
        return value if value < SMALLEST else BLANK
    if isinstance(value, Mapping):
        return {_blank(name): _blank(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_blank(item) for item in value]
    return LONG_NUMBER.sub(BLANK, str(value))
