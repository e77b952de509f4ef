"""How long a guidance sheet takes: every reviewed procedure printed, in large print, signed, checked; one at a time.

python -m evals.sheet_speed [--every N]    a table in Markdown; N: only each n-th procedure
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TypeVar

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, pkcs12

from bot import sheet_pdf
from bot.facts import ProcedureFacts
from bot.following import calendar
from bot.outcomes import Outcome
from bot.sheet import Sheet, sheet
from bot.sheet_keys import in_file
from bot.sheet_signature import Checker, Signer, Verdict
from knowledge import catalogue
from knowledge.procedure import Procedure

Item = TypeVar("Item")
PUBLIC_URL = "https://motcua.example"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m evals.sheet_speed", description=__doc__)
    parser.add_argument("--every", type=int, default=1, metavar="N")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        signer, checker = _signature(Path(folder))
    sheets = [_sheet(item) for item in list(catalogue.load())[:: options.every]]
    started = time.perf_counter()
    sheet_pdf.pdf(sheets[0])
    first_ms = 1000 * (time.perf_counter() - started)
    print(f"the first of a process {first_ms:.0f} ms; load average {os.getloadavg()[0]:.1f}\n")
    print(f"| {len(sheets)} sheets | processor ms p50 | p95 | longest | waited ms p50 | p95 | kB |")
    print("|---|---|---|---|---|---|---|")
    printed = _row("printed", sheets, sheet_pdf.pdf)
    _row("in large print", sheets, lambda item: sheet_pdf.pdf(item, is_large=True))
    signed = _row("signed", printed, signer.sign)
    _row("printed and signed", sheets, lambda item: signer.sign(sheet_pdf.pdf(item)))
    _row("checked", signed, lambda content: _valid(checker, content))


def _row(name: str, items: Iterable[Item], act: Callable[[Item], bytes]) -> list[bytes]:
    """Do it with each, print a line, return what was made."""
    busy_ms, took_ms, made = [], [], []
    for item in items:
        started, worked = time.perf_counter(), time.process_time()
        made.append(act(item))
        busy_ms.append(1000 * (time.process_time() - worked))
        took_ms.append(1000 * (time.perf_counter() - started))
    busy, took = _spread(busy_ms), _spread(took_ms)
    size_kb = sum(map(len, made)) / len(made) / 1000
    busy_text, took_text = (" | ".join(f"{value:.0f}" for value in values) for values in (busy, took[:2]))
    print(f"| {name} | {busy_text} | {took_text} | {size_kb:.0f} |", flush=True)
    return made


def _spread(values: list[float]) -> tuple[float, float, float]:
    """p50, p95, the largest."""
    ordered = sorted(values)
    return ordered[len(ordered) // 2], ordered[len(ordered) * 95 // 100], ordered[-1]


def _sheet(procedure: Procedure) -> Sheet:
    return sheet(ProcedureFacts(Outcome.ANSWERED, procedure, (), "", date.today()), calendar(), PUBLIC_URL)


def _valid(checker: Checker, content: bytes) -> bytes:
    assert checker.check(content).verdict is Verdict.VALID
    return content


def _signature(folder: Path) -> tuple[Signer, Checker]:
    """A key for this run, and whoever trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Speed")])
    now = datetime.now(UTC)
    usage = x509.KeyUsage(True, True, False, False, False, False, False, False, False)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    dated = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    certificate = dated.serial_number(1).add_extension(usage, True).sign(key, hashes.SHA256())
    path = folder / "key.p12"
    path.write_bytes(pkcs12.serialize_key_and_certificates(b"k", key, certificate, None, NoEncryption()))
    return Signer(in_file(path, "")), Checker((certificate.public_bytes(Encoding.DER),))


if __name__ == "__main__":
    main()
