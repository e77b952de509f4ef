"""Every channel keeps the same rules: the same words, in order, once, whole, whatever it can show."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pypdfium2
import pytest
import sqlalchemy as sa

from bot import satisfaction, tables
from bot.conversation import Conversation
from bot.messages import Block, Button, Kind, Reply
from bot.present import now
from bot.ratings import Survey
from bot.ticket import Event
from bot.utterance import admit
from tests import town
from tests.conformance.driver import Arrived, Driver, Place, open_place
from tests.conformance.telegram_driver import TelegramDriver
from tests.conformance.terminal_driver import TerminalDriver
from tests.conformance.webchat_driver import WebchatDriver
from tests.conformance.zalo_driver import ZaloDriver
from tests.pictures import IDENTITY_CARD, photo
from tests.serving import until

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
DRIVERS: tuple[type[Driver], ...] = (TelegramDriver, ZaloDriver, WebchatDriver, TerminalDriver)
DIALOGUES = {
    "a greeting": ["xin chào"],
    "a case is chosen": ["khai sinh", "[Có Giấy chứng sinh"],
    "an aspect is asked": ["lệ phí thường trú", "khai sinh", "lệ phí"],
    "one of several": ["đăng ký", "[Đăng ký thường trú"],
    "a dossier": ["hồ sơ tới đâu", town.DOSSIER_CODE],
    "not understood": ["abc xyz", "abc xyz"],
    "nothing to read": ["👍👍", "a" * 2_500],
    "a number is masked": ["số em là 0903123456"],
    "an officer": ["gặp cán bộ", "tôi chờ đây", "[Thôi chờ, hỏi trợ lý"],
}
# a text that is written, or `[` and the label of a button that is pressed


@pytest.fixture(scope="module", params=DRIVERS, ids=lambda driver: channel_of(driver))
def running(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Place, Callable]]:
    """A channel in a town of its own."""
    folder: Path = tmp_path_factory.mktemp("channel")
    with open_place(folder) as place, request.param.running(place) as new_citizen:
        yield place, new_citizen


@pytest.fixture
def place(running: tuple[Place, Callable[[], Driver]]) -> Place:
    return running[0]


@pytest.fixture
def citizen(running: tuple[Place, Callable[[], Driver]]) -> Driver:
    """Somebody who never wrote before."""
    return running[1]()


def read(citizen: Driver, count: int) -> list[Arrived]:
    """What has arrived, once there is so much of it."""
    until(lambda: len(citizen.arrived()) >= count)
    return citizen.arrived()


def letters(text: str) -> str:
    """A text without spaces and without the marks of bullets and warnings, which each channel sets in its way."""
    return re.sub(r"[\s•⚠️\-]", "", text)


def whole(arrived: list[Arrived]) -> str:
    """Everything that was read."""
    return letters("".join(item.text for item in arrived))


def reads(citizen: Driver, replies: list[Reply]) -> None:
    """The citizen has these replies, word for word, and nothing else."""
    expected = letters("".join(reply.plain() for reply in replies))
    until(lambda: len(whole(citizen.arrived())) >= len(expected))
    assert whole(citizen.arrived()) == expected


def channel_of(driver: type[Driver]) -> str:
    """The name of a driver's channel."""
    return driver.__name__.removesuffix("Driver").lower()


def spoken(citizen: Driver, steps: list[str]) -> list[Reply]:
    """What the assistant says to a dialogue, before the citizen's channel has anything to do with it."""
    assistant, conversation, replies = town.assistant(), Conversation(channel=channel_of(type(citizen))), []
    for step in steps:
        labels = {button.label: button.payload for reply in replies for button in reply.buttons}
        kind, text = (Kind.BUTTON, labels[step[1:]]) if step.startswith("[") else (Kind.TEXT, step)
        turn = assistant.turn(admit(town.message(text, kind=kind)), conversation, now().date())
        conversation = turn.conversation
        replies += [turn.reply] if turn.reply else []
    return replies


def test_every_channel_is_driven() -> None:
    """A channel without a driver would keep no rule: each file of bot/channels has one, and so has the web chat."""
    files = {path.stem for path in (ROOT / "bot" / "channels").glob("*.py") if "\nCHANNEL = " in path.read_text()}
    assert {channel_of(driver) for driver in DRIVERS} == files | {"webchat"}


@pytest.mark.parametrize("steps", DIALOGUES.values(), ids=DIALOGUES)
def test_words_are_the_same_everywhere(citizen: Driver, place: Place, steps: list[str]) -> None:
    """What a citizen reads is what the assistant says, word for word, and its buttons are offered as choices.

    Under a reply that hands over, the desk adds where the ticket stands.
    """
    replies, before = spoken(citizen, steps), place.newest()
    for number, step in enumerate(steps, start=1):
        citizen.press(step[1:]) if step.startswith("[") else citizen.write(step)
        until(lambda: len(place.told(before)) >= number)  # noqa: B023 (called before the next round)
        told, said = place.told(before), replies[:number]
        reads(citizen, told)
        assert [reply.blocks[: len(mine.blocks)] for reply, mine in zip(told, said, strict=True)] == [
            mine.blocks for mine in said
        ]
        added = any(reply.blocks != mine.blocks for reply, mine in zip(told, said, strict=True))
        assert added is (steps[0] == "gặp cán bộ")
        assert citizen.arrived()[-1].choices == tuple(button.label for button in replies[number - 1].buttons)


def test_order_is_kept(citizen: Driver) -> None:
    """Messages that are written in one breath are answered in their order."""
    steps = ["xin chào", "khai sinh", "lệ phí thường trú", "hồ sơ tới đâu", town.DOSSIER_CODE, "abc xyz"]
    for step in steps:
        citizen.write(step)
    reads(citizen, spoken(citizen, steps))


def test_a_redelivered_message_is_answered_once(citizen: Driver) -> None:
    """A message that is delivered twice is one message."""
    citizen.write("xin chào")
    read(citizen, 1)
    citizen.write_twice("khai sinh")
    read(citizen, 2)
    citizen.write("hồ sơ tới đâu")
    reads(citizen, spoken(citizen, ["xin chào", "khai sinh", "hồ sơ tới đâu"]))


def test_no_choice_is_lost(citizen: Driver, place: Place) -> None:
    """Of more buttons than a channel shows, every label is read, as a button or as words; the officer is a button."""
    citizen.write("xin chào")
    read(citizen, 1)
    choices = [Button(f"Việc thứ {number}", f"p:{number}") for number in range(1, 13)]
    officer = Button("Gặp cán bộ", "officer")
    place.tell("many", Reply((Block("paragraph", ("Anh/chị chọn ạ",)),), (*choices, officer)))
    many = read(citizen, 2)[1:]
    assert len(many[-1].choices) <= citizen.most_buttons and many[-1].choices[-1] == officer.label
    shown = [*many[-1].choices, *many[-1].text.splitlines()]
    assert all(any(line.endswith(button.label) for line in shown) for button in choices)


def test_a_pressed_button_is_heard(citizen: Driver) -> None:
    """A button comes back as a choice, however often others were offered since."""
    citizen.write("khai sinh")
    read(citizen, 1)
    citizen.press("Gặp cán bộ")
    assert "chuyển cuộc trò chuyện cho cán bộ" in read(citizen, 2)[1].text


@pytest.mark.parametrize("line", ["Câu dài. " * 300, "chữ " * 900, "😀" * 1500, "<&>" * 900, "a" * 9000], ids=len)
def test_a_long_answer_arrives_whole(citizen: Driver, place: Place, line: str) -> None:
    """A long answer comes in parts that the channel takes, nothing is missing, the buttons stand under the last one."""
    citizen.write("xin chào")
    read(citizen, 1)
    blocks = tuple(Block("paragraph", (line.strip(),)) for _ in range(3))
    place.tell("long", Reply(blocks, (Button("Gặp cán bộ", "officer"),)))
    until(lambda: any(item.choices == ("Gặp cán bộ",) for item in citizen.arrived()[1:]))
    parts = citizen.arrived()[1:]
    assert whole(parts) == letters(line) * 3
    assert all(len(part.text.encode("utf-16-le")) // 2 <= citizen.longest for part in parts)
    assert [part.choices for part in parts[:-1]] == [()] * (len(parts) - 1)


def test_what_cannot_be_read_is_answered(citizen: Driver) -> None:
    """Who sends a picture is told that it is not looked at."""
    if not citizen.sends_pictures:
        pytest.skip("no pictures here")
    citizen.send_picture()
    assert "chưa xem được ảnh" in read(citizen, 1)[0].text


@pytest.mark.parametrize(
    ("text", "typed"),
    [
        (town.DOSSIER_CODE, town.DOSSIER_CODE),
        (f"https://dvc.example/?ma={town.DOSSIER_CODE}", town.DOSSIER_CODE),
        (IDENTITY_CARD, "‹số định danh›"),
    ],
    ids=["code", "address", "identity card"],
)
def test_a_receipt_is_as_good_as_its_code(citizen: Driver, text: str, typed: str) -> None:
    """Where photos are read, that of a code is answered as the code typed, and that of an identity card is named."""
    if not citizen.sends_pictures:
        pytest.skip("no pictures here")
    citizen.send_picture(photo(text))
    if citizen.pictures_are_read:
        reads(citizen, spoken(citizen, [typed]))
    else:
        assert "chưa xem được ảnh" in read(citizen, 1)[0].text


def test_an_officer_is_reached(citizen: Driver, place: Place) -> None:
    """A citizen is handed over, reads the officer, is not answered by the machine meanwhile, and is given back."""
    citizen.write("gặp cán bộ")
    read(citizen, 1)
    ticket = place.desk.tickets("waiting", place.officer_id)[-1].id
    assert place.desk.claim(ticket, place.officer_id)
    citizen.write("khai sinh")
    until(lambda: Event.WROTE in [entry.event for entry in place.desk.history(ticket)])
    assert place.desk.reply(ticket, place.officer_id, "Chào anh/chị, tôi xem rồi.", f"key-{ticket}")
    assert place.desk.resolve(ticket, place.officer_id)
    told = [item.text for item in read(citizen, 4)]
    assert "Nguyễn Thị Lan" in told[1] and "Chào anh/chị, tôi xem rồi." in told[2]
    assert len(told) == 4 and "đã kết thúc hỗ trợ" in told[3]


def test_an_outage_loses_nothing(citizen: Driver, place: Place) -> None:
    """What was said while the channel was down arrives afterwards: all of it, in order, once."""
    if not citizen.is_kept:
        pytest.skip("whoever leaves has left the conversation")
    citizen.write("xin chào")
    before = read(citizen, 1)
    citizen.cut_off()
    for number in range(3):
        place.tell(str(number), Reply((Block("paragraph", (f"Câu {number}",)),)))
    assert citizen.arrived() == before
    citizen.reconnect()
    assert [item.text for item in read(citizen, 4)[1:]] == [f"Câu {number}" for number in range(3)]


def test_satisfaction_is_asked_where_it_can_be_answered(citizen: Driver, place: Place) -> None:
    """All five steps can be pressed, and a press is answered; nobody is asked at the terminal, which may be closed."""
    citizen.write("khai sinh")
    read(citizen, 1)
    before = len(citizen.arrived())
    with place.store.writing() as connection:
        connection.execute(sa.update(tables.conversation).values(updated_at=now() - timedelta(minutes=16)))
    Survey(place.store, satisfaction.plan(15), now).step()
    if isinstance(citizen, TerminalDriver):
        assert not town.rows(place.store, tables.rating)
        return
    question = read(citizen, before + 1)[-1]
    steps = tuple(satisfaction.content()["steps"].values())
    assert question.choices[:5] == steps and len(question.choices) <= citizen.most_buttons
    citizen.press(steps[3])
    assert "Em đã ghi: Không hài lòng" in read(citizen, before + 2)[-1].text


def test_the_sheet_is_taken_in_both_prints(citizen: Driver) -> None:
    """Under an answer the guidance sheet of the told case is one act away, as a file, and so is the large print."""
    citizen.write("khai sinh")
    read(citizen, 1)
    citizen.press("Có Giấy chứng sinh")
    read(citizen, 2)
    usual, large = citizen.take_sheet(is_large=False), citizen.take_sheet(is_large=True)
    for content in (usual, large):
        told = " ".join(page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(content))
        assert "Đăng ký khai sinh" in told and "Có Giấy chứng sinh" in told
    assert usual != large
