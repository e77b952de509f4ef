"""Readiness: what must be there, what may be away, and who may know."""

from __future__ import annotations

from dataclasses import replace

import httpx
import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from bot import desks
from bot.backlog import Backlog
from bot.meters import Gauge, Meters
from bot.store import Store
from nlu import rasa_client
from tests.town import Clock
from web import readiness
from web.readiness import Seen

REACHED = Gauge("database_reached", "", 1, {})
LATE = Gauge("inbox_oldest_seconds", "", 61, {"channel": "webchat"})
WELL = Seen([REACHED], 10**12, True, True, {"city": 0.0, "national": 0.0}, 3600.0)


@pytest.mark.parametrize(
    ("change", "status", "code", "troubled"),
    [
        ({}, "ready", 200, set()),
        ({"gauges": []}, "unready", 503, {"database"}),
        ({"has_index": False}, "unready", 503, {"index"}),
        ({"free_bytes": 1_000_000}, "unready", 503, {"disk"}),
        ({"free_bytes": 500_000_000}, "degraded", 200, {"disk"}),
        ({"gauges": [REACHED, LATE]}, "degraded", 200, {"answering"}),
        ({"rasa_answers": False}, "degraded", 200, {"rasa"}),
        ({"rest_s": {"city": 12.0}}, "degraded", 200, {"city"}),
        ({"zalo_left_s": -1.0}, "degraded", 200, {"zalo"}),
        ({"rasa_answers": False, "gauges": []}, "unready", 503, {"rasa", "database"}),
    ],
)
def test_what_may_be_away(change: dict[str, object], status: str, code: int, troubled: set[str]) -> None:
    """Without database, index or disk a process is not ready; anything else is degraded, in a sentence each."""
    seen = replace(WELL, **change)  # type: ignore[arg-type]
    client = TestClient(Starlette(routes=[readiness.route(lambda: seen)]), client=("127.0.0.1", 50_000))
    answer = client.get("/ready")
    told = answer.json()
    assert (answer.status_code, told["status"]) == (code, status)
    assert {name for name, one in told["neighbours"].items() if one["state"] != "ok"} == troubled
    assert all(one["says"].endswith(".") for one in told["neighbours"].values())


def test_what_is_not_set_is_not_spoken_of() -> None:
    """A process without Rasa, portals and Zalo that answers nothing itself says nothing of them."""
    seen = replace(WELL, has_index=None, rasa_answers=None, rest_s={}, zalo_left_s=None)
    assert [finding.name for finding in readiness.findings(seen)] == ["database", "disk", "answering"]


def test_strangers_learn_nothing() -> None:
    """From elsewhere there is no such page."""
    client = TestClient(Starlette(routes=[readiness.route(lambda: WELL)]), client=("203.0.113.7", 50_000))
    assert client.get("/ready").status_code == 404


@pytest.mark.parametrize(
    ("reply", "answers"),
    [(httpx.Response(200), True), (httpx.Response(503), False), (httpx.ConnectError("no"), False)],
)
def test_rasa_is_asked(reply: httpx.Response | httpx.HTTPError, answers: bool) -> None:
    """Rasa answers when its first page does."""

    def handle(request: httpx.Request) -> httpx.Response:
        if isinstance(reply, httpx.HTTPError):
            raise reply
        return reply

    assert rasa_client.answers("http://rasa", 1.0, httpx.MockTransport(handle)) is answers


def test_a_real_backlog_is_read(database: Store) -> None:
    """With an empty database nobody waits."""
    gauges = Backlog(database, desks.load(), Clock()).gauges()
    states = {finding.name: finding.state for finding in readiness.findings(replace(WELL, gauges=gauges))}
    assert states["database"] == states["answering"] == "ok"


def test_a_meter_is_read() -> None:
    """What a process said last of a portal is known; nothing said is nought."""
    meters, name = Meters(), "portal_rests_until_timestamp_seconds"
    meters.set(name, 12.0, portal="city")
    assert (meters.value(name, portal="city"), meters.value(name, portal="national")) == (12.0, 0.0)
