"""A time stamping authority (RFC 3161) over HTTP: a request as DER goes there, its answer comes back unread."""

from __future__ import annotations

import httpx

from integrations.errors import BadAnswer, Unavailable

ASKS, ANSWERS = "application/timestamp-query", "application/timestamp-reply"
LARGEST_ANSWER = 64 * 2**10
# bytes


class TimeStamps:
    """One authority at an address. Safe to share between threads."""

    def __init__(self, url: str, timeout_s: float = 2.0, transport: httpx.BaseTransport | None = None) -> None:
        self._url = url
        self._http = httpx.Client(timeout=timeout_s, transport=transport, trust_env=False)

    def ask(self, request: bytes) -> bytes:
        """The answer to a TimeStampReq. Raises Unavailable, and BadAnswer for what is no answer of an authority."""
        try:
            answer = self._http.post(self._url, content=request, headers={"Content-Type": ASKS, "Accept": ANSWERS})
        except httpx.HTTPError as error:
            raise Unavailable(f"time stamps: {type(error).__name__}") from None
        if answer.status_code >= 500:
            raise Unavailable(f"time stamps: HTTP {answer.status_code}")
        kind = answer.headers.get("Content-Type", "").partition(";")[0].strip()
        if answer.status_code != 200 or kind != ANSWERS or len(answer.content) > LARGEST_ANSWER:
            raise BadAnswer(f"time stamps: HTTP {answer.status_code}, {kind or 'no type'}")
        return answer.content

    def close(self) -> None:
        """Closes the connections."""
        self._http.close()
