"""Photos for the tests: codes drawn and disturbed as a telephone would."""

from __future__ import annotations

import io
import struct
import zlib

import zxingcpp
from PIL import Image, ImageDraw, ImageFilter

IDENTITY_CARD = "079203012345|024123456|Nguyễn Thị Lan|01011990|Nữ|Phường Sài Gòn|01012022"
# what the code on the back of one says


def photo(text: str, kind: str = "QRCode", file: str = "PNG", turned: int = 0, blur: float = 0.0) -> bytes:
    """A grey table with a code on it."""
    code = zxingcpp.create_barcode(text, getattr(zxingcpp.BarcodeFormat, kind))
    drawn = Image.fromarray(zxingcpp.write_barcode_to_image(code, scale=4))
    table = Image.new("RGB", (1200, 700), (190, 190, 180))
    table.paste(drawn.convert("RGB"), (120, 90))
    return saved(
        table.rotate(turned, expand=True, fillcolor=(190, 190, 180)).filter(ImageFilter.GaussianBlur(blur)), file
    )


def sheet(*codes: tuple[str, str], scale: int = 4, turned: int = 0) -> bytes:
    """A receipt: lines of print with codes, each a text and a kind, under one another."""
    table = Image.new("RGB", (1600, 420 * len(codes) + 200), "white")
    pen = ImageDraw.Draw(table)
    for number, (text, kind) in enumerate(codes):
        drawn = zxingcpp.write_barcode_to_image(
            zxingcpp.create_barcode(text, getattr(zxingcpp.BarcodeFormat, kind)), scale=scale
        )
        table.paste(Image.fromarray(drawn).convert("RGB"), (60, 120 + 420 * number))
        for line in range(8):
            pen.text(
                (900, 130 + 420 * number + 40 * line),
                f"GIAY TIEP NHAN HO SO VA HEN TRA KET QUA 12/03/2026 {line}",
                fill="black",
            )
    return saved(table.rotate(turned, expand=True, fillcolor="white"))


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
