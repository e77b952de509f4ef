"""The fault suite: each row of evals/data/faults.yaml is played, and the matrix in docs/reliability.md is written anew.

`python -m evals.faults` runs all rows in about ten minutes; `--cluster` with real Rasa servers too (1.2 GB more),
`--only WORD` the rows whose fault has the word, without writing; `--report FILE` plays nothing and takes what a run of
the whole suite said (`pytest --junitxml=FILE`). Exit code 1 when a row does not hold.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from xml.etree import ElementTree

import yaml

ROOT = Path(__file__).parents[1]
ROWS = Path(__file__).parent / "data" / "faults.yaml"
DOCUMENT = ROOT / "docs" / "reliability.md"
BEGIN, END = "<!-- faults: written by python -m evals.faults -->", "<!-- /faults -->"
HEAD = "| fault | where | lost / twice / out of order | the citizen | recovery | held by |\n|---|---|---|---|---|---|"


@dataclass(frozen=True)
class Row:
    """A fault, what is promised in it, and the tests that hold it."""

    fault: str
    where: str
    counts: str
    # lost / told twice / out of order, of what was acknowledged
    citizen: str
    recovery: str
    tests: tuple[str, ...]
    # files, or files::functions


@dataclass(frozen=True)
class Played:
    """A test that ran."""

    name: str
    # file::function
    seconds: float
    held: bool


def load(path: Path = ROWS) -> list[Row]:
    """The rows of the matrix."""
    content = yaml.load(path.read_text("utf-8"), Loader=yaml.CSafeLoader)
    return [Row(**{**item, "tests": tuple(item["tests"])}) for item in content]


def play(rows: Iterable[Row], *, real_rasa: bool) -> list[Played]:
    """Run the tests of the rows, each once."""
    names = sorted({name for row in rows for name in row.tests})
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        chosen = [] if real_rasa else ["-m", "not rasa"]
        command = [sys.executable, "-m", "pytest", "-q", "-n", "0", f"--junitxml={report}", *chosen, *names]
        subprocess.run(command, cwd=ROOT, check=False)
        return read(report.read_text("utf-8"))


def read(report: str) -> list[Played]:
    """The tests of a JUnit report; whatever did not pass did not hold."""
    return [
        Played(
            f"{case.get('classname', '').replace('.', '/')}.py::{case.get('name', '').partition('[')[0]}",
            float(case.get("time", 0)),
            case.find("failure") is None and case.find("error") is None and case.find("skipped") is None,
        )
        for case in ElementTree.fromstring(report).iter("testcase")
    ]


def of(name: str, played: Iterable[Played]) -> list[Played]:
    """The tests that a name stands for: a function's cases, or a file's functions."""
    return [test for test in played if test.name == name or test.name.startswith(f"{name}::")]


def holds(row: Row, played: Sequence[Played]) -> bool:
    """Whether each of the row's tests ran and held."""
    found = [of(name, played) for name in row.tests]
    return all(found) and all(test.held for tests in found for test in tests)


def matrix(rows: Iterable[Row], played: Sequence[Played], today: date) -> str:
    """The table, with day and machine."""
    load_1, _, _ = os.getloadavg()
    machine = f"{os.cpu_count()} processors, {platform.system()}, Python {platform.python_version()}"
    lines = [f"`python -m evals.faults`, {today:%-d %B %Y}, {machine}, load average {load_1:.0f}:", "", HEAD]
    for row in rows:
        files = ", ".join(dict.fromkeys(name.partition("::")[0] for name in row.tests))
        cells = (row.fault, row.where, row.counts, row.citizen, row.recovery, f"{_verdict(row, played)}: {files}")
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _verdict(row: Row, played: Sequence[Played]) -> str:
    """How the row's tests went, in a word or two."""
    mine = [test for name in row.tests for test in of(name, played)]
    if not mine:
        return "not run"
    return f"{len(mine)} plays, {sum(test.seconds for test in mine):.0f} s" if holds(row, played) else "**fails**"


def written(document: str, table: str) -> str:
    """The document with another matrix."""
    before, _, rest = document.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{table}\n{END}{after}"


def main(arguments: list[str] | None = None) -> int:
    """Play and write; 1 when a row does not hold."""
    parser = argparse.ArgumentParser(prog="python -m evals.faults", description=__doc__)
    parser.add_argument("--cluster", action="store_true", help="with real Rasa servers too")
    parser.add_argument("--only", default="", metavar="WORD", help="rows whose fault has this word; nothing is written")
    parser.add_argument("--report", type=Path, metavar="FILE", help="a JUnit report of a run that played them already")
    options = parser.parse_args(arguments)
    rows = [row for row in load() if options.only.lower() in row.fault.lower()]
    ready: Path | None = options.report
    played = read(ready.read_text("utf-8")) if ready else play(rows, real_rasa=options.cluster)
    table = matrix(rows, played, date.today())
    print(table)
    if not options.only:
        DOCUMENT.write_text(written(DOCUMENT.read_text("utf-8"), table), "utf-8")
    return 0 if all(holds(row, played) for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
