"""The portal client: shapes over a transport, the whole exchange over a real server on the loopback."""

from __future__ import annotations

import json
import logging
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette

from integrations.dossiers import LABELS, Dossier, Group, Status, group, is_overdue
from integrations.errors import BadAnswer, IntegrationError, NotFound, Refused, Unavailable
from integrations.portal import PortalClient, PortalSettings
from integrations.stand_ins import portal as stand_in

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
NOW = datetime(2026, 11, 21, 9, 0, tzinfo=ZONE)
CODE = "H29.19-260312-0005"
DATA: list[dict[str, Any]] = json.loads(Path(stand_in.DATA).read_text())
SETTINGS = PortalSettings(
    "http://127.0.0.1", "http://127.0.0.1" + stand_in.TOKEN_PATH, stand_in.CLIENT_ID, stand_in.CLIENT_SECRET
)
PLAIN = {"code": CODE, "procedure": {"translate": {"name": "Đăng ký kết hôn"}}, "statusCurrentTask": "Đang xử lý"}


def answering(*answers: Any) -> PortalClient:
    """A client whose searches get these answers in turn: a response, an exception, or the value of one row."""
    left = list(answers)

    def handle(request: httpx.Request) -> httpx.Response:
        if request.url.path == stand_in.TOKEN_PATH:
            return httpx.Response(200, json={"access_token": "t", "expires_in": 300})
        answer = left.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer if isinstance(answer, httpx.Response) else httpx.Response(200, json={"content": [answer]})

    return PortalClient(SETTINGS, httpx.MockTransport(handle), lambda: NOW)


@contextmanager
def serving(app: Starlette) -> Iterator[str]:
    """The address of the application on a real server."""
    server = uvicorn.Server(uvicorn.Config(app, log_level="critical", lifespan="off"))
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        # naming TCP makes asyncio send at once (TCP_NODELAY): 40 ms less per request
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


@contextmanager
def served(clock: Callable[[], datetime] = lambda: NOW, **options: Any) -> Iterator[PortalClient]:
    """A client of the stand-in on a real server; `clock` is the client's."""
    with serving(stand_in.app(clock=lambda: NOW, **options)) as address:
        settings = replace(SETTINGS, base_url=address, token_url=address + stand_in.TOKEN_PATH, timeout_s=0.5)
        client = PortalClient(settings, clock=clock)
        try:
            yield client
        finally:
            client.close()


def order(client: PortalClient, mode: str, times: int | None = None) -> None:
    """Orders a fault from the served stand-in."""
    address = client._settings.base_url
    httpx.post(f"{address}/__control", json={"mode": mode, "times": times}).raise_for_status()


@pytest.mark.parametrize(
    "procedure",
    [
        {"translate": [{"name": "Khai sinh"}]},
        {"translate": {"0": {"name": "Khai sinh"}}},
        {"translate": {"name": "Khai sinh"}},
        {"translate": [{"languageId": 46, "name": "Birth"}, {"languageId": 228, "name": "Khai sinh"}]},
        {"translate": {"name": [{"languageId": 46, "name": "Birth"}, {"languageId": 228, "name": "Khai sinh"}]}},
        {"translate": {"0": {"name": [{"languageId": 228, "name": "Khai sinh"}]}}},
        {"name": "Khai sinh"},
    ],
)
def test_procedure_name(procedure: dict[str, Any]) -> None:
    """The Vietnamese name is found in every shape that public code has seen."""
    assert answering(PLAIN | {"procedure": procedure}).find(CODE).dossier.procedure_name == "Khai sinh"


@pytest.mark.parametrize(
    ("fields", "status", "label"),
    [
        ({"dossierStatus": "4"}, Status.PROCESSING, "Đang xử lý"),
        ({"dossierStatus": 4}, Status.PROCESSING, "Đang xử lý"),
        ({"dossierStatus": "10"}, Status.RETURNED, "Đã trả kết quả"),
        ({"dossierStatus": 0}, Status.REGISTERED, "Mới đăng ký"),
        ({"dossierStatus": {"id": 5, "name": None}}, Status.SUPPLEMENT_REQUIRED, "Yêu cầu bổ sung giấy tờ"),
        ({"dossierStatus": 11}, Status.UNKNOWN, "11"),
        ({"statusCurrentTask": " ĐANG  xử lý "}, Status.PROCESSING, "ĐANG  xử lý"),
        ({"statusCurrentTask": "Trình lãnh đạo ký"}, Status.UNKNOWN, "Trình lãnh đạo ký"),
        ({"statusCurrentTask": "Trình lãnh đạo ký", "dossierStatus": 4}, Status.UNKNOWN, "Trình lãnh đạo ký"),
        (
            {"statusCurrentTask": "Trình ký", "dossierTaskStatus": {"id": "6a", "name": "Đang xử lý"}},
            Status.PROCESSING,
            "Đang xử lý",
        ),
        (
            {"dossierTaskStatus": {"name": [{"languageId": 228, "name": "Dừng xử lý"}]}},
            Status.STOPPED,
            "Dừng xử lý",
        ),
    ],
)
def test_status(fields: dict[str, Any], status: Status, label: str) -> None:
    """A status is read from a number, digits or words; unknown words stay as they are."""
    row = {"code": CODE, "procedure": PLAIN["procedure"], **fields}
    dossier = answering(row).find(CODE).dossier
    assert (dossier.status, dossier.status_label) == (status, label)


@pytest.mark.parametrize(
    ("value", "day"),
    [
        ("2026-11-20", date(2026, 11, 20)),
        ("2026-11-20T17:00:00", date(2026, 11, 20)),
        ("2026-11-19T18:30:00.000+0000", date(2026, 11, 20)),
        ("2026-11-19T18:30:00Z", date(2026, 11, 20)),
        (1795113000000, date(2026, 11, 20)),
        ("1795113000000", date(2026, 11, 20)),
        (None, None),
        ("", None),
    ],
)
def test_dates(value: object, day: date | None) -> None:
    """ISO text and epoch milliseconds give the same day, counted in Ho Chi Minh City."""
    assert answering(PLAIN | {"appointmentDate": value}).find(CODE).dossier.due_on == day


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (httpx.Response(200, json={"content": []}), NotFound),
        (httpx.Response(200, text="<html>Bảo trì</html>"), BadAnswer),
        (httpx.Response(200, content=b"\xff{"), BadAnswer),
        (httpx.Response(200, json=[]), BadAnswer),
        (httpx.Response(200, json={}), BadAnswer),
        (httpx.Response(200, json={"content": ["x"]}), BadAnswer),
        (PLAIN | {"code": "H29.19-260312-0006"}, BadAnswer),
        (PLAIN | {"code": None}, BadAnswer),
        (PLAIN | {"procedure": None}, BadAnswer),
        (PLAIN | {"statusCurrentTask": None}, BadAnswer),
        (PLAIN | {"appliedDate": "hôm qua"}, BadAnswer),
        (PLAIN | {"appliedDate": 10**30}, BadAnswer),
        (httpx.Response(302, headers={"Location": "/login"}), BadAnswer),
        (httpx.Response(403), Refused),
        (httpx.Response(500), Unavailable),
        (httpx.Response(429), Unavailable),
        (httpx.ReadTimeout("slow"), Unavailable),
        (httpx.DecodingError("gzip"), BadAnswer),
    ],
)
def test_errors(answer: object, error: type[IntegrationError]) -> None:
    """Whatever goes wrong becomes the error that says what the caller can do, without a vendor's exception."""
    with pytest.raises(error) as caught:
        answering(answer).find(CODE)
    assert caught.value.__cause__ is None and CODE not in str(caught.value)


@pytest.mark.parametrize(
    "first", [httpx.Response(502), httpx.Response(503), httpx.Response(504), httpx.ConnectError("down")]
)
def test_one_retry(first: object) -> None:
    """A gateway error or a broken connection is tried once more, and only once."""
    again = httpx.Response(503) if isinstance(first, httpx.Response) else httpx.ConnectError("down")
    assert answering(first, PLAIN).find(CODE).dossier.code == CODE
    with pytest.raises(Unavailable):
        answering(first, again, PLAIN).find(CODE)


def test_retry_after() -> None:
    """A portal that names a wait is not asked again before it."""
    busy = httpx.Response(503, headers={"Retry-After": "20"})
    with pytest.raises(Unavailable) as caught:
        answering(busy, PLAIN).find(CODE)
    assert caught.value.retry_after_s == 20


def test_the_row_asked_for() -> None:
    """Among several rows only the one with the asked code is read, whatever its letters' case."""
    rows = [PLAIN | {"code": "H29.19-260312-00051"}, PLAIN | {"agency": {"name": "Phường Bến Thành"}}]
    dossier = answering(httpx.Response(200, json={"content": rows})).find(CODE.lower()).dossier
    assert (dossier.code, dossier.agency_name) == (CODE, "Phường Bến Thành")


@pytest.mark.parametrize(
    ("note", "shown"),
    [
        ("Bổ sung bản vẽ móng.", "Bổ sung bản vẽ móng."),
        ("Ông LÊ AN bổ sung CCCD 079200000001.", "Ông *** bổ sung CCCD ***."),
        ("Gọi 0900 000 001 hoặc +84900000001, a@b.vn", "Gọi *** hoặc ***, ***"),
        ("Gọi 0900.00.00.01, 090-000-0001", "Gọi ***, ***"),
        ("Hồ sơ H29.19-260312-0005, thủ tục 1.013225", "Hồ sơ H29.19-260312-0005, thủ tục 1.013225"),
        ("Mã 1.000656.000.00.00.H29, hẹn 05.11.2026 14h30", "Mã 1.000656.000.00.00.H29, hẹn 05.11.2026 14h30"),
    ],
)
def test_note(note: str, shown: str) -> None:
    """The officer's note comes through with the applicant's name and every personal number blanked."""
    row = PLAIN | {"additionalRequirement": note, "applicant": {"data": {"fullname": "Lê An", "gender": "Nam"}}}
    assert answering(row).details(CODE, lambda _: True).supplements == ((shown,) if shown else ())


@pytest.mark.parametrize(
    ("status", "expected", "late"),
    [
        (Status.REGISTERED, Group.WAITING, True),
        (Status.ACCEPTED, Group.PROCESSING, True),
        (Status.NOT_ACCEPTED, Group.REFUSED, False),
        (Status.PROCESSING, Group.PROCESSING, True),
        (Status.SUPPLEMENT_REQUIRED, Group.PAUSED, False),
        (Status.PAYMENT_REQUIRED, Group.PAUSED, False),
        (Status.WITHDRAWN, Group.WITHDRAWN, False),
        (Status.STOPPED, Group.PAUSED, False),
        (Status.PROCESSED, Group.DONE, False),
        (Status.RETURNED, Group.DONE, False),
        (Status.UNKNOWN, Group.UNKNOWN, False),
    ],
)
def test_group_and_overdue(status: Status, expected: Group, late: bool) -> None:
    """Every status has its group; after the due day only running work is late."""
    dossier = replace(answering(PLAIN).find(CODE).dossier, status=status, due_on=date(2026, 11, 20))
    assert group(status) is expected
    assert is_overdue(dossier, date(2026, 11, 21)) is late
    assert not is_overdue(dossier, date(2026, 11, 20))
    assert not is_overdue(replace(dossier, due_on=None), date(2026, 11, 21))


@pytest.mark.parametrize(("completed_on", "late"), [(date(2026, 11, 20), False), (date(2026, 11, 21), True)])
def test_finished_late(completed_on: date, late: bool) -> None:
    """Finished work is late when it was finished after its due day, however long ago that is."""
    plain = answering(PLAIN).find(CODE).dossier
    dossier = replace(plain, status=Status.RETURNED, due_on=date(2026, 11, 20), completed_on=completed_on)
    assert is_overdue(dossier, date(2027, 1, 1)) is late


def test_every_dossier_over_a_real_server() -> None:
    """Each stand-in dossier is read, all ten statuses occur, and nothing about the applicant comes out."""
    with served() as client:
        dossiers = [client.find(row["code"]).dossier for row in DATA]
    assert len(dossiers) == 30 and {dossier.status for dossier in dossiers} == set(Status)
    for row, dossier in zip(DATA, dossiers, strict=True):
        shown = json.dumps(asdict(dossier), default=str, ensure_ascii=False).casefold()
        assert not [value for value in row["applicant"]["data"].values() if value.casefold() in shown]


def test_one_dossier_over_a_real_server() -> None:
    """Every field of a dossier arrives; days given relative to today stay fresh."""
    with served() as client:
        dossier = client.find(CODE).dossier
    assert dossier == Dossier(
        CODE, dossier.procedure_name, "1.012753", Status.PROCESSING, LABELS[Status.PROCESSING],
        applied_on=date(2026, 3, 12), accepted_on=date(2026, 3, 12), due_on=date(2026, 11, 27), completed_on=None,
        updated_at=datetime(2026, 11, 20, 17, tzinfo=ZONE), agency_name="Bộ phận Một cửa phường Bến Thành",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("mode", "error"),
    [
        ("slow", Unavailable),
        ("500", Unavailable),
        ("503", Unavailable),
        ("html", BadAnswer),
        ("other_person", BadAnswer),
        ("empty", NotFound),
    ],
)
def test_faults_over_a_real_server(mode: str, error: type[IntegrationError]) -> None:
    """Each fault of the stand-in is met by its error, and the next search works again."""
    with served(slow_s=0.7) as client:
        order(client, mode)
        with pytest.raises(error):
            client.find(CODE)
        order(client, "ok")
        assert client.find(CODE).dossier.code == CODE


def test_one_bad_gateway_over_a_real_server() -> None:
    """A fault ordered once is over after one search, so the retry succeeds unseen."""
    with served() as client:
        order(client, "503", times=1)
        assert client.find(CODE).dossier.code == CODE


def test_token_is_kept_and_renewed() -> None:
    """A token serves until shortly before its end; one the portal no longer takes is renewed once, unseen."""
    client_time = [NOW]
    with served(clock=lambda: client_time[0]) as client:
        tokens = [client.find(CODE) and client._token for _ in range(2)]
        client_time[0] += timedelta(seconds=271)
        tokens += [client.find(CODE) and client._token]
        client._token = ("forgotten", client_time[0] + timedelta(hours=1))
        tokens += [client.find(CODE) and client._token]
    assert tokens[0] == tokens[1] and len(set(tokens)) == 3


def test_refused_token() -> None:
    """A token refused even when new means that we are not let in."""
    with pytest.raises(Refused):
        answering(httpx.Response(401), httpx.Response(401), PLAIN).find(CODE)


def test_wrong_credentials() -> None:
    """Wrong client credentials are refused."""
    with served() as client:
        wrong = PortalClient(replace(client._settings, client_secret="guess"))
        with pytest.raises(Refused):
            wrong.find(CODE)
        wrong.close()


@pytest.mark.parametrize(
    ("method", "path", "options", "status"),
    [
        ("POST", stand_in.TOKEN_PATH, {"data": {"grant_type": "client_credentials"}}, 401),
        ("POST", stand_in.TOKEN_PATH, {"auth": ("mot-cua", "guess")}, 401),
        ("POST", stand_in.TOKEN_PATH, {"auth": (stand_in.CLIENT_ID, stand_in.CLIENT_SECRET)}, 400),
        ("GET", stand_in.SEARCH_PATH, {"params": {"code": CODE}}, 401),
        ("GET", stand_in.SEARCH_PATH, {"params": {"code": CODE}, "headers": {"Authorization": "Bearer x"}}, 401),
        ("POST", "/__control", {"json": {"mode": "explode"}}, 400),
    ],
)
def test_the_stand_in_checks(method: str, path: str, options: dict[str, Any], status: int) -> None:
    """The stand-in lets nobody in without credentials, the right grant and a token, and knows its faults."""
    with serving(stand_in.app()) as address:
        assert httpx.request(method, address + path, **options).status_code == status


@pytest.mark.parametrize(
    "token",
    [{}, {"access_token": ""}, {"access_token": "t", "expires_in": "soon"}, {"access_token": "t", "expires_in": 0}],
)
def test_unusable_token(token: dict[str, object]) -> None:
    """A token answer without a token or a lifetime is a bad answer."""
    client = PortalClient(SETTINGS, httpx.MockTransport(lambda request: httpx.Response(200, json=token)))
    with pytest.raises(BadAnswer):
        client.find(CODE)


def test_nobody_listens() -> None:
    """A portal that is down is unavailable, not an exception of httpx."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        address = f"http://127.0.0.1:{closed.getsockname()[1]}"
    client = PortalClient(replace(SETTINGS, base_url=address, token_url=f"{address}/token"))
    with pytest.raises(Unavailable):
        client.find(CODE)


def test_logs_hold_nothing_personal(caplog: pytest.LogCaptureFixture) -> None:
    """Even at DEBUG no log line holds a dossier code, a name, a token or a secret."""
    caplog.set_level(logging.DEBUG)
    with served() as client:
        client.find(CODE)
        held = client._token
    assert "HTTP Request: GET" in caplog.text and held
    secret = [CODE, DATA[0]["applicant"]["data"]["fullname"], held[0], stand_in.CLIENT_SECRET]
    assert not [words for words in secret if words in caplog.text]


def test_the_secret_is_not_shown() -> None:
    """Printing the settings shows no secret."""
    assert stand_in.CLIENT_SECRET not in repr(SETTINGS)
