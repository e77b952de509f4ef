"""The page of the differences: who sees which units, and the table as a file."""

from __future__ import annotations

import csv
import io

import openpyxl
import pytest
from starlette.testclient import TestClient

from bot.roles import Role, Sight
from tests import compared
from tests.compared import ODD
from tests.memory_ports import PASSWORD, MemoryTown
from tests.test_leads import token
from web.app import create_app

LAND = "dat_dai"


class Console:
    """The console of the town; Lea leads the desk for land alone."""

    def __init__(self) -> None:
        self.town = MemoryTown()
        self.town.officers.add("lea", "Lea", PASSWORD, [Role.LEAD])
        sight = Sight(led_by=lambda officer: frozenset({LAND}))
        self.app = create_app(self.town.ports(), "secret", compared.routes(self.town.store, sight), stream_age_s=0)

    def browser(self, username: str) -> TestClient:
        """Somebody who is signed in."""
        client = TestClient(self.app, follow_redirects=False, headers={"Accept": "text/html"})
        form = {"csrf": token(client.get("/console/login").text), "username": username, "password": PASSWORD}
        assert client.post("/console/login", data=form).status_code == 303
        return client


@pytest.fixture(scope="module")
def console() -> Console:
    """One for all: nobody changes anything."""
    return Console()


def test_the_page_tells_what_differs(console: Console) -> None:
    """An administrator sees every unit, what both systems say in words, alarms and the last hours."""
    page = console.browser("quan").get("/console/sync").text
    for said in ("Đang khác nhau: 4", "Đã xử lý xong", "09/11/2026", "Không có hồ sơ", "Còn phải nộp", "1007"):
        assert said in page
    assert "Đơn vị H29.19: 2 chỗ khác nhau" in page and "Đơn vị H29.20: " not in page


@pytest.mark.parametrize(
    ("query", "count"), [("", 4), ("?unit=H29.19", 2), ("?kind=due", 1), ("?unit=H29.20&kind=due", 0)]
)
def test_the_page_is_filtered(console: Console, query: str, count: int) -> None:
    """By unit and by kind."""
    assert f"Đang khác nhau: {count}" in console.browser("quan").get(f"/console/sync{query}").text


def test_a_lead_sees_the_units_of_their_desks(console: Console) -> None:
    """Units belong to a desk by bot/data/sync.yaml; others are neither shown nor in the file."""
    lea = console.browser("lea")
    page, file = lea.get("/console/sync").text, lea.get("/console/sync.csv").text
    assert "H29.20-260312-0002" in page and "H29.20-260312-0002" in file
    assert "H29.19" not in page and "H29.19" not in file


def test_the_file_is_a_table(console: Console) -> None:
    """A heading and a line for each difference; no cell is a formula, no code is changed otherwise."""
    answer = console.browser("quan").get("/console/sync.csv")
    assert answer.headers["content-disposition"] == 'attachment; filename="sync-2026-11-23.csv"'
    head, *lines = csv.reader(io.StringIO(answer.text.removeprefix("\ufeff")))
    assert len(head) == 8 and [line[0] for line in lines] == [
        "H29.19-260312-0001", "H29.19-260312-0001", "H29.20-260312-0002", f"'{ODD}",
    ]  # fmt: skip
    assert lines[0][2:5] == ["Khác trạng thái", "Đã xử lý xong", "Đang xử lý"]


def test_the_workbook_says_what_the_table_says(console: Console) -> None:
    """The same rows as the CSV in one sheet, every cell a text, also the code that looks like a formula."""
    quan = console.browser("quan")
    sheet = openpyxl.load_workbook(io.BytesIO(quan.get("/console/sync.xlsx").content)).active
    assert sheet is not None and {cell.data_type for row in sheet for cell in row if cell.value} == {"s"}
    rows = [[cell or "" for cell in row] for row in sheet.iter_rows(values_only=True)]
    lines = csv.reader(io.StringIO(quan.get("/console/sync.csv").text.removeprefix("\ufeff")))
    assert rows == [[cell.removeprefix("'") for cell in line] for line in lines] and rows[-1][0] == ODD


@pytest.mark.parametrize(
    ("who", "path", "status"),
    [
        ("lan", "sync", 403),
        ("lan", "sync.csv", 403),
        ("lan", "sync.xlsx", 403),
        ("quan", "sync.pdf", 404),
        ("lea", "sync?unit=H29.20", 200),
        ("lea", "sync?unit=H29.19", 403),
        ("lea", "sync.csv?unit=H29.19", 403),
        ("lea", "sync.xlsx?unit=H29.19", 403),
        ("quan", "sync?unit=H29.99", 403),
        ("quan", "sync?kind=x", 400),
    ],
)
def test_who_may_see_what(console: Console, who: str, path: str, status: int) -> None:
    """Officers see no list; a lead sees no other desk's units; what there is not is refused."""
    assert console.browser(who).get(f"/console/{path}").status_code == status
