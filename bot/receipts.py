"""The dossier codes on a photo of a receipt; of everything else on a photo nothing is taken over."""

from __future__ import annotations

import re
from datetime import date
from urllib.parse import unquote

from integrations import photos
from integrations.errors import IntegrationError
from nlu import dossier_codes, personal_data
from nlu.text import normalise

IDENTITY_CARD = re.compile(r"\s*\d{12}\s*\|")
# the QR code of an identity card: its number, then name, birthday and address between bars


def words(photo: bytes, on: date) -> str:
    """What a photo says, as if the citizen had typed it: its dossier codes, a line each; "" when there are none.

    An identity card is read and forgotten here: of it only the placeholder of its number comes through, so that the
    citizen is told what it was.
    """
    try:
        read = photos.codes(photo)
    except IntegrationError:
        return ""
    found = dict.fromkeys(code for text in read for code in _codes(text, on))
    return "\n".join(found) or (_card() if any(IDENTITY_CARD.match(text) for text in read) else "")


def _codes(text: str, on: date) -> list[str]:
    """The codes in what one QR code or barcode says, which may be an address; never a number of a person."""
    plain = personal_data.mask(normalise(unquote(text))).text
    return [item.value for item in dossier_codes.find(plain, on) if item.kind == dossier_codes.CODE]


def _card() -> str:
    """What stands for the number of an identity card."""
    return next(text for text, kind in personal_data.placeholders().items() if kind == "citizen_number")
