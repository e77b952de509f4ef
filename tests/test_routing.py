"""Routing: every matter has a desk, whoever is there; and what citizens say of themselves puts them ahead."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from bot import desks, roster, urgency
from bot.conversation import Conversation
from bot.errors import BadData
from bot.facts import DossierFacts, Facts, PlainFacts, ProcedureFacts
from bot.hearing import hear
from bot.messages import Kind
from bot.outcomes import Outcome
from bot.progress import Clock, Progress
from bot.roster import Slot
from bot.routing import Matter, proper, route
from bot.staffing import Staffing
from bot.store import Store
from bot.utterance import Utterance
from integrations.dossiers import Found
from knowledge.calendar import WorkCalendar
from knowledge.catalogue import load
from knowledge.units import Units
from tests import town

CALENDAR = WorkCalendar.load()
SHIPPED: Mapping[str, Any] = yaml.load(desks.PATH.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
DESKS = desks.load()
BEN_THANH, HOC_MON = "26743", "27559"
MONDAY = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
OFFICE, WARD, LAND = "thanh_pho", "ho_tich_ben_thanh", "dat_dai"


def test_the_shipped_desks_are_a_demo() -> None:
    """The shipped desks say that they are a demo set, and speak of fields and units that there are."""
    fields, units = {item.field for item in load()}, {unit.code for unit in Units.load()}
    assert SHIPPED["demo"] is True and all("mẫu thử" in plan.name for plan in DESKS)
    assert all(plan.fields <= fields and plan.units <= units for plan in DESKS)


@pytest.mark.parametrize(
    ("matter", "desk"),
    [
        (Matter("asked", "ho_tich", BEN_THANH), WARD),
        (Matter("asked", "ho_tich", HOC_MON), OFFICE),
        (Matter("asked", "ho_tich"), OFFICE),  # nobody knows which ward
        (Matter("asked", "dat_dai"), LAND),
        (Matter("asked", "dat_dai", BEN_THANH), LAND),
        (Matter("asked", "thue", BEN_THANH), OFFICE),
        (Matter("asked"), OFFICE),
        (Matter("not_understood", "", BEN_THANH), OFFICE),
        (Matter("complaint", "ho_tich", BEN_THANH), OFFICE),  # nobody judges a complaint about themselves
        (Matter("emergency", "dat_dai"), OFFICE),
    ],
)
def test_a_matter_goes_to_its_desk(matter: Matter, desk: str) -> None:
    """Field and unit lead to a desk; what is not known leads to the desk for everyone."""
    assert proper(matter, DESKS).id == desk


@pytest.mark.parametrize(
    ("first", "staffed", "serves", "desk"),
    [
        (WARD, {WARD, OFFICE}, {WARD, OFFICE}, WARD),
        (WARD, {OFFICE}, {WARD, OFFICE}, OFFICE),
        (WARD, set(), {WARD, OFFICE}, WARD),  # at night it lies where it belongs
        (WARD, set(), {OFFICE}, OFFICE),  # never where nobody ever looks
        (WARD, set(), set(), OFFICE),
        (OFFICE, {WARD}, {WARD}, OFFICE),
    ],
)
def test_the_fallback_takes_over(first: str, staffed: set[str], serves: set[str], desk: str) -> None:
    """While nobody is on duty the next desk of the chain takes a matter; it is never nobody's."""
    found = route(DESKS[first], DESKS, lambda plan: plan.id in staffed, lambda plan: plan.id in serves)
    assert found.id == desk


@given(
    st.builds(Matter, st.sampled_from(["asked", "complaint", "not_understood"]), st.text(), st.text()),
    st.sets(st.sampled_from([OFFICE, WARD, LAND])),
)
def test_every_matter_has_a_desk(matter: Matter, staffed: set[str]) -> None:
    """Whatever was said and whoever is there, there is a desk."""
    there = route(proper(matter, DESKS), DESKS, lambda plan: plan.id in staffed, lambda plan: False)
    assert there.id in DESKS and DESKS["no such desk"].everyone


def changed(index: int, **values: object) -> dict[str, Any]:
    """The shipped desks with one of them changed."""
    content = deepcopy(dict(SHIPPED))
    content["desks"][index] |= values
    return content


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"desks": []},
        changed(0, everyone=False),
        changed(1, everyone=True),
        changed(1, id=OFFICE),
        changed(1, fallback=""),
        changed(1, fallback="nowhere"),
        changed(1, fallback=WARD),
        changed(0, capacity=0),
        changed(0, hours=[]),
        changed(0, hours=[{"opens": "13:00", "closes": "11:00"}]),
        changed(0, hours=[{"opens": "late", "closes": "11:00"}]),
        changed(0, limits={**SHIPPED["desks"][0]["limits"], "first_reply_minutes": 0}),
        changed(0, limits={**SHIPPED["desks"][0]["limits"], "warn_at_percent": 100}),
        changed(0, limits={}),
    ],
)
def test_bad_desks_are_refused(content: dict[str, Any]) -> None:
    """Desks without a last resort, without hours or with impossible limits are refused when they are read."""
    with pytest.raises(BadData, match="desks"):
        desks.read(content, CALENDAR)


@pytest.fixture
def staff(database: Store) -> Store:
    """Lan and Minh, assigned nowhere."""
    with database.writing() as connection:
        for name in ("lan", "minh"):
            town.hire(connection, name)
    return database


def on_duty(store: Store, desk: str, local: str = "2026-11-23 09:00") -> list[int]:
    """Who is on duty at a moment in Ho Chi Minh City."""
    at = datetime.fromisoformat(local).replace(tzinfo=CALENDAR.zone)
    with store.reading() as connection:
        return sorted(member.officer_id for member in roster.on_duty(connection, DESKS[desk], at))


def test_whoever_is_assigned_nowhere_serves_everyone(staff: Store) -> None:
    """An officer without a desk serves the desk for everyone, until they get one."""
    assert (on_duty(staff, OFFICE), on_duty(staff, WARD)) == ([1, 2], [])
    Staffing(staff).join(WARD, 1, ["ho_tich"], 2)
    assert (on_duty(staff, OFFICE), on_duty(staff, WARD)) == ([2], [1])
    Staffing(staff).leave(WARD, 1, "nghỉ")
    assert (on_duty(staff, OFFICE), on_duty(staff, WARD)) == ([1, 2], [])


@pytest.mark.parametrize(
    ("local", "there"),
    [
        ("2026-11-23 09:00", [1]),
        ("2026-11-23 07:29", []),
        ("2026-11-23 11:30", []),  # lunch
        ("2026-11-23 14:00", [2]),
        ("2026-11-24 09:00", []),  # a holiday
        ("2026-11-25 09:00", []),  # not their day
        ("2026-11-21 09:00", []),
    ],
)
def test_the_rota_says_who_is_there(staff: Store, local: str, there: list[int]) -> None:
    """A desk with a rota has on duty who stands in it, within the desk's hours."""
    rota = Staffing(staff)
    rota.plan(OFFICE, 1, [Slot(0, time(7), time(12))])
    rota.plan(OFFICE, 2, [Slot(0, time(13), time(17))])
    assert on_duty(staff, OFFICE, local) == there


def test_capacity_is_the_officer_s_own_or_the_desk_s(staff: Store) -> None:
    """An officer may hold as many as their desk allows, or as is agreed with them."""
    Staffing(staff).join(WARD, 1, (), 1)
    with staff.reading() as connection:
        assert roster.capacity(connection, DESKS[WARD], 1) == 1
        assert roster.capacity(connection, DESKS[WARD], 2) == DESKS[WARD].capacity == 3


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("tôi 82 tuổi, không rành máy", ("elderly",)),
        ("tui già rồi đi không nổi", ("elderly",)),
        ("toi la nguoi cao tuoi", ("elderly",)),
        ("tôi là người khuyết tật", ("disabled",)),
        ("em bị điếc nên không gọi điện được", ("disabled",)),
        ("tôi 75 tuổi, đi lại khó khăn, tôi đi lại khó khăn", ("elderly", "disabled")),
        ("con tôi 3 tuổi", ()),
        ("tôi muốn gia hạn tạm trú", ()),
        ("trợ cấp cho người khuyết tật bao nhiêu", ()),
        ("tôi mù mờ quá", ()),
        ("tôi 25 tuổi", ()),
    ],
)
def test_urgency_is_what_citizens_say_of_themselves(text: str, names: tuple[str, ...]) -> None:
    """Who says that they are old or disabled goes ahead; whoever only asks about it does not."""
    assert urgency.heard(text) == names


def test_a_head_start_is_the_longest(staff: Store) -> None:
    """Reasons do not add up, and an unknown one counts for nothing."""
    assert urgency.head_start(()) == urgency.head_start(("gone",)) == timedelta()
    assert urgency.head_start(("elderly", "third_failure")) == timedelta(minutes=60)


def stands(clock: Clock) -> DossierFacts:
    """The town's dossier, told with this clock."""
    return DossierFacts(Outcome.DOSSIER_FOUND, Found(town.dossier(), town.MORNING), Progress(clock))


ABOUT_BIRTH = ProcedureFacts(Outcome.ANSWERED, town.made(town.BIRTH), (), "", town.TODAY)


@pytest.mark.parametrize(
    ("text", "facts", "field", "unit", "names"),
    [
        ("em ở phường Bến Thành", ABOUT_BIRTH, "ho_tich", BEN_THANH, ()),
        ("phường Bến Nghé quận 1", PlainFacts(Outcome.NOT_UNDERSTOOD), "", "26740", ()),  # a former ward
        ("ở Sài Gòn thì nộp ở đâu", ABOUT_BIRTH, "ho_tich", "", ()),  # the ward, or the whole City?
        ("phường Tân Định", ABOUT_BIRTH, "ho_tich", "", ()),  # two of that name
        ("hồ sơ", stands(Clock.LATE), "", "", ("late_dossier",)),
        ("hồ sơ", stands(Clock.LEFT), "", "", ()),
        ("cháy", PlainFacts(Outcome.ALARMED), "", "", ("emergency",)),
    ],
)
def test_the_talk_is_heard(text: str, facts: Facts, field: str, unit: str, names: tuple[str, ...]) -> None:
    """What was talked about, the unit that was surely named, and what makes it urgent stay with the conversation."""
    after = hear(Conversation(), Utterance(Kind.TEXT, text, (), len(text)), facts)
    assert (after.field, after.unit, after.urgency) == (field, unit, names)
    assert Conversation.of("bot", after.state()) == after
    later = hear(after, Utterance(Kind.BUTTON, "officer", (), 7), PlainFacts(Outcome.HANDED_OFF))
    assert (later.field, later.unit, later.urgency) == (field, unit, names)
