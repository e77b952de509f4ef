"""Photos and sounds that citizens send on Zalo: an event carries an address, and what is there is fetched under guard.

Events are signed, yet it is our server that asks the address in them: only the origins of the settings are asked, over
https (plain http on our own machine alone, for the stand-in), for a bounded time and size. A redirect is followed only
to such an origin again. Which hosts Zalo uses was never tried: `zdn.vn` was read in public code, `zadn.vn` is hearsay.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx

from integrations.errors import BadAnswer, Refused, Unavailable
from integrations.photos import LARGEST_BYTES

HOST = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+|localhost")
LOOPBACK = ("127.0.0.1", "localhost")
PORTS = {"https": 443, "http": 80}
MOST_REDIRECTS = 2
PHOTOS = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF")
# of JPEG, PNG and WEBP
SOUNDS = (b"OggS", b"ID3", b"\xff\xfb", b"\xff\xf3", b"\xff\xf2", b"\xff\xf1", b"\xff\xf9", b"\0\0\0", b"#!AMR")
# of Ogg, MP3, AAC, MP4 and AMR (RIFF is WAV too); which of them Zalo sends was never seen
BEGINNINGS = (*PHOTOS, *SOUNDS)
# anything else is not read to its end, whatever the server calls it
LONGEST_BEGINNING = max(map(len, BEGINNINGS))


@dataclass(frozen=True)
class Origin:
    """Scheme, host and port; the host of a permitted origin may begin with "*." for every name under it."""

    scheme: str
    host: str
    port: int | None

    @classmethod
    def of(cls, address: str) -> Origin:
        """The origin of an address. Raises ValueError for what is none."""
        parts = urlsplit(address)
        return cls(parts.scheme, parts.hostname or "", parts.port or PORTS.get(parts.scheme))

    @property
    def is_safe(self) -> bool:
        """A plain host, and nobody on the way can read or change what is fetched."""
        if not HOST.fullmatch(self.host):
            return False
        return self.scheme == "https" or (self.scheme == "http" and self.host in LOOPBACK)

    def holds(self, other: Origin) -> bool:
        """Whether another origin is this one, or lies under it."""
        under = self.host.startswith("*.") and other.host.endswith(self.host[1:])
        same_host = under or self.host == other.host
        return same_host and (self.scheme, self.port) == (other.scheme, other.port)


class ZaloPhotos:
    """Fetches photos from a list of origins: "https://host" or "https://*.host"."""

    def __init__(
        self, origins: Iterable[str], timeout_s: float = 5.0, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        self._origins = tuple(map(Origin.of, origins))
        self._timeout_s = timeout_s
        # for everything together: redirects and body
        self._transport = transport
        self._tls = httpx.create_ssl_context(trust_env=False)
        logging.getLogger("httpx").addFilter(self._shorten)

    async def fetch(self, address: str) -> bytes:
        """The photo at an address. Raises Refused for another origin, BadAnswer for what is no photo, Unavailable."""
        try:
            async with asyncio.timeout(self._timeout_s), self._client() as http:
                return await self._followed(http, address)
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
            raise Unavailable(f"zalo photo: {type(error).__name__}") from None

    def _client(self) -> httpx.AsyncClient:
        headers = {"Accept-Encoding": "identity"}  # nothing unfolds while it is read
        return httpx.AsyncClient(
            timeout=self._timeout_s, transport=self._transport, trust_env=False, verify=self._tls, headers=headers
        )

    async def _followed(self, http: httpx.AsyncClient, address: str) -> bytes:
        """What is at an address, or where it leads."""
        for _ in range(MOST_REDIRECTS + 1):
            if not self._is_allowed(address):
                raise Refused("zalo photo: not an origin of Zalo's photos")
            async with http.stream("GET", address) as answer:
                if answer.next_request is None:
                    return await _body(answer)
                address = str(answer.next_request.url)
        raise BadAnswer("zalo photo: too many redirects")

    def _is_allowed(self, address: str) -> bool:
        """Whether an address lies at one of the origins and carries no name or password."""
        try:
            asked = Origin.of(address)
        except ValueError:
            return False
        without_user = "@" not in urlsplit(address).netloc
        return asked.is_safe and without_user and any(origin.holds(asked) for origin in self._origins)

    def _shorten(self, record: logging.LogRecord) -> bool:
        """Keeps the addresses of citizens' photos out of httpx's own log."""
        if isinstance(record.args, tuple):
            record.args = tuple(
                part.copy_with(raw_path=b"/") if isinstance(part, httpx.URL) and self._is_allowed(str(part)) else part
                for part in record.args
            )
        return True


async def _body(answer: httpx.Response) -> bytes:
    """The photo in an answer; let go as soon as it is too large or begins like something else."""
    if answer.status_code != 200:
        raise Unavailable(f"zalo photo: HTTP {answer.status_code}")
    content = bytearray()
    async for piece in answer.aiter_raw():
        content += piece
        if len(content) > LARGEST_BYTES:
            raise BadAnswer("zalo photo: too large")
        if len(content) >= LONGEST_BEGINNING and not content.startswith(BEGINNINGS):
            raise BadAnswer("zalo photo: not a photo")
    return bytes(content)
