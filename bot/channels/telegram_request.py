"""How python-telegram-bot reaches the Bot API: over aiohttp, a quarter of the processor time of its own transport."""

from __future__ import annotations

from typing import Any

import aiohttp
from telegram._utils.types import ODVInput
from telegram.error import NetworkError, TimedOut
from telegram.request import BaseRequest, RequestData

MOST_CONNECTIONS = 128
LARGEST_ANSWER = 20 * 2**20
# bytes: the largest file that the Bot API gives out
READ_S, WRITE_S, CONNECT_S, POOL_S = 5.0, 20.0, 5.0, 5.0


class AiohttpRequest(BaseRequest):
    """Requests of one bot over a pool of kept connections."""

    def __init__(self, connections: int, read_timeout_s: float = READ_S) -> None:
        self.connections = min(connections, MOST_CONNECTIONS)
        self._read_timeout_s = read_timeout_s
        self._session: aiohttp.ClientSession | None = None

    @property
    def read_timeout(self) -> float:
        """Seconds an answer may keep silent."""
        return self._read_timeout_s

    async def initialize(self) -> None:
        """Open the pool; harmless when it is open."""
        if self._session is None:
            connector = aiohttp.TCPConnector(limit=self.connections)
            self._session = aiohttp.ClientSession(connector=connector, trust_env=True)

    async def shutdown(self) -> None:
        """Close the pool."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def do_request(
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: ODVInput[float] = BaseRequest.DEFAULT_NONE,
        write_timeout: ODVInput[float] = BaseRequest.DEFAULT_NONE,
        connect_timeout: ODVInput[float] = BaseRequest.DEFAULT_NONE,
        pool_timeout: ODVInput[float] = BaseRequest.DEFAULT_NONE,
    ) -> tuple[int, bytes]:
        """Status and body of one request; the errors never name the address, which holds the token."""
        if self._session is None:
            raise RuntimeError("the pool is not open")
        read_s, write_s = _given(read_timeout, self._read_timeout_s), _given(write_timeout, WRITE_S)
        connect_s, pool_s = _given(connect_timeout, CONNECT_S), _given(pool_timeout, POOL_S)
        timeout = aiohttp.ClientTimeout(
            total=pool_s + connect_s + write_s + read_s,
            connect=pool_s + connect_s,
            sock_connect=connect_s,
            sock_read=read_s,
        )
        headers = {"User-Agent": self.USER_AGENT}
        try:
            async with self._session.request(
                method, url, headers=headers, timeout=timeout, **_body(request_data)
            ) as answer:
                return answer.status, await _content(answer)
        except TimeoutError as error:
            raise TimedOut from error
        except aiohttp.ClientError as error:
            raise NetworkError(type(error).__name__) from None


def _given(timeout: ODVInput[float], otherwise_s: float) -> float:
    return float(timeout) if isinstance(timeout, int | float) else otherwise_s


def _body(data: RequestData | None) -> dict[str, Any]:
    """JSON; a form of several parts when there are files."""
    if data is None:
        return {}
    if not data.contains_files:
        return {"json": data.parameters}
    form = aiohttp.FormData(data.json_parameters)
    for name, (filename, content, mime) in data.multipart_data.items():
        form.add_field(name, content, filename=filename, content_type=mime)
    return {"data": form}


async def _content(answer: aiohttp.ClientResponse) -> bytes:
    content = bytearray()
    async for piece in answer.content.iter_any():
        content += piece
        if len(content) > LARGEST_ANSWER:
            raise NetworkError("an answer larger than any of the Bot API")
    return bytes(content)
