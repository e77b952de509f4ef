"""What was heard or seen is shown first, and becomes the citizen's words only by their yes."""

from __future__ import annotations

from datetime import date

import pytest

from bot.buttons import pressed
from bot.complaint import Form
from bot.conversation import Awaiting, Conversation, Owner
from bot.decisions import AskAgain, ReadBack, Stay
from bot.media_words import PHOTO, SOUND, utterance
from bot.messages import Attachment, InboundMessage, Kind
from bot.outcomes import Outcome
from bot.read_back import buttons
from bot.utterance import Utterance, admit
from bot.wording import words
from nlu.spoken_digits import written
from tests import town
from tests.town import DOSSIER_CODE, MORNING, TODAY

HEARD = Utterance(Kind.HEARD, "khai sinh", (), 9)
SEEN = Utterance(Kind.SEEN, DOSSIER_CODE, (), len(DOSSIER_CODE))
OTHER_CODE = "000.00.01.H29-240115-0001"
CARD = "‹số định danh›"


def typed(text: str) -> Utterance:
    """A text."""
    return Utterance(Kind.TEXT, text, (), len(text))


def after(shown: Utterance, before: Conversation = Conversation()) -> Conversation:  # noqa: B008 (frozen)
    """The conversation once something was read back."""
    return town.assistant().turn(shown, before, TODAY).conversation


def press(payload: str) -> Utterance:
    """A button as it comes through the door."""
    return admit(InboundMessage("t", "1", "lan", MORNING, Kind.BUTTON, payload))


def yes(text: str) -> Utterance:
    """The yes under a reading."""
    return press(buttons("heard", text, words()["buttons"])[0].payload)


@pytest.mark.parametrize(
    ("shown", "said", "labels"),
    [
        (HEARD, "Em nghe là: «khai sinh». Đúng không ạ?", ["Đúng", "Gõ lại"]),
        (SEEN, f"Em đọc được mã {DOSSIER_CODE} trên ảnh. Đúng không ạ?", ["Đúng", "Gõ lại"]),
    ],
)
def test_what_was_read_is_shown_and_not_understood(shown: Utterance, said: str, labels: list[str]) -> None:
    """It is read back with a yes and a no, and nobody asks what it means."""
    script = town.Script()
    turn = town.assistant(script).turn(shown, Conversation(introduced=True), TODAY)
    assert turn.reply is not None and said in turn.reply.plain()
    assert ([button.label for button in turn.reply.buttons], script.heard) == (labels, [])
    assert turn.facts.outcome is Outcome.READ_BACK


@pytest.mark.parametrize(
    "answer", [yes("khai sinh"), typed("đúng"), typed("Dung roi a"), typed("vâng ạ."), typed("OK")]
)
def test_a_yes_makes_it_the_citizens_words(answer: Utterance) -> None:
    """By button or in words: the reading goes the way of what is typed, and is answered like it."""
    turn = town.assistant().turn(answer, after(HEARD), TODAY)
    assert (turn.utterance, turn.facts.outcome) == (typed("khai sinh"), Outcome.ANSWERED)
    assert turn.conversation.unconfirmed == ""


@pytest.mark.parametrize("answer", [press("heard:no"), typed("không phải"), typed("sai roi")])
def test_a_no_asks_to_type(answer: Utterance) -> None:
    """By button or in words: it is dropped and the citizen types."""
    turn = town.assistant().turn(answer, after(HEARD), TODAY)
    assert turn.decision == ReadBack("retype") and turn.conversation.unconfirmed == ""
    assert turn.reply is not None and "gõ lại bằng chữ" in turn.reply.plain()


@pytest.mark.parametrize(
    "answer", [typed("dừng"), typed("đúng mẫu đơn nào"), typed("lệ phí"), press("greet"), press("rate:9.1")]
)
def test_anything_else_is_its_own_message(answer: Utterance) -> None:
    """Whoever goes on to something else has confirmed nothing, and a later yes confirms nothing either."""
    turn = town.assistant().turn(answer, after(HEARD), TODAY)
    assert turn.utterance == answer and turn.conversation.unconfirmed == ""


def test_a_button_confirms_what_it_stood_under() -> None:
    """The yes under an older reading does not confirm a newer one."""
    newer = after(Utterance(Kind.HEARD, "lệ phí", (), 6), after(HEARD))
    turn = town.assistant().turn(yes("khai sinh"), newer, TODAY)
    assert turn.decision == AskAgain("unknown_button")


def test_what_was_asked_before_is_still_asked() -> None:
    """A reading in the middle of a complaint changes nothing of it: the confirmed words answer its question."""
    before = Conversation(awaiting=Awaiting.COMPLAINT, form=Form("Chờ lâu"), failures=1, introduced=True)
    assert after(HEARD, before) == before.with_(unconfirmed="khai sinh")
    assert after(press("heard:no"), after(HEARD, before)) == before


@pytest.mark.parametrize("owner", [Owner.QUEUE, Owner.OFFICER])
def test_officers_are_not_interrupted(owner: Owner) -> None:
    """While somebody else holds the conversation nothing is read back."""
    turn = town.assistant().turn(HEARD, Conversation(owner=owner), TODAY)
    assert turn.decision == Stay(owner)


def test_each_code_has_its_own_yes() -> None:
    """Of one photo a few codes can be looked up, each by the button that looks up codes everywhere."""
    offered = buttons("seen", f"{DOSSIER_CODE}\n{OTHER_CODE}", words()["buttons"])
    assert [button.payload for button in offered] == [f"dossier:{DOSSIER_CODE}", f"dossier:{OTHER_CODE}", "heard:no"]
    turn = town.assistant().turn(
        press(buttons("seen", DOSSIER_CODE, words()["buttons"])[0].payload), after(SEEN), TODAY
    )
    assert turn.facts.outcome is Outcome.DOSSIER_FOUND


@pytest.mark.parametrize("text", ["khai sinh", "a", "số 7", "làm lại căn cước " * 100])
def test_a_yes_passes_the_door_unmasked(text: str) -> None:
    """The name in a button is never taken for a number of a person."""
    assert press(yes(text).text) == yes(text) and yes(text).masked == ()
    assert isinstance(pressed(yes(text).text, Conversation()), AskAgain)


@pytest.mark.parametrize(
    ("attachment", "text", "kind", "fault"),
    [
        (Attachment("sound"), "", Kind.HEARD, "voice"),
        (Attachment("sound"), "khai sinh", Kind.ATTACHMENT, None),
        (Attachment("photo"), "", Kind.ATTACHMENT, "attachment"),
        (None, "", Kind.ATTACHMENT, "attachment"),
    ],
)
def test_a_voice_that_nobody_heard_is_told_so(
    attachment: Attachment | None, text: str, kind: Kind, fault: str | None
) -> None:
    """A voice message without a reader has a sentence of its own, which says how to write."""
    said = admit(InboundMessage("t", "1", "lan", MORNING, Kind.ATTACHMENT, text, attachment))
    assert (said.kind, said.fault) == (kind, fault)


@pytest.mark.parametrize(
    ("lines", "text", "masked"),
    [
        ((), "", ()),
        (("  làm  khai sinh ", "cần gì"), "làm khai sinh cần gì", ()),
        (("số em là 0903 123 456",), "số em là ‹số điện thoại›", ("phone_number",)),
        (("số không chín không ba một hai ba bốn năm sáu nhé",), "số ‹số điện thoại› nhé", ("phone_number",)),
        (("nộp ba tờ năm trang",), "nộp ba tờ năm trang", ()),
    ],
)
def test_what_was_heard_is_safe_to_store(lines: tuple[str, ...], text: str, masked: tuple[str, ...]) -> None:
    """Personal numbers are masked before anything is kept, also when they were said digit by digit."""
    said = utterance(SOUND, lines, TODAY)
    assert (said.kind, said.text, said.masked) == (Kind.HEARD, text, masked)


@pytest.mark.parametrize(
    ("text", "digits"),
    [
        ("bảy tám chín không một hai", "789012"),
        ("mã một hai ba, bốn năm sáu thôi", "mã 123456 thôi"),
        ("một hai ba bốn năm", "một hai ba bốn năm"),
        ("không 9 không 3 1 2", "090312"),
        ("", ""),
        ("khong hai hai hai hai hai nam", "0222225"),
    ],
)
def test_long_rows_of_spoken_digits_are_digits(text: str, digits: str) -> None:
    """Six and more digits in a row are written as digits, fewer stay words."""
    assert written(text) == digits


@pytest.mark.parametrize(
    ("lines", "kind", "text"),
    [
        ((), Kind.ATTACHMENT, ""),
        (("GIẤY TIẾP NHẬN HỒ SƠ", "Người nộp: Nguyễn Thị Lan"), Kind.ATTACHMENT, ""),
        ((f"Mã hồ sơ: {DOSSIER_CODE}", "SĐT: 0903123456"), Kind.SEEN, DOSSIER_CODE),
        ((f"Mã hồ sơ: {DOSSIER_CODE}", f"{DOSSIER_CODE}", OTHER_CODE), Kind.SEEN, f"{DOSSIER_CODE}\n{OTHER_CODE}"),
        (("Mã hồ sơ: H29.19-2603l2-OOO5",), Kind.SEEN, DOSSIER_CODE),
        (("Số căn cước công dân: 079203012345", DOSSIER_CODE), Kind.SEEN, DOSSIER_CODE),
        (("CĂN CƯỚC CÔNG DÂN", "Số / No.: 079203012345"), Kind.TEXT, CARD),
        (("CĂN CƯỚC", "IDENTITY CARD"), Kind.TEXT, CARD),
        (("IDVNM2030123456079203012345<<4",), Kind.TEXT, CARD),
        (("Citizen Identity Card", DOSSIER_CODE), Kind.TEXT, CARD),
        (("HỘ CHIẾU / PASSPORT",), Kind.TEXT, CARD),
    ],
)
def test_of_print_only_dossier_codes_are_taken(lines: tuple[str, ...], kind: Kind, text: str) -> None:
    """Of a receipt its codes come through; a person's card is read for nothing, not even for a code beside it."""
    said = utterance(PHOTO, lines, date(2026, 11, 21))
    assert (said.kind, said.text) == (kind, text)
