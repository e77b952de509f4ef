"""Administrators' and auditors' pages, the log they read, and the commands that do the same."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from bot import tables
from bot.__main__ import main
from bot.access_log import KEEP, SITTING, AccessLog, Why
from bot.accounts import Accounts
from bot.messages import Kind
from bot.officers import Officers
from bot.retention import delete_old
from bot.roles import Role
from bot.second_step import SecondSteps
from bot.store import Store, open_store
from bot.switch_book import SwitchBook
from tests.memory_ports import PASSWORD, MemoryTown
from tests.town import MORNING, QUICK, Clock, Script, access, rows, say, worker
from web.app import create_app


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def log(database: Store, clock: Clock) -> AccessLog:
    """Two officers, tickets 1 and 2."""
    officers = Officers(database, QUICK)
    officers.add("lan", "Nguyễn Thị Lan", PASSWORD)
    officers.add("minh", '=HYPERLINK("x")', PASSWORD, [Role.AUDITOR, Role.ADMINISTRATOR])
    for number, address in enumerate(("an", "binh")):
        say(database, "gặp cán bộ", str(number), address)
        worker(database, Script()).step()
    return AccessLog(database, clock)


LAN, MINH = 1, 2

# The log


@pytest.mark.parametrize(
    ("after", "why", "ticket", "entries"),
    [
        (timedelta(minutes=14), Why.TICKET, 1, 1),
        (SITTING, Why.TICKET, 1, 2),
        (timedelta(0), Why.SEARCH, 1, 2),
        (timedelta(0), Why.TICKET, 2, 2),
        (timedelta(0), Why.TICKET, 99, 1),
    ],
)
def test_one_sitting_is_one_entry(
    log: AccessLog, clock: Clock, after: timedelta, why: Why, ticket: int, entries: int
) -> None:
    """Looks of one officer at one ticket for one purpose within a quarter of an hour are one entry that grows."""
    log.note(LAN, [1], Why.TICKET)
    clock.move(after.total_seconds())
    log.note(LAN, [ticket], why)
    looks = log.looks()
    assert len(looks) == entries
    assert looks[-1].at == MORNING and looks[0].until == (clock.at if entries > 1 or ticket == 1 else MORNING)


def test_the_log_can_be_narrowed(log: AccessLog, clock: Clock) -> None:
    """By officer and by day as it is in Vietnam, the newest first."""
    log.note(LAN, [1, 2], Why.SEARCH)
    log.note(MINH, [1], Why.AUDIT)
    clock.move(15.5 * 3600)
    log.note(MINH, [2], Why.AUDIT)
    assert [(look.username, look.ticket_id) for look in log.looks(MINH)] == [("minh", 2), ("minh", 1)]
    assert [look.ticket_id for look in log.looks(on=date(2026, 11, 22))] == [2]
    assert len(log.looks(on=date(2026, 11, 21))) == 3 and len(log.looks(most=2)) == 2


def test_the_log_outlives_the_conversation(log: AccessLog, database: Store) -> None:
    """Deleting a conversation leaves who saw it; the entry itself goes after a year."""
    log.note(LAN, [1], Why.TICKET)
    say(database, "stay", "7", "an", Kind.BUTTON)
    worker(database, Script()).step()
    assert delete_old(database, MORNING + KEEP) == 1
    assert [row["id"] for row in rows(database, tables.ticket)] == [2] and len(log.looks()) == 1
    delete_old(database, MORNING + KEEP + timedelta(seconds=1))
    assert log.looks() == []


# The pages


@pytest.fixture
def client(log: AccessLog, database: Store) -> Iterator[TestClient]:
    """Minh, who administers and audits."""
    officers = Officers(database, QUICK)
    ports = replace(MemoryTown().ports(), officers=officers, access=access(database))
    with TestClient(create_app(ports, "secret"), headers={"Accept": "text/html"}) as client:
        form = {"csrf": token(client.get("/console/login").text), "username": "minh", "password": PASSWORD}
        client.post("/console/login", data=form)
        yield client


def token(page: str) -> str:
    return re.findall(r'name="csrf" value="([^"]*)"', page)[0]


def post(client: TestClient, path: str, **fields: object) -> tuple[int, str]:
    csrf = token(client.get("/console/account").text)
    answer = client.post(path, data={"csrf": csrf, **fields})
    return answer.status_code, answer.text


def test_the_log_as_page_and_csv(log: AccessLog, client: TestClient) -> None:
    """The same entries on the page and in the CSV, narrowed by the same form; no name is a formula there."""
    for officer, ticket in ((LAN, 1), (MINH, 2)):
        log.note(officer, [ticket], Why.TICKET)
    page = client.get(f"/console/access-log?officer={LAN}&day=2026-11-21").text
    assert "1 lần xem" in page and "<td>Nguyễn Thị Lan</td>" in page
    assert 'href="/console/access-log.csv?officer=1&amp;day=2026-11-21"' in page
    answer = client.get("/console/access-log.csv")
    assert answer.headers["content-disposition"] == 'attachment; filename="access-log.csv"'
    lines = list(csv.reader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    assert [line[2] for line in lines] == ["Cán bộ", '\'=HYPERLINK("x")', "Nguyễn Thị Lan"]
    assert lines[2] == ["2026-11-21 09:00:00", "2026-11-21 09:00:00", "Nguyễn Thị Lan", "lan", "1", "1", "Xử lý phiên"]


@pytest.mark.parametrize("query", ["officer=x", "officer=-1", "day=hom-nay", "day=2026-13-01"])
def test_a_bad_filter_is_refused(client: TestClient, query: str) -> None:
    """What is no officer or no day gets 400."""
    assert client.get(f"/console/access-log?{query}").status_code == 400
    assert client.get("/console/access-log?officer=&day=").status_code == 200


def test_a_new_officer(client: TestClient, database: Store) -> None:
    """The password is shown once, opens a session that must change it, and the name is taken."""
    form = {"username": "hoa", "name": "Lê Thị Hoa", "email": "Hoa@hcm.example", "role": ["officer", "lead"]}
    status, page = post(client, "/console/officers", **form)
    password = re.findall(r"Mật khẩu của hoa: <code>([^<]+)</code>", page)[0]
    assert status == 200 and password not in client.get("/console/officers").text
    account = Accounts(database).named("hoa")
    assert (account.roles, account.email) == ({Role.OFFICER, Role.LEAD}, "hoa@hcm.example")
    session = Officers(database).sign_in("hoa", password, "10.0.0.1")
    assert session is not None and session.stage == "password"
    assert post(client, "/console/officers", **form)[0] == 409


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ({"username": " ", "name": "x"}, 400),
        ({"username": "x" * 61, "name": "x"}, 400),
        ({"username": "x", "name": "x", "role": "king"}, 400),
    ],
)
def test_a_bad_officer_is_refused(client: TestClient, database: Store, form: dict[str, str], status: int) -> None:
    """An empty or endless name and a role that there is not make no account."""
    assert post(client, "/console/officers", **form)[0] == status
    assert len(rows(database, tables.officer)) == 2


def test_the_buttons_of_an_account(client: TestClient, database: Store) -> None:
    """Each button does what it says; the last administrator stays."""
    steps, accounts = SecondSteps(database, "secret"), Accounts(database, QUICK)
    assert post(client, "/console/officers/1", act="roles", role=["lead", "editor"])[0] == 200
    assert accounts.named("lan").roles == {Role.LEAD, Role.EDITOR}
    for act, disabled in (("disable", True), ("enable", False)):
        assert post(client, "/console/officers/1", act=act)[0] == 200
        assert (accounts.named("lan").disabled_at is not None) == disabled
    assert post(client, "/console/officers/1", act="reset")[0] == 200 and not steps.is_set(1)
    assert "Mật khẩu của lan" in post(client, "/console/officers/1", act="password")[1]
    status, page = post(client, "/console/officers/2", act="disable")
    assert status == 409 and "ít nhất một quản trị viên" in page
    assert [
        post(client, path, act=act)[0]
        for path, act in (("/console/officers/99", "reset"), ("/console/officers/1", "x"))
    ] == [404, 400]


def test_the_switches_page(client: TestClient, database: Store) -> None:
    """A switch is turned with a reason, by name; without one nothing is turned, and what was typed stays."""
    turn = {"kind": "mode", "mode": "off", "channel": "zalo"}
    status, page = post(client, "/console/switches", **turn, why=" ")
    assert status == 400 and "ghi lý do" in page and SwitchBook(database).changes() == []
    assert post(client, "/console/switches", **turn, why="sai lệ phí")[0] == 200
    notice = {"kind": "notice", "text": "Bảo trì <b>13</b> giờ.", "channel": "", "why": "bảo trì"}
    page = post(client, "/console/switches", **notice)[1]
    assert "Bảo trì &lt;b&gt;13&lt;/b&gt; giờ." in page and "Lý do: sai lệ phí" in page
    assert [(change.by, change.channel, change.value) for change in SwitchBook(database).changes()][1] == (
        "minh",
        "zalo",
        "off",
    )


@pytest.mark.parametrize(
    "form",
    [{"kind": "mode", "mode": "x"}, {"kind": "x"}, {"kind": "notice", "channel": "fax"}, {"kind": "mode"}],
    ids=str,
)
def test_other_switches_are_refused(client: TestClient, database: Store, form: dict[str, str]) -> None:
    """What no button of the page says gets 400 and turns nothing."""
    assert post(client, "/console/switches", **form, why="x")[0] == 400
    assert rows(database, tables.switch) == []


# The commands


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> object:
    """Runs a command; its exit code and what it prints."""
    monkeypatch.setenv("MOT_CUA_DATA_DIR", str(tmp_path))

    def run(*words: str) -> tuple[int, str]:
        code = main(list(words))
        printed = capsys.readouterr()
        return code, printed.out + printed.err

    return run


@pytest.mark.slow
def test_officers_by_command(run, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    """Accounts can be made, listed, given roles, disabled and enabled; a mistake ends with 1 and a sentence."""
    code, printed = run("officers", "add", "lan", "Nguyễn Thị Lan", "--role", "administrator")
    password = printed.split()[1]
    assert code == 0 and printed.startswith("lan ")
    assert run("officers", "add", "lan", "Ai khác")[0] == 1
    assert run("officers", "list") == (0, "lan\tNguyễn Thị Lan\tadministrator\tpassword only\n")
    assert run("officers", "disable", "lan") == (1, "error: lan is the last administrator\n")
    assert run("officers", "roles", "ghost", "lead") == (1, "error: there is no officer ghost\n")
    run("officers", "add", "minh", "Minh", "--role", "administrator")
    assert run("officers", "roles", "lan", "officer", "lead") == (0, "lan: lead, officer\n")
    assert run("officers", "disable", "lan") == (0, "lan: disabled, no session is open\n")
    assert "lan\tNguyễn Thị Lan\tlead,officer\tdisabled\n" in run("officers", "list")[1]
    assert run("officers", "enable", "lan")[0] == run("officers", "reset", "lan")[0] == 0
    officers = Officers(open_store(f"sqlite:///{tmp_path / 'mot_cua.db'}"))
    assert officers.sign_in("lan", password, "10.0.0.1") is not None
    fresh = run("officers", "password", "lan")[1].split()[1]
    assert officers.sign_in("lan", fresh, "10.0.0.1") is not None
