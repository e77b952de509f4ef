"""A program of ours in a process of its own, whose JSON lines are read as they come."""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Generator, Mapping, Sequence
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import IO, Any

ROOT = Path(__file__).parents[1]
BEAT_S = 1.0

Line = Mapping[str, Any]


def lines(
    command: Sequence[str], environment: Mapping[str, str], beat_s: float = BEAT_S
) -> Generator[Line, None, None]:
    """What it prints, line by line; an empty one whenever it has said nothing for `beat_s`.

    Who stops reading (`close` of the generator) ends the program. Raises CalledProcessError for an exit code, OSError
    when it cannot be started, ValueError for a line that is no JSON.
    """
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        try:
            yield from _read(process, beat_s)
        finally:
            process.kill()
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)


def _read(process: subprocess.Popen[str], beat_s: float) -> Generator[Line, None, None]:
    """Until the program has closed its side."""
    assert process.stdout is not None
    said: SimpleQueue[str] = SimpleQueue()
    threading.Thread(target=_pass_on, args=[process.stdout, said], daemon=True).start()
    while True:
        try:
            line = said.get(timeout=beat_s)
        except Empty:
            yield {}
            continue
        if not line:
            process.wait()
            return
        yield json.loads(line)


def _pass_on(output: IO[str], said: SimpleQueue[str]) -> None:
    """Each line, then nothing: the reader waits for lines and for time at once."""
    for line in output:
        said.put(line)
    said.put("")
