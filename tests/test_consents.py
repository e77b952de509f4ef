"""Consent is asked for once for each purpose, kept as proof, taken back with effect; a machine says that it is one."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from bot import consent, consents, introduction, tables
from bot.channels import telegram, terminal, zalo
from bot.conversation import Conversation
from bot.facts import PlainFacts
from bot.inbox import Inbox
from bot.messages import InboundMessage, Kind, Reply
from bot.outcomes import Outcome
from bot.store import Store
from bot.wording import words
from bot.worker import Worker
from tests.town import DOSSIER_CODE, MORNING, Clock, Script, replies, rows, understood, worker
from web import chat

FOLLOWS = f"follow:{DOSSIER_CODE}"
SCRIPT = Script({"rút lại đồng ý": understood(entities={"data_withdraw": ""}), "xin chào": understood(intent="greet")})


class Talk:
    """One citizen on Telegram."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.worker: Worker = worker(store, SCRIPT, Clock())

    def says(self, text: str, kind: Kind = Kind.TEXT, channel: str = "telegram") -> str:
        """What a message is answered with."""
        number = str(len(rows(self.store, tables.inbox)))
        Inbox(self.store).accept(InboundMessage(channel, number, "lan", MORNING, kind, text))
        self.worker.step()
        return replies(self.store)[-1]

    def presses(self, payload: str) -> str:
        """What a button is answered with."""
        return self.says(payload, Kind.BUTTON)

    def offered(self) -> list[str]:
        """The buttons of the last reply."""
        state = rows(self.store, tables.conversation)[0]["state"]
        return [button["payload"] for button in state["offered"]]


@pytest.fixture
def talk(database: Store) -> Talk:
    return Talk(database)


@pytest.mark.parametrize("name", consent.load())
def test_other_words_are_another_version(name: str) -> None:
    """Whoever changes what citizens agree to counts the version up: the digest in bot/data/consents.yaml says so."""
    purpose = consent.load()[name]
    assert purpose.written() == purpose.digest


def test_nothing_is_followed_without_a_yes(talk: Talk) -> None:
    """What, what for, who, how long and the rights are said first; asking is no yes, nor is a no, nor silence."""
    asked = talk.presses(FOLLOWS)
    for part in ("Em lưu", "Để làm gì", "Ai giữ", "60 ngày", "rút lại đồng ý"):
        assert part in asked
    assert talk.offered() == [f"agree:follow.3:{DOSSIER_CODE}", "stay"]
    talk.presses("stay")
    assert rows(talk.store, tables.followed) == rows(talk.store, tables.consent) == []


def test_a_yes_is_kept_and_asked_for_once(talk: Talk) -> None:
    """Purpose, version, channel and moment are the proof; the next dossier needs no other yes."""
    talk.presses(f"agree:follow.3:{DOSSIER_CODE}")
    (given,) = rows(talk.store, tables.consent)
    assert (given["purpose"], given["version"], given["channel"]) == ("follow", 3, "telegram")
    assert (given["given_at"], given["withdrawn_at"]) == (MORNING, None)
    talk.presses(f"unfollow:{DOSSIER_CODE}")
    talk.presses(FOLLOWS)
    assert len(rows(talk.store, tables.followed)) == len(rows(talk.store, tables.consent)) == 1


@pytest.mark.parametrize("words_of_it", ["rút lại đồng ý", "/rutdongy"])
def test_taking_back_ends_what_it_allowed(talk: Talk, words_of_it: str) -> None:
    """Nothing is followed, call-back numbers are gone, the proof says when, and the next time it is asked again."""
    talk.presses(f"agree:follow.3:{DOSSIER_CODE}")
    with talk.store.writing() as connection:
        ticket = {"code": "HT-AAAA-AAAA", "state": "closed", "desk": "d", "reason": "asked", "field": "", "unit": ""}
        ticket |= {"urgency": [], "opened_at": MORNING, "rank_at": MORNING, "callback": "closed"}
        connection.execute(sa.insert(tables.ticket).values(conversation_id=1, **ticket))
        consents.give(connection, 1, consent.CALL_BACK, "telegram", MORNING)
    assert "rút lại đồng ý" in talk.says(words_of_it)
    assert rows(talk.store, tables.followed) == [] and rows(talk.store, tables.ticket)[0]["callback"] is None
    assert [row["withdrawn_at"] for row in rows(talk.store, tables.consent)] == [MORNING, MORNING]
    talk.presses(FOLLOWS)
    assert f"agree:follow.3:{DOSSIER_CODE}" in talk.offered()


@pytest.mark.parametrize("channel", [telegram.CHANNEL, zalo.CHANNEL])
def test_the_first_reply_says_that_it_is_a_machine(talk: Talk, channel: str) -> None:
    """Law 134/2025, Article 11: whatever is written first is answered so, once."""
    first, second = talk.says("câu gì đó", channel=channel), talk.says("câu khác", channel=channel)
    assert "trợ lý máy (trí tuệ nhân tạo)" in first and "trợ lý máy" not in second


def test_every_channel_says_that_it_is_a_machine() -> None:
    """The page and the two greetings say it themselves; any other channel says it in its first reply."""
    page = (Path(chat.__file__).parent / "templates" / "chat.html").read_text(encoding="utf-8")
    assert "trò chuyện với máy (trí tuệ nhân tạo)" in page and "Trợ lý máy" in words()["terminal_greeting"]
    assert {chat.CHANNEL, terminal.CHANNEL} == introduction.SAY_IT_THEMSELVES
    greeting = PlainFacts(Outcome.SMALL_TALK, "greet")
    assert introduction.first(Reply(()), greeting, Conversation(channel="new")) == Reply(())
    told = introduction.first(Reply(()), PlainFacts(Outcome.KEPT_TOLD), Conversation(channel="new"))
    assert told is not None and "trợ lý máy" in told.plain()
