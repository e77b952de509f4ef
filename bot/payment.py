"""Payment: what a citizen owes for a dossier, and the page on which a bank's application can read it.

The portal says what is due, and only after the second factor: the page's address holds it encrypted, for a day, so that
nobody can make up a sum on our page, and no dossier code stands in an address. Nothing is stored, no card is asked for.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import yaml
from cryptography.fernet import Fernet, InvalidToken

from bot.errors import BadSettings
from bot.vietqr import Account, NotPayable, content
from integrations.dossiers import FeeDue
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
    # unpaid, in the portal's words

    @property
    def total_vnd(self) -> int:
        """The sum."""
        return sum(fee.amount_vnd for fee in self.fees)


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

    def address(self, code: str, fees: Sequence[FeeDue]) -> str:
        """Where the QR code for these fees is shown; empty when nothing can be paid by one."""
        due, account = Due(code, tuple(fees)), self.account(code)
        if not (account and self._public_url):
            return ""
        try:
            content(account, due.total_vnd, code)
        except NotPayable:
            return ""
        said = json.dumps([code, [[fee.name, fee.amount_vnd] for fee in due.fees]])
        return f"{self._public_url}{PATH}/{self._box.encrypt_at_time(said.encode(), self._now_s()).decode()}"

    def read(self, token: str) -> Due | None:
        """What an address of ours says; None for one that is not, or is too old."""
        try:
            code, fees = json.loads(self._box.decrypt_at_time(token.encode(), VALID_S, self._now_s()))
        except InvalidToken:
            return None
        return Due(code, tuple(FeeDue(name, amount_vnd) for name, amount_vnd in fees))

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
