"""The editors' pages: form, review and releases, as a browser without scripts sends them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from httpx2 import Response
from starlette.testclient import TestClient

from bot import record_form
from bot.catalogue_book import Done
from bot.catalogue_drafts import Draft, Stand
from bot.draft_effect import State
from bot.roles import Role
from tests.editing import RESULT, over, prepared, write
from tests.memory_ports import PASSWORD, MemoryTown
from tests.town import COPY, EDITED, RECORDS, RESIDENCE, Clock, oversight
from web import draft_page, releases_page
from web.app import create_app
from web.pages import load_pages

FORM = record_form.load()


class Newsroom:
    """The console with two editors, An and Binh, who have keys, and a third, Chi, who has none."""

    def __init__(self, folder: Path) -> None:
        self.town, self.clock, self.folder = MemoryTown(), Clock(), folder
        for name in ("an", "binh", "chi"):
            assert self.town.officers.add(name, name.title(), PASSWORD, [Role.EDITOR])
        prepared(folder, EDITED, "an", "binh")
        self.editing = over(self.town.store, folder, self.clock)
        behind = oversight(self.town.store, self.clock, self.editing)
        self.app = create_app(replace(self.town.ports(), oversight=behind), "secret", stream_age_s=0)

    def browser(self, username: str) -> Editor:
        return Editor(self, username)

    def draft(self, draft_id: int = 1) -> Draft:
        return self.editing.drafts.of(draft_id)


class Editor:
    """A signed-in editor, who sends what the page holds."""

    def __init__(self, room: Newsroom, username: str) -> None:
        self.room = room
        self.client = TestClient(room.app, follow_redirects=False, headers={"Accept": "text/html"})
        form = {"csrf": self.token("/console/login"), "username": username, "password": PASSWORD}
        assert self.client.post("/console/login", data=form).status_code == 303
        self.csrf = self.token("/console/account")

    def token(self, path: str) -> str:
        return re.findall(r'name="csrf" value="([^"]*)"', self.client.get(path).text)[0]

    def begin(self, code: str = COPY) -> None:
        answer = self.client.post("/console/drafts", data={"csrf": self.csrf, "code": code})
        assert answer.status_code == 303

    def write(self, act: str, draft: Draft | None = None, why: str = "", **texts: str) -> Response:
        """Press a button of the form, with some texts typed anew: fees__0__text="..."."""
        shown = draft or self.room.draft()
        typed = {**shown.texts, **{name.replace("__", "."): text for name, text in texts.items()}}
        more = {"csrf": self.csrf, "version": str(shown.version), "act": act, "why": why}
        return self.client.post(f"/console/drafts/{shown.id}", data={**typed, **more})

    def decide(self, act: str, why: str = "", version: int | None = None) -> Response:
        number = str(version or self.room.draft().version)
        data = {"csrf": self.csrf, "version": number, "act": act, "why": why}
        return self.client.post("/console/drafts/1/review", data=data)

    def release(self, act: str, name: str = "", key: bytes = b"", **fields: str) -> Response:
        files: Mapping[str, Any] = {"key": ("key", key)} if key else {}
        data = {"csrf": self.csrf, "act": act, "release": name, **fields}
        return self.client.post("/console/releases", data=data, files=files)

    def page(self, path: str) -> str:
        answer = self.client.get(path)
        assert answer.status_code == 200
        return unescape(answer.text)


@pytest.fixture
def room(tmp_path: Path) -> Newsroom:
    return Newsroom(tmp_path)


def approved(room: Newsroom) -> tuple[Editor, Editor]:
    """An's draft of a fee of 3,000, approved by Binh."""
    an, binh = room.browser("an"), room.browser("binh")
    an.begin()
    assert an.write("send", fees__0__amount_vnd="3000").headers["location"].endswith("/review")
    assert binh.decide("approve").status_code == 303
    return an, binh


def test_the_page_holds_the_record(room: Newsroom) -> None:
    """Every text of the record is in a field of the page, under the name by which it comes back."""
    an = room.browser("an")
    an.begin(RESIDENCE)
    page = an.page("/console/drafts/1")
    assert set(re.findall(r' name="([a-z_]+(?:\.[a-z0-9_]+)*)"', page)) >= set(room.draft().texts)
    assert 'value="68/2020/QH14"' in page and "nhập hộ khẩu" in page and "chưa rõ mức giảm" in page


def test_a_wrong_field_has_its_sentence_beside_it(room: Newsroom) -> None:
    """The page comes back with what was typed, the field marked, and the sentence that describes it."""
    an = room.browser("an")
    an.begin()
    assert an.write("save", fees__0__amount_vnd="ba nghìn").status_code == 303
    page = an.page("/console/drafts/1")
    field = re.findall(r'<input id="fees.0.amount_vnd"[^>]*>', page)[0]
    assert 'value="ba nghìn"' in field and 'aria-invalid="true"' in field
    assert re.search(r'aria-describedby="[^"]*fees.0.amount_vnd-problem', field)
    assert 'id="fees.0.amount_vnd-problem">Ô này chỉ ghi số' in page and 'href="#fees.0.amount_vnd"' in page
    assert an.write("send").status_code == 409 and room.draft().stand is Stand.WRITING


def test_rows_come_and_go_without_scripts(room: Newsroom) -> None:
    """A button adds a row and leads to it; a button takes one; what was typed meanwhile is kept."""
    an = room.browser("an")
    an.begin()
    answer = an.write("add documents", documents__0__name="Bản chính")
    assert answer.headers["location"] == "/console/drafts/1#documents.1"
    assert 'id="documents.1"' in an.page("/console/drafts/1") and room.draft().texts["documents.0.name"] == "Bản chính"
    assert an.write("remove documents.0", documents__1__name="Tờ khai").headers["location"].endswith("#documents")
    assert room.draft().texts["documents.0.name"] == "Tờ khai"
    assert an.write("add nothing").status_code == 400


def test_what_a_colleague_saved_is_shown_and_not_overwritten(room: Newsroom) -> None:
    """The later of two gets 409 with both texts; nothing of either is lost; saving again is their own choice."""
    an, binh = room.browser("an"), room.browser("binh")
    an.begin()
    shown = room.draft()
    assert an.write("save", shown, result="của An").status_code == 303
    answer = binh.write("save", shown, result="của Bình", purpose="mới")
    assert answer.status_code == 409 and "đã lưu “của An”, trong ô “của Bình”" in unescape(answer.text)
    assert "mới" in unescape(answer.text) and room.draft().texts["result"] == "của An"


def test_an_author_does_not_approve_by_posting(room: Newsroom) -> None:
    """The route itself refuses the author, whatever page it comes from."""
    an = room.browser("an")
    an.begin()
    an.write("send", fees__0__amount_vnd="3000")
    answer = an.decide("approve")
    assert answer.status_code == 409 and "Cần một người khác duyệt" in answer.text
    assert room.draft().stand is Stand.SENT


def test_a_refusal_needs_a_reason(room: Newsroom) -> None:
    """Without a reason nothing happens; with one the author reads it."""
    an, binh = room.browser("an"), room.browser("binh")
    an.begin()
    an.write("send", fees__0__amount_vnd="3000")
    assert binh.decide("refuse", " ").status_code == 400 and room.draft().stand is Stand.SENT
    assert binh.decide("refuse", "thiếu căn cứ").status_code == 303
    assert "thiếu căn cứ" in an.page("/console/drafts/1/review") and room.draft().stand is Stand.WRITING


def test_what_was_read_is_what_is_approved(room: Newsroom) -> None:
    """A page that shows an older version approves nothing."""
    approved_version = 1
    an, binh = room.browser("an"), room.browser("binh")
    an.begin()
    an.write("send", fees__0__amount_vnd="3000")
    assert binh.decide("approve", version=approved_version).status_code == 409
    assert room.draft().stand is Stand.SENT


def test_the_review_speaks_the_citizen_s_words(room: Newsroom) -> None:
    """The answer with the old amount struck out and the new one marked, and the field by its name."""
    an = room.browser("an")
    an.begin()
    an.write("save", fees__0__amount_vnd="3000", aliases="sao y")
    page = an.page("/console/drafts/1/review")
    assert "<del>2.000</del><ins>3.000</ins>" in page
    assert "Mức thu 1: Số tiền (đồng)" in page and "Tên gọi khác" in page and "2 ô thay đổi" in page


def test_the_effect_is_measured_once_and_shown(room: Newsroom) -> None:
    """Measured beside the serving, kept with its version; a later version says that the figures are older."""
    an = room.browser("an")
    an.begin()
    an.write("save", aliases="sao y")
    thread = room.editing.effect.start(room.draft())
    assert thread is not None
    thread.join()
    assert room.draft().measured["result"] == RESULT  # type: ignore[index]
    assert "trước 3, sau 4 câu" in an.page("/console/drafts/1/review")
    an.write("save", aliases="sao y bản chính")
    assert "đo cho bản nháp trước" in an.page("/console/drafts/1/review")


def test_a_measurement_is_stopped_from_the_page(room: Newsroom) -> None:
    """While one runs the page shows how far it is and a button that ends it; afterwards it can be begun again."""
    an = room.browser("an")
    an.begin()
    begun = {"version": 1, "started_at": room.clock().isoformat(), "done": 1, "of": 4}
    room.editing.drafts.begin_effect(1, begun)
    page = an.page("/console/drafts/1/review")
    assert "Đang hỏi: 1 trên 4 câu" in page and 'value="stop"' in page and 'value="measure"' not in page
    assert an.decide("stop").status_code == 303
    page = an.page("/console/drafts/1/review")
    assert "Đã dừng đo" in page and 'value="stop"' not in page and "Đo lại" in page


def test_a_measurement_that_died_says_so(room: Newsroom) -> None:
    """A minute after the last word of its process the page says that it was broken off, and offers another one."""
    an = room.browser("an")
    an.begin()
    room.editing.drafts.begin_effect(1, {"version": 1, "started_at": room.clock().isoformat(), "done": 1, "of": 4})
    room.clock.move(61)
    page = an.page("/console/drafts/1/review")
    assert "bị ngắt giữa chừng" in page and 'value="measure"' in page


def test_two_people_publish_and_one_goes_back(room: Newsroom) -> None:
    """Made, signed by two with their own keys, served with a reason and a confirmation; then back to an earlier one."""
    an, binh = approved(room)
    assert an.release("make").status_code == 303
    name = room.editing.releases.waiting()
    assert an.release("sign", name, (room.folder / "an").read_bytes()).status_code == 303
    sure = {"why": "nghị quyết mới", "sure": "1"}
    assert an.release("publish", name, **sure).status_code == 409
    assert an.release("sign", name, (room.folder / "binh").read_bytes()).status_code == 409
    assert binh.release("sign", name, (room.folder / "binh").read_bytes()).status_code == 303
    for missing in ("why", "sure"):
        assert binh.release("publish", name, **{**sure, missing: ""}).status_code == 400
    assert binh.release("publish", name, **sure).status_code == 303
    page = an.page("/console/releases")
    assert "Đang dùng" in page and "Người ký: an, binh" in page and "nghị quyết mới" in page
    assert an.release("return", name, **sure).status_code == 409, "it is served already"


def test_the_list_says_what_a_release_changes(room: Newsroom) -> None:
    """Before it is served, everybody can read what would be told differently; an unknown name is refused."""
    an, _ = approved(room)
    an.release("make")
    page = an.page(f"/console/releases?show={room.editing.releases.waiting()}")
    assert "<del>2000</del>" in page and "<ins>3000</ins>" in page
    for name in ("9", "../x"):
        assert an.client.get("/console/releases", params={"show": name}).status_code == 400


def test_who_has_no_key_does_not_sign(room: Newsroom) -> None:
    """An editor whom approvers.yaml does not name sees no field for a key, and is refused by the route."""
    approved(room)
    chi = room.browser("chi")
    chi.release("make")
    assert 'type="file"' not in chi.page("/console/releases")
    assert chi.release("sign", room.editing.releases.waiting(), b"k" * 32).status_code == 409
    assert Done.SIGNED not in [entry.kind for entry in room.editing.book.entries()]


def test_an_auditor_reads_releases_and_changes_none(room: Newsroom) -> None:
    """The page shows an auditor the book and no button of an act."""
    approved(room)
    room.town.officers.add("dung", "Dung", PASSWORD, [Role.AUDITOR])
    dung = room.browser("dung")
    page = dung.page("/console/releases")
    assert "duyệt" in page and page.count('method="post"') == 1, "signing out"
    assert dung.release("make").status_code == 403


def test_a_record_that_is_served_anew_is_shown(room: Newsroom) -> None:
    """A draft of an older record says so, offers to bring it up to date, and cannot be sent before."""
    an = room.browser("an")
    an.begin()
    write(room.folder, RECORDS[COPY], result="Bản sao")
    assert "Cập nhật theo bản ghi đang dùng" in an.page("/console/drafts/1")
    assert an.write("send", fees__0__amount_vnd="3000").status_code == 409
    assert an.write("update").status_code == 303 and an.write("send").status_code == 303


@pytest.mark.parametrize(
    ("path", "data", "status"),
    [
        ("/console/drafts", {"code": "9.9"}, 400),
        ("/console/drafts/1", {"version": "x", "act": "save"}, 400),
        ("/console/drafts/1", {"version": "1", "act": "drop", "why": "x" * 201}, 400),
        ("/console/drafts/7", {"version": "1", "act": "save"}, 404),
        ("/console/drafts/99999999999", {"version": "1", "act": "save"}, 404),
        ("/console/drafts/1/review", {"version": "1", "act": "publish"}, 400),
        ("/console/releases", {"act": "erase"}, 400),
    ],
)
def test_what_no_page_sends_is_refused(room: Newsroom, path: str, data: dict[str, str], status: int) -> None:
    """Unknown procedures, drafts, versions and acts change nothing."""
    an = room.browser("an")
    an.begin()
    assert an.client.post(path, data={"csrf": an.csrf, **data}).status_code == status


def test_lists_find_count_and_filter(room: Newsroom) -> None:
    """Words of the name without accents, a count at each kind, and the part that is left open; drafts stand above."""
    an = room.browser("an")
    an.begin()
    page = an.page("/console/catalogue?want=all&words=thuong tru")
    assert "1 bản ghi" in page and RESIDENCE in page and "Tất cả (1)" in page and "Bản nháp: 1" in page
    assert "phí, lệ phí (1)" in an.page("/console/catalogue?want=open")
    assert "0 bản ghi" in an.page("/console/catalogue?want=open&part=times")


def test_every_act_and_stand_has_words() -> None:
    """Whatever the book and the refusals can say is said in Vietnamese."""
    words = load_pages().words
    assert set(words["catalogue_events"]) == set(Done) and set(words["draft_stands"]) == set(Stand)
    names = {*draft_page.REFUSALS.values(), *releases_page.REFUSALS.values(), "wrong_key", "no_reason", "not_sure"}
    assert names == set(words["editing"])
    ended = set(State) - {State.RUNS, State.DONE}
    assert ended == set(words["effects"])
