"""An authority of the tests: a certificate of its own, and keys that it gives to signers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, pkcs12

PASSPHRASE = "chỉ để thử"
SIGNER = "Bộ phận Một cửa (thử nghiệm)"
DAY = timedelta(days=1)


class Authority:
    """Certificates that hold from yesterday on, for a year."""

    def __init__(self, name: str) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
        is_authority = x509.BasicConstraints(ca=True, path_length=0)
        self._certificate = self._begin(self._name, self._key).add_extension(is_authority, True)
        self.certificate = self._certificate.sign(self._key, hashes.SHA256())

    def write(self, path: Path) -> Path:
        """Its certificate, as whoever trusts it keeps it."""
        path.write_bytes(self.certificate.public_bytes(Encoding.PEM))
        return path

    def give(self, path: Path, name: str = SIGNER, ends: timedelta = 365 * DAY) -> Path:
        """A key and its certificate for signing documents, as a PKCS#12 file."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
        certificate = (
            self._begin(subject, key, ends).add_extension(_signs_documents(), True).sign(self._key, hashes.SHA256())
        )
        locked = BestAvailableEncryption(PASSPHRASE.encode())
        path.write_bytes(pkcs12.serialize_key_and_certificates(b"phieu", key, certificate, None, locked))
        return path

    def _begin(
        self, subject: x509.Name, key: ec.EllipticCurvePrivateKey, ends: timedelta = 365 * DAY
    ) -> x509.CertificateBuilder:
        now = datetime.now(UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - 2 * DAY)
            .not_valid_after(now + ends)
        )


def _signs_documents() -> x509.KeyUsage:
    return x509.KeyUsage(True, True, False, False, False, False, False, False, False)
