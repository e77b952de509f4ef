"""A key in hardware (PKCS#11), tried with SoftHSM: it signs, it never leaves, and what is set wrongly is said."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pkcs11
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pkcs11.util.x509 import decode_x509_certificate

from bot import settings, sheet_pdf, wiring
from bot.errors import BadSettings
from bot.sheet_keys import Token, in_hardware
from bot.sheet_signature import Checker, Signer, Verdict
from tests import sheets
from tests.sheet_authority import SIGNER, Authority

LABEL, KEY, PIN = "mot-cua", "phieu", "135790"
PLACES = ("/usr/lib/softhsm/libsofthsm2.so", "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with a token, and the authority's certificate. The library reads its settings once in a process."""
    place = tmp_path_factory.mktemp("hsm")
    (place / "tokens").mkdir()
    (place / "softhsm2.conf").write_text(f"directories.tokendir = {place / 'tokens'}\nlog.level = ERROR\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOFTHSM2_CONF", str(place / "softhsm2.conf"))
        yield place


@pytest.fixture(scope="module")
def token(folder: Path) -> Token:
    """A key with its certificate in a fresh token."""
    authority, key = Authority("Cơ quan chứng thực (thử nghiệm)"), ec.generate_private_key(ec.SECP256R1())
    authority.write(folder / "authority.pem")
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "key.pem").write_bytes(private)
    softhsm("--init-token", "--free", "--label", LABEL, "--so-pin", "24681012", "--pin", PIN)
    softhsm("--import", str(folder / "key.pem"), "--token", LABEL, "--label", KEY, "--id", "A1", "--pin", PIN)
    (folder / "key.pem").unlink()
    found = Token(module(), LABEL, KEY, PIN)
    put_certificate(found, authority.certify(key.public_key()).public_bytes(Encoding.DER))
    return found


def softhsm(*words: str) -> None:
    """SoftHSM's own command. Raises CalledProcessError."""
    subprocess.run(["softhsm2-util", *words], check=True, capture_output=True)


def module() -> str:
    """Where Debian puts the library."""
    return next(place for place in PLACES if Path(place).exists())


def put_certificate(token: Token, certificate: bytes) -> None:
    """Lay a certificate beside the key."""
    with pkcs11.lib(token.module).get_token(token_label=token.label).open(rw=True, user_pin=token.pin) as session:
        told = decode_x509_certificate(certificate)
        session.create_object(told | {pkcs11.Attribute.TOKEN: True, pkcs11.Attribute.LABEL: token.key})


def test_a_key_in_hardware_signs(token: Token, folder: Path) -> None:
    """A sheet signed in the token is valid and names its signer, for several threads at once too."""
    signer, checker = Signer(in_hardware(token)), Checker.load(folder / "authority.pem")
    plain = sheet_pdf.pdf(sheets.told(sheets.SECURITY), signer=signer.name)
    with ThreadPoolExecutor(4) as threads:
        signed = list(threads.map(signer.sign, [plain] * 8))
    assert {(found.verdict, found.signer) for found in map(checker.check, signed)} == {(Verdict.VALID, SIGNER)}


def test_the_settings_lead_to_the_token(token: Token, folder: Path) -> None:
    """With the settings of a token, what is given out is signed by it."""
    values = {"MODULE": token.module, "TOKEN": token.label, "KEY": token.key, "PIN": token.pin}
    environment = {f"MOT_CUA_SHEET_PKCS11_{name}": value for name, value in values.items()}
    loaded = settings.load(environment | {"MOT_CUA_SHEET_AUTHORITY_FILE": str(folder / "authority.pem")})
    made = wiring.sheets(loaded, sheets.catalogue)
    assert made.check(made.pdf(sheets.SECURITY)).verdict is Verdict.VALID
    assert token.pin not in repr(token)


@pytest.mark.parametrize(
    "wrong", [{"label": "khac"}, {"key": "khac"}, {"pin": "000000"}, {"module": "/khong-co.so"}], ids=str
)
def test_a_token_that_does_not_open_is_said_at_start(token: Token, wrong: dict[str, str]) -> None:
    """Another label, key, PIN or library is a bad setting, and the message does not hold the PIN."""
    asked = replace(token, **wrong)
    with pytest.raises(BadSettings, match="PKCS11") as told:
        in_hardware(asked)
    assert asked.pin not in str(told.value)
