"""How many messages a second the assistant answers, from Telegram's webhook to its reply, on this machine.

`python -m evals.load --seconds 20` raises the rate of an open loop (Poisson, seeded) until the slowest hundredth takes
longer than 250 ms, or something stays unanswered, with the embedded engine by words alone, with the sentence encoder,
with Rasa, and of a full Rasa dialogue server on the same sentences. Every message comes from a person of its own; its
time runs from the moment it should have left to the moment the stand-in takes the answer. Stand-in, server and
generator are three processes on the same machine, so that a figure is a floor: a server of its own does better.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from itertools import product
from os import getloadavg

from rich.console import Console
from rich.table import Table

from evals import arrivals, rasa_servers, scoring
from evals.arrivals import Step
from evals.databases import SQLITE, database
from evals.line import TOKEN
from evals.plays import Question
from evals.process import cpu_s, family, memory_mb
from evals.site import START_S, NeverHappened, Site, post, site, until

RATES = (2, 5, 10, 15, 20, 25, 30, 40, 50, 60, 80, 100, 130, 160, 200)
LIMIT_MS = 250
SETTLE_S = 15
# for the answers to the last messages of a step
LOOK_EVERY_S = 0.3
WARM_UP = 30
CEILING_S, CEILING_THREADS = 3, 8
FIRST_PERSON = 500_000_000


@dataclass(frozen=True)
class Target:
    """Something that answers."""

    name: str
    ask: Callable[[Sequence[str], Sequence[float]], tuple[Sequence[arrivals.Fired], Mapping[int, float]]]
    # send texts at moments; when they left, and when each number was answered
    pids: Sequence[int]


@dataclass(frozen=True)
class Course:
    """A target, step by step."""

    name: str
    steps: Sequence[Step]
    memory_mb: float

    @property
    def best(self) -> float:
        """The highest rate that held."""
        return max((step.rate_per_s for step in self.steps if step.holds(LIMIT_MS)), default=0)


def course(target: Target, texts: Sequence[str], seconds: float, seed: int) -> Course:
    """Raise the rate until it does not hold."""
    warm_up(target, texts, seed)
    steps: list[Step] = []
    for rate in RATES:
        steps.append(step(target, texts, seconds, rate, seed + rate))
        if not steps[-1].holds(LIMIT_MS):
            break
    return Course(target.name, steps, sum(map(memory_mb, target.pids)))


def warm_up(target: Target, texts: Sequence[str], seed: int) -> None:
    """Wait until somebody answers, however long workers take to start, and fill the caches. Raises NeverHappened."""
    until(lambda: target.ask(texts[:1], [0.0])[1], START_S)
    step(target, texts, WARM_UP / 5, 5, seed)


def step(target: Target, texts: Sequence[str], seconds: float, rate: float, seed: int) -> Step:
    """One rate: messages a second, for so many seconds."""
    plan = arrivals.moments(rate, seconds, seed)
    said = random.Random(seed).choices(texts, k=len(plan))
    before = sum(map(cpu_s, target.pids))
    fired, arrived = target.ask(said, plan)
    return arrivals.summary(rate, fired, arrived, sum(map(cpu_s, target.pids)) - before)


class Chats:
    """Telegram, each message from somebody new."""

    def __init__(self, running: Site) -> None:
        self._running = running
        self._next = FIRST_PERSON

    def ask(self, texts: Sequence[str], plan: Sequence[float]) -> tuple[Sequence[arrivals.Fired], Mapping[int, float]]:
        """Send texts at moments; an answer counts when its first text arrives."""
        first, self._next = self._next, self._next + len(texts)
        fired = arrivals.fire(plan, lambda number: self._say(first + number, texts[number]))
        with suppress(NeverHappened):
            until(lambda: len(self._arrived(first)) == len(texts), SETTLE_S, LOOK_EVERY_S)
        return fired, self._arrived(first)

    def _say(self, person: int, text: str) -> None:
        self._running.vendors.say(Question("telegram", str(person), 0, text, ""))

    def _arrived(self, first: int) -> dict[int, float]:
        found: dict[int, float] = {}
        for sending in self._running.vendors.sendings("telegram"):
            if int(sending.person) >= first:
                found.setdefault(int(sending.person) - first, sending.at)
        return found


@contextmanager
def assistant(name: str, workers: str = "0", **settings: str) -> Iterator[tuple[Target, Site]]:
    """Our server with its stand-ins."""
    with site(MOT_CUA_WORKERS=workers, **settings) as running:  # type: ignore[arg-type]
        assert running.server.process
        chats = Chats(running)
        yield Target(name, chats.ask, family(running.server.process.pid)), running


@contextmanager
def with_rasa(name: str, workers: str = "0", **settings: str) -> Iterator[tuple[Target, Site]]:
    """Our server with Rasa beside it."""
    with (
        rasa_servers.parser() as rasa,
        assistant(name, workers, MOT_CUA_ENCODER="auto", MOT_CUA_RASA_URL=rasa.address, **settings) as (
            target,
            running,
        ),
    ):
        yield Target(name, target.ask, [*target.pids, *rasa.pids]), running


@contextmanager
def dialogue(name: str, workers: str = "0", **settings: str) -> Iterator[tuple[Target, None]]:
    """A full Rasa server: rules and one custom action. It is asked over its REST channel."""
    with rasa_servers.dialogue() as rasa:
        yield Target(name, partial(_over_rest, rasa.address), rasa.pids), None


def _over_rest(
    address: str, texts: Sequence[str], plan: Sequence[float]
) -> tuple[Sequence[arrivals.Fired], Mapping[int, float]]:
    arrived: dict[int, float] = {}
    base = time.time_ns()

    def ask(number: int) -> None:
        message = {"sender": f"{base}-{number}", "message": texts[number]}
        with suppress(OSError):
            if post(f"{address}/webhooks/rest/webhook", message):
                arrived[number] = time.time()

    return arrivals.fire(plan, ask), arrived


def ceiling_per_s(running: Site) -> float:
    """How many messages a second the stand-in takes when somebody does nothing but send."""
    address = f"{running.vendors.addresses['telegram']}/bot{TOKEN}/sendMessage"
    ends_at = time.monotonic() + CEILING_S

    def send(person: int) -> int:
        sent = 0
        while time.monotonic() < ends_at:
            post(address, {"chat_id": person, "text": "x"})
            sent += 1
        return sent

    with ThreadPoolExecutor(CEILING_THREADS) as pool:
        return sum(pool.map(send, range(FIRST_PERSON, FIRST_PERSON + CEILING_THREADS))) / CEILING_S


def texts() -> list[str]:
    """The labelled questions of evals/data."""
    return [label.text for label in scoring.load()]


def show(found: Course) -> None:
    """A table of the steps, and what follows."""
    table = Table(
        "messages/s", "n", "answered", "p50 ms", "p95", "p99", "longest", "CPU ms/message", "generator late p99 ms",
        title=found.name,
    )  # fmt: skip
    for step in found.steps:
        values = (step.p50_ms, step.p95_ms, step.p99_ms, step.longest_ms, step.cpu_ms, step.late_start_ms)
        shown = (f"{value:.0f}" for value in values)
        table.add_row(f"{step.rate_per_s:g}", f"{step.asked}", f"{step.answered}", *shown)
    console = Console(width=130)
    console.print(table)
    console.print(f"p99 < {LIMIT_MS} ms up to {found.best:g} messages/s; memory {found.memory_mb:.0f} MB\n")


TARGETS: Mapping[str, Callable[..., AbstractContextManager[tuple[Target, Site | None]]]] = {
    "words": partial(assistant, MOT_CUA_ENCODER="none"),
    "meanings": partial(assistant, MOT_CUA_ENCODER="auto"),
    "rasa": with_rasa,
    "dialogue": dialogue,
}
NAMES = {
    "words": "embedded engine, words alone",
    "meanings": "embedded engine with the sentence encoder",
    "rasa": "Rasa for intents, sentence encoder",
    "dialogue": "full Rasa dialogue server with an action server, over REST, no database",
}


def main(arguments: list[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m evals.load", description=__doc__)
    parser.add_argument("--seconds", type=float, default=20, help="length of a step")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", default="0", help="worker processes beside the serving one")
    parser.add_argument("--database", nargs="*", default=[SQLITE], help="sqlite, postgresql, or an empty one's address")
    parser.add_argument("--only", nargs="*", choices=tuple(TARGETS), default=tuple(TARGETS))
    options = parser.parse_args(arguments)
    for asked, short in product(options.database, options.only):
        name = f"{NAMES[short]}, {asked}"
        try:
            with database(asked) as over, TARGETS[short](name, options.workers, **over.settings) as (target, running):
                show(course(target, texts(), options.seconds, options.seed))
                if running:
                    print(f"the stand-in alone takes at least {ceiling_per_s(running):.0f} messages/s")
        except rasa_servers.NotHere as reason:
            print(f"{name}: not measured, {reason}\n")
        print(f"load average {getloadavg()[0]:.1f}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
