"""A voice message and the whole program, killed while it listens."""

from __future__ import annotations

import base64
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from integrations.stand_ins.telegram import app
from tests.end_to_end.program import START_S, Program, started
from tests.serving import served, until

pytestmark = pytest.mark.slow

TOKEN, CHAT = "1234:TEST", 42
QUESTION = "Làm giấy khai sinh cho bé cần giấy tờ gì?"
READER = f"{sys.executable} -m integrations.stand_ins.reader --echo --after-s 3"
ANSWER_S = 60

Json = dict[str, Any]


@contextmanager
def listening(folder: Path, api: str) -> Iterator[Program]:
    """The program on Telegram, with a slow reader of voices."""
    there = {"MOT_CUA_TELEGRAM_TOKEN": TOKEN, "MOT_CUA_TELEGRAM_API_URL": api}
    with started(folder, **there, MOT_CUA_VOICE_COMMAND=READER, MOT_CUA_ENCODER="none") as program:
        until(program.healthy, START_S)
        yield program


def reasons(program: Program) -> list[str | None]:
    """Why the messages of the inbox wait."""
    with closing(sqlite3.connect(program.folder / "mot_cua.db")) as database:
        return [row[0] for row in database.execute("SELECT reason FROM inbox ORDER BY id")]


def sent(http: httpx.Client, at_least: int) -> list[Json]:
    """What the bot said, once it said so much."""
    query = {"chat_id": CHAT, "at_least": at_least, "wait_s": ANSWER_S}
    messages: list[Json] = http.get("/__control/sent", params=query).json()
    assert len(messages) >= at_least
    return messages


def test_killed_while_it_listens(tmp_path: Path) -> None:
    """The next program hears the message all the same: it is read back once, and its yes is answered once."""
    voice = {"chat_id": CHAT, "content": base64.b64encode(QUESTION.encode()).decode()}
    with served(app(TOKEN)) as api, httpx.Client(base_url=api, timeout=ANSWER_S + 10, trust_env=False) as http:
        with listening(tmp_path, api) as program:
            http.post("/__control/voice", json=voice).raise_for_status()
            until(lambda: reasons(program) == ["Reading"], ANSWER_S)
            program.process.kill()
            program.process.wait()
        with listening(tmp_path, api):
            [shown] = sent(http, 1)
            assert f"«{QUESTION}»" in shown["text"]
            [[yes], _] = shown["reply_markup"]["inline_keyboard"]
            press = {"chat_id": CHAT, "message_id": shown["message_id"], "data": yes["callback_data"]}
            http.post("/__control/callback", json=press).raise_for_status()
            assert "khai sinh" in sent(http, 2)[1]["text"].lower()
        assert len(sent(http, 2)) == 2
