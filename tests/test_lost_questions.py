"""The ledger of lost questions: what counts, once, without who asked; linked while the conversation is kept."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from bot import lost_questions, tables
from bot.catalogue_drafts import CatalogueDrafts, Stale
from bot.handoff import Desk
from bot.inbox import Inbox
from bot.lost_clusters import Filter, LostClusters
from bot.lost_decisions import Become, Choice, Gone, LostDecisions, Unfit
from bot.lost_questions import LostQuestions, Reason
from bot.messages import InboundMessage, Kind
from bot.own_data import Copies
from bot.periods import read
from bot.retention import KEEP, delete_old
from bot.store import Store
from bot.worker import Worker
from knowledge.errors import NotFound
from tests import lost
from tests.editing import prepared
from tests.town import COPY, EDITED, IMPORTED, MORNING, TODAY, UNKNOWN, Clock, Script, assistant, rows, understood

LAN = "lan"
MEANT = "không phải, ý em là hộ khẩu"
KNOWN = {
    "khai sinh": understood("khai sinh", candidates={"1.100001": 0.95}),
    "xin gặp cán bộ": understood("xin gặp cán bộ", "officer"),
    "làm thơ tặng em": understood("làm thơ tặng em", "off_topic"),
    MEANT: understood(MEANT, entities={"correction": "hộ khẩu"}, candidates={"1.100003": 0.95}),
}


class Town:
    """Citizens, the collector and the pages' neighbours over one database."""

    def __init__(self, store: Store) -> None:
        self.store, self.clock, self.number = store, Clock(), 0
        self.worker = Worker(store, lambda: assistant(Script(KNOWN)), self.clock)
        self.ledger = LostQuestions(store, lambda texts: None, self.clock)

    def says(self, *texts: str, who: str = "an", kind: Kind = Kind.TEXT) -> None:
        for text in texts:
            self.number += 1
            self.clock.move(1)
            Inbox(self.store).accept(InboundMessage("webchat", str(self.number), who, self.clock(), kind, text))
            while self.worker.step():
                pass

    def lost(self) -> list[tuple[str, str]]:
        self.ledger.step()
        return [(row["reason"], row["text"]) for row in self.rows()]

    def rows(self) -> list[dict[str, Any]]:
        return rows(self.store, tables.lost_question)


@pytest.fixture
def town(database: Store) -> Town:
    return Town(database)


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        (["đi thị thực tờ giấy"], [(Reason.ABSTAINED, "đi thị thực tờ giấy")]),
        (["làm thơ tặng em"], [(Reason.DECLINED, "làm thơ tặng em")]),
        (["khai sinh", "xin gặp cán bộ"], [(Reason.HANDED_OFF, "khai sinh")]),
        (["xin gặp cán bộ"], []),
        (["khai sinh"], []),
        (["khai sinh", MEANT], [(Reason.DOWN_VOTED, "khai sinh")]),
        (["alo"], []),
    ],
)
def test_what_counts_as_lost(town: Town, said: list[str], kept: list[tuple[str, str]]) -> None:
    """Not understood, declined, handed on after an answer, taken back; an answered question and a greeting do not."""
    town.says(*said)
    assert town.lost() == kept


def test_a_bad_mark_makes_a_question_lost(town: Town) -> None:
    """Whoever is not satisfied with an answer lost it; whoever is, or says nothing, did not."""
    for number, (step, who) in enumerate([(4, "an"), (2, "minh"), (None, "hoa")], start=1):
        town.says("khai sinh", who=who)
        with town.store.writing() as connection:
            values = {"conversation_id": number, "turn_id": number, "channel": "webchat", "unit": "", "field": ""}
            said = {"step": step, "reason": "", "words": "", "asked_at": town.clock(), "answered_at": town.clock()}
            connection.execute(sa.insert(tables.rating).values(**values, **said))
    assert town.lost() == [(Reason.DOWN_VOTED, "khai sinh")]
    assert town.rows()[0]["conversation_id"] == 1


def test_collecting_again_changes_nothing(town: Town) -> None:
    """However often and from however many processes it is collected, a question is kept once."""
    town.says("đi thị thực tờ giấy", "khai sinh", "xin gặp cán bộ")
    assert town.ledger.step() == 2
    before = town.rows()
    assert LostQuestions(town.store, lambda texts: None, town.clock).step() == 0 and town.rows() == before


def test_nothing_tells_who_asked(town: Town) -> None:
    """Planted numbers and names are in no column of the ledger."""
    town.says("em tên Trần Thị Mai, sđt 0903123456, cccd 079201234567, ở 12/3 đường Hoa Mai, thị thực giấy ở đâu")
    town.lost()
    assert town.rows()[0]["text"].endswith("thị thực giấy ở đâu")
    for planted in ("Mai", "0903", "0792", "12/3", "Trần"):
        assert planted not in str(town.rows())


def answered(town: Town) -> None:
    """A lost question, its ticket, and an officer's words in it."""
    town.says("đi thị thực tờ giấy", "xin gặp cán bộ")
    with town.store.writing() as connection:
        values = {"username": LAN, "name": "Lan", "password_hash": "-"}
        connection.execute(sa.insert(tables.officer).values(**values))
    desk = Desk(town.store, clock=town.clock)
    assert desk.claim(1, 1) and desk.reply(1, 1, "Dạ chị Hoa mang bản chính đến, gọi 0903123456.", "k")


def test_the_officer_s_answer_is_found(town: Town) -> None:
    """The first ticket and the officer's first words in it, shown without what could tell whom they were for."""
    answered(town)
    town.lost()
    (one,) = LostClusters(town.store).of(1)
    assert one.ticket_id == 1 and one.told
    assert one.answered == "Dạ chị ‹tên› mang bản chính đến, gọi ‹số điện thoại›."


def test_links_go_with_the_conversation(town: Town) -> None:
    """After the conversation's days the question stays with nobody's; after its own year it goes."""
    answered(town)
    town.lost()
    Desk(town.store, clock=town.clock).resolve(1, 1)
    delete_old(town.store, MORNING + KEEP + timedelta(days=1))
    (row,) = town.rows()
    assert [row[name] for name in ("conversation_id", "inbox_id", "ticket_id", "answer_id")] == [None] * 4
    assert LostClusters(town.store).of(row["id"])[0].answered == ""
    delete_old(town.store, MORNING + lost_questions.KEEP + timedelta(days=1))
    assert town.rows() == []


def test_a_citizen_who_has_data_deleted_leaves_no_question(town: Town) -> None:
    """The question goes with the words it was, a colleague's stays, and a copy names it before."""
    town.says("đi thị thực tờ giấy")
    town.says("thị thực giấy ở đâu", who="minh")
    town.lost()
    copied = [one for one in Copies(town.store).of("webchat", "an").categories if one.count == 1]
    assert any("đi thị thực tờ giấy" in row.values() for one in copied for row in one.rows)
    town.says("forget:yes", kind=Kind.BUTTON)
    assert [row["text"] for row in town.rows()] == ["thị thực giấy ở đâu"]
    assert town.ledger.step() == 0


def test_clusters_by_number(town: Town) -> None:
    """The largest first, each named by its middle, counted by reason; reason and period narrow them."""
    for who, text in enumerate(["thị thực giấy tờ ở đâu", "thi thuc giay to o dau vay", "trả biển số xe cũ"]):
        town.says(text, who=str(who))
    town.lost()
    clusters = LostClusters(town.store)
    assert [(one.count, one.last_day) for one in clusters.all()] == [(2, TODAY), (1, TODAY)]
    assert clusters.all(Filter("declined")) == [] == clusters.all(Filter(period=read("2025")))
    assert len(clusters.all(Filter("abstained", read("2026-11")))) == 2
    with pytest.raises(KeyError):
        clusters.of(99)


class Desktop:
    """An editor with three lost questions and the drafts of the town."""

    def __init__(self, store: Store, folder: Path) -> None:
        self.store, clock = store, Clock()
        lost.fill(store)
        self.drafts = CatalogueDrafts(store, prepared(folder, EDITED, LAN), clock=clock)
        self.decisions = LostDecisions(store, self.drafts, clock)

    def decide(self, kind: Become, *ids: int, text: str = "đi thị thực", code: str = COPY) -> int | None:
        return self.decisions.decide(ids, Choice(kind, text, code), LAN)

    def open(self) -> list[int]:
        return [row["id"] for row in rows(self.store, tables.lost_question) if row["decision_id"] is None]


@pytest.fixture
def desktop(database: Store, tmp_path: Path) -> Desktop:
    return Desktop(database, tmp_path)


@pytest.mark.parametrize(("kind", "field"), [(Become.EXAMPLE, "examples"), (Become.ALIAS, "aliases")])
def test_words_go_into_the_draft(desktop: Desktop, kind: Become, field: str) -> None:
    """An example or an alias is one more line of the procedure's draft, and its questions are open no more."""
    draft_id = desktop.decide(kind, 1, 2)
    assert draft_id is not None
    assert desktop.drafts.of(draft_id).texts[field].splitlines()[-1] == "đi thị thực"
    assert desktop.open() == [3]
    desktop.decide(kind, 3)
    assert desktop.drafts.of(draft_id).texts[field].count("đi thị thực") == 1


@pytest.mark.parametrize("kind", [Become.MISSING, Become.TEST, Become.NOTHING])
def test_the_rest_changes_no_record(desktop: Desktop, kind: Become) -> None:
    """A note, a test sentence and nothing leave every draft alone."""
    assert desktop.decide(kind, 1, 2, 3) is None and desktop.open() == []
    assert desktop.drafts.all() == [] and [one.text for one in desktop.decisions.made(kind)] == ["đi thị thực"]


def test_test_sentences_have_the_shape_of_the_question_set(desktop: Desktop) -> None:
    """One object a sentence: id, text, style, code."""
    desktop.decide(Become.TEST, 1)
    assert list(desktop.decisions.tests()) == [{"id": "lost-1", "text": "đi thị thực", "style": "lost", "code": COPY}]


def test_what_a_colleague_decided_is_not_decided_again(desktop: Desktop) -> None:
    """The second of two gets Gone, and nothing of theirs is kept: no draft, no decision."""
    desktop.decide(Become.NOTHING, 1)
    with pytest.raises(Gone):
        desktop.decide(Become.EXAMPLE, 1, 2)
    assert desktop.open() == [2, 3] and desktop.drafts.all() == []


@pytest.mark.parametrize(
    ("ids", "choice"),
    [
        ((), {}),
        ((1,), {"text": " "}),
        ((1,), {"text": "x" * 301}),
        ((1,), {"code": ""}),
    ],
)
def test_half_a_decision_is_none(desktop: Desktop, ids: tuple[int, ...], choice: dict[str, str]) -> None:
    """Questions, words and, for an example, the procedure."""
    with pytest.raises(Unfit):
        desktop.decide(Become.EXAMPLE, *ids, **choice)
    assert desktop.open() == [1, 2, 3]


@pytest.mark.parametrize("code", [UNKNOWN, IMPORTED])
def test_only_reviewed_records_learn(desktop: Desktop, code: str) -> None:
    """A procedure without a reviewed record has no draft; its questions stay open."""
    with pytest.raises(NotFound):
        desktop.decide(Become.EXAMPLE, 1, code=code)
    assert desktop.open() == [1, 2, 3]


def test_a_draft_that_waits_for_approval_is_left_alone(desktop: Desktop) -> None:
    """What a second person reads does not change under their eyes."""
    draft = desktop.drafts.of(desktop.drafts.open(COPY, LAN))
    desktop.drafts.save(draft.id, draft.version, {**draft.texts, "result": "khác"}, LAN)
    desktop.drafts.send(draft.id, draft.version + 1, LAN)
    with pytest.raises(Stale):
        desktop.decide(Become.ALIAS, 1)
    assert desktop.open() == [1, 2, 3]


def test_no_name_gets_into_a_record(desktop: Desktop) -> None:
    """What an editor sends is cleaned once more."""
    draft_id = desktop.decide(Become.EXAMPLE, 1, text="em tên Lan, sđt 0903123456, thị thực ở đâu")
    assert draft_id is not None
    assert desktop.drafts.of(draft_id).texts["examples"].endswith("em tên ‹tên›, sđt ‹số điện thoại›, thị thực ở đâu")
