"""What is fuzzed: each target names its oracle and the rooms whose coverage guides it. Imports no room itself."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from evals.fuzz.mutation import written as written_json

SEEDS = Path(__file__).parents[1] / "data" / "fuzz"
Check = Callable[[bytes], None]
# takes one input; whatever it raises is a find


TELEGRAM = ("bot.channels.telegram", "bot.channels.telegram_arrival", "bot.utterance", "web.webhooks")


class Broken(AssertionError):
    """Something that must hold of every input does not hold of this one."""


@dataclass(frozen=True)
class Target:
    """One parser with its oracle."""

    oracle: str
    # "module:function" of this package; the function makes the check
    rooms: tuple[str, ...]
    # modules that are instrumented
    share: int
    # inputs of a thousand
    longest: int = 2_000
    # bytes of an input

    @property
    def module(self) -> str:
        """The oracle's module."""
        return f"evals.fuzz.{self.oracle.partition(':')[0]}"

    def check(self) -> Check:
        """The oracle, made."""
        made: Check = getattr(importlib.import_module(self.module), self.oracle.partition(":")[2])()
        return made


TARGETS = {
    "dossier codes": Target("texts:codes", ("nlu",), 40, 400),
    "normalise, fold, mask": Target("texts:safe", ("nlu", "bot.utterance"), 32, 400),
    "words, Telex, accents": Target("texts:words_of", ("nlu",), 32, 300),
    "web chat bodies": Target("arrivals:web_chat", ("web.chat", "bot.utterance"), 200),
    "Telegram webhook": Target("arrivals:telegram_webhook", TELEGRAM, 120),
    "Telegram polling": Target("arrivals:telegram_polling", TELEGRAM, 60),
    "Zalo webhook": Target("arrivals:zalo_webhook", ("bot.channels.zalo", "bot.utterance", "web.webhooks"), 60),
    "button payloads": Target("arrivals:buttons", ("bot.buttons", "bot.complaint", "bot.satisfaction"), 150, 300),
    "import of records": Target("records:imported", ("knowledge",), 32, 3_000),
    "catalogue files": Target("records:catalogue_file", ("knowledge",), 32, 3_000),
    "City's portal": Target("answers:city", ("integrations",), 32, 3_000),
    "national services": Target("answers:national", ("integrations",), 32, 3_000),
    "portal behind LGSP": Target("answers:behind_gateway", ("integrations",), 32, 3_000),
    "photos": Target("files:photo", ("integrations.photos", "bot.receipts"), 36, 4_000),
    "sheets to check": Target("files:sheet", ("bot.sheet_signature",), 40, 8_000),
    "settings": Target("values:settings", ("bot.settings",), 70, 600),
}


def slug(name: str) -> str:
    """A target's name as a file's."""
    return "-".join("".join(letter if letter.isalnum() else " " for letter in name.lower()).split())


def seeds(name: str) -> list[bytes]:
    """The first inputs of a target: lines of its YAML file, or the files of its folder."""
    folder, file = SEEDS / slug(name), SEEDS / f"{slug(name)}.yaml"
    listed = yaml.load(file.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader) if file.exists() else []
    files = sorted(folder.iterdir()) if folder.is_dir() else []
    return [*map(written, listed), *(path.read_bytes() for path in files)]


def hostile() -> list[Any]:
    """Values and pieces of text that parsers stumble over."""
    found: list[Any] = yaml.load((SEEDS / "hostile.yaml").read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    return [*found, *_unwritable()]


def _unwritable() -> Iterator[Any]:
    """What YAML cannot hold."""
    yield from ("\0", "\ud800", "\udfff\ud800", "\u202e", 10**400, -(2**63), float("nan"), float("inf"), "9" * 5_000)


def written(value: Any) -> bytes:
    """A seed as bytes: text as it is, anything else as JSON."""
    return value.encode() if isinstance(value, str) else written_json(value)
