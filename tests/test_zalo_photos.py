"""Photos of Zalo: fetched from the origins of the settings only, over https, bounded, and sniffed."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable

import httpx
import pytest

from bot.errors import BadSettings
from bot.settings import load
from integrations.errors import BadAnswer, IntegrationError, Refused, Unavailable
from integrations.photos import LARGEST_BYTES
from integrations.zalo_photos import BEGINNINGS, ZaloPhotos
from tests.pictures import photo
from tests.town import DOSSIER_CODE

ORIGINS = ("https://*.zdn.vn", "https://one.example:8443", "http://127.0.0.1:8097")
HERE = "https://photo-stal-1.zdn.vn/a.jpg"
PICTURE = photo(DOSSIER_CODE, file="JPEG")

Handler = Callable[[httpx.Request], httpx.Response]


def fetched(address: str, handler: Handler, timeout_s: float = 5.0) -> bytes:
    """What is fetched from a server that answers in a certain way."""
    return asyncio.run(ZaloPhotos(ORIGINS, timeout_s, httpx.MockTransport(handler)).fetch(address))


def picture(request: httpx.Request) -> httpx.Response:
    """A server with a picture, which wants nothing unfolded."""
    assert request.headers["Accept-Encoding"] == "identity"
    return httpx.Response(200, content=_pieces(PICTURE))


async def _pieces(content: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(content), 1000):
        yield content[start : start + 1000]


@pytest.mark.parametrize(
    "address",
    [
        HERE,
        "https://a.b.zdn.vn/x?y=1",
        "HTTPS://PHOTO.ZDN.VN/a",
        "https://one.example:8443/",
        "http://127.0.0.1:8097/a",
    ],
)
def test_a_photo_at_a_known_origin_is_fetched(address: str) -> None:
    """A name under a known host, the very host and port, and plain http on our own machine."""
    assert fetched(address, picture) == PICTURE


@pytest.mark.parametrize(
    "address",
    [
        "http://photo-stal-1.zdn.vn/a.jpg",
        "https://zdn.vn/a.jpg",
        "https://evilzdn.vn/a.jpg",
        "https://photo.zdn.vn.evil.example/a.jpg",
        "https://photo.zdn.vn:8080/a.jpg",
        "https://user:secret@photo.zdn.vn/a.jpg",
        "https://evil.example/#.zdn.vn",
        "https://evil.example\\.zdn.vn/a",
        "https://one.example/",
        "http://one.example:8443/",
        "http://127.0.0.1/a",
        "http://169.254.169.254/latest/meta-data",
        "file:///etc/passwd",
        "//photo.zdn.vn/a",
        "https://[::1/a",
        "https://photo.zdn.vn:port/a",
        "",
    ],
)
def test_no_other_address_is_asked(address: str) -> None:
    """Whatever is not exactly a known origin is refused before anything is sent."""

    def never(request: httpx.Request) -> httpx.Response:
        raise AssertionError(f"{request.url} was asked")

    with pytest.raises(Refused):
        fetched(address, never)


def test_a_redirect_leads_to_known_origins_only() -> None:
    """A redirect within the origins is followed, one to anywhere else is refused, a circle ends."""

    def moved(to: str) -> Handler:
        found = httpx.Response(302, headers={"Location": to})
        return lambda request: found if request.url == HERE else picture(request)

    assert fetched(HERE, moved("https://other.zdn.vn/a")) == PICTURE
    assert fetched(HERE, moved("/b.jpg")) == PICTURE
    for elsewhere in ("https://evil.example/", "http://photo.zdn.vn/", "http://169.254.169.254/"):
        with pytest.raises(Refused):
            fetched(HERE, moved(elsewhere))
    with pytest.raises(BadAnswer):
        fetched(HERE, moved(HERE))


@pytest.mark.parametrize(
    "beginning", [b"OggS\0\2", b"ID3\4\0\0", b"\0\0\0\x1cftypM4A ", b"#!AMR\n", b"RIFF\1\2\3\4WAVE"]
)
def test_a_sound_is_fetched_too(beginning: bytes) -> None:
    """Voice messages come the same way: the usual kinds of sound by their first bytes."""
    assert fetched(HERE, lambda request: httpx.Response(200, content=_pieces(beginning + b"x" * 3000))).startswith(
        beginning
    )


async def _endless(beginning: bytes, sent: list[int]) -> AsyncIterator[bytes]:
    yield beginning
    while True:
        sent.append(2**20)
        yield bytes(2**20)


@pytest.mark.parametrize(("beginning", "at_most"), [(BEGINNINGS[0], LARGEST_BYTES), (b"MZ\x90\0\0\0\0\0", 2**20)])
def test_an_endless_answer_is_let_go(beginning: bytes, at_most: int) -> None:
    """A photo without an end is given up at the limit, what is no photo by its first bytes at once."""
    sent: list[int] = []
    with pytest.raises(BadAnswer):
        fetched(HERE, lambda request: httpx.Response(200, content=_endless(beginning, sent)))
    assert sum(sent) <= at_most + 2**20


async def _trickle() -> AsyncIterator[bytes]:
    while True:
        yield BEGINNINGS[0]
        await asyncio.sleep(0.02)


def _down(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("down", request=request)


@pytest.mark.parametrize(
    "handler",
    [
        lambda request: httpx.Response(200, content=_trickle()),
        lambda request: httpx.Response(404),
        lambda request: httpx.Response(500, content=PICTURE),
        _down,
    ],
    ids=["trickle", "404", "500", "down"],
)
def test_a_photo_that_cannot_be_had_is_unavailable(handler: Handler) -> None:
    """A server that is down, has nothing, or sends byte by byte for longer than the whole may take."""
    with pytest.raises(Unavailable):
        fetched(HERE, handler, timeout_s=0.2)


def test_the_address_of_a_photo_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    """Whoever reads the log cannot open a citizen's photo: neither by what went well nor by an error."""
    with caplog.at_level(logging.DEBUG):
        fetched(f"{HERE}?key=1", picture)
        with pytest.raises(IntegrationError) as refused:
            fetched("https://evil.example/secret.jpg", picture)
    assert "photo-stal-1.zdn.vn/" in caplog.text
    assert all(secret not in caplog.text + str(refused.value) for secret in ("a.jpg", "key=1", "secret.jpg"))


@pytest.mark.parametrize(
    ("text", "origins"),
    [
        ("", ()),
        ("https://*.zdn.vn, https://a.example:8443", ("https://*.zdn.vn", "https://a.example:8443")),
        ("http://127.0.0.1:8097", ("http://127.0.0.1:8097",)),
        ("zdn.vn", None),
        ("https://zdn.vn/path", None),
        ("ftp://zdn.vn", None),
        ("http://photo.zdn.vn", None),
    ],
)
def test_the_setting_is_a_list_of_safe_origins(text: str, origins: tuple[str, ...] | None) -> None:
    """What is no origin, or would be asked in the clear beyond our own machine, is refused at the start."""
    if origins is not None:
        assert load({"MOT_CUA_ZALO_PHOTO_ORIGINS": text}).zalo_photos == origins
        return
    with pytest.raises(BadSettings, match="MOT_CUA_ZALO_PHOTO_ORIGINS"):
        load({"MOT_CUA_ZALO_PHOTO_ORIGINS": text})
