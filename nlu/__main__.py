"""Checks this room's data: python -m nlu check."""

from __future__ import annotations

import sys

from nlu import lexicon, training
from nlu.errors import NluError


def main(arguments: list[str]) -> int:
    """The exit code is 0 when nothing is wrong."""
    if arguments != ["check"]:
        print("usage: python -m nlu check", file=sys.stderr)
        return 2
    try:
        problems = [*training.problems(), *lexicon.default().problems()]
    except NluError as error:
        problems = [str(error)]
    for problem in problems:
        print(problem)
    print(f"{len(training.load())} training sentences, {len(training.intents())} intents, {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
