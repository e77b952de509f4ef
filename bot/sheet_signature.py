"""The digital signature (PAdES) of sheets and letters: put on with a key, and checked over the bytes of the file.

The check parses no PDF, which may come from anybody: it reads where the signature lies, demands that it covers every
other byte of the file, and then only the signature itself. So nothing can be added, hidden or packed inside.
"""

from __future__ import annotations

import asyncio
import logging
import re
import threading
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from io import BytesIO
from pathlib import Path
from typing import Any

from bot import sheet_revocation
from bot.errors import BadSettings
from bot.sheet_revocation import Revoked, is_revoked
from bot.sheet_stamp import Ask, NoStamp, moment, spellings, stamper, token

log = logging.getLogger(__name__)

FIELD = "Phieu"
MAGIC = b"%PDF-"
RANGE = re.compile(rb"/ByteRange\s*\[\s*(\d{1,9})\s+(\d{1,9})\s+(\d{1,9})\s+(\d{1,9})\s*\]")
REASON = re.compile(rb"\n/Reason \(([A-Za-z ]+)\)\n")
# as pyHanko writes it, in the rest of the signature's own object
HEX = re.compile(rb"<((?:[0-9A-F]{2})+)>")
# as pyHanko writes it: another spelling of the same bytes is a change too


class Paper(StrEnum):
    """What a signed file is; it stands in the signature as its reason, where viewers show it too."""

    SHEET = "Phieu huong dan"
    LETTER = "Thu xin loi"


class Verdict(StrEnum):
    """What a check can find."""

    VALID = "valid"
    CHANGED = "changed"
    # after it was signed, if it ever was
    NOT_OURS = "not_ours"
    # signed by somebody we do not know, or whose certificate does not hold any more
    REVOKED = "revoked"
    # by an authority that we believe: the key was lost, or the office has another
    NOT_SIGNED = "not_signed"
    UNREADABLE = "unreadable"
    # no PDF


@dataclass(frozen=True)
class Checked:
    """The result of a check."""

    verdict: Verdict
    signer: str = ""
    # as the certificate names them; empty unless valid
    at: datetime | None = None
    # when it was signed, as an authority says; None: nobody but the signer says it
    paper: Paper | None = None
    # which of our papers; None unless valid, and where the signature does not say it


class Signer:
    """Signs with a key (bot/sheet_keys.py), and with an authority's time where one is asked (bot/sheet_stamp.py)."""

    def __init__(self, key: Any, ask: Ask | None = None) -> None:
        self._key = key
        self._stamper = stamper(ask) if ask else None
        self._busy = threading.Lock()
        # hardware signs one thing at a time
        self.name = _name(key.signing_cert)

    def sign(self, pdf: bytes, paper: Paper | None = None) -> bytes:
        """The file with one signature over all of it, after which nothing may be changed. No page looks different.

        An authority that does not answer keeps nobody waiting for a sheet: it is signed without a time then.
        """
        with self._busy:
            try:
                return self._signed(pdf, paper, self._stamper)
            except NoStamp as error:
                log.warning("a sheet is signed without a time stamp: %s", error)
                return self._signed(pdf, paper, None)

    def _signed(self, pdf: bytes, paper: Paper | None, stamper: Any) -> bytes:
        from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter  # noqa: PLC0415
        from pyhanko.sign import fields, signers  # noqa: PLC0415

        metadata = signers.PdfSignatureMetadata(
            field_name=FIELD,
            md_algorithm="sha256",
            subfilter=fields.SigSeedSubFilter.PADES,
            certify=True,
            docmdp_permissions=fields.MDPPerm.NO_CHANGES,
            reason=paper.value if paper else None,
        )
        writer = IncrementalPdfFileWriter(BytesIO(pdf))
        written = signers.sign_pdf(writer, metadata, signer=self._key, timestamper=stamper)
        return bytes(written.getvalue())


@dataclass(frozen=True)
class Checker:
    """Checks files against the authorities that we trust."""

    authorities: tuple[bytes, ...]
    # certificates, DER
    revoked: tuple[Revoked, ...] = ()

    @classmethod
    def load(cls, path: Path | None, revoked: Path | None = None) -> Checker:
        """The authorities of a PEM file, and their lists of the revoked (PEM); without authorities nothing is ours.

        Raises BadSettings.
        """
        from cryptography import x509  # noqa: PLC0415
        from cryptography.hazmat.primitives.serialization import Encoding  # noqa: PLC0415

        if path is None:
            return cls(())
        try:
            known = x509.load_pem_x509_certificates(path.read_bytes())
        except (OSError, ValueError) as error:
            raise BadSettings(f"MOT_CUA_SHEET_AUTHORITY_FILE: {path} holds no certificates (PEM)") from error
        certificates = tuple(item.public_bytes(Encoding.DER) for item in known)
        return cls(certificates, sheet_revocation.load(revoked, known) if revoked else ())

    def check(self, content: bytes) -> Checked:
        """What a file is. Never raises, whatever it holds."""
        if not content.startswith(MAGIC):
            return Checked(Verdict.UNREADABLE)
        if b"/ByteRange" not in content:
            return Checked(Verdict.NOT_SIGNED)
        parts = _parts(content)
        found = self._judge(*parts) if parts else Checked(Verdict.CHANGED)
        return replace(found, paper=_paper(content)) if found.verdict is Verdict.VALID else found

    def _judge(self, covered: bytes, signature: bytes) -> Checked:
        """Whether the signature is over these bytes, its signer known, and its time stamp whole."""
        from asn1crypto import cms  # noqa: PLC0415
        from pyhanko.sign.validation.generic_cms import async_validate_detached_cms  # noqa: PLC0415

        logging.getLogger("pyhanko").setLevel(logging.CRITICAL)
        # what strangers bring shall not fill our log
        try:
            signed = cms.ContentInfo.load(signature, strict=True)["content"]
            stamp = token(signed)
            at = moment(stamp) if stamp is not None else None
            known, known_now = self._context(at), self._context(None)
            status = asyncio.run(async_validate_detached_cms(covered, signed, known, known_now))
            as_written = _is_as_written(signed, status.signing_cert, signature, stamp)
        except Exception:  # a signature of a stranger can break its reader anywhere: then it proves nothing
            return Checked(Verdict.CHANGED)
        states = [state for state in (status, status.timestamp_validity) if state is not None]
        if not all(state.intact and state.valid for state in states):
            return Checked(Verdict.CHANGED)
        if any(is_revoked(state.signing_cert, self.revoked, at) for state in states):
            return Checked(Verdict.REVOKED)
        if not all(state.trusted for state in states):
            return Checked(Verdict.NOT_OURS)
        return Checked(Verdict.VALID, _name(status.signing_cert), at) if as_written else Checked(Verdict.CHANGED)

    def _context(self, at: datetime | None) -> Any:
        """Whom we believe at a moment; None: now."""
        from asn1crypto import x509  # noqa: PLC0415
        from pyhanko_certvalidator import ValidationContext  # noqa: PLC0415

        trusted = [x509.Certificate.load(item) for item in self.authorities]
        return ValidationContext(trusted, moment=at, allow_fetching=False)


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


def _paper(content: bytes) -> Paper | None:
    """Which paper a valid signature is on: read behind it, in its own object, where nobody but the signer wrote."""
    _, _, after, _ = map(int, RANGE.findall(content)[0])
    said = REASON.findall(content[after:].partition(b"endobj")[0])
    return next((paper for paper in Paper if said == [paper.value.encode()]), None)


def _split(held: bytes) -> tuple[bytes, bytes]:
    """A DER value and what stands behind it, by the length that the value begins with."""
    if len(held) < 2 or held[1] < 0x80:
        return held, b""
    size = held[1] & 0x7F
    end = 2 + size + int.from_bytes(held[2 : 2 + size])
    return held[:end], held[end:]


def _is_as_written(signed: Any, certificate: Any, signature: bytes, stamp: Any | None) -> bool:
    """Whether every byte around a signature is as we write it: a few of them say nothing, and no check misses them."""
    beside = [None] if stamp is None else spellings(stamp)
    return any(_written(signed, certificate, attributes) == signature for attributes in beside)


def _written(signed: Any, certificate: Any, beside: Any | None) -> bytes:
    """A signature as we write it; `beside`: the attributes that are not signed."""
    from asn1crypto import cms  # noqa: PLC0415

    signer = signed["signer_infos"][0]
    digest = {"algorithm": signer["digest_algorithm"]["algorithm"].native}
    told = {
        "version": "v1",
        "sid": cms.IssuerAndSerialNumber(
            {"issuer": certificate.issuer, "serial_number": certificate["tbs_certificate"]["serial_number"]}
        ),
        "digest_algorithm": digest,
        "signature_algorithm": signer["signature_algorithm"],
        "signed_attrs": signer["signed_attrs"],
        "signature": signer["signature"],
    }
    whole = cms.SignedData(
        {
            "version": "v1",
            "digest_algorithms": [digest],
            "encap_content_info": {"content_type": "data"},
            "certificates": signed["certificates"],
            "signer_infos": [cms.SignerInfo(told if beside is None else told | {"unsigned_attrs": beside})],
        }
    )
    return bytes(cms.ContentInfo({"content_type": "signed_data", "content": whole}).dump())


def _name(certificate: Any) -> str:
    """Whom a certificate names: the common name, or the organisation."""
    subject = certificate.subject.native
    return str(subject.get("common_name") or subject.get("organization_name") or certificate.subject.human_friendly)
