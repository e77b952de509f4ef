"""What a draft does to finding procedures, measured beside the serving: another process asks the labelled questions.

What is known of it lies with the draft, so that every process shows the same progress:
{"version", "started_at", "said_at", "done", "of"}, in the end with "result" (evals/effect.py) or "ended" (a State).
"""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import closing
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any

from bot import program, settings
from bot.catalogue_drafts import CatalogueDrafts, Draft
from bot.settings import Settings

log = logging.getLogger(__name__)

LONGEST = timedelta(minutes=5)
# of a measurement: what takes longer is ended
SILENT = timedelta(minutes=1)
# a measurement that says nothing for so long has died with its process
TOLD_EVERY = timedelta(seconds=2)
# progress is written down so often
Record = Mapping[str, Any]
Measure = Callable[[Record, Record], Generator[Mapping[str, Any], None, None]]
# (before, after) -> its progress, the result last; an empty one now and then: it lives. Closing it ends it


class State(StrEnum):
    """How a measurement stands."""

    RUNS = "runs"
    DONE = "done"
    STOPPED = "stopped"
    # by a person
    TOO_LONG = "too_long"
    FAILED = "failed"
    BROKEN = "broken"
    # nobody knows: its process is gone


class DraftEffect:
    """Measures drafts, one thread each."""

    def __init__(
        self, drafts: CatalogueDrafts, measure: Measure, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._drafts = drafts
        self._measure = measure
        self._clock = clock

    def state(self, draft: Draft) -> State | None:
        """How the last measurement of a draft stands, of whichever version; None when there was none."""
        return state(draft.measured, self._clock())

    def start(self, draft: Draft) -> threading.Thread | None:
        """Measure this version; None while that runs already, or when the record cannot be read yet."""
        record, faults = self._drafts.record(draft)
        if faults or self._runs(draft):
            return None
        now = self._clock().isoformat()
        begun = {"version": draft.version, "started_at": now, "said_at": now, "done": 0, "of": 0}
        self._drafts.begin_effect(draft.id, begun)
        thread = threading.Thread(target=self._run, args=[draft, record, begun], daemon=True)
        thread.start()
        return thread

    def stop(self, draft: Draft) -> None:
        """End what runs; the thread that measures, in whichever process, hears of it within seconds."""
        if draft.measured is not None and self.state(draft) is State.RUNS:
            self._drafts.note_effect(draft.id, {**draft.measured, "ended": State.STOPPED.value})

    def _runs(self, draft: Draft) -> bool:
        """Whether somebody measures this version at the moment."""
        return self.state(draft) is State.RUNS and (draft.measured or {})["version"] == draft.version

    def _run(self, draft: Draft, record: Record, begun: Record) -> None:
        ended = State.FAILED
        try:
            with closing(self._measure(self._drafts.before(draft), record)) as told:
                ended = self._followed(draft, told, begun)
        except (OSError, ValueError, subprocess.SubprocessError) as error:
            log.error("the effect of draft %s was not measured: %s", draft.id, error)
        if ended is not State.DONE:
            self._drafts.note_effect(draft.id, {**begun, "ended": ended.value})

    def _followed(self, draft: Draft, told: Generator[Record, None, None], begun: Record) -> State:
        """Write down what a measurement says until it ends, is stopped, or has taken too long."""
        started_at = written_at = datetime.fromisoformat(begun["started_at"])
        noted = dict(begun)
        for said in told:
            now = self._clock()
            noted |= {**said, "said_at": now.isoformat()}
            if now - started_at > LONGEST:
                return State.TOO_LONG
            if "result" in said or now - written_at >= TOLD_EVERY:
                written_at = now
                if not self._drafts.note_effect(draft.id, noted):
                    return State.STOPPED
        return State.DONE if "result" in noted else State.FAILED


def state(said: Record | None, now: datetime) -> State | None:
    """How a measurement stands that says this of itself. Pure."""
    if said is None:
        return None
    if "result" in said:
        return State.DONE
    if "ended" in said:
        return State(said["ended"])
    last = datetime.fromisoformat(said.get("said_at", said["started_at"]))
    return State.RUNS if now - last < SILENT else State.BROKEN


def by_evaluation(chosen: Settings, tests: Callable[[], Iterable[Mapping[str, Any]]]) -> Measure:
    """With `python -m evals effect` in a process of its own: it needs a core for a while, and the encoder's memory.

    `tests`: the sentences that editors made of lost questions (bot/lost_decisions.py), asked besides.
    """

    def measure(before: Record, after: Record) -> Generator[Mapping[str, Any], None, None]:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "draft.json"
            path.write_text(json.dumps({"before": before, "after": after, "tests": [*tests()]}), encoding="utf-8")
            command = [sys.executable, "-m", "evals", "effect", str(path)]
            with closing(program.lines(command, settings.environment(chosen))) as told:
                yield from told

    return measure
