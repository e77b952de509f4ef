"""Every kind of data has a period, and the job deletes what is older and nothing that is younger."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from bot import access_log, attempts, callback, data_requests, followers, register, retention, tables
from bot.retention import KEEP, delete_old
from bot.store import Store
from tests.town import MORNING, hire, rows

SECOND = timedelta(seconds=1)
CODE = "H29.19-260312-0005"
UNTIL_SAID = frozenset({"account", "always", "replaced"})
# kinds that no age ends: with the account, never, or with the next pair of tokens

Row = Callable[[datetime], Mapping[str, Any]]


def message(at: datetime) -> dict[str, Any]:
    return {"channel": "webchat", "message_id": "1", "kind": "text", "text": "x", "masked": [], "length": 1} | {
        "received_at": at,
        "status": "done",
        "attempts": 1,
        "conversation_id": 1,
    }


def waiting(at: datetime) -> dict[str, Any]:
    reply = {"blocks": [], "buttons": [], "sources": [], "author": "assistant"}
    return {
        "channel": "webchat",
        "address": "lan",
        "key": "turn:1",
        "reply": reply,
        "status": "sent",
        "attempts": 1,
    } | {
        "next_at": at,
        "created_at": at,
        "conversation_id": 1,
    }


TICKET = {"code": "HT-AAAA-AAAA", "state": "closed", "desk": "d", "reason": "asked", "field": "", "unit": ""}
TURN = {"engine": "none", "understanding": {}, "decision": "Stay", "outcome": "silent", "elapsed_ms": 1}
WITH_CONVERSATION: Mapping[str, Row] = {
    "conversation": lambda at: {},
    "inbox": message,
    "turn": lambda at: {**TURN, "conversation_id": 1, "inbox_id": 1, "created_at": at},
    "outbox": waiting,
    "ticket": lambda at: {**TICKET, "urgency": [], "opened_at": at, "rank_at": at, "conversation_id": 1},
    "complaint": lambda at: {"ticket_id": 1, "what": "x", "place": "", "unit": "", "time": "", "dossier": ""},
    "ticket_event": lambda at: {"ticket_id": 1, "kind": "note", "text": "x", "at": at, "stage": "closed", "desk": "d"},
    "mention": lambda at: {"ticket_id": 1, "officer_id": 1, "by_id": 1, "at": at},
    "aside_event": lambda at: (
        {"conversation_id": 1, "box": "inbox", "item_id": 1, "officer_id": 1, "kind": "retried"} | {"at": at}
    ),
    "consent": lambda at: (
        {"conversation_id": 1, "purpose": "follow", "version": 1, "channel": "webchat"} | {"given_at": at}
    ),
}
# kinds that go with the conversation once it rested; each needs those before it
BY_THEMSELVES: Mapping[str, tuple[timedelta, Row]] = {
    "web_session": (retention.KEEP_SESSIONS, lambda at: {"address": "lan", "number": 1, "since": at}),
    "factor_try": (
        retention.KEEP_TRIES,
        lambda at: {"conversation_id": 1, "inbox_id": 1, "dossier": "keyed", "at": at},
    ),
    "officer_session": (
        retention.KEEP_SIGN_INS,
        lambda at: (
            {"token_hash": "x", "officer_id": 1, "csrf": "x", "stage": "open", "address": "10.0.0.1", "agent": ""}
            | {"created_at": at, "seen_at": at, "expires_at": at}
        ),
    ),
    "absence": (KEEP, lambda at: {"officer_id": 1, "starts_at": at, "ends_at": at}),
    "sign_in_failure": (attempts.WINDOW, lambda at: {"who": "from:10.0.0.1", "at": at}),
    "access_log": (
        access_log.KEEP,
        lambda at: {"officer_id": 1, "conversation_id": 1, "why": "ticket", "at": at, "until": at},
    ),
    "followed": (
        followers.KEEP_ENDED,
        lambda at: (
            {"conversation_id": 1, "code": CODE, "label": "", "told": 0}
            | {"followed_at": at, "seen_at": at, "until": at}
        ),
    ),
    "data_request": (
        data_requests.KEEP,
        lambda at: (
            {"code": "YC-AAAA-AAAA", "wanted": "delete", "finish_by": at.date(), "decided": "done"}
            | {"asked_at": at, "decided_at": at}
        ),
    ),
}
# kinds that go by themselves, with the period after the moment of the row


@pytest.fixture
def place(database: Store) -> Store:
    """One officer and one conversation that rests since this morning."""
    with database.writing() as connection:
        hire(connection, "lan")
        talk = {"channel": "webchat", "address": "lan", "owner": "bot", "state": {}, "updated_at": MORNING}
        connection.execute(sa.insert(tables.conversation).values(**talk))
    return database


def put(store: Store, name: str, values: Mapping[str, Any]) -> None:
    with store.writing() as connection:
        connection.execute(sa.insert(tables.metadata.tables[name]).values(**values))


def left(store: Store, name: str) -> int:
    return len(rows(store, tables.metadata.tables[name]))


def test_every_kind_of_the_register_is_deleted_somewhere() -> None:
    """A table of the register goes with the conversation, by itself, or says why no age ends it."""
    elsewhere = {"deadline", "lost_question", "rating", "watched", "sync_target", "sync_difference", "sync_hour"}
    for table in register.load().tables:
        known = table.name in {*WITH_CONVERSATION, *BY_THEMSELVES, *elsewhere}
        assert known or table.kept in UNTIL_SAID, table.name


@pytest.mark.parametrize("name", BY_THEMSELVES)
def test_what_goes_by_itself(place: Store, name: str) -> None:
    """Up to the end of its period a row stays; a second later it is gone."""
    period, row = BY_THEMSELVES[name]
    if name == "factor_try":
        put(place, "inbox", message(MORNING))
    if name == "followed":
        put(place, "watched", {"code": CODE, "next_ask_at": MORNING, "failures": 0, "missing": 0})
    put(place, name, row(MORNING))
    delete_old(place, MORNING + period)
    assert left(place, name) == 1
    delete_old(place, MORNING + period + SECOND)
    assert left(place, name) == 0
    assert name != "followed" or left(place, "watched") == 0


def test_what_goes_with_the_conversation(place: Store) -> None:
    """Up to the end of the rest every row stays; a second later all are gone."""
    for name, row in WITH_CONVERSATION.items():
        if values := row(MORNING):
            put(place, name, values)
    assert delete_old(place, MORNING + KEEP) == 0
    assert {name: left(place, name) for name in WITH_CONVERSATION} == dict.fromkeys(WITH_CONVERSATION, 1)
    assert delete_old(place, MORNING + KEEP + SECOND) == 1
    assert {name: left(place, name) for name in WITH_CONVERSATION} == dict.fromkeys(WITH_CONVERSATION, 0)


def test_what_stays_without_whose_it_was(place: Store) -> None:
    """Of a rating the step and the day are left, nothing that leads to anybody; own words are gone."""
    values = {"channel": "webchat", "unit": "26743", "field": "", "step": 2, "reason": "", "words": "chậm"}
    put(place, "rating", {**values, "conversation_id": 1, "asked_at": MORNING})
    delete_old(place, MORNING + KEEP + SECOND)
    (row,) = rows(place, tables.rating)
    assert (row["step"], row["words"], row["conversation_id"], row["asked_at"].hour) == (2, "", None, 17)


def test_what_goes_out_of_a_row(place: Store) -> None:
    """A call-back number goes KEEP after its ticket was closed, what was shown once a day after nobody fetched it."""
    put(place, "ticket", {**WITH_CONVERSATION["ticket"](MORNING), "resolved_at": MORNING, "callback": "closed"})
    put(place, "outbox", {**waiting(MORNING), "kept": {**waiting(MORNING)["reply"], "author": "kept"}})
    delete_old(place, MORNING + retention.KEEP_DETAILS + SECOND)
    assert rows(place, tables.ticket)[0]["callback"] == "closed"
    assert rows(place, tables.outbox)[0]["reply"]["author"] == "kept"
    delete_old(place, MORNING + callback.KEEP + SECOND)
    assert rows(place, tables.ticket)[0]["callback"] is None
