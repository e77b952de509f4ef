"""Metrics: counts for those who watch over the service, without a code and without a person."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from starlette.applications import Starlette
from starlette.testclient import TestClient

from bot import desks
from bot.backlog import KEPT_S, SAYS, Backlog, Past, recent
from bot.flood import Bound
from bot.meters import LABELS, METERS, PREFIX, Gauge, Meters, forget_ended, known
from bot.observation import Observer, WatchedReader
from bot.portals import PORTALS
from bot.store import Store
from bot.worker import Worker
from integrations.errors import BadAnswer, NotFound, Unavailable
from integrations.resilient import Patience, Resilient
from nlu.errors import Unavailable as NoReading
from nlu.understanding import Reading
from tests import town
from tests.test_resilience import Clock as Seconds
from tests.test_resilience import Scripted
from tests.town import DOSSIER_CODE, MORNING, Clock
from web import metrics


def shown(meters: Meters, gauges: Iterable[Gauge] = ()) -> dict[str, float]:
    """Name and labels of everything that is not nought, without the buckets."""
    lines = [line for line in meters.text(gauges).decode().splitlines() if not line.startswith("#")]
    split = (line.removeprefix(PREFIX).rsplit(" ", 1) for line in lines if "_bucket{" not in line)
    return {name: float(value) for name, value in split if float(value)}


def answering(database: Store, meters: Meters, portal: object = None) -> Worker:
    """A worker of the town that is watched."""
    made = town.assistant(None, portal)
    return Worker(database, lambda: made, Clock(), observer=Observer(meters))


def test_a_turn_is_counted_and_timed(database: Store) -> None:
    """How a turn ended, what it took, step by step, and an answer of a portal that was not believed."""
    meters = Meters()
    worker = answering(database, meters, town.Book(BadAnswer("another dossier")))
    for number, text in enumerate((DOSSIER_CODE, "xin chào")):
        town.say(database, text, str(number))
        assert worker.step()
    found = shown(meters)
    assert found['turns_total{channel="webchat",outcome="portal_down"}'] == 1
    assert found['turns_total{channel="webchat",outcome="small_talk"}'] == 1
    assert found["bad_answers_total"] == 1
    assert found['turn_seconds_count{channel="webchat"}'] == found['answer_seconds_count{channel="webchat"}'] == 2
    assert {name for name in found if name.startswith("step_seconds_count")} == {
        f'step_seconds_count{{step="{step}"}}' for step in LABELS["step"]
    }
    assert DOSSIER_CODE not in meters.text().decode()


def test_a_turn_that_fails_is_counted(database: Store) -> None:
    """Our own mistake is an error of its channel, and no turn."""
    meters = Meters()
    worker = answering(database, meters, town.Book(ZeroDivisionError()))
    town.say(database, DOSSIER_CODE)
    assert worker.step()
    found = shown(meters)
    assert found['turn_failures_total{channel="webchat"}'] == 1
    assert not [name for name in found if name.startswith("turns_total")]


def test_a_portal_is_watched() -> None:
    """How look-ups ended, how long calls took, and until when the portal is left alone."""
    meters, script = Meters(), Scripted()
    portal = Resilient("city", script, Patience(failures=2), Seconds(), Observer(meters))
    portal.find("A")
    for error in (NotFound(), Unavailable(), Unavailable(), Unavailable()):
        script.error = error
        with pytest.raises((NotFound, Unavailable)):
            portal.find("B")
    found = shown(meters)
    assert found['portal_calls_total{ended="answered",portal="city"}'] == 1
    assert found['portal_calls_total{ended="Unavailable",portal="city"}'] == 3
    assert found['neighbour_seconds_count{neighbour="city"}'] == 4
    # the last question was answered by the breaker
    assert found['neighbour_failures_total{neighbour="city"}'] == 2
    assert found['portal_rests_until_timestamp_seconds{portal="city"}'] > time.time()


def test_a_portal_that_works_again_rests_no_more() -> None:
    """Once a call brings an answer the rest is over."""
    meters, script, clock = Meters(), Scripted(), Seconds()
    portal = Resilient("city", script, Patience(failures=1), clock, Observer(meters))
    script.error = Unavailable()
    with pytest.raises(Unavailable):
        portal.find("A")
    script.error, clock.at_s = None, 1000.0
    portal.find("A")
    assert "portal_rests_until_timestamp_seconds" not in "".join(shown(meters))


class Silent:
    """An engine that never answers."""

    def read(self, text: str) -> Reading:
        """Raises Unavailable."""
        raise NoReading("silent")

    def close(self) -> None: ...


def test_rasa_is_watched() -> None:
    """A reading that Rasa owes is timed and counted as a failure."""
    meters = Meters()
    with pytest.raises(NoReading):
        WatchedReader("rasa", Silent(), Observer(meters)).read("xin")
    found = shown(meters)
    assert (
        found['neighbour_failures_total{neighbour="rasa"}'] == found['neighbour_seconds_count{neighbour="rasa"}'] == 1
    )


def test_what_waits_is_shown(database: Store) -> None:
    """Age and number of messages, replies and tickets that wait."""
    clock, backlog = Clock(), Backlog(database, desks.load(), Clock())
    clock.at = MORNING
    town.say(database, "gặp cán bộ", "1")
    town.say(database, "xin chào", "2", "minh")
    worker = town.worker(database, clock=clock)
    assert worker.step()
    clock.at = MORNING + timedelta(minutes=3)
    found = shown(Meters(), Backlog(database, desks.load(), clock).gauges())
    assert found['inbox_waiting{channel="webchat"}'] == 1
    assert found['inbox_oldest_seconds{channel="webchat"}'] == 180
    assert found['outbox_waiting{channel="webchat"}'] == 1
    assert found['recent_turns{kind="all"}'] == found['recent_turns{kind="handed_off"}'] == 1
    assert found['tickets_open{desk="thanh_pho",stage="queued"}'] == 1
    assert found['tickets_oldest_wait_seconds{desk="thanh_pho"}'] == 180
    assert found["database_reached"] == 1 and backlog.gauges()


def test_what_waits_is_read_seldom(database: Store) -> None:
    """Whoever asks often reads the database no more often than every KEPT_S."""
    clock = Clock()
    backlog = Backlog(database, desks.load(), clock)
    first = backlog.gauges()
    assert backlog.gauges() is first
    clock.at += timedelta(seconds=KEPT_S)
    assert backlog.gauges() is not first


def test_a_database_that_is_away_is_said(tmp_path: Path) -> None:
    """Without a database the page is there and says so."""
    database = town.store(tmp_path)
    with database.writing() as connection:
        connection.execute(sa.text("ALTER TABLE turn RENAME TO gone"))
    gauges = Backlog(database, desks.load(), Clock()).gauges()
    assert [(gauge.name, gauge.value) for gauge in gauges] == [("database_reached", 0)]
    database.close()


@pytest.mark.parametrize(
    ("outcomes", "minutes", "asked_again", "handed_off"),
    [
        (("answered", "not_understood"), 1, 1, 0),
        (("answered", "handed_off"), 1, 1, 1),
        (("answered", "handed_off"), 5, 0, 0),
        (("answered", "answered"), 1, 0, 0),
        (("small_talk", "handed_off"), 1, 0, 0),
    ],
)
def test_signs_of_a_wrong_answer(outcomes: tuple[str, str], minutes: int, asked_again: int, handed_off: int) -> None:
    """Answered, and within two minutes not helped: maybe the answer was wrong."""
    turns = [Past(1, name, MORNING + number * timedelta(minutes=minutes)) for number, name in enumerate(outcomes)]
    counted = {gauge.labels["kind"]: gauge.value for gauge in recent([*turns, Past(2, "handed_off", MORNING)])}
    assert (counted["asked_again"], counted["handed_off_after_answer"]) == (asked_again, handed_off)
    assert counted["all"] == 3


def test_labels_are_closed_lists() -> None:
    """Only what is known becomes a label, and the lists are those of the parts that count."""
    assert known("channel", "0912345678") == "other"
    assert set(LABELS["limit"]) == set(Bound) and set(LABELS["portal"]) == set(PORTALS)
    assert set(LABELS["neighbour"]) == {"rasa", *PORTALS}
    assert {label for meter in METERS.values() for label in meter.labels} == set(LABELS)


def test_everything_says_what_it_is(database: Store) -> None:
    """Every name that is exported has a line of HELP."""
    text = Meters().text(Backlog(database, desks.load(), Clock()).gauges()).decode()
    helped = set(re.findall(r"^# HELP mot_cua_(\w+) \S.{10,}$", text, re.MULTILINE))
    counted = {f"{name}_total" if meter.kind == "counter" else name for name, meter in METERS.items()}
    assert helped == counted | (set(SAYS) - {"zalo_token_expires_timestamp_seconds"})
    typed = set(re.findall(r"^# TYPE mot_cua_(\w+) ", text, re.MULTILINE))
    assert typed == helped


COUNTS = (
    "import os, signal, sys; from pathlib import Path; from bot.meters import Meters;"
    "meters = Meters.together(Path(sys.argv[1])); meters.count('readings', engine='rasa');"
)
WAITS = "print('ready', flush=True); sys.stdin.readline(); print(meters.text().decode())"
DIES = "os.kill(os.getpid(), signal.SIGKILL)"


def test_processes_count_together(tmp_path: Path) -> None:
    """What a process counted is in the sum of the others, also after it was killed."""
    command = [sys.executable, "-c"]
    with subprocess.Popen(
        [*command, COUNTS + WAITS, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as reader:
        assert reader.stdout is not None and reader.stdout.readline() == "ready\n"
        subprocess.run([*command, COUNTS + DIES, str(tmp_path)])
        told = reader.communicate("\n", timeout=60)[0]
    assert 'mot_cua_readings_total{engine="rasa"} 2.0' in told.splitlines()
    assert "# HELP mot_cua_readings_total Turns by the engine" in told


def test_counts_of_the_dead_go_when_nobody_counts(tmp_path: Path) -> None:
    """While a process counts, nothing is taken from the sum; with nobody there it begins anew."""
    dead = tmp_path / "counter_4194305.db"
    living = tmp_path / "counter_1.db"
    for path in (dead, living):
        path.touch()
    forget_ended(tmp_path)
    assert dead.exists()
    living.unlink()
    forget_ended(tmp_path)
    assert not dead.exists()


@pytest.mark.parametrize(
    ("host", "networks", "status"),
    [
        ("127.0.0.1", (), 200),
        ("203.0.113.7", (), 404),
        ("10.1.2.3", ("10.0.0.0/8",), 200),
        ("a-name", ("10.0.0.0/8",), 404),
    ],
)
def test_who_may_read_them(host: str, networks: tuple[str, ...], status: int) -> None:
    """This machine, and the networks that are set; from elsewhere there is no such page."""
    client = TestClient(Starlette(routes=[metrics.route(bytes, networks)]), client=(host, 50_000))
    assert client.get("/metrics").status_code == status


def test_what_waits_is_read_over_indexes(tmp_path: Path) -> None:
    """No query goes through a whole table of messages, replies or tickets: the page costs the same after years."""
    asked, database = list[tuple[str, Any]](), town.store(tmp_path)

    def note(connection: Any, cursor: Any, text: str, values: Any, *rest: Any) -> None:
        asked.append((text, values))

    sa.event.listen(database.engine, "before_cursor_execute", note)
    Backlog(database, desks.load(), Clock()).gauges()
    with database.reading() as connection:
        plans = [
            step.detail
            for text, values in asked
            if text.startswith("SELECT")
            for step in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", values)
        ]
    over = (
        "ix_inbox_status_id (status=?)",
        "ix_outbox_channel_status (channel=? AND status=?)",
        "ix_ticket_state_desk",
    )
    assert all(any(index in plan for plan in plans) for index in over)
    assert not [plan for plan in plans if plan.startswith(("SCAN inbox", "SCAN outbox", "SCAN ticket"))]
    assert not [plan for plan in plans if "autoindex" in plan]
    database.close()
