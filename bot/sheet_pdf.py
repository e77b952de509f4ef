"""The sheet as a PDF: the one place that knows the typesetter, the font and the QR code."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, date, datetime, time
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from bot.errors import BotError
from bot.sheet import Sheet

TEMPLATE = Path(__file__).parent / "data" / "sheet.typ"
FONTS = "fontpkg_be_vietnam_pro"
STANDARD: Final = "ua-1"
# PDF/UA-1: tags, language, title and descriptions of pictures are demanded by the typesetter, or nothing is printed

Printer = Callable[[dict[str, str], datetime], bytes]


class NotPrinted(BotError):
    """The typesetter refused the sheet."""


def pdf(sheet: Sheet, is_large: bool = False, signer: str = "", check_at: str = "") -> bytes:
    """The sheet, tagged, with its fonts inside; the same sheet gives the same bytes. Raises NotPrinted.

    `is_large`: in large print, on as many pages as it takes. `signer`: whose signature is going to be on it;
    `check_at`: the address of the page that checks it.
    """
    values = {
        "sheet": json.dumps(asdict(sheet), default=_day, ensure_ascii=False),
        "print": "large" if is_large else "usual",
        "qr": _qr(sheet.address) if sheet.address else "",
        "signer": signer,
        "check": check_at,
    }
    return printer(TEMPLATE)(values, datetime.combine(sheet.handed_in_on, time(), UTC))


def _day(on: object) -> str:
    assert isinstance(on, date)
    return f"{on:%d/%m/%Y}"


def _qr(address: str) -> str:
    """A picture of an address; a quarter of it may be soiled."""
    import segno  # noqa: PLC0415 (who prints nothing need not pay for it)

    return segno.make(address, error="q", micro=False).svg_inline(border=2, light="white", omitsize=True)


@lru_cache
def printer(template: Path) -> Printer:
    """A typesetter of a template that has read the fonts; it takes one paper at a time."""
    import typst  # noqa: PLC0415 (60 MB of a library that commands without sheets need not load)

    place = find_spec(FONTS)
    assert place is not None and place.origin is not None
    fonts = typst.Fonts(False, False, [Path(place.origin).parent / "files"])
    source, busy = template.read_bytes(), threading.Lock()
    compiler = typst.Compiler(font_paths=fonts)

    def printed(values: dict[str, str], at: datetime) -> bytes:
        with busy:
            try:
                made = compiler.compile(source, sys_inputs=values, pdf_standards=STANDARD, timestamp=at)
            except typst.TypstError as error:
                raise NotPrinted(f"{error.message}: {error.diagnostic}") from error
        assert isinstance(made, bytes)
        return made

    return printed
