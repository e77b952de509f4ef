"""Files of strangers: their first bytes say what they are; nothing opens by itself or unfolds beyond its bounds."""

from __future__ import annotations

import io
import resource
import struct
import zlib
from datetime import date

import pytest
from PIL import Image

from bot import receipts
from integrations import photos
from integrations.errors import BadAnswer
from tests.pictures import bomb, photo, saved
from tests.town import DOSSIER_CODE
from web.attachment import UNKNOWN, answer
from web.headers import POLICY

SVG = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"
HTML = b"<!DOCTYPE html><script>alert(1)</script>"
GROWN_KB = 300_000
# of memory that a refused photo may take at most


@pytest.mark.parametrize(
    ("content", "kind", "way"),
    [
        (saved(Image.new("RGB", (9, 9)), "PNG"), "image/png", "inline"),
        (saved(Image.new("RGB", (9, 9)), "JPEG"), "image/jpeg", "inline"),
        (saved(Image.new("RGB", (9, 9)), "WEBP"), "image/webp", "inline"),
        (saved(Image.new("P", (9, 9)), "GIF"), UNKNOWN, "attachment"),
        (SVG, UNKNOWN, "attachment"),
        (b"<?xml version='1.0'?>" + SVG, UNKNOWN, "attachment"),
        (b"\xef\xbb\xbf" + SVG, UNKNOWN, "attachment"),
        (HTML, UNKNOWN, "attachment"),
        (b"%PDF-1.7\n", UNKNOWN, "attachment"),
        (b"PK\x03\x04" + bytes(40), UNKNOWN, "attachment"),
        (b"\x1f\x8b\x08" + bytes(40), UNKNOWN, "attachment"),
        (b"MZ\x90\x00", UNKNOWN, "attachment"),
        (b"RIFF\x00\x00\x00\x00AVI LIST", UNKNOWN, "attachment"),
        (b" " + saved(Image.new("RGB", (9, 9)), "PNG"), UNKNOWN, "attachment"),
        (b"", UNKNOWN, "attachment"),
        (saved(Image.new("RGB", (9, 9)), "PNG") + HTML, "image/png", "inline"),
        (saved(Image.new("RGB", (9, 9)), "JPEG") + b"PK\x03\x04" + SVG, "image/jpeg", "inline"),
    ],
)
def test_what_a_file_is_its_first_bytes_say(content: bytes, kind: str, way: str) -> None:
    """Three kinds of pictures are shown, all else is saved; of a file that is two things only the picture is shown."""
    shown = answer(content)
    assert (shown.media_type, shown.headers["Content-Disposition"]) == (kind, way)
    assert "charset" not in shown.headers["Content-Type"]
    assert "script-src" not in POLICY and "default-src 'self'" in POLICY


def jpeg_bomb(side: int) -> bytes:
    """A JPEG whose header says that it is enormous."""
    content = bytearray(saved(Image.new("L", (16, 16)), "JPEG"))
    at = content.index(b"\xff\xc0")
    content[at + 5 : at + 9] = struct.pack(">HH", side, side)
    return bytes(content)


def webp_bomb(side: int) -> bytes:
    """A lossless WebP whose header says that it is enormous."""
    content = bytearray(saved_lossless())
    at = content.index(b"VP8L") + 9
    content[at : at + 4] = struct.pack("<I", (side - 1) | (side - 1) << 14)
    return bytes(content)


def saved_lossless() -> bytes:
    """A small lossless WebP."""
    buffer = io.BytesIO()
    Image.new("RGB", (16, 16)).save(buffer, "WEBP", lossless=True)
    return buffer.getvalue()


def text_bomb(size_bytes: int) -> bytes:
    """A PNG whose packed comment unfolds to so much."""
    plain = saved(Image.new("L", (16, 16)))
    packed = b"a\0\0" + zlib.compress(bytes(size_bytes), 9)
    chunk = struct.pack(">I", len(packed)) + b"zTXt" + packed + struct.pack(">I", zlib.crc32(b"zTXt" + packed))
    return plain[:33] + chunk + plain[33:]


@pytest.mark.parametrize(
    "content",
    [
        bomb(60_000, 60_000),
        bomb(2**31 - 1, 2**31 - 1),
        jpeg_bomb(65_500),
        webp_bomb(16_383),
        saved(Image.new("1", (6_400, 6_400)), "PNG"),
        photo(DOSSIER_CODE, file="GIF"),
        SVG,
        HTML,
        b"%PDF-1.7\n",
        b"PK\x03\x04" + bytes(40),
        b"\x1f\x8b\x08" + bytes(40),
    ],
    ids=["png", "greatest png", "jpeg", "webp", "honest", "gif", "svg", "html", "pdf", "zip", "gzip"],
)
def test_a_bomb_is_refused_before_it_unfolds(content: bytes) -> None:
    """A small file that says it is enormous, or is no photo, is refused, and takes no memory worth speaking of."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(BadAnswer):
        photos.codes(content)
    assert receipts.words(content, date(2026, 11, 22)) == ""
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < GROWN_KB


def test_a_comment_that_unfolds_is_bounded() -> None:
    """A packed comment of a hundred megabytes inside a PNG is not unfolded."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(BadAnswer):
        photos.codes(text_bomb(100_000_000))
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < GROWN_KB


@pytest.mark.parametrize("behind", [HTML, SVG, b"PK\x03\x04" + bytes(40), bytes(100_000)])
def test_what_stands_behind_a_photo_is_not_looked_at(behind: bytes) -> None:
    """A photo that is something else besides is read as a photo and nothing more."""
    assert photos.codes(photo(DOSSIER_CODE) + behind) == [DOSSIER_CODE]
