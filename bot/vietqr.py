"""VietQR: what a bank's application reads to pay an agency. The one place that knows the format's library.

The format is EMVCo's with NAPAS's fields (A000000727, QRIBFTTA); amounts are whole dong, the content is ASCII.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.errors import BotError

BIN, NUMBER = re.compile(r"\d{6}"), re.compile(r"[0-9A-Z]{6,19}")
CONTENT = re.compile(r"[A-Z0-9][A-Z0-9 .-]{0,49}")
MOST_VND = 9_999_999_999
# ten digits: what banks take at once


class NotPayable(BotError):
    """An account, an amount or a dossier code that no bank would read."""


@dataclass(frozen=True)
class Account:
    """An agency's account."""

    bank_bin: str
    # NAPAS's number of the bank, six digits
    bank_name: str
    number: str
    holder: str
    # as the bank writes it

    def __post_init__(self) -> None:
        if not (BIN.fullmatch(self.bank_bin) and NUMBER.fullmatch(self.number) and self.holder and self.bank_name):
            raise NotPayable("an account needs bank_bin (6 digits), bank_name, number and holder")


def content(account: Account, amount_vnd: int, code: str) -> str:
    """The text of the QR code: account, amount and the dossier's code as the transfer's content. Raises NotPayable."""
    from vietnam_qr_pay import QRPay  # noqa: PLC0415 (who pays nothing need not load it)

    if not 0 < amount_vnd <= MOST_VND or not CONTENT.fullmatch(code):
        raise NotPayable("an amount from 1 dong on and a code in capital letters and digits are needed")
    asked = QRPay.init_viet_qr(account.bank_bin, account.number, amount=str(amount_vnd), purpose=code)
    return str(asked.build())


def picture(text: str) -> str:
    """The QR code as SVG, to stand in a page; a quarter of it may be soiled."""
    import segno  # noqa: PLC0415

    return segno.make(text, error="q", micro=False).svg_inline(scale=5, border=4, dark="#000", light="#fff")
