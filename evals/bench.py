"""Everything that is measured of speed, one after another, each part written into docs/performance.md as it ends.

`python -m evals.bench` runs all, `--part scaling growth` some, `--from soak` the rest after an interruption; more than
an hour in all. A part that fails leaves what stood in the report, and the next one runs; exit code 1 in the end.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from evals import blocks
from evals.site import ROOT

REPORT = Path("docs/performance.md")
PICTURES = "docs/pictures"


@dataclass(frozen=True)
class Part:
    """One measurement."""

    name: str
    # of its block, unless it writes its own
    arguments: Sequence[str]
    # of `python -m`
    minutes: int
    # about, on two cores
    writes: bool = False
    # into the report, by itself: it draws pictures or has several blocks
    is_table: bool = False
    # prints Markdown; otherwise it is shown as it is

    @property
    def command(self) -> str:
        """As a person types it."""
        return blocks.called(self.arguments[0], list(self.arguments[1:]))


PARTS = (
    Part("sheet", ("evals.sheet_speed",), 2, is_table=True),
    Part("report", ("evals.report_speed",), 6, is_table=True),
    Part("understanding", ("evals.understanding_speed",), 3),
    Part("load", ("evals.load", "--only", "words", "--workers", "1", "--database", "sqlite", "postgresql"), 6),
    Part("load-rasa", ("evals.load", "--only", "dialogue"), 5),
    Part("desk", ("evals.desk_load", "--seconds", "30"), 2),
    Part("scaling", ("evals.scaling", "--picture", f"{PICTURES}/scaling.svg", "--report", str(REPORT)), 8, writes=True),
    Part("growth", ("evals.growth", "--report", str(REPORT)), 12, writes=True),
    Part("soak", ("evals.soak", "--picture", f"{PICTURES}/soak.svg", "--report", str(REPORT)), 31, writes=True),
)


def chosen(names: Sequence[str], first: str) -> list[Part]:
    """These parts, or all from one on, in their order."""
    begins = [part.name for part in PARTS].index(first) if first else 0
    return [part for part in PARTS[begins:] if not names or part.name in names]


def run(part: Part) -> bool:
    """One part; False when it failed. What it writes to stderr is shown as it comes."""
    begun = time.monotonic()
    print(f"{time.strftime('%H:%M:%S')} {part.name}, about {part.minutes} min: {part.command}", flush=True)
    done = subprocess.run([sys.executable, "-m", *part.arguments], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    print(done.stdout, flush=True)
    if done.returncode == 0 and not part.writes:
        told = done.stdout if part.is_table else f"```text\n{done.stdout.rstrip()}\n```"
        blocks.write(ROOT / REPORT, part.name, part.command, told, time.monotonic() - begun)
    return done.returncode == 0


def main(arguments: list[str] | None = None) -> int:
    """Run what is asked for."""
    names = [part.name for part in PARTS]
    parser = argparse.ArgumentParser(prog="python -m evals.bench", description=__doc__)
    parser.add_argument("--part", nargs="*", choices=names, default=[])
    parser.add_argument("--from", dest="first", choices=names, default="")
    options = parser.parse_args(arguments)
    failed = [part.name for part in chosen(options.part, options.first) if not run(part)]
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
