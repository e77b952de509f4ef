"""A made-up City: a quarter of turns, tickets and ratings over the 168 units, and the report of it counted once more.

    python -m evals.city --seed 1 --turns 200000

Everything is drawn from the seed. Some peculiarities are planted, and looked for in the report (`missing`). The second
count is plain SQL and plain Python over the raw rows, and shares nothing with bot/day_counts.py.
"""

from __future__ import annotations

import argparse
import math
import random
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from bot import desks, periods, tables
from bot.daybook import CLOSE_AFTER, Daybook
from bot.measures import Name, value
from bot.outcomes import Outcome
from bot.periods import Period
from bot.places import all_units
from bot.present import ZONE
from bot.report import ONLY_WHOLE, Figures, Reports, Scope, figures
from bot.store import Store, open_store
from bot.ticket import Event, Stage
from evals import bulk

QUARTER = periods.read("2026-Q3")
MINUTE = timedelta(minutes=1)
TURNS_OF_A_TALK = 4
TICKETS_PER_TURN, RATED_PER_TICKET = 0.04, 0.6
CHANNELS = {"webchat": 5, "zalo": 4, "telegram": 1}
FIELDS = {"ho_tich": 30, "cu_tru": 20, "chung_thuc": 20, "dat_dai": 15, "y_te": 5, "": 10}
OUTCOMES = {
    Outcome.ANSWERED: 55,
    Outcome.ASKED_WHICH: 15,
    Outcome.SMALL_TALK: 12,
    Outcome.NOT_UNDERSTOOD: 6,
    Outcome.HANDED_OFF: 5,
    Outcome.DOSSIER_FOUND: 5,
    Outcome.OFF_TOPIC: 2,
}
SILENT_UNIT, ANGRY_UNIT, NO_UNIT = "26743", "26740", ""
# planted: the first is never heard of on a Sunday, the second is never satisfied; in every tenth talk no unit is named
UNKNOWN_SHARE = 0.1
BATCH = 20_000


@dataclass
class Rows:
    """What is going to be inserted, table by table."""

    conversation: list[dict[str, Any]] = field(default_factory=list)
    inbox: list[dict[str, Any]] = field(default_factory=list)
    turn: list[dict[str, Any]] = field(default_factory=list)
    ticket: list[dict[str, Any]] = field(default_factory=list)
    ticket_event: list[dict[str, Any]] = field(default_factory=list)
    rating: list[dict[str, Any]] = field(default_factory=list)


class Town:
    """Draws a quarter, or another period."""

    def __init__(self, seed: int, turns: int, officers: int = 200, period: Period = QUARTER) -> None:
        self._chance = random.Random(seed)
        self._turns = turns
        self._period = period
        self._officers = officers
        self._units = sorted(unit.code for unit in all_units())
        self._weights = [1 / (rank + 5) for rank in range(len(self._units))]
        self._chance.shuffle(self._units)
        self._made = {"talk": 0, "turn": 0, "ticket": 0}
        self._free_at = [datetime(2000, 1, 1, tzinfo=UTC)] * (officers + 1)
        # when each officer is done with their ticket

    def rows(self) -> Iterator[Rows]:
        """The period in the order of its talks, batch by batch, a talk with all that belongs to it in one."""
        batch, lengths = Rows(), list(self._lengths())
        longest_s = int((self._period.end - self._period.first).total_seconds()) - 7200
        starts_s = sorted(self._chance.choices(range(longest_s), k=len(lengths)))
        for length, start_s in zip(lengths, starts_s, strict=True):
            self._talk(batch, length, periods.span(self._period.first)[0] + timedelta(seconds=start_s))
            if len(batch.turn) >= BATCH:
                yield batch
                batch = Rows()
        yield batch

    def _lengths(self) -> Iterator[int]:
        """Turns of each talk; together as many as were asked for."""
        left = self._turns
        while left:
            length = min(left, self._chance.randint(1, 2 * TURNS_OF_A_TALK - 1))
            yield length
            left -= length

    def _draw(self, weights: dict[Any, int]) -> Any:
        return self._chance.choices(list(weights), list(weights.values()))[0]

    def _unit(self, day: int) -> str:
        if self._chance.random() < UNKNOWN_SHARE:
            return NO_UNIT
        unit = self._chance.choices(self._units, self._weights)[0]
        return NO_UNIT if unit == SILENT_UNIT and day == 6 else unit

    def _talk(self, batch: Rows, length: int, start: datetime) -> None:
        """A conversation of so many turns, sometimes over midnight, perhaps with a ticket and a rating."""
        self._made["talk"] += 1
        talk, channel = self._made["talk"], self._draw(CHANNELS)
        place = {"unit": self._unit(start.astimezone(ZONE).weekday()), "field": self._draw(FIELDS)}
        values = {"id": talk, "channel": channel, "address": str(talk), "owner": "bot", "state": {}}
        batch.conversation.append({**values, "updated_at": start})
        pause = timedelta(seconds=self._chance.randrange(20, 900))
        for number in range(length):
            self._turn(batch, talk, channel, start + number * pause, place)
        if self._chance.random() < TICKETS_PER_TURN * length:
            self._ticket(batch, talk, channel, start + 5 * MINUTE, place)

    def _turn(self, batch: Rows, talk: int, channel: str, at: datetime, place: dict[str, str]) -> None:
        self._made["turn"] += 1
        number, outcome = self._made["turn"], self._draw(OUTCOMES)
        here = {"id": number, "conversation_id": talk}
        said = {"kind": "text", "text": "", "masked": [], "length": 1, "status": "done", "attempts": 1}
        batch.inbox.append({**here, "channel": channel, "message_id": str(number), "received_at": at, **said})
        procedure = f"1.{self._chance.randrange(40):06}" if outcome is Outcome.ANSWERED and place["field"] else ""
        made = {"engine": "embedded", "understanding": {}, "decision": "-", "elapsed_ms": 1, "created_at": at}
        batch.turn.append(
            {**here, "inbox_id": number, **made, "outcome": outcome.value, **place, "procedure": procedure}
        )

    def _ticket(self, batch: Rows, talk: int, channel: str, at: datetime, place: dict[str, str]) -> None:
        """Opened, perhaps moved, answered by whoever is free first, settled, perhaps rated. Some wait in vain."""
        self._made["ticket"] += 1
        number, chance = self._made["ticket"], self._chance
        desk = "dat_dai" if place["field"] == "dat_dai" else "thanh_pho"
        events: list[tuple[Event, datetime, Stage, str, int | None]] = [(Event.OPENED, at, Stage.QUEUED, desk, None)]
        if chance.random() < 0.2:
            desk = "thanh_pho" if desk == "dat_dai" else "dat_dai"
            events.append((Event.REROUTED, at + MINUTE, Stage.QUEUED, desk, None))
        officer = min(chance.sample(range(1, self._officers + 1), 8), key=lambda one: self._free_at[one])
        claimed = max(at + 2 * MINUTE + timedelta(seconds=chance.randrange(7200)), self._free_at[officer])
        if chance.random() < 0.1:
            events.append((Event.CANCELLED, at + 3 * MINUTE, Stage.CLOSED, desk, None))
        else:
            done = claimed + timedelta(seconds=chance.randrange(120, 1200))
            self._free_at[officer] = done
            events.append((Event.CLAIMED, claimed, Stage.OFFICER, desk, officer))
            events.append((Event.REPLIED, claimed + MINUTE, Stage.OFFICER, desk, officer))
            events.append((Event.RESOLVED, done, Stage.CLOSED, desk, None))
        names = ("kind", "at", "stage", "desk", "holder_id")
        for event in events:
            batch.ticket_event.append({"ticket_id": number, "text": "", **dict(zip(names, event, strict=True))})
        rest = {"state": "closed", "reason": "asked", "urgency": [], "rank_at": at, "resolved_at": events[-1][1]}
        values = {"id": number, "conversation_id": talk, "code": f"HT-{number:08}", "desk": desk, "opened_at": at}
        batch.ticket.append({**values, **place, **rest})
        if events[-1][0] is Event.RESOLVED and chance.random() < RATED_PER_TICKET:
            self._rating(batch, talk, number, channel, events[-1][1], place)

    def _rating(self, batch: Rows, talk: int, ticket: int, channel: str, at: datetime, place: dict[str, str]) -> None:
        step = None if self._chance.random() < 0.4 else self._draw({0: 5, 1: 45, 2: 30, 3: 10, 4: 6, 5: 4})
        if step and place["unit"] == ANGRY_UNIT:
            step = 5
        answered = {"step": step, "answered_at": at + 2 * MINUTE if step is not None else None}
        about = {"conversation_id": talk, "ticket_id": ticket, "channel": channel, **place}
        batch.rating.append({**about, "reason": "", "words": "", "asked_at": at + MINUTE, **answered})


def fill(store: Store, seed: int, turns: int, period: Period = QUARTER) -> None:
    """A period into an empty database."""
    town, hired = Town(seed, turns, period=period), []
    for number in range(1, 201):
        hired.append({"id": number, "username": f"o{number}", "name": "-", "password_hash": "-"})
    with store.writing() as connection:
        bulk.insert(connection, tables.officer, hired)
    for batch in town.rows():
        with store.writing() as connection:
            for name, rows in vars(batch).items():
                bulk.insert(connection, tables.metadata.tables[name], rows)


def close(store: Store, end: date = QUARTER.end + timedelta(days=6)) -> float:
    """Close every day before `end`; how many seconds it took."""
    over = periods.span(end)[0] + CLOSE_AFTER
    begun = time.perf_counter()
    Daybook(store, desks.load(), lambda: over).step()
    return time.perf_counter() - begun


# The second count

LOCAL = {"sqlite": "date({}, '+7 hours')", "postgresql": "CAST({} + INTERVAL '7 hours' AS date)"}


def recounted(connection: sa.Connection, where: str = "1 = 1") -> dict[Name, int]:
    """The City's figures from the raw rows; `where` narrows them by the columns unit, field and channel."""
    local = LOCAL[connection.dialect.name]

    def count(what: str, source: str, at: str) -> int:
        within = f"{local.format(at)} >= '{QUARTER.first}' AND {local.format(at)} < '{QUARTER.end}'"
        return int(connection.exec_driver_sql(f"SELECT {what} FROM {source} WHERE {within} AND {where}").scalar() or 0)

    turns = "(SELECT turn.*, conversation.channel FROM turn JOIN conversation ON conversation.id = conversation_id) t"
    events = (
        "(SELECT e.kind, e.at, e.id, e.ticket_id, ticket.unit, ticket.field, conversation.channel FROM ticket_event e"
        " JOIN ticket ON ticket.id = e.ticket_id JOIN conversation ON conversation.id = ticket.conversation_id"
    )
    first = "e.id = (SELECT min(o.id) FROM ticket_event o WHERE o.ticket_id = e.ticket_id AND o.kind = 'replied')"
    talk_days = f"count(DISTINCT conversation_id || ' ' || {local.format('created_at')})"

    def turned(which: str) -> int:
        return count(f"sum(CASE WHEN {which} THEN 1 ELSE 0 END)", turns, "created_at")

    def happened(which: str) -> int:
        return count("count(*)", f"{events} WHERE {which}) t", "at")

    return {
        Name.MESSAGES: count("count(*)", turns, "created_at"),
        Name.ANSWERED: turned("outcome IN ('answered', 'dossier_found')"),
        Name.NOT_RESOLVED: turned("outcome = 'not_understood'"),
        Name.PROCEDURE_ASKED: turned("procedure <> ''"),
        Name.CONVERSATIONS: count(talk_days, turns, "created_at"),
        Name.TICKETS_OPENED: happened("e.kind = 'opened'"),
        Name.TICKETS_MOVED: happened("e.kind = 'rerouted'"),
        Name.TICKETS_SETTLED: happened("e.kind = 'resolved'"),
        Name.TICKETS_ENDED: happened("e.kind = 'cancelled'"),
        Name.FIRST_ANSWERS: happened(first),
        Name.SATISFACTION_ASKED: count("count(*)", "rating", "asked_at"),
        Name.SATISFACTION: count("count(*)", "rating", "answered_at"),
    }


def waits_min(connection: sa.Connection) -> list[int]:
    """The waits for a first answer that was given in the quarter, in minutes rounded up, sorted."""
    opened: dict[int, datetime] = {}
    answered: dict[int, datetime] = {}
    query = sa.text("SELECT ticket_id, kind, at FROM ticket_event WHERE kind IN ('opened', 'replied') ORDER BY id DESC")
    for ticket, kind, at in connection.execute(query.columns(at=tables.UtcTime)):
        (opened if kind == "opened" else answered)[ticket] = at
    given = {ticket: at for ticket, at in answered.items() if at.astimezone(ZONE).date() < QUARTER.end}
    return sorted(math.ceil((at - opened[ticket]).total_seconds() / 60) for ticket, at in given.items())


def differences(connection: sa.Connection, read: Figures) -> list[str]:
    """Where the report is not what the raw rows say: the City, each unit, the waits; and sums that do not agree."""
    found = [_differ("City", name, value(read.whole, name), count) for name, count in recounted(connection).items()]
    for unit, counts in read.by["unit"].items():
        again = recounted(connection, f"unit = '{unit}'") if unit in (SILENT_UNIT, ANGRY_UNIT, NO_UNIT) else {}
        shown = {name: count for name, count in again.items() if name.value not in ONLY_WHOLE}
        found += [_differ(unit or "unknown", name, value(counts, name), count) for name, count in shown.items()]
    waits = waits_min(connection)
    for name, percent in ((Name.WAIT_P50_MIN, 50), (Name.WAIT_P90_MIN, 90)):
        found.append(_differ("City", name, value(read.whole, name), waits[-(-percent * len(waits) // 100) - 1]))
    for breakdown in read.by:
        for name in (Name.MESSAGES, Name.CONVERSATIONS, Name.TICKETS_OPENED, Name.FIRST_ANSWERS, Name.TICKETS_SETTLED):
            whole = sum(value(counts, name) or 0 for counts in read.by[breakdown].values())
            found.append(_differ(f"sum by {breakdown}", name, whole, value(read.whole, name)))
    return [line for line in found if line]


def _differ(where: str, name: Name, told: float | None, count: float | None) -> str:
    return "" if told == count else f"{where}: {name} is {told} in the report, {count} in the raw rows"


def missing(connection: sa.Connection, read: Figures) -> list[str]:
    """The planted peculiarities that the report does not show."""
    whole, angry, found = read.whole, read.by["unit"][ANGRY_UNIT], []
    if value(angry, Name.SATISFIED_SHARE) != 0.0 or (value(whole, Name.SATISFIED_SHARE) or 0) < 70:
        found.append("a unit that is never satisfied")
    by_day = figures(connection, Scope(QUARTER, unit=SILENT_UNIT)).by["day"]
    said = {day: value(counts, Name.MESSAGES) or 0 for day, counts in by_day.items()}
    sundays = sum(count for day, count in said.items() if date.fromisoformat(day).weekday() == 6)
    if not 50 * sundays < sum(said.values()):
        found.append("a unit without Sundays, but for what was begun on a Saturday night")
    if len(read.by["unit"]) != len({unit.code for unit in all_units()}) + 1:
        found.append("a row for each unit and one for none")
    if value(whole, Name.MOST_AT_ONCE) != 1:
        found.append("no officer holds two tickets at once")
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Fill, close, report, count again; 1 when anything differs."""
    parser = argparse.ArgumentParser(prog="python -m evals.city", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--turns", type=int, default=200_000)
    parser.add_argument("--database", default="", help="an empty one; otherwise SQLite, gone at the end")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(options.database or f"sqlite:///{Path(folder) / 'city.db'}")
        return told(store, options.seed, options.turns)


def told(store: Store, seed: int, turns: int) -> int:
    """Print what was found; 1 when anything differs."""
    fill(store, seed, turns)
    closed_s = close(store)
    scope, begun = Scope(QUARTER), time.perf_counter()
    report = Reports(store, desks.load(), lambda: datetime.now(ZONE)).issue(scope)
    report_s = time.perf_counter() - begun
    with store.reading() as connection:
        read = figures(connection, scope)
        wrong = differences(connection, read) + [f"not found: {what}" for what in missing(connection, read)]
        rows = connection.execute(sa.select(sa.func.count()).select_from(tables.daily_figure)).scalar()
    store.close()
    print(f"seed {seed}: {turns} turns, {rows} daily figures, closed in {closed_s:.1f} s, report in {report_s:.2f} s")
    for label, number, unit in report.table("summary").rows:
        print(f"| {label} | {number if number is not None else 'not known'} | {unit} |")
    print("\n".join(wrong) or "reconciled: no difference")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
