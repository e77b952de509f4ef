"""The editors' pages of lost questions, as a browser without scripts sends them."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html import unescape
from pathlib import Path

import pytest
from httpx2 import Response
from starlette.testclient import TestClient

from bot import tables
from bot.lost_decisions import Become
from bot.lost_questions import Reason
from bot.periods import Kind
from bot.roles import Role
from tests import lost
from tests.editing import over, prepared
from tests.memory_ports import PASSWORD, MemoryTown
from tests.town import COPY, EDITED, Clock, oversight, rows
from web import lost_questions_page
from web.app import create_app
from web.pages import load_pages

PAGE = "/console/lost-questions"


class Desk:
    """A signed-in editor before the three questions of tests/lost.py."""

    def __init__(self, folder: Path, role: Role = Role.EDITOR) -> None:
        self.town, clock = MemoryTown(), Clock()
        self.store = self.town.store
        lost.fill(self.store)
        assert self.town.officers.add("an", "An", PASSWORD, [role])
        prepared(folder, EDITED, "an")
        self.editing = over(self.store, folder, clock)
        behind = oversight(self.store, clock, self.editing)
        app = create_app(
            replace(self.town.ports(), oversight=behind),
            "secret",
            lost.routes(self.store, self.editing),
            stream_age_s=0,
        )
        self.client = TestClient(app, follow_redirects=False, headers={"Accept": "text/html"})
        form = {"csrf": self.token("/console/login"), "username": "an", "password": PASSWORD}
        assert self.client.post("/console/login", data=form).status_code == 303
        self.csrf = self.token("/console/account")

    def token(self, path: str) -> str:
        return re.findall(r'name="csrf" value="([^"]*)"', self.client.get(path).text)[0]

    def page(self, path: str) -> str:
        answer = self.client.get(path)
        assert answer.status_code == 200
        return unescape(answer.text)

    def press(self, kind: str, **fields: str | list[str]) -> Response:
        """A button of the cluster's form, all three questions ticked, confirmed, unless said."""
        form = {"csrf": self.csrf, "kind": kind, "question": ["1", "2", "3"], "text": "đi thị thực", "code": COPY}
        return self.client.post(f"{PAGE}/1", data={**form, "sure": "1", **fields})

    def decided(self) -> list[str]:
        return [row["kind"] for row in rows(self.store, tables.lost_decision)]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_the_list_counts_and_narrows(desk: Desk) -> None:
    """One cluster of three with its reasons; another reason leaves nothing; what there is not is refused."""
    page = desk.page(PAGE)
    assert lost.ASKED[0] in page and "Trợ lý chưa hiểu: 2; Đã chuyển cán bộ: 1" in page
    assert "0 nhóm" in desk.page(f"{PAGE}?reason=declined") and "1 nhóm" in desk.page(f"{PAGE}?of=2026-11")
    for wrong in ("reason=x", "of=x"):
        assert desk.client.get(f"{PAGE}?{wrong}").status_code == 400


def test_a_cluster_shows_what_it_may_mean(desk: Desk) -> None:
    """Its questions, and the nearest procedures with how sure the assistant is."""
    page = desk.page(f"{PAGE}/1")
    assert all(text in page for text in lost.ASKED)
    assert "Chứng thực bản sao từ bản chính: chắc 31%" in page
    assert desk.client.get(f"{PAGE}/2").status_code == 404 == desk.client.get(f"{PAGE}/99999999999").status_code


def test_one_button_makes_an_example_and_measures_it(desk: Desk) -> None:
    """The words are in the draft, its measurement is begun, and the editor reads it there."""
    answer = desk.press("example")
    assert (answer.status_code, answer.headers["location"]) == (303, "/console/drafts/1/review#effect")
    draft = desk.editing.drafts.of(1)
    assert draft.texts["examples"].endswith("đi thị thực") and draft.measured and draft.measured["version"] == 2
    assert "Thành câu hỏi mẫu: đi thị thực" in desk.page(PAGE)


def test_a_typed_code_goes_before_a_chosen_one(desk: Desk) -> None:
    """A procedure that the assistant did not name can be typed."""
    assert desk.press("alias", other="1.100003").headers["location"].startswith("/console/drafts/")
    assert desk.editing.drafts.of(1).code == "1.100003"


@pytest.mark.parametrize("kind", ["missing", "test", "nothing"])
def test_the_other_buttons_lead_back(desk: Desk, kind: str) -> None:
    """A note, a test sentence, nothing: decided, and back to the list."""
    assert desk.press(kind).headers["location"] == PAGE
    assert desk.decided() == [kind] and "0 nhóm" in desk.page(PAGE)


def test_test_sentences_can_be_taken_along(desk: Desk) -> None:
    """A file of JSON lines, for evals/data."""
    desk.press("test")
    row = json.loads(desk.client.get(f"{PAGE}.jsonl").text)
    assert (row["text"], row["code"]) == ("đi thị thực", COPY)


def test_unticked_questions_stay(desk: Desk) -> None:
    """A question that asks something else is left in its cluster."""
    desk.press("nothing", question=["1", "3"])
    assert "1 nhóm" in desk.page(PAGE)


@pytest.mark.parametrize(
    ("fields", "status", "says"),
    [
        ({"sure": ""}, 400, "Anh/chị đánh dấu ô xác nhận"),
        ({"question": []}, 409, "Anh/chị chọn câu"),
        ({"code": ""}, 409, "Anh/chị chọn câu"),
        ({"other": "9.9"}, 409, "chưa có bản ghi đã soát"),
        ({"question": ["7"]}, 409, "Đã có người xử lý"),
        ({"kind": "erase"}, 400, "Yêu cầu chưa đúng"),
        ({"question": ["x"]}, 400, "Yêu cầu chưa đúng"),
    ],
)
def test_what_is_not_done_is_said(desk: Desk, fields: dict[str, str | list[str]], status: int, says: str) -> None:
    """Nothing is decided, the sentence says why, and what was typed is still there."""
    answer = desk.press(**{"kind": "example", **fields})  # type: ignore[arg-type]
    assert answer.status_code == status and says in unescape(answer.text)
    assert desk.decided() == [] and desk.editing.drafts.all() == []


def test_a_form_needs_its_token(desk: Desk) -> None:
    """Another site's form decides nothing."""
    assert desk.press("nothing", csrf="x").status_code == 403 and desk.decided() == []


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.EDITOR])
def test_editors_alone_read_them(tmp_path: Path, role: Role) -> None:
    """No other role opens the list, a cluster or the file, or decides."""
    other = Desk(tmp_path, role)
    paths = (PAGE, f"{PAGE}/1", f"{PAGE}.jsonl")
    assert {other.client.get(path).status_code for path in paths} == {403}
    assert other.press("nothing").status_code == 403 and other.decided() == []


def test_every_reason_kind_and_refusal_has_words() -> None:
    """Whatever the pages can say is said in Vietnamese."""
    words = load_pages().words["lost"]
    assert set(words["reasons"]) == set(Reason) and set(words["kinds"]) == set(Become)
    assert set(words["refusals"]) == {*lost_questions_page.REFUSALS.values(), "not_sure"}
    assert set(words["periods"]) <= set(Kind)
