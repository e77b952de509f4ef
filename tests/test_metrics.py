"""Metrics: counts for the machine itself, without a code and without a person."""

from __future__ import annotations

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from bot.figures import figures
from bot.flood import Flood, load
from bot.store import Store
from integrations.errors import BadAnswer
from tests import town
from tests.test_second_factor import Counter
from tests.town import DOSSIER_CODE, Clock
from web import metrics


def test_counts_are_shown(database: Store) -> None:
    """Ends of turns, an answer that was not believed and slowed look-ups are counted; no code is shown."""
    counter = Counter(database, town.Book(BadAnswer("another dossier")))
    counter.say(DOSSIER_CODE)
    counter.say("xin chào")
    flood = Flood(load(), Clock())
    for _ in range(7):
        flood.excess("webchat", "lan", "", lambda: False, codes=1)
    shown = metrics.text(figures(counter.worker, flood))
    assert shown.splitlines() == [
        "# TYPE mot_cua_bad_answers_total counter",
        "mot_cua_bad_answers_total 1",
        "# TYPE mot_cua_turns_total counter",
        'mot_cua_turns_total{outcome="portal_down"} 1',
        'mot_cua_turns_total{outcome="small_talk"} 1',
        "# TYPE mot_cua_lookups_slowed_total counter",
        'mot_cua_lookups_slowed_total{channel="webchat",limit="person"} 1',
    ]


@pytest.mark.parametrize(("host", "status"), [("127.0.0.1", 200), ("203.0.113.7", 404)])
def test_only_the_machine_itself_reads_them(host: str, status: int) -> None:
    """From elsewhere there is no such page."""
    client = TestClient(Starlette(routes=[metrics.route(lambda: ())]), client=(host, 50_000))
    assert client.get("/metrics").status_code == status
