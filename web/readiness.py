"""Readiness: may a balancer send citizens here, and how is each neighbour, in plain words for an operator.

Without its database, its index or room on its disk a process is not ready (503). Everything else may be away: the
assistant goes on and tells citizens what it cannot do now, and this page says "degraded" (200).
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot import portals
from bot.meters import Gauge
from bot.settings import Settings
from bot.wiring import Parts
from nlu import rasa_client
from web.metrics import admit

OK, DEGRADED, FAILING = "ok", "degraded", "failing"
WORDS = {OK: "ready", DEGRADED: "degraded", FAILING: "unready"}
LEAST_FREE_BYTES, LITTLE_FREE_BYTES = 50_000_000, 1_000_000_000
LONG_WAIT_S = 60.0


@dataclass(frozen=True)
class Finding:
    """How one neighbour is."""

    name: str
    # database, index, disk, answering, rasa, city, national, zalo
    state: str
    # ok, degraded, failing
    says: str
    # a sentence


@dataclass(frozen=True)
class Seen:
    """What is known of the neighbours at the moment."""

    gauges: Sequence[Gauge]
    # of bot/backlog.py
    free_bytes: int
    # on the disk of the data folder
    has_index: bool | None
    # None: other processes answer
    rasa_answers: bool | None
    # None: Rasa is not set
    rest_s: dict[str, float]
    # portal that is set -> for how long it is still left alone; 0: it is asked
    zalo_left_s: float | None
    # until the token ends; None: Zalo is not set


def route(look: Callable[[], Seen], networks: Sequence[str] = ()) -> Route:
    """For this machine and `networks`, like /metrics."""

    async def ready(request: Request) -> Response:
        admit(request, networks)
        found = list(findings(await run_in_threadpool(look)))
        worst = max((finding.state for finding in found), key=list(WORDS).index)
        told = {finding.name: {"state": finding.state, "says": finding.says} for finding in found}
        return JSONResponse({"status": WORDS[worst], "neighbours": told}, 503 if worst == FAILING else 200)

    return Route("/ready", ready)


def findings(seen: Seen) -> Iterator[Finding]:
    """One of each neighbour that there is."""
    reached = _value(seen.gauges, "database_reached")
    yield _of("database", FAILING, not reached, "It is reached.", "It is not reached: nothing can be taken in.")
    if seen.has_index is not None:
        yield _of(
            "index", FAILING, not seen.has_index, "It is loaded.", "It is not loaded yet: no answer can be given."
        )
    yield _disk(seen.free_bytes)
    waits_s = max((gauge.value for gauge in seen.gauges if gauge.name == "inbox_oldest_seconds"), default=0.0)
    yield _of(
        "answering", DEGRADED, waits_s > LONG_WAIT_S, "Nobody waits long.",
        f"A message has waited for {waits_s:.0f} s: look whether the processes that answer run.",
    )  # fmt: skip
    if seen.rasa_answers is not None:
        yield _of(
            "rasa", DEGRADED, not seen.rasa_answers, "It answers.",
            "It does not answer: the embedded engine reads instead.",
        )  # fmt: skip
    for portal, rest_s in seen.rest_s.items():
        yield _of(
            portal, DEGRADED, rest_s > 0, "It is asked.",
            f"It failed and is left alone for {rest_s:.0f} s more: citizens are told that it does not answer.",
        )  # fmt: skip
    if seen.zalo_left_s is not None:
        yield _of(
            "zalo", DEGRADED, seen.zalo_left_s <= 0, "Its token is good.",
            "Its token has ended: replies wait until an administrator runs `python -m bot zalo`.",
        )  # fmt: skip


def look(parts: Parts) -> Seen:
    """Look at every neighbour of a serving process."""
    chosen, gauges = parts.settings, parts.backlog.gauges()
    answers_here = chosen.answer_threads and not chosen.workers
    ends_at = _value(gauges, "zalo_token_expires_timestamp_seconds")
    return Seen(
        gauges=gauges,
        free_bytes=shutil.disk_usage(chosen.data_dir).free,
        has_index=parts.editions.is_made if answers_here else None,
        rasa_answers=_rasa_answers(chosen),
        rest_s={name: _rest_s(parts, name) for name in portals.connected(chosen)},
        zalo_left_s=ends_at - time.time() if chosen.zalo_app_id else None,
    )


def _rasa_answers(chosen: Settings) -> bool | None:
    """Whether one of the Rasa servers is there; None when none is set."""
    servers = chosen.rasa_url.split()
    return any(rasa_client.answers(each, chosen.rasa_timeout_s) for each in servers) if servers else None


def _rest_s(parts: Parts, portal: str) -> float:
    until = parts.meters.value("portal_rests_until_timestamp_seconds", portal=portal)
    return max(0.0, until - time.time())


def _disk(free_bytes: int) -> Finding:
    free = f"{free_bytes / 1_000_000:,.0f} MB are free."
    if free_bytes < LEAST_FREE_BYTES:
        return Finding("disk", FAILING, f"{free} Messages will soon be refused: make room.")
    return _of("disk", DEGRADED, free_bytes < LITTLE_FREE_BYTES, free, f"{free} Make room soon.")


def _of(name: str, otherwise: str, is_bad: bool, good: str, bad: str) -> Finding:
    return Finding(name, otherwise, bad) if is_bad else Finding(name, OK, good)


def _value(gauges: Sequence[Gauge], name: str) -> float:
    """Of a gauge without labels; 0 when it is not there."""
    return next((gauge.value for gauge in gauges if gauge.name == name), 0.0)
