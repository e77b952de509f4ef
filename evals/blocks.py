"""The measured parts of a document: each between two marks, written again by the tool that measured it.

`<!-- bench:NAME -->` and `<!-- /bench:NAME -->`, each on a line of its own. What stands outside the marks is written by
people and stays.
"""

from __future__ import annotations

import os
import platform
import sys
from datetime import datetime
from pathlib import Path

from bot.present import ZONE


class NoPlace(Exception):
    """The document has no such marks."""


def written(document: str, name: str, content: str) -> str:
    """The document with a block replaced. Raises NoPlace. Pure."""
    begin, end = f"<!-- bench:{name} -->\n", f"<!-- /bench:{name} -->"
    before, mark, rest = document.partition(begin)
    old, other_mark, after = rest.partition(end)
    if not mark or not other_mark:
        raise NoPlace(name)
    return f"{before}{begin}\n{content.strip()}\n\n{end}{after}"


def write(path: Path, name: str, command: str, content: str, took_s: float) -> None:
    """Replace a block of a file, under a line that says by which command, where and when. Raises NoPlace."""
    told = f"{told_by(command, datetime.now(ZONE), took_s)}\n\n{content}"
    path.write_text(written(path.read_text("utf-8"), name, told), "utf-8")


def told_by(command: str, at: datetime, took_s: float) -> str:
    """The line over a block: command, moment (aware), machine, and how busy it was at the end."""
    day = f"{at.day} {at:%B %Y}, {at:%H:%M}"
    return f"`{command}`, {day}, {machine()}, {took_s / 60:.0f} min; load average at the end {os.getloadavg()[0]:.1f}."


def machine() -> str:
    """Cores, memory, Python."""
    memory_gb = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    cores = len(os.sched_getaffinity(0))
    return f"{cores} cores ({platform.machine()}), {memory_gb:.0f} GB, Python {platform.python_version()}"


def called(module: str, arguments: list[str] | None = None) -> str:
    """The command line of a tool as a person types it."""
    return " ".join(["python -m", module, *(sys.argv[1:] if arguments is None else arguments)])
