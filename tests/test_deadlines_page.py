"""The page of the deadlines: who sees which units, and letters without a ticket."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from bot.roles import Sight
from bot.store import Store
from tests.memory_ports import MemoryTown
from tests.test_deadlines import OTHER_UNIT, THURSDAY, Place
from tests.test_desk_cards import LAND, OFFICE
from tests.test_letter import pdf_text
from tests.test_web_console import field, sign_in
from tests.town import DOSSIER_CODE, Book, dossier
from web.app import create_app
from web.deadlines_page import DeadlinesPage


def console(place: Place, who: str, sight: Sight | None = None) -> TestClient:
    """An officer of the small town's console, signed in, over the place's book."""
    town, page = MemoryTown(), DeadlinesPage.over(place.book, place.desk_of, sight or Sight())
    app = create_app(town.ports(), "secret", page.routes(Book(), place.clock))
    client = TestClient(app, follow_redirects=False, headers={"Accept": "text/html"})
    sign_in(client, who)
    return client


def deadlines(store: Store) -> Place:
    """The town's dossier is late by months, and one of the other unit is nearly due."""
    place = Place(store)
    place.portal.change(OTHER_UNIT)
    place.press(f"follow:{OTHER_UNIT}", "minh")
    place.notes(dossier(), dossier(code=OTHER_UNIT, due_on=THURSDAY))
    return place


@pytest.fixture
def late(database: Store) -> Place:
    return deadlines(database)


def test_the_page_has_both_lists(late: Place) -> None:
    """What is nearly due, with the days left, and what needs a letter, with the way to it."""
    page = console(late, "lan").get("/console/deadlines").text
    assert "Sắp đến hạn: 1" in page and "Đã trễ hẹn, cần thư xin lỗi: 1" in page
    assert OTHER_UNIT in page and "2 ngày làm việc" in page
    assert f"/console/deadlines/letter?code={DOSSIER_CODE}" in page and f"letter?code={OTHER_UNIT}" not in page


@pytest.mark.parametrize(("desk", "seen"), [(OFFICE, [DOSSIER_CODE]), (LAND, [OTHER_UNIT]), ("ho_tich_ben_thanh", [])])
def test_an_officer_sees_the_units_of_their_desks(late: Place, desk: str, seen: list[str]) -> None:
    """Dossiers of other desks' units are in neither list, and no letter about them is written here."""
    lan = console(late, "lan", Sight(desks_of=lambda officer: frozenset({desk})))
    page = lan.get("/console/deadlines").text
    assert [code for code in (DOSSIER_CODE, OTHER_UNIT) if code in page] == seen
    letter = lan.get(f"/console/deadlines/letter?code={DOSSIER_CODE}")
    assert letter.status_code == (200 if DOSSIER_CODE in seen else 404)


def test_a_letter_is_written_from_the_list(late: Place) -> None:
    """Without a ticket: the form with the portal's facts, then the file; a dossier that is not late has none."""
    lan, where = console(late, "lan"), "/console/deadlines/letter"
    form = lan.get(f"{where}?code={DOSSIER_CODE}").text
    assert "Về hồ sơ đến hạn" in form and "Phường Bến Thành" in form
    assert lan.get(f"{where}?code={OTHER_UNIT}").status_code == 404
    fields = {"code": DOSSIER_CODE, "reason": "Chờ xác minh", "new_due_on": "2026-11-30", "form": "pdf"}
    made = lan.post(where, data={**fields, "csrf": field(form, "csrf")})
    assert made.status_code == 200 and "Chờ xác minh" in pdf_text(made.content)


def test_who_may_open_it(late: Place) -> None:
    """Whoever only reads logs and accounts writes no letter; the auditor's administrator sees the list."""
    assert console(late, "quan").get("/console/deadlines").status_code == 200
    assert console(late, "quan").get("/console/deadlines/letter").status_code == 403
