"""All delivered, in order, over a bad line: a short run of evals.throttling."""

from __future__ import annotations

import pytest

from evals import throttling

pytestmark = pytest.mark.slow


def test_busy_and_late_vendors() -> None:
    """When vendors refuse with 429 or answer too late, everything is delivered in order."""
    outcome = throttling.run(throttling.Plan(conversations=4, messages=2, seed=2))
    assert outcome.verdict.is_good, throttling.report(outcome)
    assert sum(outcome.refused.values()) and sum(outcome.late.values())
