"""A reader beside us: a process for each file, without our secrets, held to its time and memory, gone afterwards.

Files of strangers are unfolded by large libraries, so none of that happens where citizens are answered. A process for
each file keeps nothing of one citizen for the next; it costs the one or two seconds in which a model loads.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import resource
import shlex
import signal
from asyncio.subprocess import DEVNULL, PIPE, Process
from dataclasses import dataclass
from pathlib import Path

from integrations.errors import BadAnswer, Unavailable
from integrations.readers import protocol

ROOT = Path(__file__).parents[1]
ENVIRONMENT = {"PATH": os.defpath, "LC_ALL": "C.UTF-8", "OMP_NUM_THREADS": "1"}
# all that a reader gets of ours


@dataclass(frozen=True)
class Bounds:
    """What a reader may take."""

    timeout_s: float = 25.0
    # from its start to its answer; then it is killed
    memory_mb: int = 1_500
    # of addresses; both readers were seen below 1,200
    longest_s: int = 30
    # of a sound


class ReaderProcess:
    """Asks a program that speaks integrations/readers/protocol.py. `command` is written as for a shell."""

    def __init__(self, command: str, bounds: Bounds = Bounds()) -> None:
        self._command = shlex.split(command)
        self._bounds = bounds

    async def read(self, content: bytes) -> tuple[str, ...]:
        """The lines that were heard or seen; none when there are none.

        Raises Unavailable when the reader does not start, dies or is late, BadAnswer when it answers something else
        or cannot read the file.
        """
        question = protocol.question(content, self._bounds.longest_s)
        try:
            async with asyncio.timeout(self._bounds.timeout_s):
                line = await self._asked(question)
        except (OSError, TimeoutError) as error:
            raise Unavailable(f"reader: {type(error).__name__}") from None
        if not line:
            raise Unavailable("reader: it ended without an answer")
        try:
            return protocol.answer(line)
        except (protocol.Unread, ValueError, RecursionError) as error:
            raise BadAnswer(f"reader: {type(error).__name__}") from None

    async def _asked(self, question: bytes) -> bytes:
        """The first line that the program says; whatever happens, it is gone afterwards."""
        process = await asyncio.create_subprocess_exec(
            *self._command,
            stdin=PIPE,
            stdout=PIPE,
            stderr=DEVNULL,
            cwd=ROOT,
            env=ENVIRONMENT,
            start_new_session=True,
            limit=protocol.LONGEST_ANSWER,
        )
        try:
            _hold(process.pid, self._bounds)
            return await _told(process, question)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()


async def _told(process: Process, question: bytes) -> bytes:
    """What a process says to a question. Raises OSError, also for a line that never ends."""
    if process.stdin is None or process.stdout is None:
        raise OSError("no pipes")
    process.stdin.write(question)
    with contextlib.suppress(ConnectionError):
        await process.stdin.drain()
        # what it said before it stopped listening counts all the same
    process.stdin.close()
    try:
        return await process.stdout.readline()
    except ValueError as error:
        raise OSError("a line without an end") from error


def _hold(pid: int, bounds: Bounds) -> None:
    """Memory, processor time, and no file may be written; where the system knows such bounds (Linux)."""
    if not hasattr(resource, "prlimit"):
        return
    memory, cpu_s = bounds.memory_mb * 2**20, round(bounds.timeout_s) * 2 + 1
    limits = {resource.RLIMIT_AS: memory, resource.RLIMIT_CPU: cpu_s, resource.RLIMIT_FSIZE: 0, resource.RLIMIT_CORE: 0}
    with contextlib.suppress(ProcessLookupError):
        for limit, most in limits.items():
            resource.prlimit(pid, limit, (most, most))
