"""Meters: what the processes of this host count, in the words of Prometheus. No code, no text, no person.

Every label has a closed list of values; anything else is counted as "other", so that nothing that a citizen or a vendor
wrote becomes a label. The counts of all processes over one folder are summed where they are read, and outlive a process
that is killed (docs/decisions/0027-observation.md).
"""

from __future__ import annotations

import logging
import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from bot import settings
from bot.outcomes import Outcome

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry
    from prometheus_client.metrics import MetricWrapperBase

log = logging.getLogger(__name__)

PREFIX = "mot_cua_"
OTHER = "other"
MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
SHORT_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
LONG_S = (0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)
MOST_AT_NOUGHT = 64
# a counter with more combinations of labels shows only those that were counted
ROOM_BYTES = 262_144
# of a file of counts: all combinations of labels take less
COUNTER, HISTOGRAM, GAUGE = "counter", "histogram", "gauge"

STEPS = ("understand", "decide", "perform", "compose", "remember", "record")
# of a turn (bot/assistant.py), and its transaction (bot/worker.py)
LABELS: Mapping[str, Collection[str]] = {
    "channel": ("webchat", "telegram", "zalo", "terminal", "sheet"),
    "outcome": tuple(Outcome),
    "engine": ("rasa", "embedded", "none"),
    "step": STEPS,
    "limit": ("person", "network", "everyone"),
    "neighbour": ("rasa", "city", "national"),
    "portal": ("city", "national"),
    "ended": (
        "answered", "kept", "stale", "older",
        "AnotherDossier", "BadAnswer", "Busy", "Refused", "Unavailable", "NotFound", "IntegrationError",
    ),
}  # fmt: skip
# label -> every value it takes; desks are those of bot/data/desks.yaml (bot/backlog.py)


@dataclass(frozen=True)
class Meter:
    """One thing that is counted or measured."""

    kind: str
    # counter, histogram, gauge
    says: str
    # HELP, with the unit
    labels: tuple[str, ...] = ()
    buckets_s: tuple[float, ...] = ()
    # of a histogram


METERS: Mapping[str, Meter] = {
    "turns": Meter(COUNTER, "Turns that were recorded, by how they ended.", ("channel", "outcome")),
    "turn_failures": Meter(COUNTER, "Attempts at a message that failed by our own mistake.", ("channel",)),
    "turn_seconds": Meter(HISTOGRAM, "From taking a message to its recorded turn.", ("channel",), SHORT_S),
    "answer_seconds": Meter(HISTOGRAM, "From receiving a message to its recorded turn.", ("channel",), LONG_S),
    "step_seconds": Meter(HISTOGRAM, "One step of a turn.", ("step",), SHORT_S),
    "readings": Meter(COUNTER, "Turns by the engine that read the message.", ("engine",)),
    "bad_answers": Meter(COUNTER, "Answers of a portal that were not believed."),
    "messages_dropped": Meter(COUNTER, "Messages over a limit.", ("channel", "limit")),
    "lookups_slowed": Meter(COUNTER, "Messages with dossier codes over a limit.", ("channel", "limit")),
    "neighbour_seconds": Meter(HISTOGRAM, "One call to a neighbour.", ("neighbour",), SHORT_S),
    "neighbour_failures": Meter(COUNTER, "Calls to a neighbour that brought no sound answer.", ("neighbour",)),
    "portal_calls": Meter(COUNTER, "Look-ups at a portal, by how they ended.", ("portal", "ended")),
    "portal_rests_until_timestamp_seconds": Meter(
        GAUGE, "Until when a portal is left alone after failures, in seconds since 1970; 0: it works.", ("portal",)
    ),
}


@dataclass(frozen=True)
class Gauge:
    """One value at the moment, read elsewhere than counted: what waits in the database."""

    name: str
    says: str
    value: float
    labels: Mapping[str, str]


class Counting(Protocol):
    """Whatever can be told a count."""

    def count(self, name: str, **labels: str) -> None: ...
    def observe(self, name: str, value: float, **labels: str) -> None: ...
    def set(self, name: str, value: float, **labels: str) -> None: ...


class Uncounted:
    """Where nobody wants to know: `python -m bot ask`, the evals."""

    def count(self, name: str, **labels: str) -> None:
        """Nothing."""

    def observe(self, name: str, value: float, **labels: str) -> None:
        """Nothing."""

    def set(self, name: str, value: float, **labels: str) -> None:
        """Nothing."""


UNCOUNTED = Uncounted()


class Meters:
    """The meters of this process. Safe to share between threads."""

    def __init__(self, folder: Path | None = None) -> None:
        """`folder`: where the processes of this host count together (`together`); none: this process alone."""
        from prometheus_client import CollectorRegistry, disable_created_metrics  # noqa: PLC0415

        # it decides at its import whether processes count together: the folder must be named before
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self._folder = folder
        self._registry = CollectorRegistry()
        self._made = {name: _made(name, meter, self._registry) for name, meter in METERS.items()}

    @classmethod
    def together(cls, folder: Path) -> Meters:
        """Counts that all processes over the folder share; this process's alone where nothing can be written."""
        try:
            folder.mkdir(parents=True, exist_ok=True)
            forget_ended(folder)
            _reserve(folder)
        except OSError as error:
            if folder.parent.exists():  # otherwise the database has more to say
                log.warning("counts are not shared with other processes: %s", type(error).__name__)
            return cls()
        settings.count_in(folder)
        return cls(folder)

    def count(self, name: str, **labels: str) -> None:
        """One more."""
        self._of(name, labels).inc()

    def observe(self, name: str, value: float, **labels: str) -> None:
        """It took so long."""
        self._of(name, labels).observe(value)

    def set(self, name: str, value: float, **labels: str) -> None:
        """It is so now."""
        self._of(name, labels).set(value)

    def value(self, name: str, **labels: str) -> float:
        """Of a gauge or counter over all processes; 0 when nobody said anything."""
        suffix = "_total" if METERS[name].kind == COUNTER else ""
        return self._summed().get_sample_value(PREFIX + name + suffix, labels) or 0.0

    def text(self, gauges: Iterable[Gauge] = ()) -> bytes:
        """Everything in the text format of Prometheus, the sums of all processes over the folder."""
        from prometheus_client import generate_latest  # noqa: PLC0415

        return generate_latest(self._summed()) + generate_latest(_Read(tuple(gauges)))

    def _summed(self) -> CollectorRegistry:
        if self._folder is None:
            return self._registry
        from prometheus_client import CollectorRegistry  # noqa: PLC0415
        from prometheus_client.multiprocess import MultiProcessCollector  # noqa: PLC0415

        summed = CollectorRegistry()
        MultiProcessCollector(summed, path=str(self._folder))  # type: ignore[no-untyped-call]
        return summed

    def _of(self, name: str, labels: Mapping[str, str]) -> Any:
        made = self._made[name]
        return made.labels(**{label: known(label, value) for label, value in labels.items()}) if labels else made


def known(label: str, value: str) -> str:
    """The value where it is of the label's list, otherwise "other"."""
    return str(value) if value in LABELS[label] else OTHER


def forget_ended(folder: Path) -> None:
    """Counts of ended processes go once nobody counts any more: a sum that falls while others go on would mislead."""
    written = {path: _process(path) for path in folder.glob("*.db")}
    living = {process for process in set(written.values()) if _lives(process)}
    if not living - {os.getpid()}:
        for path, process in written.items():
            if process not in living:
                path.unlink(missing_ok=True)


def _reserve(folder: Path) -> None:
    """Room for this process's counts: a mapped file that finds the disk full later would end the process."""
    for kind in (COUNTER, HISTOGRAM, f"{GAUGE}_max"):
        path = folder / f"{kind}_{os.getpid()}.db"
        if not path.exists():
            path.write_bytes(bytes(ROOM_BYTES))


def _process(path: Path) -> int:
    """The number in "counter_4711.db"; 0 in any other name."""
    number = path.stem.rpartition("_")[2]
    return int(number) if number.isdecimal() else 0


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _made(name: str, meter: Meter, registry: CollectorRegistry) -> MetricWrapperBase:
    """The meter of the vendor, at nought for every combination of labels where there are few."""
    import prometheus_client  # noqa: PLC0415

    asked: dict[str, Any] = {"labelnames": meter.labels, "registry": registry}
    made: MetricWrapperBase
    if meter.kind == HISTOGRAM:
        made = prometheus_client.Histogram(PREFIX + name, meter.says, buckets=meter.buckets_s, **asked)
    elif meter.kind == GAUGE:
        made = prometheus_client.Gauge(PREFIX + name, meter.says, multiprocess_mode="max", **asked)
    else:
        made = prometheus_client.Counter(PREFIX + name, meter.says, **asked)
    values = [LABELS[label] for label in meter.labels]
    if meter.labels and meter.kind == COUNTER and prod(map(len, values)) <= MOST_AT_NOUGHT:
        for combination in product(*values):
            made.labels(*combination)
    return made


class _Read:
    """Gauges as the vendor's registry shows them."""

    def __init__(self, gauges: tuple[Gauge, ...]) -> None:
        self._gauges = gauges

    def collect(self) -> Iterator[Any]:
        """One family a name."""
        from prometheus_client.core import GaugeMetricFamily  # noqa: PLC0415

        for name in dict.fromkeys(gauge.name for gauge in self._gauges):
            of_name = [gauge for gauge in self._gauges if gauge.name == name]
            family = GaugeMetricFamily(PREFIX + name, of_name[0].says, labels=list(of_name[0].labels))
            for gauge in of_name:
                family.add_metric(list(gauge.labels.values()), gauge.value)
            yield family
