"""Traces: one span a turn, its steps and the calls inside them, without a word of anybody."""

from __future__ import annotations

from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from bot import stopwatch, traces
from bot.observation import Observer
from bot.store import Store
from bot.worker import Worker
from integrations.errors import Unavailable
from integrations.resilient import Patience, Resilient
from tests import town
from tests.test_resilience import Clock as Seconds
from tests.test_resilience import Scripted
from tests.town import DOSSIER_CODE, Clock


def test_a_turn_is_a_trace(database: Store) -> None:
    """The turn's span has a child for each step, the portal's call is inside "perform", and nothing says the code."""
    exporter, script = InMemorySpanExporter(), Scripted()
    observer = Observer(trace=traces.into(exporter, at_once=True))
    script.error = Unavailable()
    made = town.assistant(None, Resilient("city", script, Patience(), Seconds(), observer))
    worker = Worker(database, lambda: made, Clock(), observer=observer)
    town.say(database, DOSSIER_CODE, address="a-citizen")
    assert worker.step()
    spans = {span.name: span for span in exporter.get_finished_spans()}
    assert set(spans) == {"turn", "understand", "decide", "perform", "compose", "remember", "record", "city"}
    inside = {name: span.parent.span_id for name, span in spans.items() if span.parent}
    assert inside["city"] == spans["perform"].context.span_id
    assert {inside[name] for name in inside if name != "city"} == {spans["turn"].context.span_id}
    assert spans["city"].status.description == "Unavailable"
    assert spans["turn"].attributes == {
        "turn": 1, "channel": "webchat", "outcome": "portal_down", "engine": "embedded", "attempt": 1,
    }  # fmt: skip
    written = " ".join(span.to_json() for span in spans.values())
    assert DOSSIER_CODE not in written and "a-citizen" not in written


def test_without_an_address_nothing_is_traced() -> None:
    """Traces are off unless an address is set."""
    assert traces.trace("") is None


def test_steps_follow_one_another() -> None:
    """A step begins where the one before it ended; a call lies inside, with the name of its error."""
    ticks = iter(range(0, 100, 10))
    watch = stopwatch.Stopwatch(lambda: next(ticks), epoch_ns=1000)
    watch.lap("one")
    try:
        with watch.call("city"):
            raise KeyError
    except KeyError:
        watch.lap("two")
    assert [(lap.name, lap.started_ns, lap.ended_ns) for lap in watch.steps] == [
        ("one", 1000, 1010),
        ("two", 1010, 1040),
    ]
    assert watch.calls == [stopwatch.Lap("city", 1020, 1030, "KeyError")]


def test_each_thread_has_its_own() -> None:
    """The one that was started is found until its block ends."""
    with stopwatch.started() as watch:
        assert stopwatch.running() is watch
    assert stopwatch.running() is not watch
