"""The apology letter as a DOCX for the officer to complete: the one place that knows docxtpl."""

from __future__ import annotations

from dataclasses import asdict
from io import BytesIO
from pathlib import Path

from bot.letter import Letter, text

TEMPLATE = Path(__file__).parent / "data" / "letters" / "apology.docx"


def docx(letter: Letter) -> bytes:
    """The letter; whatever an officer or a portal wrote is text, never markup."""
    from docxtpl import DocxTemplate  # noqa: PLC0415 (a third of a second that others need not pay)

    template, file = DocxTemplate(TEMPLATE), BytesIO()
    template.render(asdict(text(letter)), autoescape=True)
    template.save(file)
    return file.getvalue()
