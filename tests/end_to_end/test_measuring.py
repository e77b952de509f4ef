"""The measuring tools run from end to end, on figures too small to mean anything."""

from pathlib import Path

import pytest

from evals import growth, scaling, soak
from evals.blocks import written

pytestmark = pytest.mark.slow


def report(folder: Path, *names: str) -> Path:
    """A document with a place for each name."""
    path = folder / "report.md"
    path.write_text("".join(f"<!-- bench:{name} -->\n<!-- /bench:{name} -->\n" for name in names), "utf-8")
    return path


def test_growth_fills_its_block(tmp_path: Path) -> None:
    """A database of 20 turns, and of 40: both lines and their ratio are in the report."""
    path = report(tmp_path, "growth-turns")
    few = ["--real", "20", "--turns", "20", "40", "--messages", "6"]
    assert growth.main(["--part", "turns", "--database", "sqlite", "postgresql", *few, "--report", str(path)]) == 0
    told = path.read_text("utf-8")
    assert told.count("\n| 20 |") == told.count("\n| 40 |") == told.count("times as long |") == 2


def test_scaling_fills_its_block_and_draws(tmp_path: Path) -> None:
    """One worker over PostgreSQL: a capacity, the model beyond, a picture."""
    path, picture = report(tmp_path, "scaling"), tmp_path / "scaling.svg"
    asked = ["--workers", "1", "--database", "postgresql", "--seconds", "1", "--flood", "20"]
    assert scaling.main([*asked, "--report", str(path), "--picture", str(picture)]) == 0
    told = path.read_text("utf-8")
    assert "| postgresql | 1 |" in told and "\n| 16 |" in told and picture.exists()


def test_a_soak_fills_its_block_and_draws(tmp_path: Path) -> None:
    """A third of a minute: everything is answered, every process has a slope."""
    path, picture = report(tmp_path, "soak"), tmp_path / "soak.svg"
    soak.main(["--minutes", "0.3", "--rate", "2", "--every", "1", "--report", str(path), "--picture", str(picture)])
    told = path.read_text("utf-8")
    assert "web " in told and "worker 1 " in told and "lost" not in told.replace("nothing was lost", "")
    assert picture.exists() and written(told, "soak", "x") != told
