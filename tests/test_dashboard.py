"""The dashboard and the alert rules speak of what is exported, and each alert says what to do."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot import desks, sync_gauges
from bot.backlog import KINDS, OPEN, SAYS
from bot.meters import LABELS, METERS, OTHER, PREFIX

DATA = Path(__file__).parents[1] / "web" / "data"
SELECTOR = re.compile(r"\bmot_cua_(?P<name>\w+)(?:\{(?P<matchers>[^}]*)\})?(?P<range>\[\w+\])?")
MATCHER = re.compile(r'(?P<label>\w+)(?P<how>=~|!~|!=|=)"(?P<values>[^"]*)"')
GROUPED = re.compile(r"\bby \((?P<labels>[\w, ]*)\)")
SUFFIXES = {"counter": ("_total",), "gauge": ("",), "histogram": ("_bucket", "_count", "_sum")}
VALUES = {
    **LABELS,
    "box": ("inbox", "outbox"),
    "kind": KINDS,
    "stage": OPEN,
    "desk": [plan.id for plan in desks.load()],
}
ALERTS = yaml.load((DATA / "prometheus" / "alerts.yaml").read_text("utf-8"), Loader=yaml.CSafeLoader)["groups"][0][
    "rules"
]
PANELS = [
    panel
    for panel in json.loads((DATA / "grafana" / "dashboard.json").read_text("utf-8"))["panels"]
    if panel["type"] != "row"
]
DASHBOARD = [(panel["title"], target["expr"]) for panel in PANELS for target in panel["targets"]]
QUERIES = [*((rule["alert"], rule["expr"]) for rule in ALERTS), *DASHBOARD]


@cache
def exported() -> dict[str, frozenset[str]]:
    """Every series by its name without the prefix, with its labels."""
    counted = {
        name + suffix: frozenset(meter.labels) | ({"le"} if suffix == "_bucket" else set())
        for name, meter in METERS.items()
        for suffix in SUFFIXES[meter.kind]
    }
    gauges = {**SAYS, **sync_gauges.SAYS}
    return {**counted, **{name: frozenset(labels) for name, (_, labels) in gauges.items()}}


def faults(query: str) -> Iterator[str]:
    """What a query says of which there is nothing."""
    known = exported()
    found = list(SELECTOR.finditer(query))
    if not found:
        yield "asks for nothing of ours"
    for one in found:
        if one["name"] not in known:
            yield f"no series {one['name']}"
            continue
        if one["name"].endswith(("_total", "_bucket", "_sum")) and not one["range"]:
            yield f"{one['name']} grows for ever: it needs a range"
        for matcher in MATCHER.finditer(one["matchers"] or ""):
            label, values = matcher["label"], matcher["values"].split("|")
            if label not in known[one["name"]]:
                yield f"{one['name']} has no label {label}"
            elif unknown := set(values) - {*VALUES[label], OTHER}:
                yield f"{label} is never {unknown}"
    labels = {label.strip() for group in GROUPED.findall(query) for label in group.split(",")}
    there = frozenset().union(*(known.get(one["name"], frozenset()) for one in found))
    if missing := labels - there:
        yield f"grouped by {missing}, which nothing has"
    if query.count("(") != query.count(")") or query.count("{") != query.count("}"):
        yield "brackets do not match"


@pytest.mark.parametrize(("where", "query"), QUERIES)
def test_queries_ask_for_what_is_exported(where: str, query: str) -> None:
    """Names, labels and values of every query exist, and what only grows is asked over a range."""
    assert list(faults(query)) == []


@pytest.mark.parametrize(
    ("query", "fault"),
    [
        ("up", "asks for nothing of ours"),
        ("mot_cua_nothing", "no series nothing"),
        ("mot_cua_turns_total", "turns_total grows for ever: it needs a range"),
        ('mot_cua_inbox_waiting{desk="x"}', "inbox_waiting has no label desk"),
        ('mot_cua_inbox_waiting{channel="fax"}', "channel is never {'fax'}"),
        ("sum by (desk) (mot_cua_inbox_waiting)", "grouped by {'desk'}, which nothing has"),
        ("max(mot_cua_inbox_waiting", "brackets do not match"),
    ],
)
def test_the_reader_finds_faults(query: str, fault: str) -> None:
    """A wrong name, label, value or bracket is seen."""
    assert list(faults(query)) == [fault]


@pytest.mark.parametrize("rule", ALERTS, ids=lambda rule: rule["alert"])
def test_every_alert_says_what_to_do(rule: dict[str, Any]) -> None:
    """Each has a summary and a runbook, sentences both, and a severity of two."""
    assert rule["labels"]["severity"] in ("page", "ticket")
    for part in ("summary", "runbook"):
        assert re.fullmatch(r"[A-Z`].{20,}[.?]", rule["annotations"][part]), rule["alert"]


def test_every_picture_says_what_it_is() -> None:
    """Each panel has a title of its own and a description; places do not overlap."""
    assert len({panel["title"] for panel in PANELS}) == len(PANELS)
    assert all(panel["description"].endswith(".") for panel in PANELS)
    taken = [(panel["gridPos"]["y"], panel["gridPos"]["x"]) for panel in PANELS]
    assert len(set(taken)) == len(taken) and all(panel["gridPos"]["w"] >= 4 for panel in PANELS)


def test_everything_exported_is_shown() -> None:
    """What nobody looks at need not be counted: each meter and gauge is in the dashboard."""
    shown = {one["name"] for _, query in DASHBOARD for one in SELECTOR.finditer(query)}
    assert {name for name in METERS if not any(name + end in shown for end in SUFFIXES[METERS[name].kind])} == set()
    assert set(SAYS) - shown == set()
    assert all(name.islower() for name in shown) and PREFIX == "mot_cua_"
