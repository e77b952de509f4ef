"""No regular expression of the program can be made to hang: time grows with the text, not with its square."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping

import pytest

from bot import complaint, dossier_talk, perform, urgency
from nlu import cues, dossier_codes, entities, identifying, lexicon, personal_data, text
from tests.patterns import ROOMS, Found, attacks, collected

COMPLAINT = ("preface", "question", "place")
LOADERS: Mapping[str, Callable[[], object]] = {
    "bot/complaint.py": lambda: (complaint._said(), [complaint._pattern(name) for name in COMPLAINT]),
    "bot/dossier_talk.py": dossier_talk._patterns,
    "bot/perform.py": perform._emergencies,
    "bot/urgency.py": urgency.reasons,
    "integrations/readings.py": dict,
    # an escaped text of the portal: nothing in it repeats
    "nlu/cues.py": cues.default,
    "nlu/dossier_codes.py": lambda: (dossier_codes._UNCLEAR, dossier_codes._LOOK_ALIKES),
    "nlu/entities.py": lambda: (entities._RELATIVE_DATES, entities._RELATIONS, entities._SHORT_DATE),
    "nlu/identifying.py": identifying._rules,
    "nlu/lexicon.py": lexicon.default,
    "nlu/personal_data.py": personal_data._rules,
    "nlu/text.py": lambda: text._SOUNDS,
}
# files that make patterns of their data, and what gives these
LENGTHS = (400, 4_000)
# characters: time is compared with that of half as many; what grows with the cube is known from the first
FEW = (8, 12, 16, 20)
# repetitions: whoever grows exponentially shows it here
UNSEEN_S = 0.001
# a clock says nothing about less
STEEPEST = 3.0
# twice the text takes twice the time; with the square of it, four times
ATTEMPTS = 4
# a busy machine may spoil one


def time_s(found: Found, said: str) -> float:
    """Processor time of one use."""
    begun = time.thread_time()
    found.run(said)
    return time.thread_time() - begun


def growth(found: Found, before: str, pumped: str) -> float:
    """How much longer twice the text takes."""
    for many in FEW:
        if time_s(found, f"{before}{pumped * many}\0") > UNSEEN_S * 20:
            return float("inf")
    ratios = (grown(found, before, pumped, length) for length in LENGTHS)
    return next((ratio for ratio in ratios if ratio > STEEPEST), 1.0)


def grown(found: Found, before: str, pumped: str, length: int) -> float:
    """How much longer a text takes than half of it; 1.0 when the clock cannot tell."""
    long, short = (f"{before}{pumped * (size // len(pumped))}\0" for size in (length, length // 2))
    of_long = of_short = float("inf")
    for _ in range(ATTEMPTS):
        of_long = min(of_long, time_s(found, long))
        if of_long < UNSEEN_S:
            return 1.0
        of_short = min(of_short, time_s(found, short))
        if of_long / of_short <= STEEPEST:
            break
    return of_long / of_short


def slow_on(found: Found) -> str:
    """A text that the pattern is slow on, and how its time grows; "" when none of the attacks is one."""
    for before, pumped in attacks(found.pattern):
        if pumped and (ratio := growth(found, before, pumped)) > STEEPEST:
            return f"{found.place}: {found.pattern.pattern!r} grows {ratio:.1f} times on {before!r} + {pumped!r} * n"
    return ""


@pytest.mark.parametrize("written", [r"(a+)+b", r"(\w+\s?)*!", r"\d+\d+x", r"\s+$"])
def test_a_pattern_that_hangs_is_found(written: str) -> None:
    """The texts are bad enough for known bad patterns."""
    assert slow_on(Found("here", re.compile(written), ("search",)))


def test_every_pattern_is_collected() -> None:
    """A pattern made of what only runs has a loader above."""
    found, unknown = collected(LOADERS)
    assert len(found) > 100 and not unknown, unknown


@pytest.mark.slow
@pytest.mark.parametrize("room", ROOMS)
def test_no_pattern_grows_with_the_square(room: str) -> None:
    """Every pattern, as the program uses it, on texts made from its own parts."""
    found = [item for item in collected(LOADERS)[0] if item.place.startswith(f"{room}/")]
    slow = [said for item in found if (said := slow_on(item))]
    assert found and not slow, "\n".join(slow)
