"""The second step of a sign-in: a code of an authenticator application (TOTP, RFC 6238), or a recovery code.

A code is good once: neither it nor an older one is taken again (RFC 6238, 5.2). Secrets are stored encrypted.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import pyotp
import sqlalchemy as sa
from cryptography.fernet import InvalidToken

from bot import attempts, keys, tables
from bot.locks import alone
from bot.officers import record
from bot.store import Store

ISSUER = "Mot Cua"
DRIFT_STEPS = 1
# steps of 30 s that a telephone's clock may be wrong
OFFER_AGE_S = 900
RECOVERY_CODES = 8
CODE = re.compile(r"[0-9]{6}")


@dataclass(frozen=True)
class Offer:
    """A secret that nobody uses yet."""

    seal: str
    # comes back with the first code: encrypted, for this officer, for OFFER_AGE_S
    secret: str
    # to type where no picture can be taken
    uri: str
    # what the picture says


class SecondSteps:
    """The second steps of all officers. `key` is the application's secret."""

    def __init__(self, store: Store, key: str, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._store = store
        self._box = keys.box(keys.SECOND_STEP, key)
        self._clock = clock

    def offer(self, officer_id: int, username: str) -> Offer:
        """A new secret to set up an authenticator with."""
        secret = pyotp.random_base32()
        seal = self._box.encrypt(f"{officer_id} {secret}".encode()).decode()
        uri = pyotp.TOTP(secret).provisioning_uri(name=username, issuer_name=ISSUER)
        return Offer(seal, secret, uri)

    def again(self, officer_id: int, username: str, seal: str) -> Offer:
        """The same offer, after a wrong code; a new one when it is too old or another officer's."""
        secret = self._unsealed(officer_id, seal)
        if secret is None:
            return self.offer(officer_id, username)
        return Offer(seal, secret, pyotp.TOTP(secret).provisioning_uri(name=username, issuer_name=ISSUER))

    def enrol(self, officer_id: int, username: str, seal: str, code: str) -> list[str] | None:
        """Take the offer; recovery codes to show once. None when the code is wrong or a second step is set up."""
        secret, now = self._unsealed(officer_id, seal), self._clock()
        step = _step(secret, code, now) if secret else None
        if secret is None or step is None:
            return None
        codes = [secrets.token_hex(5) for _ in range(RECOVERY_CODES)]
        values = {"totp_secret": self._box.encrypt(secret.encode()).decode(), "totp_step": step}
        free = sa.and_(tables.officer.c.id == officer_id, tables.officer.c.totp_secret.is_(None))
        with self._store.writing() as connection:
            if connection.execute(sa.update(tables.officer).where(free).values(**values)).rowcount != 1:
                return None
            _forget_codes(connection, officer_id)
            rows = [{"officer_id": officer_id, "code_hash": _hash(code)} for code in codes]
            connection.execute(sa.insert(tables.recovery_code), rows)
            record(connection, officer_id, username, "enrolled", "", now)
        return codes

    def check(self, officer_id: int, address: str, code: str) -> bool:
        """Whether the code is right, and was not used before. Raises TooManyAttempts."""
        now, guessed = self._clock(), f"code of {officer_id}"
        with self._store.writing() as connection:
            alone(connection, guessed)
            attempts.refuse_guesser(connection, guessed, address, now, is_known=False)
            typed = re.sub(r"[\s-]", "", code).lower()
            if self._spend(connection, officer_id, typed, now) or _recover(connection, officer_id, typed):
                attempts.forgive(connection, guessed, address)
                return True
            attempts.count(connection, guessed, address, now)
        return False

    def is_set(self, officer_id: int) -> bool:
        """Whether the officer has a second step."""
        query = sa.select(tables.officer.c.totp_secret).where(tables.officer.c.id == officer_id)
        with self._store.reading() as connection:
            return connection.execute(query).scalar() is not None

    def codes_left(self, officer_id: int) -> int:
        """How many recovery codes are unused."""
        query = sa.select(sa.func.count()).where(tables.recovery_code.c.officer_id == officer_id)
        with self._store.reading() as connection:
            return int(connection.execute(query).scalar_one())

    def _spend(self, connection: sa.Connection, officer_id: int, code: str, now: datetime) -> bool:
        officer = tables.officer.c
        sealed = connection.execute(sa.select(officer.totp_secret).where(officer.id == officer_id)).scalar()
        step = _step(self._box.decrypt(sealed.encode()).decode(), code, now) if sealed else None
        if step is None:
            return False
        fresh = sa.and_(officer.id == officer_id, sa.or_(officer.totp_step.is_(None), officer.totp_step < step))
        return connection.execute(sa.update(tables.officer).where(fresh).values(totp_step=step)).rowcount == 1

    def _unsealed(self, officer_id: int, seal: str) -> str | None:
        try:
            whose, _, secret = self._box.decrypt(seal.encode(), ttl=OFFER_AGE_S).decode().partition(" ")
        except InvalidToken:
            return None
        return secret if whose == str(officer_id) else None


def forget(connection: sa.Connection, officer_id: int) -> None:
    """No second step any more."""
    values = {"totp_secret": None, "totp_step": None}
    connection.execute(sa.update(tables.officer).where(tables.officer.c.id == officer_id).values(**values))
    _forget_codes(connection, officer_id)


def _forget_codes(connection: sa.Connection, officer_id: int) -> None:
    connection.execute(sa.delete(tables.recovery_code).where(tables.recovery_code.c.officer_id == officer_id))


def _recover(connection: sa.Connection, officer_id: int, code: str) -> bool:
    codes = tables.recovery_code.c
    spent = sa.delete(tables.recovery_code).where(codes.officer_id == officer_id, codes.code_hash == _hash(code))
    return connection.execute(spent).rowcount == 1


def _step(secret: str, code: str, now: datetime) -> int | None:
    """The step of 30 s that a code belongs to; None when it belongs to none near now."""
    totp = pyotp.TOTP(secret)
    present = totp.timecode(now)
    near = range(present - DRIFT_STEPS, present + DRIFT_STEPS + 1)
    found = (
        [step for step in near if hmac.compare_digest(totp.generate_otp(step), code)] if CODE.fullmatch(code) else []
    )
    return found[0] if found else None


def _hash(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()
