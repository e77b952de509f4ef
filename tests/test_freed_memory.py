"""What was freed between things in use goes back to the system, and threads keep none of it for themselves."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from bot.freed_memory import give_back
from evals.process import memory_mb

MB = 2**20
ARENAS = """
import ctypes, sys, threading
from bot.freed_memory import share
if sys.argv[1] == "shared":
    share()
held, here = [], threading.Barrier(9)
def hold():
    held.append(bytearray(50_000))
    here.wait()
for _ in range(8):
    threading.Thread(target=hold).start()
here.wait()
libc = ctypes.CDLL(None)
libc.fopen.restype = ctypes.c_void_p
printed = ctypes.c_void_p(libc.fopen(sys.argv[2].encode(), b"w"))
libc.malloc_info(0, printed)
libc.fclose(printed)
"""
# glibc counts them itself


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc alone is asked")
def test_freed_memory_is_given_back() -> None:
    """Of 200 MB in small pieces, freed but for a few that lie between, most is the system's again."""
    pieces = [np.ones(MB // 80) for _ in range(2_000)]
    kept = pieces[::100]
    pieces.clear()
    before_mb = memory_mb(os.getpid())
    give_back()
    assert memory_mb(os.getpid()) < before_mb - 50 and len(kept) == 20


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc alone is asked")
@pytest.mark.parametrize(("how", "few"), [("shared", True), ("apart", False)])
def test_threads_share_what_they_allocate_from(how: str, few: bool, tmp_path: Path) -> None:
    """Eight threads that hold something at once have two arenas together; left alone they take more."""
    printed = tmp_path / "arenas"
    subprocess.run([sys.executable, "-c", ARENAS, how, str(printed)], check=True)
    assert (printed.read_text().count("<heap nr=") <= 2) is few
