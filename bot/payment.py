"""Payment: what a citizen owes for a dossier, and the page on which a bank's application can read it.

The portal says what is due, and only after the second factor: the page's address holds it encrypted, for a day, so that
nobody can make up a sum on our page, and no dossier code stands in an address. Nothing is stored, no card is asked for.
Where the portal names no amount the page shows the fees of the procedure's record, which are no demand and have no QR
code: which of them a dossier owes depends on its case, its channel and what it is exempt from.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import yaml
from cryptography.fernet import Fernet, InvalidToken

from bot.errors import BadSettings
from bot.vietqr import Account, NotPayable, content
from integrations.dossiers import Details, FeeDue
from integrations.routing import levels

PATH = "/p"
VALID_S = 24 * 3600
# how long an address opens its page


@dataclass(frozen=True)
class Due:
    """What is paid in one transfer."""

    code: str
    # of the dossier
    fees: tuple[FeeDue, ...]
    # unpaid, in the portal's words; none: the portal asks for payment and does not say for what
    procedure_code: str = ""
    # 1.004222; empty: the portal does not say
    link: str = ""
    # the portal's own page (https); empty: it gives none

    @property
    def total_vnd(self) -> int | None:
        """The sum; None when the portal leaves an amount open."""
        amounts = [fee.amount_vnd for fee in self.fees if fee.amount_vnd is not None]
        return sum(amounts) if amounts and len(amounts) == len(self.fees) else None


def due(code: str, details: Details) -> Due | None:
    """What a dossier's details ask to be paid; None for nothing."""
    if not (details.fees or details.asks_payment):
        return None
    return Due(code, tuple(details.fees), details.procedure_code or "", details.pay_link)


class Payments:
    """Makes and reads the addresses. Without accounts, or an address of ours, there are none."""

    def __init__(
        self, accounts: Mapping[str, Account], box: Fernet, public_url: str, clock: Callable[[], datetime]
    ) -> None:
        self._accounts = {levels(unit): account for unit, account in accounts.items()}
        self._box = box
        self._clock = clock
        self._public_url = public_url.rstrip("/")

    def account(self, code: str) -> Account | None:
        """The account of the unit in a dossier's code, or of the one above it; None when neither has one."""
        unit = levels(code.partition("-")[0])
        known = (self._accounts.get(unit[:count]) for count in range(len(unit), 0, -1))
        return next(filter(None, known), None)

    def qr(self, due: Due) -> str:
        """What a bank's application reads; empty where an amount or an account is missing, or no bank would take it."""
        account = self.account(due.code)
        try:
            return content(account, due.total_vnd, due.code) if account and due.total_vnd is not None else ""
        except NotPayable:
            return ""

    def address(self, due: Due) -> str:
        """Where these fees are shown; empty when the page could say no more than the reply does."""
        says_more = self.qr(due) or due.link or (due.total_vnd is None and due.procedure_code)
        if not (self._public_url and says_more):
            return ""
        fees = [[fee.name, fee.amount_vnd] for fee in due.fees]
        said = json.dumps([due.code, fees, due.procedure_code, due.link])
        return f"{self._public_url}{PATH}/{self._box.encrypt_at_time(said.encode(), self._now_s()).decode()}"

    def read(self, token: str) -> Due | None:
        """What an address of ours says; None for one that is not, or is too old."""
        try:
            code, fees, *more = json.loads(self._box.decrypt_at_time(token.encode(), VALID_S, self._now_s()))
        except InvalidToken:
            return None
        return Due(code, tuple(FeeDue(name, amount_vnd) for name, amount_vnd in fees), *more)

    def _now_s(self) -> int:
        return int(self._clock().timestamp())


def accounts(path: Path | None) -> dict[str, Account]:
    """The accounts of a YAML file, by unit id (H29.19; H29 for all below it). None without one. Raises BadSettings."""
    if path is None:
        return {}
    try:
        read = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
        return {str(unit): Account(**said) for unit, said in read.items()}
    except (OSError, yaml.YAMLError, TypeError, AttributeError, NotPayable) as error:
        raise BadSettings(f"MOT_CUA_ACCOUNTS_FILE: {path}: {type(error).__name__}: {error}") from error
