"""Reads the print of one photo with trueocr, line by line.

Run by the interpreter of `make ocr`: `.readers/ocr/bin/python -m integrations.readers.ocr`.
"""

from __future__ import annotations

import io

import trueocr
from PIL import Image, ImageOps

from integrations.readers.protocol import serve

FORMATS = ("JPEG", "PNG", "WEBP")
LONGEST_SIDE = 2_400
# pixels; the small print of a whole page is readable at that


def see(content: bytes, longest_s: int) -> list[str]:
    """The lines of print on a photo, from top to bottom."""
    with Image.open(io.BytesIO(content), formats=FORMATS) as opened:
        opened.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
        image = ImageOps.exif_transpose(opened).convert("RGB")
    image.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    return [line["text"] for line in trueocr.load_model().predict(image).lines]


if __name__ == "__main__":
    serve(see)
