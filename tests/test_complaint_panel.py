"""The panel of a complaint on its ticket's page, spoken to over HTTP."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from bot.complaint import Form
from bot.ticket import Stage
from tests.memory_ports import MemoryTown, complain
from tests.test_web_console import browser, field, sign_in
from tests.town import replies

STORY = Form("Cán bộ quát mẹ tôi <b>", "quầy số 2", "26743", "hôm qua")
PANEL = 'aria-labelledby="complaint-name"'


@pytest.fixture
def town() -> MemoryTown:
    return MemoryTown()


@pytest.fixture
def lan(town: MemoryTown) -> Iterator[TestClient]:
    """Officer Lan, signed in."""
    with browser(town) as client:
        sign_in(client)
        yield client


def act(client: TestClient, ticket_id: int, name: str, **fields: str) -> tuple[int, str]:
    """What an act on a ticket comes to: status and page."""
    csrf = field(client.get("/console").text, "csrf")
    answer = client.post(f"/console/tickets/{ticket_id}/{name}", data={"csrf": csrf, **fields})
    return answer.status_code, answer.text


def test_only_a_complaint_has_the_panel(town: MemoryTown, lan: TestClient) -> None:
    """A complaint's page shows what was told, with the ward that was named; another ticket's page has no panel."""
    number = complain(town.store, 7, STORY)
    page = lan.get(f"/console/tickets/{number}").text
    assert all(part in page for part in (PANEL, "quát mẹ tôi &lt;b&gt;", "quầy số 2 (Phường Bến Thành)", "hôm qua"))
    assert "Trợ lý máy vẫn trả lời" in page and 'name="agencies"' not in page
    assert PANEL not in lan.get("/console/tickets/7").text


def test_a_complaint_from_desk_to_answer(town: MemoryTown, lan: TestClient) -> None:
    """Taken, marked unclear, forwarded, answered: each is one form, and the citizen is told of it."""
    number = complain(town.store, 7, STORY)
    steps = [("claim", {}), ("unclear", {}), ("forward", {"agencies": " Sở Nội vụ \r\n\r\nUBND phường"})]
    for name, fields in [*steps, ("answer", {"answer": "Đã nhắc nhở.\r\nXin lỗi bà."})]:
        assert act(lan, number, name, **fields)[0] == 303, name
    told = "\n".join(replies(town.store))
    assert all(
        part in told for part in ("Lan đang xem", "đang tìm", "Sở Nội vụ, UBND phường", "15 ngày", "Xin lỗi bà.")
    )
    assert town.desk.ticket(number).summary.stage is Stage.CLOSED
    page = lan.get(f"/console/tickets/{number}").text
    assert "Sở Nội vụ; UBND phường" in page and "Đã nhắc nhở." in page


@pytest.mark.parametrize(
    ("name", "fields", "status"),
    [
        ("forward", {"agencies": " \n "}, 400),
        ("forward", {"agencies": "x" * 201}, 400),
        ("forward", {"agencies": "\n".join(f"Sở {number}" for number in range(11))}, 400),
        ("answer", {"answer": " "}, 400),
        ("answer", {"answer": "x" * 4001}, 400),
    ],
)
def test_what_is_not_said_is_not_recorded(
    town: MemoryTown, lan: TestClient, name: str, fields: dict[str, str], status: int
) -> None:
    """Without an agency or an answer nothing is recorded, and what was written stays on the page."""
    number = complain(town.store, 7, STORY)
    act(lan, number, "claim")
    before = town.desk.history(number)
    code, page = act(lan, number, name, **fields)
    assert (code, town.desk.history(number)) == (status, before)
    assert next(iter(fields.values())).strip()[:40] in page


@pytest.mark.parametrize(
    ("name", "fields"), [("unclear", {}), ("forward", {"agencies": "Sở"}), ("answer", {"answer": "x"})]
)
def test_these_acts_are_for_complaints_alone(
    town: MemoryTown, lan: TestClient, name: str, fields: dict[str, str]
) -> None:
    """Another ticket is not forwarded; a complaint only by whoever holds it."""
    act(lan, 7, "claim")
    assert act(lan, 7, name, **fields)[0] == 409
    number = complain(town.store, 7, STORY)
    town.desk.claim(number, 2)
    assert act(lan, number, name, **fields)[0] == 409
    assert town.desk.ticket(7).summary.stage is Stage.OFFICER
