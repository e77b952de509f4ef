"""One target, fuzzed in a process of its own, so that whatever kills it is counted and the rest goes on.

Started by evals/fuzz/__main__.py. The input that is being tried lies in a file that outlives the process.
"""

from __future__ import annotations

import importlib
import json
import logging
import mmap
import struct
import sys
import time
import traceback
from dataclasses import asdict, dataclass, field
from pathlib import Path
from random import Random
from types import ModuleType
from typing import Any

from evals.fuzz.mutation import Mutator
from evals.fuzz.target import TARGETS, Check, Target, hostile, seeds

HANG_S = 1.0
# of processor time for one input
ROOM = 64 * 2**10
# bytes of the black box
HEAD = struct.Struct("<QI")
# inputs begun, length of the last one
MOST_FINDS = 20
# different ones that are kept
TOLD_EVERY = 200
# inputs
MOST_KEPT = 2_000
# inputs that the engine without coverage changes on


@dataclass
class Tally:
    """What a run saw."""

    inputs: int = 0
    crashes: int = 0
    hangs: int = 0
    slowest_s: float = 0.0
    # of processor time
    finds: dict[str, list[str]] = field(default_factory=dict)
    # error and place -> message, input in hexadecimal


class Trial:
    """Tries inputs at an oracle and keeps count in a folder."""

    def __init__(self, check: Check, folder: Path, inputs: int) -> None:
        self._check, self._folder, self._inputs = check, folder, inputs
        self.tally = Tally()
        box = folder / "box"
        box.write_bytes(bytes(ROOM))
        with box.open("r+b") as file:
            self._box = mmap.mmap(file.fileno(), ROOM)

    def __call__(self, data: bytes) -> None:
        """One input into the tally."""
        self.tally.inputs += 1
        kept = data[: ROOM - HEAD.size]
        self._box[: HEAD.size + len(kept)] = HEAD.pack(self.tally.inputs, len(kept)) + kept
        started = time.process_time()
        try:
            self._check(data)
        except Exception as error:
            self.tally.crashes += 1
            self._keep(f"{type(error).__name__} at {_place(error)}", str(error), data)
        took_s = time.process_time() - started
        self.tally.slowest_s = max(self.tally.slowest_s, took_s)
        if took_s > HANG_S:
            self.tally.hangs += 1
            self._keep(f"hang {took_s:.1f} s", "", data)
        if self.tally.inputs % TOLD_EVERY == 0 or self.tally.inputs >= self._inputs:
            self.tell()

    def tell(self) -> None:
        """Write the counts down."""
        draft = self._folder / "tally.new"
        draft.write_text(json.dumps(asdict(self.tally)), encoding="utf-8")
        draft.replace(self._folder / "tally.json")

    def _keep(self, name: str, message: str, data: bytes) -> None:
        if len(self.tally.finds) < MOST_FINDS:
            self.tally.finds.setdefault(name, [message[:200], data.hex()])


def _place(error: Exception) -> str:
    """The last line of ours that an error passed."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if ".venv" not in frame.filename]
    return f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "?"


def by_mutations(trial: Trial, mutator: Mutator, first: list[bytes], inputs: int, seed: int) -> None:
    """Inputs made of the seeds and of each other, without an eye on coverage."""
    random, kept = Random(seed), [*first, b""]
    for data in kept[:inputs]:
        trial(data)
    while trial.tally.inputs < inputs:
        data = mutator.changed(random.choice(kept), random)
        trial(data)
        if len(kept) < MOST_KEPT and random.random() < 0.05:
            kept.append(data)


def by_atheris(engine: ModuleType, trial: Trial, mutator: Mutator, folder: Path, options: list[str]) -> None:
    """Inputs that libFuzzer makes of those that reached new places in the code. Ends the process."""

    def change(data: bytes, most: int, seed: int) -> bytes:
        return mutator.changed(data, Random(seed), lambda old: engine.Mutate(old, most))[:most]

    engine.Setup([sys.argv[0], *options, str(folder / "corpus")], trial, custom_mutator=change)
    engine.Fuzz()


def _checked(target: Target, engine: ModuleType | None) -> Check:
    """The oracle, with the rooms instrumented that guide the engine."""
    if engine is None:
        return target.check()
    with engine.instrument_imports(include=[*target.rooms, target.module]):
        importlib.import_module(target.module)
        return target.check()


def main(name: str, inputs: int, seed: int, engine_name: str, folder: Path) -> None:
    """Fuzz one target."""
    logging.disable()
    target, first = TARGETS[name], seeds(name)
    engine: Any = importlib.import_module("atheris") if engine_name == "atheris" else None
    trial = Trial(_checked(target, engine), folder, inputs)
    mutator = Mutator(hostile(), target.longest)
    if engine is None:
        by_mutations(trial, mutator, first, inputs, seed)
        return
    corpus = folder / "corpus"
    corpus.mkdir(exist_ok=True)
    for number, data in enumerate(first):
        (corpus / f"seed{number}").write_bytes(data)
    limits = [f"-runs={inputs}", f"-seed={seed}", f"-max_len={target.longest}", f"-artifact_prefix={folder}/"]
    by_atheris(engine, trial, mutator, folder, limits)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4], Path(sys.argv[5]))
