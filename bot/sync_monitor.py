"""The sync monitor: asks the City's system and the national one about the same dossiers, and keeps where they differ.

It goes through the doors that citizens' look-ups go through (integrations/resilient.py: seats, breaker, memory), one
question at a time, so that it takes one seat of each portal at most. A system that does not answer, or only says what
it said before, is not compared: nothing is concluded from silence.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import sqlalchemy as sa

from bot.errors import BadSettings
from bot.store import Store
from bot.sync_book import SyncBook, Target, Verdict
from bot.sync_difference import Difference, Kind, differences
from integrations.dossiers import Dossier, Dossiers
from integrations.errors import BadAnswer, IntegrationError, NotFound, Unavailable

log = logging.getLogger(__name__)

BATCH = 20
# dossiers of one transaction
AGAIN = timedelta(minutes=15)
# a new difference is looked at again, and a dossier that could not be compared is tried again
ENROL_EVERY = timedelta(hours=1)
IDLE_S = 10.0
FEWEST = 10
# dossiers of a batch: when one system suddenly knows none of them, it is not believed


Compared = tuple[Difference, ...] | None
# None: a system did not answer


class SyncMonitor:
    """Compares. One process of many does it (Store.duty)."""

    def __init__(
        self,
        book: SyncBook,
        here: Dossiers,
        there: Dossiers,
        listed: Callable[[], Iterable[str]],
        interval: timedelta,
        clock: Callable[[], datetime],
    ) -> None:
        self._book = book
        self._here = here
        # the City's system
        self._there = there
        # the national one
        self._listed = listed
        # the codes to compare
        self._interval = interval
        # between two looks at the same dossier
        self._clock = clock
        self._enrols_at = datetime.min.replace(tzinfo=UTC)

    def step(self) -> int:
        """Compare some dossiers that are due; how many it were."""
        now = self._clock()
        if now >= self._enrols_at:
            self._book.enrol(self._listed(), now)
            self._enrols_at = now + ENROL_EVERY
        targets = self._book.due(now, BATCH)
        found = believed(targets, [self._compared(target) for target in targets])
        verdicts = [self._verdict(target, item) for target, item in zip(targets, found, strict=True)]
        self._book.settle(verdicts)
        return len(targets)

    def run(self, stop: threading.Event, store: Store, per_s: float, tell: Callable[[], object]) -> None:
        """Compare at most `per_s` dossiers a second and tell the desks, until told to stop."""
        compared = 0
        while not stop.wait(compared / per_s if compared else IDLE_S):
            try:
                with store.duty("sync") as ours:
                    compared = self.step() if ours else 0
                    if ours:
                        tell()
            except sa.exc.SQLAlchemyError as error:
                compared = 0
                log.error("the systems were not compared: %s", type(error).__name__)

    def _compared(self, target: Target) -> Compared:
        """What differs."""
        try:
            here, there = told(self._here, target.code), told(self._there, target.code)
        except IntegrationError as error:
            if isinstance(error, BadAnswer):
                log.warning("a dossier was not compared: %s", error)
            return None
        return differences(target.code, here, there, self._clock())

    def _verdict(self, target: Target, found: Compared) -> Verdict:
        """What is written of it, and when the dossier is compared next."""
        at = self._clock()
        next_at = at + (AGAIN if found is None else self._interval)
        return Verdict(target, at, found, next_at, again_at=at + min(AGAIN, self._interval))


def told(portal: Dossiers, code: str) -> Dossier | None:
    """What a system says of a dossier now; None: it has no such one. Raises the errors of integrations.errors."""
    try:
        found = portal.find(code)
    except NotFound:
        return None
    if found.stale:
        raise Unavailable("only what it said before")
    return found.dossier


def believed(targets: Sequence[Target], found: Sequence[Compared]) -> Sequence[Compared]:
    """A batch, unless one system suddenly knows none of it: it is out of order, and nothing was compared."""
    pairs = zip(targets, found, strict=True)
    absent = [_absent(item) for target, item in pairs if item is not None and not target.is_missed]
    if len(absent) < FEWEST or set(absent) not in ({"here"}, {"there"}):
        return found
    log.error("sync: a system knows none of %d dossiers: not believed", len(absent))
    return [None] * len(found)


def _absent(found: tuple[Difference, ...]) -> str:
    """The system that has no such dossier; "" when both or neither have it."""
    missing = next((item for item in found if item.kind is Kind.MISSING), None)
    if missing is None:
        return ""
    return "there" if missing.here else "here"


def sample(path: Path) -> list[str]:
    """The codes of a list, one on each line; what follows # is a remark. Raises BadSettings."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise BadSettings(f"MOT_CUA_SYNC_SAMPLE_FILE: {error}") from error
    return [code for line in lines if (code := line.partition("#")[0].strip().upper())]
