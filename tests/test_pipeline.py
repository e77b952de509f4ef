"""Inbox, worker and outbox over a real database: nothing is lost, nothing is answered twice, order is kept."""

from __future__ import annotations

import logging
import re
import threading
import unicodedata
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from bot import outbox, tables
from bot.conversation import Conversation, Owner
from bot.inbox import LEASE, MOST_ATTEMPTS, Inbox
from bot.messages import Block, InboundMessage, Kind, Reply
from bot.outbox import Delivery, Outbox
from bot.store import Store
from bot.utterance import admit
from bot.wording import notes
from bot.worker import MOST_DEATHS
from nlu.understanding import Understanding
from tests import town
from tests.town import BIRTH, MORNING, Clock, Script, message, replies, rows, say, told, understood, worker

OVER_S = LEASE.total_seconds() + 1


class Eventful(Script):
    """An interpreter during whose first reading something happens."""

    def __init__(self, event: Callable[[], object]) -> None:
        super().__init__()
        self._event = event

    def understand(self, text: str, topic: str = "") -> Understanding:
        """The scripted meaning, after the event."""
        if not self.heard:
            self.heard.append(text)
            self._event()
        return super().understand(text, topic)


def fail(*_: object) -> None:
    """Something that goes wrong while a message is read."""
    raise RuntimeError("bad luck with 079203012345")


class Failing(Script):
    """An interpreter that breaks on one text."""

    def understand(self, text: str, topic: str = "") -> Understanding:
        """The scripted meaning, or a failure."""
        if text == "hỏng":
            fail()
        return super().understand(text, topic)


def works(database: Store, clock: Clock | None = None) -> int:
    """Let a worker of the town answer everything; how many messages it took."""
    one, steps = worker(database, clock=clock), 0
    while one.step():
        steps += 1
    return steps


def statuses(database: Store) -> list[str]:
    """The states of all messages, oldest first."""
    return [row["status"] for row in rows(database, tables.inbox)]


def test_a_redelivered_message_is_kept_once(database: Store) -> None:
    """A message is unique by channel and message id: a redelivery changes nothing, another channel's id is another."""
    inbox = Inbox(database)
    assert inbox.accept(message("xin chào", "7"))
    assert not inbox.accept(message("xin chào", "7"))
    assert not inbox.accept(message("khác hẳn", "7", address="minh"))
    assert inbox.accept(InboundMessage("telegram", "7", "lan", MORNING, text="xin chào"))
    assert [row["text"] for row in rows(database, tables.inbox)] == ["xin chào", "xin chào"]
    assert works(database) == 2 and len(told(database)) == 2


def test_one_message_redelivered_by_many_is_kept_once(database: Store) -> None:
    """Many deliveries of one message at the same moment leave one message and one conversation."""
    barrier, new = threading.Barrier(6), []

    def deliver() -> None:
        barrier.wait()
        new.append(say(database, "xin chào", "7"))

    threads = [threading.Thread(target=deliver) for _ in range(6)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert sorted(new) == [False] * 5 + [True]
    assert len(rows(database, tables.inbox)) == len(rows(database, tables.conversation)) == 1


def leaks(database: Store, number: str, logged: str) -> list[str]:
    """Where a number stands in any column of any table, or in the log, however it is spaced."""
    kept = [value for table in tables.metadata.sorted_tables for row in rows(database, table) for value in row.values()]
    plain = [unicodedata.normalize("NFKC", str(value)) for value in [*kept, logged]]
    return [value for value in plain if number in re.sub(r"[\s.\-]|\\u200b", "", value)]


@pytest.mark.parametrize(
    ("number", "text"),
    [
        ("079203012345", "căn cước 079203012345 của em"),
        ("079203012345", "căn cước 079 203 012 345"),
        ("0903123456", "gọi em số 0903.123.456 nhé"),
        ("0903123456", "０９０３１２３４５６"),
        ("0903123456", "0903\u200b123\u200b456"),
        ("nguyenvana@gmail.com", "gửi nguyenvana@gmail.com"),
    ],
    ids=lambda value: value[:24],
)
@pytest.mark.parametrize("kind", Kind)
def test_personal_numbers_reach_no_table(
    database: Store, kind: Kind, number: str, text: str, caplog: pytest.LogCaptureFixture
) -> None:
    """A personal number is in no column of any table and in no log line, whichever way it came in."""
    caplog.set_level(logging.DEBUG)
    say(database, f"p:{text}" if kind is Kind.BUTTON else text, kind=kind)
    works(database)
    say(database, text, "2", kind=kind)
    while worker(database, Eventful(fail)).step():
        pass
    assert rows(database, tables.turn) and len(told(database)) == 2
    assert leaks(database, number, caplog.text) == []


@pytest.mark.parametrize(("number", "before"), [("079203012345", 9_993), ("07920301", 9_996), ("0792", 9_998)])
def test_a_cut_number_is_not_kept(database: Store, number: str, before: int) -> None:
    """Where a very long message is cut, no piece of a personal number is left at its end."""
    assert say(database, "x " * before + "079203012345 là số của em")
    assert rows(database, tables.inbox)[0]["text"].startswith("x x x")
    assert leaks(database, number, "") == []


def test_a_masked_number_is_told(database: Store) -> None:
    """Who sends a personal number reads that it was hidden; the assistant reads the placeholder only."""
    script = Script()
    say(database, "số em là 0903123456")
    worker(database, script).step()
    assert script.heard == ["số em là ‹số điện thoại›"]
    assert notes()["masked"] in replies(database)[0]
    assert rows(database, tables.inbox)[0]["masked"] == ["phone_number"]


def test_messages_of_a_conversation_wait_for_each_other(database: Store) -> None:
    """The next message of a conversation is taken after the one before is done; other conversations go on."""
    inbox = Inbox(database)
    for number, address in (("1", "lan"), ("2", "lan"), ("3", "minh")):
        say(database, "xin chào", number, address)
    first, second = inbox.take(MORNING), inbox.take(MORNING)
    assert first is not None and second is not None
    assert (first.address, second.address) == ("lan", "minh")
    assert inbox.take(MORNING) is None
    assert works(database, Clock(MORNING + LEASE + timedelta(seconds=1))) == 3
    assert [row["inbox_id"] for row in rows(database, tables.turn)] == [1, 2, 3]


class Guarded:
    """An interpreter that notices when two workers read the same conversation at once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._present: list[str] = []
        self.read: list[str] = []
        self._together = threading.Event()
        self.beside = False
        self.clashes: list[str] = []

    def understand(self, text: str, topic: str = "") -> Understanding:
        """Reads until there was another reader beside it; a text begins with its conversation."""
        conversation = text.split()[0]
        with self._lock:
            self.clashes += [text] if conversation in self._present else []
            self._present.append(conversation)
            self.read.append(text)
            if len(self._present) > 1:
                self._together.set()
        self.beside = self._together.wait(10)
        with self._lock:
            self._present.remove(conversation)
        return understood(text, "greet")


def test_two_workers_never_hold_one_conversation(database: Store) -> None:
    """Workers beside each other read different conversations, and each conversation in its order, each message once."""
    texts = [f"{address} {number}" for number in range(4) for address in ("lan", "minh", "hoa")]
    for place, text in enumerate(texts):
        say(database, text, str(place), text.split()[0])
    guarded = Guarded()

    def run() -> None:
        one = worker(database, guarded)
        while set(statuses(database)) != {"done"}:
            one.step()

    threads = [threading.Thread(target=run) for _ in range(3)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert guarded.clashes == [] and guarded.beside
    assert sorted(guarded.read) == sorted(texts) and len(told(database)) == len(texts)
    for address in ("lan", "minh", "hoa"):
        assert [text for text in guarded.read if text.startswith(address)] == [f"{address} {n}" for n in range(4)]


def test_a_dead_worker_s_message_is_answered_once(database: Store) -> None:
    """A message whose worker died is left alone until its lease is over, then answered, once."""
    clock = Clock()
    say(database, "xin chào")
    assert Inbox(database).take(clock()) is not None
    clock.move(LEASE.total_seconds())
    assert works(database, clock) == 0 and told(database) == []
    clock.move(1)
    assert works(database, clock) == 1
    assert statuses(database) == ["done"] and len(told(database)) == len(rows(database, tables.turn)) == 1


def test_two_workers_with_one_message_answer_once(database: Store) -> None:
    """A worker slower than its lease and the one that took over leave one turn and one reply."""
    clock = Clock()
    other = worker(database, clock=clock)
    slow = worker(database, Eventful(lambda: (clock.move(OVER_S), other.step())), clock)
    say(database, "khai sinh")
    assert slow.step()
    assert statuses(database) == ["done"]
    assert len(told(database)) == len(rows(database, tables.turn)) == 1
    assert not slow.step() and not other.step()


def test_a_late_failure_does_not_undo_an_answer(database: Store) -> None:
    """A worker that lost its message and then fails leaves the answer of the other worker as it is."""
    clock = Clock()
    other = worker(database, clock=clock)
    slow = worker(database, Eventful(lambda: (clock.move(OVER_S), other.step(), fail())), clock)
    say(database, "khai sinh")
    assert slow.step()
    assert statuses(database) == ["done"] and len(told(database)) == 1
    assert works(database, clock) == 0


def test_a_late_failure_leaves_the_message_to_its_new_worker(database: Store) -> None:
    """A worker that lost its message and then fails does not give it to a third one while the second reads it."""
    clock, inbox = Clock(), Inbox(database)
    slow = worker(database, Eventful(lambda: (clock.move(OVER_S), inbox.take(clock()), fail())), clock)
    say(database, "khai sinh")
    assert slow.step()
    assert statuses(database) == ["working"] and inbox.take(clock()) is None


def test_a_failing_message_is_tried_and_set_aside(database: Store, caplog: pytest.LogCaptureFixture) -> None:
    """A message that fails three times is set aside, its citizen is told, and the next message is answered."""
    broken = worker(database, Failing())
    say(database, "hỏng", "1")
    say(database, "xin chào", "2")
    assert [broken.step() for _ in range(5)] == [True, True, True, True, False]
    assert statuses(database) == ["failed", "done"]
    assert replies(database)[0] == notes()["went_wrong"] and "Chào anh/chị" in replies(database)[1]
    assert [row["attempts"] for row in rows(database, tables.inbox)] == [MOST_ATTEMPTS, 1]
    assert caplog.text.count("RuntimeError") == MOST_ATTEMPTS and "bad luck" not in caplog.text


def test_a_message_that_fails_twice_is_answered_at_last(database: Store) -> None:
    """A failure that passes costs nothing: the message is answered once and nobody is told of a failure."""
    say(database, "khai sinh")
    for _ in range(MOST_ATTEMPTS - 1):
        worker(database, Eventful(fail)).step()
    assert works(database) == 1
    assert statuses(database) == ["done"] and len(told(database)) == 1
    assert notes()["went_wrong"] not in replies(database)


def test_a_message_that_ends_every_worker_is_set_aside(database: Store) -> None:
    """A message at which worker after worker dies does not block its conversation for ever."""
    clock, script = Clock(), Script()
    say(database, "tai nạn", "1")
    say(database, "xin chào", "2")
    for _ in range(MOST_DEATHS):
        assert Inbox(database).take(clock()) is not None
        clock.move(OVER_S)
    survivor = worker(database, script, clock)
    assert survivor.step() and survivor.step() and not survivor.step()
    assert statuses(database) == ["failed", "done"] and script.heard == ["xin chào"]
    assert replies(database)[0] == notes()["went_wrong"]


def test_a_message_in_hand_at_some_kills_is_answered(database: Store) -> None:
    """Whoever writes while the process is killed again and again is answered, not told of an error."""
    say(database, "khai sinh")
    for _ in range(MOST_DEATHS - 1):
        assert Inbox(database).take(Clock()()) is not None
        Inbox(database).release()
    assert works(database) == 1
    assert statuses(database) == ["done"] and notes()["went_wrong"] not in replies(database)


def test_the_bot_is_silent_when_an_officer_came_meanwhile(database: Store) -> None:
    """A reply that was made while an officer took the conversation is recorded and never sent."""

    def officer_comes() -> None:
        with database.writing() as connection:
            connection.execute(sa.update(tables.conversation).values(owner=Owner.OFFICER.value))

    say(database, "khai sinh")
    worker(database, Eventful(officer_comes)).step()
    assert told(database) == [] and statuses(database) == ["done"]
    assert [row["outcome"] for row in rows(database, tables.turn)] == ["answered"]
    conversation = rows(database, tables.conversation)[0]
    assert (conversation["owner"], conversation["state"]["topic"]) == ("officer", "")


def test_a_conversation_is_remembered(database: Store) -> None:
    """What one turn leaves is what the next one starts from, also for a worker that never saw the conversation."""
    say(database, "khai sinh", "1")
    works(database)
    say(database, "lệ phí", "2")
    works(database)
    assert rows(database, tables.conversation)[0]["state"]["topic"] == BIRTH
    first, second = (row["reply"]["sources"][0]["code"] for row in told(database))
    assert first == second == BIRTH


def test_a_turn_keeps_no_text(database: Store) -> None:
    """The record of a turn holds the engine, the meaning and the reply; the citizen's words stay in the inbox."""
    say(database, "khai sinh")
    works(database)
    turn = rows(database, tables.turn)[0]
    assert "text" not in turn["understanding"] and turn["understanding"]["intent"] == "ask_procedure"
    assert (turn["engine"], turn["decision"], turn["outcome"]) == ("embedded", "AnswerAbout", "answered")
    assert turn["reply"] == told(database)[0]["reply"] and turn["created_at"] == MORNING


@pytest.mark.parametrize(
    ("text", "kind", "words"),
    [
        ("", Kind.TEXT, "chưa nhận được chữ nào"),
        ("   \n\t ", Kind.TEXT, "chưa nhận được chữ nào"),
        ("\x00\x07\u200b\u2060\ufeff\u202e", Kind.TEXT, "chưa nhận được chữ nào"),
        ("a" * 10_000, Kind.TEXT, "Tin nhắn dài quá"),
        ("khai sinh " * 3_000, Kind.TEXT, "Tin nhắn dài quá"),
        ("👍👍👨‍👩‍👧", Kind.TEXT, "chỉ thấy biểu tượng"),
        ("?!…", Kind.TEXT, "chỉ thấy biểu tượng"),
        (unicodedata.normalize("NFD", "khai sinh"), Kind.TEXT, "Đăng ký khai sinh"),
        (unicodedata.normalize("NFD", "lệ phí thường trú"), Kind.TEXT, "20.000 đồng"),
        ("khai\u200b \u00a0 sinh\x00", Kind.TEXT, "Đăng ký khai sinh"),
        ("<script>alert(1)</script>", Kind.TEXT, "chưa hiểu ý"),
        ("'; DROP TABLE inbox; --", Kind.TEXT, "chưa hiểu ý"),
        ("{{ 7 * 7 }} {% raise %}", Kind.TEXT, "chưa hiểu ý"),
        ("\ud800", Kind.TEXT, "chưa nhận được chữ nào"),
        ("", Kind.ATTACHMENT, "chưa xem được ảnh"),
        ("khai sinh", Kind.ATTACHMENT, "Đăng ký khai sinh"),
        ("no such button", Kind.BUTTON, "Nút này không còn dùng được"),
        ("a:fee", Kind.BUTTON, "Nút này không còn dùng được"),
        ("p:<b>1</b>", Kind.BUTTON, "không có thủ tục mang mã"),
        ("p:" + "9" * 500, Kind.BUTTON, "không có thủ tục mang mã"),
        ("", Kind.BUTTON, "Nút này không còn dùng được"),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_bad_input_gets_a_clear_sentence(database: Store, text: str, kind: Kind, words: str) -> None:
    """Whatever is sent, there is exactly one reply, and it says what to do."""
    assert say(database, text, kind=kind)
    assert works(database) == 1
    assert statuses(database) == ["done"]
    assert len(told(database)) == 1 and words in replies(database)[0]
    assert "49" not in replies(database)[0]


def written(database: Store, *keys: str, address: str = "lan") -> None:
    """Replies in the outbox, in this order."""
    say(database, "xin chào", f"from {address}", address)
    with database.writing() as connection:
        conversation_id = connection.execute(
            sa.select(tables.conversation.c.id).where(tables.conversation.c.address == address)
        ).scalar_one()
        for key in keys:
            assert outbox.put(connection, conversation_id, key, Reply((Block("paragraph", (key,)),)), MORNING)


def texts(deliveries: list[Delivery | None]) -> list[str | None]:
    """What was to be sent."""
    return [delivery.reply.plain() if delivery else None for delivery in deliveries]


def test_replies_are_sent_in_order(database: Store) -> None:
    """The first unsent reply of a conversation goes first; another conversation does not wait for it."""
    box = Outbox(database)
    written(database, "a1", "a2")
    written(database, "b1", address="minh")
    first, other = box.take("webchat", MORNING), box.take("webchat", MORNING)
    assert texts([first, other, box.take("webchat", MORNING)]) == ["a1", "b1", None]
    assert first is not None
    box.sent(first.id, MORNING)
    assert texts([box.take("webchat", MORNING), box.take("webchat", MORNING)]) == ["a2", None]
    assert [row["status"] for row in told(database)] == ["sent", "sending", "sending"]


@pytest.mark.parametrize(("channel", "address"), [("telegram", ""), ("webchat", "minh")])
def test_replies_go_to_their_channel_and_address(database: Store, channel: str, address: str) -> None:
    """A sender takes the replies of its channel, and of its address where it serves one only."""
    written(database, "a1")
    assert Outbox(database).take(channel, MORNING, address) is None
    assert texts([Outbox(database).take("webchat", MORNING, "lan")]) == ["a1"]


def test_a_dead_sender_s_reply_is_sent_again(database: Store) -> None:
    """A reply whose sender died is taken again when its lease is over, and not before."""
    box = Outbox(database)
    written(database, "a1")
    assert texts([box.take("webchat", MORNING)]) == ["a1"]
    assert box.take("webchat", MORNING + outbox.LEASE - timedelta(seconds=1)) is None
    again = box.take("webchat", MORNING + outbox.LEASE)
    assert again is not None and again.attempts == 1


def test_a_failed_delivery_is_tried_again_in_order(database: Store) -> None:
    """A delivery that failed is tried again at its time; what comes after it in the conversation waits."""
    box = Outbox(database)
    written(database, "a1", "a2")
    first = box.take("webchat", MORNING)
    assert first is not None
    box.retry(first, MORNING + timedelta(seconds=30))
    assert box.take("webchat", MORNING + timedelta(seconds=29)) is None
    assert texts([box.take("webchat", MORNING + timedelta(seconds=30))]) == ["a1"]


def test_a_delivery_that_keeps_failing_is_set_aside(database: Store) -> None:
    """After its last attempt a reply is set aside and the ones behind it are sent."""
    box, tried = Outbox(database), 0
    written(database, "a1", "a2")
    with database.writing() as connection:
        connection.execute(sa.update(tables.outbox).values(attempts=outbox.MOST_ATTEMPTS - 3))
    while (delivery := box.take("webchat", MORNING)) and delivery.reply.plain() == "a1":
        box.retry(delivery, MORNING)
        tried += 1
    assert tried == 3 and texts([delivery]) == ["a2"]
    assert [row["status"] for row in told(database)] == ["failed", "sending"]


def test_a_refused_delivery_does_not_block(database: Store) -> None:
    """A reply that the channel will never take is set aside at once."""
    box = Outbox(database)
    written(database, "a1", "a2")
    first = box.take("webchat", MORNING)
    assert first is not None
    box.refused(first.id)
    assert texts([box.take("webchat", MORNING)]) == ["a2"]


def test_a_reply_is_written_once_for_a_key(database: Store) -> None:
    """Writing a reply again under its key changes nothing, in the same transaction or a later one."""
    written(database, "a1")
    with database.writing() as connection:
        assert not outbox.put(connection, 1, "a1", Reply((Block("paragraph", ("other",)),)), MORNING)
    assert replies(database) == ["a1"]


def test_a_reply_survives_the_database() -> None:
    """A stored reply is read back as it was: blocks, buttons, sources and author."""
    turn = town.assistant().turn(admit(message("lệ phí thường trú")), Conversation(), town.TODAY)
    assert turn.reply is not None and turn.reply.sources and turn.reply.buttons
    assert outbox.from_json(outbox.to_json(turn.reply)) == turn.reply


def test_times_are_kept_as_utc(database: Store) -> None:
    """A time comes back aware and the same; one without zone is refused."""
    say(database, "xin chào")
    assert rows(database, tables.inbox)[0]["received_at"] == MORNING
    naive = InboundMessage("webchat", "2", "lan", datetime(2026, 11, 21), text="a")
    with pytest.raises(sa.exc.StatementError, match="without zone"):
        Inbox(database).accept(naive)
    assert len(rows(database, tables.inbox)) == 1


def test_a_restart_frees_what_a_killed_process_had_taken(database: Store) -> None:
    """On one machine nobody waits for a dead worker's lease: the next start takes the message again at once."""
    inbox = Inbox(database)
    inbox.accept(message("xin chào"))
    assert inbox.take(MORNING) is not None
    assert inbox.take(MORNING) is None
    inbox.release()
    assert inbox.take(MORNING) is not None


def test_a_reply_of_a_dead_sender_is_free_at_the_next_start(database: Store) -> None:
    """A process that serves alone waits for no lease of the one that was killed before it."""
    say(database, "khai sinh")
    assert works(database) == 1
    replies_out, moment = Outbox(database), Clock()()
    assert replies_out.take("webchat", moment) is not None
    assert replies_out.take("webchat", moment) is None
    replies_out.release(moment)
    assert replies_out.take("webchat", moment) is not None
