"""Whether a system of other people answers at all: one bare request, which says nothing of anybody."""

from __future__ import annotations

import httpx

from integrations.errors import Unavailable


def status_of(url: str, timeout_s: float, transport: httpx.BaseTransport | None = None) -> int:
    """The status of a GET without credentials or redirects. Raises Unavailable, which does not name the address."""
    try:
        client = httpx.Client(timeout=timeout_s, transport=transport, trust_env=False)
        with client, client.stream("GET", url) as answer:
            return answer.status_code
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise Unavailable(_fault(error)) from None


def _fault(error: Exception) -> str:
    """The kind of failure; of one in the certificate, what is wrong with it."""
    told = str(error)
    return told if "certificate" in told.lower() else type(error).__name__
