"""PostgreSQL, a real server: many processes over one database, killed processes, a server that dies and comes back."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from bot import desks, followers, inbox, outbox, tables
from bot.errors import BadSettings
from bot.followers import Followers, Opening, Rest, Telling
from bot.following import Kind, News, Seen
from bot.handoff import Desk
from bot.inbox import MESSAGE, Inbox
from bot.loop import Loop
from bot.messages import Block, InboundMessage, Reply
from bot.outbox import Outbox
from bot.second_factor import Rules, Sealer
from bot.store import ROOT, Store, announce, open_store
from bot.timers import Timers
from bot.tries import Tries
from bot.worker import Worker
from bot.zalo_tokens import ZaloTokens
from integrations.dossiers import Found
from tests import postgresql, town
from tests.postgresql import Server
from tests.serving import until
from tests.town import MORNING, rows, say
from tests.town_worker import Slow

pytestmark = pytest.mark.slow
SOON_S, LATER_S = 5, 60
MINUTE = timedelta(seconds=61)


@pytest.fixture
def database(server: Server) -> Iterator[Store]:
    """An empty database of the town on PostgreSQL."""
    made = postgresql.store(server)
    yield made
    made.close()


@pytest.fixture
def mortal() -> Iterator[Server]:
    """A server of the test's own, that may die."""
    with postgresql.running() as running:
        postgresql.migrated(running)
        yield running


@contextmanager
def others(database: Store, count: int = 1) -> Iterator[list[Store]]:
    """The same database as other processes have it."""
    made = [Store(address(database)) for _ in range(count)]
    yield made
    for store in made:
        store.close()


def address(database: Store) -> str:
    """Where a database is."""
    return database.engine.url.render_as_string(hide_password=False)


def together(acts: list[Callable[[], object]]) -> list[object]:
    """What acts at the same moment bring; an exception is what it brings too."""
    barrier, found = threading.Barrier(len(acts)), [None] * len(acts)

    def act(number: int) -> None:
        barrier.wait()
        try:
            found[number] = acts[number]()  # type: ignore[call-overload]
        except Exception as error:
            found[number] = error  # type: ignore[call-overload]

    threads = [threading.Thread(target=act, args=[number]) for number in range(len(acts))]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    return list(found)


def write(database: Store, people: int, messages: int) -> None:
    """So many citizens write so many messages each."""
    for number in range(messages):
        for person in range(people):
            say(database, "xin chào", f"{person}.{number}", f"p{person}")


def count(database: Store, table: sa.Table, *which: sa.ColumnElement[bool]) -> int:
    """How many rows of a table are so."""
    with database.reading() as connection:
        return int(connection.execute(sa.select(sa.func.count()).select_from(table).where(*which)).scalar_one())


def wrong(database: Store) -> list[str]:
    """What is lost, twice or out of order in the end: every message has one turn and one reply, in its order."""
    messages, turns, replies = (rows(database, table) for table in (tables.inbox, tables.turn, tables.outbox))
    found = [f"message {row['id']} is {row['status']}" for row in messages if row["status"] != "done"]
    answered = sorted(row["inbox_id"] for row in turns)
    found += [] if answered == [row["id"] for row in messages] else ["messages without a turn, or with two"]
    found += [] if len(replies) == len(turns) else [f"{len(replies)} replies to {len(turns)} turns"]
    for person in {row["conversation_id"] for row in messages}:
        order = [row["inbox_id"] for row in turns if row["conversation_id"] == person]
        told = [int(row["key"].removeprefix("turn:")) for row in replies if row["conversation_id"] == person]
        if order != sorted(order) or told != sorted(told):
            found.append(f"conversation {person} is out of order")
    return found


def later(database: Store) -> None:
    """What the dead held is free again, as a minute later."""
    with database.writing() as connection:
        for column, held in ((tables.inbox.c.lease_until, "working"), (tables.outbox.c.next_at, "sending")):
            over = sa.update(column.table).where(column.table.c.status == held).values({column: MORNING})
            connection.execute(over)


def test_a_message_is_taken_once_and_in_its_turn(database: Store) -> None:
    """Of many who take at once each gets another conversation's first message; a second message waits for the first."""
    write(database, people=6, messages=2)
    with others(database, 8) as stores:
        taken = together([lambda store=store: Inbox(store).take(MORNING) for store in stores])  # type: ignore[misc]
    got = [one for one in taken if one is not None]
    assert not [one for one in got if isinstance(one, Exception)]
    assert sorted(one.inbox_id for one in got) == list(range(1, 7))  # type: ignore[attr-defined]


def test_a_reply_is_taken_once_and_in_its_turn(database: Store) -> None:
    """Of many senders each gets another conversation's first reply."""
    write(database, people=4, messages=2)
    while town.worker(database).step():
        pass
    with others(database, 6) as stores:
        taken = together([lambda store=store: Outbox(store).take("webchat", MORNING) for store in stores])  # type: ignore[misc]
    assert sorted(one.id for one in taken if one is not None) == [1, 2, 3, 4]  # type: ignore[attr-defined]


def test_a_new_citizen_who_writes_at_once_has_one_conversation(database: Store) -> None:
    """First messages that arrive together at several processes make one conversation; a redelivery is kept once."""
    with others(database, 6) as stores:
        new = together([lambda n=n: say(stores[n], "xin chào", f"{n % 3}") for n in range(6)])  # type: ignore[misc]
    assert sorted(new) == [False] * 3 + [True] * 3  # type: ignore[type-var]
    assert len(rows(database, tables.conversation)) == 1


def test_replies_are_seen_in_the_order_of_their_numbers(database: Store) -> None:
    """Whoever fetches by number misses none: of two writers to a conversation the second waits for the first."""
    say(database, "xin chào")
    reply, written = Reply((Block("paragraph", ("a",)),)), threading.Event()

    def second() -> None:
        with others(database) as (store,), store.writing() as connection:
            outbox.put(connection, 1, "b", reply, MORNING)
        written.set()

    with database.writing() as connection:
        outbox.put(connection, 1, "a", reply, MORNING)
        thread = threading.Thread(target=second)
        thread.start()
        assert not written.wait(0.3)
    thread.join()
    assert [(row["id"], row["key"]) for row in rows(database, tables.outbox)] == [(1, "a"), (2, "b")]


def test_a_duty_is_one_process_s(database: Store) -> None:
    """Of many one has a duty; when it is done, or its process is gone, another may have it."""
    with others(database) as (other,):
        with database.duty("timers") as ours, other.duty("timers") as theirs, other.duty("retention") as another:
            assert (ours, theirs, another) == (True, False, True)
        with other.duty("timers") as theirs:
            assert theirs


def test_what_is_announced_wakes_other_processes(database: Store) -> None:
    """A message in one process wakes the workers of another before they look; nothing that is undone does."""
    with others(database) as (other,):
        heard = threading.Event()
        other.listen(MESSAGE, heard.set)
        assert heard.wait(SOON_S)  # once it listens: anything may have been missed
        heard.clear()
        with pytest.raises(RuntimeError), database.writing() as connection:
            announce(connection, MESSAGE)
            raise RuntimeError
        assert not heard.wait(0.3)
        say(database, "xin chào")
        assert heard.wait(SOON_S)


def test_whoever_announces_is_not_woken_twice(database: Store) -> None:
    """A process hears itself at once, and not over the wire again."""
    heard: list[int] = []
    database.listen(MESSAGE, lambda: heard.append(1))
    until(lambda: heard, SOON_S)
    heard.clear()
    say(database, "xin chào")
    assert heard == [1]
    time.sleep(0.3)
    assert heard == [1]


def test_many_start_together(server: Server) -> None:
    """Processes that start over an empty database make its tables once, and all of them start."""
    url = server.make()
    started = together([lambda: open_store(url)] * 5)
    assert all(isinstance(store, Store) for store in started), started
    assert [say(store, "xin chào", f"{number}") for number, store in enumerate(started)] == [True] * 5  # type: ignore[arg-type]
    [store.close() for store in started]  # type: ignore[union-attr]


def test_the_version_before_starts_on_newer_tables(server: Server) -> None:
    """While a new version is rolled out, a process of the one before may start again: it leaves the tables alone."""
    database = Store(server.make(postgresql.TEMPLATE))
    with database.writing() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    again = open_store(address(database))
    assert say(again, "xin chào")
    again.close()
    database.close()


def test_a_server_that_is_not_there_is_said(server: Server) -> None:
    """A program without its database says so in a sentence."""
    with pytest.raises(BadSettings, match="MOT_CUA_DATABASE_URL"):
        open_store(server.url("nowhere"))


def test_officers_at_once_take_each_ticket_once(database: Store) -> None:
    """Of two officers who take the next ticket at once nobody gets the other's, and no citizen is told twice."""
    with database.writing() as connection:
        town.hire(connection, "an", "binh", "chi")
    for person in range(3):
        say(database, "gặp cán bộ", f"{person}", f"p{person}")
    while town.worker(database).step():
        pass
    with others(database, 3) as stores:
        at = [Desk(store, clock=lambda: MORNING) for store in stores]
        taken = together([lambda n=n: at[n].take_next(n + 1) for n in range(3)])  # type: ignore[misc]
    assert sorted(taken) == [1, 2, 3]  # type: ignore[type-var]
    assert count(database, tables.outbox, tables.outbox.c.key.like("ticket:%:claimed:%")) == 3


def test_officer_and_citizen_never_wait_in_a_circle(database: Store) -> None:
    """Tickets and conversations are always locked in the same order: whatever meets, nothing fails."""
    with database.writing() as connection:
        connection.execute(sa.insert(tables.officer).values(username="an", name="An", password_hash="-"))
    say(database, "gặp cán bộ")
    one = town.worker(database)
    assert one.step()
    desk = Desk(database, clock=lambda: MORNING)
    assert desk.claim(1, 1)
    for number in range(10):
        say(database, "xin chào", f"m{number}")
        acts = [one.step, lambda n=number: desk.reply(1, 1, "chào anh", f"k{n}"), lambda: desk.note(1, 1, "x")]  # type: ignore[misc]
        assert together([*acts, lambda n=number: say(database, "thêm", f"n{n}")]) == [True] * 4  # type: ignore[misc]
        one.step()
    assert count(database, tables.inbox, tables.inbox.c.status == "done") == 21


def test_a_due_notice_is_told_once_by_many(database: Store) -> None:
    """However many processes look at the clock, a citizen is told once that the desk closed."""
    say(database, "gặp cán bộ")
    assert town.worker(database).step()
    night = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
    with others(database, 4) as stores:
        timers = [Timers(store, desks.load(), lambda: night) for store in stores]
        done = together([timer.step for timer in timers])
    assert not [one for one in done if isinstance(one, Exception)]
    told = [row["key"] for row in rows(database, tables.outbox)]
    assert len(told) == len(set(told)) and any("desk_closed" in key for key in told)


def followed(database: Store, codes: int) -> None:
    """Two citizens follow each of so many dossiers, due now."""
    for person in (1, 2):
        say(database, "xin chào", f"{person}", f"p{person}")
    for number in range(codes):
        found = Found(town.dossier(code=f"H29.19-260312-{number:04}"), MORNING)
        for person in (1, 2):
            with database.writing() as connection:
                followers.follow(connection, person, found, Opening(MORNING, MORNING, None))


def test_a_followed_dossier_is_asked_for_by_one(database: Store) -> None:
    """Of many pollers that look at once each has dossiers of its own, and all dossiers have one."""
    followed(database, 40)
    with others(database, 4) as stores:
        books = [Followers(store) for store in stores]
        claimed = together([lambda book=book: book.claim(MORNING, 50) for book in books])  # type: ignore[misc]
        claimed += together([lambda book=book: book.claim(MORNING, 50) for book in books])  # type: ignore[misc]
    codes = [watched.code for batch in claimed for watched in batch]  # type: ignore[attr-defined]
    assert len(codes) == len(set(codes)) == 40


def test_a_change_is_told_once_by_many(database: Store) -> None:
    """Pollers with the same answer, whichever comes first, tell each follower once; none fails over the other."""
    followed(database, 6)
    batch = Followers(database).claim(MORNING, 50)
    news = News((Kind.CHANGED,), Seen("Đã xử lý xong", None, None), MORNING, None)
    reply = Reply((Block("paragraph", ("a",)),))

    def tell(store: Store, order: int) -> None:
        for watched in batch[::order]:
            tellings = [Telling(follower, news, reply) for follower in watched.followers[::order]]
            Followers(store).tell(tellings, Rest(watched.code, MORNING), MORNING)

    with others(database, 4) as stores:
        acts = [lambda n=n: tell(stores[n], 1 if n % 2 else -1) for n in range(4)]  # type: ignore[misc]
        assert together(acts) == [None] * 4
    assert count(database, tables.outbox) == 12


def test_tries_at_once_are_counted(database: Store) -> None:
    """Digits that many conversations give for one dossier at once are compared no more often than everybody may."""
    rules = Rules("either", tries=3, waits_s=(1, 1), everyone=4, window_s=3600)
    sealer = Sealer("secret")
    for number in range(8):
        say(database, "xin chào", f"{number}", f"p{number}")
    with others(database, 8) as stores:
        acts = [
            lambda n=n: Tries(stores[n], sealer, rules).enter(n + 1, n + 1, sealer.seal("H29", "1234"), MORNING)  # type: ignore[misc]
            for n in range(8)
        ]
        entered = together(acts)
    assert sum(not one.locked for one in entered) == 4  # type: ignore[attr-defined]


def test_many_take_the_first_zalo_token_once(database: Store) -> None:
    """Processes that start together with the same first refresh token keep one pair."""
    with others(database, 5) as stores:
        books = [ZaloTokens(store, "app", "key") for store in stores]
        assert together([lambda book=book: book.seed("first", MORNING) for book in books]) == [None] * 5  # type: ignore[misc]
    assert len(rows(database, tables.zalo_token)) == 1


@contextmanager
def process(database: Store) -> Iterator[subprocess.Popen[bytes]]:
    """A worker in a process of its own."""
    command = [sys.executable, "-m", "tests.town_worker", address(database)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE) as running:
        try:
            yield running
        finally:
            running.kill()


def test_a_killed_worker_process_loses_nothing(database: Store) -> None:
    """Of two worker processes one is killed in the middle: every message is answered once, in order."""
    with process(database) as victim, process(database):
        write(database, people=12, messages=6)
        until(lambda: count(database, tables.turn) >= 12, LATER_S)
        victim.kill()
        victim.wait()
        later(database)
        until(lambda: count(database, tables.turn) == 72, LATER_S)
    assert wrong(database) == []


class Moving:
    """A clock that runs, and can be put forward."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


def send(store: Store, clock: Moving) -> bool:
    """One step of a sender without a vendor."""
    box = Outbox(store)
    delivery = box.take("webchat", clock())
    if delivery is not None:
        box.sent(delivery.id, clock())
    return delivery is not None


def push(store: Store, message: InboundMessage) -> None:
    """A vendor: pushes again until it is told that we have it."""
    while True:
        try:
            Inbox(store).accept(message)
            return
        except sa.exc.SQLAlchemyError:
            time.sleep(0.1)


def test_a_server_that_dies_under_load_loses_nothing(mortal: Server) -> None:
    """PostgreSQL dies three times while citizens write: workers and senders come back, and all are answered once."""
    clock, url = Moving(), mortal.make(postgresql.TEMPLATE)
    stores = [Store(url) for _ in range(3)]
    assistant = town.assistant(Slow())
    with ExitStack() as closing:
        for store in stores[1:]:
            answering = Loop(Worker(store, lambda: assistant, clock).step, 3)
            sending = Loop(lambda store=store: send(store, clock), 1)  # type: ignore[misc]
            store.listen(MESSAGE, answering.ring)
            store.listen(outbox.REPLY, sending.ring)
            for loop in (answering, sending):
                loop.start()
                closing.callback(loop.stop)
        for number in range(90):
            push(stores[0], town.message("xin chào", f"m{number}", f"p{number % 15}"))
            if number % 30 == 20:
                mortal.restart()
                clock.ahead += MINUTE
        until(lambda: safely(lambda: count(stores[0], tables.outbox, tables.outbox.c.status == "sent") == 90), LATER_S)
    assert wrong(stores[0]) == []
    assert all(row["reason"] is None for row in rows(stores[0], tables.outbox))
    [store.close() for store in stores]


def safely(holds: Callable[[], bool]) -> bool:
    """Whether it holds; a database that is away holds nothing."""
    try:
        return holds()
    except sa.exc.SQLAlchemyError:
        return False


def test_the_wire_is_mended(mortal: Server) -> None:
    """After the server came back a message of one process wakes the other again."""
    url = mortal.make(postgresql.TEMPLATE)
    one, other = Store(url), Store(url)
    heard = threading.Event()
    other.listen(MESSAGE, heard.set)
    assert heard.wait(SOON_S)
    heard.clear()
    mortal.restart()
    assert heard.wait(LATER_S)  # it listens again, and looks for what it may have missed
    heard.clear()
    push(one, town.message("xin chào"))
    assert heard.wait(SOON_S)
    one.close()
    other.close()


def test_a_commit_whose_answer_was_lost_is_not_undone(database: Store) -> None:
    """Whoever recorded a turn and did not hear so gives the message back in vain: it stays answered."""
    say(database, "xin chào")
    taken = Inbox(database).take(MORNING)
    assert taken is not None
    with database.writing() as connection:
        connection.execute(sa.update(tables.inbox).values(status="done", lease_until=None))
    with database.writing() as connection:
        assert not inbox.give_back(connection, taken, "OperationalError")
    assert [row["status"] for row in rows(database, tables.inbox)] == ["done"]
