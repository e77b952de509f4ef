"""An authority of the tests: a certificate of its own, and keys that it gives to signers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, pkcs12

PASSPHRASE = "chỉ để thử"
SIGNER = "Bộ phận Một cửa (thử nghiệm)"
DAY = timedelta(days=1)

PublicKey = ec.EllipticCurvePublicKey | rsa.RSAPublicKey


class Authority:
    """Certificates that hold from yesterday on, for a year."""

    def __init__(self, name: str) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
        is_authority = x509.BasicConstraints(ca=True, path_length=0)
        self._certificate = self._begin(self._name, self._key.public_key()).add_extension(is_authority, True)
        self.certificate = self._certificate.sign(self._key, hashes.SHA256())

    def write(self, path: Path) -> Path:
        """Its certificate, as whoever trusts it keeps it."""
        path.write_bytes(self.certificate.public_bytes(Encoding.PEM))
        return path

    def give(self, path: Path, name: str = SIGNER, ends: timedelta = 365 * DAY) -> Path:
        """A key and its certificate for signing documents, as a PKCS#12 file."""
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = self.certify(key.public_key(), name, ends)
        locked = BestAvailableEncryption(PASSPHRASE.encode())
        path.write_bytes(pkcs12.serialize_key_and_certificates(b"phieu", key, certificate, None, locked))
        return path

    def certify(self, key: PublicKey, name: str = SIGNER, ends: timedelta = 365 * DAY) -> x509.Certificate:
        """A certificate for signing documents."""
        subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
        return self._begin(subject, key, ends).add_extension(_signs_documents(), True).sign(self._key, hashes.SHA256())

    def for_time(self, key: PublicKey) -> x509.Certificate:
        """A certificate for time stamps alone."""
        subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Giờ (thử nghiệm)")])
        stamps = x509.ExtendedKeyUsage([x509.ExtendedKeyUsageOID.TIME_STAMPING])
        begun = self._begin(subject, key).add_extension(_signs_documents(), True).add_extension(stamps, True)
        return begun.sign(self._key, hashes.SHA256())

    def revoke(self, serial: int, at: datetime, path: Path) -> Path:
        """A list of revoked certificates with one on it, from a moment on."""
        one = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(at).build()
        now = datetime.now(UTC)
        begun = x509.CertificateRevocationListBuilder().issuer_name(self._name).last_update(now - DAY)
        listed = begun.next_update(now + DAY).add_revoked_certificate(one).sign(self._key, hashes.SHA256())
        path.write_bytes(listed.public_bytes(Encoding.PEM))
        return path

    def _begin(self, subject: x509.Name, key: PublicKey, ends: timedelta = 365 * DAY) -> x509.CertificateBuilder:
        now = datetime.now(UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - 2 * DAY)
            .not_valid_after(now + ends)
        )


def _signs_documents() -> x509.KeyUsage:
    return x509.KeyUsage(True, True, False, False, False, False, False, False, False)
