"""The poller: asks the portal for followed dossiers, and tells each change once (bot/followers.py says how).

Any number of pollers may run beside each other, in threads and processes. One asks no more than `Plan.per_s`; it rests
at night, and when the portal is down: nothing is told then but what the portal says itself.
"""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from bot import follow_notices, following
from bot.followers import Followers, Rest, Telling, Watched
from bot.following import Follower, Kind, News, Plan
from bot.outbox import wait_s
from bot.present import ZONE
from bot.present import now as present
from bot.store import Store
from bot.zalo_window import last_said_at
from integrations.dossiers import Dossiers, Found
from integrations.errors import BadAnswer, IntegrationError, NotFound, Refused
from knowledge.calendar import WorkCalendar

log = logging.getLogger(__name__)

BATCH = 50
# dossiers that one thread takes at once
LONGEST_STEP = timedelta(seconds=5)
# then the rest of a batch is given back: a slow portal delays no end of the process
IDLE = timedelta(seconds=2)
# when nothing is due
CREDIT = timedelta(seconds=1)
# that a late poller may catch up with
RETRY_S = 30.0
# first wait for a dossier whose question failed; doubles up to bot.outbox.LONGEST_RETRY_S

Answer = Found | IntegrationError


class Poller:
    """Asks and tells. Safe to share between threads."""

    def __init__(
        self,
        store: Store,
        portal: Dossiers,
        plan: Plan,
        clock: Callable[[], datetime] = present,
        draw: Callable[[], float] = random.random,
        days: Callable[[], WorkCalendar] = following.calendar,
        note: Callable[[Sequence[Found]], object] = lambda found: None,
    ) -> None:
        self._store = store
        self._followers = Followers(store)
        self._portal = portal
        self._plan = plan
        self._clock = clock
        self._draw = draw
        # 0 to 1: dossiers that were asked together are not asked together again
        self._days = days
        self._note = note
        # hears what the portal said, batch by batch (bot/deadlines.py)
        self._turn = threading.Lock()
        self._rests_until = datetime.min.replace(tzinfo=UTC)
        self._outages = 0
        # batches in a row that brought no answer

    def step(self) -> bool:
        """Ask for some dossiers that are due and tell what is new; False when it is not the time."""
        started = self._clock()
        batch = self._take(started)
        answers: list[Answer] = []
        quiet: list[Rest] = []
        for number, watched in enumerate(batch):
            if self._clock() - started > LONGEST_STEP:
                quiet += [Rest(left.code, started, left.failures, left.missing) for left in batch[number:]]
                break
            answers.append(self._ask(watched.code))
            quiet += self._settle(watched, answers[-1])
        self._followers.rest(quiet)
        self._note([answer for answer in answers if isinstance(answer, Found)])
        self._note_outage(answers)
        return bool(batch)

    def _take(self, at: datetime) -> list[Watched]:
        """The next dossiers, one thread after the other; none while we rest, at night and above the rate."""
        with self._turn:
            if at < self._rests_until or not self._plan.is_day(at):
                return []
            batch = self._followers.claim(at, BATCH)
            pause = timedelta(seconds=len(batch) / self._plan.per_s) if batch else IDLE
            self._rests_until = max(self._rests_until, at - CREDIT if batch else at) + pause
            return batch

    def _ask(self, code: str) -> Answer:
        """What the portal says; an answer about another dossier is not believed."""
        try:
            found = self._portal.find(code)
            if found.dossier.code.upper() != code.upper():
                raise BadAnswer("portal: answered with another dossier")
            return found
        except IntegrationError as error:
            if isinstance(error, BadAnswer | Refused):
                log.error("a followed dossier: %s", error)
            return error

    def _settle(self, watched: Watched, answer: Answer) -> list[Rest]:
        """Tell what the answer brings; without news, when the dossier is asked next, to be written with others."""
        at = self._clock()
        rest = self._next(watched, answer, at)
        found = answer if isinstance(answer, Found) else None
        told = [(follower, self._news(follower, found, rest, at)) for follower in watched.followers]
        tellings = [telling for follower, new in told if new and (telling := self._telling(follower, new, found, at))]
        if not tellings or not self._plan.is_day(at):
            return [rest]
        self._followers.tell(tellings, rest, at)
        return []

    def _next(self, watched: Watched, answer: Answer, at: datetime) -> Rest:
        """When the dossier is asked next."""
        if isinstance(answer, Found) and not answer.stale:
            return Rest(watched.code, self._plan.next_ask(at, self._draw()))
        if isinstance(answer, NotFound):
            return Rest(watched.code, self._plan.next_ask(at, self._draw()), missing=watched.missing + 1)
        pause = timedelta(seconds=wait_s(watched.failures, self._draw(), first_s=RETRY_S))
        return Rest(watched.code, at + pause, watched.failures + 1, watched.missing)

    def _news(self, follower: Follower, found: Found | None, rest: Rest, at: datetime) -> News | None:
        """What this follower is to be told now."""
        new = following.news(follower, found, at.astimezone(ZONE).date(), self._days()) if found else None
        if new is None and rest.missing >= following.MOST_MISSING:
            return following.farewell(follower, Kind.MISSING)
        return following.farewell(follower, Kind.OVER) if new is None and at >= follower.until else new

    def _telling(self, follower: Follower, new: News, found: Found | None, at: datetime) -> Telling | None:
        """The notice; None while the channel takes none: what is new then waits until the citizen writes again."""
        if self._is_shut(follower, at):
            over = following.farewell(follower, Kind.OVER)
            return Telling(follower, over, None) if at >= follower.until else None
        known = found if new.kinds[0] not in (Kind.MISSING, Kind.OVER) else None
        return Telling(follower, new, follow_notices.write(follower, new, known, at.astimezone(ZONE).date()))

    def _is_shut(self, follower: Follower, at: datetime) -> bool:
        """Whether Zalo lets nobody write to this citizen: they wrote too long ago."""
        if follower.channel != "zalo":
            return False
        said_at = last_said_at(self._store, follower.address)
        return said_at is None or at > said_at + following.ZALO

    def _note_outage(self, answers: list[Answer]) -> None:
        """A batch that the portal did not answer: this process rests, longer each time, and as long as asked."""
        if not answers:
            return
        with self._turn:
            if not _is_outage(answers):
                self._outages = 0
                return
            asked_s = max(getattr(item, "retry_after_s", None) or 0.0 for item in answers)
            rest_s = wait_s(self._outages, self._draw(), asked_s)
            self._outages += 1
            self._rests_until = max(self._rests_until, self._clock() + timedelta(seconds=rest_s))
        log.warning("following rests for %.0f s: the portal does not answer", rest_s)


def _is_outage(answers: list[Answer]) -> bool:
    """Nothing was answered. What cannot be read may be one bad dossier, unless a whole batch is so."""
    answered = any(isinstance(item, NotFound) or (isinstance(item, Found) and not item.stale) for item in answers)
    unread = all(isinstance(item, BadAnswer) for item in answers)
    return not answered and (not unread or len(answers) == BATCH)
