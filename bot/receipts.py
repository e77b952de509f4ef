"""The dossier codes on a photo of a receipt; of everything else on a photo nothing is taken over."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from datetime import date
from urllib.parse import unquote

from integrations import photos
from integrations.errors import IntegrationError
from nlu import dossier_codes, personal_data
from nlu.text import fold, normalise

IDENTITY_CARD = re.compile(r"\s*\d{12}\s*\|")
# the QR code of an identity card: its number, then name, birthday and address between bars
CARD_MARK = re.compile(r"identitycard|idvnm\d|p<vnm|citizenidentity")
# what its print says besides Vietnamese, and the beginning of what machines read on it; without spaces
CARD_TITLE = re.compile(r"(the )?can cuoc( cong dan)?|(giay )?chung minh nhan dan|ho chieu( / ?passport)?|passport")
MEANT = (dossier_codes.CODE, dossier_codes.Fault.UNCLEAR.value)


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


def printed(lines: Sequence[str], on: date) -> str:
    """The dossier codes in the print of a photo, a line each, to be confirmed by the citizen; "" when there are none.

    A code in which a letter was read as a digit is taken for the one that is meant. The print of an identity card or
    passport is read for nothing: of it only the placeholder comes through, also when there is a receipt beside it.
    """
    if any(_is_of_card(line) for line in lines):
        return _card()
    return "\n".join(dict.fromkeys(code for line in lines for code in _codes(line, on, MEANT)))


def _is_of_card(line: str) -> bool:
    """Whether a line of print stands on a person's card alone; receipts name such cards in longer lines."""
    folded = fold(line)
    return bool(CARD_MARK.search(folded.replace(" ", "")) or CARD_TITLE.fullmatch(folded.strip(" .:")))


def _codes(text: str, on: date, kinds: Collection[str] = (dossier_codes.CODE,)) -> list[str]:
    """The codes in a text, which may be an address; never a number of a person."""
    plain = personal_data.mask(normalise(unquote(text))).text
    return [item.value for item in dossier_codes.find(plain, on) if item.kind in kinds]


def _card() -> str:
    """What stands for the number of an identity card."""
    return next(text for text, kind in personal_data.placeholders().items() if kind == "citizen_number")
