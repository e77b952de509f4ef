"""Photos that citizens send: the QR codes and barcodes on them. Nothing else of a photo is looked at or kept.

A dossier's receipt carries its code as a QR code or barcode. Reading takes up to some tenths of a second of processor
time: call it in a thread.
"""

from __future__ import annotations

import io

import zxingcpp
from PIL import Image

from integrations.errors import BadAnswer

LARGEST_BYTES = 10 * 2**20
MOST_PIXELS = 40_000_000
# a small file can unfold to gigabytes: this is asked of the header, before anything is unfolded
LONGEST_SIDE = 3_000
# pixels; more only takes longer
MOST_CODES = 8
LONGEST_CODE = 500
# characters
FORMATS = ("JPEG", "PNG", "WEBP")
UNREADABLE = (OSError, ValueError, SyntaxError, Image.DecompressionBombError, Image.DecompressionBombWarning)
# what Pillow raises for damaged or oversized files; the warning where warnings are errors


def codes(content: bytes) -> list[str]:
    """The texts of the codes on a photo. Raises BadAnswer for what is no photo, or one that is too large."""
    if len(content) > LARGEST_BYTES:
        raise BadAnswer("the photo is too large")
    read = zxingcpp.read_barcodes(_grey(content))
    return [found.text[:LONGEST_CODE] for found in read[:MOST_CODES] if found.valid]


def _grey(content: bytes) -> Image.Image:
    """The photo without colours, at a size that is good to read. What it is, its own first bytes say, not its name."""
    try:
        image = Image.open(io.BytesIO(content), formats=FORMATS)
        if image.width * image.height > MOST_PIXELS:
            raise BadAnswer("the photo has too many pixels")
        image.draft("L", (LONGEST_SIDE, LONGEST_SIDE))
        grey = image.convert("L")
    except UNREADABLE as error:
        raise BadAnswer(f"the photo cannot be read: {type(error).__name__}") from None
    grey.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    return grey
