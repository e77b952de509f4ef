"""The open loop of the load runs."""

from __future__ import annotations

import time

import pytest

from evals import arrivals
from evals.arrivals import Fired


def test_moments_are_a_repeatable_poisson_process() -> None:
    """The seed repeats the plan; its rate is the wanted one; gaps differ."""
    found = arrivals.moments(50, 100, seed=1)
    assert found == arrivals.moments(50, 100, seed=1) == sorted(found)
    assert len(found) == pytest.approx(5000, rel=0.05)
    assert found != arrivals.moments(50, 100, seed=2)


def test_a_slow_answer_does_not_hold_up_the_next() -> None:
    """Messages leave at their moments although the first is not answered yet."""
    fired = arrivals.fire([0.0, 0.01, 0.02], lambda number: time.sleep(0.3 if number == 0 else 0))
    assert fired[2].left - fired[0].intended < 0.3


def test_waiting_counts_from_the_intended_moment() -> None:
    """A generator that falls behind makes the answers slow, not fast; an answer that is missing is said."""
    fired = [Fired(10.0, 10.5), Fired(11.0, 11.0)]
    step = arrivals.summary(1, fired, {0: 10.6}, cpu_s=0.02)
    assert (step.asked, step.answered, step.holds(1000)) == (2, 1, False)
    assert (step.longest_ms, step.cpu_ms) == (pytest.approx(600), pytest.approx(20))
