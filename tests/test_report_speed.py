"""The measurement of reports: what it measures, and what it says of a report that is too slow."""

from __future__ import annotations

import pytest

from bot.periods import Kind
from evals import report_speed


@pytest.mark.slow
def test_every_kind_of_report_is_measured_open_and_closed(capsys: pytest.CaptureFixture[str]) -> None:
    """A line for each period of a ward and of the City, before its last week is closed and after; 1 beyond the aim."""
    assert report_speed.main(["--turns", "300", "--period", "2026-08", "--database", "sqlite", "--aim-s", "0"]) == 1
    told = capsys.readouterr().out
    for place in report_speed.PLACES:
        for state in ("not all closed", "closed"):
            assert sum(f"| {place}, " in line and f"| {state} |" in line for line in told.splitlines()) == len(Kind)
