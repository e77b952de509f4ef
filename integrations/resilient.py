"""A portal that may be slow, down or wrong, made bearable: the same questions, fewer and bounded waits.

Order of a look-up: what was said a moment ago; a seat, of which there are few, so that a slow portal holds few of our
threads; one request for all who ask about the same code; the breaker; the portal. When that fails, what was said last,
marked stale, up to an age. Details are never kept and never stale.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace

from integrations.breaker import Breaker
from integrations.dossiers import Details, Found, Proof
from integrations.errors import AnotherDossier, BadAnswer, Busy, IntegrationError, NotFound, Refused, Unavailable
from integrations.flights import Flights
from integrations.kept import Kept
from integrations.portal import Portal
from integrations.watching import UNWATCHED, Watcher

log = logging.getLogger(__name__)

FAULTS = (AnotherDossier, BadAnswer, Busy, Refused, Unavailable, NotFound)
# the narrower before the wider


@dataclass(frozen=True)
class Patience:
    """How much is asked of a portal, and for how long its words count."""

    at_once: int = 4
    # calls that may wait for it
    fresh_s: float = 60.0
    # an answer is given again without asking
    stale_s: float = 86_400.0
    # an answer is given, marked stale, when the portal fails
    failures: int = 5
    # in a row, until it is left alone
    rest_s: float = 30.0
    # how long
    most_kept: int = 10_000
    # answers


class Resilient:
    """One portal, bearable. Safe to share between threads."""

    def __init__(
        self,
        name: str,
        portal: Portal,
        patience: Patience,
        clock: Callable[[], float] = time.monotonic,
        watcher: Watcher = UNWATCHED,
    ) -> None:
        self._name = name
        self._portal = portal
        self._patience = patience
        self._seats = threading.BoundedSemaphore(patience.at_once)
        self._watcher = watcher
        self._breaker = Breaker(name, patience.failures, patience.rest_s, clock, watcher)
        self._kept = Kept(patience.most_kept, patience.stale_s, clock)
        self._flights: Flights[Found] = Flights()
        self._counted: Counter[str] = Counter()
        self._counting = threading.Lock()

    def find(self, code: str) -> Found:
        """What the code alone opens: fresh, said a moment ago, or marked stale. Raises `integrations.errors`."""
        code = code.strip().upper()
        if kept := self._kept.get(code, self._patience.fresh_s):
            self._count("kept")
            return kept
        try:
            with self._asking():
                return self._flights.share(code, lambda: self._fetched(code))
        except NotFound:
            raise
        except IntegrationError:
            if last := self._kept.get(code):
                return self._stale(last)
            raise

    def details(self, code: str, proof: Proof) -> Details:
        """What the second factor opens, asked of the portal each time."""
        with self._asking(), self._breaker.guarding(), self._watcher.calling(self._name):
            return self._portal.details(code.strip().upper(), proof)

    def close(self) -> None:
        """Closes the connections."""
        self._portal.close()

    def counts(self) -> Mapping[str, int]:
        """How calls ended since the start: answered, kept, stale, older, and the names of the errors."""
        with self._counting:
            return dict(self._counted)

    def _fetched(self, code: str) -> Found:
        """The portal's answer, kept; somebody may have brought it since the caller looked."""
        if kept := self._kept.get(code, self._patience.fresh_s):
            return kept
        try:
            with self._breaker.guarding(), self._watcher.calling(self._name):
                found = self._portal.find(code)
        except NotFound:
            self._kept.drop(code)
            raise
        return self._newer(code, found)

    def _newer(self, code: str, found: Found) -> Found:
        """The answer, unless the portal has already said something later: then a copy of it lags behind."""
        last = self._kept.get(code)
        if last and _is_older(found, last):
            self._count("older")
            log.warning("portal_answered_with_an_older_record portal=%s", self._name)
            return self._stale(last)
        self._kept.put(code, found)
        return found

    def _stale(self, found: Found) -> Found:
        self._count("stale")
        return replace(found, stale=True)

    @contextmanager
    def _asking(self) -> Iterator[None]:
        """A call to the portal: it has a seat, is counted, and an answer about somebody else is an alarm."""
        if not self._seats.acquire(blocking=False):
            self._count("Busy")
            raise Busy(f"{self._name}: too many wait for it")
        try:
            yield
            self._count("answered")
        except IntegrationError as error:
            self._count(next(fault.__name__ for fault in (*FAULTS, IntegrationError) if isinstance(error, fault)))
            if isinstance(error, AnotherDossier):
                log.error("portal_answered_about_another_dossier portal=%s", self._name)
            raise
        finally:
            self._seats.release()

    def _count(self, what: str) -> None:
        with self._counting:
            self._counted[what] += 1
        self._watcher.ended(self._name, what)


def _is_older(found: Found, last: Found) -> bool:
    """Whether the portal changed the dossier last before what it had told us."""
    then, before = found.dossier.updated_at, last.dossier.updated_at
    return then is not None and before is not None and then < before
