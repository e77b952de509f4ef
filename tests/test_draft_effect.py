"""How a draft's measurement goes on and ends: in time, by a person, by itself, or with its process."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Generator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot import program
from bot.catalogue_drafts import CatalogueDrafts
from bot.draft_effect import LONGEST, SILENT, DraftEffect, State, state
from bot.store import Store
from tests.editing import RESULT, prepared
from tests.town import COPY, EDITED, MORNING, Clock

SAID = {"version": 1, "started_at": MORNING.isoformat(), "said_at": MORNING.isoformat(), "done": 1, "of": 4}
SECOND = timedelta(seconds=1)


class Room:
    """A draft that is measured by a script: what is said, and how long each word takes."""

    def __init__(self, store: Store, folder: Path) -> None:
        self.clock, self.steps = Clock(), list[tuple[Mapping[str, Any], float]]()
        self.drafts = CatalogueDrafts(store, prepared(folder, EDITED), clock=self.clock)
        self.id, self.is_closed = self.drafts.open(COPY, "an"), False
        self.effect = DraftEffect(self.drafts, self._measure, self.clock)

    def _measure(self, before: Any, after: Any) -> Generator[Mapping[str, Any], None, None]:
        try:
            for said, after_s in self.steps:
                self.clock.move(after_s)
                yield said
        finally:
            self.is_closed = True

    def measured(self, *steps: tuple[Mapping[str, Any], float]) -> Mapping[str, Any]:
        """Measure to the end; what is kept."""
        self.steps = list(steps)
        thread = self.effect.start(self.drafts.of(self.id))
        assert thread is not None
        thread.join()
        return self.drafts.of(self.id).measured or {}


@pytest.fixture
def room(database: Store, tmp_path: Path) -> Room:
    """One room."""
    return Room(database, tmp_path)


@pytest.mark.parametrize(
    ("steps", "ended"),
    [
        ([({"done": 1, "of": 2}, 3), ({}, 1), ({"result": RESULT}, 1)], State.DONE),
        ([({}, 3), ({"done": 1, "of": 2}, LONGEST.total_seconds())], State.TOO_LONG),
        ([({"done": 1, "of": 2}, 3)], State.FAILED),
        ([], State.FAILED),
    ],
)
def test_every_measurement_ends(room: Room, steps: Sequence[Any], ended: State) -> None:
    """With a result, with too long a time, or with nothing said: the draft says which, and another can be begun."""
    said = room.measured(*steps)
    assert state(said, room.clock()) is ended and room.is_closed
    assert room.measured(({"result": RESULT}, 1))["result"] == RESULT


def test_a_person_ends_it(room: Room) -> None:
    """Stopped while it runs, it is closed at its next word, writes nothing more, and can be begun again."""

    def stopping() -> Generator[Mapping[str, Any], None, None]:
        yield {"done": 1, "of": 9}
        room.effect.stop(room.drafts.of(room.id))
        room.clock.move(3)
        yield {"done": 2, "of": 9}
        yield {"result": RESULT}

    effect = DraftEffect(room.drafts, lambda before, after: stopping(), room.clock)
    room.effect = effect
    said = room.measured()
    assert (said["ended"], effect.state(room.drafts.of(room.id))) == (State.STOPPED, State.STOPPED)
    assert "result" not in said


def test_the_newer_measurement_counts(room: Room) -> None:
    """What an older one still says, of another version, is not written over the newer one."""
    older = {**SAID, "started_at": (room.clock() - SECOND).isoformat()}
    room.drafts.begin_effect(room.id, older)
    assert room.drafts.note_effect(room.id, {**older, "done": 2})
    newer = {**SAID, "started_at": room.clock().isoformat()}
    room.drafts.begin_effect(room.id, newer)
    assert not room.drafts.note_effect(room.id, {**older, "result": RESULT})
    assert room.drafts.of(room.id).measured == newer


def test_one_that_runs_is_not_begun_again(room: Room) -> None:
    """Nobody measures a version twice at a time; one that is silent for a minute does not stand in the way."""
    room.drafts.begin_effect(
        room.id, {**SAID, "started_at": room.clock().isoformat(), "said_at": room.clock().isoformat()}
    )
    assert room.effect.start(room.drafts.of(room.id)) is None
    room.clock.move(SILENT.total_seconds())
    assert "result" in room.measured(({"result": RESULT}, 1))


@pytest.mark.parametrize(
    ("said", "after", "found"),
    [
        (None, SECOND, None),
        (SAID, SILENT - SECOND, State.RUNS),
        (SAID, SILENT, State.BROKEN),
        ({**SAID, "result": RESULT}, SILENT, State.DONE),
        ({**SAID, "ended": "stopped"}, SILENT, State.STOPPED),
        ({"version": 1, "started_at": MORNING.isoformat(), "failed": True}, SILENT, State.BROKEN),
    ],
)
def test_what_is_kept_says_how_it_stands(said: Any, after: timedelta, found: State | None) -> None:
    """Also what was kept by an older version of the program."""
    assert state(said, MORNING + after) is found


def program_of(code: str) -> list[str]:
    """A program of a few words."""
    return [sys.executable, "-c", code]


def test_a_program_is_heard_line_by_line() -> None:
    """Its lines come in their order, with empty ones while it is silent."""
    code = "import time; print('{\"done\": 1}', flush=True); time.sleep(0.3); print('{\"done\": 2}')"
    said = list(program.lines(program_of(code), {}, beat_s=0.05))
    assert [line for line in said if line] == [{"done": 1}, {"done": 2}] and {} in said


def test_who_stops_listening_ends_the_program(tmp_path: Path) -> None:
    """Closed, the program is gone at once, though it would have gone on for an hour."""
    path = tmp_path / "pid"
    written = f"import os, time; open({str(path)!r}, 'w').write(str(os.getpid())); "
    code = written + "print('{}', flush=True); time.sleep(3600)"
    begun, told = time.monotonic(), program.lines(program_of(code), {})
    assert next(told) == {}
    told.close()
    assert time.monotonic() - begun < 60 and not Path(f"/proc/{path.read_text() or 0}").exists()


@pytest.mark.parametrize(
    ("code", "error"), [("raise SystemExit(3)", subprocess.CalledProcessError), ("print('x')", json.JSONDecodeError)]
)
def test_a_program_that_fails_is_no_result(code: str, error: type[Exception]) -> None:
    """An exit code and a line that is no JSON are errors, which the draft tells as "failed"."""
    with pytest.raises(error):
        list(program.lines(program_of(code), {}))
