"""Officers at the door: passwords, waits after wrong ones, sessions that end, and what administrators do."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta

import argon2
import pytest
import sqlalchemy as sa

from bot import attempts, tables
from bot.accounts import Accounts, LastAdministrator
from bot.attempts import LIMITS, WINDOW, Limit
from bot.officers import CODE_WAIT, IDLE, SESSION_LENGTH, Officers, Session, Stage, TooManyAttempts
from bot.passwords import LONGEST, SHORTEST, Passwords, fault
from bot.retention import KEEP_SIGN_INS, delete_old
from bot.roles import Role, Sight, may_see
from bot.store import Store
from integrations.oidc import Identity
from tests.town import QUICK, Clock, rows

PASSWORD = "mot-cua-2026"
HERE, THERE = "10.0.0.1", "203.0.113.9"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def officers(database: Store, clock: Clock) -> Officers:
    """Lan answers citizens, Minh administers."""
    made = Officers(database, QUICK, clock=clock)
    made.add("lan", "Nguyễn Thị Lan", PASSWORD)
    made.add("minh", "Trần Văn Minh", PASSWORD, [Role.ADMINISTRATOR, Role.AUDITOR])
    return made


def opened(officers: Officers, username: str = "lan", address: str = HERE) -> Session:
    session = officers.sign_in(username, PASSWORD, address, "Firefox")
    assert session is not None
    return session


# Passwords


def test_a_password_is_kept_as_argon2(database: Store, officers: Officers) -> None:
    """The database holds an argon2id hash that fits the password, and the password nowhere; a name is taken once."""
    hashed = rows(database, tables.officer)[0]["password_hash"]
    assert hashed.startswith("$argon2id$") and PASSWORD not in hashed
    assert argon2.PasswordHasher().verify(hashed, PASSWORD)
    assert not officers.add("lan", "Ai khác", "other-password") and officers.any()
    assert [row["username"] for row in rows(database, tables.officer)] == ["lan", "minh"]


def test_stronger_parameters_reach_old_hashes(database: Store, officers: Officers) -> None:
    """A hash of other parameters is made anew when its owner signs in, and only then."""
    stronger = Passwords(argon2.PasswordHasher(time_cost=2, memory_cost=16, parallelism=1))
    later = Officers(database, stronger)
    assert later.sign_in("lan", "wrong", HERE) is None
    assert "m=8,t=1" in rows(database, tables.officer)[0]["password_hash"]
    assert later.sign_in("lan", PASSWORD, HERE) is not None
    lan, minh = rows(database, tables.officer)
    assert "m=16,t=2" in lan["password_hash"] and "m=8,t=1" in minh["password_hash"]


@pytest.mark.parametrize(
    ("password", "expected"),
    [
        ("x" * (SHORTEST - 1), "short"),
        ("x" * SHORTEST, ""),
        ("x" * LONGEST, ""),
        ("x" * (LONGEST + 1), "long"),
        ("toi-la-LAN-2026", "name"),
    ],
)
def test_new_passwords_have_bounds(password: str, expected: str) -> None:
    """A new password is long enough and does not say who signs in."""
    assert fault(password, "lan") == expected


# Wrong sign-ins


@pytest.mark.parametrize(
    ("username", "password"), [("lan", "wrong"), ("lan", ""), ("ghost", PASSWORD), ("LAN", PASSWORD)]
)
def test_a_wrong_sign_in_opens_nothing(officers: Officers, database: Store, username: str, password: str) -> None:
    """A wrong name and a wrong password look the same and open nothing; what was typed is stored hashed."""
    assert officers.sign_in(username, password, HERE) is None
    assert rows(database, tables.officer_session) == []
    kept = {row["who"] for row in rows(database, tables.sign_in_failure)}
    assert kept == set(attempts.keys(username, HERE).values()) and f"name:{username}" not in kept


@pytest.mark.parametrize(
    ("failures", "wait_s"), [(0, 0), (3, 0), (4, 5), (5, 10), (6, 20), (9, 160), (10, 320), (11, 600), (400, 600)]
)
def test_waits_grow_up_to_a_cap(failures: int, wait_s: float) -> None:
    """After the free ones each failure doubles the wait, up to the cap."""
    assert Limit(free=3, first_s=5, most_s=600).wait_s(failures) == wait_s


def guessed(officers: Officers, times: int, address: str, clock: Clock, username: str = "lan") -> None:
    """Wrong passwords, each as soon as it is looked at."""
    for _ in range(times):
        try:
            assert officers.sign_in(username, "wrong", address) is None
        except TooManyAttempts as error:
            clock.move(error.retry_after_s)
            assert officers.sign_in(username, "wrong", address) is None


def test_a_guesser_waits_longer_each_time(officers: Officers, clock: Clock) -> None:
    """The same name from the same address: refused for a while, also with the right password, then looked at again."""
    guessed(officers, LIMITS["pair"].free + 3, HERE, clock)
    with pytest.raises(TooManyAttempts) as refused:
        officers.sign_in("lan", PASSWORD, HERE)
    assert refused.value.retry_after_s == LIMITS["pair"].first_s * 4
    clock.move(refused.value.retry_after_s)
    assert opened(officers)


def test_guessing_elsewhere_locks_no_colleague_out(officers: Officers, clock: Clock) -> None:
    """However much is guessed from elsewhere, an officer signs in at once from where they signed in before."""
    opened(officers)
    guessed(officers, 30, THERE, clock)
    for number in range(60):
        guessed(officers, 1, f"198.51.100.{number}", clock)
    with pytest.raises(TooManyAttempts) as refused:
        officers.sign_in("lan", PASSWORD, "192.0.2.200")
    assert refused.value.retry_after_s <= LIMITS["name"].most_s
    assert opened(officers)


def test_one_address_cannot_try_many_names(officers: Officers, clock: Clock) -> None:
    """One password tried with many names from one address is slowed down too, but an office is never shut for long."""
    guessed_names = [f"name{number}" for number in range(LIMITS["from"].free + 1)]
    for name in guessed_names:
        assert officers.sign_in(name, "wrong", THERE) is None
    with pytest.raises(TooManyAttempts) as refused:
        officers.sign_in("lan", PASSWORD, THERE)
    assert 0 < refused.value.retry_after_s <= LIMITS["from"].most_s


def test_failures_are_forgotten(officers: Officers, clock: Clock, database: Store) -> None:
    """Failures count for an hour; the right password clears those of its own address."""
    guessed(officers, 4, HERE, clock)
    opened(officers)
    guessed(officers, 4, HERE, clock)
    assert opened(officers)
    clock.move(WINDOW.total_seconds() + 1)
    guessed(officers, 1, THERE, clock)
    assert len(rows(database, tables.sign_in_failure)) == 3


# Sessions


def test_signing_in_and_out(officers: Officers, database: Store) -> None:
    """The right password opens a session by a token that the database does not hold; signing out ends it."""
    session = opened(officers)
    assert (session.name, session.stage, session.roles) == ("Nguyễn Thị Lan", Stage.OPEN, {Role.OFFICER})
    assert officers.session(session.token) == session
    assert session.token not in str(rows(database, tables.officer_session))
    assert session.csrf not in (session.token, "")
    officers.sign_out(session.token)
    assert officers.session(session.token) is None and officers.session("") is None


def test_each_sign_in_has_its_own_token(officers: Officers) -> None:
    """No two sessions share a token or a form token."""
    sessions = [opened(officers) for _ in range(3)]
    assert len({session.token for session in sessions} | {session.csrf for session in sessions}) == 6


@pytest.mark.parametrize(
    ("steps_s", "in_use", "open_still"),
    [
        ([IDLE.total_seconds() - 1], True, True),
        ([IDLE.total_seconds() + 1], True, False),
        ([1500.0] * 20, True, True),
        ([1500.0] * 30, True, False),
        ([600.0] * 4, False, False),
    ],
    ids=["short rest", "long rest", "used for 8 hours", "used for 12 hours", "only refreshed by the page"],
)
def test_a_session_ends(officers: Officers, clock: Clock, steps_s: list[float], in_use: bool, open_still: bool) -> None:
    """A session ends after half an hour without use, and after half a day in any case; a page's refresh is no use."""
    session = opened(officers)
    for step_s in steps_s:
        clock.move(step_s)
        officers.session(session.token, in_use=in_use)
    assert (officers.session(session.token) is not None) == open_still
    assert timedelta(hours=12) == SESSION_LENGTH


def test_an_officer_ends_own_sessions_alone(officers: Officers) -> None:
    """An officer sees their sessions, and ends any of theirs and nobody else's."""
    first, second, other = opened(officers), opened(officers, address=THERE), opened(officers, "minh")
    assert {item.address for item in officers.sessions(first.officer_id)} == {HERE, THERE}
    officers.end(first.officer_id, second.id)
    officers.end(first.officer_id, other.id)
    assert [item.id for item in officers.sessions(first.officer_id)] == [first.id]
    assert officers.session(other.token) is not None


def test_a_new_password_ends_every_session(officers: Officers) -> None:
    """After a change only the browser that made it goes on, with another token."""
    first, second = opened(officers), opened(officers, address=THERE)
    assert officers.change_password(first, "wrong", "a-new-password", HERE) is None
    fresh = officers.change_password(first, PASSWORD, "a-new-password", HERE)
    assert fresh is not None and officers.session(fresh.token) == fresh
    assert officers.session(first.token) is officers.session(second.token) is None
    assert officers.sign_in("lan", PASSWORD, HERE) is None
    assert officers.sign_in("lan", "a-new-password", HERE) is not None


@pytest.mark.parametrize(
    ("roles", "given", "stage"),
    [
        ([Role.OFFICER], False, Stage.OPEN),
        ([Role.OFFICER], True, Stage.PASSWORD),
        ([Role.LEAD], False, Stage.ENROL),
        ([Role.OFFICER, Role.LEAD], True, Stage.ENROL),
    ],
)
def test_a_sign_in_says_what_is_left(database: Store, roles: list[Role], given: bool, stage: Stage) -> None:
    """Who needs a second step sets it up first; who was given a password changes it."""
    strict = Officers(database, QUICK, [Role.LEAD])
    strict.add("hoa", "Hoa", PASSWORD, roles, must_change=given)
    assert opened(strict, "hoa").stage is stage


def test_a_half_finished_sign_in_is_short(officers: Officers, database: Store, clock: Clock) -> None:
    """A session that waits for a code is good for ten minutes; passing a stage changes the token."""
    with database.writing() as connection:
        connection.execute(sa.update(tables.officer).values(totp_secret="x"))
    waiting = opened(officers)
    assert (waiting.stage, waiting.expires_at) == (Stage.CODE, clock.at + CODE_WAIT)
    passed = officers.advance(waiting)
    assert (passed.stage, officers.session(waiting.token)) == (Stage.OPEN, None)
    assert passed.token != waiting.token and officers.session(passed.token) == passed


def test_ended_sessions_are_deleted(officers: Officers, database: Store, clock: Clock) -> None:
    """From where officers signed in is known for a month, then deleted."""
    opened(officers)
    delete_old(database, clock.at + KEEP_SIGN_INS)
    assert len(rows(database, tables.officer_session)) == 1
    delete_old(database, clock.at + KEEP_SIGN_INS + SESSION_LENGTH + timedelta(seconds=1))
    assert rows(database, tables.officer_session) == []


# An identity provider


@pytest.mark.parametrize(
    ("subject", "email", "whose"),
    [
        ("s-1", "lan@hcm.example", "lan"),
        ("s-1", "", None),
        ("s-1", "ai-do@hcm.example", None),
        ("s-minh", "", "minh"),
        ("s-minh", "lan@hcm.example", "minh"),
        ("s-2", "minh@hcm.example", None),
    ],
)
def test_a_provider_opens_existing_accounts_alone(
    database: Store, clock: Clock, subject: str, email: str, whose: str | None
) -> None:
    """The first time an officer is found by verified e-mail, then by the provider's own name; nobody is made up."""
    officers = Officers(database, QUICK, clock=clock)
    officers.add("lan", "Lan", PASSWORD, email="Lan@hcm.example")
    officers.add("minh", "Minh", PASSWORD, email="minh@hcm.example")
    assert officers.sign_in_as(Identity("s-minh", "minh@hcm.example", False), HERE) is not None
    session = officers.sign_in_as(Identity(subject, email, False), HERE)
    assert (session.username if session else None) == whose
    assert len(rows(database, tables.officer)) == 2


def test_a_given_password_dies_with_the_provider(database: Store) -> None:
    """Who signs in by the provider never needs the password that somebody else knows: it is good no more."""
    officers = Officers(database, QUICK)
    officers.add("lan", "Lan", PASSWORD, email="lan@hcm.example", must_change=True)
    session = officers.sign_in_as(Identity("s-1", "lan@hcm.example", False), HERE)
    assert session is not None and session.stage is Stage.OPEN
    assert officers.sign_in("lan", PASSWORD, HERE) is None


@pytest.mark.parametrize(("two_steps", "stage"), [(True, Stage.OPEN), (False, Stage.ENROL)])
def test_a_providers_second_step_counts(database: Store, two_steps: bool, stage: Stage) -> None:
    """Where the provider asked for two steps we do not ask again; where it did not, we do."""
    officers = Officers(database, QUICK, [Role.LEAD])
    officers.add("lan", "Lan", PASSWORD, [Role.LEAD], email="lan@hcm.example")
    session = officers.sign_in_as(Identity("s-1", "lan@hcm.example", two_steps), HERE)
    assert session is not None and session.stage is stage


# What administrators do


@pytest.fixture
def accounts(database: Store, officers: Officers, clock: Clock) -> Iterator[Accounts]:
    yield Accounts(database, QUICK, clock)


def test_a_disabled_officer_is_out_at_once(officers: Officers, accounts: Accounts) -> None:
    """Disabling ends the open sessions and closes the door; enabling opens the door, not the sessions."""
    session = opened(officers)
    accounts.disable(session.officer_id, "minh")
    assert officers.session(session.token) is None and officers.sign_in("lan", PASSWORD, HERE) is None
    accounts.enable(session.officer_id, "minh")
    assert officers.session(session.token) is None and opened(officers)


def test_roles_count_in_open_sessions(officers: Officers, accounts: Accounts) -> None:
    """A role that is given or taken counts for sessions that are open."""
    session = opened(officers)
    accounts.set_roles(session.officer_id, [Role.LEAD, Role.EDITOR], "minh")
    now = officers.session(session.token)
    assert now is not None and now.roles == {Role.LEAD, Role.EDITOR}


@pytest.mark.parametrize("act", ["roles", "disable"])
def test_somebody_can_always_undo_it(accounts: Accounts, act: str) -> None:
    """The last administrator keeps the role and the account."""
    minh = accounts.named("minh").id
    with pytest.raises(LastAdministrator):
        accounts.set_roles(minh, [Role.OFFICER], "minh") if act == "roles" else accounts.disable(minh, "minh")
    assert Role.ADMINISTRATOR in accounts.named("minh").roles and accounts.named("minh").disabled_at is None


def test_two_administrators_cannot_remove_each_other(accounts: Accounts) -> None:
    """When two administrators disable each other at the same moment one of them stays."""
    lan, minh = accounts.named("lan").id, accounts.named("minh").id
    accounts.set_roles(lan, [Role.ADMINISTRATOR], "minh")
    refused: list[Exception] = []

    def disable(officer_id: int) -> None:
        try:
            accounts.disable(officer_id, "each other")
        except LastAdministrator as error:
            refused.append(error)

    threads = [threading.Thread(target=disable, args=[number]) for number in (lan, minh)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 1
    assert [account.disabled_at is None for account in accounts.all()].count(True) == 1


def test_every_act_is_recorded(officers: Officers, accounts: Accounts) -> None:
    """What is done to an account stays: what, to whom, by whom."""
    lan = accounts.named("lan").id
    accounts.set_roles(lan, [Role.LEAD], "minh")
    accounts.reset_second_step(lan, "minh")
    password = accounts.give_password(lan, "minh")
    done = [(event.kind, event.username, event.by, event.text) for event in accounts.events()]
    assert done[:3] == [("password", "lan", "minh", ""), ("reset", "lan", "minh", ""), ("roles", "lan", "minh", "lead")]
    assert done[-1] == ("added", "lan", "command", "officer")
    given = officers.sign_in("lan", password, HERE)
    assert given is not None and given.stage is Stage.PASSWORD
    with pytest.raises(KeyError):
        accounts.disable(99, "minh")


# Whose conversations


@pytest.mark.parametrize(
    ("roles", "desks", "desk", "may"),
    [
        ([Role.OFFICER], frozenset({"ho_tich"}), "ho_tich", True),
        ([Role.OFFICER], frozenset({"ho_tich"}), "dat_dai", False),
        ([Role.LEAD], frozenset({"ho_tich"}), "dat_dai", False),
        ([Role.OFFICER], frozenset(), "ho_tich", False),
        ([Role.OFFICER], None, "dat_dai", True),
        ([Role.AUDITOR], frozenset(), "dat_dai", True),
        ([Role.OFFICER, Role.AUDITOR], frozenset(), "dat_dai", True),
    ],
)
def test_an_officer_sees_their_desks(roles: list[Role], desks: frozenset[str] | None, desk: str, may: bool) -> None:
    """Officers and leads see the tickets of their desks, auditors see all."""
    assert may_see(roles, desks, desk) is may
    assert Sight(lambda officer: desks, lambda ticket: desk).reaches(1, roles, 7) is may
