"""The second factor: digits that leave no trace, tries that are counted, details that are shown once."""

from __future__ import annotations

import json
import logging
import statistics
import time
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from bot import outbox, retention, second_factor, tables
from bot.decisions import OpenDetails
from bot.errors import BadData
from bot.handoff import transcript
from bot.inbox import Inbox
from bot.mailbox import Mailbox
from bot.messages import Kind
from bot.outbox import Outbox
from bot.perform import perform
from bot.second_factor import Sealer, digits
from bot.store import Store
from bot.tries import Tries
from bot.worker import Worker
from integrations.dossiers import Details, Proof
from integrations.errors import NotFound, Unavailable
from tests import town
from tests.town import DOSSIER_CODE, MORNING, TODAY, Clock, replies, rows

DIGITS = "7391"
DETAIL = f"detail:{DOSSIER_CODE}"
SECRET = "Nộp thêm bản sao giấy khai sinh."
STORED = json.dumps(SECRET)[1:-1].encode()
# as it stands in a database


class Safe(town.Book):
    """The town's portal, whose applicant's number ends in digits that stand nowhere else."""

    def details(self, code: str, proof: Proof) -> Details:
        """What the applicant may see."""
        self.find(code)
        if not any([proof(value) for value in (DIGITS, "")]):
            raise NotFound("no such dossier")
        return super().details(code, lambda value: True)


class Counter:
    """Citizens at the counter of a small assistant that knows second factors."""

    def __init__(self, store: Store, portal: Any = None, interpreter: Any = None) -> None:
        self.store, self.clock, self.sealer = store, Clock(), Sealer("a key")
        self.inbox = Inbox(store, self.sealer)
        self.portal, self.interpreter = portal or Safe(), interpreter
        self.open()
        self._said = 0

    def open(self) -> None:
        """A new process over the same database."""
        town_assistant = town.assistant(self.interpreter, self.portal)
        tries = Tries(self.store, Sealer("a key"), second_factor.load())
        self.worker = Worker(self.store, lambda: town_assistant, self.clock, tries)

    def write(self, text: str, who: str = "lan", kind: Kind = Kind.TEXT) -> None:
        """A message, not answered yet."""
        self._said += 1
        self.inbox.accept(town.message(text, str(self._said), who, kind))

    def say(self, text: str, who: str = "lan", kind: Kind = Kind.TEXT) -> str:
        """A message and its answer."""
        self.write(text, who, kind)
        while self.worker.step():
            pass
        return replies(self.store)[-1]

    def press(self, payload: str = DETAIL, who: str = "lan") -> str:
        """A pressed button and its answer."""
        return self.say(payload, who, Kind.BUTTON)

    def outcome(self) -> str:
        """How the last turn ended."""
        return str(rows(self.store, tables.turn)[-1]["outcome"])


@pytest.fixture
def counter(database: Store) -> Counter:
    return Counter(database)


def everything(database: Store, folder: Path) -> bytes:
    """Every byte of the database, its log, and what is in no table any more."""
    with database.reading() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize(
    ("text", "given"),
    [
        ("0100", "0100"),
        ("0 1 0 0", "0100"),
        ("01-00", "0100"),
        ("４ ７ ３ ９", "4739"),
        ("4 số cuối của em là 0100 nhé", "0100"),
        ("079190000100", "0100"),
        ("cccd 0791 9000 0100 ạ", "0100"),
        ("012", ""),
        ("1", None),
        ("cái thứ 2", None),
        ("lệ phí bao nhiêu", None),
        (DOSSIER_CODE, None),
        ("1.004222", None),
        ("từ 2024 đến 2026", None),
        ("em nộp từ năm 2024 tới giờ mà sao vẫn chưa thấy xong vậy cán bộ", None),
    ],
)
def test_digits_are_known_from_other_words(text: str, given: str | None) -> None:
    """An answer gives its last four digits; too few are asked for again; a code, a question or a story is none."""
    assert digits(text) == given


@pytest.mark.parametrize(
    "text", [DIGITS, f"0791 2345 {DIGITS}", f"4 số cuối là {DIGITS} ạ", f"số {DIGITS[:2]} {DIGITS[2:]}"]
)
def test_digits_leave_no_trace(counter: Counter, tmp_path: Path, caplog: pytest.LogCaptureFixture, text: str) -> None:
    """The digits open the details, and stand in no file of the database and in no log, before or after."""
    caplog.set_level(logging.DEBUG)
    counter.press()
    counter.write(text)
    assert rows(counter.store, tables.inbox)[-1]["seal"]["digest"]
    planted = everything(counter.store, tmp_path)
    assert DIGITS.encode() not in planted and text.encode() not in planted
    assert counter.worker.step() and counter.outcome() == "details_shown"
    assert DIGITS.encode() not in everything(counter.store, tmp_path)
    assert DIGITS not in caplog.text
    assert [row["seal"] for row in rows(counter.store, tables.inbox)] == [None, None]


def test_who_types_before_the_question_comes_is_sealed_too(counter: Counter) -> None:
    """Digits right behind the pressed button, which nobody has answered yet, are sealed as well."""
    counter.write(DETAIL, kind=Kind.BUTTON)
    counter.say(DIGITS)
    assert DIGITS not in str(rows(counter.store, tables.inbox))
    assert counter.outcome() == "details_shown"


def test_without_the_key_digits_are_dropped(database: Store) -> None:
    """An inbox that cannot seal keeps nothing of the digits either."""
    counter = Counter(database)
    counter.press()
    Inbox(database).accept(town.message(DIGITS, "no key"))
    assert DIGITS not in str(rows(database, tables.inbox))


def test_another_question_goes_on(counter: Counter) -> None:
    """Who asks something else meanwhile is answered, and may still give the digits later."""
    counter.press()
    assert "khai sinh" in counter.say("khai sinh")
    assert SECRET in counter.say(DIGITS)


def test_too_few_digits_are_asked_for_again(counter: Counter) -> None:
    """Three digits are no try: they are hidden, and four are asked for."""
    counter.press()
    assert "đủ 4 chữ số" in counter.say(DIGITS[:3])
    assert rows(counter.store, tables.factor_try) == []
    assert SECRET in counter.say(DIGITS)


def test_wrong_digits_wait_longer_and_end_with_an_officer(counter: Counter) -> None:
    """Three wrong answers, after half a minute and five minutes; then the right one opens nothing, an officer helps."""
    counter.press()
    assert "không khớp" in counter.say("0000")
    assert "chờ thêm khoảng 1 phút" in counter.say(DIGITS)
    counter.clock.move(30)
    assert "không khớp" in counter.say("0001")
    assert "chờ thêm khoảng 5 phút" in counter.say(DIGITS)
    counter.clock.move(300)
    assert "không khớp" in counter.say("0002")
    counter.open()
    counter.clock.move(3600)
    assert "gặp cán bộ" in counter.say(DIGITS)
    assert counter.outcome() == "factor_locked"
    counter.clock.move(second_factor.load().window_s)
    counter.press()
    assert SECRET in counter.say(DIGITS)


def test_forgetting_gives_no_more_tries(counter: Counter) -> None:
    """Who has the conversation deleted has as many tries as before; none is told of in words."""
    counter.press()
    counter.say("0000")
    counter.press("forget:yes")
    counter.press()
    assert "chờ thêm" in counter.say(DIGITS)
    assert "0000" not in str(rows(counter.store, tables.factor_try))
    assert DOSSIER_CODE not in str(rows(counter.store, tables.factor_try))


def test_many_people_share_the_tries_of_a_dossier(counter: Counter) -> None:
    """Ten wrong answers of ten people close the dossier for the eleventh, and no other dossier."""
    most = second_factor.load().everyone
    for number in range(most):
        counter.press(who=f"attacker {number}")
        assert "không khớp" in counter.say(f"{number:04}", f"attacker {number}")
    counter.press(who="owner")
    assert "gặp cán bộ" in counter.say(DIGITS, "owner")
    counter.press("detail:H29.19-261105-0021", who="other")
    assert "không khớp" in counter.say(DIGITS, "other")


def test_a_right_answer_clears_the_slate(counter: Counter) -> None:
    """Who was wrong once and then right starts anew, and may look again at once."""
    counter.press()
    counter.say("0000")
    counter.clock.move(30)
    counter.say(DIGITS)
    assert rows(counter.store, tables.factor_try) == []
    counter.press()
    assert SECRET in counter.say(DIGITS)


def test_an_outage_is_no_try(database: Store) -> None:
    """While the portal is down nothing was compared, so nothing is counted; the digits are gone all the same."""
    counter = Counter(database, town.Book(Unavailable("down")))
    counter.press()
    assert "chưa kết nối" in counter.say(DIGITS)
    assert rows(database, tables.factor_try) == []
    assert rows(database, tables.inbox)[-1]["seal"] is None


def test_an_unknown_code_and_wrong_digits_are_one(counter: Counter) -> None:
    """Whether the code or the digits are wrong is said in the same words, and counted the same."""
    told = []
    for code in (DOSSIER_CODE, "H29.19-261105-9999"):
        counter.press(f"detail:{code}", code)
        told.append(counter.say("0000", code).replace(code, "X"))
    assert told[0] == told[1]
    assert len(rows(counter.store, tables.factor_try)) == 2


def test_an_unknown_code_and_wrong_digits_take_the_same_time() -> None:
    """Over many alternating answers the median times of an unknown code and of wrong digits differ by noise alone."""
    sealer, catalogue, portal = Sealer("a key"), town.catalogue(), Safe()
    took: dict[str, list[float]] = {DOSSIER_CODE: [], "H29.19-261105-9999": []}
    for _ in range(400):
        for code, times in took.items():
            check = sealer.check(sealer.seal(code, "0000"))
            started = time.perf_counter()
            perform(OpenDetails(code, check), catalogue, portal, TODAY)
            times.append(time.perf_counter() - started)
    known, unknown = (statistics.median(times) for times in took.values())
    assert max(known, unknown) < 2 * min(known, unknown) + 20e-6


@pytest.mark.parametrize("code", [DOSSIER_CODE, "H29.19-261105-9999"])
def test_as_much_is_compared_for_an_unknown_code(code: str) -> None:
    """As many digests are made for an unknown code as for wrong digits."""
    made: list[str] = []
    sealer = Sealer("a key")
    check = second_factor.Check(
        lambda value: bool(made.append(value)) or sealer.check(sealer.seal(code, "0000"))(value)
    )
    perform(OpenDetails(code, check), town.catalogue(), Safe(), TODAY)
    assert len(made) == second_factor.VALUES


def test_nothing_is_proved_by_nothing() -> None:
    """A portal that knows neither number opens nothing, and a seal of other digits, dossier or key proves nothing."""
    sealer = Sealer("a key")
    seal = sealer.seal(DOSSIER_CODE, DIGITS)
    assert sealer.check(seal)(DIGITS)
    assert not sealer.check(seal)("") and not sealer.check(seal)("0000")
    assert not Sealer("another key").check(seal)(DIGITS)
    assert not sealer.check(second_factor.Seal("H29.19-261105-0021", seal.salt, seal.digest))(DIGITS)
    assert sealer.seal(DOSSIER_CODE, DIGITS) != seal


def test_details_are_kept_until_they_are_sent(counter: Counter, tmp_path: Path) -> None:
    """The outbox holds the details until the channel has them; then no table and no file does, nor the transcript."""
    counter.press()
    assert SECRET in counter.say(DIGITS)
    assert STORED in everything(counter.store, tmp_path)
    assert SECRET not in str(rows(counter.store, tables.turn))
    with counter.store.reading() as connection:
        assert SECRET not in str(transcript(connection, 1))
    sender = Outbox(counter.store)
    while (delivery := sender.take("webchat", counter.clock())) is not None:
        sender.sent(delivery.id, counter.clock())
    assert SECRET not in str(rows(counter.store, tables.outbox))
    assert STORED not in everything(counter.store, tmp_path)


def test_a_page_shows_details_once(counter: Counter) -> None:
    """The citizen's own page shows the details the first time, and then where to see them again."""
    counter.press()
    counter.say(DIGITS)
    mailbox = Mailbox(counter.store, Outbox(counter.store))
    first, second = (str(mailbox.transcript("webchat", "lan")) for _ in range(2))
    assert SECRET in first and SECRET not in second
    assert "đã hiện một lần" in second and DETAIL in second


@pytest.mark.parametrize("end", ["refused", "gone", "old"])
def test_details_that_nobody_takes_are_dropped(counter: Counter, end: str) -> None:
    """What a channel refuses, a citizen leaves behind or nobody fetches for a day does not keep the details."""
    counter.press()
    counter.say(DIGITS)
    box, newest = Outbox(counter.store), rows(counter.store, tables.outbox)[-1]
    if end == "refused":
        box.refused(newest["id"])
    elif end == "gone":
        delivery = box.take("webchat", counter.clock())
        assert delivery is not None
        box.close_conversation(delivery, counter.clock())
    else:
        retention.delete_old(counter.store, MORNING + retention.KEEP_DETAILS * 2)
    assert SECRET not in str(rows(counter.store, tables.outbox))


def test_a_reply_without_details_is_kept_whole(counter: Counter) -> None:
    """Only what is marked is dropped when a reply was sent."""
    counter.say("khai sinh")
    before = rows(counter.store, tables.outbox)[0]
    Outbox(counter.store).sent(before["id"], counter.clock())
    assert rows(counter.store, tables.outbox)[0]["reply"] == before["reply"]
    assert outbox.kept(outbox.from_json(before["reply"])) == outbox.from_json(before["reply"])


def test_a_message_set_aside_keeps_no_seal(database: Store) -> None:
    """A message that cannot be answered loses its seal when it is set aside."""
    counter = Counter(database, town.Book(RuntimeError("broken")))
    counter.press()
    counter.say(DIGITS)
    assert rows(database, tables.inbox)[-1]["status"] == "failed"
    assert rows(database, tables.inbox)[-1]["seal"] is None


def test_tries_are_forgotten_in_time(counter: Counter) -> None:
    """Tries that no rule counts any more are deleted."""
    counter.press()
    counter.say("0000")
    retention.delete_old(counter.store, MORNING + retention.KEEP_TRIES * 2)
    assert rows(counter.store, tables.factor_try) == []
    assert retention.KEEP_TRIES.total_seconds() > second_factor.load().window_s


def test_an_officer_is_written_to_as_always(counter: Counter) -> None:
    """While an officer holds the conversation digits are the citizen's words to a person: they are kept as they are."""
    counter.press()
    with counter.store.writing() as connection:
        connection.execute(sa.update(tables.conversation).values(owner="officer"))
    counter.write("quầy 2026")
    assert rows(counter.store, tables.inbox)[-1]["text"] == "quầy 2026"


@pytest.mark.parametrize(
    "content",
    [
        "factor: either\ntries: 3\nwaits_s: [30]\neveryone: 10\nwindow_s: 1",
        "factor: otp\ntries: 2\nwaits_s: [30]\neveryone: 10\nwindow_s: 1",
        "factor: phone\ntries: 1\nwaits_s: []\neveryone: 0\nwindow_s: 1",
        "factor: phone\ntries: 1\nwaits_s: []\neveryone: 1",
    ],
)
def test_bad_rules_are_refused(content: str, tmp_path: Path) -> None:
    """Rules that are missing, unknown or do not fit each other are refused at the start."""
    path = tmp_path / "second_factor.yaml"
    path.write_text(content)
    with pytest.raises(BadData, match=str(path)):
        second_factor.load(path)
