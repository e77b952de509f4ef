"""All delivered, in order, over a bad line: a share of our messages is refused with 429 or answered too late.

`python -m evals.throttling --conversations 20 --messages 6 --spoiled 0.3 --seed 1` plays conversations over the
Telegram and Zalo stand-ins. Of what the server sends, this share goes wrong by chance: half is refused with 429 ("come
again in a second"), half is delivered and answered only after our time limit. Exit code 1 when something is wrong.

A text whose answer came too late is *sent again after an unknown outcome*; a text that arrives again although its
first answer came in time is *doubled* and must not happen.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass

from evals import plays
from evals.killing import codes, wait_for_quiet, warm_up, wrong
from evals.plays import CHANNELS
from evals.site import site
from evals.verdict import Verdict, judge

PACE_S = 0.05
# between two messages of citizens
QUIET_S = 600


@dataclass(frozen=True)
class Plan:
    """What is done."""

    conversations: int = 20
    messages: int = 6
    # in each conversation
    spoiled: float = 0.3
    # share of sent messages, 0 to 1
    seed: int = 1


@dataclass(frozen=True)
class Outcome:
    """What was seen."""

    plan: Plan
    verdict: Verdict
    taken: Mapping[str, int]
    # channel -> texts that the vendor took
    refused: Mapping[str, int]
    # channel -> answers 429
    late: Mapping[str, int]
    # channel -> answers after the time limit
    seconds: float


def run(plan: Plan) -> Outcome:
    """Play, wait, compare."""
    begun = time.monotonic()
    questions = plays.play(plan.conversations, plan.messages, codes(), plan.seed)
    with site(spoiled=plan.spoiled, seed=plan.seed) as running:
        warm_up(running)
        for question in questions:
            running.vendors.say(question)
            time.sleep(PACE_S)
        wait_for_quiet(running, questions, QUIET_S)
        sendings = {channel: running.vendors.sendings(channel) for channel in CHANNELS}
        everything = [item for taken in sendings.values() for item in taken]
        return Outcome(
            plan,
            judge(questions, everything, lambda first, second: first.sending.is_late),
            {channel: len(taken) for channel, taken in sendings.items()},
            {channel: running.vendors.refused(channel) for channel in CHANNELS},
            {channel: sum(item.is_late for item in taken) for channel, taken in sendings.items()},
            time.monotonic() - begun,
        )


def report(outcome: Outcome) -> str:
    """The figures, a line each."""
    plan, verdict = outcome.plan, outcome.verdict
    again = {channel: sum(item.channel == channel for item in verdict.again) for channel in CHANNELS}
    rows = [
        ("conversations x messages", f"{plan.conversations} x {plan.messages}, seed {plan.seed}"),
        ("share of spoiled sends", f"{plan.spoiled:.0%}"),
        ("questions, answered", f"{verdict.questions}, {verdict.answered}"),
        ("texts taken", _each(outcome.taken)),
        ("refused with 429", _each(outcome.refused)),
        ("answered too late", _each(outcome.late)),
        ("without an answer", f"{len(verdict.unanswered)}"),
        ("answered twice", f"{len(verdict.doubled)}"),
        ("out of order", f"{len(verdict.disordered)}"),
        ("texts that answer no question", f"{len(verdict.strange)}"),
        ("sent again after an unknown outcome", _each(again)),
        ("seconds", f"{outcome.seconds:.0f}"),
    ]
    return "\n".join([*(f"{name:<36} {value}" for name, value in rows), *wrong(verdict)])


def _each(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{channel} {count}" for channel, count in counts.items())


def main(arguments: list[str] | None = None) -> int:
    """Run and report; 1 when something is wrong."""
    parser = argparse.ArgumentParser(prog="python -m evals.throttling", description=__doc__)
    for name, value in vars(Plan()).items():
        parser.add_argument(f"--{name}", type=type(value), default=value)
    outcome = run(Plan(**vars(parser.parse_args(arguments))))
    print(report(outcome))
    return 0 if outcome.verdict.is_good else 1


if __name__ == "__main__":
    sys.exit(main())
