"""Nothing lost, nothing twice, in order: a short run of evals.killing."""

from __future__ import annotations

import pytest

from evals import killing

pytestmark = pytest.mark.slow


def test_killed_while_citizens_write() -> None:
    """Over Telegram and Zalo, however the program is killed, each question has one answer, in order."""
    outcome = killing.run(killing.Plan(conversations=8, messages=4, kills=4, is_minute_skipped=True))
    assert outcome.is_good, killing.report(outcome)
    assert len(outcome.kills) == 4
