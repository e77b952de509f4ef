"""Every change told once and in time: many people follow dossiers at a portal that changes some of them.

`python -m evals.following --followers 100000 --interval-s 370` fills a fresh SQLite database with followers, starts a
portal of the City's shape and a process with the pollers and a sender that takes what they write out of the outbox, and
compares what changed with what was told. `--kills 10` ends that process by SIGKILL at random moments and starts it
anew; `--again 0.2` lets a share change twice. Exit code 1 when something was missed, told twice or too late. The
interval of a run is shorter than the usual 60 minutes: the portal is asked as much more often.
"""

from __future__ import annotations

import argparse
import json
import random
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from os import getloadavg
from pathlib import Path

import sqlalchemy as sa

from bot import portals, tables
from bot.conversation import Conversation, Owner
from bot.followers import LEASE
from bot.following import LONGEST, SOONEST, Plan
from bot.loop import Loop
from bot.outbox import Outbox
from bot.poller import Poller
from bot.settings import Settings
from bot.store import Store, open_store
from evals.changing_portal import FIGURES_PATH, LABELS, TOKEN_PATH, Changes, code
from evals.process import cpu_s, memory_mb
from evals.site import ROOT, free_port, get, until

CHANNEL = "telegram"
SHARED = 0.05
# of the dossiers have a second follower
CHUNK = 5_000
WINDOW = 0.5
# part of the interval in which first changes happen
START_S = 5.0
# until a process that is started asks
LOOK_EVERY_S = 1.0
ON_THE_WAY_S = 10.0
# after the last interval


@dataclass(frozen=True)
class Run:
    """What is done."""

    followers: int = 100_000
    interval_s: float = 370.0
    threads: int = 6
    per_s: float = 2_000.0
    kills: int = 0
    again: float = 0.0
    # share of the changing dossiers that change a second time
    seed: int = 1

    @property
    def shared(self) -> int:
        """Dossiers with two followers."""
        return round(self.followers * SHARED / (1 + SHARED))

    @property
    def dossiers(self) -> int:
        """Dossiers that are followed."""
        return self.followers - self.shared

    @property
    def lasts_s(self) -> float:
        """Changes happen, maybe second ones; the last of them has an interval to be told."""
        return WINDOW * self.interval_s + self.gap_s * bool(self.again) + self.longest_s + ON_THE_WAY_S

    @property
    def longest_s(self) -> float:
        """A change is told within the interval; what a killed process held is free after its lease."""
        return self.interval_s + (LEASE.total_seconds() + START_S if self.kills else 0)

    @property
    def gap_s(self) -> float:
        """Between two changes of a dossier: when they are closer, one message may tell both."""
        return self.longest_s * 1.05

    def plan(self) -> Plan:
        """The pollers' plan: day and night, the interval of the run."""
        return Plan(timedelta(seconds=self.interval_s), 0, 24, self.per_s)

    def changes(self, start: float) -> Changes:
        """What the portal does."""
        return Changes(self.dossiers, start, WINDOW * self.interval_s, self.gap_s, again=self.again, seed=self.seed)


@dataclass
class Load:
    """What the pollers' process used."""

    cpu_s: float = 0.0
    peak_mb: float = 0.0
    portal_cpu_s: float = 0.0
    starts: list[float] = field(default_factory=list)


@dataclass(frozen=True)
class Outcome:
    """What was seen."""

    run: Run
    changes: int
    expected: int
    # messages
    missed: int
    doubled: int
    strange: int
    # messages about no change
    waits_s: Sequence[float]
    # from the change to the message, shortest first
    asked: Mapping[str, float]
    load: Load
    database_mb: float

    @property
    def late(self) -> int:
        """Messages that came later."""
        return sum(wait > self.run.longest_s for wait in self.waits_s)

    @property
    def is_good(self) -> bool:
        """Nothing is wrong, and no dossier was asked for too often."""
        often = not self.run.kills and self.asked["closest_s"] < SOONEST * self.run.interval_s - 1
        return not (self.missed or self.doubled or self.strange or self.late or often)


def run(plan: Run) -> Outcome:
    """Fill, start, wait, compare."""
    with tempfile.TemporaryDirectory() as name:
        database, port = Path(name) / "mot_cua.db", free_port()
        fill(database, plan)
        start = time.time() + 15
        changes, load = plan.changes(start), Load()
        with _portal(port, changes) as portal:
            _play(plan, database, port, start, load)
            load.portal_cpu_s = cpu_s(portal.pid)
            asked = get(f"http://127.0.0.1:{port}{FIGURES_PATH}")
        return _judge(plan, changes, database, asked, load)


def fill(database: Path, plan: Run) -> None:
    """People who began to follow before the run; their dossiers are due all over the first interval."""
    store, now = open_store(f"sqlite:///{database}"), datetime.now(UTC)
    chance = random.Random(plan.seed)
    for first in range(0, plan.followers, CHUNK):
        numbers = range(first, min(first + CHUNK, plan.followers))
        with store.writing() as connection:
            connection.execute(sa.insert(tables.conversation), [_conversation(number, now) for number in numbers])
            new = [_watched(number, now, chance.random(), plan) for number in numbers if number < plan.dossiers]
            if new:
                connection.execute(sa.insert(tables.watched), new)
            connection.execute(sa.insert(tables.followed), [_followed(number, now, plan) for number in numbers])
    store.close()


def _conversation(number: int, now: datetime) -> dict[str, object]:
    state = Conversation().state()
    return {
        "id": number + 1, "channel": CHANNEL, "address": str(number), "owner": Owner.BOT.value, "state": state,
        "updated_at": now,
    }  # fmt: skip


def _watched(number: int, now: datetime, draw: float, plan: Run) -> dict[str, object]:
    due = now + timedelta(seconds=15 + draw * SOONEST * plan.interval_s)
    return {"code": code(number), "next_ask_at": due, "failures": 0, "missing": 0}


def _followed(number: int, now: datetime, plan: Run) -> dict[str, object]:
    """The last followers have no dossier of their own: they follow one of somebody else."""
    return {
        "conversation_id": number + 1, "code": code(number % plan.dossiers), "followed_at": now, "until": now + LONGEST,
        "label": LABELS[0], "due_on": datetime(2027, 11, 1).date(), "completed_on": None,
        "seen_at": now - timedelta(minutes=1), "due_told": None, "told": 0,
    }  # fmt: skip


@contextmanager
def _portal(port: int, changes: Changes) -> Iterator[subprocess.Popen[bytes]]:
    options = [part for name, value in asdict(changes).items() for part in (f"--{name}", str(value))]
    command = [sys.executable, "-m", "evals.changing_portal", "--port", str(port), *options]
    with subprocess.Popen(command, cwd=ROOT) as process:
        try:
            until(lambda: _answers(port), 30)
            yield process
        finally:
            process.kill()


def _answers(port: int) -> bool:
    try:
        return bool(get(f"http://127.0.0.1:{port}{FIGURES_PATH}"))
    except OSError:
        return False


def _play(plan: Run, database: Path, port: int, start: float, load: Load) -> None:
    """The pollers' process, killed and started again at moments of chance."""
    chance = random.Random(plan.seed)
    ends = [start + chance.random() * (plan.lasts_s - ON_THE_WAY_S) for _ in range(plan.kills)]
    for end in (*sorted(ends), start + plan.lasts_s):
        command = [sys.executable, "-m", "evals.following", "--work", str(database), "--port", str(port)]
        command += ["--interval-s", str(plan.interval_s), "--threads", str(plan.threads), "--per-s", str(plan.per_s)]
        load.starts.append(time.time())
        with subprocess.Popen(command, cwd=ROOT) as process:
            used = 0.0
            while time.time() < end:
                time.sleep(min(LOOK_EVERY_S, max(0.0, end - time.time())))
                used, load.peak_mb = cpu_s(process.pid), max(load.peak_mb, memory_mb(process.pid))
            process.kill()
        load.cpu_s += used


def work(database: Path, port: int, plan: Run) -> None:
    """The process that is measured: pollers as in production, and a sender, until it is killed."""
    store, address = Store(f"sqlite:///{database}"), f"http://127.0.0.1:{port}"
    portal = portals.dossiers(
        Settings(
            portal_url=address,
            portal_token_url=address + TOKEN_PATH,
            portal_client_id="us",
            portal_client_secret="secret",
            portal_at_once=plan.threads,
            portal_fresh_s=0,  # intervals here are shorter than what is remembered otherwise
        )
    )
    outbox = Outbox(store)

    def send() -> bool:
        delivery = outbox.take(CHANNEL, datetime.now(UTC))
        if delivery is not None:
            outbox.sent(delivery.id, datetime.now(UTC))
        return delivery is not None

    for loop in (Loop(Poller(store, portal, plan.plan()).step, plan.threads), Loop(send)):
        loop.start()
    threading.Event().wait()


def _judge(plan: Run, changes: Changes, database: Path, asked: Mapping[str, float], load: Load) -> Outcome:
    """Each change of a dossier against what each of its followers was told."""
    told = _told(database)
    moments = {number: found for number in range(plan.dossiers) if (found := changes.of(number))}
    waits: list[float] = []
    missed = doubled = expected = 0
    for follower in range(plan.followers):
        mine = told.pop(follower, {})
        for count, moment in enumerate(moments.get(follower % plan.dossiers, ()), 1):
            expected += 1
            sent = mine.pop(LABELS[count], [])
            missed, doubled = missed + (not sent), doubled + (len(sent) > 1)
            waits += [min(sent) - moment] if sent else []
        told |= {follower: mine} if mine else {}
    size_mb = sum(path.stat().st_size for path in database.parent.glob(f"{database.name}*")) / 1e6
    count = sum(len(found) for found in moments.values())
    return Outcome(plan, count, expected, missed, doubled, len(told), sorted(waits), asked, load, size_mb)


def _told(database: Path) -> dict[int, dict[str, list[float]]]:
    """Follower -> status that was told -> moments at which the sender had it."""
    with closing(sqlite3.connect(database)) as connection:
        rows = connection.execute("SELECT address, reply, sent_at FROM outbox WHERE key LIKE 'follow:%'").fetchall()
    found: dict[int, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for address, reply, sent_at in rows:
        first = json.loads(reply)["blocks"][0]["lines"][0]
        label = next(item for item in LABELS if first.endswith(f"“{item}”."))
        at = datetime.fromisoformat(sent_at).replace(tzinfo=UTC).timestamp() if sent_at else float("inf")
        found[int(address)][label].append(at)
    return found


def report(outcome: Outcome) -> str:
    """The figures, a line each."""
    plan, load, waits = outcome.run, outcome.load, outcome.waits_s
    seconds = plan.lasts_s
    quantiles = [waits[min(len(waits) - 1, int(len(waits) * part))] for part in (0.5, 0.99)] if waits else [0.0, 0.0]
    questions = outcome.asked["requests"]
    told = f"{quantiles[0]:.0f} s, {quantiles[1]:.0f} s, {max(waits, default=0):.0f} s"
    rate = f"{questions:,.0f}, {questions / seconds:.0f}, {outcome.asked['most_per_s']:.0f}"
    cpu = f"{load.cpu_s / seconds * 100:.0f} % of one core, {load.cpu_s / questions * 1000:.2f} ms a question"
    rows = [
        ("followers, dossiers, interval", f"{plan.followers:,}, {plan.dossiers:,}, {plan.interval_s:g} s"),
        ("pollers", f"{plan.threads} threads of one process, {plan.kills} kills, seed {plan.seed}"),
        ("changes, messages expected", f"{outcome.changes:,}, {outcome.expected:,}"),
        ("missed", f"{outcome.missed}"),
        ("told twice", f"{outcome.doubled}"),
        ("told without a change", f"{outcome.strange}"),
        ("change to message, p50, p99, longest", told),
        (f"  of these later than {plan.longest_s:g} s", f"{outcome.late}"),
        ("questions, a second, most in one", rate),
        ("same dossier asked again after at least", f"{outcome.asked['closest_s']:.0f} s"),
        ("CPU of pollers and sender", cpu),
        ("CPU of the stand-in", f"{load.portal_cpu_s / seconds * 100:.0f} % of one core"),
        ("memory of the process, peak", f"{load.peak_mb:.0f} MB"),
        ("database with its log", f"{outcome.database_mb:.0f} MB"),
        ("seconds, load average at the end", f"{seconds:.0f}, {getloadavg()[0]:.1f}"),
    ]
    return "\n".join(f"{name:<42} {value}" for name, value in rows)


def main(arguments: list[str] | None = None) -> int:
    """Run and report; 1 when something is wrong."""
    parser = argparse.ArgumentParser(prog="python -m evals.following", description=__doc__)
    usual = Run()
    for name in ("followers", "threads", "kills", "seed"):
        parser.add_argument(f"--{name}", type=int, default=getattr(usual, name))
    for name in ("interval-s", "per-s", "again"):
        parser.add_argument(f"--{name}", type=float, default=getattr(usual, name.replace("-", "_")))
    parser.add_argument("--work", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--port", type=int, help=argparse.SUPPRESS)
    options = vars(parser.parse_args(arguments))
    database, port = options.pop("work"), options.pop("port")
    if database is not None:
        work(database, port, Run(**options))
        return 0
    outcome = run(Run(**options))
    print(report(outcome))
    return 0 if outcome.is_good else 1


if __name__ == "__main__":
    sys.exit(main())
