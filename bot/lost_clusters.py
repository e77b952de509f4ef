"""Lost questions as editors read them: clusters by number, and one cluster with what was answered.

Nobody's conversation is shown: only the question, the reply to it and the officer's first words, each without personal
numbers and without what could tell who asked.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date

import sqlalchemy as sa

from bot import outbox, tables
from bot.lost_questions import Reason, clean
from bot.periods import Period
from bot.store import Store

MOST_SHOWN = 200
# clusters of a list, and questions of a cluster
_lost = tables.lost_question.c


@dataclass(frozen=True)
class Cluster:
    """Open questions that ask the same."""

    id: int
    # of the question in the middle
    text: str
    count: int
    reasons: Mapping[str, int]
    # Reason -> how many
    last_day: date


@dataclass(frozen=True)
class Lost:
    """One question of a cluster."""

    id: int
    text: str
    reason: Reason
    day: date
    channel: str
    ticket_id: int | None
    # while the conversation is kept, as the two below
    told: str
    # what the assistant said; empty: not known any more
    answered: str
    # what an officer said; empty: nothing, or not known any more


@dataclass(frozen=True)
class Filter:
    """Which questions count."""

    reason: str = ""
    # a Reason; empty: any
    period: Period | None = None
    # of the days they were asked; None: any


ALL = Filter()


@dataclass
class _Growing:
    count: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    last_day: date = date.min
    text: str = ""


class LostClusters:
    """What there is to look at."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def all(self, which: Filter = ALL) -> list[Cluster]:
        """The clusters, the largest first, of as many the latest."""
        with self._store.reading() as connection:
            found = _grown(connection, which)
        made = [Cluster(key, one.text, one.count, one.reasons, one.last_day) for key, one in found.items()]
        return sorted(made, key=lambda one: (one.count, one.last_day, one.id), reverse=True)[:MOST_SHOWN]

    def of(self, cluster_id: int) -> list[Lost]:
        """The open questions of a cluster, the one in the middle first. Raises KeyError when there are none."""
        in_it = sa.func.coalesce(_lost.middle_id, _lost.id) == cluster_id
        query = _told().where(in_it, _lost.decision_id.is_(None))
        query = query.order_by(_lost.id != cluster_id, _lost.id.desc()).limit(MOST_SHOWN)
        with self._store.reading() as connection:
            found = [_question(row) for row in connection.execute(query).mappings()]
        if not found:
            raise KeyError(cluster_id)
        return found


def _grown(connection: sa.Connection, which: Filter) -> dict[int, _Growing]:
    """The open questions of each cluster, counted; named by the middle, or by the newest where that is filtered out."""
    query = sa.select(tables.lost_question).where(_lost.decision_id.is_(None), *_narrowed(which)).order_by(_lost.id)
    found: dict[int, _Growing] = {}
    for row in connection.execute(query).mappings():
        key = row["middle_id"] or row["id"]
        one = found.setdefault(key, _Growing())
        one.count += 1
        one.reasons[row["reason"]] += 1
        one.last_day = max(one.last_day, row["day"])
        one.text = row["text"]
    middles = sa.select(_lost.id, _lost.text).where(_lost.id.in_(found))
    for middle in connection.execute(middles):
        found[middle.id].text = middle.text
    return found


def _narrowed(which: Filter) -> Iterator[sa.ColumnElement[bool]]:
    if which.reason:
        yield _lost.reason == which.reason
    if which.period is not None:
        yield _lost.day >= which.period.first
        yield _lost.day < which.period.end


def _told() -> sa.Select[tuple[object, ...]]:
    """Questions with the reply of their turn and an officer's answer."""
    answer = tables.outbox.alias("answer")
    query = sa.select(tables.lost_question, tables.turn.c.reply.label("told"), answer.c.reply.label("answered"))
    query = query.outerjoin(tables.turn, tables.turn.c.inbox_id == _lost.inbox_id)
    return query.outerjoin(answer, answer.c.id == _lost.answer_id)


def _question(row: sa.RowMapping) -> Lost:
    return Lost(
        id=row["id"],
        text=row["text"],
        reason=Reason(row["reason"]),
        day=row["day"],
        channel=row["channel"],
        ticket_id=row["ticket_id"],
        told=_plain(row["told"]),
        answered=_plain(row["answered"]),
    )


def _plain(reply: Mapping[str, object] | None) -> str:
    return clean(outbox.from_json(dict(reply)).plain()) if reply else ""
