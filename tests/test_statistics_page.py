"""Reports as managers get them: the page, the workbook, the paper, the command."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openpyxl
import pypdfium2
import pytest
from starlette.testclient import TestClient

from bot import desks, periods
from bot.__main__ import main
from bot.daybook import Daybook
from bot.measures import Name, load
from bot.report import Reports, Scope
from bot.report_pdf import pdf, written
from bot.report_xlsx import xlsx
from bot.roles import Role
from bot.store import open_store
from tests import town
from tests.memory_ports import PASSWORD, MemoryTown
from tests.test_leads import token
from tests.town import Clock
from tests.week import FIRST, WEEK, counted, routes
from web import statistics_page
from web.app import create_app


@pytest.fixture
def reports(tmp_path: Path) -> Iterator[Reports]:
    """A week that is over."""
    store = town.store(tmp_path)
    yield counted(store)
    store.close()


def test_the_workbook_holds_every_table(reports: Reports) -> None:
    """A sheet for each table and the dictionary; headings stay in sight, numbers are numbers, no cell is a formula."""
    report = reports.report(WEEK)
    book = openpyxl.load_workbook(io.BytesIO(xlsx(report)))
    assert book.sheetnames == [*(table.title for table in report.tables), "Từ điển số liệu"]
    assert {sheet.freeze_panes for sheet in book} == {"A6"}
    summary = {row[0].value: row[1] for row in book["Tổng hợp"].iter_rows(min_row=6)}
    messages = summary[load()[Name.MESSAGES].label]
    assert (messages.value, messages.number_format) == (7 * 1007 + 21, "#,##0")
    assert summary[load()[Name.WAIT_P50_MIN].label].value == "Chưa rõ"
    assert [cell.data_type for cell in book["Theo bàn"]["A"]][5:] == ["s", "s"] and len(book["Theo ngày"]._charts) == 1
    assert [row[0].value for row in book["Từ điển số liệu"].iter_rows(min_row=6)] == [name.value for name in Name]


def test_the_paper_tells_the_same(reports: Reports) -> None:
    """The PDF is tagged, names its subject, and holds the figures as people here write them."""
    content = pdf(reports.report(WEEK))
    paper = pypdfium2.PdfDocument(content)
    text = " ".join(" ".join(page.get_textpage().get_text_range() for page in paper).split())
    paper.close()
    for told in (
        "Toàn Thành phố Hồ Chí Minh",
        "Tuần 47/2026",
        "7.070",
        "66,7",
        "Phường Bến Thành",
        "1.004222",
        "Kỳ đã khép",
    ):
        assert told in text
    assert b"/StructTreeRoot" in content or b"/ObjStm" in content


def test_the_same_report_gives_the_same_bytes(reports: Reports) -> None:
    """A closed period is printed alike whenever it is."""
    assert xlsx(reports.report(WEEK)) == xlsx(reports.report(WEEK))
    assert pdf(reports.report(WEEK)) == pdf(reports.report(WEEK))


def test_an_empty_period_is_printed_too(reports: Reports) -> None:
    """A period without a closed day says so."""
    report = reports.report(Scope(periods.read("2027-H1")))
    assert report.state == "Kỳ này chưa có ngày nào được khép." and xlsx(report) and pdf(report)


@pytest.mark.parametrize(
    ("cell", "text"),
    [(None, "Chưa rõ"), (0, "0"), (1_234_567, "1.234.567"), (97.5, "97,5"), (100.0, "100,0"), ("a", "a")],
)
def test_numbers_are_written_as_here(cell: Any, text: str) -> None:
    """Points between thousands, a comma before tenths."""
    assert written(cell) == text


# The page


class Console:
    """The console of the town, with a week of figures."""

    def __init__(self) -> None:
        self.town = MemoryTown()
        self.town.officers.add("lea", "Lea", PASSWORD, [Role.LEAD])
        self.app = create_app(self.town.ports(), "secret", routes(self.town.store), stream_age_s=0)

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


def test_a_picture_names_its_columns(console: Console, monkeypatch: pytest.MonkeyPatch) -> None:
    """Under each day of a week its date and its figure; of more the first and the last day, and the highest figure."""
    shown = "/console/statistics?of=2026-W47"
    week = axis(console.browser("lea").get(shown).text)
    assert (len(week), week[0], week[-1]) == (7, "16/11/2026 1.007", "22/11/2026 1.013")
    monkeypatch.setattr(statistics_page, "MOST_NAMED", 6)
    assert axis(console.browser("lea").get(shown).text) == ["16/11/2026", "Cột cao nhất: 1.013", "22/11/2026"]


def axis(page: str) -> list[str]:
    """What stands under the columns of the days."""
    days = page[page.index("tin nhắn theo ngày") :]
    found = re.findall(r"<span>(.*?)</span>", days[: days.index("</div>")])
    return [re.sub(r"<br>", " ", item).replace("<b>", "").replace("</b>", "") for item in found]


def test_the_page_tells_the_figures(console: Console) -> None:
    """Each picture has its table; a filter narrows the figures and hides the breakdown by itself."""
    page = console.browser("quan").get("/console/statistics?of=2026-W47").text
    assert "7.070" in page and page.count("<svg") == 2 and "Chưa rõ" in page and "Kỳ đã khép" in page
    ward = console.browser("quan").get("/console/statistics?of=2026-W47&unit=26743").text
    assert "7.021" in ward and "Theo phường" not in ward


@pytest.mark.parametrize(("suffix", "begins"), [("xlsx", b"PK"), ("pdf", b"%PDF")])
def test_files_are_given(console: Console, suffix: str, begins: bytes) -> None:
    """The buttons give the same report as a file, named after period and ward."""
    answer = console.browser("quan").get(f"/console/statistics.{suffix}?of=2026-W47&unit=26743")
    assert answer.content.startswith(begins)
    assert answer.headers["content-disposition"] == f'attachment; filename="bao-cao-2026-W47-26743.{suffix}"'


@pytest.mark.parametrize(
    ("who", "path", "status"),
    [
        ("lan", "", 403),
        ("lan", ".xlsx", 403),
        ("quan", "?of=2026-Q9", 400),
        ("quan", "?unit=00000", 400),
        ("quan", "?field=x", 400),
        ("quan", ".csv", 404),
        ("quan", ".pdf?channel=fax", 400),
    ],
)
def test_who_may_see_what_there_is(console: Console, who: str, path: str, status: int) -> None:
    """Officers see no statistics; what there is not is refused."""
    assert console.browser(who).get(f"/console/statistics{path}").status_code == status


# The command


def test_the_command_writes_a_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    """It closes what is due, writes the file, and says whether a closed day was changed."""
    monkeypatch.setenv("MOT_CUA_DATA_DIR", str(tmp_path))
    store = open_store(f"sqlite:///{tmp_path}/mot_cua.db")
    counted(store)
    path = tmp_path / "week.xlsx"
    assert main(["report", "--period", "week", "--of", "2026-W47", "--out", str(path)]) == 0
    assert "closed" in capsys.readouterr().out and path.read_bytes().startswith(b"PK")
    assert main(["report", "--period", "month", "--of", "2026-W47", "--out", str(path)]) == 1
    assert main(["report", "--verify"]) == 1  # these days were put there by hand, with no digest
    assert Daybook(store, desks.load(), Clock()).changed()[0] == FIRST
    store.close()
