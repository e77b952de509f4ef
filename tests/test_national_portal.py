"""The national services' client: shapes over a transport, the whole exchange over real servers, gateway and all."""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import asdict, replace
from datetime import date, datetime
from typing import Any

import httpx
import pytest

from integrations.dossiers import LABELS, Details, Dossier, FeeDue, Status, Step
from integrations.errors import AnotherDossier, BadAnswer, IntegrationError, NotFound, Refused, Unavailable
from integrations.lgsp import HEADER, Lgsp, LgspKeys
from integrations.portal import Portal
from integrations.stand_ins import lgsp
from integrations.stand_ins import national as stand_in
from tests.portals import NATIONAL_CODE as CODE
from tests.portals import NOW, ZONE, client, reaching, running

DATA: list[dict[str, Any]] = json.loads(stand_in.DATA.read_text("utf-8"))
PLAIN = {"MaHoSo": CODE, "TenTTHC": "Đăng ký khai sinh", "TrangThaiHoSo": "4"}


def fine(*rows: Any) -> httpx.Response:
    """An answer with these rows."""
    return httpx.Response(200, json={"error_code": 0, "result": list(rows)})


def answering(*answers: httpx.Response) -> Portal:
    """A client whose look-ups get these answers in turn; a login always gives a session."""
    left = list(answers)

    def handle(request: httpx.Request) -> httpx.Response:
        if request.url.path == stand_in.LOGIN_PATH:
            return httpx.Response(200, json={"error_code": "0", "session": f"s{len(left)}"})
        return left.pop(0)

    return client("national", reaching("national"), transport=httpx.MockTransport(handle), clock=lambda: NOW)


def test_every_dossier_over_a_real_server() -> None:
    """Each stand-in dossier is read, all statuses occur, and nothing about the applicant or an officer comes out."""
    with running("national") as served:
        dossiers = [served.client.find(row["MaHoSo"]).dossier for row in DATA]
    assert {dossier.status for dossier in dossiers} == set(Status)
    for row, dossier in zip(DATA, dossiers, strict=True):
        shown = json.dumps(asdict(dossier), default=str, ensure_ascii=False).casefold()
        people = [row[name] for name in ("ChuHoSo", "SoGiayToChuHoSo", "SoDienThoai", "Email")]
        assert not [value for value in [*people, "Hồ Văn Xử", "0000000299"] if value.casefold() in shown]


@pytest.mark.parametrize("name", ["national", "lgsp-national"])
def test_one_dossier_over_a_real_server(name: str) -> None:
    """Every field of a dossier arrives, its timeline too, with and without the gateway."""
    with running(name) as served:
        dossier = served.client.find(CODE).dossier
    assert dossier == Dossier(
        CODE, dossier.procedure_name, "2.002622", Status.PROCESSING, LABELS[Status.PROCESSING],
        applied_on=date(2026, 9, 21), accepted_on=date(2026, 9, 21), due_on=date(2026, 11, 25), completed_on=None,
        updated_at=datetime(2026, 11, 20, 17, tzinfo=ZONE), agency_name="Cổng liên thông khai sinh",
        steps=(
            Step(datetime(2026, 9, 21, 8, 15, tzinfo=ZONE), Status.REGISTERED, "Mới đăng ký"),
            Step(datetime(2026, 9, 21, 10, 0, tzinfo=ZONE), Status.ACCEPTED, "Được tiếp nhận"),
            Step(datetime(2026, 9, 22, 9, 0, tzinfo=ZONE), Status.PROCESSING, "Đang xử lý"),
        ),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("code", "opens"),
    [
        (
            "G09.20-20261020-0092637",
            Details(
                "V*** H*** Nam",
                ("Bổ sung bản sao Giấy chứng nhận của ***, gọi *** số ***.",),
                procedure_code="1.010801",
            ),
        ),
        (
            "G18.11-261102-0100234",
            Details(
                "Đ*** T*** Oanh", (), (FeeDue("Phí thẩm định cấp giấy phép hành nghề", 430_000),), True, "1.012289"
            ),
        ),
    ],
)
def test_details(code: str, opens: Details) -> None:
    """What is still asked for and not paid, without a full name or a number; what was handed in or paid is not told."""
    with running("national") as served:
        assert served.client.details(code, lambda value: value in ("0204", "0205")) == opens
        with pytest.raises(NotFound):
            served.client.details(code, lambda value: value == "0299")


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (fine(), NotFound),
        (httpx.Response(200, json={"error_code": "00", "result": None}), NotFound),
        (httpx.Response(200, json={"error_code": 0, "result": "x"}), BadAnswer),
        (httpx.Response(200, json={"error_code": 0, "result": ["x"]}), BadAnswer),
        (httpx.Response(200, json={"result": []}), BadAnswer),
        (httpx.Response(200, json=[]), BadAnswer),
        (fine(PLAIN | {"MaHoSo": "G22.99-251225-020175"}), AnotherDossier),
        (fine(PLAIN | {"NgayTiepNhan": "20261399000000"}), BadAnswer),
        (fine(PLAIN | {"TienTrinh": "x"}), BadAnswer),
        (fine(PLAIN | {"TrangThaiHoSo": ""}), BadAnswer),
        (httpx.Response(500), Unavailable),
    ],
)
def test_errors(answer: httpx.Response, error: type[IntegrationError]) -> None:
    """Whatever goes wrong becomes the error that says what the caller can do."""
    with pytest.raises(error) as caught:
        answering(answer).find(CODE)
    assert CODE not in str(caught.value)


@pytest.mark.parametrize("error_code", [0, "0", "00"])
def test_all_is_well(error_code: object) -> None:
    """Old and new services say in three ways that all is well; one record may come without a list."""
    answer = httpx.Response(200, json={"error_code": error_code, "result": PLAIN})
    assert answering(answer).find(CODE).dossier.status is Status.PROCESSING


@pytest.mark.parametrize(
    "refusal",
    [httpx.Response(200, json={"error_code": "17", "message": CODE}), httpx.Response(401), httpx.Response(403)],
)
def test_a_session_that_is_over(refusal: httpx.Response) -> None:
    """A session that is not taken is replaced once; when the new one is not taken either, an operator must look."""
    assert answering(refusal, fine(PLAIN)).find(CODE).dossier.code == CODE
    with pytest.raises(Refused) as caught:
        answering(refusal, refusal, fine(PLAIN)).find(CODE)
    assert CODE not in str(caught.value)


def test_a_session_ends_over_a_real_server() -> None:
    """The stand-in ends a session after its time; one new login follows, unseen."""
    with running("national", session_lifetime_s=-1) as served, pytest.raises(Refused):
        served.client.find(CODE)
    with running("national") as served:
        served.client.find(CODE)
        served.client._sessions._held = replace(served.client._sessions._held, value="old")  # type: ignore
        served.client.find(CODE)
        assert served.asked() == {"logins": 2, "searches": 2}


@pytest.mark.parametrize("change", ["national_password", "national_username", "national_unit", "national_dstcode"])
def test_wrong_credentials(change: str) -> None:
    """With a wrong name, password, unit or destination nothing is told."""
    with (
        running("national") as served,
        closing(client("national", replace(served.settings, **{change: "guess"}))) as wrong,  # type: ignore[arg-type]
        pytest.raises((Refused, BadAnswer)),
    ):
        wrong.find(CODE)


@pytest.mark.parametrize("name", ["lgsp-city", "lgsp-national"])
def test_the_gateway_refuses(name: str) -> None:
    """Without the right keys the gateway lets nobody through."""
    with (
        running(name) as served,
        closing(client(name, replace(served.settings, lgsp_secret_key="guess"))) as wrong,
        pytest.raises(Refused),
    ):
        wrong.find(CODE)


def test_the_keys_go_to_the_gateway_only() -> None:
    """A request to another address, a token endpoint for instance, does not carry the gateway's keys."""
    keys = LgspKeys("a", "s", "app", "000.00.01.H29")
    auth = Lgsp(keys, "https://gateway.example/base")
    sent = {
        url: HEADER in next(auth.auth_flow(httpx.Request("GET", url))).headers
        for url in ("https://gateway.example/x", "https://sso.example/x", "http://gateway.example/x")
    }
    assert list(sent.values()) == [True, False, False]
    assert "'s'" not in repr(keys) and lgsp._is_ours(keys.header()) is False
