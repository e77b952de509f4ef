"""What a process has used, read from /proc."""

from __future__ import annotations

import os
from pathlib import Path


def cpu_s(pid: int) -> float:
    """Processor time so far, all threads."""
    values = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(values[11]) + int(values[12])) / os.sysconf("SC_CLK_TCK")


def memory_mb(pid: int) -> float:
    """Resident memory."""
    return int(Path(f"/proc/{pid}/status").read_text().partition("VmRSS:")[2].split()[0]) / 1024


def open_files(pid: int) -> int:
    """Files, sockets and pipes that it holds."""
    return len(os.listdir(f"/proc/{pid}/fd"))


def threads(pid: int) -> int:
    """How many it has."""
    return len(os.listdir(f"/proc/{pid}/task"))


def family(pid: int) -> list[int]:
    """The process and its children."""
    parents = {int(path.parent.name): _parent(path) for path in Path("/proc").glob("[0-9]*/stat")}
    return [pid, *(child for child, parent in parents.items() if parent == pid)]


def _parent(path: Path) -> int:
    """Of the process whose stat this is; 0 when it has ended meanwhile."""
    try:
        return int(path.read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0
