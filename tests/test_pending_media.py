"""Voice messages and photos to be read: committed at once, read once, answered in time whatever happens to a reader."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from bot import tables
from bot.errors import NoFile
from bot.host_lock import HostLock
from bot.inbox import LEASE, Inbox
from bot.media_reader import MediaReader
from bot.messages import Attachment, InboundMessage, Kind
from bot.pending_media import LARGEST_BYTES, PendingMedia
from bot.store import Store
from bot.utterance import Utterance
from integrations.errors import BadAnswer, Unavailable
from tests import town
from tests.town import DOSSIER_CODE, MORNING

VOICE, PHOTO = Attachment("sound", 900, "voice-1"), Attachment("photo", 900, "photo-1")
HEARD = Utterance(Kind.HEARD, "khai sinh", (), 9)
NOT_HEARD = "chưa nghe được tin nhắn thoại"


class Desk:
    """A town that reads what it is sent, with a clock that is moved by hand."""

    def __init__(self, database: Store, folder: Path, kinds: tuple[str, ...] = ("sound", "photo")) -> None:
        self.store, self.clock = database, town.Clock()
        self.media = PendingMedia(database, kinds, self.clock)
        self.inbox = Inbox(database, hold=self.media.hold)
        self.worker = town.worker(database, clock=self.clock)
        self._lock = HostLock(folder / "reader.lock")

    def send(self, sent: Attachment | None, number: str = "1", text: str = "", kind: Kind = Kind.ATTACHMENT) -> bool:
        """A citizen sends something."""
        return self.inbox.accept(InboundMessage("telegram", number, "lan", MORNING, kind, text, sent))

    def reader(self, says: Callable[[bytes], tuple[str, ...]], file: bytes | Exception = b"OggS") -> MediaReader:
        """Whoever reads, of a channel that gives every file out."""

        async def fetch(ref: str) -> bytes:
            if isinstance(file, Exception):
                raise file
            return file

        readers = dict.fromkeys(("sound", "photo"), Scripted(says))
        return MediaReader(self.media, {"telegram": fetch}, readers, self._lock, self.clock)

    def read(self, *lines: str) -> bool:
        """One message is read."""
        return asyncio.run(self.reader(lambda content: lines).step())

    def answer(self) -> list[str]:
        """Everything that can be answered is; what was said so far."""
        while self.worker.step():
            pass
        return town.replies(self.store)

    def kept(self, number: int = 0) -> dict[str, Any]:
        """A message as it is kept."""
        return town.rows(self.store, tables.inbox)[number]


class Scripted:
    """A reader that says what it is told to."""

    def __init__(self, says: Callable[[bytes], tuple[str, ...]]) -> None:
        self._says = says

    async def read(self, content: bytes) -> tuple[str, ...]:
        """The lines."""
        return self._says(content)


def failing(error: Exception) -> Callable[[bytes], tuple[str, ...]]:
    """A reader that fails."""

    def says(content: bytes) -> tuple[str, ...]:
        raise error

    return says


def refs(row: Mapping[str, Any]) -> str:
    """The way to the file that is kept."""
    return str(row["attachment"]["ref"])


@pytest.fixture
def desk(database: Store, tmp_path: Path) -> Desk:
    """The town."""
    return Desk(database, tmp_path)


def test_a_voice_is_kept_before_it_is_heard_and_shown_before_it_counts(desk: Desk) -> None:
    """It is in the inbox at once; heard, it is read back; confirmed, it is answered like a question that was typed."""
    assert desk.send(VOICE) and desk.answer() == []
    assert desk.read("khai sinh")
    [said] = desk.answer()
    assert "Em nghe là: «khai sinh». Đúng không ạ?" in said
    yes = town.told(desk.store)[0]["reply"]["buttons"][0]["payload"]
    desk.send(None, "2", yes, Kind.BUTTON)
    assert "Đăng ký khai sinh" in desk.answer()[1]
    assert [row["outcome"] for row in town.rows(desk.store, tables.turn)] == ["read_back", "answered"]


def test_a_code_in_print_is_shown_before_it_is_looked_up(desk: Desk) -> None:
    """A photo without a QR code is read, its code is read back, and a typed yes looks it up."""
    desk.send(PHOTO)
    desk.read("GIẤY TIẾP NHẬN HỒ SƠ", f"Mã hồ sơ: {DOSSIER_CODE}", "Nguyễn Thị Lan 079203012345")
    assert f"Em đọc được mã {DOSSIER_CODE}" in desk.answer()[0]
    assert desk.kept()["text"] == DOSSIER_CODE
    desk.send(None, "2", "đúng rồi ạ", Kind.TEXT)
    assert "Đang xử lý" in desk.answer()[1]


def test_an_identity_card_is_refused_politely(desk: Desk) -> None:
    """Of its print nothing is kept but what it was; the citizen is told so."""
    desk.send(PHOTO)
    desk.read("CĂN CƯỚC CÔNG DÂN", "Citizen Identity Card", "079203012345", "NGUYỄN THỊ LAN")
    assert "không lưu lại" in desk.answer()[0]
    assert desk.kept()["text"] == "‹số định danh›"


@pytest.mark.parametrize(
    ("sent", "text", "kind"),
    [
        (Attachment("sound", LARGEST_BYTES["sound"] + 1, "voice-1"), "", Kind.ATTACHMENT),
        (Attachment("sound", 900, ""), "", Kind.ATTACHMENT),
        (Attachment("file", 900, "file-1"), "", Kind.ATTACHMENT),
        (PHOTO, "giấy này là gì", Kind.ATTACHMENT),
        (PHOTO, DOSSIER_CODE, Kind.TEXT),
        (None, "", Kind.ATTACHMENT),
    ],
)
def test_nothing_else_waits(desk: Desk, sent: Attachment | None, text: str, kind: Kind) -> None:
    """What is too large, cannot be had, is of another kind or comes with words is answered at once."""
    desk.send(sent, text=text, kind=kind)
    assert desk.media.take() is None and len(desk.answer()) == 1


def test_where_nothing_is_read_voices_are_answered_at_once(database: Store, tmp_path: Path) -> None:
    """Switched off, a voice message has a plain sentence that says how to write, and no way to it is kept."""
    desk = Desk(database, tmp_path, kinds=())
    desk.send(VOICE)
    [said] = desk.answer()
    assert NOT_HEARD in said and "không dấu cũng được" in said
    assert refs(desk.kept()) == ""


@pytest.mark.parametrize(
    "reader",
    [
        lambda desk: desk.reader(failing(Unavailable("late"))),
        lambda desk: desk.reader(failing(BadAnswer("nonsense"))),
        lambda desk: desk.reader(lambda content: ()),
        lambda desk: desk.reader(lambda content: ("khai sinh",), NoFile("gone")),
        lambda desk: desk.reader(lambda content: ("khai sinh",), bytes(LARGEST_BYTES["sound"] + 1)),
    ],
    ids=["late", "nonsense", "silence", "no file", "too large"],
)
def test_what_cannot_be_read_is_told(desk: Desk, reader: Callable[[Desk], MediaReader]) -> None:
    """Whatever goes wrong, the citizen is asked to type, once, and no way to the file is kept."""
    desk.send(VOICE)
    assert asyncio.run(reader(desk).step())
    [said] = desk.answer()
    assert NOT_HEARD in said and refs(desk.kept()) == ""


def test_a_dead_reader_keeps_nobody_waiting(desk: Desk) -> None:
    """A reader that died with a message is not waited for: within a minute the citizen is asked to type."""
    desk.send(VOICE)
    pending = desk.media.take()
    desk.clock.move(LEASE.total_seconds() + 1)
    [said] = desk.answer()
    assert NOT_HEARD in said and refs(desk.kept()) == ""
    assert pending is not None and not desk.media.settle(pending, HEARD)
    assert desk.answer() == [said]


def test_a_message_is_read_once(desk: Desk) -> None:
    """While one reads nobody else does, a second result changes nothing, and a redelivery is none."""
    desk.send(VOICE)
    pending = desk.media.take()
    assert pending is not None and desk.media.take() is None
    assert desk.media.settle(pending, HEARD) and not desk.media.settle(pending, Utterance(Kind.HEARD, "khác", (), 4))
    assert not desk.send(VOICE)
    assert len(desk.answer()) == 1 and "«khai sinh»" in desk.answer()[0]


def test_after_a_restart_it_is_read_all_the_same(desk: Desk) -> None:
    """What a killed process was reading is read by the next one, and answered once."""
    desk.send(VOICE)
    assert desk.media.take() is not None
    desk.inbox.release()
    assert desk.answer() == []
    assert desk.read("khai sinh")
    assert len(desk.answer()) == 1 and not desk.read("khai sinh")


def test_words_behind_a_voice_stay_behind_it(desk: Desk) -> None:
    """What the same citizen writes while a voice is heard is answered after it."""
    desk.send(VOICE)
    desk.send(None, "2", "xin chào", Kind.TEXT)
    assert desk.answer() == []
    desk.read("khai sinh")
    first, second = desk.answer()
    assert "«khai sinh»" in first and "«" not in second


@pytest.mark.parametrize("state", [{"factor_for": DOSSIER_CODE}, {}])
def test_no_digits_are_taken_from_a_voice(desk: Desk, state: dict[str, str]) -> None:
    """While the last digits of a number are awaited nothing is heard: digits are never stored."""
    desk.send(None, "0", "xin chào", Kind.TEXT)
    desk.answer()
    desk.send(VOICE)
    with desk.store.writing() as connection:
        known = connection.execute(sa.select(tables.conversation.c.state)).scalar_one()
        connection.execute(sa.update(tables.conversation).values(state=known | state))
    desk.read("một hai ba bốn")
    assert desk.kept(1)["text"] == ("" if state else "một hai ba bốn")


def test_what_officers_hold_is_theirs(desk: Desk) -> None:
    """A voice to an officer is not read by a machine; the officer can open it."""
    desk.send(None, "0", "gặp cán bộ", Kind.TEXT)
    desk.answer()
    desk.send(VOICE)
    assert desk.media.take() is None and refs(desk.kept(1)) == "voice-1"


def test_one_reads_on_a_host(desk: Desk, tmp_path: Path) -> None:
    """While another process of the host reads, nothing is begun; when it ends, however, the next one does."""
    desk.send(VOICE)
    with HostLock(tmp_path / "reader.lock").tried() as is_ours:
        assert is_ours and not desk.read("khai sinh")
    assert desk.read("khai sinh")
