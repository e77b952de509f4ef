"""What counts as a difference between two systems: a table; and the plan and words around it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from bot import sync_plan
from bot.errors import BadData
from bot.sync_difference import DUE, PAID, Difference, Kind, differences
from bot.sync_plan import PATH
from integrations import fields
from integrations.dossiers import GROUPS, Dossier, Status, Step
from integrations.portal import fees_due
from tests.town import DOSSIER_CODE, dossier

T0 = datetime(2026, 11, 20, 2, tzinfo=UTC)
NOW = T0 + timedelta(days=2)
NINE, TEN = date(2026, 11, 9), date(2026, 11, 10)
CITY = fields.load().city.fields.fees


def hours(count: float) -> datetime:
    """So many hours after T0."""
    return T0 + timedelta(hours=count)


def told(**changes: Any) -> Dossier:
    """A dossier that both systems know alike, changed."""
    return dossier(**{"updated_at": None, **changes})


def kinds(here: Dossier | None, there: Dossier | None) -> set[Kind]:
    return {difference.kind for difference in differences(DOSSIER_CODE, here, there, NOW)}


@pytest.mark.parametrize(
    ("here", "there", "found"),
    [
        ({}, {}, set()),
        ({"status": Status.PROCESSED}, {"status": Status.RETURNED}, set()),
        ({"status": Status.ACCEPTED}, {"status": Status.PROCESSING}, set()),
        ({"status": Status.PROCESSED}, {"status": Status.PROCESSING}, {Kind.STATUS}),
        ({"status": Status.SUPPLEMENT_REQUIRED}, {"status": Status.PROCESSED}, {Kind.STATUS}),
        ({"status": Status.UNKNOWN}, {"status": Status.RETURNED}, set()),
        ({"accepted_on": NINE}, {"accepted_on": TEN}, {Kind.RECEIVED}),
        ({"due_on": NINE}, {"due_on": TEN}, {Kind.DUE}),
        ({"due_on": NINE}, {"due_on": None}, set()),
        ({"completed_on": NINE}, {"completed_on": TEN}, {Kind.FINISHED}),
        ({"completed_on": None}, {"completed_on": TEN}, set()),
        ({"updated_at": hours(2)}, {"updated_at": hours(1)}, {Kind.LATE}),
        ({"updated_at": hours(1)}, {"updated_at": hours(2)}, set()),
        ({"updated_at": hours(2)}, {"updated_at": None}, set()),
        ({"fees_due": True}, {"fees_due": False}, {Kind.FEES}),
        ({"fees_due": False}, {"fees_due": True}, {Kind.FEES}),
        ({"fees_due": True}, {"fees_due": None}, set()),
        ({"procedure_name": "A", "agency_name": "B"}, {"procedure_name": "C", "agency_name": None}, set()),
    ],
)
def test_what_differs(here: dict[str, Any], there: dict[str, Any], found: set[Kind]) -> None:
    """Only what both systems say can differ; statuses by what they mean, names not at all."""
    assert kinds(told(**here), told(**there)) == found


@pytest.mark.parametrize(("here", "there"), [(told(), None), (None, told())])
def test_one_system_has_no_such_dossier(here: Dossier | None, there: Dossier | None) -> None:
    """That is one difference and nothing else; it could have been known from the end of the day it was handed in."""
    (found,) = differences(DOSSIER_CODE, here, there, NOW)
    assert (found.kind, found.unit, {found.here, found.there}) == (Kind.MISSING, "H29.19", {"4", ""})
    assert found.since == datetime(2026, 3, 12, 17, tzinfo=UTC)
    assert differences(DOSSIER_CODE, None, None, NOW) == ()


def test_what_both_say_is_written_down() -> None:
    """Numbers of statuses, days, moments, due and paid: no words of a portal."""
    here = told(
        status=Status.PROCESSED, due_on=NINE, fees_due=True, updated_at=hours(5), status_label="Ông Nguyễn Văn A"
    )
    there = told(status=Status.PROCESSING, due_on=TEN, fees_due=False, updated_at=hours(1))
    found = {item.kind: (item.here, item.there) for item in differences(DOSSIER_CODE, here, there, NOW)}
    assert found == {
        Kind.STATUS: ("9", "4"),
        Kind.DUE: ("2026-11-09", "2026-11-10"),
        Kind.LATE: (hours(5).isoformat(), hours(1).isoformat()),
        Kind.FEES: (DUE, PAID),
    }


STEPS = tuple(Step(hours(at), Status.PROCESSING, "x") for at in (0, 3, 7))


@pytest.mark.parametrize(
    ("here", "there", "since"),
    [
        ({"updated_at": hours(7), "steps": STEPS}, {"updated_at": hours(1)}, hours(3)),
        ({"updated_at": hours(7)}, {"updated_at": hours(1)}, hours(7)),
        ({"updated_at": hours(1)}, {"updated_at": hours(7), "steps": STEPS}, hours(3)),
        ({"updated_at": hours(1)}, {"updated_at": hours(1)}, None),
        ({"updated_at": hours(1)}, {"updated_at": None}, None),
    ],
)
def test_since_when_one_is_ahead(here: dict[str, Any], there: dict[str, Any], since: datetime | None) -> None:
    """The first change that the other did not take over counts, however often it changes after that."""
    found = differences(DOSSIER_CODE, told(due_on=NINE, **here), told(due_on=TEN, **there), NOW)
    assert {item.since for item in found if item.kind is Kind.DUE} == {since}


def one(kind: Kind, since: datetime | None) -> Difference:
    return Difference(kind, DOSSIER_CODE, "H29.19", NOW, "4", "9", since)


@pytest.mark.parametrize("kind", Kind)
def test_a_lag_is_normal(kind: Kind) -> None:
    """A difference counts after its kind's lag: from when one system was ahead, else from when it was seen."""
    plan = sync_plan.load()
    assert plan.counts_from(one(kind, T0)) == T0 + plan.lags[kind] > T0
    assert plan.counts_from(one(kind, None)) == NOW + plan.lags[kind]


statuses = st.sampled_from(sorted(GROUPS))
days = st.none() | st.dates(date(2026, 1, 1), date(2026, 12, 31))
moments = st.none() | st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31), timezones=st.just(UTC))
anything = st.builds(
    told, status=statuses, accepted_on=days, due_on=days, completed_on=days, updated_at=moments,
    fees_due=st.none() | st.booleans(),
)  # fmt: skip


@given(here=anything, there=anything)
def test_whoever_is_asked_first(here: Dossier, there: Dossier) -> None:
    """A dossier never differs from itself; apart from who lags, both directions differ in the same kinds, each once."""
    assert kinds(here, here) == set()
    forth, back = differences(DOSSIER_CODE, here, there, NOW), differences(DOSSIER_CODE, there, here, NOW)
    assert len({item.kind for item in forth}) == len(forth)
    assert {item.kind for item in forth} - {Kind.LATE} == {item.kind for item in back} - {Kind.LATE}
    assert {Kind.LATE} != {item.kind for item in forth} & {item.kind for item in back}


@pytest.mark.parametrize(
    ("rows", "due"),
    [
        ([{"name": "A", "paid": "0"}], True),
        ([{"name": "A", "paid": True}, {"name": "B", "paid": "false"}], True),
        ([{"name": "A", "paid": 1}, {"name": "B", "paid": "true"}], False),
        ([{"name": "A", "paid": 1}, {"name": "B"}], None),
        ([{"name": "A", "paid": "chưa rõ"}], None),
        ([], None),
        (None, None),
        (["broken"], None),
    ],
)
def test_whether_fees_are_due(rows: object, due: bool | None) -> None:
    """One unpaid fee is due; all said to be paid is paid; anything that is left open or cannot be read is unknown."""
    assert fees_due({"dossierFee": rows}, CITY) is due


@pytest.mark.parametrize(
    ("kind", "told", "said"),
    [
        (Kind.STATUS, "9", "Đã xử lý xong"),
        (Kind.MISSING, "4", "Đang xử lý"),
        (Kind.MISSING, "0", "Chưa rõ"),
        (Kind.MISSING, "", "Không có hồ sơ"),
        (Kind.DUE, "2026-11-09", "09/11/2026"),
        (Kind.LATE, "2026-11-20T02:00:00+00:00", "09:00 20/11/2026"),
        (Kind.FEES, "due", "Còn phải nộp"),
    ],
)
def test_officers_read_words(kind: Kind, told: str, said: str) -> None:
    """What is kept in numbers is shown in words."""
    assert sync_plan.words().said(kind, told) == said
    assert set(sync_plan.words().kinds) == {item.value for item in Kind}


@pytest.mark.parametrize(
    "change", [{"alarm_from": 0}, {"lag_hours": {"missing": 1}}, {"lag_hours": None}, {"desks": 7}]
)
def test_a_wrong_plan_is_refused(change: dict[str, Any]) -> None:
    """Every kind has a lag, and no alarm is for nothing."""
    shipped = yaml.load(PATH.read_text("utf-8"), Loader=yaml.CSafeLoader)
    assert sync_plan.read(shipped).alarm_from > 0
    with pytest.raises(BadData):
        sync_plan.read({**shipped, **change})
