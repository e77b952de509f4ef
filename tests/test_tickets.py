"""A ticket's life: one table, one writer, and nobody forgotten whatever officers, citizens and the clock do."""

from __future__ import annotations

import threading
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from bot import desks, drawing, ledger, roster, tables
from bot.callback import Callbacks
from bot.conversation import Owner
from bot.errands import Errands
from bot.handoff import Desk
from bot.inbox import Inbox
from bot.messages import InboundMessage, Kind
from bot.outbox import Outbox
from bot.staffing import Staffing
from bot.store import Store
from bot.ticket import (
    ACTORS,
    ENDINGS,
    HELD,
    LETTERS,
    OFFICERS_ENDINGS,
    OWNERS,
    TABLE,
    TALKED,
    Act,
    Actor,
    Ending,
    Event,
    Refusal,
    Stage,
    State,
    Why,
    find_code,
    new_code,
    transition,
)
from bot.timers import Timers
from bot.worker import Worker
from nlu import personal_data
from tests import town

LAN, MINH = 1, 2
NUMBER = "0901234567"
OFFICERS = st.sampled_from([LAN, MINH])
MONDAY = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
# 9 in the morning
STATES = {
    Stage.BOT: State(),
    Stage.QUEUED: State(Stage.QUEUED, "one"),
    Stage.OFFICER: State(Stage.OFFICER, "one", LAN),
    Stage.CITIZEN: State(Stage.CITIZEN, "one", LAN),
    Stage.FILED: State(Stage.FILED, "one"),
    Stage.BESIDE: State(Stage.BESIDE, "one", LAN),
    Stage.CLOSED: State(Stage.CLOSED, "one", None, Ending.ANSWERED),
}
COMPLAINS = f"complain:{town.DOSSIER_CODE}"
BUTTONS = ("stay", "officer", "forget:yes", "nocall", COMPLAINS)
DOCUMENT = Path(__file__).parents[1] / "docs" / "tickets.md"


def act(event: Event, officer_id: int = LAN) -> Act:
    """A complete act."""
    return Act(event, officer_id, desk="two", to_officer_id=MINH, ending=Ending.VISIT, until=MONDAY, text="ba")


@pytest.mark.parametrize("event", Event)
@pytest.mark.parametrize("stage", Stage)
def test_the_table_is_all_there_is(stage: Stage, event: Event) -> None:
    """What the table has leads where it says, the rest is refused; a holder and an ending fit the stage."""
    after = transition(STATES[stage], act(event))
    if event not in TABLE[stage]:
        assert isinstance(after, Refusal)
        return
    assert isinstance(after, State) and after.stage is TABLE[stage][event]
    assert (after.officer_id is not None) == (after.stage in HELD)
    assert (after.ending is not None) == (after.stage is Stage.CLOSED) and after.desk


@pytest.mark.parametrize("event", [event for event in Event if ACTORS[event] is Actor.HOLDER] + [Event.CLAIMED])
@pytest.mark.parametrize("stage", sorted(HELD))
def test_only_the_holder_acts(stage: Stage, event: Event) -> None:
    """Somebody else's act on a held ticket is refused, and they are told who holds it."""
    assert transition(STATES[stage], act(event, MINH)) == Refusal(Why.TAKEN, LAN)


@pytest.mark.parametrize(
    ("stage", "wanted", "why"),
    [
        (Stage.QUEUED, Act(Event.REPLIED, LAN), Why.NOT_HELD),
        (Stage.CLOSED, Act(Event.REPLIED, LAN), Why.CLOSED),
        (Stage.CLOSED, Act(Event.CLAIMED, LAN), Why.CLOSED),
        (Stage.BOT, Act(Event.CLAIMED, LAN), Why.NOT_NOW),
        (Stage.OFFICER, Act(Event.CANCELLED), Why.NOT_NOW),
        (Stage.BOT, Act(Event.OPENED), Why.INCOMPLETE),
        (Stage.QUEUED, Act(Event.CLAIMED), Why.INCOMPLETE),
        (Stage.OFFICER, Act(Event.TRANSFERRED, LAN), Why.INCOMPLETE),
        (Stage.OFFICER, Act(Event.HANDED, LAN), Why.INCOMPLETE),
        (Stage.OFFICER, Act(Event.RESOLVED, LAN), Why.INCOMPLETE),
        (Stage.OFFICER, Act(Event.SNOOZED, LAN), Why.INCOMPLETE),
        (Stage.QUEUED, Act(Event.SNOOZED, LAN, until=MONDAY), Why.NOT_HELD),
        (Stage.OFFICER, Act(Event.WOKEN, MINH), Why.TAKEN),
        (Stage.QUEUED, Act(Event.WOKEN), Why.NOT_NOW),
        (Stage.OFFICER, Act(Event.RESOLVED, LAN, ending=Ending.LEFT), Why.INCOMPLETE),
        (Stage.FILED, Act(Event.FORWARDED, LAN, text="Sở"), Why.NOT_HELD),
        (Stage.BESIDE, Act(Event.FORWARDED, LAN), Why.INCOMPLETE),
        (Stage.BESIDE, Act(Event.WROTE), Why.NOT_NOW),
    ],
)
def test_a_refusal_says_why(stage: Stage, wanted: Act, why: Why) -> None:
    """A refused act says what is in its way."""
    refused = transition(STATES[stage], wanted)
    assert isinstance(refused, Refusal) and refused.why is why


def test_every_ending_is_somebody_s() -> None:
    """An ending is an officer's to choose, or follows from what happened; every stage has an owner."""
    assert OFFICERS_ENDINGS | set(ENDINGS.values()) == set(Ending)
    assert set(OWNERS) == set(Stage) == set(TABLE) and set(ACTORS) == set(Event)
    assert {event for moves in TABLE.values() for event in moves} == set(Event)


def test_the_drawing_is_that_of_the_table() -> None:
    """The drawing in the document is what `python -m bot.drawing` makes of the table."""
    document = DOCUMENT.read_text(encoding="utf-8")
    assert drawing.drawn(document) == document
    with pytest.raises(ValueError, match="no place"):
        drawing.drawn("")


@given(st.integers())
@settings(max_examples=30)
def test_a_code_survives_being_said(_: int) -> None:
    """A code is found however it is spaced and cased, and is never taken for a personal number."""
    code = new_code()
    assert set(code.replace("-", "")[2:]) <= set(LETTERS)
    for said in (code, code.lower(), code.replace("-", ""), code.replace("-", " "), f"phiếu {code} tới đâu rồi?"):
        assert find_code(said) == code
        assert find_code(personal_data.mask(said).text) == code
    assert find_code(f"x{code}") == find_code(f"{code}9") == find_code("HT-1234-0000") == ""


@lru_cache(maxsize=1)
def _empty() -> Store:
    store = Store("sqlite://")
    store.migrate()
    return store


def in_memory() -> Store:
    """An empty database in memory, with two officers."""
    store = Store("sqlite://")
    to, of = store.engine.raw_connection(), _empty().engine.raw_connection()
    of.driver_connection.backup(to.driver_connection)  # type: ignore[union-attr]
    to.close()
    of.close()
    with store.writing() as connection:
        for name in ("lan", "minh"):
            town.hire(connection, name)
    return store


class Life(RuleBasedStateMachine):
    """Two officers, two citizens, the clock; an officer may act while a worker is in the middle of a turn."""

    def __init__(self) -> None:
        super().__init__()
        self.store, self.clock, self.number = in_memory(), town.Clock(MONDAY), 0
        self.meanwhile = lambda: None
        danger = {"cháy nhà rồi": town.understood(intent="emergency")}
        assistant = town.assistant(town.Script({**town.SCRIPT, **danger}))

        def between() -> object:
            self.meanwhile()
            self.meanwhile = lambda: None
            return assistant

        self.desk = Desk(self.store, desks.load(), self.clock)
        self.worker = Worker(self.store, between, self.clock, desks.load())  # type: ignore[arg-type]
        self.timers, callbacks = Timers(self.store, desks.load(), self.clock), Callbacks("secret", self.clock)
        self.inbox, self.errands = Inbox(self.store, None, callbacks), Errands(self.store, callbacks, None, self.clock)
        self.staffing = Staffing(self.store, desks.load(), self.clock)

    def teardown(self) -> None:
        """Give the database back."""
        self.store.close()

    @initialize()
    def both_ask(self) -> None:
        """Both citizens need an officer: everything that follows is about tickets."""
        self._say("an", "gặp cán bộ")
        self._say("binh", "cháy nhà rồi")

    @rule(officer=OFFICERS)
    def claims_the_next(self, officer: int) -> None:
        """An officer takes the next ticket."""
        self.desk.take_next(officer)

    def _say(self, address: str, text: str, kind: Kind = Kind.TEXT) -> None:
        self.number += 1
        self.clock.move(1)
        sent = InboundMessage("webchat", str(self.number), address, self.clock(), kind, text)
        self.inbox.accept(sent)
        owners = {row["address"]: row["owner"] for row in town.rows(self.store, tables.conversation)}
        while self.worker.step():
            pass
        after = {row["address"]: row["owner"] for row in town.rows(self.store, tables.conversation)}
        if owners[address] == after[address] == Owner.OFFICER:
            last = town.rows(self.store, tables.turn)[-1]
            assert last["reply"] is None or last["outcome"] == "forget_put_off", "the bot spoke over an officer"

    @rule(
        address=st.sampled_from(["an", "binh"]),
        text=st.sampled_from(["gặp cán bộ", "khai sinh", "tôi 82 tuổi", "cháy nhà rồi", f"số tôi {NUMBER}"]),
    )
    def writes(self, address: str, text: str) -> None:
        """A citizen writes."""
        self._say(address, text)

    @rule(address=st.sampled_from(["an", "binh"]), button=st.sampled_from(BUTTONS))
    def presses(self, address: str, button: str) -> None:
        """A citizen presses a button, perhaps an old one."""
        self._say(address, button, Kind.BUTTON)

    @rule(address=st.sampled_from(["an", "binh"]), officer=OFFICERS, what=st.integers(0, 11), which=st.integers(0, 9))
    def writes_meanwhile(self, address: str, officer: int, what: int, which: int) -> None:
        """A citizen writes, and before the turn is recorded an officer acts."""
        self.meanwhile = lambda: self.acts(officer, what, which)
        self._say(address, "khai sinh")

    @rule(officer=OFFICERS, what=st.integers(0, 11), which=st.integers(0, 9))
    def acts(self, officer: int, what: int, which: int) -> None:
        """An officer does something, allowed or not, to some ticket."""
        rows = sorted(town.rows(self.store, tables.ticket), key=lambda row: (row["state"] == "closed", row["id"]))
        if not rows:
            return
        ticket_id, key = rows[which % len(rows)]["id"], f"key-{self.number}-{officer}-{what}"
        officer = rows[which % len(rows)]["officer_id"] or officer if which < 8 else officer
        [
            lambda: self.desk.claim(ticket_id, officer),
            lambda: self.desk.reply(ticket_id, officer, "Chào chị.", key),
            lambda: self.desk.ask(ticket_id, officer, "Chị gửi giúp ngày sinh.", key),
            lambda: self.desk.resolve(ticket_id, officer),
            lambda: self.desk.give_back(ticket_id, officer),
            lambda: self.desk.transfer(ticket_id, officer, ["dat_dai", "thanh_pho", "nowhere"][which % 3]),
            lambda: self.desk.hand_to(ticket_id, officer, 3 - officer),
            lambda: self.desk.reopen(ticket_id, officer),
            lambda: self.desk.note(ticket_id, officer, "khách cần gấp"),
            lambda: self.desk.mark_unclear(ticket_id, officer),
            lambda: self.desk.forward(ticket_id, officer, ["Sở Nội vụ", "Ủy ban nhân dân phường"][: 1 + which % 2]),
            lambda: self.desk.answer(ticket_id, officer, "Đã xử lý."),
        ][what]()

    @rule(officer=OFFICERS, what=st.integers(0, 4), which=st.integers(0, 9), hours=st.sampled_from([1, 5, 40]))
    def has_errands(self, officer: int, what: int, which: int, hours: int) -> None:
        """An officer puts some ticket off or asks its citizen for something, allowed or not."""
        rows = town.rows(self.store, tables.ticket)
        if not rows:
            return
        row, key = rows[which % len(rows)], f"errand-{self.number}-{officer}-{what}"
        officer = row["officer_id"] or officer if which < 8 else officer
        [
            lambda: self.errands.snooze(row["id"], officer, self.clock() + timedelta(hours=hours), "gọi lại"),
            lambda: self.errands.wake(row["id"], officer),
            lambda: self.errands.ask_number(row["id"], officer, key),
            lambda: self.errands.ask_paper(row["id"], officer, "Giấy chứng sinh", key),
            lambda: self.errands.ask_place(row["id"], officer, key),
        ][what]()

    @rule(officer=OFFICERS, desk=st.sampled_from(["dat_dai", "thanh_pho"]), joins=st.booleans())
    def moves(self, officer: int, desk: str, joins: bool) -> None:
        """An officer is put at a desk or leaves one: what they may not hold any more is somebody else's to take."""
        with suppress(KeyError):
            self.staffing.join(desk, officer) if joins else self.staffing.leave(desk, officer, "")
            with self.store.reading() as connection:
                served = roster.serves(connection, desks.load(), officer)
            held = [row for row in town.rows(self.store, tables.ticket) if row["state"] in HELD]
            assert {row["desk"] for row in held if row["officer_id"] == officer} <= served

    @rule(minutes=st.sampled_from([1, 20, 90, 400, 1440, 4320]))
    def passes(self, minutes: int) -> None:
        """Time passes, and the clock's hand moves."""
        self.clock.move(minutes * 60)
        self.timers.step()
        assert self.timers.step() == 0, "a second look at the same moment finds nothing to do"

    @rule(address=st.sampled_from(["an", "binh"]), really=st.integers(0, 3))
    def leaves(self, address: str, really: int) -> None:
        """A citizen shuts the channel, now and then."""
        if really:
            return
        outbox = Outbox(self.store)
        delivery = outbox.take("webchat", self.clock(), address)
        if delivery is not None:
            outbox.close_conversation(delivery, self.clock())

    @invariant()
    def one_owner(self) -> None:
        """A conversation is the bot's, but for one ticket that it may be about: then it is whose the stage says."""
        tickets = town.rows(self.store, tables.ticket)
        for row in town.rows(self.store, tables.conversation):
            mine = [one for one in tickets if one["conversation_id"] == row["id"] and one["state"] in TALKED]
            assert len(mine) <= 1
            owner = OWNERS[Stage(mine[0]["state"])] if mine else Owner.BOT
            assert row["owner"] == owner or (not mine and row["owner"] == Owner.CLOSED)

    @invariant()
    def the_history_folds_to_the_state(self) -> None:
        """The rows of a ticket, one after the other, by the table, give its state: nothing happened unwritten."""
        with self.store.reading() as connection:
            for row in town.rows(self.store, tables.ticket):
                ticket, state = ledger.of(connection, row["id"]), State()
                for entry in ledger.histories(connection, [ticket.id])[ticket.id]:
                    there = {"desk": entry.desk, "to_officer_id": entry.holder_id, "ending": Ending.ANSWERED}
                    wanted = Act(entry.event, entry.officer_id, **there, text=entry.text, until=entry.at)
                    after = transition(state, wanted)
                    assert isinstance(after, State)
                    assert (after.stage, after.desk, after.officer_id) == (entry.stage, entry.desk, entry.holder_id)
                    state = after
                assert (state.stage, state.desk, state.officer_id) == (
                    ticket.state.stage,
                    ticket.state.desk,
                    ticket.state.officer_id,
                )

    @invariant()
    def what_is_put_off_is_held(self) -> None:
        """Nothing in a queue or closed is put off, and nobody is asked there to send anything."""
        for row in town.rows(self.store, tables.ticket):
            if row["state"] not in HELD:
                assert row["snoozed_until"] is None and row["awaits"] == ""

    @invariant()
    def numbers_are_nowhere(self) -> None:
        """A telephone number is in no table, given or not; what was given is there encrypted, after a question."""
        for table in tables.metadata.sorted_tables:
            assert NUMBER not in str(town.rows(self.store, table))
        events = town.rows(self.store, tables.ticket_event)
        asked = {row["ticket_id"] for row in events if row["text"] == "phone"}
        assert {row["id"] for row in town.rows(self.store, tables.ticket) if row["callback"]} <= asked

    @invariant()
    def whoever_waits_was_told(self) -> None:
        """A queued ticket lies at a desk that has officers, and the citizen has its code and a promised time."""
        told: dict[int, list[str]] = {row["id"]: [] for row in town.rows(self.store, tables.conversation)}
        for row in town.told(self.store):
            told[row["conversation_id"]].append(str(row["reply"]))
        for row in town.rows(self.store, tables.ticket):
            if row["state"] == Stage.QUEUED:
                assert row["desk"] in desks.load() and row["promised_at"] is not None
                assert any(row["code"] in text for text in told[row["conversation_id"]])

    @invariant()
    def nothing_is_unanswered(self) -> None:
        """Every message was answered, or is noted on a ticket that somebody has."""
        for row in town.rows(self.store, tables.inbox):
            assert row["status"] == "done"
        of = {row["id"]: row["conversation_id"] for row in town.rows(self.store, tables.ticket)}
        events = town.rows(self.store, tables.ticket_event)
        noted = {(of[row["ticket_id"]], row["at"]) for row in events if row["kind"] == Event.WROTE}
        turns = town.rows(self.store, tables.turn)
        assert {(row["conversation_id"], row["created_at"]) for row in turns if row["reply"] is None} <= noted


TestLife = Life.TestCase
TestLife.pytestmark = [pytest.mark.slow]  # type: ignore[attr-defined]
TestLife.settings = settings(max_examples=30, stateful_step_count=25, deadline=None)


def test_of_fifty_officers_one_wins(tmp_path: Path) -> None:
    """When fifty officers claim one ticket at the same moment, one has it and 49 are told who."""
    store = town.store(tmp_path)
    with store.writing() as connection:
        for number in range(50):
            town.hire(connection, f"officer {number}")
    town.say(store, "gặp cán bộ")
    town.worker(store).step()
    desk, barrier, verdicts = Desk(store), threading.Barrier(50), {}

    def take(officer_id: int) -> None:
        barrier.wait()
        verdicts[officer_id] = desk.take(1, officer_id)

    threads = [threading.Thread(target=take, args=[number + 1]) for number in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    winners = [officer_id for officer_id, verdict in verdicts.items() if isinstance(verdict, State)]
    lost = {verdict for verdict in verdicts.values() if isinstance(verdict, Refusal)}
    assert len(verdicts) == 50 and len(winners) == 1
    assert lost == {Refusal(Why.TAKEN, winners[0], f"Officer {winners[0] - 1}")}
    assert [row["kind"] for row in town.rows(store, tables.ticket_event)] == ["opened", "claimed"]
    store.close()


def test_an_emergency_is_in_somebody_s_queue(database: Store) -> None:
    """Whoever is in danger is told the numbers first, and lies at the head of a queue."""
    words = "nhà tôi đang cháy"
    town.say(database, "gặp cán bộ", "1", "minh")
    town.say(database, words, "2")
    script = town.Script({**town.SCRIPT, words: town.understood(intent="emergency")})
    worker = town.worker(database, script)
    while worker.step():
        pass
    waiting = Desk(database).tickets("waiting", LAN)
    assert [ticket.reason for ticket in waiting] == ["emergency", "asked"]
    assert waiting[0].urgency == ("emergency",) and "114" in town.replies(database)[1]


def test_old_tickets_are_carried_over(tmp_path: Path) -> None:
    """Tickets from before have a code, a desk and their stage; who waited without a ticket has one."""
    store = Store(f"sqlite:///{tmp_path}/old.db")
    old = date(2026, 11, 20)
    with store.engine.connect() as connection:
        town.migrate(connection, "0004")
        for number, owner in enumerate(("queue", "officer", "bot", "queue"), 1):
            values = {"id": number, "at": f"{old} 02:00:00", "owner": owner}
            connection.execute(
                sa.text(
                    "INSERT INTO conversation (id, channel, address, owner, state, updated_at)"
                    " VALUES (:id, 'webchat', :id, :owner, '{}', :at)"
                ),
                values,
            )
        for number, state in enumerate(("waiting", "claimed", "resolved"), 1):
            connection.execute(
                sa.text(
                    "INSERT INTO ticket (conversation_id, state, reason, opened_at)"
                    f" VALUES ({number}, '{state}', 'asked', '{old} 02:00:00')"
                )
            )
        connection.commit()
    store.migrate()
    with store.reading() as connection:
        tickets = [ledger.of(connection, number) for number in range(1, 5)]
        assert [ticket.state.stage.value for ticket in tickets] == ["queued", "officer", "closed", "queued"]
        assert tickets[3].conversation_id == 4 and tickets[3].matter.reason == "emergency"
    assert len({ticket.code for ticket in tickets}) == 4 and {ticket.state.desk for ticket in tickets} == {"thanh_pho"}
    with store.engine.connect() as connection:
        town.migrate(connection, "0004", down=True)
        states = connection.execute(sa.text("SELECT state FROM ticket ORDER BY id")).scalars().all()
    assert states == ["waiting", "claimed", "resolved", "waiting"]
    store.close()
