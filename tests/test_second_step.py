"""The second step: codes of an authenticator that are good once, recovery codes, and the pages for them."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from html import unescape

import pyotp
import pytest
from starlette.testclient import TestClient

from bot import tables
from bot.accounts import Accounts
from bot.officers import Officers, TooManyAttempts
from bot.roles import Role
from bot.second_step import RECOVERY_CODES, SecondSteps
from bot.store import Store
from tests.memory_ports import PASSWORD, MemoryTown
from tests.town import QUICK, Clock, access, rows
from web.app import create_app
from web.ports import Ports

LAN, MINH = 1, 2
HERE, THERE = "10.0.0.1", "203.0.113.9"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def steps(database: Store, clock: Clock) -> SecondSteps:
    """Two officers, neither with a second step."""
    officers = Officers(database, QUICK, clock=clock)
    officers.add("lan", "Nguyễn Thị Lan", PASSWORD)
    officers.add("minh", "Trần Văn Minh", PASSWORD)
    return SecondSteps(database, "secret", clock)


def enrolled(steps: SecondSteps, clock: Clock) -> tuple[pyotp.TOTP, list[str]]:
    """Lan's authenticator and recovery codes."""
    offer = steps.offer(LAN, "lan")
    totp = pyotp.TOTP(offer.secret)
    codes = steps.enrol(LAN, "lan", offer.seal, totp.at(clock.at))
    assert codes is not None
    return totp, codes


def test_the_secret_is_stored_encrypted(steps: SecondSteps, database: Store, clock: Clock) -> None:
    """The database holds neither the secret nor a recovery code in clear; another key does not open it."""
    totp, codes = enrolled(steps, clock)
    content = str([rows(database, tables.officer), rows(database, tables.recovery_code)])
    assert totp.secret not in content and not any(code in content for code in codes)
    assert len(set(codes)) == RECOVERY_CODES == steps.codes_left(LAN)
    assert steps.is_set(LAN) and not steps.is_set(MINH)


@pytest.mark.parametrize(
    ("moved_s", "of_s", "right"),
    [
        (30, 0, True),
        (30, -30, False),
        (60, -30, True),
        (60, 30, True),
        (60, -60, False),
        (60, 60, False),
        (30, 30, True),
    ],
)
def test_a_code_is_good_around_its_time(steps: SecondSteps, clock: Clock, moved_s: int, of_s: int, right: bool) -> None:
    """A clock may be half a minute wrong, no more; a code that was used before is not right."""
    totp, _ = enrolled(steps, clock)
    clock.move(moved_s)
    assert steps.check(LAN, HERE, totp.at(clock.at + timedelta(seconds=of_s))) is right


def test_a_code_is_good_once(steps: SecondSteps, clock: Clock) -> None:
    """The same code is refused the second time, and so is an older one; the next one is right."""
    totp, _ = enrolled(steps, clock)
    clock.move(60)
    code, older = totp.at(clock.at), totp.at(clock.at - timedelta(seconds=30))
    assert [steps.check(LAN, HERE, item) for item in (code, code, older)] == [True, False, False]
    clock.move(30)
    assert steps.check(LAN, HERE, totp.at(clock.at))


@pytest.mark.parametrize("code", ["", "12345", "1234567", "abcdef", "١٢٣٤٥٦", "000000 OR 1"])
def test_what_is_no_code_is_wrong(steps: SecondSteps, clock: Clock, code: str) -> None:
    """Anything but the right six figures is refused."""
    enrolled(steps, clock)
    assert not steps.check(LAN, HERE, code) and not steps.check(MINH, HERE, code)


def test_a_recovery_code_is_good_once(steps: SecondSteps, clock: Clock) -> None:
    """A recovery code replaces the telephone once, as it is written on the paper, and for its owner alone."""
    _, codes = enrolled(steps, clock)
    written = f"{codes[0][:5]}-{codes[0][5:]}".upper()
    assert not steps.check(MINH, HERE, written)
    assert [steps.check(LAN, HERE, written) for _ in range(2)] == [True, False]
    assert steps.codes_left(LAN) == RECOVERY_CODES - 1


def test_codes_cannot_be_tried_through(steps: SecondSteps, clock: Clock) -> None:
    """Who guesses codes waits like who guesses passwords; the account of another officer is not touched."""
    totp, _ = enrolled(steps, clock)
    with pytest.raises(TooManyAttempts):
        for _ in range(20):
            assert not steps.check(LAN, HERE, "000000")
    clock.move(60)
    assert steps.check(LAN, THERE, totp.at(clock.at))


@pytest.mark.parametrize("flaw", ["another officer", "another key", "too far", "made up", "wrong code", "twice"])
def test_an_offer_is_for_one_officer_and_a_while(steps: SecondSteps, database: Store, clock: Clock, flaw: str) -> None:
    """A second step is set up with one's own offer and its code, once."""
    offer = steps.offer(LAN, "lan")
    whose = MINH if flaw == "another officer" else LAN
    taken = SecondSteps(database, "another", clock) if flaw == "another key" else steps
    seal = "made up" if flaw == "made up" else offer.seal
    code = (
        "000000"
        if flaw == "wrong code"
        else pyotp.TOTP(offer.secret).at(clock.at + timedelta(minutes=2 if flaw == "too far" else 0))
    )
    if flaw == "twice":
        assert steps.enrol(LAN, "lan", seal, code) is not None
    assert taken.enrol(whose, "x", seal, code) is None
    assert steps.is_set(LAN) == (flaw == "twice")


def test_a_lost_telephone(steps: SecondSteps, database: Store, clock: Clock) -> None:
    """After a reset there is neither a second step nor a recovery code, and another one can be set up."""
    totp, codes = enrolled(steps, clock)
    Accounts(database, QUICK, clock).reset_second_step(LAN, "minh")
    clock.move(60)
    assert not steps.check(LAN, HERE, totp.at(clock.at)) and not steps.check(LAN, HERE, codes[0])
    assert enrolled(steps, clock)[0].secret != totp.secret


# In the browser


@pytest.fixture
def ports(database: Store) -> Ports:
    """Hoa leads, and leads need a second step; her password was given to her."""
    officers = Officers(database, QUICK, [Role.LEAD])
    officers.add("hoa", "Lê Thị Hoa", PASSWORD, [Role.LEAD], must_change=True)
    return replace(MemoryTown(store=database).ports(), officers=officers, access=access(database))


@pytest.fixture
def client(ports: Ports) -> TestClient:
    return TestClient(create_app(ports, "secret"), headers={"Accept": "text/html"})


def hidden(page: str, name: str = "csrf") -> str:
    return unescape(re.findall(rf'name="{name}" value="([^"]*)"', page)[-1])


def sign_in(client: TestClient, password: str = PASSWORD, where: str = "") -> str:
    csrf = hidden(client.get("/console/login").text)
    form = {"csrf": csrf, "username": "hoa", "password": password, "next": where}
    return client.post("/console/login", data=form).text


def enrol(client: TestClient) -> tuple[pyotp.TOTP, str]:
    """Through the form; the page with the recovery codes."""
    page = client.get("/console/account/second-step").text
    totp = pyotp.TOTP(re.findall(r"<code>([A-Z2-7]{32})</code>", page)[0])
    form = {"csrf": hidden(page), "seal": hidden(page, "seal"), "code": totp.now()}
    return totp, client.post("/console/account/second-step", data=form).text


def test_the_way_in_for_the_first_time(client: TestClient) -> None:
    """Password, picture, code, recovery codes, a password of one's own; only then the queue opens."""
    page = sign_in(client)
    assert "Cài xác thực hai bước" in page and "<svg" in page and "data:" not in page
    assert "Cài xác thực" in client.get("/console").text
    _, told = enrol(client)
    assert len(re.findall(r"<code>[0-9a-f]{5}-[0-9a-f]{5}</code>", told)) == RECOVERY_CODES
    page = client.get("/console").text
    assert "Đổi mật khẩu" in page
    form = {"csrf": hidden(page), "old": PASSWORD, "new": "cua-rieng-toi-2026"}
    assert "Tài khoản của tôi" in client.post("/console/account/password", data=form).text
    assert "Phiên hỗ trợ" in client.get("/console").text


def test_the_second_sign_in_asks_for_a_code(client: TestClient, ports: Ports, database: Store) -> None:
    """From then on the password alone opens nothing; the right code leads to where the officer wanted to go."""
    sign_in(client)
    _, told = enrol(client)
    spare = re.findall(r"<code>([0-9a-f-]{11})</code>", told)
    fresh = TestClient(client.app, headers={"Accept": "text/html"})
    page = sign_in(fresh, where="/console/aside")
    assert "Mã xác thực" in page and "Phiên hỗ trợ" not in fresh.get("/console").text
    form = {"csrf": hidden(page), "next": "/console/aside"}
    wrong = fresh.post("/console/second-step", data={**form, "code": "000000"})
    assert wrong.status_code == 401 and "Mã không đúng" in wrong.text
    before = fresh.cookies["console"]
    right = fresh.post("/console/second-step", data={**form, "code": spare[0]}, follow_redirects=False)
    assert right.headers["location"].startswith("/console/account/password")
    assert fresh.cookies["console"] != before


def test_a_wrong_first_code_keeps_the_picture(client: TestClient) -> None:
    """A mistyped first code shows the same secret again: the picture need not be taken twice."""
    page = sign_in(client)
    form = {"csrf": hidden(page), "seal": hidden(page, "seal"), "code": "000000"}
    again = client.post("/console/account/second-step", data=form)
    assert again.status_code == 400
    secret = re.compile(r"<code>([A-Z2-7]{32})</code>")
    assert secret.findall(again.text) == secret.findall(page)


@pytest.mark.parametrize(
    ("old", "new", "status", "sentence"),
    [
        ("wrong-password", "cua-rieng-toi-2026", 401, "hiện nay không đúng"),
        (PASSWORD, "ngan", 400, "ngắn quá"),
        (PASSWORD, PASSWORD, 400, "phải khác"),
        (PASSWORD, "toi-la-hoa-2026", 400, "tên đăng nhập"),
    ],
)
def test_a_bad_new_password_is_refused(client: TestClient, old: str, new: str, status: int, sentence: str) -> None:
    """A new password is checked, and changing it needs the old one."""
    sign_in(client)
    enrol(client)
    csrf = hidden(client.get("/console/account/password").text)
    answer = client.post("/console/account/password", data={"csrf": csrf, "old": old, "new": new})
    assert answer.status_code == status and sentence in answer.text


def test_the_browsers_signed_in_can_be_sent_away(ports: Ports, database: Store) -> None:
    """The account page lists where one is signed in, and ends another session, not this one."""
    Officers(database, QUICK).add("an", "An", PASSWORD)
    clients = [TestClient(create_app(ports, "secret"), headers={"Accept": "text/html"}) for _ in range(2)]
    for each in clients:
        csrf = hidden(each.get("/console/login").text)
        each.post("/console/login", data={"csrf": csrf, "username": "an", "password": PASSWORD})
    page = clients[0].get("/console/account").text
    other = re.findall(r'name="id" value="(\d+)"', page)
    assert len(other) == 1 and "Trình duyệt này" in page
    clients[0].post("/console/account/sessions", data={"csrf": hidden(page), "id": other[0]})
    assert "Tài khoản của tôi" in clients[0].get("/console/account").text
    assert "Tên đăng nhập" in clients[1].get("/console/account").text
