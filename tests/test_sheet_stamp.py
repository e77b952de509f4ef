"""Time stamps, lists of the revoked and keys in hardware: what a signature gains by each, and what the check says."""

from __future__ import annotations

import random
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import pkcs12
from starlette.testclient import TestClient

from bot import sheet_pdf
from bot.errors import BadSettings
from bot.present import ZONE
from bot.sheet_keys import in_file
from bot.sheet_signature import RANGE, Checker, Paper, Signer, Verdict
from integrations.errors import BadAnswer, IntegrationError, Unavailable
from integrations.time_stamps import ANSWERS, TimeStamps
from tests import sheets
from tests.memory_ports import MemoryTown
from tests.serving import served
from tests.sheet_authority import DAY, PASSPHRASE, SIGNER, Authority
from tests.time_authority import TimeAuthority
from web.app import create_app

AUTHORITY = Authority("Cơ quan chứng thực (thử nghiệm)")
STRANGER = Authority("Cơ quan chứng thực (thử nghiệm)")
PDF = sheet_pdf.pdf(sheets.told(sheets.SECURITY))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The authority's certificate, and a key of its."""
    place = tmp_path_factory.mktemp("stamps")
    AUTHORITY.write(place / "authority.pem")
    AUTHORITY.give(place / "key.p12")
    return place


@pytest.fixture(scope="module")
def checker(folder: Path) -> Checker:
    return Checker.load(folder / "authority.pem")


@pytest.fixture(scope="module")
def stamped(folder: Path) -> bytes:
    """A sheet with the time of an authority that was asked over HTTP."""
    clock = TimeAuthority(AUTHORITY)
    with served(clock.app()) as url:
        stamps = TimeStamps(url)
        content = Signer(in_file(folder / "key.p12", PASSPHRASE), stamps.ask).sign(PDF, Paper.SHEET)
        stamps.close()
    assert clock.asked == 2
    # the first answer of a process tells how long a stamp is
    return content


def test_a_stamped_sheet_says_when(stamped: bytes, checker: Checker) -> None:
    """The check names the signer and the authority's time, and so does the page."""
    checked = checker.check(stamped)
    assert (checked.verdict, checked.signer) == (Verdict.VALID, SIGNER)
    assert checked.at is not None and abs(checked.at - datetime.now(UTC)) < timedelta(minutes=5)
    web = TestClient(create_app(MemoryTown().ports(), "secret", sheets.routes(None, checker)))
    page = web.post("/xac-minh-phieu", files={"phieu": ("a.pdf", stamped, "application/pdf")}).text
    assert "Phiếu đúng" in page and f"{checked.at.astimezone(ZONE):%d/%m/%Y}" in page


def test_one_flipped_bit_of_a_stamp_is_refused(stamped: bytes, checker: Checker) -> None:
    """Whichever bit is turned in the signature or in its time stamp, the file is not valid any more."""
    found = RANGE.search(stamped)
    assert found is not None
    _, length, _, _ = map(int, found.groups())
    signature = re.match(rb"<([0-9A-F]+?)(00)*>", stamped[length:])
    assert signature is not None
    chance = random.Random(31)
    for place in sorted(chance.sample(range(length + 1, length + len(signature[1])), 120)):
        digit = int(chr(stamped[place]), 16) ^ (1 << chance.randrange(4))
        changed = stamped[:place] + f"{digit:X}".encode() + stamped[place + 1 :]
        assert checker.check(changed).verdict is not Verdict.VALID, place - length


def test_a_stamp_outlives_the_certificate(folder: Path, tmp_path: Path, checker: Checker) -> None:
    """A signature stamped while its certificate held is valid after its end; without a stamp it is not."""
    key = in_file(AUTHORITY.give(tmp_path / "k.p12", ends=-DAY / 2), PASSPHRASE)
    then = TimeAuthority(AUTHORITY, datetime.now(UTC) - DAY)
    assert checker.check(Signer(key, then.answer).sign(PDF)).verdict is Verdict.VALID
    assert checker.check(Signer(key).sign(PDF)).verdict is Verdict.NOT_OURS


def test_a_strangers_time_is_not_believed(folder: Path, checker: Checker) -> None:
    """A stamp of an authority that we do not know makes no sheet of ours."""
    signer = Signer(in_file(folder / "key.p12", PASSPHRASE), TimeAuthority(STRANGER).answer)
    assert checker.check(signer.sign(PDF)).verdict is Verdict.NOT_OURS


def test_a_silent_authority_stops_no_sheet(folder: Path, checker: Checker) -> None:
    """Where no time is to be had, or nonsense, the sheet is signed without it."""

    def silent(request: bytes) -> bytes:
        raise Unavailable("down")

    for ask in (silent, lambda request: b"nonsense", lambda request: b""):
        checked = checker.check(Signer(in_file(folder / "key.p12", PASSPHRASE), ask).sign(PDF))
        assert (checked.verdict, checked.at) == (Verdict.VALID, None)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (httpx.Response(200, content=b"x", headers={"content-type": ANSWERS}), None),
        (httpx.Response(200, text="<html>"), BadAnswer),
        (httpx.Response(404, headers={"content-type": ANSWERS}), BadAnswer),
        (httpx.Response(200, content=b"x" * 70_000, headers={"content-type": ANSWERS}), BadAnswer),
        (httpx.Response(503), Unavailable),
        (httpx.ConnectError("no"), Unavailable),
    ],
)
def test_answers_of_an_authority(answer: httpx.Response | Exception, error: type[IntegrationError] | None) -> None:
    """Pages of a gateway, refusals and floods are no answers; the content is not read here."""

    def handle(request: httpx.Request) -> httpx.Response:
        if isinstance(answer, Exception):
            raise answer
        return answer

    stamps = TimeStamps("https://tsa.example/", transport=httpx.MockTransport(handle))
    if error is None:
        assert stamps.ask(b"q") == b"x"
        return
    with pytest.raises(error):
        stamps.ask(b"q")


# ---- revoked ----


def serial(path: Path) -> int:
    """The number of the certificate in a PKCS#12 file."""
    _, certificate, _ = pkcs12.load_key_and_certificates(path.read_bytes(), PASSPHRASE.encode())
    assert isinstance(certificate, x509.Certificate)
    return certificate.serial_number


@pytest.mark.parametrize(
    ("revoked_ago", "stamped_ago", "verdict"),
    [
        (timedelta(hours=1), None, Verdict.REVOKED),
        (timedelta(hours=1), timedelta(hours=3), Verdict.VALID),
        (timedelta(hours=3), timedelta(hours=1), Verdict.REVOKED),
    ],
    ids=["no stamp", "stamped before", "stamped after"],
)
def test_a_revoked_certificate_is_said(
    folder: Path, tmp_path: Path, revoked_ago: timedelta, stamped_ago: timedelta | None, verdict: Verdict
) -> None:
    """A signature by a revoked certificate is said to be revoked, unless an authority's time lies before."""
    now = datetime.now(UTC)
    revoked = AUTHORITY.revoke(serial(folder / "key.p12"), now - revoked_ago, tmp_path / "revoked.pem")
    ask = TimeAuthority(AUTHORITY, now - stamped_ago).answer if stamped_ago else None
    content = Signer(in_file(folder / "key.p12", PASSPHRASE), ask).sign(PDF)
    checker = Checker.load(folder / "authority.pem", revoked)
    assert checker.check(content).verdict is verdict
    web = TestClient(create_app(MemoryTown().ports(), "secret", sheets.routes(None, checker)))
    page = web.post("/xac-minh-phieu", files={"phieu": ("a.pdf", content, "application/pdf")}).text
    assert ("Chữ ký đã bị thu hồi" in page) is (verdict is Verdict.REVOKED)


def test_a_list_that_cannot_be_read_is_said_at_start(folder: Path) -> None:
    """A file without lists of the revoked, none, and a list that a stranger signed are bad settings."""
    foreign = STRANGER.revoke(1, datetime.now(UTC), folder / "foreign.pem")
    for path in (folder / "authority.pem", folder / "none.pem", foreign):
        with pytest.raises(BadSettings, match="REVOKED_FILE"):
            Checker.load(folder / "authority.pem", path)
