"""Switches: what the assistant still does in each mode, who is told what, and that a change reaches everybody."""

from __future__ import annotations

import re
import shlex
from itertools import product
from pathlib import Path

import pytest

from bot import tables
from bot.__main__ import main
from bot.conversation import Awaiting, Conversation, Owner
from bot.decide import decide
from bot.decisions import (
    Alarm,
    AskComplaint,
    Decision,
    Decline,
    Forget,
    HandOff,
    LeaveQueue,
    Stay,
    TakeComplaint,
    Unfollow,
)
from bot.messages import Kind
from bot.outcomes import Outcome
from bot.store import Store
from bot.switch_book import FRESH_S, LONGEST_NOTICE, SwitchBook
from bot.switches import Mode, Notice, Switches, decide_within, for_channel
from bot.utterance import Utterance
from bot.wording import notes
from bot.worker import Worker
from nlu.understanding import Understanding
from tests.town import BIRTH, DOSSIER_CODE, RULES, Clock, Script, assistant, replies, rows, say, understood

RUNBOOK = Path(__file__).parents[1] / "docs" / "tasks" / "switch-off.md"
BIRTH_ASKED = understood(candidates={BIRTH: 0.95})
ASKS_OFFICER = understood(intent="officer")
IN_DANGER = understood(intent="emergency")
COMPLAINS = understood(intent="complaint")
OFF, READ_ONLY = Decline("switched_off"), Decline("read_only")
QUEUED = HandOff("officers_only")
LONG = "cán bộ phường hẹn tôi ba lần vẫn không trả"


def spoken(text: str, kind: Kind = Kind.TEXT) -> Utterance:
    return Utterance(kind, text, (), len(text))


def decided(mode: Mode, text: str, understanding: Understanding | None, **state: object) -> Decision:
    kind = Kind.BUTTON if understanding is None else Kind.TEXT
    utterance, conversation = spoken(text, kind), Conversation(**state)  # type: ignore[arg-type]
    return decide_within(Switches(mode), utterance, understanding, conversation, RULES)


@pytest.mark.parametrize(
    ("text", "understanding", "read_only", "officers_only", "off"),
    [
        ("khai sinh", BIRTH_ASKED, "same", QUEUED, OFF),
        ("xin chào", understood(intent="greet"), "same", QUEUED, OFF),
        ("gặp cán bộ", ASKS_OFFICER, READ_ONLY, HandOff("asked"), OFF),
        ("cháy nhà", IN_DANGER, Alarm("cháy nhà"), Alarm("cháy nhà"), OFF),
        ("phản ánh", COMPLAINS, READ_ONLY, QUEUED, OFF),
        (LONG, COMPLAINS, READ_ONLY, QUEUED, OFF),
        ("officer", None, READ_ONLY, HandOff("asked"), HandOff("asked")),
        ("forget", None, READ_ONLY, Forget("ask"), Forget("ask")),
        ("forget:yes", None, READ_ONLY, Forget("confirmed"), Forget("confirmed")),
        (f"follow:{DOSSIER_CODE}", None, READ_ONLY, QUEUED, OFF),
        (f"unfollow:{DOSSIER_CODE}", None, "same", Unfollow(()), Unfollow(())),
        (f"p:{BIRTH}", None, "same", QUEUED, OFF),
        ("dossier", None, "same", QUEUED, OFF),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_each_mode_allows_less(
    text: str,
    understanding: Understanding | None,
    read_only: Decision | str,
    officers_only: Decision,
    off: Decision,
) -> None:
    """Each mode allows what its line says; switched on nothing changes."""
    usual = decided(Mode.ON, text, understanding)
    assert decided(Mode.READ_ONLY, text, understanding) == (usual if read_only == "same" else read_only)
    assert decided(Mode.OFFICERS_ONLY, text, understanding) == officers_only
    assert decided(Mode.OFF, text, understanding) == off


@pytest.mark.parametrize("mode", Mode)
@pytest.mark.parametrize(
    ("owner", "text", "decision"),
    [
        (Owner.QUEUE, "stay", LeaveQueue()),
        (Owner.QUEUE, "khi nào tới tôi", Stay("queue")),
        (Owner.OFFICER, "dạ em cảm ơn", Stay("officer")),
        (Owner.OFFICER, "forget", Forget("held")),
    ],
)
def test_what_officers_hold_goes_on(mode: Mode, owner: Owner, text: str, decision: Decision) -> None:
    """Whoever waits for an officer or talks to one notices no switch."""
    kind = Kind.BUTTON if text in ("stay", "forget") else Kind.TEXT
    assert decide_within(Switches(mode), spoken(text, kind), None, Conversation(owner), RULES) == decision


def test_switched_on_changes_no_decision() -> None:
    """With every switch on the decision is that of `decide`, whatever was said and remembered."""
    said = [("khai sinh", BIRTH_ASKED), (LONG, COMPLAINS), ("cháy", IN_DANGER), ("p:x", None), ("officer", None)]
    for (text, understanding), owner, awaiting in product(said, Owner, Awaiting):
        utterance = spoken(text, Kind.BUTTON if understanding is None else Kind.TEXT)
        conversation = Conversation(owner, awaiting=awaiting)
        expected = decide(utterance, understanding, conversation, RULES)
        assert decide_within(Switches(), utterance, understanding, conversation, RULES) == expected


def test_read_only_takes_nothing_on() -> None:
    """In read-only mode no decision asks officers or the database for something that lasts."""
    for text, understanding in ((LONG, COMPLAINS), ("gặp cán bộ", ASKS_OFFICER), ("yes", understood(intent="affirm"))):
        for awaiting in Awaiting:
            decision = decided(Mode.READ_ONLY, text, understanding, awaiting=awaiting)
            assert not isinstance(decision, HandOff | AskComplaint | TakeComplaint | Forget)


@pytest.mark.parametrize(("own", "general"), list(product([None, *Mode], [None, *Mode])))
def test_the_stricter_switch_counts(own: Mode | None, general: Mode | None) -> None:
    """A channel's mode and that of every channel: the stricter counts, and other channels do not matter."""
    modes = {name: mode for name, mode in (("zalo", own), ("", general), ("telegram", Mode.OFF)) if mode}
    order = [Mode.ON, Mode.READ_ONLY, Mode.OFFICERS_ONLY, Mode.OFF]
    expected = order[max(order.index(own or Mode.ON), order.index(general or Mode.ON))]
    assert for_channel("zalo", modes, {}) == Switches(expected)


# In a conversation


class Ticks:
    """A clock of seconds that is moved by hand."""

    def __init__(self) -> None:
        self.s = 0.0

    def __call__(self) -> float:
        return self.s


@pytest.fixture
def ticks() -> Ticks:
    return Ticks()


@pytest.fixture
def book(database: Store, ticks: Ticks) -> SwitchBook:
    return SwitchBook(database, Clock(), ticks)


def worker(database: Store, book: SwitchBook, script: Script | None = None) -> Worker:
    town = assistant(script or Script())
    return Worker(database, lambda: town, Clock(), switches=book.switches)


def turned(book: SwitchBook, ticks: Ticks, mode: Mode, channel: str = "") -> int:
    """Turned, and old enough for every process to have seen it."""
    told = book.set_mode(mode, channel, "minh", "thử")
    ticks.s += FRESH_S
    return told


def test_switched_off_nothing_is_read_and_nothing_is_lost(database: Store, book: SwitchBook, ticks: Ticks) -> None:
    """While off the interpreter hears nothing, the message is kept, and the citizen is told and offered an officer."""
    script = Script()
    turned(book, ticks, Mode.OFF)
    say(database, "khai sinh")
    worker(database, book, script).step()
    assert script.heard == [] and "tạm dừng" in replies(database)[0]
    assert rows(database, tables.inbox)[0]["text"] == "khai sinh"
    assert [button["payload"] for button in rows(database, tables.outbox)[0]["reply"]["buttons"]] == ["officer"]
    say(database, "officer", "2", kind=Kind.BUTTON)
    worker(database, book, script).step()
    assert rows(database, tables.ticket)[0]["reason"] == "asked"


def test_who_wrote_meanwhile_is_told_once(database: Store, book: SwitchBook, ticks: Ticks) -> None:
    """When it is back those who got no answer are told, once; who went to an officer or got an answer is not."""
    say(database, "khai sinh", "1", "an")
    worker(database, book).step()
    turned(book, ticks, Mode.OFF)
    for number, address in enumerate(("lan", "minh", "hoa"), 2):
        say(database, "khai sinh", str(number), address)
        worker(database, book).step()
    say(database, "officer", "9", "hoa", Kind.BUTTON)
    worker(database, book).step()
    assert turned(book, ticks, Mode.OFF, "webchat") == 0
    assert turned(book, ticks, Mode.ON) == 0
    assert turned(book, ticks, Mode.ON, "webchat") == 2
    assert turned(book, ticks, Mode.ON, "webchat") == 0
    assert replies(database).count(notes()["back"]) == 2


def test_officers_only_queues_with_its_reason(database: Store, book: SwitchBook, ticks: Ticks) -> None:
    """Officers only: whoever writes gets a ticket that says why."""
    turned(book, ticks, Mode.OFFICERS_ONLY, "webchat")
    say(database, "khai sinh")
    worker(database, book).step()
    assert rows(database, tables.ticket)[0]["reason"] == "officers_only"
    assert rows(database, tables.turn)[0]["outcome"] == Outcome.HANDED_OFF.value


def test_a_notice_is_told_once_a_conversation(database: Store, book: SwitchBook, ticks: Ticks) -> None:
    """Each conversation is told a notice once, before its next reply; a changed notice is told again."""
    for text in ("Bảo trì đến 13 giờ.", "Bảo trì đến 15 giờ.", ""):
        book.set_notice(text, "", "minh", "thử")
        ticks.s += FRESH_S
        for number, address in product("12", ("lan", "an")):
            say(database, "lệ phí thường trú", f"{text}{number}{address}", address)
            worker(database, book).step()
    told = replies(database)
    assert [sum(text in reply for reply in told) for text in ("13 giờ", "15 giờ")] == [2, 2]
    assert len(told) == 12 and all(reply.startswith("Bảo trì") for reply in told if "Bảo trì" in reply)


def test_a_notice_survives_deletion(database: Store, book: SwitchBook, ticks: Ticks) -> None:
    """Who has the conversation deleted is not told the same notice again."""
    book.set_notice("Bảo trì.", "webchat", "minh", "thử")
    for number, payload in enumerate(("forget", "forget:yes", "greet")):
        say(database, payload, str(number), kind=Kind.BUTTON)
        worker(database, book).step()
    assert Conversation.of("bot", rows(database, tables.conversation)[0]["state"]).noticed == 1
    assert sum("Bảo trì" in reply for reply in replies(database)) == 0


def test_every_process_follows_within_seconds(database: Store, ticks: Ticks) -> None:
    """A process reads the book again after FRESH_S at the latest, and not at every message."""
    here, there = SwitchBook(database, Clock(), ticks), SwitchBook(database, Clock(), ticks)
    assert there.switches("zalo") == Switches()
    here.set_mode(Mode.OFF, "zalo", "minh", "thử")
    ticks.s += FRESH_S - 0.1
    assert there.switches("zalo").mode is Mode.ON
    ticks.s += 0.1
    assert (there.switches("zalo").mode, there.switches("webchat").mode) == (Mode.OFF, Mode.ON)
    assert FRESH_S <= 5


def test_the_book_says_who_when_and_why(book: SwitchBook, ticks: Ticks) -> None:
    """Each change stays with its author, time and reason; a long notice is cut."""
    book.set_mode(Mode.OFF, "", "minh", " sai lệ phí ")
    book.set_notice("x" * 900, "zalo", "lan", "bảo trì")
    notice, mode = book.changes()
    assert (mode.by, mode.why, mode.value, mode.at) == ("minh", "sai lệ phí", "off", Clock().at)
    assert (notice.by, notice.channel, len(notice.value)) == ("lan", "zalo", LONGEST_NOTICE)
    ticks.s += FRESH_S
    assert book.switches("zalo") == Switches(Mode.OFF, Notice(notice.id, notice.value))


# The runbook


def test_the_runbook_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Every command of the runbook works as it is written, and at the end everything is on."""
    lines = re.findall(r"^ {7}\.venv/bin/python -m bot (.+)$", RUNBOOK.read_text(encoding="utf-8"), re.MULTILINE)
    monkeypatch.setenv("MOT_CUA_DATA_DIR", str(tmp_path))
    printed = []
    for line in lines:
        assert main(shlex.split(line)) == 0, line
        printed.append(capsys.readouterr().out)
    assert len(lines) == 8 and printed[0] == ""
    assert "mode every channel: on\n" in printed[-1] and "sai le phi khai sinh" in printed[-1]
    assert "notice every channel: none\n" in printed[-1] and "mode telegram: on\n" in printed[-1]
