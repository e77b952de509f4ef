"""Fuzz every parser and print what was seen as a table for docs/reliability.md.

    .venv/bin/python -m evals.fuzz --inputs 1000000 [--only "web chat bodies"] [--seed 1] [--engine atheris]

Each target runs in a process of its own (evals/fuzz/worker.py), some at a time. Whatever kills a worker, or keeps it at
one input for a minute, is counted, and another one goes on. Interrupted, it prints what was counted so far. An input
that broke something is printed, and becomes a test in tests/test_fuzz_finds.py.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import Progress

from evals.fuzz.target import TARGETS, slug
from evals.fuzz.worker import HEAD

STUCK_S = 60.0
# without a new input: the worker is stopped, and its input is a hang
PULSE_S = 0.5
MOST_DEATHS = 20
# of workers of one target
EDGES = re.compile(r"cov: (\d+)")


@dataclass
class Run:
    """One target, as far as it has been fuzzed."""

    name: str
    wanted: int
    folder: Path
    inputs: int = 0
    crashes: int = 0
    hangs: int = 0
    seconds: float = 0.0
    slowest_ms: float = 0.0
    # of processor time, for one input
    edges: str = "–"
    finds: dict[str, list[str]] = field(default_factory=dict)
    # what and where -> message, input in hexadecimal

    def row(self) -> str:
        """Its line of the table."""
        counts = f"{self.inputs:,} | {self.seconds:,.0f} | {self.crashes} | {self.hangs}"
        return f"| {self.name} | {counts} | {self.slowest_ms:.0f} | {self.edges} |"


class Fuzzer:
    """Runs workers until each target has had its inputs."""

    def __init__(self, engine: str, seed: int, progress: Progress) -> None:
        self._engine, self._seed, self._progress = engine, seed, progress
        self._workers: set[subprocess.Popen[bytes]] = set()
        self._is_over = False

    def fuzz(self, run: Run) -> None:
        """All inputs of a target, by as many workers as it kills."""
        shown = self._progress.add_task(run.name, total=run.wanted)
        for death in range(MOST_DEATHS):
            if self._is_over or run.inputs >= run.wanted:
                return
            self._work(run, self._seed + death, shown)

    def stop(self) -> None:
        """End the workers that are running."""
        self._is_over = True
        for worker in list(self._workers):
            worker.kill()

    def _work(self, run: Run, seed: int, shown: Any) -> None:
        """One worker until it ends, dies or hangs; what it counted is added."""
        folder = run.folder / str(seed)
        folder.mkdir(parents=True)
        started, begun = time.perf_counter(), run.inputs
        wanted = [run.name, str(run.wanted - run.inputs), str(seed), self._engine, str(folder)]
        with (folder / "log").open("wb") as log:
            worker = subprocess.Popen([sys.executable, "-m", "evals.fuzz.worker", *wanted], stdout=log, stderr=log)
        self._workers.add(worker)
        hung = self._watch(worker, folder, lambda done: self._progress.update(shown, completed=begun + done))
        self._workers.discard(worker)
        run.seconds += time.perf_counter() - started
        _add(run, folder, hung, died=not self._is_over)

    def _watch(self, worker: subprocess.Popen[bytes], folder: Path, tell: Any) -> bool:
        """Wait for the end; True when the worker stood still and was stopped."""
        last, since = 0, time.monotonic()
        while worker.poll() is None:
            time.sleep(PULSE_S)
            done, _ = last_input(folder)
            tell(done)
            if done != last or not done:
                last, since = done, time.monotonic()
            if time.monotonic() - since > STUCK_S:
                worker.kill()
                worker.wait()
                return True
        return False


def last_input(folder: Path) -> tuple[int, bytes]:
    """How many inputs a worker has begun, and the last of them."""
    box = folder / "box"
    content = box.read_bytes() if box.exists() else b""
    if len(content) < HEAD.size:
        return 0, b""
    number, length = HEAD.unpack_from(content)
    return number, content[HEAD.size : HEAD.size + length]


def _add(run: Run, folder: Path, hung: bool, died: bool) -> None:
    """What a worker counted, and what ended it before its time."""
    number, data = last_input(folder)
    told = folder / "tally.json"
    tally = json.loads(told.read_text(encoding="utf-8")) if told.exists() else {}
    run.inputs += number
    run.crashes += tally.get("crashes", 0)
    run.hangs += tally.get("hangs", 0)
    run.slowest_ms = max(run.slowest_ms, 1000 * tally.get("slowest_s", 0.0))
    run.finds |= tally.get("finds", {})
    log = (folder / "log").read_text(encoding="utf-8", errors="replace")
    found = EDGES.findall(log)
    run.edges = found[-1] if found else run.edges
    if hung:
        run.hangs += 1
        run.finds["hang"] = ["stood still", data.hex()]
    elif died and run.inputs < run.wanted:
        run.crashes += 1
        run.finds["the process died"] = [log[-300:], data.hex()]


def table(runs: Iterable[Run]) -> Iterator[str]:
    """The table, and what all targets saw together."""
    runs = list(runs)
    yield "| target | inputs | seconds | crashes | hangs | slowest (ms of processor time) | edges seen |"
    yield "|---|---|---|---|---|---|---|"
    yield from (run.row() for run in runs)
    inputs, crashes, hangs = (sum(getattr(run, name) for run in runs) for name in ("inputs", "crashes", "hangs"))
    yield f"| **all** | {inputs:,} | {sum(run.seconds for run in runs):,.0f} | {crashes} | {hangs} | | |"


def shares(names: Sequence[str], inputs: int) -> dict[str, int]:
    """The inputs of each target."""
    whole = sum(TARGETS[name].share for name in names)
    return {name: max(1, inputs * TARGETS[name].share // whole) for name in names}


def fuzz(options: argparse.Namespace, folder: Path) -> list[Run]:
    """Every target; what was counted when somebody interrupts."""
    names = options.only or list(TARGETS)
    runs = [Run(name, wanted, folder / slug(name)) for name, wanted in shares(names, options.inputs).items()]
    with Progress(console=Console(stderr=True), transient=True) as progress:
        fuzzer = Fuzzer(options.engine, options.seed, progress)
        with ThreadPoolExecutor(options.at_once) as pool:
            try:
                list(pool.map(fuzzer.fuzz, runs))
            except KeyboardInterrupt:
                fuzzer.stop()
    return runs


def engine() -> str:
    """The better engine that there is."""
    return "atheris" if importlib.util.find_spec("atheris") else "mutations"


def main(arguments: list[str] | None = None) -> int:
    """Fuzz; fails when anything crashed or hung."""
    parser = argparse.ArgumentParser(prog="python -m evals.fuzz", description=__doc__)
    parser.add_argument("--inputs", type=int, default=100_000, help="of all targets together")
    parser.add_argument("--only", action="append", choices=list(TARGETS), metavar="TARGET")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--engine", choices=("atheris", "mutations"), default=engine())
    parser.add_argument("--at-once", type=int, default=2, help="targets beside each other")
    parser.add_argument("--keep", type=Path, help="an empty folder for what workers write")
    options = parser.parse_args(arguments)
    for sign in (signal.SIGINT, signal.SIGTERM):
        signal.signal(sign, signal.default_int_handler)
    say = Console(soft_wrap=True, highlight=False, markup=False).print
    with tempfile.TemporaryDirectory() as passing:
        runs = fuzz(options, options.keep or Path(passing))
    say(f"engine {options.engine}, seed {options.seed}\n", *table(runs), sep="\n")
    for run in runs:
        for name, (message, data) in run.finds.items():
            say(f"\n{run.name}: {name}: {message}\n  bytes.fromhex({data[:2_000]!r})")
    return 1 if any(run.crashes or run.hangs for run in runs) else 0


if __name__ == "__main__":
    sys.exit(main())
