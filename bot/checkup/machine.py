"""The machine: its disk, its clock, its time zones, and packages that are optional."""

from __future__ import annotations

import shutil
import stat
import tempfile
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from importlib.util import find_spec
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bot.checkup.finding import Finding
from bot.sheet_pdf import FONTS

LEAST_BYTES, FEW_BYTES = 200 * 10**6, 2 * 10**9
# the index of 3,600 procedures takes 100 MB, a backup as much as the database
AT_MOST_APART = timedelta(seconds=30)
# sessions, leases and codes of a second step bear that much
ZONE, OFFSET = "Asia/Ho_Chi_Minh", timedelta(hours=7)
OPTIONAL: Mapping[str, str] = {
    "uvloop": "each request takes about half as long again",
    "zxingcpp": "codes on photos of receipts are not read",
}
# module -> what goes on without it


def data_folder(folder: Path) -> Finding:
    """What the program keeps can be written there, and is not for others to read."""
    facts = {"path": folder}
    if not folder.exists():
        return Finding("data_folder", "not_made", facts)
    try:
        with tempfile.TemporaryFile(dir=folder):
            is_open = folder.stat().st_mode & stat.S_IROTH
    except OSError as error:
        return Finding("data_folder", "not_writable", {**facts, "why": error.strerror})
    return Finding("data_folder", "open_to_others" if is_open else "kept", facts)


def free_bytes(folder: Path) -> int:
    """What is left on the disk of a folder, or of the nearest one above it that exists."""
    there = next(place for place in (folder.absolute(), *folder.absolute().parents) if place.is_dir())
    return shutil.disk_usage(there).free


def disk(free: int) -> Finding:
    """`free`: bytes. A full disk takes no message: channels are told so and send again."""
    state = "full" if free < LEAST_BYTES else "nearly_full" if free < FEW_BYTES else "enough"
    return Finding("disk", state, {"free": f"{free / 1e9:.1f} GB"})


def clock(now: datetime, server: datetime | None, newest: datetime | None) -> Finding:
    """The machine's clock beside the database's, and beside the newest thing that was written or signed."""
    apart = abs(now - server) if server else timedelta()
    if apart > AT_MOST_APART:
        return Finding("clock", "apart", {"apart_s": round(apart.total_seconds())})
    if newest and newest - now > AT_MOST_APART:
        return Finding("clock", "behind", {"now": f"{now:%Y-%m-%d %H:%M}", "newest": f"{newest:%Y-%m-%d %H:%M}"})
    return Finding("clock", "right", {"now": f"{now:%Y-%m-%d %H:%M %Z}"})


def time_zone(name: str = ZONE) -> Finding:
    """The City's hours, in which citizens may be told something, come from the machine's data."""
    try:
        offset = datetime(2026, 1, 1, tzinfo=ZoneInfo(name)).utcoffset()
    except ZoneInfoNotFoundError:
        return Finding("time_zone", "missing", {"name": name})
    return Finding("time_zone", "known" if offset == OFFSET else "wrong", {"name": name})


def fonts(package: str = FONTS) -> Finding:
    """Guidance sheets are printed with a font that has every Vietnamese letter."""
    return Finding("fonts", "installed" if find_spec(package) else "missing", {"package": package})


def optional(packages: Mapping[str, str] = OPTIONAL) -> Iterator[Finding]:
    """Packages without which the program works, a little less well."""
    missing = {name: loss for name, loss in packages.items() if not find_spec(name)}
    yield from (Finding("optional", "missing", {"package": name, "loss": loss}) for name, loss in missing.items())
    if not missing:
        yield Finding("optional", "installed", {"packages": ", ".join(packages)})
