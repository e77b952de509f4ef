"""Known failures, a strict list: what stands on it must fail, what does not stand on it must hold.

After a change for the better, MOT_CUA_KNOWN_FAILURES=write rewrites the list for the suites that were run; the
difference in tests/known_failures.yaml shows what was won and what was lost.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

import pytest
import yaml

PATH = Path(__file__).with_suffix(".yaml")
PROPERTY = "judged"
HEAD = """\
# What fails today and why, one list a suite. Strict: an item that holds now fails the run until it is taken off;
# an item that fails without standing here fails the run too (tests/known_failures.py).
"""

Judged = dict[str, dict[str, list[str]]]
# suite -> item -> its problems; none when it holds


@lru_cache(maxsize=1)
def known() -> dict[str, dict[str, str]]:
    """Suite -> item -> reason."""
    lists = yaml.load(PATH.read_text("utf-8"), Loader=yaml.CSafeLoader) if PATH.exists() else {}
    return {suite: dict(items or {}) for suite, items in (lists or {}).items()}


def judge(request: pytest.FixtureRequest, suite: str, item: str, problems: list[str]) -> None:
    """Let the test hold, fail or fail as expected."""
    request.node.user_properties.append((PROPERTY, [suite, item, problems]))
    reason = known().get(suite, {}).get(item)
    if reason and problems:
        pytest.xfail(reason)
    if reason:
        pytest.fail(f"{suite} {item} holds now: take it off tests/known_failures.yaml", pytrace=False)
    if problems:
        pytest.fail("; ".join(problems), pytrace=False)


def judged(reports: Iterable[object]) -> Judged:
    """What the reports of a run say."""
    suites: Judged = defaultdict(dict)
    for report in reports:
        for name, value in getattr(report, "user_properties", ()):
            if name == PROPERTY and getattr(report, "when", "") == "call":
                suite, item, problems = value
                suites[suite][item] = problems
    return suites


def lines(suites: Judged) -> list[str]:
    """How many items of each suite hold."""
    told = []
    for suite, items in sorted(suites.items()):
        hold = sum(not problems for problems in items.values())
        told.append(f"{suite}: {hold} of {len(items)} hold ({100 * hold / len(items):.1f} %)")
    return told


def write_if_asked(suites: Judged) -> None:
    """Rewrite the lists of the suites that were run."""
    if os.environ.get("MOT_CUA_KNOWN_FAILURES") != "write":
        return
    lists = known() | {
        suite: {item: "; ".join(problems) for item, problems in sorted(items.items()) if problems}
        for suite, items in suites.items()
    }
    text = yaml.safe_dump(lists, allow_unicode=True, sort_keys=True, width=10_000)
    PATH.write_text(HEAD + text, "utf-8")
