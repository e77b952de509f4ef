"""Certificates that their authorities have revoked, from the lists (CRL) that an operator keeps beside the authorities.

A list says the same after its own next date: an old one is believed for what stands on it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bot.errors import BadSettings

LIST = re.compile(rb"-----BEGIN X509 CRL-----[^-]+-----END X509 CRL-----\n?")


@dataclass(frozen=True)
class Revoked:
    """One certificate that counts no more."""

    issuer: str
    # name of the authority in a form that can be compared
    serial: int
    at: datetime
    # aware; signatures from then on are worth nothing


def load(path: Path, authorities: list[Any]) -> tuple[Revoked, ...]:
    """What stands on the lists of a PEM file, each signed by an authority (cryptography's). Raises BadSettings."""
    from cryptography import x509  # noqa: PLC0415

    try:
        lists = [x509.load_pem_x509_crl(part) for part in LIST.findall(path.read_bytes())]
    except (OSError, ValueError):
        lists = []
    if not lists or not all(_is_of(item, authorities) for item in lists):
        raise BadSettings(f"MOT_CUA_SHEET_REVOKED_FILE: {path} holds no lists (PEM), or one of an unknown authority")
    return tuple(found for item in lists for found in _entries(item))


def is_revoked(certificate: Any, lists: tuple[Revoked, ...], at: datetime | None) -> bool:
    """Whether a certificate (asn1crypto's) counted no more at a moment; None: now."""
    name, moment = certificate.issuer.hashable, at or datetime.now(UTC)
    return any((item.issuer, item.serial) == (name, certificate.serial_number) and item.at <= moment for item in lists)


def _is_of(listed: Any, authorities: list[Any]) -> bool:
    return any(listed.is_signature_valid(authority.public_key()) for authority in authorities)


def _entries(listed: Any) -> list[Revoked]:
    from asn1crypto import x509  # noqa: PLC0415

    issuer = x509.Name.load(listed.issuer.public_bytes()).hashable
    return [Revoked(issuer, item.serial_number, item.revocation_date_utc) for item in listed]
