"""Receipts and identity cards, drawn and disturbed as a telephone would, and what is read on them."""

from __future__ import annotations

import io
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from bot import media_words
from bot.messages import Kind
from bot.utterance import Utterance
from integrations.errors import IntegrationError
from integrations.reader_process import ReaderProcess

PATH = Path(__file__).parent / "data" / "receipts.yaml"
FONTS = ("DejaVuSans.ttf", "DejaVuSerif.ttf", "NotoSans-Regular.ttf", "NotoSerif-Regular.ttf")
ON = date(2026, 11, 22)
SIZE, LETTER_PX, LINE_PX, MARGIN_PX = (1240, 1000), 27, 62, 90
CODE, NOTHING, WRONG, CARD = "right code", "nothing", "wrong code", "refused as a card"
# what may come of a photo
Disturbance = Callable[[Image.Image], Image.Image]


def _noisy(image: Image.Image) -> Image.Image:
    """In poor light: dim, with noise."""
    noise = Image.effect_noise(image.size, 60).convert("RGB")
    return Image.blend(image.point(lambda value: value * 0.55), noise, 0.15)


def _aslant(image: Image.Image) -> Image.Image:
    """Seen from below: the upper edge is shorter."""
    width, height = image.size
    corners = (-0.12 * width, 0, -0.02 * width, height, 1.02 * width, height, 1.12 * width, 0)
    return image.transform(image.size, Image.Transform.QUAD, corners, Image.Resampling.BICUBIC, fillcolor="grey")


def _turned(degrees: float) -> Disturbance:
    return lambda image: image.rotate(degrees, Image.Resampling.BICUBIC, expand=True, fillcolor="grey")


def _blurred(radius_px: float) -> Disturbance:
    return lambda image: image.filter(ImageFilter.GaussianBlur(radius_px))


DISTURBANCES: Mapping[str, Disturbance] = {
    "straight": lambda image: image,
    "turned by 4°": _turned(4),
    "turned by 90°": _turned(90),
    "turned by 180°": _turned(180),
    "seen from below": _aslant,
    "blurred (3 px)": _blurred(3),
    "blurred (5 px)": _blurred(5),
    "a third of the size": lambda image: image.resize((image.width // 3, image.height // 3), Image.Resampling.BILINEAR),
    "poor light": _noisy,
    "JPEG at quality 10": lambda image: image,
    "all at once": lambda image: _noisy(_blurred(2)(_turned(7)(_aslant(image)))),
}
QUALITY = {"JPEG at quality 10": 10, "all at once": 30}
USUAL_QUALITY = 80


@dataclass
class Tally:
    """What came of the photos of one disturbance."""

    counts: Counter[str] = field(default_factory=Counter)
    took_s: list[float] = field(default_factory=list)


def photos(kind: str, each: int, seed: int = 1) -> Iterator[tuple[str, str, bytes]]:
    """Disturbance, dossier code and JPEG of every photo; `kind` is "receipt" or "card"."""
    rng = random.Random(seed)
    for name, disturb in DISTURBANCES.items():
        for number in range(each):
            values = _values(rng)
            image = disturb(_drawn(_content()[kind], values, FONTS[number % len(FONTS)]))
            yield name, values["code"], _saved(image, QUALITY.get(name, USUAL_QUALITY))


async def measured(reader: ReaderProcess, kind: str, each: int) -> dict[str, Tally]:
    """What is read on the photos, by disturbance."""
    tallies = {name: Tally() for name in DISTURBANCES}
    for name, code, content in photos(kind, each):
        started = time.perf_counter()
        try:
            lines = await reader.read(content)
        except IntegrationError:
            lines = ()
        tallies[name].took_s.append(time.perf_counter() - started)
        tallies[name].counts[verdict(media_words.seen(lines, ON), code)] += 1
    return tallies


def verdict(said: Utterance, code: str) -> str:
    """What the citizen would be shown."""
    match said.kind:
        case Kind.ATTACHMENT:
            return NOTHING
        case Kind.TEXT:
            return CARD
    return CODE if said.text == code else WRONG


def _values(rng: random.Random) -> dict[str, str]:
    """What stands in the gaps of a sheet; made up."""
    content, day = _content(), f"{rng.randint(24, 26)}{rng.randint(1, 9):02}{rng.randint(1, 28):02}"
    return {
        "code": f"{rng.choice(content['units'])}-{day}-{rng.randint(1, 9_999):04}",
        "name": rng.choice(content["names"]),
        "number": f"079{rng.randint(0, 999_999_999):09}",
        "phone": f"090{rng.randint(0, 9_999_999):07}",
    }


def _drawn(lines: list[str], values: Mapping[str, str], font: str) -> Image.Image:
    """A white sheet with lines of print."""
    sheet = Image.new("RGB", SIZE, "white")
    pen, letters = ImageDraw.Draw(sheet), ImageFont.truetype(font, LETTER_PX)
    for number, line in enumerate(lines):
        pen.text((MARGIN_PX, MARGIN_PX + number * LINE_PX), line.format(**values), "black", letters)
    return sheet


def _saved(image: Image.Image, quality: int) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


@cache
def _content() -> dict[str, Any]:
    content: dict[str, Any] = yaml.load(PATH.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    return content
