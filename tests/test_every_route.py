"""Every route of the application, walked: the headers on each answer, the flags on each cookie, the forms' tokens."""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from bot.store import Store
from tests import test_access
from tests.memory_ports import PASSWORD
from web.access import RULES
from web.headers import FRAMED, POLICY, SECURITY

ports, app = test_access.ports, test_access.app
ROUTES = sorted(name for name in RULES if not name.endswith("/events"))
# an open stream is answered over a real server: tests/test_pulse.py
KNOWN = {"/static": "/static/base.css", "/phieu/{code}.pdf": "/phieu/1.001193.pdf"}


@pytest.fixture(params=["http", "https"])
def officer(request: pytest.FixtureRequest, app: Starlette) -> Iterator[TestClient]:
    """A signed-in officer over either scheme."""
    client = TestClient(app, f"{request.param}://testserver", follow_redirects=False, headers={"Accept": "text/html"})
    csrf = re.findall(r'name="csrf" value="([^"]*)"', client.get("/console/login").text)[0]
    client.post("/console/login", data={"csrf": csrf, "username": "officer", "password": PASSWORD, "next": ""})
    yield client


def test_every_answer_carries_the_headers(officer: TestClient, database: Store) -> None:
    """Whatever the route says, to whomever: the policy, no sniffing, no framing, no storing, HTTPS once it was."""
    for name in ROUTES:
        path = KNOWN.get(name.split()[1], name.split()[1].replace("{id:int}", "1"))
        answer = test_access.tried(officer, f"{name.split()[0]} {path}")
        headers = dict(SECURITY)
        if path.startswith(FRAMED):
            del headers["X-Frame-Options"]
        assert {key: answer.headers.get(key) for key in headers} == headers, name
        assert answer.headers["cache-control"].startswith(("no-store", "public, max-age="))
        assert ("strict-transport-security" in answer.headers) == (str(officer.base_url)[:5] == "https")
        assert "server" not in answer.headers and "x-powered-by" not in answer.headers


def test_nothing_of_a_person_is_kept_by_a_browser(officer: TestClient) -> None:
    """Only what is the same for everybody may be stored on the way; pages of the console and the chat never."""
    public = {name for name in ROUTES if _kept(officer, name)}
    assert public <= {"GET /static", "GET /widget.js", "GET /phieu/{code}.pdf"}


def _kept(officer: TestClient, name: str) -> bool:
    path = KNOWN.get(name.split()[1], name.split()[1].replace("{id:int}", "1"))
    return "public" in test_access.tried(officer, f"{name.split()[0]} {path}").headers["cache-control"]


@pytest.mark.parametrize("path", ["/", "/embed", "/console/login", "/nowhere", "/console/nowhere"])
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_every_cookie_is_guarded(app: Starlette, path: str, scheme: str) -> None:
    """No script reads a cookie, no other site sends it, and over HTTPS nothing else carries it."""
    answer = TestClient(app, f"{scheme}://testserver", headers={"Accept": "text/html"}).get(path)
    for cookie in answer.headers.get_list("set-cookie"):
        framed = cookie.startswith("chat-embed=")
        assert "HttpOnly" in cookie and ("SameSite=none" if framed else "SameSite=lax") in cookie
        assert ("Secure" in cookie) == (framed or scheme == "https")
        assert not framed or "Partitioned" in cookie


def test_the_policy_allows_no_script_of_others() -> None:
    """No inline script, no script of another origin, no plugin, no other form target, no base."""
    parts = dict(part.strip().split(" ", 1) for part in POLICY.split(";"))
    assert parts["default-src"] == "'self'" and not {"script-src", "style-src"} & set(parts)
    assert (parts["base-uri"], parts["object-src"], parts["form-action"]) == ("'none'", "'none'", "'self'")


@pytest.mark.parametrize("name", sorted(name for name in RULES if name.startswith("POST") and RULES[name].is_open))
def test_other_sites_write_nothing(app: Starlette, name: str) -> None:
    """What is open to everybody takes no form of another site: refused by origin, by token, or by a vendor's secret."""
    path = name.split()[1]
    headers = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
    answer = TestClient(app, follow_redirects=False).post(path, data={"text": "x"}, headers=headers)
    assert answer.status_code in (400, 403) or path == "/webhooks/zalo"  # whose signature the test's stand-in takes


@pytest.mark.parametrize(
    "path", ["/webhooks/telegram", "/webhooks/zalo", "/chat/messages", "/chat/form", "/console/login"]
)
def test_no_body_is_larger_than_its_limit(app: Starlette, path: str) -> None:
    """A body beyond the limit is 413 wherever it is sent, told by its length or only by its bytes."""
    client = TestClient(app, follow_redirects=False)
    headers = {"x-telegram-bot-api-secret-token": "s", "Content-Type": "application/x-www-form-urlencoded"}
    for content in (b"a" * 1_100_000, iter([b"a" * 100_000] * 11)):
        assert client.post(path, content=content, headers=headers).status_code in (413, 401)


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd"])
def test_no_body_is_unfolded(app: Starlette, encoding: str) -> None:
    """A packed body is read as the bytes it is, so no bomb goes off: to us it is no JSON."""
    packed = gzip.compress(b'{"update_id": 1, "x": "' + b"0" * 1_000_000 + b'"}')
    headers = {"x-telegram-bot-api-secret-token": "s", "Content-Encoding": encoding}
    assert TestClient(app).post("/webhooks/telegram", content=packed, headers=headers).status_code == 400
