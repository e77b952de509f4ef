"""The line to a portal: one request, answered whole within its time, or an error of this room.

Redirects are not followed, nothing of the environment is believed, and nothing personal is logged: addresses are
written without their query. Only requests that may be repeated are sent twice.
"""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable, Mapping
from typing import Any

import httpx

from integrations.errors import BadAnswer, Refused, Unavailable

RETRIED_STATUSES = frozenset({502, 503, 504})
# a gateway's word for "not now"; a portal that names a wait is left alone until then
RETRIES = 1
PAUSE_S = (0.05, 0.25)
# before a repetition, by chance: those who failed together do not come back together
LARGEST_BYTES = 2**20
# of an unpacked answer; one dossier takes some kilobytes


class Line:
    """A portal's connections. Safe to share between threads."""

    def __init__(
        self,
        name: str,
        base_url: str,
        timeout_s: float,
        auth: httpx.Auth | None = None,
        transport: httpx.BaseTransport | None = None,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self.name = name
        # stands in every error
        self._timeout_s = timeout_s
        # for a request with its repetitions; a single wait on the socket may begin just before the end
        self._pause = pause
        self._http = httpx.Client(base_url=base_url, timeout=timeout_s, auth=auth, transport=transport, trust_env=False)
        logging.getLogger("httpx").addFilter(_without_query)

    def ask(self, method: str, address: str, **content: Any) -> httpx.Response:
        """The answer to a request that may be repeated. Raises Unavailable, and BadAnswer for one too large to read."""
        ends_at = time.monotonic() + self._timeout_s
        for left in reversed(range(RETRIES + 1)):
            try:
                answer = self._send(self._http.build_request(method, address, **content), ends_at)
                if not left or answer.status_code not in RETRIED_STATUSES or "Retry-After" in answer.headers:
                    return answer
            except (httpx.ConnectError, httpx.RemoteProtocolError) as error:
                if not left:
                    raise self._failure(error) from None
            except httpx.HTTPError as error:
                raise self._failure(error) from None
            self._pause(random.uniform(*PAUSE_S))
        raise AssertionError("the last attempt returns or raises")

    def close(self) -> None:
        """Closes the connections."""
        self._http.close()

    def accepted(self, answer: httpx.Response) -> Mapping[str, Any]:
        """The JSON object of an answer, if the portal served us. Raises Refused, Unavailable, BadAnswer."""
        status = answer.status_code
        if status in (401, 403):
            raise Refused(f"{self.name}: HTTP {status}")
        if status == 429 or status >= 500:
            raise Unavailable(f"{self.name}: HTTP {status}", _retry_after_s(answer))
        if status != 200:
            raise BadAnswer(f"{self.name}: HTTP {status}")
        try:
            value = answer.json()
        except (ValueError, RecursionError):
            raise BadAnswer(f"{self.name}: not JSON") from None
        if not isinstance(value, dict):
            raise BadAnswer(f"{self.name}: not a JSON object")
        return value

    def _send(self, request: httpx.Request, ends_at: float) -> httpx.Response:
        """The whole answer, read while there is time and room."""
        left_s = max(ends_at - time.monotonic(), 0.001)
        request.extensions["timeout"] = httpx.Timeout(left_s).as_dict()
        answer = self._http.send(request, stream=True)
        try:
            return httpx.Response(
                answer.status_code, headers=_plain(answer.headers), content=self._read(answer, ends_at)
            )
        finally:
            answer.close()

    def _read(self, answer: httpx.Response, ends_at: float) -> bytes:
        content = bytearray()
        for part in answer.iter_bytes():
            content += part
            if len(content) > LARGEST_BYTES:
                raise BadAnswer(f"{self.name}: the answer is too large")
            if time.monotonic() > ends_at:
                raise Unavailable(f"{self.name}: the answer drips")
        return bytes(content)

    def _failure(self, error: httpx.HTTPError) -> Unavailable | BadAnswer:
        """The error of this room that says what httpx met."""
        met = f"{self.name}: {type(error).__name__}"
        return BadAnswer(met) if isinstance(error, httpx.DecodingError) else Unavailable(met)


def _plain(headers: httpx.Headers) -> dict[str, str]:
    """The headers that still hold for an unpacked answer."""
    return {name: value for name, value in headers.items() if name in ("content-type", "retry-after")}


def _retry_after_s(answer: httpx.Response) -> float | None:
    """The wait that the portal asks for, in seconds."""
    value = answer.headers.get("Retry-After", "")
    return float(value) if value.isascii() and value.isdecimal() else None


def _without_query(record: logging.LogRecord) -> bool:
    """Keeps dossier codes out of httpx's own log: addresses are written without their query."""
    if isinstance(record.args, tuple):
        record.args = tuple(arg.copy_with(query=None) if isinstance(arg, httpx.URL) else arg for arg in record.args)
    return True
