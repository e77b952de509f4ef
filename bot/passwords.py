"""Passwords: argon2, at its library's present parameters; an older hash is made anew when its owner signs in."""

from __future__ import annotations

import secrets
from functools import cached_property

import argon2

SHORTEST = 12
LONGEST = 200
NONE = "!"
# stands where a password was: no password fits


class Passwords:
    """Hashes and compares. Slow on purpose: call it outside transactions."""

    def __init__(self, hasher: argon2.PasswordHasher | None = None) -> None:
        self._hasher = hasher or argon2.PasswordHasher()

    def hash(self, password: str) -> str:
        """What is stored."""
        return self._hasher.hash(password)

    def fits(self, hashed: str | None, password: str) -> bool:
        """Whether the password is the right one; as slow for an account that is not there."""
        try:
            return self._hasher.verify(hashed or self._of_nobody, password) and hashed is not None
        except (argon2.exceptions.VerifyMismatchError, argon2.exceptions.InvalidHashError):
            return False

    def is_outdated(self, hashed: str) -> bool:
        """Whether the hash was made with other parameters."""
        return self._hasher.check_needs_rehash(hashed)

    @cached_property
    def _of_nobody(self) -> str:
        return self._hasher.hash(secrets.token_urlsafe())


def fault(password: str, username: str) -> str:
    """Why a new password is not taken: "short", "long" or "name"; empty when it is."""
    if len(password) < SHORTEST:
        return "short"
    if len(password) > LONGEST:
        return "long"
    return "name" if username.casefold() in password.casefold() else ""


def draw() -> str:
    """A password for a new account, to be told once."""
    return secrets.token_urlsafe(12)
