"""What was freed between things in use goes back to the system."""

from __future__ import annotations

import os
import sys

import numpy as np
import pytest

from bot.freed_memory import give_back
from evals.process import memory_mb

MB = 2**20


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc alone is asked")
def test_freed_memory_is_given_back() -> None:
    """Of 200 MB in small pieces, freed but for a few that lie between, most is the system's again."""
    pieces = [np.ones(MB // 80) for _ in range(2_000)]
    kept = pieces[::100]
    pieces.clear()
    before_mb = memory_mb(os.getpid())
    give_back()
    assert memory_mb(os.getpid()) < before_mb - 50 and len(kept) == 20
