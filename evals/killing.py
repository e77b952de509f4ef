"""Nothing lost, nothing twice, in order: the serving process is killed again and again while citizens write.

`python -m evals.killing --conversations 60 --messages 20 --kills 100 --seed 1` plays conversations over the Telegram
and Zalo stand-ins, ends `python -m web` by SIGKILL at random instants, starts it again on the same port, waits for
quiet and compares what was written with what arrived. Exit code 1 when something is wrong.

A text that arrives a second time is *doubled* when its reply had been recorded as sent, or when no kill lies between:
that must not happen. When the process was killed between handing the text over and recording it, nobody can know
whether it arrived, and it is *sent again after an unknown outcome*: counted apart. The first token of Zalo is fetched
before the first kill: docs/zalo.md says why a crash during that exchange needs a person.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

from evals import plays
from evals.plays import CHANNELS, Question
from evals.site import NeverHappened, Site, site, until
from evals.verdict import Told, Verdict, judge
from knowledge import catalogue

SHORTEST_S, LONGEST_S = 0.1, 3.0
# from the moment it answers to its end
WHILE_DOWN = 0.25
# share of the messages that are written while nobody listens
QUIET_S = 300
ON_THE_WAY_S = 0.5
# a call that left the process before its end may arrive so much later
WARM_UP = ("H29.19-260312-9998", "H29.19-260312-9999")

Key = tuple[str, str, str]
# channel, person, token


@dataclass(frozen=True)
class Plan:
    """What is done."""

    conversations: int = 60
    messages: int = 20
    # in each conversation
    kills: int = 100
    seed: int = 1
    latency_ms: float = 100
    # until a vendor answers a message of ours
    is_minute_skipped: bool = False
    # what a dead sender held is free at once, as if the restart had taken a minute


@dataclass(frozen=True)
class Kill:
    """One end of the process, and what it was doing."""

    at: float
    answering: int
    # messages that a worker had in hand
    sending: int
    # replies that a sender had in hand
    unsent: frozenset[Key]
    # replies that are not recorded as sent


@dataclass(frozen=True)
class Outcome:
    """What was seen."""

    plan: Plan
    verdict: Verdict
    kills: Sequence[Kill]
    accepted: int
    # messages in the inbox
    set_aside: int
    # of these, given up after too many attempts; the citizen was told so
    starts_s: Sequence[float]
    seconds: float

    @property
    def is_good(self) -> bool:
        """Nothing is wrong."""
        return self.verdict.is_good and self.accepted == self.verdict.questions


def run(plan: Plan) -> Outcome:
    """Play, kill, wait, compare."""
    begun, chance = time.monotonic(), random.Random(plan.seed)
    questions = plays.play(plan.conversations, plan.messages, codes(), plan.seed)
    with site(plan.latency_ms, seed=plan.seed) as running:
        warm_up(running)
        kills = [_round(running, part, chance, plan.is_minute_skipped) for part in _parts(questions, plan.kills)]
        wait_for_quiet(running, questions)
        sendings = [item for channel in CHANNELS for item in running.vendors.sendings(channel)]
        verdict = judge(questions, sendings, lambda first, second: _is_unknown(kills, first, second))
        return Outcome(
            plan,
            verdict,
            kills,
            _accepted(running),
            _set_aside(running),
            running.server.starts_s[1:],
            time.monotonic() - begun,
        )


def codes() -> list[str]:
    """The procedures that everybody has."""
    return [procedure.code for procedure in catalogue.load()]


def warm_up(running: Site) -> None:
    """Both channels have answered somebody; Zalo's first token is there."""
    for channel, code in zip(CHANNELS, WARM_UP, strict=True):
        running.vendors.say(Question(channel, "99", 0, code, code))
    for channel in CHANNELS:
        until(lambda: running.vendors.sendings(channel), QUIET_S)  # noqa: B023
    time.sleep(1)


def wait_for_quiet(running: Site, questions: Sequence[Question], at_most_s: float = QUIET_S) -> None:
    """Every question is answered and nothing is left to send, or there is no hope."""
    wanted = {(item.channel, item.person, item.token) for item in questions}

    def is_quiet() -> bool:
        told = {
            (item.channel, item.person, plays.token(item.text))
            for channel in CHANNELS
            for item in running.vendors.sendings(channel)
        }
        return wanted <= told and not _rows(running.database, "outbox", "status IN ('pending', 'sending')")

    with suppress(NeverHappened):
        until(is_quiet, at_most_s, every_s=0.5)


def _parts(questions: Sequence[Question], kills: int) -> list[Sequence[Question]]:
    """The questions in as many parts as there are kills."""
    bounds = [round(len(questions) * number / kills) for number in range(kills + 1)]
    return [questions[start:end] for start, end in zip(bounds, bounds[1:], strict=False)]


def _round(running: Site, part: Sequence[Question], chance: random.Random, is_minute_skipped: bool) -> Kill:
    """Citizens write, the process is killed while it works on that, others write, it comes back."""
    lives_s = chance.uniform(SHORTEST_S, LONGEST_S)
    heard = len(part) - round(len(part) * WHILE_DOWN)
    ends_at = time.monotonic() + lives_s
    moments = sorted(chance.uniform(0, lives_s) for _ in part[:heard])
    for question, moment in zip(part[:heard], moments, strict=True):
        time.sleep(max(0, ends_at - lives_s + moment - time.monotonic()))
        running.vendors.say(question)
    time.sleep(max(0, ends_at - time.monotonic()))
    at = time.time()
    running.server.kill()
    kill = _seen(running.database, at)
    for question in part[heard:]:
        running.vendors.say(question)
    if is_minute_skipped:
        _skip_minute(running.database)
    running.server.start()
    return kill


def _seen(database: Path, at: float) -> Kill:
    """What the killed process left behind, read from a copy."""
    with tempfile.TemporaryDirectory() as folder:
        for path in database.parent.glob(f"{database.name}*"):
            shutil.copy(path, folder)
        copy = Path(folder) / database.name
        unsent = _rows(copy, "outbox", "status <> 'sent'", "channel, address, reply, status")
        answering = len(_rows(copy, "inbox", "status = 'working'"))
    keys = frozenset((channel, address, _token(reply)) for channel, address, reply, _ in unsent)
    return Kill(at, answering, sum(status == "sending" for *_, status in unsent), keys)


def _token(reply: str) -> str:
    lines = (line for block in json.loads(reply)["blocks"] for line in block["lines"])
    return plays.token("\n".join(lines))


def _rows(database: Path, table: str, where: str, columns: str = "id") -> list[tuple[str, ...]]:
    with closing(sqlite3.connect(database)) as connection:
        return connection.execute(f"SELECT {columns} FROM {table} WHERE {where}").fetchall()


def _skip_minute(database: Path) -> None:
    """What a dead sender held is free again."""
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute(
            "UPDATE outbox SET next_at = strftime('%Y-%m-%d %H:%M:%f000', next_at, '-61 seconds')"
            " WHERE status = 'sending'"
        )


def _accepted(running: Site) -> int:
    """Messages in the inbox, without those of the warm-up."""
    return len(_rows(running.database, "inbox", "1")) - len(WARM_UP)


def _set_aside(running: Site) -> int:
    return len(_rows(running.database, "inbox", "status = 'failed'"))


def _is_unknown(kills: Sequence[Kill], first: Told, second: Told) -> bool:
    """Whether the process was killed after the first text and before its reply was recorded as sent."""
    key = (first.sending.channel, first.sending.person, first.token)
    return any(first.sending.at - ON_THE_WAY_S <= kill.at <= second.sending.at and key in kill.unsent for kill in kills)


def report(outcome: Outcome) -> str:
    """The figures, a line each."""
    plan, verdict, kills = outcome.plan, outcome.verdict, outcome.kills
    starts = sorted(outcome.starts_s)
    again = {channel: sum(item.channel == channel for item in verdict.again) for channel in CHANNELS}
    rows = [
        ("conversations x messages", f"{plan.conversations} x {plan.messages}, seed {plan.seed}"),
        ("questions, accepted, answered", f"{verdict.questions}, {outcome.accepted}, {verdict.answered}"),
        ("kills = restarts", f"{len(kills)}"),
        ("  with a question in hand", f"{sum(kill.answering > 0 for kill in kills)}"),
        ("  with a reply on its way", f"{sum(kill.sending > 0 for kill in kills)}"),
        ("start until it answers", f"median {statistics.median(starts):.1f} s, longest {starts[-1]:.1f} s"),
        ("without an answer", f"{len(verdict.unanswered)}"),
        ("  of these told of an error", f"{outcome.set_aside}"),
        ("answered twice", f"{len(verdict.doubled)}"),
        ("out of order", f"{len(verdict.disordered)}"),
        ("texts that answer no question", f"{len(verdict.strange)}"),
        ("sent again after an unknown outcome", ", ".join(f"{channel} {count}" for channel, count in again.items())),
        ("seconds", f"{outcome.seconds:.0f}"),
    ]
    return "\n".join([*(f"{name:<36} {value}" for name, value in rows), *wrong(verdict)])


def wrong(verdict: Verdict) -> list[str]:
    """Examples of what is wrong."""
    lost = [f"no answer: {item.channel} {item.person} #{item.number} {item.text}" for item in verdict.unanswered[:5]]
    others = {"twice": verdict.doubled, "out of order": verdict.disordered, "strange": verdict.strange}
    return lost + [
        f"{name}: {item.channel} {item.person} at {item.at:.2f} {item.text[:80]!r}"
        for name, found in others.items()
        for item in found[:5]
    ]


def main(arguments: list[str] | None = None) -> int:
    """Run and report; 1 when something is wrong."""
    parser = argparse.ArgumentParser(prog="python -m evals.killing", description=__doc__)
    usual = Plan()
    for name in ("conversations", "messages", "kills", "seed"):
        parser.add_argument(f"--{name}", type=int, default=getattr(usual, name))
    parser.add_argument("--latency-ms", type=float, default=usual.latency_ms)
    parser.add_argument("--skip-minute", action="store_true", dest="is_minute_skipped")
    outcome = run(Plan(**vars(parser.parse_args(arguments))))
    print(report(outcome))
    return 0 if outcome.is_good else 1


if __name__ == "__main__":
    sys.exit(main())
