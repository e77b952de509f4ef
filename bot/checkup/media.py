"""The programs that hear voice messages and read photos: each is given an empty file, and has to say so."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

from bot import wiring
from bot.checkup.finding import Finding
from bot.media_words import PHOTO, SOUND
from bot.settings import Settings
from integrations.errors import BadAnswer, Unavailable
from integrations.reader_process import ReaderProcess

NAMES = {SOUND: "voice", PHOTO: "ocr"}
# as the settings and `make` call them


def readers(chosen: Settings) -> Iterator[Finding]:
    """Each that is set; whether it starts with what it may take."""
    found = wiring.readers(chosen)
    for kind, reader in found.items():
        yield Finding("media", "answers" if _answers(reader) else "silent", {"name": NAMES[kind]})
    if not found:
        yield Finding("media", "not_set")


def _answers(reader: ReaderProcess) -> bool:
    """Whether a reader says anything to an empty file."""
    try:
        asyncio.run(reader.read(b""))
    except BadAnswer:
        return True
    except Unavailable:
        return False
    return True
