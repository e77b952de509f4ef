"""Both sides of each portal's description: the stand-in answers as it says, our client asks as it says."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl

import httpx
import jsonschema
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

from integrations.errors import NotFound
from integrations.lgsp import LgspKeys
from integrations.stand_ins import lgsp, national, portal
from integrations.stand_ins.tokens import CLIENT_ID, CLIENT_SECRET
from tests.portals import CODES, NOW, client, reaching, running

pytestmark = pytest.mark.slow

DESCRIPTIONS = {"city": portal.DESCRIPTION, "national": national.DESCRIPTION, "lgsp-national": lgsp.DESCRIPTION}
OPERATIONS = [
    (name, operation.ok().method, operation.ok().path)
    for name, path in DESCRIPTIONS.items()
    for operation in schemathesis.openapi.from_path(path).get_all_operations()
]
EXAMPLES = 300
# of somebody who is let in; fewer have missed one fault in a hundred
FUZZED = 60
# of anybody: the most are turned away at the door
KNOWN = [row["code"] for row in json.loads(portal.DATA.read_text("utf-8"))]
KNOWN_THERE = [row["MaHoSo"] for row in json.loads(national.DATA.read_text("utf-8"))]
fuzzed = settings(
    max_examples=EXAMPLES, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck)
)


def described(name: str, app: Any = None) -> Any:
    """A portal's description, over an application."""
    schema = schemathesis.openapi.from_path(DESCRIPTIONS[name])
    schema.app = app
    return schema


def stand_in(name: str) -> Any:
    """The application that the description is about."""
    if name == "city":
        return portal.app()
    return national.app() if name == "national" else lgsp.app(national.app(), own_tokens=True)


@pytest.mark.parametrize(("name", "method", "path"), OPERATIONS)
def test_the_stand_in_keeps_its_description(name: str, method: str, path: str) -> None:
    """Whatever is sent, right or wrong, the answer is one that the description knows."""
    operation = described(name, stand_in(name))[path][method]

    @settings(fuzzed, max_examples=FUZZED)
    @given(case=operation.as_strategy())
    def holds(case: Any) -> None:
        case.call_and_validate()

    holds()


def test_a_stand_in_that_breaks_its_description_is_seen() -> None:
    """The check finds a dossier whose code is a number."""
    broken = Starlette(
        routes=[Route(portal.SEARCH_PATH, lambda request: JSONResponse({"content": [{"code": 7}]}), methods=["GET"])]
    )
    operation = described("city", broken)[portal.SEARCH_PATH]["get"]
    with pytest.raises(BaseExceptionGroup):
        operation.Case(query={"page": 0, "size": 1, "spec": "slice", "code": "x"}).call_and_validate()


def let_in(name: str, app: Any) -> Mapping[str, str]:
    """The headers of somebody whom the stand-in lets in."""
    keys = {"lgspaccesstoken": gateway_keys()} if name.startswith("lgsp") else {}
    path = portal.TOKEN_PATH if name == "city" else lgsp.TOKEN_PATH
    operation = described("city" if name == "city" else "lgsp-national", app)[path]["post"]
    basic = httpx.BasicAuth(CLIENT_ID, CLIENT_SECRET)._auth_header
    case = operation.Case(
        body={"grant_type": "client_credentials"}, media_type="application/x-www-form-urlencoded",
        headers={"Authorization": basic, **keys},
    )  # fmt: skip
    return {"Authorization": f"Bearer {case.call().json()['access_token']}", **keys}


def gateway_keys() -> str:
    """The header that the gateway knows."""
    keys = lgsp.KEYS
    names = ("AccessKey", "SecretKey", "AppName", "PartnerCode", "PartnerCodeCus")
    return LgspKeys(*(keys[name] for name in names)).header()


def test_every_dossier_of_the_city_keeps_the_description() -> None:
    """With a good token each dossier, and any other code, is answered as described."""
    app = portal.app()
    headers = let_in("city", app)
    operation = described("city", app)[portal.SEARCH_PATH]["get"]

    @fuzzed
    @given(code=st.sampled_from(KNOWN) | st.text(st.characters(codec="utf-8"), min_size=1))
    def holds(code: str) -> None:
        case = operation.Case(query={"page": 0, "size": 10, "spec": "slice", "code": code}, headers=headers)
        answer = case.call()
        case.validate_response(answer)
        assert answer.status_code == 200

    holds()


@pytest.mark.parametrize("name", ["national", "lgsp-national"])
def test_every_dossier_of_the_national_services_keeps_the_description(name: str) -> None:
    """In a good session each dossier, and any other code, is answered as described."""
    app = stand_in(name)
    headers = {"dstcode": national.DSTCODE, **(let_in(name, app) if name != "national" else {})}
    schema = described(name, app)
    body = {"username": national.USERNAME, "password": national.PASSWORD}
    login = schema[national.LOGIN_PATH]["post"].Case(body=body, media_type="application/json", headers=headers).call()
    operation = schema[national.CALL_PATH]["post"]

    @fuzzed
    @given(code=st.sampled_from(KNOWN_THERE) | st.text(st.characters(codec="utf-8")))
    def holds(code: str) -> None:
        asked = {"session": login.json()["session"], "madonvi": national.UNIT, "service": "TraCuuHoSo", "mahoso": code}
        case = operation.Case(body=asked, media_type="application/json", headers=headers)
        answer = case.call()
        case.validate_response(answer)
        assert answer.json()["error_code"] == "00"

    holds()


class Overheard(httpx.BaseTransport):
    """The requests of a client, and what came back."""

    def __init__(self) -> None:
        self.exchanges: list[tuple[httpx.Request, httpx.Response]] = []
        self._inner = httpx.HTTPTransport()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Pass it on."""
        request.read()
        answer = self._inner.handle_request(request)
        answer.read()
        answer.elapsed = timedelta()
        self.exchanges.append((request, answer))
        return answer

    def close(self) -> None:
        """Close the connections."""
        self._inner.close()


def faults_of(operation: Any, request: httpx.Request) -> list[str]:
    """What a request lacks of its description."""
    sent = {"query": dict(request.url.params), "header": request.headers}
    found = []
    for parameter in (*operation.query, *operation.headers):
        value = sent[parameter.definition["in"]].get(parameter.name)
        schema = {name: rule for name, rule in parameter.definition["schema"].items() if name != "format"}
        value = int(value) if schema["type"] == "integer" and value else value
        found += [error.message for error in jsonschema.Draft202012Validator(schema).iter_errors(value)]
    for body in operation.body:
        form = body.media_type == "application/x-www-form-urlencoded"
        content = dict(parse_qsl(request.content.decode())) if form else json.loads(request.content)
        found += [error.message for error in jsonschema.Draft202012Validator(body.raw_schema).iter_errors(content)]
    unknown = set(sent["query"]) - {parameter.name for parameter in operation.query}
    return [*found, *(f"unknown parameter {name}" for name in unknown)]


@pytest.mark.parametrize("name", ["city", "national", "lgsp-national"])
def test_our_client_keeps_the_description(name: str) -> None:
    """Every request of a login, a look-up, details and an unknown code is one that the description knows."""
    heard = Overheard()
    with running(name) as served:
        asking = client(name, reaching(name, served.address), transport=heard, clock=lambda: NOW)
        asking.find(CODES[name])
        asking.details(CODES[name], lambda value: True)
        with pytest.raises(NotFound):
            asking.find("H29.19-260101-9999")
        asking.close()
    assert {request.url.path for request, _ in heard.exchanges} == {
        path for described_name, _, path in OPERATIONS if described_name == name
    }
    for request, answer in heard.exchanges:
        operation = described(name)[request.url.path][request.method.lower()]
        assert faults_of(operation, request) == []
        assert operation.is_valid_response(answer)


def test_a_client_that_breaks_the_description_is_seen() -> None:
    """The check of our requests finds a missing and an unknown parameter, and a missing header."""
    operation = described("city")[portal.SEARCH_PATH]["get"]
    request = httpx.Request("GET", f"http://127.0.0.1{portal.SEARCH_PATH}?page=0&spec=slice&code=x&pages=1")
    assert len(faults_of(operation, request)) == 3
