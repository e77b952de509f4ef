"""The apology letter as a tagged PDF."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime, time
from pathlib import Path

from bot.letter import Letter, text
from bot.sheet_pdf import printer
from bot.sheet_signature import Paper, Signer

TEMPLATE = Path(__file__).parent / "data" / "letters" / "apology.typ"


def pdf(letter: Letter, signer: Signer | None = None) -> bytes:
    """The letter, signed when there is a key and no blank is left. Raises bot.sheet_pdf.NotPrinted."""
    values = {"letter": json.dumps(asdict(text(letter)), ensure_ascii=False)}
    made = printer(TEMPLATE)(values, datetime.combine(letter.made_on, time(), UTC))
    return signer.sign(made, Paper.LETTER) if signer and letter.is_whole else made
