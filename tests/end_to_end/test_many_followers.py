"""Following over real HTTP and in a process of its own: nothing missed, nothing twice."""

import pytest

from evals.following import Run, run

pytestmark = pytest.mark.slow


def test_every_change_is_told_once() -> None:
    """Four hundred people follow dossiers at a portal that changes some: each change reaches each follower once."""
    outcome = run(Run(followers=400, interval_s=20, threads=2))
    assert (outcome.missed, outcome.doubled, outcome.strange) == (0, 0, 0)
    assert outcome.expected == len(outcome.waits_s) > 5
