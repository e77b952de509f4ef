"""What a slow portal does to those who ask about something else.

`python -m evals.slow_portal` serves the assistant twice, each with a stand-in for the City's system: one answers at
once, the other takes five seconds. Both get the same messages at the same moments, so that whatever else the machine
does befalls both. Two kinds of citizens write, each message from somebody new: some look a dossier up, the others ask
about procedures. Printed: how long the *others* waited, from the moment a message should have left to the arrival of
its answer. Nothing is remembered of a dossier and the time limit is longer than the portal takes, so that every look-up
really waits; more come than there are seats.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from os import getloadavg

import numpy as np
from rich.console import Console
from rich.table import Table

from evals import arrivals, scoring
from evals.load import Chats
from evals.site import START_S, answers, free_port, post, site, until
from integrations.stand_ins.portal import DATA
from integrations.stand_ins.settings import environment

SLOW_S = 5
TIMEOUT_S = 8
WARM_UP_S = 5
FAST, SLOW = "fast", "slow"


@dataclass
class Waits:
    """What was seen with the portal in one condition."""

    others_ms: list[float] = field(default_factory=list)
    # those who asked about procedures
    lookups_ms: list[float] = field(default_factory=list)
    unanswered: int = 0


@dataclass(frozen=True)
class Plan:
    """Who writes when."""

    others_per_s: float
    lookups_per_s: float
    seconds: float


def measured(chats: Chats, plan: Plan, seed: int) -> Waits:
    """One stretch of both kinds of citizens."""
    chance = random.Random(seed)
    about = [label.text for label in scoring.load() if label.code]
    # a question about a procedure: some of the others hold a dossier code, and would wait for the portal
    asked = [(moment, chance.choice(about)) for moment in arrivals.moments(plan.others_per_s, plan.seconds, seed)]
    looked = [(moment, _look_up(chance)) for moment in arrivals.moments(plan.lookups_per_s, plan.seconds, seed + 1)]
    said = sorted([*((*item, False) for item in asked), *((*item, True) for item in looked)])
    fired, arrived = chats.ask([text for _, text, _ in said], [moment for moment, _, _ in said])
    return _waits(fired, arrived, [is_look_up for _, _, is_look_up in said])


def _waits(fired: Sequence[arrivals.Fired], arrived: Mapping[int, float], look_ups: Sequence[bool]) -> Waits:
    found = Waits()
    for number, (item, is_look_up) in enumerate(zip(fired, look_ups, strict=True)):
        if number not in arrived:
            found.unanswered += 1
        else:
            (found.lookups_ms if is_look_up else found.others_ms).append(1000 * (arrived[number] - item.intended))
    return found


def _look_up(chance: random.Random) -> str:
    codes = [row["code"] for row in json.loads(DATA.read_text("utf-8")) if row["code"].startswith("H29")]
    return f"Hồ sơ {chance.choice(codes)} tới đâu rồi?"


@contextmanager
def portal() -> Iterator[tuple[str, dict[str, str]]]:
    """The address of a stand-in that runs, and the settings that reach it."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "integrations.stand_ins", "--only", "city", "--ports", str(port)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        try:
            until(lambda: answers(f"{address}/__control"), START_S)
            chosen = {**environment("city", address), "portal_timeout_s": TIMEOUT_S, "portal_fresh_s": 0}
            chosen["portal_stale_s"] = 0
            yield address, {f"MOT_CUA_{name.upper()}": str(value) for name, value in chosen.items()}
        finally:
            process.terminate()


@contextmanager
def assistant() -> Iterator[tuple[Chats, str]]:
    """Citizens of an assistant that runs, and the address of its portal."""
    with portal() as (address, settings), site(**settings) as running:  # type: ignore[arg-type]
        yield Chats(running), address


def run(plan: Plan, seed: int) -> Mapping[str, Waits]:
    """Both conditions at once, with the same messages at the same moments."""
    with assistant() as (fast, _), assistant() as (slow, address), ThreadPoolExecutor(2) as pool:
        warm_up = Plan(plan.others_per_s, plan.lookups_per_s, WARM_UP_S)
        list(pool.map(lambda chats: measured(chats, warm_up, seed + 7), (fast, slow)))
        post(f"{address}/__control", {"mode": "slow", "seconds": SLOW_S})
        return dict(zip((FAST, SLOW), pool.map(lambda chats: measured(chats, plan, seed), (fast, slow)), strict=True))


def show(seen: Mapping[str, Waits]) -> None:
    """The table, and the change."""
    table = Table("portal", "others", "p50 ms", "p95", "p99", "look-ups", "p50 ms", "p99", "unanswered")
    for condition, waits in seen.items():
        others = np.percentile(waits.others_ms, (50, 95, 99))
        looked = np.percentile(waits.lookups_ms, (50, 99))
        values = (f"{value:.0f}" for value in others)
        shown = (f"{value:.0f}" for value in looked)
        counts = str(len(waits.others_ms)), str(len(waits.lookups_ms))
        table.add_row(condition, counts[0], *values, counts[1], *shown, str(waits.unanswered))
    console = Console(width=120)
    console.print(table)
    for percent in (50, 99):
        fast, slow = (np.percentile(seen[condition].others_ms, percent) for condition in (FAST, SLOW))
        console.print(f"p{percent} of the others: {100 * (slow / fast - 1):+.1f} %")
    low, high = _interval(seen)
    console.print(f"95 % of resampled runs change p99 by {low:+.0f} % to {high:+.0f} %")
    console.print(f"load average {getloadavg()[0]:.1f}")


def _interval(seen: Mapping[str, Waits]) -> tuple[float, float]:
    """How far chance alone moves the change of p99: the messages drawn again a thousand times."""
    chance = np.random.default_rng(1)
    changes = []
    for _ in range(1000):
        fast, slow = (
            np.percentile(chance.choice(seen[condition].others_ms, len(seen[condition].others_ms)), 99)
            for condition in (FAST, SLOW)
        )
        changes.append(100 * (slow / fast - 1))
    low, high = np.percentile(changes, (2.5, 97.5))
    return float(low), float(high)


def main(arguments: list[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m evals.slow_portal", description=__doc__)
    parser.add_argument("--others", type=float, default=4, help="questions about procedures a second, to each")
    parser.add_argument("--look-ups", type=float, default=1.5, help="a second, to each")
    parser.add_argument("--seconds", type=float, default=180)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    show(run(Plan(options.others, options.look_ups, options.seconds), options.seed))
    return 0


if __name__ == "__main__":
    sys.exit(main())
