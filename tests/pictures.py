"""Photos for the tests: codes drawn and disturbed as a telephone would."""

from __future__ import annotations

import io
import struct
import zlib

import zxingcpp
from PIL import Image, ImageFilter


def photo(text: str, kind: str = "QRCode", file: str = "PNG", turned: int = 0, blur: float = 0.0) -> bytes:
    """A grey table with a code on it."""
    code = zxingcpp.create_barcode(text, getattr(zxingcpp.BarcodeFormat, kind))
    drawn = Image.fromarray(zxingcpp.write_barcode_to_image(code, scale=4))
    table = Image.new("RGB", (1200, 700), (190, 190, 180))
    table.paste(drawn.convert("RGB"), (120, 90))
    return saved(
        table.rotate(turned, expand=True, fillcolor=(190, 190, 180)).filter(ImageFilter.GaussianBlur(blur)), file
    )


def saved(image: Image.Image, file: str = "PNG") -> bytes:
    """The bytes of a picture."""
    buffer = io.BytesIO()
    image.save(buffer, file)
    return buffer.getvalue()


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few bytes that says that it is enormous."""
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(b"\0" * 1000)), (b"IEND", b""))
    parts = (
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body)) for name, body in chunks
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)
