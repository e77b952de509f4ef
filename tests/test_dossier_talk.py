"""Talk about dossiers: what follows one, names that citizens give, and whole dialogues (tests/conversations)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from bot import dossier_talk, satisfaction, tables
from bot.conversation import MOST_KEPT, Conversation, Kept
from bot.messages import Kind
from bot.ratings import Survey
from bot.store import Store
from integrations.dossiers import Found
from integrations.errors import NotFound
from tests import town
from tests.test_second_factor import Counter
from tests.town import DOSSIER_CODE, MORNING, rows

FOLDER = Path(__file__).parent / "conversations"
DIALOGUES = {
    path.stem: yaml.load(path.read_text("utf-8"), Loader=yaml.CSafeLoader) for path in sorted(FOLDER.glob("*.yaml"))
}
SECOND_CODE = "H29.19-261105-0021"
LINES = {
    **town.SCRIPT,
    SECOND_CODE: town.understood(intent="dossier_status", entities={"dossier_code": SECOND_CODE}),
    "tôi muốn phản ánh": town.understood(intent="complaint"),
    "cán bộ phường để tôi chờ ba tiếng": town.understood(intent="complaint"),
    "cháy nhà rồi": town.understood(intent="emergency"),
}


class TwoDossiers(town.Book):
    """The town's portal with a second dossier."""

    def find(self, code: str) -> Found:
        """Either of the two."""
        if code == SECOND_CODE:
            return Found(town.dossier(code=SECOND_CODE), MORNING)
        if code != DOSSIER_CODE:
            raise NotFound("no such dossier")
        return super().find(code)


def _answer(counter: Counter, turn: dict[str, Any]) -> str:
    """What is said to a turn of a dialogue."""
    text, kind = (turn["press"], Kind.BUTTON) if "press" in turn else (turn["citizen"], Kind.TEXT)
    return counter.say(text, kind=kind)


@pytest.mark.parametrize("name", DIALOGUES)
def test_dialogue(database: Store, name: str) -> None:
    """Every turn of a dialogue ends as its file says, in its words, with the worker and the database in between."""
    counter = Counter(database, TwoDossiers(), town.Script(LINES))
    survey = Survey(database, satisfaction.plan(15), counter.clock)
    for number, turn in enumerate(DIALOGUES[name]["turns"], start=1):
        if "quiet_min" in turn:
            counter.clock.move(60 * turn["quiet_min"])
            assert survey.step() == 1, f"turn {number}"
        said = town.replies(database)[-1] if "quiet_min" in turn else _answer(counter, turn)
        labels = [button["label"] for button in town.told(database)[-1]["reply"]["buttons"]]
        shown = "\n".join([said, *labels])
        assert "quiet_min" in turn or counter.outcome() == turn["outcome"], f"turn {number}: {shown}"
        assert [words for words in turn.get("says", ()) if words not in shown] == [], f"turn {number}: {shown}"
        assert [words for words in turn.get("lacks", ()) if words in shown] == [], f"turn {number}: {shown}"


@pytest.mark.parametrize(
    ("text", "about"),
    [
        ("khi nào xong?", "when"),
        ("xong chưa", "when"),
        ("bao giờ có kết quả", "when"),
        ("còn mấy ngày nữa", "when"),
        ("trễ chưa", "late"),
        ("co bi tre khong", "late"),
        ("còn thiếu gì", "missing"),
        ("phải nộp thêm gì", "missing"),
        ("tới đâu rồi", ""),
        ("nó sao rồi", ""),
        ("đi đâu nộp", None),
        ("lệ phí bao nhiêu", None),
        ("trễ hẹn mấy tuần rồi, làm ăn kiểu gì vậy, tôi muốn khiếu nại", None),
    ],
)
def test_what_is_asked_on(text: str, about: str | None) -> None:
    """A short question about time, lateness or what is missing goes on about a dossier; another one does not."""
    assert dossier_talk.asked(text) == about


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("hồ sơ nhà tới đâu rồi", "A"),
        ("ho so nha toi dau roi", "A"),
        ("hs nhà tới đâu r", "A"),
        ("nhà", "A"),
        ("hồ sơ nhà má thì sao", "B"),
        ("hồ sơ nhàn rỗi", None),
        ("sửa nhà cần giấy tờ gì", None),
    ],
)
def test_a_name_is_recognised(text: str, code: str | None) -> None:
    """A remembered dossier is known by its name behind "hồ sơ", the longest name first, with or without marks."""
    found = dossier_talk.named(text, (Kept("A", "nhà"), Kept("B", "nhà má"), Kept("C")))
    assert (found.code if found else None) == code


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("đặt tên là hồ sơ nhà", "nhà"),
        ("gọi là sổ hồng ba má", "sổ hồng ba má"),
        ("Hồ sơ Xe máy.", "Xe máy"),
        ("nhà", "nhà"),
        ("hồ sơ", ""),
        ("cái này em cũng chưa biết gọi sao nữa", ""),
    ],
)
def test_a_name_is_read(text: str, name: str) -> None:
    """A name is what a citizen calls it, without the words around it; a long text is none."""
    assert dossier_talk.name_given(text) == name


def test_ten_dossiers_are_remembered() -> None:
    """The newest ten are remembered, each once, and survive being stored."""
    conversation = Conversation()
    for number in [*range(MOST_KEPT + 2), MOST_KEPT]:
        conversation = conversation.with_kept(Kept(f"H29.19-260312-{number:04}", f"số {number}"))
    assert [kept.code[-4:] for kept in conversation.kept][:3] == ["0010", "0011", "0009"]
    assert len(conversation.kept) == MOST_KEPT
    assert Conversation.of("bot", conversation.state()) == conversation


def test_forgetting_everything_forgets_dossiers(database: Store) -> None:
    """Who has the data deleted is no more known to have a dossier."""
    counter = Counter(database)
    counter.press(f"keep:{DOSSIER_CODE}")
    state: Any = rows(database, tables.conversation)[0]["state"]
    assert state["kept"] == [{"code": DOSSIER_CODE, "name": ""}]
    counter.press("forget:yes")
    assert DOSSIER_CODE not in str(rows(database, tables.conversation))
