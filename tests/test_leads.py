"""What leads, administrators and editors see and change: breaches, desks, rotas, the catalogue."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from httpx2 import Response
from starlette.testclient import TestClient

from bot import breaches, desks, ledger, roster, rota, tables
from bot.__main__ import main
from bot.accounts import Accounts
from bot.board import PAGE, Board, at_most
from bot.clocks import Cause, Limit
from bot.handoff import Desk
from bot.ledger import Entry
from bot.records import Records, Want
from bot.retention import KEEP, delete_old
from bot.roles import Role, Sight
from bot.roster import Roster, Slot
from bot.rota import Absence, Rotas, Watch, half_day
from bot.staffing import Staffing, Unfit
from bot.store import Store
from bot.ticket import Event, Stage
from bot.timers import Timers
from knowledge.catalogue import REVIEWED_FOLDER
from tests import town
from tests.memory_ports import PASSWORD, MemoryTown, wait
from tests.town import BIRTH, COPY, QUICK, RESIDENCE, Clock, access, oversight, rows
from web.app import create_app
from web.pages import load_pages

LAN, MINH, QUAN = 1, 2, 3
OFFICE, WARD, LAND = "thanh_pho", "ho_tich_ben_thanh", "dat_dai"
DESKS = desks.load()
ZONE = DESKS.everyone.calendar.zone


def at(text: str) -> datetime:
    """A moment of November 2026 here; the 23rd is a Monday, the 24th a holiday."""
    return datetime.fromisoformat(f"2026-11-{text}").replace(tzinfo=ZONE)


MONDAY = at("23 09:00")

# What the ledger says of a limit

FIRST, CHANGED = f"first_reply {at('23 09:00').isoformat()}", f"resolution {at('23 09:00').isoformat()}"
ENTRIES = {
    "opened": (Event.OPENED, Stage.QUEUED, None, ""),
    "claimed": (Event.CLAIMED, Stage.OFFICER, LAN, ""),
    "replied": (Event.REPLIED, Stage.OFFICER, LAN, ""),
    "warned": (Event.WARNED, Stage.QUEUED, None, f"{FIRST} "),
    "nobody": (Event.BREACHED, Stage.QUEUED, None, f"{FIRST} nobody_on_duty"),
    "silent": (Event.BREACHED, Stage.OFFICER, LAN, f"{FIRST} officer_silent"),
    "resolved": (Event.RESOLVED, Stage.CLOSED, None, ""),
    "gone": (Event.BREACHED, Stage.OFFICER, LAN, "first_reply 2026-11-20T09:00:00+07:00 officer_silent"),
}


def told(*events: tuple[str, str]) -> list[Entry]:
    """A history: moment and name of an entry."""
    return [
        Entry(event, at(when), stage, OFFICE, holder, None, text)
        for when, name in events
        for event, stage, holder, text in [ENTRIES[name]]
    ]


@pytest.mark.parametrize(
    ("events", "found"),
    [
        ([("23 09:00", "opened")], []),
        ([("23 09:00", "opened"), ("23 09:24", "warned")], [(False, True, 0, None, "")]),
        ([("23 09:00", "opened"), ("23 09:24", "warned"), ("23 09:25", "replied")], []),
        (
            [("23 09:00", "opened"), ("23 09:24", "warned"), ("23 09:30", "nobody")],
            [(True, True, 150, Cause.NOBODY_ON_DUTY, "")],
        ),
        (
            [("23 09:00", "opened"), ("23 09:01", "claimed"), ("23 09:30", "silent")],
            [(True, True, 150, Cause.OFFICER_SILENT, "Lan")],
        ),
        (
            [("23 09:00", "opened"), ("23 09:01", "claimed"), ("23 09:30", "silent"), ("23 13:10", "replied")],
            [(True, False, 130, Cause.OFFICER_SILENT, "Lan")],  # lunch does not count
        ),
        (
            [("23 09:00", "opened"), ("23 09:30", "nobody"), ("23 09:31", "claimed"), ("23 09:40", "resolved")],
            [(True, False, 10, Cause.NOBODY_ON_DUTY, "")],
        ),
        ([("23 09:00", "opened"), ("23 09:30", "gone")], []),  # of a clock that the ticket does not have
    ],
)
def test_a_breach_is_read_from_the_ledger(
    events: list[tuple[str, str]], found: list[tuple[bool, bool, int, Cause | None, str]]
) -> None:
    """Passed or near, still owed or not, by how many working minutes, why and whose: as the rows say."""
    read = list(breaches.found_in(1, "HT", told(*events), DESKS, {LAN: "Lan"}, at("23 13:30")))
    assert [
        (item.is_passed, item.runs, item.over // timedelta(minutes=1), item.cause, item.holder) for item in read
    ] == found
    assert all(item.due_at == at("23 09:30") and item.limit is Limit.FIRST_REPLY for item in read)


# The place: ticket 7 waits at the desk for everyone since Saturday


class Place:
    """The desk with its officers, a clock that is moved by hand, and the pages."""

    def __init__(self, sight: bool = True) -> None:
        self.town, self.clock = MemoryTown(), Clock(MONDAY)
        self.store = self.town.store
        self.desk, self.timers = Desk(self.store, clock=self.clock), Timers(self.store, DESKS, self.clock)
        self.staffing, self.accounts = Staffing(self.store, clock=self.clock), Accounts(self.store, QUICK, self.clock)
        self.behind, whose = oversight(self.store, self.clock), Roster(self.store)
        seen = Sight(whose.desks_of, whose.desk_of, whose.led_by)
        ports = replace(self.town.ports(), oversight=self.behind, access=access(self.store, sight=seen))
        self.app = create_app(replace(ports, board=Board(self.store, clock=self.clock)), "secret", stream_age_s=0)

    def browser(self, username: str) -> TestClient:
        """Somebody who is signed in."""
        client = TestClient(self.app, follow_redirects=False, headers={"Accept": "text/html"})
        form = {"csrf": token(client.get("/console/login").text), "username": username, "password": PASSWORD}
        assert client.post("/console/login", data=form).status_code == 303
        return client

    def ticket(self, ticket_id: int = 7) -> ledger.Ticket:
        """A ticket as it is."""
        with self.store.reading() as connection:
            return ledger.of(connection, ticket_id)

    def on_duty(self, desk: str = OFFICE) -> list[int]:
        """Who is there now."""
        with self.store.reading() as connection:
            return sorted(member.officer_id for member in roster.on_duty(connection, DESKS[desk], self.clock()))


@pytest.fixture
def place() -> Place:
    """Monday, nine o'clock: Lan and Minh answer, Quân administers; Lan leads the desk for everyone."""
    place = Place()
    place.accounts.set_roles(LAN, [Role.OFFICER, Role.LEAD], "quan")
    place.staffing.join(OFFICE, LAN, is_lead=True)
    return place


def token(page: str) -> str:
    return re.findall(r'name="csrf" value="([^"]*)"', page)[0]


def post(client: TestClient, **fields: object) -> Response:
    return client.post("/console/desks", data={"csrf": token(client.get("/console/account").text), **fields})


# Breaches


def test_the_lead_is_told_live(place: Place) -> None:
    """The clock's warning and breach reach the lead's queue page by themselves: the rows move the mark of the news."""
    board, lan, seen = Board(place.store), place.browser("lan"), []
    place.town.desk.claim(7, MINH)
    wait(place.store, 8, "asked", "alo", at=MONDAY)
    for moment in ("23 09:01", "23 09:25", "23 09:31"):
        place.clock.at = at(moment)
        before = board.newest()
        place.timers.step()
        page = lan.get("/console").text
        seen.append(("Sắp quá hạn: 1" in page, "Quá hạn: 2" in page, board.newest() != before))
    assert [near for near, _, _ in seen] == [False, True, False]
    assert [late for _, late, _ in seen] == [False, False, True] and seen[1][2] and seen[2][2]


def test_the_page_of_breaches(place: Place) -> None:
    """Code with its link, desk, limit, working minutes, cause, owner; nothing of another day; a CSV alike."""
    place.timers.step()
    lan = place.browser("lan")
    page = lan.get("/console/breaches").text
    for part in ("1 quá hạn, 0 sắp quá hạn", 'href="/console/tickets/7">HT-7K3M-0007', "Chưa ai nhận", "1 giờ"):
        assert part in page
    assert page.count("Có cán bộ trực nhưng chưa ai nhận") == 2, "once as running, once among those of the day"
    assert "trong ngày 22/11/2026: 0" in lan.get("/console/breaches?day=2026-11-22").text
    answer = lan.get("/console/breaches.csv?day=2026-11-23&desk=thanh_pho")
    assert answer.headers["content-disposition"] == 'attachment; filename="breaches-2026-11-23.csv"'
    lines = list(csv.reader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    assert lines[1][:2] == ["HT-7K3M-0007", "7"] and lines[1][4:6] == ["2026-11-23 08:00", "60"] and len(lines) == 2


@pytest.mark.parametrize(
    ("who", "path", "status"),
    [
        ("lan", "/console/breaches?desk=thanh_pho", 200),
        ("lan", "/console/breaches?desk=dat_dai", 403),
        ("lan", "/console/breaches.csv?desk=dat_dai", 403),
        ("lan", "/console/desks?desk=dat_dai", 403),
        ("quan", "/console/breaches?desk=dat_dai", 200),
        ("quan", "/console/desks?desk=dat_dai", 200),
        ("quan", "/console/desks?desk=x", 403),
        ("lan", "/console/breaches?day=hom-nay", 400),
        ("lan", "/console/breaches.csv?day=2026-02-30", 400),
    ],
)
def test_a_lead_sees_the_desks_they_lead(place: Place, who: str, path: str, status: int) -> None:
    """Another desk's breaches and officers are not a lead's; an administrator sees all desks."""
    assert place.browser(who).get(path).status_code == status


def test_an_administrator_opens_no_conversation_from_there(place: Place) -> None:
    """Who may not open a ticket sees its code without a link; who leads no desk is told so."""
    place.timers.step()
    place.accounts.set_roles(QUAN, [Role.ADMINISTRATOR], "quan")
    page = place.browser("quan").get("/console/breaches").text
    assert "HT-7K3M-0007" in page and "/console/tickets/7" not in page
    place.accounts.set_roles(MINH, [Role.LEAD], "quan")
    minh = place.browser("minh")
    assert all("chưa phụ trách bàn nào" in minh.get(f"/console/{name}").text for name in ("breaches", "desks"))
    assert "to-breaches" not in minh.get("/console").text


def test_a_breach_is_its_desk_s_and_owed_where_it_lies(place: Place) -> None:
    """After a transfer the old desk keeps the breach of the day, the new one sees what runs."""
    place.timers.step()
    assert place.desk.claim(7, LAN)
    place.desk.transfer(7, LAN, LAND)
    behind = place.behind.breaches
    assert ([item.code for item in behind.running({OFFICE})], len(behind.running({LAND}))) == ([], 1)
    assert (len(behind.on(date(2026, 11, 23), {OFFICE})), behind.on(date(2026, 11, 23), {LAND})) == (1, [])


# Nobody's queue


def leaves(place: Place) -> None:
    place.staffing.leave(WARD, MINH, "nghỉ việc", "quan")


def moves(place: Place) -> None:
    place.staffing.leave(WARD, MINH, "chuyển", "quan")
    place.staffing.join(LAND, MINH, by="quan")


def is_disabled(place: Place) -> None:
    place.accounts.disable(MINH, "quan")


def answers_no_more(place: Place) -> None:
    place.accounts.set_roles(MINH, [Role.EDITOR], "quan")


def is_released(place: Place) -> None:
    place.staffing.release(WARD, MINH, "ốm", "quan")


@pytest.mark.parametrize("asks", [False, True], ids=["held", "waits for the citizen"])
@pytest.mark.parametrize("change", [leaves, moves, is_disabled, answers_no_more, is_released])
def test_tickets_go_back_to_the_queue(place: Place, change: Callable[[Place], None], asks: bool) -> None:
    """Who leaves a desk, the answering or the account leaves no ticket behind: it is queued, told and recorded."""
    place.staffing.join(WARD, MINH)
    wait(place.store, 8, "asked", "alo", desk=WARD, at=MONDAY)
    assert place.desk.claim(8, MINH) and (not asks or place.desk.ask(8, MINH, "Năm nào?", "k"))
    change(place)
    assert (place.ticket(8).state.stage, place.ticket(8).state.desk) == (Stage.QUEUED, WARD)
    last = place.desk.history(8)[-1]
    assert (last.event, last.officer_id) == (Event.FREED, QUAN)
    assert "đã chuyển lại phiếu HT-7K3M-0008" in town.replies(place.store)[-1] and place.ticket(8).promised_at
    if change is not is_released:
        place.timers.step()
        assert place.ticket(8).state.desk == OFFICE, "nobody is left there: the desk that takes over has it"


def test_what_is_not_theirs_to_lose_stays(place: Place) -> None:
    """Tickets of the officer's other desks stay; leaving a desk where one is not assigned is refused."""
    place.staffing.join(WARD, LAN)
    assert place.desk.claim(7, LAN)
    assert place.staffing.leave(WARD, LAN, "bớt việc") == 0 and place.ticket().state.officer_id == LAN
    with pytest.raises(KeyError):
        place.staffing.leave(WARD, LAN, "bớt việc")


def test_a_first_desk_takes_one_away_from_the_common_one(place: Place) -> None:
    """Who was assigned nowhere and joins a desk gives back what they hold at the desk for everyone."""
    assert place.desk.claim(7, MINH)
    assert place.staffing.join(LAND, MINH) == 1 and place.ticket().state.stage is Stage.QUEUED
    assert (place.on_duty(OFFICE), place.on_duty(LAND)) == ([LAN], [MINH])


def test_a_ticket_of_a_desk_that_is_no_more_is_taken_over(place: Place) -> None:
    """When a desk is taken out of the data, what waits there goes to the desk for everyone."""
    wait(place.store, 8, "asked", "alo", desk="gone", at=MONDAY)
    place.timers.step()
    assert place.ticket(8).state.desk == OFFICE


def test_only_who_answers_is_on_duty(place: Place) -> None:
    """Neither administrators nor whoever cannot sign in stand for the staff of a desk."""
    assert place.on_duty() == [LAN, MINH]
    place.accounts.disable(MINH, "quan")
    assert place.on_duty() == [LAN]


# Duty and absence


@pytest.mark.parametrize(
    ("lan", "minh", "away", "there"),
    [
        ([], [], [], [LAN, MINH]),
        ([(0, 7, 12)], [], [], [LAN]),
        ([(0, 13, 17)], [(1, 7, 12)], [], []),
        ([], [], [("23", "23", "")], [MINH]),
        ([], [], [("23", "23", "am")], [MINH]),
        ([], [], [("23", "23", "pm")], [LAN, MINH]),
        ([], [], [("20", "22", "")], [LAN, MINH]),
        ([(0, 7, 12)], [], [("22", "25", "")], []),
    ],
)
def test_who_is_there(
    place: Place,
    lan: list[tuple[int, int, int]],
    minh: list[tuple[int, int, int]],
    away: list[tuple[str, str, str]],
    there: list[int],
) -> None:
    """On Monday at nine: who stands in the rota, or all when there is none, and is not away."""
    for officer_id, slots in ((LAN, lan), (MINH, minh)):
        place.staffing.plan(OFFICE, officer_id, [Slot(day, time(opens), time(closes)) for day, opens, closes in slots])
    for first, last, half in away:
        days = [date.fromisoformat(f"2026-11-{day}") for day in (first, last)]
        place.staffing.away(LAN, *half_day(DESKS.everyone, days[0], days[1], half))
    assert place.on_duty() == there


def test_an_old_absence_is_forgotten(place: Place) -> None:
    """When somebody was away is deleted after the time for which conversations are kept."""
    place.staffing.away(LAN, at("23 09:00"), at("25 09:00"))
    for days, left in ((KEEP.days, 1), (KEEP.days + 1, 0)):
        delete_old(place.store, at("25 09:00") + timedelta(days=days))
        assert len(rows(place.store, tables.absence)) == left


def test_the_coming_days(place: Place) -> None:
    """The rota of the week by day and stretch: a holiday has nobody, who is away is not named."""
    plan, members = DESKS.everyone, [roster.Member(LAN, frozenset(), 5), roster.Member(MINH, frozenset(), 5)]
    away = [Absence(1, MINH, *half_day(plan, date(2026, 11, 25), date(2026, 11, 25)))]
    lines = {LAN: [Slot(day, time(7, 30), time(11, 30)) for day in range(5)], MINH: [Slot(0, time(9), time(17))]}
    names = {LAN: "Lan", MINH: "Minh"}
    ahead = rota.watches(plan, members, lines, away, names, date(2026, 11, 23), 3)
    assert [(watch.day.day, watch.is_worked, watch.names) for watch in ahead] == [
        (23, True, ("Lan", "Minh")),
        (23, True, ("Minh",)),
        (24, False, ()),
        (24, False, ()),
        (25, True, ("Lan",)),
        (25, True, ()),
    ]
    free = list(rota.watches(plan, members, {}, away, names, date(2026, 11, 25), 1))
    assert free == [Watch(date(2026, 11, 25), shift, True, ("Lan",)) for shift in plan.calendar.shifts]


@pytest.mark.parametrize(
    "act",
    [
        lambda staffing: staffing.join(WARD, QUAN),
        lambda staffing: staffing.join(WARD, MINH, is_lead=True),
        lambda staffing: staffing.join(WARD, MINH, capacity=0),
        lambda staffing: staffing.plan(OFFICE, MINH, [Slot(0, time(11), time(7))]),
        lambda staffing: staffing.away(MINH, at("23 09:00"), at("23 09:00")),
        lambda staffing: staffing.join("x", MINH),
        lambda staffing: staffing.join(WARD, 99),
        lambda staffing: staffing.plan(WARD, MINH, []),
        lambda staffing: staffing.release(WARD, MINH, "x"),
        lambda staffing: staffing.back(99, MINH),
        lambda staffing: staffing.away(QUAN, at("23 09:00"), at("23 10:00")),
    ],
)
def test_what_cannot_be_is_refused(place: Place, act: Callable[[Staffing], object]) -> None:
    """An account that does not answer serves nowhere, a lead needs the role, times run forwards; nothing is written."""
    tables_kept = (tables.desk_member, tables.duty, tables.absence, tables.officer_event)
    before = [rows(place.store, table) for table in tables_kept]
    with pytest.raises((Unfit, KeyError)):
        act(place.staffing)
    assert [rows(place.store, table) for table in tables_kept] == before


# The page of the desks


def test_the_page_of_a_desk(place: Place) -> None:
    """Each form does what it says; each change is in the record with who did it."""
    quan, office = place.browser("quan"), {"desk": OFFICE, "officer": str(LAN)}
    mine = {"act": "join", "skill": ["ho_tich", "cu_tru"], "capacity": "2", "lead": "1"}
    assert post(quan, **office, **mine).headers["location"] == "/console/desks?desk=thanh_pho"
    post(quan, **office, act="plan", slot=["0 07:30-11:30", "2 13:00-17:00"])
    post(quan, **office, act="away", first="2026-11-25", last="2026-11-26", half="")
    one = Rotas(place.store, clock=place.clock).of(OFFICE).serving[0]
    assert (one.skills, one.capacity, one.is_lead, len(one.slots)) == ({"ho_tich", "cu_tru"}, 2, True, 2)
    page = quan.get("/console/desks?desk=thanh_pho").text
    assert "Vắng từ 00:00 25/11/2026 đến 00:00 27/11/2026" in page and 'value="0 07:30-11:30" checked' in page
    assert "Lĩnh vực: Cư trú, Hộ tịch" in page and "Ngày nghỉ" in page
    post(quan, **office, act="back", absence=str(one.absences[0].id))
    assert place.on_duty() == [LAN] and rows(place.store, tables.absence) == []
    done = [(event.by, event.kind) for event in place.accounts.events()[:4]]
    assert done == [("quan", "back"), ("quan", "away"), ("quan", "duty"), ("quan", "joined")]
    assert "(thanh_pho lead capacity=2 skills=cu_tru,ho_tich)" in quan.get("/console/officers").text


def test_leaving_by_the_page(place: Place) -> None:
    """Leaving needs a reason, which the ticket's history keeps; the page says how many tickets went back."""
    assert place.desk.claim(7, LAN)
    quan, leave = place.browser("quan"), {"desk": OFFICE, "officer": str(LAN), "act": "release"}
    assert post(quan, **leave, why=" ").status_code == 400 and place.ticket().state.officer_id == LAN
    answer = post(quan, **leave, why="ốm một tuần")
    assert "1 phiên đã về lại hàng chờ" in quan.get(answer.headers["location"]).text
    assert place.desk.history(7)[-1].text == "ốm một tuần"
    assert post(quan, **{**leave, "act": "leave"}, why="chuyển bàn").status_code == 303
    assert post(quan, **{**leave, "act": "leave"}, why="chuyển bàn").status_code == 409


def test_a_lead_names_no_leads(place: Place) -> None:
    """A lead changes skills and rota of their desk; who leads is an administrator's to say, and stays as it is."""
    lan = place.browser("lan")
    place.accounts.set_roles(MINH, [Role.OFFICER, Role.LEAD], "quan")
    assert post(lan, desk=OFFICE, officer=str(MINH), act="join", lead="1").status_code == 303
    assert post(lan, desk=OFFICE, officer=str(LAN), act="join", capacity="3").status_code == 303
    whose = Roster(place.store)
    assert (whose.led_by(MINH), whose.led_by(LAN)) == (frozenset(), {OFFICE})
    assert post(lan, desk=WARD, officer=str(LAN), act="join", lead="1").status_code == 403
    assert whose.desks_of(LAN) == {OFFICE}


def test_a_lead_keeps_to_their_officers(place: Place) -> None:
    """Whoever serves another desk is neither sent away nor brought back by this desk's lead."""
    place.staffing.join(LAND, MINH)
    place.staffing.away(MINH, at("25 00:00"), at("26 00:00"))
    lan, before = place.browser("lan"), rows(place.store, tables.absence)
    away = {"act": "away", "first": "2026-11-27", "last": "2026-11-27", "half": ""}
    for fields in (away, {"act": "back", "absence": "1"}, {"act": "plan"}, {"act": "leave", "why": "x"}):
        assert post(lan, desk=OFFICE, officer=str(MINH), **fields).status_code == 409
    assert rows(place.store, tables.absence) == before


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"act": "x"}, 400),
        ({"act": "join", "officer": "x"}, 400),
        ({"act": "join", "skill": "bay"}, 400),
        ({"act": "join", "capacity": "viele"}, 400),
        ({"act": "join", "capacity": "51"}, 409),
        ({"act": "join", "officer": "3"}, 409),
        ({"act": "plan", "slot": "0 11:30"}, 400),
        ({"act": "plan", "slot": "9 07:30-11:30"}, 409),
        ({"act": "away", "first": "2026-11-25"}, 400),
        ({"act": "away", "first": "2026-11-25", "last": "2026-11-24"}, 409),
        ({"act": "away", "first": "2026-11-25", "last": "2026-11-25", "half": "x"}, 400),
        ({"act": "back", "absence": "7"}, 409),
        ({"act": "leave", "why": "x" * 121}, 400),
    ],
    ids=str,
)
def test_bad_forms_change_nothing(place: Place, fields: dict[str, str], status: int) -> None:
    """What no form of the page says gets 400, what cannot be done is told."""
    before = rows(place.store, tables.desk_member)
    assert post(place.browser("quan"), **{"desk": OFFICE, "officer": str(LAN), **fields}).status_code == status
    assert rows(place.store, tables.desk_member) == before


# The command


def test_desks_by_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """An operator puts officers at desks, plans their week, takes them away; a mistake ends with 1 and a sentence."""
    monkeypatch.setenv("MOT_CUA_DATA_DIR", str(tmp_path))

    def run(*words: str) -> tuple[int, str]:
        code, printed = main(["desk", *words]), capsys.readouterr()
        return code, printed.out + printed.err

    main(["officers", "add", "lan", "Lan", "--role", "officer", "--role", "lead"])
    capsys.readouterr()
    joined = run("join", LAND, "lan", "--skill", "xay_dung", "--capacity", "2", "--lead")
    assert joined == (0, "lan serves at dat_dai; 0 tickets went back to a queue\n")
    assert run("duty", LAND, "lan", "mon/07:30-11:30", "fri/13:00-17:00")[1] == "lan at dat_dai: 2 stretches a week\n"
    assert run("away", "lan", "2026-11-25", "2026-11-26") == (0, "lan is away from 2026-11-25 to 2026-11-26\n")
    listed = run("list")[1].splitlines()
    assert listed[-1].split("\t")[0] == "  lan" and listed[-1].endswith("\txay_dung\tmon/07:30-11:30 fri/13:00-17:00")
    assert run("leave", LAND, "lan", "--why", "nghỉ") == (0, "lan left dat_dai; 0 tickets went back to the queue\n")
    assert (
        run("leave", LAND, "lan", "--why", "nghỉ")[0]
        == run("join", "x", "lan")[0]
        == run("away", "x", "2026-11-25", "2026-11-25")[0]
        == 1
    )
    assert run("join", LAND, "lan", "--capacity", "0") == (1, "error: not possible: capacity\n")
    with pytest.raises(SystemExit):
        run("duty", LAND, "lan", "monday")


# The catalogue


@pytest.mark.parametrize(
    ("want", "field", "on", "codes"),
    [
        (Want.OPEN, "", "2026-11-23", [RESIDENCE]),
        (Want.OPEN, "ho_tich", "2026-11-23", []),
        (Want.ALL, "", "2026-11-23", [COPY, RESIDENCE, BIRTH]),
        (Want.ALL, "cu_tru", "2026-11-23", [RESIDENCE]),
        (Want.DUE, "", "2026-11-23", []),
        (Want.DUE, "cu_tru", "2028-01-01", [RESIDENCE]),
        (Want.ENDED, "", "2026-11-23", []),
        (Want.ENDED, "", "2027-07-01", [RESIDENCE]),
    ],
)
def test_records_that_need_somebody(want: Want, field: str, on: str, codes: list[str]) -> None:
    """Reviewed records alone: with open points, with a check that is too old, or that hold no more; by field."""
    clock = Clock(datetime.fromisoformat(on).replace(tzinfo=ZONE))
    assert [entry.code for entry in Records(town.catalogue, clock).find(want, field)] == codes


def test_the_editor_s_pages(place: Place) -> None:
    """An editor sees what a record leaves open and what citizens are told of it, and may edit it."""
    place.accounts.set_roles(QUAN, [Role.EDITOR, Role.ADMINISTRATOR], "quan")
    quan = place.browser("quan")
    page = quan.get("/console/catalogue").text
    assert "1 bản ghi" in page and f"/console/record?code={RESIDENCE}" in page and "phí, lệ phí" in page
    record = quan.get(f"/console/record?code={RESIDENCE}").text
    assert "chưa rõ mức giảm cho người cao tuổi" in record and "1523/QĐ-BCA-C06" in record
    assert record.count('method="post"') == 2, "signing out and editing are the only forms"
    paths = ("catalogue?want=x", "catalogue?field=x", "record", "record?code=9.9")
    assert [quan.get(f"/console/{path}").status_code for path in paths] == [400, 400, 400, 404]


def test_every_field_and_part_has_a_name() -> None:
    """Whatever the shipped records are of and leave open, and every act on an account, is told in Vietnamese."""
    words = load_pages().words
    shipped = list(shipped_records())
    assert {field for field, _ in shipped} <= set(words["fields"])
    assert {part.partition(".")[0] for _, parts in shipped for part in parts} <= set(words["open_parts"])
    assert set(words["wants"]) == set(Want)


def shipped_records() -> Iterator[tuple[str, list[str]]]:
    """Field and open points of every shipped record."""
    for path in REVIEWED_FOLDER.glob("*/*.yaml"):
        found = re.findall(r"^  - field: ([a-z_.]+)", path.read_text(encoding="utf-8"), re.M)
        yield path.parent.name, found


# Many tickets


@contextmanager
def counted(store: Store) -> Iterator[list[str]]:
    """The questions that are put to the database."""
    asked: list[str] = []

    def note(connection: object, cursor: object, statement: str, *rest: object) -> None:
        asked.append(statement)

    sa.event.listen(store.engine, "before_cursor_execute", note)
    yield asked
    sa.event.remove(store.engine, "before_cursor_execute", note)


def more(place: Place, first: int, count: int) -> None:
    """So many tickets wait besides, and as many officers answer."""
    for number in range(first, first + count):
        wait(place.store, number, "asked", "alo", at=MONDAY)
    with place.store.writing() as connection:
        town.hire(connection, *(f"o{number}" for number in range(first, first + count)))


def test_as_many_questions_for_many_tickets(place: Place) -> None:
    """The queue page and a look of the clock ask the database no oftener for many tickets and officers than for few."""
    board, counts = Board(place.store, clock=place.clock), []
    for first, count in ((100, 1), (200, 70)):
        more(place, first, count)
        place.timers.step()
        with counted(place.store) as asked:
            board.listed("all", LAN)
            board.states()
            place.behind.breaches.running()
            place.timers.step()
        counts.append(len(asked))
    assert counts[0] == counts[1]


@pytest.mark.parametrize(("page", "shown"), [(1, PAGE), (2, 21), (9, 21), (0, PAGE)])
def test_every_page_of_the_queue(place: Place, page: int, shown: int) -> None:
    """Every waiting ticket is on one page, in order; a page that there is no more is the last one."""
    more(place, 200, 70)
    board = Board(place.store, clock=place.clock)
    listed, total = board.listed("waiting", LAN, page=page)
    assert (len(listed), total) == (shown, 71)
    everyone = [item.ticket.id for number in (1, 2) for item in board.listed("waiting", LAN, page=number)[0]]
    assert everyone == [7, *range(200, 270)] and at_most(page, 71) in (1, 2)


def test_paging_through_the_queue(place: Place) -> None:
    """The page leads on and back, and refreshes itself where it is."""
    more(place, 200, 70)
    minh = place.browser("minh")
    first, last = minh.get("/console").text, minh.get("/console?view=waiting&page=99").text
    assert "Trang 1 trong 2" in first and "page=2" in first and "Trang trước" not in first
    assert "Trang 2 trong 2" in last and 'data-page="/console?view=waiting&amp;page=2"' in last.replace(
        "&page", "&amp;page"
    )
    assert "Xem thêm" not in last and minh.get("/console?page=x").status_code == 200
