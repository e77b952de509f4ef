"""How much slower a message becomes while more and more was said before it.

`python -m evals.growth` fills an empty database with turns (1,000 real ones, then copies up to a million:
evals/grown.py) and takes, answers and sends messages at each size; beside them what officers and clocks do all day. On
SQLite and on PostgreSQL, in one process and without HTTP: what the network costs does not grow. `--part length` grows
conversations instead (evals/long_talks.py), beside a full Rasa dialogue; `--part catalogue` grows the catalogue
(evals/understanding_speed.py). Aims: p99 of a message at most 1.3 times as long, of a long conversation 1.2 times.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import sqlalchemy as sa

from bot import settings, tables, wiring
from bot.assistant import Assistant, Turn
from bot.conversation import Owner
from bot.messages import InboundMessage
from bot.present import now
from bot.retention import KEEP, delete_old
from bot.wiring import Parts
from bot.worker import Worker
from evals import blocks, grown, long_talks, rasa_servers, scoring, understanding_speed
from evals.databases import POSTGRESQL, SQLITE, Database, database
from evals.process import cpu_s
from evals.spread import Spread

SIZES = (1_000, 10_000, 100_000, 1_000_000)
REAL = 1_000
# turns that are really made; a size is a multiple of them
PARTS = ("turns", "length", "catalogue")
TALK = 5
# messages of one person
TO_OFFICERS = 4
# one person of so many ends up with an officer
OFFICER = "gặp cán bộ"
CHANNEL = "telegram"
MESSAGES = 500
LOOKS = 30
# of officers, clocks and the job that deletes
OLD = 5
# conversations that one look of the job deletes
SEED = 1
AIM, LONG_AIM = 1.3, 1.2
# at most so many times as long, p99


@dataclass(frozen=True)
class Row:
    """What was measured at one size."""

    turns: int
    size_mb: float
    cpu_ms: float
    # processor time of a message, ours and the database server's: what other work on the machine does not change
    spreads: dict[str, Spread]
    # what was done -> how long it took


class Watched:
    """An assistant that notes how long each turn took without the database."""

    def __init__(self, assistant: Assistant) -> None:
        self._assistant = assistant
        self.last_s = 0.0

    def turn(self, *arguments: Any) -> Turn:
        """As the assistant's own."""
        begun = time.perf_counter()
        made = self._assistant.turn(*arguments)
        self.last_s = time.perf_counter() - begun
        return made


class Town:
    """A running conversation room whose messages are written, answered and sent one after another."""

    def __init__(self, parts: Parts) -> None:
        self.parts = parts
        self._watched = Watched(parts.editions.assistant())
        self._worker = Worker(parts.store, lambda: self._watched)  # type: ignore[arg-type, return-value]
        self._number = 0

    def say(self, person: str, text: str) -> tuple[float, float]:
        """One message until its reply is sent; seconds, and how many of them the database and its rows took."""
        self._number += 1
        begun = time.perf_counter()
        told = InboundMessage(CHANNEL, f"m{self._number}-{begun}", person, now(), text=text)
        self.parts.inbox.accept(told)
        self._worker.step()
        while delivery := self.parts.outbox.take(CHANNEL, now()):
            self.parts.outbox.sent(delivery.id, now())
        took = time.perf_counter() - begun
        return took, took - self._watched.last_s


@contextmanager
def town(over: Database) -> Iterator[Town]:
    """Words alone, over a database."""
    with TemporaryDirectory() as folder:
        chosen = replace(settings.load(), data_dir=Path(folder), database_url=over.url, encoder="none", rasa_url="")
        parts = wiring.build(chosen)
        try:
            yield Town(parts)
        finally:
            parts.store.close()


def begin(made: Town, texts: Sequence[str], turns: int) -> grown.Numbers:
    """Real talks; the highest number of each table."""
    chosen = random.Random(SEED).choices(texts, k=turns)
    for number, text in enumerate(chosen):
        person = number // TALK
        to_officer = person % TO_OFFICERS == 0 and number % TALK == TALK - 1
        made.say(f"person-{person}", OFFICER if to_officer else text)
    grown.settle(made.parts.store)
    with made.parts.store.reading() as connection:
        return grown.highest(connection)


def measured(
    made: Town, over: Database, first: grown.Numbers, texts: Sequence[str], turns: int, messages: int, looks: int
) -> Row:
    """Messages from new people and from some who wrote before; then what else is done all day."""
    chance = random.Random(turns)
    people = [*_people(made, messages // 2, chance), *(f"new-{turns}-{number}" for number in range(messages // 2))]
    chance.shuffle(people)
    before_s = _cpu_s(over)
    waits = [made.say(person, text) for person, text in zip(people, chance.choices(texts, k=len(people)), strict=True)]
    cpu_ms = 1000 * (_cpu_s(over) - before_s) / len(waits)
    parts, known = made.parts, _people(made, looks, chance)
    grown.close_tickets(parts.store, first)
    spreads = {
        "message": Spread.of([took for took, _ in waits]),
        "of it the database": Spread.of([rest for _, rest in waits]),
        "list of tickets": _repeated(looks, lambda number: parts.board.listed("waiting", 0)),
        "counts of desks": _repeated(looks, lambda number: parts.board.states()),
        "a talk read again": _repeated(looks, lambda number: parts.outbox.since(CHANNEL, known[number], 0)),
        "timers": _repeated(looks, lambda number: parts.timers.step()),
        f"deleting {OLD} talks": _deleting(made, looks),
    }
    return Row(turns, over.size_mb(), cpu_ms, spreads)


def _cpu_s(over: Database) -> float:
    """Of this process and of the database's."""
    return time.process_time() + sum(map(cpu_s, over.pids()))


def _people(made: Town, most: int, chance: random.Random) -> list[str]:
    """Addresses of people who wrote before, anywhere in the database; one may come twice."""
    with made.parts.store.reading() as connection:
        highest = grown.highest(connection)["conversation"]
        numbers = [chance.randint(1, highest) for _ in range(10 * most)]
        row = tables.conversation.c
        found = connection.execute(
            sa.select(row.address).where(row.id.in_(numbers), row.owner == Owner.BOT.value)
        ).scalars()
        return chance.choices(list(found), k=most)


def _deleting(made: Town, times: int) -> Spread:
    """The job that deletes, each time with OLD talks that have rested long enough."""
    waits = []
    for _ in range(times):
        _rest(made, OLD)
        waits.append(_timed(lambda: delete_old(made.parts.store, now())))
    return Spread.of(waits)


def _rest(made: Town, talks: int) -> None:
    """So many of the oldest talks get an age at which they are deleted."""
    row = tables.conversation.c
    oldest = sa.select(row.id).where(row.owner == Owner.BOT.value).order_by(row.updated_at, row.id).limit(talks)
    with made.parts.store.writing() as connection:
        chosen = connection.execute(oldest).scalars().all()
        aged = sa.update(tables.conversation).where(row.id.in_(chosen))
        connection.execute(aged.values(updated_at=now() - KEEP - timedelta(minutes=1)))


def _repeated(times: int, act: Callable[[int], object]) -> Spread:
    return Spread.of([_timed(lambda: act(number)) for number in range(times)])  # noqa: B023


def _timed(act: Callable[[], object]) -> float:
    """Seconds."""
    begun = time.perf_counter()
    act()
    return time.perf_counter() - begun


def turns(asked: str, sizes: Sequence[int], real: int, messages: int, looks: int) -> Iterator[Row]:
    """One row a size, over a database that grows."""
    texts = [label.text for label in scoring.load()]
    with database(asked) as over, town(over) as made:
        first, there = begin(made, texts, real), real
        for size in sizes:
            grown.multiply(made.parts.store, first, (size - there) // real, now())
            there = size
            yield measured(made, over, first, texts, size, messages, looks)


def table(rows: Sequence[Row]) -> str:
    """Markdown: a line a size, p50 / p99 in ms; below it how much longer everything takes than at first."""
    names = list(rows[0].spreads)
    lines = [f"| turns | MB | processor ms | {' | '.join(names)} |", "|---" * (len(names) + 3) + "|"]
    for row in rows:
        lines.append(
            f"| {row.turns:,} | {row.size_mb:,.0f} | {row.cpu_ms:.1f} | {' | '.join(map(str, row.spreads.values()))} |"
        )
    first, last = rows[0].spreads, rows[-1].spreads
    ratios = (
        f"{last[name].p50_ms / first[name].p50_ms:.2f} / {last[name].p99_ms / first[name].p99_ms:.2f}" for name in names
    )
    return "\n".join([*lines, f"| times as long | | {rows[-1].cpu_ms / rows[0].cpu_ms:.2f} | {' | '.join(ratios)} |"])


def of_turns(databases: Sequence[str], sizes: Sequence[int], real: int, messages: int) -> Iterator[str]:
    """Markdown of each database."""
    for asked in databases:
        rows = []
        for row in turns(asked, sizes, real, messages, LOOKS):
            rows.append(row)
            _progress(f"{asked}: {row.turns:,} turns")
        reached = rows[-1].spreads["message"].over(rows[0].spreads["message"])[1] <= AIM
        told = f"{asked}: p50 / p99 in ms; p99 of a message at most {AIM} times as long: {'yes' if reached else 'no'}."
        yield f"{told}\n\n{table(rows)}"


def of_length(length: int, people: int) -> Iterator[str]:
    """Markdown of long conversations, ours on SQLite and Rasa's."""
    texts = [label.text for label in scoring.load()]
    with database(SQLITE) as over, town(over) as made:
        found = [long_talks.grown("the assistant, SQLite", made.say, texts, length, people)]
    _progress("long conversations: the assistant")
    missing = ""
    try:
        found.append(long_talks.of_rasa(texts, length, people))
    except rasa_servers.NotHere as reason:
        missing = f"\n\nRasa was not measured: {reason}."
    reached = found[0].times[1] <= LONG_AIM
    told = f"p50 / p99 in ms; ours at most {LONG_AIM} times as long: {'yes' if reached else 'no'}."
    yield f"{told}\n\n{long_talks.table(found)}{missing}"


def of_catalogue(size: int) -> Iterator[str]:
    """Markdown of finding a procedure by words alone, among ever more."""
    yield understanding_speed.markdown(size)


def _progress(what: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {what}", file=sys.stderr, flush=True)


def main(arguments: list[str] | None = None) -> int:
    """Measure, print, and write into a report when asked."""
    parser = argparse.ArgumentParser(prog="python -m evals.growth", description=__doc__)
    parser.add_argument("--part", nargs="*", choices=PARTS, default=PARTS)
    parser.add_argument("--database", nargs="*", default=[SQLITE, POSTGRESQL], help="or the address of an empty one")
    parser.add_argument("--turns", nargs="*", type=int, default=SIZES)
    parser.add_argument("--real", type=int, default=REAL, help="turns that are made, not copied")
    parser.add_argument("--messages", type=int, default=MESSAGES)
    parser.add_argument("--length", type=int, default=long_talks.TURNS)
    parser.add_argument("--people", type=int, default=long_talks.PEOPLE)
    parser.add_argument("--catalogue", type=int, default=60_000)
    parser.add_argument("--report", type=Path)
    options = parser.parse_args(arguments)
    measures = {
        "turns": lambda: of_turns(options.database, options.turns, options.real, options.messages),
        "length": lambda: of_length(options.length, options.people),
        "catalogue": lambda: of_catalogue(options.catalogue),
    }
    for part in options.part:
        begun = time.monotonic()
        told = "\n\n".join(measures[part]())
        print(f"{told}\n", flush=True)
        if options.report:
            command = f"python -m evals.growth --part {part}"
            blocks.write(options.report, f"growth-{part}", command, told, time.monotonic() - begun)
    return 0


if __name__ == "__main__":
    sys.exit(main())
