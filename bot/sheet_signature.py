"""The sheet's digital signature (PAdES): put on with a key from a file, and checked over the bytes of the file.

The check parses no PDF, which may come from anybody: it reads where the signature lies, demands that it covers every
other byte of the file, and then only the signature itself. So nothing can be added, hidden or packed inside.
"""

from __future__ import annotations

import asyncio
import logging
import re
from dataclasses import dataclass
from enum import StrEnum
from io import BytesIO
from pathlib import Path
from typing import Any

from bot.errors import BadSettings

FIELD = "Phieu"
MAGIC = b"%PDF-"
RANGE = re.compile(rb"/ByteRange\s*\[\s*(\d{1,9})\s+(\d{1,9})\s+(\d{1,9})\s+(\d{1,9})\s*\]")
HEX = re.compile(rb"<((?:[0-9A-F]{2})+)>")
# as pyHanko writes it: another spelling of the same bytes is a change too


class Verdict(StrEnum):
    """What a check can find."""

    VALID = "valid"
    CHANGED = "changed"
    # after it was signed, if it ever was
    NOT_OURS = "not_ours"
    # signed by somebody we do not know, or whose certificate does not hold any more
    NOT_SIGNED = "not_signed"
    UNREADABLE = "unreadable"
    # no PDF


@dataclass(frozen=True)
class Checked:
    """The result of a check."""

    verdict: Verdict
    signer: str = ""
    # as the certificate names them; empty unless valid


class Signer:
    """Signs with the key of a PKCS#12 file. Raises BadSettings when it cannot be read."""

    def __init__(self, path: Path, passphrase: str) -> None:
        from pyhanko.sign import signers  # noqa: PLC0415 (a second and a half that others need not pay)

        try:
            self._signer = signers.SimpleSigner.load_pkcs12_data(path.read_bytes(), (), passphrase.encode() or None)
        except (OSError, ValueError) as error:
            raise BadSettings(
                f"MOT_CUA_SHEET_KEY_FILE: {path} is no PKCS#12 file that this passphrase opens"
            ) from error
        self.name = _name(self._signer.signing_cert)

    def sign(self, pdf: bytes) -> bytes:
        """The file with one signature over all of it, after which nothing may be changed. No page looks different."""
        from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter  # noqa: PLC0415
        from pyhanko.sign import fields, signers  # noqa: PLC0415

        metadata = signers.PdfSignatureMetadata(
            field_name=FIELD,
            md_algorithm="sha256",
            subfilter=fields.SigSeedSubFilter.PADES,
            certify=True,
            docmdp_permissions=fields.MDPPerm.NO_CHANGES,
        )
        written = signers.sign_pdf(IncrementalPdfFileWriter(BytesIO(pdf)), metadata, signer=self._signer)
        return bytes(written.getvalue())


@dataclass(frozen=True)
class Checker:
    """Checks files against the authorities that we trust."""

    authorities: tuple[bytes, ...]
    # certificates, DER

    @classmethod
    def load(cls, path: Path | None) -> Checker:
        """The authorities of a PEM file; without one nothing is ours. Raises BadSettings."""
        from cryptography import x509  # noqa: PLC0415
        from cryptography.hazmat.primitives.serialization import Encoding  # noqa: PLC0415

        if path is None:
            return cls(())
        try:
            known = x509.load_pem_x509_certificates(path.read_bytes())
        except (OSError, ValueError) as error:
            raise BadSettings(f"MOT_CUA_SHEET_AUTHORITY_FILE: {path} holds no certificates (PEM)") from error
        return cls(tuple(item.public_bytes(Encoding.DER) for item in known))

    def check(self, content: bytes) -> Checked:
        """What a file is. Never raises, whatever it holds."""
        if not content.startswith(MAGIC):
            return Checked(Verdict.UNREADABLE)
        if b"/ByteRange" not in content:
            return Checked(Verdict.NOT_SIGNED)
        parts = _parts(content)
        return self._judge(*parts) if parts else Checked(Verdict.CHANGED)

    def _judge(self, covered: bytes, signature: bytes) -> Checked:
        """Whether the signature is over these bytes, and its signer known."""
        from asn1crypto import cms, x509  # noqa: PLC0415
        from pyhanko.sign.validation.generic_cms import async_validate_detached_cms  # noqa: PLC0415
        from pyhanko_certvalidator import ValidationContext  # noqa: PLC0415

        logging.getLogger("pyhanko").setLevel(logging.CRITICAL)
        # what strangers bring shall not fill our log
        trusted = [x509.Certificate.load(item) for item in self.authorities]
        try:
            signed = cms.ContentInfo.load(signature, strict=True)["content"]
            known = ValidationContext(trusted, allow_fetching=False)
            status = asyncio.run(async_validate_detached_cms(covered, signed, known))
        except Exception:  # a signature of a stranger can break its reader anywhere: then it proves nothing
            return Checked(Verdict.CHANGED)
        if not (status.intact and status.valid):
            return Checked(Verdict.CHANGED)
        if not status.trusted:
            return Checked(Verdict.NOT_OURS)
        if not _is_as_written(signed, status.signing_cert, signature):
            return Checked(Verdict.CHANGED)
        return Checked(Verdict.VALID, _name(status.signing_cert))


def _parts(content: bytes) -> tuple[bytes, bytes] | None:
    """The bytes that are signed, and the signature; None unless there is one, and it covers all but itself."""
    found = RANGE.findall(content)
    if len(found) != 1 or content.count(b"/ByteRange") != 1:
        return None
    start, length, after, rest = map(int, found[0])
    held = HEX.fullmatch(content[length:after])
    if start != 0 or after + rest != len(content) or held is None:
        return None
    signature, padding = _split(bytes.fromhex(held[1].decode()))
    return None if padding.strip(b"\0") else (content[:length] + content[after:], signature)


def _split(held: bytes) -> tuple[bytes, bytes]:
    """A DER value and what stands behind it, by the length that the value begins with."""
    if len(held) < 2 or held[1] < 0x80:
        return held, b""
    size = held[1] & 0x7F
    end = 2 + size + int.from_bytes(held[2 : 2 + size])
    return held[:end], held[end:]


def _is_as_written(signed: Any, certificate: Any, signature: bytes) -> bool:
    """Whether every byte around a signature is as we write it: a few of them say nothing, and no check misses them."""
    from asn1crypto import cms  # noqa: PLC0415

    signer = signed["signer_infos"][0]
    digest = {"algorithm": signer["digest_algorithm"]["algorithm"].native}
    written = cms.SignerInfo(
        {
            "version": "v1",
            "sid": cms.IssuerAndSerialNumber(
                {"issuer": certificate.issuer, "serial_number": certificate["tbs_certificate"]["serial_number"]}
            ),
            "digest_algorithm": digest,
            "signature_algorithm": signer["signature_algorithm"],
            "signed_attrs": signer["signed_attrs"],
            "signature": signer["signature"],
        }
    )
    whole = cms.SignedData(
        {
            "version": "v1",
            "digest_algorithms": [digest],
            "encap_content_info": {"content_type": "data"},
            "certificates": signed["certificates"],
            "signer_infos": [written],
        }
    )
    return bool(cms.ContentInfo({"content_type": "signed_data", "content": whole}).dump() == signature)


def _name(certificate: Any) -> str:
    """Whom a certificate names: the common name, or the organisation."""
    subject = certificate.subject.native
    return str(subject.get("common_name") or subject.get("organization_name") or certificate.subject.human_friendly)
