"""The training sentences, in Rasa's format, which both engines learn from."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from nlu.errors import BadData
from nlu.text import words

FOLDER = Path(__file__).parent / "data" / "training"
INTENTS_PATH = Path(__file__).parent / "data" / "intents.yaml"


@dataclass(frozen=True)
class Example:
    """One sentence and what it means."""

    text: str
    intent: str
    # a name of nlu/data/intents.yaml


def load(folder: Path = FOLDER) -> tuple[Example, ...]:
    """All sentences of a folder, by file name. Raises `BadData` with the file's name."""
    return tuple(example for path in sorted(folder.glob("*.yml")) for example in _examples(path))


def intents(path: Path = INTENTS_PATH) -> tuple[str, ...]:
    """The names of all intents, in the file's order. Raises `BadData`."""
    content = _yaml(path)
    if not isinstance(content, dict):
        raise BadData(f"{path}: it must be a mapping from intent to meaning, needs and not_examples.")
    return tuple(content)


def problems(folder: Path = FOLDER, known: Collection[str] | None = None) -> list[str]:
    """Sentences that say what is wrong with the data; empty when all is well."""
    examples, names = load(folder), intents() if known is None else known
    used = {example.intent for example in examples}
    return [
        *(f"The intent '{name}' is not in intents.yaml." for name in sorted(used - set(names))),
        *(f"The intent '{name}' has no training sentences." for name in names if name not in used),
        *(f"'{example.text}' is not NFC." for example in examples if not _is_nfc(example.text)),
        *_twice(examples),
    ]


def _twice(examples: tuple[Example, ...]) -> Iterator[str]:
    """Sentences that are the same to an engine, which sees them folded."""
    seen: dict[tuple[str, ...], Example] = {}
    for example in examples:
        first = seen.setdefault(words(example.text), example)
        if first.intent != example.intent:
            yield f"'{example.text}' ({example.intent}) is already '{first.text}' ({first.intent})."
        elif first is not example:
            yield f"'{example.text}' ({example.intent}) is there twice."


def _examples(path: Path) -> Iterator[Example]:
    content = _yaml(path)
    try:
        for block in content["nlu"]:
            for line in block["examples"].splitlines():
                yield Example(line.removeprefix("- ").strip(), block["intent"])
    except (KeyError, TypeError, AttributeError) as error:
        raise BadData(f"{path}: not in Rasa's nlu format ({error!r}).") from error


def _yaml(path: Path) -> Any:
    try:
        return yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    except (OSError, yaml.YAMLError) as error:
        raise BadData(f"{path}: cannot be read ({error}).") from error


def _is_nfc(text: str) -> bool:
    return unicodedata.is_normalized("NFC", text)
