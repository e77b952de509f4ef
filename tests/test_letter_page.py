"""The apology letter in the console: who may make one, of which dossier, and that nothing of it is stored."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from bot import tables
from integrations.errors import Unavailable
from tests.memory_ports import START, MemoryTown
from tests.test_letter import docx_text, pdf_text
from tests.test_web_console import act, sign_in
from tests.town import DOSSIER_CODE, Book, rows
from web.app import create_app
from web.letter_page import LetterPage

PAGE = f"/console/tickets/7/letter?code={DOSSIER_CODE}"
NAME = "Nguyễn Thị Minh An"
FIELDS = {"code": DOSSIER_CODE, "reason": "Chờ xác minh", "new_due_on": "2026-11-23", "applicant": NAME}


@pytest.fixture
def town() -> MemoryTown:
    """Lan holds ticket 7, whose citizen named a dossier that is late."""
    made = MemoryTown()
    assert made.desk.claim(7, 1)
    return made


def browser(town: MemoryTown, book: Book | None = None, who: str = "lan") -> TestClient:
    """An officer, signed in."""
    routes = LetterPage.over(town.desk, book or Book(), lambda: START).routes()
    app = create_app(town.ports(), "secret", routes)
    client = TestClient(app, follow_redirects=False, headers={"Accept": "text/html"})
    sign_in(client, who)
    return client


@pytest.fixture
def lan(town: MemoryTown) -> Iterator[TestClient]:
    """The officer who holds the ticket."""
    with browser(town) as client:
        yield client


def test_the_form_shows_the_facts(lan: TestClient) -> None:
    """From the ticket over the list of its dossiers to a form with what the portal says, and an empty name."""
    assert "/console/tickets/7/letter" in lan.get("/console/tickets/7").text
    assert f"letter?code={DOSSIER_CODE}" in lan.get("/console/tickets/7/letter").text
    page = lan.get(PAGE).text
    assert "Đăng ký khai sinh" in page and "19/03/2026" in page and "Phường Bến Thành" in page
    assert 'name="applicant" maxlength="120" autocomplete="off" value=""' in page


@pytest.mark.parametrize(("form", "read"), [("docx", docx_text), ("pdf", pdf_text)])
def test_a_letter_is_taken_away(town: MemoryTown, lan: TestClient, form: str, read: object) -> None:
    """Either file holds what was typed; the look is in the access log, and the name nowhere in the database."""
    made = act(lan, "letter", **FIELDS, form=form)
    assert made.status_code == 200 and f"thu-xin-loi-{DOSSIER_CODE}.{form}" in made.headers["content-disposition"]  # type: ignore[attr-defined]
    assert f"Ông/Bà {NAME}" in read(made.content)  # type: ignore[attr-defined, operator]
    assert "letter" in [row["why"] for row in rows(town.store, tables.access_log)]
    kept = [rows(town.store, table) for table in tables.metadata.sorted_tables if table.primary_key.columns]
    assert NAME not in str(kept) and "Chờ xác minh" not in str(kept)


@pytest.mark.parametrize("wrong", [{"reason": " "}, {"new_due_on": "2026-11-21"}, {"new_due_on": "mai"}], ids=str)
def test_what_was_typed_comes_back(lan: TestClient, wrong: dict[str, str]) -> None:
    """A form without a reason or with a day that cannot be is refused, and no word of it is lost."""
    answer = act(lan, "letter", **{**FIELDS, **wrong}, form="pdf")
    assert answer.status_code == 400 and NAME in answer.text  # type: ignore[attr-defined]
    assert "Thư cần lý do" in answer.text  # type: ignore[attr-defined]


def test_only_dossiers_of_the_ticket(lan: TestClient) -> None:
    """A code that the citizen did not name is not looked up here."""
    assert lan.get("/console/tickets/7/letter?code=H29.19-261105-0021").status_code == 404


def test_only_the_holder(town: MemoryTown) -> None:
    """A colleague of the same desk is led back to the ticket."""
    with browser(town, who="minh") as minh:
        answer = minh.get(PAGE)
        assert (answer.status_code, answer.headers["location"]) == (303, "/console/tickets/7")
        assert act(minh, "letter", **FIELDS, form="pdf").status_code == 303  # type: ignore[attr-defined]


def test_a_portal_that_is_down_is_said(town: MemoryTown) -> None:
    """Without the portal's facts there is no letter, and the page says why."""
    with browser(town, Book(Unavailable("down"))) as lan:
        assert "không trả lời" in lan.get(PAGE).text
        assert act(lan, "letter", **FIELDS, form="pdf").status_code == 503  # type: ignore[attr-defined]
