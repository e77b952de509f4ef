"""The portal client: shapes over a transport, the whole exchange over a real server on the loopback."""

from __future__ import annotations

import asyncio
import json
import logging
import socket
import time
from contextlib import closing
from dataclasses import asdict, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from integrations import readings
from integrations.dossiers import LABELS, Dossier, FeeDue, Group, Status, Step, group
from integrations.errors import AnotherDossier, BadAnswer, IntegrationError, NotFound, Refused, Unavailable
from integrations.fields import load
from integrations.portal import NOT_SHOWN, Portal, details
from integrations.stand_ins import portal as stand_in
from tests.portals import CITY_CODE as CODE
from tests.portals import NOW, ZONE, client, reaching, running
from tests.serving import served

DATA: list[dict[str, Any]] = json.loads(Path(stand_in.DATA).read_text("utf-8"))
SETTINGS = reaching("city")
PLAIN = {"code": CODE, "procedure": {"translate": {"name": "Đăng ký kết hôn"}}, "statusCurrentTask": "Đang xử lý"}


def answering(*answers: Any) -> Portal:
    """A client whose searches get these answers in turn: a response, an exception, or the value of one row."""
    left = list(answers)

    def handle(request: httpx.Request) -> httpx.Response:
        if request.url.path == stand_in.TOKEN_PATH:
            return httpx.Response(200, json={"access_token": "t", "expires_in": 300})
        answer = left.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer if isinstance(answer, httpx.Response) else httpx.Response(200, json={"content": [answer]})

    return client("city", SETTINGS, transport=httpx.MockTransport(handle), clock=lambda: NOW)


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
        (PLAIN | {"code": "H29.19-260312-0006"}, AnotherDossier),
        (PLAIN | {"code": None}, AnotherDossier),
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
    row = PLAIN | {
        "additionalRequirement": note,
        "applicant": {"data": {"fullname": "Lê An", "phoneNumber": "0900111222"}},
    }
    assert answering(row).details(CODE, lambda _: True).supplements == ((shown,) if shown else ())


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (Status.REGISTERED, Group.WAITING),
        (Status.ACCEPTED, Group.PROCESSING),
        (Status.NOT_ACCEPTED, Group.REFUSED),
        (Status.PROCESSING, Group.PROCESSING),
        (Status.SUPPLEMENT_REQUIRED, Group.PAUSED),
        (Status.PAYMENT_REQUIRED, Group.PAUSED),
        (Status.WITHDRAWN, Group.WITHDRAWN),
        (Status.STOPPED, Group.PAUSED),
        (Status.PROCESSED, Group.DONE),
        (Status.RETURNED, Group.DONE),
        (Status.UNKNOWN, Group.UNKNOWN),
    ],
)
def test_group(status: Status, expected: Group) -> None:
    """Every status has its group."""
    assert group(status) is expected


def test_every_dossier_over_a_real_server() -> None:
    """Each stand-in dossier is read, all statuses occur, and nothing about the applicant or an officer comes out."""
    with running("city") as served:
        dossiers = [served.client.find(row["code"]).dossier for row in DATA]
    assert len(dossiers) == 30 and {dossier.status for dossier in dossiers} == set(Status)
    for row, dossier in zip(DATA, dossiers, strict=True):
        shown = json.dumps(asdict(dossier), default=str, ensure_ascii=False).casefold()
        people = [*row["applicant"]["data"].values(), "Đinh Thị Ghi", "0000000399"]
        assert not [value for value in people if value.casefold() in shown]


def test_one_dossier_over_a_real_server() -> None:
    """Every field of a dossier arrives, with its timeline; days given relative to today stay fresh."""
    with running("city") as served:
        dossier = served.client.find(CODE).dossier
        kept_until = served.client.find("H29.19-261105-0021").dossier.collect_until
    assert dossier == Dossier(
        CODE, dossier.procedure_name, "1.012753", Status.PROCESSING, LABELS[Status.PROCESSING],
        applied_on=date(2026, 3, 12), accepted_on=date(2026, 3, 12), due_on=date(2026, 11, 27), completed_on=None,
        updated_at=datetime(2026, 11, 20, 17, tzinfo=ZONE), agency_name="Bộ phận Một cửa phường Bến Thành",
        steps=(
            Step(datetime(2026, 3, 12, 8, 10, tzinfo=ZONE), Status.REGISTERED, "Mới đăng ký"),
            Step(datetime(2026, 3, 12, 9, 10, tzinfo=ZONE), Status.ACCEPTED, "Được tiếp nhận"),
            Step(datetime(2026, 3, 16, 14, 0, tzinfo=ZONE), Status.PROCESSING, "Đang xử lý"),
        ),
    )  # fmt: skip
    assert kept_until == date(2026, 12, 21)


@pytest.mark.parametrize(
    ("row", "opens"),
    [
        ({"identityNumber": "079200001234", "phoneNumber": "0900 000 567 8"}, {"1234", "5678"}),
        ({"identityNumber": "C1234567", "phoneNumber": "0900.000.001"}, {"4567", "0001"}),
        ({"identityNumber": "12", "phoneNumber": ""}, set()),
        ({}, set()),
        (None, set()),
    ],
)
def test_factors(row: dict[str, str] | None, opens: set[str]) -> None:
    """The last four of each number open the details; each is always asked about, and a missing one opens nothing."""
    answer: Any = httpx.Response(200, json={"content": []}) if row is None else PLAIN | {"applicant": {"data": row}}
    for guess in ("1234", "5678", "4567", "0001", "0000", "", "----"):
        seen: list[str] = []

        def proof(value: str, guess: str = guess, seen: list[str] = seen) -> bool:
            seen.append(value)
            return value == guess

        if guess in opens:
            answering(answer).details(CODE, proof)
        else:
            with pytest.raises(NotFound, match=NOT_SHOWN):
                answering(answer).details(CODE, proof)
        assert len(seen) == 2 and {len(value) for value in seen} == {4}


def test_fees_due() -> None:
    """Only what the portal calls unpaid is due; an amount that cannot be read is not guessed."""
    with running("city") as served:
        opened = served.client.details("H29.7-261028-0015", lambda value: True)
    assert opened.fees == (FeeDue("Lệ phí cấp giấy phép xây dựng", 75_000),)
    for amount in ("75.000 đồng", -1, 7.5, True):
        with pytest.raises(BadAnswer):
            answering(owing(amount)).details(CODE, lambda value: True)


def owing(amount: object) -> dict[str, Any]:
    """A record with an unpaid fee."""
    fees = [{"name": "Phí", "amount": amount, "paid": 0}]
    return PLAIN | {"dossierFee": fees, "applicant": {"data": {"phoneNumber": "0000000001"}}}


@pytest.mark.parametrize("amount", [None, ""])
def test_an_amount_may_be_left_open(amount: object) -> None:
    """A fee without an amount is due all the same; so is a payment that only the status asks for."""
    assert answering(owing(amount)).details(CODE, lambda value: True).fees == (FeeDue("Phí", None),)
    row = owing(amount) | {"dossierFee": [], "statusCurrentTask": LABELS[Status.PAYMENT_REQUIRED]}
    opened = answering(row).details(CODE, lambda value: True)
    assert (opened.fees, opened.asks_payment) == ((), True)


OWN = "https://dichvucong.gov.vn/thanh-toan?ma=H29.19-260312-0005"


@pytest.mark.parametrize(
    ("said", "read"),
    [
        (OWN, OWN),
        ("http://dichvucong.gov.vn/", None),
        ("https://dichvucong.gov.vn.example/", None),
        ("https://x.dichvucong.gov.vn/", None),
        ("https://dichvucong.gov.vn@example.org/", None),
        ("https://dichvucong.gov.vn:8443/", None),
        ("https://example.org/?https://dichvucong.gov.vn/", None),
        ('https://dichvucong.gov.vn/"onclick=', None),
        ("https://dichvucong.gov.vn/\\n", None),
        ("javascript:alert(1)", None),
        (f"{OWN}{'0' * 300}", None),
        (7, None),
        (None, None),
    ],
)
def test_only_a_page_of_the_portal_is_a_page_to_pay_on(said: object, read: str | None) -> None:
    """A link over https to a host of the portal's own is believed; anything else that stands in a record is not."""
    assert readings.link(said, ("dichvucong.gov.vn",)) == read


def test_the_page_to_pay_on_is_where_the_map_says(tmp_path: Path) -> None:
    """Out of the box no field is read as a link; an operator's map names one."""
    row = owing(30_000) | {"paymentUrl": OWN}
    assert answering(row).details(CODE, lambda value: True).pay_link == ""
    (changes := tmp_path / "portals.yaml").write_text("city: {fields: {pay_link: [paymentUrl]}}")
    assert details(row, load(changes).city.fields).pay_link == OWN


def test_one_bad_gateway_over_a_real_server() -> None:
    """A fault ordered once is over after one search, so the retry succeeds unseen."""
    with running("city") as served:
        served.order("503", times=1)
        assert served.client.find(CODE).dossier.code == CODE


def test_token_is_kept_and_renewed() -> None:
    """A token serves until shortly before its end; then a new one is asked for, once."""
    client_time = [NOW]
    with running("city", clock=lambda: client_time[0]) as served:
        logins = []
        for seconds in (0, 269, 2, 0):
            client_time[0] += timedelta(seconds=seconds)
            served.client.find(CODE)
            logins.append(served.asked()["logins"])
    assert logins == [1, 1, 2, 2]


def test_a_forgotten_token_is_renewed() -> None:
    """A token that the portal no longer takes is renewed once, unseen."""
    with running("city", token_lifetime_s=1000, clock=lambda: NOW) as served:
        served.client.find(CODE)
        served.client._bearer._passes._held = replace(served.client._bearer._passes._held, value="old")  # type: ignore
        assert served.client.find(CODE).dossier.code == CODE
        assert served.asked() == {"logins": 2, "searches": 2}


def test_refused_token() -> None:
    """A token refused even when new means that we are not let in."""
    with pytest.raises(Refused):
        answering(httpx.Response(401), httpx.Response(401), PLAIN).find(CODE)


def test_wrong_credentials() -> None:
    """Wrong client credentials are refused."""
    with (
        running("city") as served,
        closing(client("city", replace(served.settings, portal_client_secret="guess"))) as wrong,
        pytest.raises(Refused),
    ):
        wrong.find(CODE)


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
    with served(stand_in.app()) as address:
        assert httpx.request(method, address + path, **options).status_code == status


@pytest.mark.parametrize(
    "token",
    [{}, {"access_token": ""}, {"access_token": "t", "expires_in": "soon"}, {"access_token": "t", "expires_in": 0}],
)
def test_unusable_token(token: dict[str, object]) -> None:
    """A token answer without a token or a lifetime is a bad answer."""
    answer = httpx.MockTransport(lambda request: httpx.Response(200, json=token))
    with pytest.raises(BadAnswer):
        client("city", SETTINGS, transport=answer).find(CODE)


def test_nobody_listens() -> None:
    """A portal that is down is unavailable, not an exception of httpx."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        address = f"http://127.0.0.1:{closed.getsockname()[1]}"
    with closing(client("city", reaching("city", address))) as asking, pytest.raises(Unavailable):
        asking.find(CODE)


def test_logs_hold_nothing_personal(caplog: pytest.LogCaptureFixture) -> None:
    """Even at DEBUG no log line holds a dossier code, a name, a token or a secret."""
    caplog.set_level(logging.DEBUG)
    with running("city") as served:
        served.client.find(CODE)
        held = served.client._bearer._passes._held  # type: ignore[attr-defined]
    assert "HTTP Request: GET" in caplog.text and held
    secret = [CODE, DATA[0]["applicant"]["data"]["fullname"], held.value, stand_in.CLIENT_SECRET]
    assert not [words for words in secret if words in caplog.text] and held.value not in repr(held)


@pytest.mark.parametrize("content", [b"[" * 100_000, b'{"content": "' + b"x" * 2**21 + b'"}'])
def test_an_endless_answer(content: bytes) -> None:
    """An answer that is too deep or too large is a bad one, whatever else it says."""
    with pytest.raises(BadAnswer):
        answering(httpx.Response(200, content=content)).find(CODE)


def test_a_dripping_answer() -> None:
    """An answer that comes byte by byte is given up when its time is over."""

    async def drip(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for _ in range(100):
            await asyncio.sleep(0.1)
            await send({"type": "http.response.body", "body": b" ", "more_body": True})

    begun = time.monotonic()
    with (
        served(drip) as address,  # type: ignore[arg-type]
        closing(client("city", reaching("city", address))) as asking,
        pytest.raises(Unavailable),
    ):
        asking.find(CODE)
    assert time.monotonic() - begun < 5
