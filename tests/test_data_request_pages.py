"""The page of the requests about own data, and the copy that a citizen takes from the web chat."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from itsdangerous import TimestampSigner
from starlette.testclient import TestClient

from bot.data_requests import DataRequests
from bot.officers import Officers
from bot.own_data import Copies
from bot.roles import Role
from bot.sessions import Numbers
from bot.store import Store
from tests.memory_ports import PASSWORD, MemoryTown
from tests.town import QUICK, Clock, Script, access, say, understood, worker
from web import own_copy
from web.app import create_app
from web.data_requests_page import DataRequestsPage
from web.pages import load_pages

WISH = "sửa thông tin em lưu <b>"
PATH = "/console/data-requests"


@pytest.fixture
def browser(database: Store) -> TestClient:
    """Signed in as whoever answers for personal data; one citizen wishes something corrected."""
    clock = Clock()
    say(database, WISH)
    worker(database, Script({WISH: understood(entities={"data_correct": ""})})).step()
    officers = Officers(database, QUICK)
    officers.add("hoa", "Hoa", PASSWORD, [Role.PRIVACY])
    ports = replace(MemoryTown(store=database).ports(), officers=officers, access=access(database))
    routes = DataRequestsPage(DataRequests(database, clock), load_pages()).routes()
    routes += own_copy.routes(Copies(database, clock), Numbers(database), "secret")
    client = TestClient(create_app(ports, "secret", routes), follow_redirects=False, headers={"Accept": "text/html"})
    client.post(
        "/console/login", data={"csrf": csrf(client, "/console/login"), "username": "hoa", "password": PASSWORD}
    )
    return client


def csrf(client: TestClient, page: str) -> str:
    return re.findall(r'name="csrf" value="([^"]*)"', client.get(page).text)[0]


def test_the_page_shows_days_and_words(browser: TestClient) -> None:
    """Code, wish, last day and the citizen's words, escaped; it is the first page of that role."""
    page = browser.get(PATH).text
    assert "sửa dữ liệu" in page and "01/12/2026" in page and "lưu &lt;b&gt;" in page
    assert browser.get("/console").status_code == 403


@pytest.mark.parametrize(
    ("fields", "status", "stands"),
    [
        ({"act": "finish"}, 303, "đã làm xong"),
        ({"act": "refuse", "ground": "not_here"}, 303, "từ chối, dữ liệu này không lưu ở trợ lý"),
        ({"act": "refuse"}, 409, "phải chọn lý do"),
        ({"act": "extend"}, 303, "(đã gia hạn)"),
        ({"act": "forget"}, 400, ""),
    ],
)
def test_each_button_decides(browser: TestClient, fields: dict[str, str], status: int, stands: str) -> None:
    """Done, refused on a ground, extended once; what cannot be is said."""
    answer = browser.post(f"{PATH}/1", data={**fields, "csrf": csrf(browser, PATH)})
    shown = browser.get(PATH).text if status == 303 else answer.text
    assert answer.status_code == status and stands in shown


def test_twice_decided_is_said(browser: TestClient) -> None:
    """Whoever comes second is told so."""
    form = {"act": "finish", "csrf": csrf(browser, PATH)}
    browser.post(f"{PATH}/1", data=form)
    again = browser.post(f"{PATH}/1", data=form)
    assert again.status_code == 409 and "đã có người trả lời" in again.text


def test_a_citizen_takes_a_copy(browser: TestClient) -> None:
    """The page and the file hold the conversation of the cookie; a stranger's are empty."""
    assert "không lưu gì của anh/chị" in browser.get("/chat/data").text
    value = f"lan.0.{int(datetime.now(UTC).timestamp())}"
    browser.cookies.set("chat", TimestampSigner("secret", salt="chat").sign(value).decode())
    assert "lưu &lt;b&gt;" in browser.get("/chat/data").text
    kept = json.loads(browser.get("/chat/data.json").text)["dữ liệu"]
    said = next(kind for kind in kept if kind["loại"] == "tin nhắn của anh/chị")
    assert said["nội dung"][0]["nội dung"] == WISH and said["giữ đến"] is None
