"""The transport under python-telegram-bot: the stand-in over real HTTP, and addresses where nobody answers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route
from telegram import Bot
from telegram.error import BadRequest, NetworkError, TimedOut

from bot.channels.telegram_request import LARGEST_ANSWER, MOST_CONNECTIONS, AiohttpRequest
from integrations.stand_ins.telegram import app
from tests.serving import free_port, served

TOKEN, CHAT = "1234:TEST", 42


@pytest.fixture
def api() -> Iterator[str]:
    """A stand-in with one open chat."""
    with served(app(TOKEN)) as address:
        httpx.post(f"{address}/__control/message", json={"chat_id": CHAT, "text": "chào"}).raise_for_status()
        yield address


def with_bot(api: str, scenario: Callable[[Bot], Awaitable[Any]]) -> Any:
    """Runs a scenario over our transport."""

    async def run() -> Any:
        requests = {"request": AiohttpRequest(8), "get_updates_request": AiohttpRequest(1)}
        async with Bot(TOKEN, base_url=f"{api}/bot", base_file_url=f"{api}/file/bot", **requests) as bot:
            return await scenario(bot)

    return asyncio.run(run())


def asked(url: str, **timeouts: float) -> tuple[int, bytes]:
    """One bare request."""

    async def run() -> tuple[int, bytes]:
        request = AiohttpRequest(1)
        async with request:
            return await request.do_request(url, "GET", **timeouts)

    return asyncio.run(run())


def test_words_travel_as_json(api: str) -> None:
    """A call without files is JSON, its values as they are."""
    assert with_bot(api, lambda bot: bot.send_message(CHAT, "lệ phí < 5")).text == "lệ phí < 5"
    call = httpx.get(f"{api}/__control/calls", params={"method": "sendMessage"}).json()[0]
    assert call["parameters"] == {"chat_id": CHAT, "text": "lệ phí < 5"}


def test_files_travel_in_parts(api: str) -> None:
    """A file arrives with its name and content, and comes back the same."""

    async def scenario(bot: Bot) -> tuple[str | None, bytes]:
        sent = (await bot.send_document(CHAT, b"a;b", filename="bieu.csv", caption="đây")).document
        assert sent
        return sent.file_name, bytes(await (await bot.get_file(sent.file_id)).download_as_bytearray())

    assert with_bot(api, scenario) == ("bieu.csv", b"a;b")


def test_refusals_are_read(api: str) -> None:
    """What Telegram refuses is told in its own words."""
    with pytest.raises(BadRequest, match="Chat not found"):
        with_bot(api, lambda bot: bot.send_message(7, "a"))


def test_a_late_answer_is_a_time_out(api: str) -> None:
    """An answer that keeps silent for too long is TimedOut."""
    fault = {"mode": "timeout", "method": "sendMessage", "times": 1, "delay_s": 0.6}
    httpx.post(f"{api}/__control/fault", json=fault)
    with pytest.raises(TimedOut):
        with_bot(api, lambda bot: bot.send_message(CHAT, "a", read_timeout=0.1))


def test_nobody_there_is_a_network_error() -> None:
    """A refused connection is NetworkError, and its words never hold the token."""
    with pytest.raises(NetworkError) as caught:
        asked(f"http://127.0.0.1:{free_port()}/bot{TOKEN}/getMe")
    assert TOKEN not in str(caught.value) and not isinstance(caught.value, TimedOut)


def test_an_endless_answer_is_cut_off() -> None:
    """An answer that is larger than any of the Bot API is given up, not kept."""

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(LARGEST_ANSWER // 2**20 + 1):
            yield bytes(2**20)

    async def endless(_: Request) -> Response:
        return StreamingResponse(pieces())

    with served(Starlette(routes=[Route("/", endless)])) as address, pytest.raises(NetworkError, match="larger"):
        asked(address)


def test_connections_are_bounded() -> None:
    """No pool grows beyond what was measured to be good, and a closed one takes no request."""
    assert AiohttpRequest(1000).connections == MOST_CONNECTIONS == 128
    with pytest.raises(RuntimeError):
        asyncio.run(AiohttpRequest(1).do_request("http://127.0.0.1", "GET"))
