"""Speed and memory of the catalogue: import, release, look-up, over synthetic records of the real size."""

from __future__ import annotations

import json
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from knowledge import catalogue, importing
from knowledge.catalogue import Catalogue
from knowledge.releasing import Releases

LOOK_UPS = 20_000


@dataclass(frozen=True)
class Measured:
    """One size."""

    records: int
    import_per_s: float
    import_peak_mb: float
    # of the whole process, after the import
    load_s: float
    # a signed release verified, read and ready
    switch_ms: float
    get_us: float
    # one look-up
    peak_mb: float
    # of the whole process, with the catalogue loaded


def measure(records: int, folder: Path) -> Measured:
    """Import, release, load and look up so many synthetic records."""
    source = folder / "export.jsonl"
    _write_export(source, records)
    started = time.perf_counter()
    done = importing.import_export(source, folder, date.today())
    import_s = time.perf_counter() - started
    import_peak_mb = _peak_mb()
    releases = Releases(folder)
    _sign(releases, folder)
    started = time.perf_counter()
    releases.switch("speed")
    switch_ms = 1000 * (time.perf_counter() - started)
    started = time.perf_counter()
    loaded = releases.load("speed")
    load_s = time.perf_counter() - started
    return Measured(done.served, done.served / import_s, import_peak_mb, load_s, switch_ms, _get_us(loaded), _peak_mb())


def main() -> None:
    """One size, given as the argument, in a process of its own; prints one JSON line."""
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(vars(measure(int(sys.argv[1]), Path(folder)))))


def _write_export(path: Path, records: int) -> None:
    with path.open("w", encoding="utf-8") as file:
        for item in _exports(records):
            file.write(json.dumps(item, ensure_ascii=False) + "\n")


def _exports(records: int) -> Iterator[dict[str, Any]]:
    """Records of the national portal's shape, of about the real size (9 kB)."""
    paper = {"case": "", "name": "Tờ khai theo mẫu, có chữ ký của người yêu cầu " * 4, "form": "", "original_copies": 1}
    way = {"time_limit": "5 ngày làm việc", "fee": "10,000 đồng", "fee_status": "amount", "description": ""}
    for number in range(records):
        yield {
            "code": f"{1 + number // 1_000_000}.{number % 1_000_000:06d}",
            "name": f"Thủ tục đăng ký số {number}",
            "level": "Cấp xã",
            "agency": "Ủy ban nhân dân cấp xã",
            "steps": "Bước 1: Người dân chuẩn bị hồ sơ theo quy định.\n" * 30,
            "methods": [{**way, "channel": channel} for channel in ("Trực tiếp", "Trực tuyến", "Dịch vụ bưu chính")],
            "documents": [{**paper, "photo_copies": copies} for copies in range(6)],
            "legal_basis": [{"code": "60/2014/QH13", "name": "Luật Hộ tịch"}] * 5,
            "decision": "1/QĐ-TTg",
            "result": "Giấy xác nhận",
            "url": "",
            "as_of": "2026-07-18",
            "locality": "",
        }


def _sign(releases: Releases, folder: Path) -> None:
    keys = {person: Ed25519PrivateKey.generate() for person in ("an", "binh")}
    lines = [f"{person}: {key.public_key().public_bytes_raw().hex()}" for person, key in keys.items()]
    (folder / "approvers.yaml").write_text("\n".join(lines), encoding="utf-8")
    releases.make("speed", [], catalogue.read_records(folder / importing.SERVED), datetime.now(UTC))
    for person, key in keys.items():
        releases.approve("speed", person, key)


def _get_us(loaded: Catalogue) -> float:
    codes, today = [item.code for item in loaded][:LOOK_UPS], date.today()
    started = time.perf_counter()
    for _ in range(max(1, LOOK_UPS // len(codes))):
        for code in codes:
            loaded.get(code, today)
    return 1e6 * (time.perf_counter() - started) / (len(codes) * max(1, LOOK_UPS // len(codes)))


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
