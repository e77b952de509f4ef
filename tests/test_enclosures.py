"""The guidance sheet that goes with a reply: what its button says, when its file is made, and that it is never lost."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa

from bot import outbox, tables
from bot.buttons import pressed
from bot.channels import telegram, zalo
from bot.compose import compose
from bot.conversation import Conversation
from bot.decisions import AskAgain, SendSheet
from bot.enclosures import Enclosures, File, no_file
from bot.facts import PlainFacts, ProcedureFacts, SheetFacts
from bot.messages import Button, Reply, SheetName
from bot.outbox import Outbox
from bot.outcomes import Outcome
from bot.perform import perform
from bot.present import now
from bot.sheet_buttons import in_english
from bot.store import Store
from bot.wording import notes, words
from integrations.errors import BadAnswer, Unavailable, Undeliverable
from integrations.stand_ins.telegram import app as telegram_stand_in
from integrations.zalo import Press
from tests import town
from tests.serving import served

URL = "https://motcua.example"
ANSWER = ProcedureFacts(Outcome.ANSWERED, town.catalogue().get(town.BIRTH, town.TODAY), (), "co_giay", town.TODAY)
SHEET = SheetFacts(Outcome.SHEET_SENT, ANSWER.procedure, "co_giay", town.TODAY, False, False)
NAMED = SheetName(town.BIRTH, "co_giay", town.TODAY)
CONTENT = b"%PDF-1.7 of the test"


def said(facts: ProcedureFacts | SheetFacts, **notes_of: bool) -> Reply:
    """The reply to facts."""
    reply = compose(facts, **notes_of)
    assert reply is not None
    return reply


def printed(sheet: SheetName) -> bytes:
    """A file that says which sheet it is."""
    return CONTENT


# ---- the button ----


@pytest.mark.parametrize(
    ("payload", "decision"),
    [
        (f"sheet:{town.BIRTH}", SendSheet(town.BIRTH)),
        (f"sheet:{town.BIRTH}.co_giay", SendSheet(town.BIRTH, "co_giay")),
        (f"largesheet:{town.BIRTH}.co_giay", SendSheet(town.BIRTH, "co_giay", True)),
        (f"sheet:en.{town.BIRTH}", SendSheet(town.BIRTH, english=True)),
        ("sheet:", AskAgain("unknown_button")),
        ("sheet:../../etc", AskAgain("unknown_button")),
        (f"sheet:{town.BIRTH}.a.b", AskAgain("unknown_button")),
    ],
)
def test_a_button_says_which_sheet(payload: str, decision: SendSheet | AskAgain) -> None:
    """Code, case, print and language stand in the button, whatever was talked about since; anything else is unknown."""
    assert pressed(payload, Conversation(topic=town.COPY)) == decision


def test_an_answer_offers_its_sheet() -> None:
    """Under an answer for a told case stands the button of that case's sheet; where the case is asked, not yet."""
    payloads = [button.payload for button in said(ANSWER).buttons]
    assert payloads[-2:] == [f"sheet:{town.BIRTH}.co_giay", "officer"]
    asking = said(replace(ANSWER, case_id=""))
    assert not any(button.payload.startswith("sheet:") for button in asking.buttons)


def test_the_reply_names_the_sheet_and_goes_on() -> None:
    """The reply names code, case and day; its first button is the other print, and the talk can go on from it."""
    reply = said(SHEET)
    assert reply.sheet == NAMED
    assert reply.buttons[0] == Button(words()["buttons"]["largesheet"], f"largesheet:{town.BIRTH}.co_giay")
    assert reply.buttons[-1].payload == "officer"
    assert "Trường hợp: Có Giấy chứng sinh" in reply.plain() and "không phải giấy hẹn" in reply.plain()
    assert said(replace(SHEET, is_large=True)).buttons[0].payload == f"sheet:{town.BIRTH}.co_giay"


def test_english_stays_english() -> None:
    """Under an English frame the button is labelled so, and its reply and the next button have the frame too."""
    button = said(ANSWER, english=True).buttons[-2]
    assert "checklist" in button.label and button.payload == f"sheet:en.{town.BIRTH}.co_giay"
    reply = said(replace(SHEET, english=True))
    assert reply.blocks[0].lines == (notes()["english_sheet"],)
    assert reply.buttons[0].payload == f"largesheet:en.{town.BIRTH}.co_giay"
    assert in_english(reply.buttons, words()["buttons"]) == reply.buttons


@pytest.mark.parametrize(("case_id", "told"), [("co_giay", "co_giay"), ("", ""), ("khong_con", "")])
def test_a_case_that_is_gone_is_left_out(case_id: str, told: str) -> None:
    """A button that is older than the record still sends a sheet: of every case, when its own is there no more."""
    facts = perform(SendSheet(town.BIRTH, case_id), town.catalogue(), town.Book(), town.TODAY)
    assert isinstance(facts, SheetFacts) and facts.case_id == told


def test_no_sheet_of_an_unknown_procedure() -> None:
    """A procedure that is not in the catalogue is said to be unknown."""
    facts = perform(SendSheet(town.UNKNOWN), town.catalogue(), town.Book(), town.TODAY)
    assert facts == PlainFacts(Outcome.PROCEDURE_UNKNOWN, value=town.UNKNOWN)


# ---- the file ----


def test_the_outbox_holds_a_name() -> None:
    """What is stored of a sheet is its name and day, and it comes back; replies from before have none."""
    stored = outbox.to_json(said(SHEET))
    assert stored["sheet"] == {"code": town.BIRTH, "case_id": "co_giay", "on": "2026-11-21", "is_large": False}
    assert outbox.from_json(stored) == said(SHEET)
    del stored["sheet"]
    assert outbox.from_json(stored).sheet is None


def test_the_file_is_made_when_it_is_sent() -> None:
    """The file is printed from the name, and called so that it can be found again."""
    asked: list[SheetName] = []
    enclosures = Enclosures(lambda sheet: asked.append(sheet) or CONTENT)  # type: ignore[func-returns-value]
    reply, file = enclosures.of(said(replace(SHEET, is_large=True)), 100)
    assert file == File(f"phieu-huong-dan-{town.BIRTH}-chu-lon.pdf", CONTENT)
    assert asked == [replace(NAMED, is_large=True)] and reply.sheet is not None


@pytest.mark.parametrize(
    ("make", "url", "words_say"),
    [
        (no_file, URL, "chưa làm được phiếu"),
        (lambda sheet: b"x" * 101, URL, f"{URL}/phieu/{town.BIRTH}.pdf?truong_hop=co_giay"),
        (lambda sheet: b"x" * 101, "", "chưa làm được phiếu"),
    ],
    ids=["not printed", "too large", "too large, no address"],
)
def test_words_do_not_wait_for_a_file(make: Callable[[SheetName], bytes], url: str, words_say: str) -> None:
    """Where no file can be had, the reply says so or where it lies, and keeps its source and its buttons."""
    reply, file = Enclosures(make, url).of(said(SHEET), 100)
    assert file is None and words_say in reply.plain() and "Em gửi" not in reply.plain()
    assert reply.buttons == said(SHEET).buttons and reply.blocks[-1].kind == "source"


# ---- on its way ----


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """A database with a sheet on its way to one citizen of each channel."""
    made = town.store(tmp_path)
    with made.writing() as connection:
        for channel in (telegram.CHANNEL, zalo.CHANNEL):
            query = tables.conversation.insert().values(
                channel=channel, address="7", owner="bot", state={}, updated_at=now()
            )
            key = connection.execute(query).inserted_primary_key
            assert key is not None
            outbox.put(connection, key[0], f"{channel}:1", said(SHEET), now())
    return made


class Sender:
    """Somebody who sends for Zalo, fails as told, and knows what arrived."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.arrived: list[str] = []

    def send_text(self, user_id: str, text: str, buttons: Sequence[Press] = ()) -> str:
        self.arrived.append(text)
        return "m"

    def send_file(self, user_id: str, name: str, content: bytes) -> str:
        if self.errors:
            raise self.errors.pop(0)
        self.arrived.append(name)
        return "m"


def zalo_of(store: Store, sender: Sender, clock: Callable[[], datetime] = now) -> zalo.Zalo:
    """The channel as a process starts it."""
    sealed = zalo.Seal("a", "s")
    return zalo.Zalo(sender, bool, Outbox(store), sealed, clock=clock, enclosures=Enclosures(printed, URL))


def killed_before_the_note(store: Store, channel: str) -> None:
    """The rows as they are when a process dies after sending and before it notes that it has sent."""
    with store.writing() as connection:
        connection.execute(
            sa.update(tables.outbox).where(tables.outbox.c.channel == channel).values(status="sending", sent_at=None)
        )
    Outbox(store).release(now())


FILE = f"phieu-huong-dan-{town.BIRTH}.pdf"


def test_zalo_sends_the_file_then_the_words(store: Store) -> None:
    """The file goes first; after a kill between sending and the note all is sent again."""
    sender = Sender()
    assert zalo_of(store, sender).step()
    assert [sender.arrived[0], len(sender.arrived)] == [FILE, 2] and "Em gửi anh/chị phiếu" in sender.arrived[1]
    killed_before_the_note(store, zalo.CHANNEL)
    assert zalo_of(store, sender).step() and sender.arrived[2:] == sender.arrived[:2]


@pytest.mark.parametrize(
    "error", [BadAnswer("?"), Undeliverable("no", "message")], ids=lambda error: type(error).__name__
)
def test_zalo_says_where_the_sheet_lies(store: Store, error: Exception) -> None:
    """An account that may not send files sends the address."""
    sender = Sender(error)
    assert zalo_of(store, sender).step()
    assert len(sender.arrived) == 1 and f"{URL}/phieu/{town.BIRTH}.pdf?truong_hop=co_giay" in sender.arrived[0]


@pytest.mark.parametrize(("failures", "arrives"), [(1, FILE), (2, FILE), (3, "https://")])
def test_zalo_tries_a_file_three_times(store: Store, failures: int, arrives: str) -> None:
    """A file that cannot be handed in holds the words back twice, not for ever."""
    clock, sender = town.Clock(now()), Sender(*[Unavailable("down")] * failures)
    channel = zalo_of(store, sender, clock)
    for _ in range(failures + 1):
        channel.step()
        clock.move(600)
    assert arrives in sender.arrived[0]


def test_telegram_sends_the_file_then_the_words(store: Store) -> None:
    """The document goes first; after a lost answer to the words it is not sent twice, after a kill it is."""

    async def send(api: str) -> None:
        bot = telegram.make_bot("1:T", api)
        await bot.initialize()
        channel = telegram.Telegram(bot, bool, Outbox(store), enclosures=Enclosures(printed, URL))
        delivery = Outbox(store).take(telegram.CHANNEL, now())
        assert delivery is not None
        await channel._send(delivery)
        await bot.shutdown()

    with served(telegram_stand_in("1:T")) as api, httpx.Client(base_url=api) as control:
        control.post("/__control/message", json={"chat_id": 7, "text": "xin chào"})
        asyncio.run(send(api))
        killed_before_the_note(store, telegram.CHANNEL)
        asyncio.run(send(api))
        sent = control.get("/__control/sent").json()
    kinds = ["document" if "document" in item else "text" for item in sent]
    assert kinds == ["document", "text"] * 2
    assert sent[0]["document"]["file_name"] == FILE and sent[0]["document"]["file_size"] == len(CONTENT)
    assert "reply_markup" in sent[1]
