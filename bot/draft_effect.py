"""What a draft does to finding procedures, measured beside the serving: another process asks the labelled questions.

What is known of it lies with the draft, so that every process shows the same progress:
{"version", "started_at", "done", "of"}, in the end with "result" (evals/effect.py) or "failed".
"""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bot import settings
from bot.catalogue_drafts import CatalogueDrafts, Draft
from bot.settings import Settings

log = logging.getLogger(__name__)

ROOT = Path(__file__).parents[1]
LONGEST = timedelta(minutes=15)
# a measurement that says nothing for so long has died with its process
Record = Mapping[str, Any]
Measure = Callable[[Record, Record], Iterator[Mapping[str, Any]]]
# (before, after) -> its progress, the result last


class DraftEffect:
    """Measures drafts, one thread each."""

    def __init__(
        self, drafts: CatalogueDrafts, measure: Measure, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._drafts = drafts
        self._measure = measure
        self._clock = clock

    def start(self, draft: Draft) -> threading.Thread | None:
        """Measure this version; None while that runs already, or when the record cannot be read yet."""
        record, faults = self._drafts.record(draft)
        if faults or runs(draft, self._clock()):
            return None
        begun = {"version": draft.version, "started_at": self._clock().isoformat(), "done": 0, "of": 0}
        self._drafts.note_effect(draft.id, begun)
        thread = threading.Thread(target=self._run, args=[draft, record, begun], daemon=True)
        thread.start()
        return thread

    def _run(self, draft: Draft, record: Record, begun: Record) -> None:
        try:
            for told in self._measure(self._drafts.before(draft), record):
                self._drafts.note_effect(draft.id, {**begun, **told})
        except (OSError, ValueError, subprocess.SubprocessError) as error:
            log.error("the effect of draft %s was not measured: %s", draft.id, error)
            self._drafts.note_effect(draft.id, {**begun, "failed": True})


def runs(draft: Draft, now: datetime) -> bool:
    """Whether somebody measures this version at the moment."""
    said = draft.measured
    if not said or said["version"] != draft.version or "result" in said or "failed" in said:
        return False
    return now - datetime.fromisoformat(said["started_at"]) < LONGEST


def by_evaluation(chosen: Settings) -> Measure:
    """With `python -m evals effect` in a process of its own: it needs a minute of a core, and the encoder's memory."""

    def measure(before: Record, after: Record) -> Iterator[Mapping[str, Any]]:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "draft.json"
            path.write_text(json.dumps({"before": before, "after": after}), encoding="utf-8")
            yield from _lines([sys.executable, "-m", "evals", "effect", str(path)], settings.environment(chosen))

    return measure


def _lines(command: list[str], environment: dict[str, str]) -> Iterator[Mapping[str, Any]]:
    """The JSON lines of a program. Raises CalledProcessError."""
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            yield json.loads(line)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
