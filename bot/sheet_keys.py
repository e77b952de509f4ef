"""The keys that sign sheets: in a PKCS#12 file, or in hardware that never gives them out (PKCS#11)."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from bot.errors import BadSettings


@dataclass(frozen=True)
class Token:
    """Where a key lies in hardware."""

    module: str
    # path of the maker's PKCS#11 library
    label: str
    # of the token
    key: str
    # label that the key and its certificate have
    pin: str = field(repr=False)


def in_file(path: Path, passphrase: str) -> Any:
    """The key of a PKCS#12 file, as pyHanko signs with it. Raises BadSettings."""
    from pyhanko.sign import signers  # noqa: PLC0415 (a second and a half that others need not pay)

    try:
        return signers.SimpleSigner.load_pkcs12_data(path.read_bytes(), (), passphrase.encode() or None)
    except (OSError, ValueError) as error:
        raise BadSettings(f"MOT_CUA_SHEET_KEY_FILE: {path} is no PKCS#12 file that this passphrase opens") from error


@lru_cache
def in_hardware(token: Token) -> Any:
    """A key that stays where it is, as pyHanko signs with it. Raises BadSettings, which never names the PIN.

    A process signs in to a token once. Tokens do what they are best at: of an elliptic key they sign a hash.
    """
    try:
        from pyhanko.config.pkcs11 import TokenCriteria  # noqa: PLC0415
        from pyhanko.sign.pkcs11 import PKCS11Signer, open_pkcs11_session  # noqa: PLC0415
    except ImportError as error:
        raise BadSettings("MOT_CUA_SHEET_PKCS11_MODULE: install python-pkcs11 to sign with hardware") from error
    try:
        wanted = TokenCriteria(label=token.label)
        session = open_pkcs11_session(token.module, token_criteria=wanted, user_pin=token.pin)
        key = PKCS11Signer(session, cert_label=token.key, key_label=token.key)
        key.use_raw_mechanism = key.signing_cert.public_key.algorithm == "ec"
    except Exception as error:  # each maker's library fails in its own way, and what it says may hold the PIN
        raise BadSettings(
            f"MOT_CUA_SHEET_PKCS11_*: no key {token.key!r} opens in token {token.label!r} of {token.module}"
            f" ({type(error).__name__})"
        ) from None
    return key
