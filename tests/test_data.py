"""The files that carry behaviour: closed lists that agree with the code, replies that render and read easily."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from itertools import chain, product
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot import callback, commands, compose, notices, retention, rules, wording
from bot.clocks import Cause, Limit
from bot.complaint import STEPS, Form, Step, Wish
from bot.conversation import Kept
from bot.decide import LOOK_ALIKES, NEAR_MISSES, SMALL_TALK
from bot.errors import BadData
from bot.facts import (
    ChoiceFacts,
    ComplaintFacts,
    DetailsFacts,
    DossierFacts,
    DossiersFacts,
    Facts,
    FollowFacts,
    JourneyFacts,
    KeptFacts,
    PlainFacts,
    ProcedureFacts,
    RatingFacts,
    SeveralFacts,
    SheetFacts,
    TicketFacts,
    UnitFacts,
)
from bot.following import calendar
from bot.forwarding import Track
from bot.messages import InboundMessage, Kind, Reply
from bot.outcomes import PATH as OUTCOMES_PATH
from bot.outcomes import Outcome, meanings
from bot.perform import DECLINED, FORGETTING, MOST_DOSSIERS, SLOTS
from bot.progress import progress
from bot.standing import Standing
from bot.ticket import Ending, Stage
from bot.utterance import Fault, admit
from bot.waiting import Wait
from integrations.dossiers import Details, Dossier, FeeDue, Found, Status
from knowledge import bundles
from knowledge.catalogue import load
from knowledge.procedure import Channel, OnlineLevel, Procedure, TimeUnit
from knowledge.units import Units
from nlu import training
from nlu.understanding import Aspect
from tests import town

ROOT = Path(__file__).parents[1]
REPLIES, NOTICES = wording.DATA / "replies", wording.DATA / "notices"
BEHAVIOURS = {
    "answer",
    "clarify",
    "dossier_status",
    "handoff",
    "complaint",
    "smalltalk",
    "correct_premise",
    "out_of_scope",
}
FAULTS = (*Fault, "unknown_button", "unknown_choice")
BUTTONS = {aspect.value for aspect in Aspect}
REFUSALS = (Outcome.FACTOR_REFUSED, Outcome.FACTOR_WAITS, Outcome.FACTOR_LOCKED)
BUTTONS |= {"detail", "complain", "keep_dossier", "drop_dossier", "follow", "unfollow", "follow_on"}
BUTTONS |= {f"complaint_{wish}" for wish in (*Wish, "now")} - {"complaint_skip"}
BUTTONS |= {f"complaint_skip_{step}" for step in STEPS[:-1]}
BUTTONS |= {
    "journey",
    "officer",
    "heard_yes",
    "heard_no",
    "dossier",
    "none_of_these",
    "look_up",
    "stay",
    "not_now",
    "forget",
    "keep",
    "agree",
    "disagree",
    *("sheet", "sheet_english", "largesheet", "largesheet_english"),
}
ASPECTS = ((), *((aspect.value,) for aspect in Aspect))
LONGEST_SENTENCE = 30
LONGEST_CODE = "000.00.01.H29.123.123.123.123-20260312-0000005"
MOST_RATINGS = 99_999_999
# a longer number in a button would be masked like a number of a person
SHIPPED_ON = date(2026, 11, 22)
# a day on which the shipped records hold
GOOD_RULES = yaml.load(rules.PATH.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)


def lists() -> Iterator[list[tuple[str, Facts]]]:
    """Facts that must each have their own words, by what tells them apart."""
    yield [(fault, PlainFacts(Outcome.ASKED_AGAIN, fault)) for fault in FAULTS]
    yield [(kind, PlainFacts(Outcome.READ_BACK, kind, town.DOSSIER_CODE)) for kind in ("heard", "seen", "retype")]
    yield [(kind, PlainFacts(Outcome.DOSSIER_EXPLAINED, kind, SAMPLES.get(kind, "‹số›"))) for kind in LOOK_ALIKES]
    yield [(kind, PlainFacts(Outcome.DOSSIER_INSISTED, kind, SAMPLES.get(kind, "‹số›"))) for kind in LOOK_ALIKES]
    yield [(kind, PlainFacts(Outcome.SMALL_TALK, kind)) for kind in (*SMALL_TALK, "okay")]
    yield [(status.name, told(town.dossier(status=status))) for status in Status]
    yield [(asked, told(town.dossier(), asked)) for asked in ("", "when")]
    yield [(detail, PlainFacts(Outcome.FACTOR_ASKED, detail, town.DOSSIER_CODE)) for detail in ("", "too_short")]
    yield [(value, ComplaintFacts(Outcome.COMPLAINT_TAKEN, Form(dossier=value))) for value in ("", town.DOSSIER_CODE)]
    yield [(step, ComplaintFacts(Outcome.ASKED_COMPLAINT, Form(step=step))) for step in STEPS[:-1]]
    yield [(name, ComplaintFacts(Outcome.COMPLAINT_SHOWN, form, "Phường Bến Thành")) for name, form in FORMS.items()]
    yield [(why, PlainFacts(Outcome.NOT_FOLLOWED, why, town.DOSSIER_CODE)) for why in ("already", "full", "over")]
    yield [(done, PlainFacts(Outcome.UNFOLLOWED, done, town.DOSSIER_CODE)) for done in ("stopped", "none")]
    yield [(name, FollowFacts(Outcome.FOLLOWED, FOUND, name)) for name in ("telegram", "zalo", "webchat")]
    yield [(value, PlainFacts(Outcome.DOSSIER_LET_GO, value=value)) for value in ("", town.DOSSIER_CODE)]
    yield [(about, RatingFacts(Outcome.RATING_ASKED, 17, about=about)) for about in ("", "again", CODE)]
    yield [(str(step), RatingFacts(Outcome.RATED, 17, step)) for step in range(1, 6)]
    yield [(reason, RatingFacts(Outcome.REASON_TAKEN, 17, reason=reason)) for reason in ("", "slow")]
    yield [(value, PlainFacts(Outcome.PROCEDURE_UNKNOWN, value=value)) for value in ("", town.UNKNOWN)]


def told(dossier: Dossier, asked: str = "") -> DossierFacts:
    """A dossier as it is told on the town's day."""
    standing = progress(dossier, calendar(), town.TODAY)
    return DossierFacts(Outcome.DOSSIER_FOUND, Found(dossier, town.MORNING), standing, asked)


FOUND = Found(town.dossier(), town.MORNING)
FORMS = {
    "none": Form(step=Step.CHECK),
    "story": Form("Chờ ba tiếng", step=Step.CHECK),
    "whole": Form("Chờ ba tiếng", "quầy số 2", "26743", "hôm qua", town.DOSSIER_CODE, Step.CHECK),
}
SAMPLES = {kind: "H29.19-261231-0005" for kind in NEAR_MISSES}
# each near miss with a value that has the parts its words speak of


def every_fact() -> Iterator[Facts]:
    """One of everything that can be said."""
    for facts in chain.from_iterable(lists()):
        yield facts[1]
    for outcome in (*SLOTS.values(), *DECLINED.values(), Outcome.LEFT_QUEUE, Outcome.QUEUED, Outcome.COMPLAINT_DROPPED):
        yield PlainFacts(outcome)
    for outcome in FORGETTING.values():
        yield PlainFacts(outcome)
    yield from sheets()
    for reason in ("asked", "complaint", "not_understood"):
        yield PlainFacts(Outcome.HANDED_OFF, reason)
    for number in ("", "111", "113", "114", "115"):
        yield PlainFacts(Outcome.ALARMED, number)
    unknown = PlainFacts(Outcome.DOSSIER_NOT_FOUND, value=town.DOSSIER_CODE)
    yield unknown
    for reason in ("", "busy", "not_connected"):
        yield PlainFacts(Outcome.PORTAL_DOWN, reason, town.DOSSIER_CODE)
    yield PlainFacts(Outcome.KEPT_TOLD)
    yield from (PlainFacts(Outcome.CONSENT_ASKED, value=town.DOSSIER_CODE), PlainFacts(Outcome.CONSENT_WITHDRAWN))
    yield from (PlainFacts(Outcome.DATA_REQUESTED, wanted) for wanted in ("correct", "object"))
    yield DossiersFacts(Outcome.DOSSIER_FOUND, (unknown, told(town.dossier())), 2)
    for status in Status:
        bare = town.dossier(status=status, applied_on=None, accepted_on=None, due_on=None, updated_at=None)
        yield told(bare)
    yield from (PlainFacts(outcome, "2", town.DOSSIER_CODE) for outcome in REFUSALS)
    for details in (
        Details(""),
        Details("N*** An", ("Bản sao",), (FeeDue("Lệ phí", 30_000),)),
        Details("", (), (), True),
    ):
        yield DetailsFacts(Outcome.DETAILS_SHOWN, town.DOSSIER_CODE, details)
    yield KeptFacts(Outcome.DOSSIER_KEPT, (), Kept(town.DOSSIER_CODE))
    yield KeptFacts(Outcome.DOSSIER_NAMED, (), Kept(town.DOSSIER_CODE, "nhà"))
    yield KeptFacts(Outcome.DOSSIERS_LISTED, (Kept(town.DOSSIER_CODE, "nhà"), Kept("H29.19-261105-0021")))
    procedures = [town.made(code) for code in town.RECORDS]
    yield ChoiceFacts(Outcome.ASKED_WHICH, tuple(procedures[:3]))
    yield ChoiceFacts(Outcome.ASKED_WHICH, tuple(procedures[:1]))
    for procedure in procedures:
        yield from answers(procedure)
        yield ProcedureFacts(Outcome.PREMISE_CORRECTED, procedure, ("fee",), "", town.TODAY, 150_000)
    yield ProcedureFacts(Outcome.ANSWERED, town.made(town.COPY), ("fee",), "", town.TODAY, pages=3, copies=2)
    both = (town.made(town.BIRTH), town.made(town.COPY))
    yield SeveralFacts(
        Outcome.ANSWERED, tuple(ProcedureFacts(Outcome.ANSWERED, item, ("fee",), "", town.TODAY) for item in both)
    )
    for outcome in (Outcome.RATING_SKIPPED, Outcome.RATING_LATE, Outcome.REASON_ASKED):
        yield RatingFacts(outcome, 17)
    yield RatingFacts(Outcome.RATING_ASKED, 17, channel="zalo")
    yield from journeys()
    yield PlainFacts(Outcome.REOPENED, value=CODE)
    yield PlainFacts(Outcome.TICKET_NOT_FOUND, value=CODE)
    for stands in standings():
        yield TicketFacts(Outcome.TICKET_TOLD, stands, waits_here=True)
    yield from (UnitFacts(Outcome.UNIT_TOLD, Units.load().resolve(text)) for text in UNIT_TEXTS)


UNIT_TEXTS = (
    "Phường Bến Nghé, Quận 1",
    "Phường Đa Kao, Quận 1",
    "Phường Sài Gòn",
    "Phường Tân Bình",
    "Phường 8",
    "phường không có",
    "quận 1",
)


CODE = "HT-7K3M-Q4XA"


def standings() -> Iterator[Standing]:
    """A ticket wherever it may stand."""
    queued = Standing(CODE, "queued", "Bộ phận hộ tịch", 3, Wait(6, 21, 44), town.MORNING, True, True, True)
    yield from (queued, replace(queued, wait=None, certain=False), replace(queued, staffed=False))
    yield replace(queued, staffed=False, is_open=False)
    yield from (replace(queued, stage=stage.value, position=0) for stage in (Stage.OFFICER, Stage.CITIZEN))
    yield from (replace(queued, stage="closed", ending=ending.value) for ending in Ending)
    at, agencies = town.MORNING, ("Sở Nội vụ", "Ủy ban nhân dân Phường Bến Thành")
    filed = replace(queued, stage="filed", position=0, promised_at=None, complaint=Track(at, None, None, (), "", None))
    yield from (filed, replace(filed, staffed=False), replace(filed, staffed=False, is_open=False))
    yield replace(filed, stage="beside", complaint=Track(at, at, None, (), "", None))
    yield replace(filed, stage="beside", complaint=Track(at, None, at, agencies, "", None), answer_days=15)
    answered = Track(at, None, at, agencies, "Đã nhắc nhở.\nXin lỗi anh/chị.", at)
    yield replace(filed, stage="closed", ending="answered", complaint=answered, answer_days=15)


def journeys() -> Iterator[JourneyFacts]:
    """Every shipped bundle, told as one."""
    records = load()
    for bundle in bundles.load():
        yield JourneyFacts(Outcome.JOURNEY_TOLD, bundles.journey(bundle, records, SHIPPED_ON), SHIPPED_ON)


def sheets() -> Iterator[SheetFacts]:
    """The sheet of every case of some shipped procedures, in usual and large print."""
    for procedure in list(load())[::50]:
        for case_id in ("", *(case.id for case in procedure.cases)):
            yield SheetFacts(Outcome.SHEET_SENT, procedure, case_id, SHIPPED_ON, bool(case_id), not case_id)


def answers(procedure: Procedure) -> Iterator[ProcedureFacts]:
    """Every answer about a procedure: each aspect and the overview, in each case and in none."""
    for case_id in ("", *(case.id for case in procedure.cases)):
        for aspects in ASPECTS:
            yield ProcedureFacts(Outcome.ANSWERED, procedure, aspects, case_id, SHIPPED_ON)


def said(facts: Facts) -> Reply:
    """The reply, which must be there."""
    reply = compose.compose(facts)
    assert reply is not None
    return reply


def test_outcomes_are_those_of_the_code() -> None:
    """The list of outcomes in data equals the enum, and each counts as a behaviour that is published."""
    assert set(yaml.load(OUTCOMES_PATH.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)) == {
        outcome.value for outcome in Outcome
    }
    assert {meaning.behaviour for meaning in meanings().values()} == BEHAVIOURS
    published = (ROOT / "docs" / "machine-interface.md").read_text(encoding="utf-8")
    assert all(f"`{behaviour}`" in published for behaviour in BEHAVIOURS)
    assert all(isinstance(meaning.resolved, bool) and meaning.label for meaning in meanings().values())


def test_every_outcome_but_silence_has_words() -> None:
    """There is one reply template for each outcome but `silent`, and none besides."""
    assert {path.stem for path in REPLIES.glob("*.txt")} == {outcome.value for outcome in Outcome} - {"silent"}


def test_everything_that_can_be_said_is_said() -> None:
    """Every outcome renders for every variant: no unknown name, no empty reply, no gap where a value belongs."""
    facts = list(every_fact())
    for fact in facts:
        text = said(fact).plain()
        assert text.strip(), fact
        assert not re.search(r"None|\{|\}|  |\(\)|Undefined", text), text
    assert {fact.outcome for fact in facts} == set(Outcome) - {Outcome.SILENT}


@pytest.mark.parametrize("kind", LOOK_ALIKES)
def test_a_wrong_code_leaves_a_way_on(kind: str) -> None:
    """Whatever was sent for a code, the answer shows one right code and offers a person; a guess can be looked up."""
    value = SAMPLES.get(kind, "‹số›")
    for outcome in (Outcome.DOSSIER_EXPLAINED, Outcome.DOSSIER_INSISTED):
        reply = said(PlainFacts(outcome, kind, value))
        guess = [f"dossier:{value}"] if kind == "code_unclear" else []
        payloads = [button.payload for button in reply.buttons]
        assert payloads[: len(guess) + 1] == [*guess, "officer"]
        assert guess or reply.plain().count(town.DOSSIER_CODE) == 1


def test_the_number_of_codes_is_said_as_it_is() -> None:
    """How many dossiers are looked up at once is said as the program has it."""
    assert f" {MOST_DOSSIERS} hồ sơ" in wording.notes()["too_many_codes"]


def test_what_is_kept_is_told_as_it_is() -> None:
    """The numbers of days that citizens are told are those of retention, and deleting is one button away."""
    reply = said(PlainFacts(Outcome.KEPT_TOLD))
    assert re.findall(r"(\d+) ngày", reply.plain()) == [str(callback.KEEP.days), str(retention.KEEP.days)]
    assert [button.payload for button in reply.buttons] == ["forget", "officer"]


OF_TICKETS = [path.stem for path in sorted(NOTICES.glob("*_*.txt")) if not path.stem.startswith(("desk_", "data_"))]


@pytest.mark.parametrize("notice", OF_TICKETS)
def test_every_notice_is_said(notice: str) -> None:
    """Every notice of a ticket renders wherever the ticket stands, without an unknown name or a gap."""
    for stands, sends in product(standings(), (True, False)):
        if notice in ("ticket_closed", "ticket_silence") and not stands.ending:
            continue
        if notice in ("complaint_forwarded", "complaint_answered") and not stands.answer_days:
            continue
        values = {"name": "Lan", "closes_at": town.MORNING, "reopens_until": town.TODAY}
        values |= {"days": callback.KEEP.days, "paper": "Giấy chứng sinh", "sends": sends}
        text = notices.tell(notice, standing=stands, **values).plain()
        assert text.strip() and not re.search(r"None|\{|\}|  |\(\)|Undefined", text), text


@pytest.mark.parametrize(
    ("words", "values"), [("endings", set(Ending)), ("causes", set(Cause)), ("limits", set(Limit))]
)
def test_every_word_of_a_ticket_is_there(words: str, values: set[str]) -> None:
    """Every ending, cause and limit has its word, and no word is left over."""
    assert set(wording.ticket_words()[words]) == values


def test_silence_says_nothing() -> None:
    """While an officer speaks, the assistant has no reply, also for a message with a masked number."""
    assert compose.compose(PlainFacts(Outcome.SILENT)) is None
    assert compose.compose(PlainFacts(Outcome.SILENT), masked=True) is None


@pytest.mark.parametrize("variants", list(lists()), ids=lambda variants: variants[0][1].outcome)
def test_each_variant_has_its_own_words(variants: list[tuple[str, Facts]]) -> None:
    """A fault, a kind of code, a status is told in a sentence of its own, never in another's."""
    texts = {name: said(facts).plain() for name, facts in variants}
    assert len(set(texts.values())) == len(texts), texts


@pytest.mark.parametrize(
    ("words", "values"),
    [
        ("channels", {channel.value for channel in Channel}),
        ("time_units", {unit.value for unit in TimeUnit}),
        ("online_levels", {level.value for level in OnlineLevel}),
        ("fee_kinds", {"le_phi", "phi", ""}),
        ("buttons", BUTTONS),
    ],
)
def test_every_value_has_a_word(words: str, values: set[str]) -> None:
    """Every value of the records and every button has a word, and no word is left over."""
    assert set(wording.words()[words]) == values


def test_the_menu_is_that_of_the_code() -> None:
    """Every command has a line in the menu that Telegram takes, and no line is left over."""
    menu = wording.words()["commands"]
    assert set(menu) == set(commands.PAYLOADS)
    assert all(re.fullmatch(r"/[a-z0-9_]{1,32}", name) and 3 <= len(does) <= 256 for name, does in menu.items())


def pieces(lines: list[str]) -> Iterator[list[str]]:
    """So few lines at a time that nothing is cut off a message of them."""
    return (lines[start : start + 50] for start in range(0, len(lines), 50))


def test_words_are_composed() -> None:
    """Every word and every template is in NFC: what is searched for and what is shown are the same letters."""
    paths = (path for path in sorted(wording.DATA.rglob("*.*")) if path.suffix != ".docx")
    lines = [path.read_text(encoding="utf-8").splitlines() for path in paths]
    texts = [" ".join(" ".join(some).split()) for whole in lines for some in pieces(whole)]
    messages = [admit(InboundMessage("t", "1", "1", town.MORNING, text=text)) for text in texts]
    assert len(texts) > 100
    assert [message.text for message in messages] == texts


@pytest.mark.parametrize(
    "change",
    [
        {"answer_at": 1.2},
        {"ask_at": -0.1},
        {"follow_up_below": "0.4"},
        {"follow_up_below": float("nan")},
        {"answer_at": 0.1, "ask_at": 0.1},
        {"intent_at": {"rasa": 0.5}},
        {"intent_at": {"rasa": 0.5, "embedded": 2}},
        {"intent_at": 0.5},
        {"choices": 0},
        {"choices": 2.5},
        {"failures_before_officer": 0},
        {"unheard_of": 1},
    ],
    ids=str,
)
def test_bad_rules_are_refused(change: dict[str, Any], tmp_path: Path) -> None:
    """A threshold that is missing, unknown or out of bounds is refused with the file's name."""
    path = tmp_path / "rules.yaml"
    path.write_text(yaml.safe_dump({**GOOD_RULES, **change}), encoding="utf-8")
    with pytest.raises(BadData, match=re.escape(str(path))):
        rules.load(path)


@pytest.mark.parametrize("missing", GOOD_RULES)
def test_no_rule_may_be_missing(missing: str, tmp_path: Path) -> None:
    """Each rule has to be said: there is no silent default."""
    path = tmp_path / "rules.yaml"
    path.write_text(yaml.safe_dump({key: GOOD_RULES[key] for key in GOOD_RULES if key != missing}), encoding="utf-8")
    with pytest.raises(BadData, match=missing):
        rules.load(path)


def test_shipped_rules_are_good() -> None:
    """The rules that are shipped load, and say what their file says."""
    loaded = rules.load()
    assert {name: getattr(loaded, name) for name in GOOD_RULES} == GOOD_RULES


def test_buttons_fit_every_channel() -> None:
    """No button of any shipped procedure is longer than a channel takes, and pressing it survives the door."""
    procedures = list(load())
    choices = (ChoiceFacts(Outcome.ASKED_WHICH, (procedure,)) for procedure in procedures)
    late = told(town.dossier(code=LONGEST_CODE))
    rated = [RatingFacts(Outcome.RATING_ASKED, MOST_RATINGS)]
    rated += [RatingFacts(Outcome.RATED, MOST_RATINGS, step) for step in (1, 5)]
    heard = [PlainFacts(Outcome.READ_BACK, kind, LONGEST_CODE) for kind in ("heard", "seen")]
    facts = chain(chain.from_iterable(map(answers, procedures)), choices, journeys(), [late], rated, heard)
    buttons = {button for fact in facts for button in said(fact).buttons}
    assert len(buttons) > len(procedures)
    for button in buttons:
        assert len(button.payload.encode()) <= 64 and 0 < len(button.label) <= 100, button
        pressed = InboundMessage("t", "1", "1", town.MORNING, Kind.BUTTON, button.payload)
        assert admit(pressed).text == button.payload


def test_intents_are_the_same_everywhere() -> None:
    """The intents that are described, trained, known to Rasa and decided about are the same set."""
    described = set(training.intents())
    assert {path.stem for path in training.FOLDER.glob("*.yml")} == described
    assert {example.intent for example in training.load()} == described
    domain = yaml.load((ROOT / "nlu" / "rasa" / "domain.yml").read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    assert set(domain["intents"]) == described
    decided = {*SMALL_TALK, "officer", "complaint", "dossier_status", "affirm", "deny", "choose"}
    declined = {"off_topic", "emergency", "scam", "injection", "legal_dispute"}
    assert described == decided | declined | {f"ask_{aspect.value}" for aspect in Aspect} | {"ask_procedure"}


def sentences() -> list[str]:
    """The sentences of every template and note, without the machinery."""
    texts = [path.read_text(encoding="utf-8") for path in sorted([*REPLIES.glob("*.txt"), *NOTICES.glob("*.txt")])]
    lines = [line for text in texts for line in text.splitlines()] + list(wording.notes().values())
    plain = [re.sub(r"\{\{.*?\}\}", "X", re.sub(r"\{%.*?%\}", "\n", line)) for line in lines]
    return [part.strip() for line in plain for part in re.split(r"(?<=[.?!])\s|\n", line) if part.strip()]


def test_sentences_are_short() -> None:
    """No sentence of a reply is longer than thirty words."""
    found = sentences()
    assert len(found) > 80
    assert [sentence for sentence in found if len(sentence.split()) > LONGEST_SENTENCE] == []
