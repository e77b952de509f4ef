"""Traces: one span a turn with a child for each step and each neighbour's call, for OpenTelemetry, where it is wanted.

A span says numbers of ours, names of closed lists and times: no text, no address, no code of a dossier.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.assistant import Turn
from bot.inbox import Taken
from bot.observation import Trace
from bot.stopwatch import Lap, Stopwatch

if TYPE_CHECKING:
    from opentelemetry.sdk.trace.export import SpanExporter

SERVICE = "mot-cua"


def trace(url: str) -> Trace | None:
    """Sends to an OTLP collector, in batches and in a thread of its own; None without an address."""
    if not url:
        return None
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415

    # a quarter of a second that whoever wants no traces need not pay
    return into(OTLPSpanExporter(endpoint=url))


def into(exporter: SpanExporter, *, at_once: bool = False) -> Trace:
    """Gives spans to an exporter; `at_once`: before the call ends, for tests."""
    from opentelemetry import trace as api  # noqa: PLC0415
    from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
    from opentelemetry.sdk.trace.export import BatchSpanProcessor, SimpleSpanProcessor  # noqa: PLC0415

    provider = TracerProvider(resource=Resource({"service.name": SERVICE}))
    provider.add_span_processor(SimpleSpanProcessor(exporter) if at_once else BatchSpanProcessor(exporter))
    tracer = provider.get_tracer(SERVICE)

    def record(turn_id: int, taken: Taken, turn: Turn, watch: Stopwatch) -> None:
        said: dict[str, str | int] = {
            "turn": turn_id,
            "channel": taken.channel,
            "outcome": turn.facts.outcome.value,
            "engine": turn.engine,
            "attempt": taken.attempts,
        }
        whole = tracer.start_span("turn", start_time=watch.started_ns, attributes=said)
        steps = {}
        for step in watch.steps:
            steps[step] = tracer.start_span(
                step.name, context=api.set_span_in_context(whole), start_time=step.started_ns
            )
        for call in watch.calls:
            parent = next((span for step, span in steps.items() if _inside(call, step)), whole)
            span = tracer.start_span(call.name, context=api.set_span_in_context(parent), start_time=call.started_ns)
            if call.error:
                span.set_status(api.StatusCode.ERROR, call.error)
            span.end(call.ended_ns)
        for step, span in steps.items():
            span.end(step.ended_ns)
        whole.end(watch.steps[-1].ended_ns if watch.steps else watch.started_ns)

    return record


def _inside(call: Lap, step: Lap) -> bool:
    return step.started_ns <= call.started_ns <= step.ended_ns
