"""The officers' console under load: a long queue, many officers with the page open, citizens who write on.

`python -m evals.desk_load --tickets 500 --officers 50 --rate 1 --seconds 30` fills the database of a real server, signs
the officers in over HTTP and lets each do what the page does: listen to the stream, read the list again after each
change, one reading at a time and a rest between two. Citizens of the listed tickets write over
Telegram's stand-in; a message is seen when it stands in the list that an officer has read. Then all officers press
claim on the same ticket at once, again and again. Server, stand-ins and officers share the machine: figures are floors.
"""

from __future__ import annotations

import argparse
import gzip
import http.client
import re
import socket
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from os import getloadavg
from urllib.parse import urlencode

import numpy as np
import sqlalchemy as sa
from rich.console import Console
from rich.table import Table

from bot import desks, ledger, tables
from bot.officers import Officers
from bot.passwords import draw
from bot.present import ZONE
from bot.routing import Matter
from bot.store import open_store
from evals import arrivals
from evals.plays import Question
from evals.process import cpu_s, memory_mb
from evals.site import NeverHappened, Site, site, until

MORNING = datetime(2026, 11, 30, 8, 5, tzinfo=ZONE)
# a working day; the desk is open
LIST = "/console?view=waiting"
REST_S, REST_TIMES = 0.1, 2
# between two readings of a page: web/static/console.js
FIRST_PERSON = 600_000_001
SETTLE_S = 20
RACES = 5
IDLE_READS = 100
TIMEOUT_S = 60
CSRF = re.compile(r'name="csrf" value="([^"]+)"')


@dataclass(frozen=True)
class Plan:
    """What is done."""

    tickets: int = 500
    officers: int = 50
    rate: float = 1.0
    # messages of citizens a second
    seconds: float = 30
    seed: int = 1


@dataclass(frozen=True)
class Outcome:
    """What was seen."""

    idle_ms: Sequence[float]
    # the list, read by one officer while nobody else does anything
    list_ms: Sequence[float]
    # the list, read by all of them while citizens write
    seen_ms: Sequence[float]
    # from the moment a citizen's message should have left until an officer's page had it, for each officer
    unseen: int
    claim_ms: Sequence[float]
    winners: Sequence[int]
    # of each race
    told: Sequence[int]
    # of each race: officers who were told who has it
    cpu_share: float
    # of one processor, the serving process, while citizens wrote
    memory_mb: float


@dataclass
class Seat:
    """An officer at a page that keeps itself fresh."""

    address: str
    # host:port
    headers: dict[str, str] = field(default_factory=dict)
    csrf: str = ""
    reads_ms: list[float] = field(default_factory=list)
    seen_at: dict[str, float] = field(default_factory=dict)
    # token of a message -> seconds since 1970
    changed: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self._stream = http.client.HTTPConnection(self.address, timeout=TIMEOUT_S)

    def sign_in(self, username: str, password: str) -> None:
        """As the page does: its form, then the session's cookie."""
        _, page, cookies = self._ask("GET", "/console/login")
        self.headers["Cookie"] = _cookie(cookies)
        fields = {"csrf": _csrf(page), "username": username, "password": password, "next": ""}
        status, _, cookies = self._ask("POST", "/console/login", fields)
        assert status == 303, status
        self.headers["Cookie"] = _cookie(cookies)
        self.csrf = _csrf(self.read())

    def read(self) -> str:
        """The list."""
        begun = time.monotonic()
        status, page, _ = self._ask("GET", LIST)
        assert status == 200, status
        self.reads_ms.append(1000 * (time.monotonic() - begun))
        return page

    def claim(self, ticket_id: int) -> tuple[int, str, float]:
        """Press claim: the status, the page, how long it took in milliseconds."""
        begun = time.monotonic()
        status, page, _ = self._ask("POST", f"/console/tickets/{ticket_id}/claim", {"csrf": self.csrf})
        return status, page, 1000 * (time.monotonic() - begun)

    def listen(self) -> None:
        """Hear that something changed, until `leave`."""
        self._stream.request("GET", "/console/events", headers=self.headers)
        told = self._stream.getresponse()
        with suppress(OSError, http.client.HTTPException):
            while line := told.readline():
                if b"changed" in line:
                    self.changed.set()

    def leave(self) -> None:
        """Listen no more."""
        self._stream.sock.shutdown(socket.SHUT_RDWR)

    def follow(self, tokens: Sequence[str], stop: threading.Event) -> None:
        """Read the list again after each change, until told to stop."""
        while not stop.is_set():
            if not self.changed.wait(0.1):
                continue
            self.changed.clear()
            page, at = self.read(), time.time()
            for token in tokens:
                if token in page:
                    self.seen_at.setdefault(token, at)
            stop.wait(max(REST_S, REST_TIMES * self.reads_ms[-1] / 1000))

    def _ask(self, method: str, path: str, fields: dict[str, str] | None = None) -> tuple[int, str, list[str]]:
        connection = http.client.HTTPConnection(self.address, timeout=TIMEOUT_S)
        form = {"Content-Type": "application/x-www-form-urlencoded"} if fields else {}
        wanted = {"Accept": "text/html", "Accept-Encoding": "gzip", "X-Background": "1"}
        connection.request(method, path, urlencode(fields) if fields else None, {**self.headers, **form, **wanted})
        answer = connection.getresponse()
        body, packed = answer.read(), answer.headers["Content-Encoding"] == "gzip"
        cookies = [line.partition(";")[0] for line in answer.headers.get_all("Set-Cookie", [])]
        connection.close()
        return answer.status, (gzip.decompress(body) if packed else body).decode(), cookies


def run(plan: Plan) -> Outcome:
    """Fill, sign in, measure."""
    ahead_s = int((MORNING - datetime.now(ZONE)) / timedelta(seconds=1))
    with site(ahead_s=ahead_s, MOT_CUA_SECOND_STEP_ROLES="") as running:
        seats = seated(running, plan)
        for _ in range(IDLE_READS):
            seats[0].read()
        idle_ms = seats[0].reads_ms[1:]
        for seat in seats:
            seat.reads_ms = []
        process = running.server.process
        assert process
        before_s, begun = cpu_s(process.pid), time.monotonic()
        fired, tokens = written(running, seats, plan)
        share = (cpu_s(process.pid) - before_s) / (time.monotonic() - begun)
        waits = [1000 * (seat.seen_at[token] - item.intended) for seat in seats
                 for token, item in zip(tokens, fired, strict=True) if token in seat.seen_at]  # fmt: skip
        races = [raced(seats, plan.tickets - number) for number in range(RACES)]
        return Outcome(
            idle_ms=idle_ms,
            list_ms=[took for seat in seats for took in seat.reads_ms],
            seen_ms=waits,
            unseen=len(seats) * len(tokens) - len(waits),
            claim_ms=[took for race in races for _, _, took in race],
            winners=[sum(status == 303 for status, _, _ in race) for race in races],
            told=[sum(status == 409 and "Officer " in page for status, page, _ in race) for race in races],
            cpu_share=share,
            memory_mb=memory_mb(process.pid),
        )


def seated(running: Site, plan: Plan) -> list[Seat]:
    """The officers, signed in, before a queue of waiting tickets."""
    store, password = open_store(f"sqlite:///{running.database}"), draw()
    officers, desk, opened = Officers(store), desks.load().everyone, MORNING - timedelta(minutes=5)
    with store.writing() as connection:
        for number in range(plan.tickets):
            _queue(connection, number, desk.id, opened + timedelta(seconds=number / plan.tickets))
    seats = []
    for number in range(plan.officers):
        officers.add(f"officer{number}", f"Officer {number}", password)
        seats.append(Seat(f"127.0.0.1:{running.server.port}"))
        seats[-1].sign_in(f"officer{number}", password)
    store.close()
    return seats


def written(running: Site, seats: Sequence[Seat], plan: Plan) -> tuple[Sequence[arrivals.Fired], Sequence[str]]:
    """Citizens write at moments while all officers follow; when each should have left, and what marks it."""
    moments = arrivals.moments(plan.rate, plan.seconds, plan.seed)
    tokens = [f"xin cho biet viec {chr(97 + number // 26)}{chr(97 + number % 26)}z" for number in range(len(moments))]

    def say(number: int) -> None:
        running.vendors.say(Question("telegram", str(FIRST_PERSON + number), 0, tokens[number], ""))

    with following(seats, tokens):
        fired = arrivals.fire(moments, say)
        with suppress(NeverHappened):
            until(lambda: all(len(seat.seen_at) == len(tokens) for seat in seats), SETTLE_S, every_s=0.1)
    return fired, tokens


@contextmanager
def following(seats: Sequence[Seat], tokens: Sequence[str]) -> Iterator[None]:
    """All officers listen and read until the end of the block."""
    stop = threading.Event()
    acts = [threading.Thread(target=seat.listen) for seat in seats]
    acts += [threading.Thread(target=seat.follow, args=[tokens, stop]) for seat in seats]
    for act in acts:
        act.start()
    try:
        time.sleep(2)
        yield
    finally:
        stop.set()
        for seat in seats:
            seat.leave()
        for act in acts:
            act.join()


def raced(seats: Sequence[Seat], ticket_id: int) -> list[tuple[int, str, float]]:
    """All press claim on a ticket at the same moment."""
    barrier = threading.Barrier(len(seats))

    def press(seat: Seat) -> tuple[int, str, float]:
        barrier.wait()
        return seat.claim(ticket_id)

    with ThreadPoolExecutor(len(seats)) as pool:
        return list(pool.map(press, seats))


def _queue(connection: sa.Connection, number: int, desk: str, at: datetime) -> None:
    """A citizen who waits; the citizens of the first tickets are those who write on."""
    here = {"channel": "telegram", "address": str(FIRST_PERSON + number)}
    made = connection.execute(sa.insert(tables.conversation).values(**here, owner="bot", state={}, updated_at=at))
    conversation_id = int(made.inserted_primary_key[0])  # type: ignore[index]
    said = {"kind": "text", "text": "xin gap can bo", "masked": [], "length": 14, "received_at": at, "status": "done"}
    row = {"conversation_id": conversation_id, "channel": "telegram", "message_id": f"filled-{number}", "attempts": 1}
    connection.execute(sa.insert(tables.inbox).values(**row, **said))
    ticket = ledger.open_ticket(connection, conversation_id, Matter("asked"), desk, at)
    ledger.promise(connection, ticket.id, at + timedelta(minutes=30))


def _csrf(page: str) -> str:
    found = CSRF.search(page)
    assert found, page
    return found.group(1)


def _cookie(written: Sequence[str]) -> str:
    """The cookie that was set and not taken away."""
    return next(cookie for cookie in written if not cookie.endswith(('=""', "=")))


def report(plan: Plan, outcome: Outcome) -> Table:
    """The figures, a line each."""
    title = f"{plan.tickets} tickets, {plan.officers} officers, {plan.rate:g} messages/s for {plan.seconds:g} s"
    table = Table("what", "n", "p50 ms", "p95", "p99", "longest", title=title)
    rows = {
        "the list, one officer, nothing else": outcome.idle_ms,
        "the list, everybody": outcome.list_ms,
        "a message, until an officer's page has it": outcome.seen_ms,
        "claim, all at once": outcome.claim_ms,
    }
    for name, taken in rows.items():
        shown = (f"{value:.0f}" for value in (*np.percentile(taken or [0], (50, 95, 99)), max(taken, default=0)))
        table.add_row(name, f"{len(taken)}", *shown)
    return table


def main(arguments: list[str] | None = None) -> int:
    """Measure and print; 1 when a race had no winner or two, or somebody was not told."""
    parser = argparse.ArgumentParser(prog="python -m evals.desk_load", description=__doc__)
    for name, value in vars(Plan()).items():
        parser.add_argument(f"--{name}", type=type(value), default=value)
    plan = Plan(**vars(parser.parse_args(arguments)))
    outcome = run(plan)
    Console(width=110).print(report(plan, outcome))
    print(f"never seen {outcome.unseen}; winners {outcome.winners}, told who has it {outcome.told}")
    print(f"server: {outcome.cpu_share:.0%} of a processor, {outcome.memory_mb:.0f} MB; load {getloadavg()[0]:.1f}")
    is_good = set(outcome.winners) == {1} and set(outcome.told) == {plan.officers - 1}
    return 0 if is_good else 1


if __name__ == "__main__":
    sys.exit(main())
