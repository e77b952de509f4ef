"""The second factor: digits that a citizen gives once, kept only as a keyed digest until they were compared.

Digits are sealed before anything is stored (bot/inbox.py) and the seal is erased in the transaction that records the
turn (bot/worker.py). docs/decisions/0013-second-factor.md.
"""

from __future__ import annotations

import hmac
import re
import secrets
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import yaml

from bot.errors import BadData
from integrations.dossiers import Proof
from nlu.entities import find
from nlu.text import fold, normalise

PATH = Path(__file__).parent / "data" / "second_factor.yaml"
DIGITS = 4
FACTORS = ("identity", "phone", "either")
MOST_WORDS = 12
# in a longer message a number is part of a story
CODES = frozenset({"dossier_code", "bad_dossier_code", "procedure_code", "payment_code", "insurance_dossier"})
VALUES = 2
# that a portal compares: the identity number and the phone
_NUMBER = re.compile(r"\d(?:[ .\-]{0,2}\d)*", re.ASCII)


@dataclass(frozen=True)
class Rules:
    """What bot/data/second_factor.yaml says."""

    factor: str
    # "identity", "phone" or "either"
    tries: int
    waits_s: tuple[int, ...]
    everyone: int
    window_s: int


@lru_cache(maxsize=1)
def load(path: Path = PATH) -> Rules:
    """The rules of a file. Raises BadData when a number is missing, unknown or below one."""
    content = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    try:
        rules = Rules(**{**content, "waits_s": tuple(content["waits_s"])})
    except (KeyError, TypeError) as error:
        raise BadData(f"{path}: {error}") from error
    numbers = (rules.tries, rules.everyone, rules.window_s, *rules.waits_s)
    if len(rules.waits_s) != rules.tries - 1 or not all(isinstance(item, int) and item >= 1 for item in numbers):
        raise BadData(f"{path}: whole numbers from 1, and a wait after each try but the last")
    if rules.factor not in FACTORS:
        raise BadData(f"{path}: factor is one of {', '.join(FACTORS)}")
    return rules


def digits(text: str) -> str | None:
    """The last digits that a text gives; "" when it gives a number that is too short, None when it is no such answer.

    A message with a code of any kind is about that code, a long one tells a story.
    """
    folded = fold(normalise(text))
    if len(folded.split()) > MOST_WORDS:
        return None
    numbers = [re.sub(r"\D", "", match.group()) for match in _NUMBER.finditer(folded)]
    enough = [number for number in numbers if len(number) >= DIGITS]
    if len(enough) > 1 or any(entity.kind in CODES for entity in find(text)):
        return None
    if enough:
        return enough[0][-DIGITS:]
    is_bare = bool(numbers) and not re.search(r"[a-z]", folded) and len("".join(numbers)) > 1
    return "" if is_bare else None


@dataclass(frozen=True)
class Seal:
    """What is kept of the digits until they are compared."""

    code: str
    # of the dossier they were given for
    salt: str
    # hex, drawn for each message
    digest: str
    # hex; "" when too few digits were given


class Sealer:
    """Seals digits and compares with them; whoever lacks the key learns nothing from a seal."""

    def __init__(self, secret: str) -> None:
        self._key = hmac.digest(secret.encode(), b"second factor", "sha256")

    def seal(self, code: str, given: str) -> Seal:
        """The seal of the digits given for a dossier."""
        salt = secrets.token_hex(16)
        return Seal(code, salt, self._digest(code, salt, given) if given else "")

    def check(self, seal: Seal) -> Check:
        """What compares a portal's values with sealed digits."""
        return Check(lambda value: hmac.compare_digest(self._digest(seal.code, seal.salt, value), seal.digest))

    def name(self, code: str) -> str:
        """A dossier's name in the list of tries: the same for every spelling of one code, telling nothing of it."""
        return hmac.digest(self._key, b"dossier|" + code.strip().upper().encode(), "sha256").hex()

    def _digest(self, code: str, salt: str, value: str) -> str:
        return hmac.digest(self._key, f"{code}|{salt}|{value}".encode(), "sha256").hex()


class Check:
    """A `Proof` that does the same work whether or not there was anything to compare with."""

    def __init__(self, proof: Proof) -> None:
        self._proof = proof
        self._made = 0

    def __call__(self, value: str) -> bool:
        """Whether this is the value that was given. Nothing is proved by an empty one."""
        self._made += 1
        return self._proof(value) and value != ""

    def even_out(self) -> None:
        """The comparisons that an unknown dossier spared."""
        while self._made < VALUES:
            self("")


@dataclass(frozen=True)
class Attempt:
    """One answer to the question for the second factor, and whether it may be tried."""

    code: str
    check: Check
    wait_s: int = 0
    # until it may be; it was not compared
    locked: bool = False
    # not any more: too many were wrong
    too_short: bool = False
    # fewer digits than asked for: not counted
