"""The measure of the sync monitor: what is planted is found, and a monitor that is wrong is seen."""

from __future__ import annotations

import pytest

from bot.sync_difference import Kind
from evals.sync import Run, measured
from evals.sync_cases import CASES, PLANTED, TRAPS, Plantation

pytestmark = pytest.mark.slow
FEW = 700


def test_the_planted_is_found_and_nothing_else() -> None:
    """Over real HTTP, with faults, lags and an outage: every kind, each difference once."""
    outcome = measured(Run(FEW))
    assert outcome.is_good(1.0) and outcome.not_compared > 0


def test_a_monitor_that_knows_no_lag_is_seen() -> None:
    """Without the normal lags the precision falls: the traps are traps."""
    outcome = measured(Run(FEW, faults=0.0, lag_h=0.0))
    assert not outcome.is_good(0.995) and (outcome.precision(Kind.STATUS) or 1) < 0.95


def test_every_case_is_planted() -> None:
    """Each kind is planted, no trap differs, and all of them come up."""
    assert set.union(*(set(case.differs) for case in PLANTED.values())) == set(Kind)
    assert not any(case.differs for case in TRAPS.values())
    plantation = Plantation(FEW, 1)
    assert {plantation.name(number) for number in range(FEW)} == {"", *CASES}
