"""Deciding: a table of what was said, what was remembered, and the one decision it leads to."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.assistant import remember
from bot.complaint import Form, Step
from bot.compose import compose
from bot.conversation import Awaiting, Conversation, Owner
from bot.decide import LOOK_ALIKES, NEAR_MISSES, SMALL_TALK, decide
from bot.decisions import (
    Alarm,
    AnswerAbout,
    AnswerSeveral,
    AskAgain,
    AskComplaint,
    AskSlot,
    AskWhich,
    CorrectPremise,
    Decision,
    Decline,
    ExplainCode,
    Forget,
    HandOff,
    LeaveQueue,
    LookUpDossiers,
    SmallTalk,
    Stay,
    TellJourney,
    TellKept,
    TellMore,
)
from bot.messages import Button, Kind
from bot.outcomes import Outcome
from bot.perform import perform
from bot.utterance import LONGEST_READ, Utterance
from nlu.understanding import Aspect, Candidate, Entity, Part, Understanding
from tests.town import BIRTH, COPY, DOSSIER_CODE, RESIDENCE, RULES, TODAY, Book, catalogue, understood

NEW = Conversation()
ABOUT_BIRTH = Conversation(topic=BIRTH, case_id="co_giay")
PROCEDURES = tuple(Button(code, f"p:{code}") for code in (BIRTH, COPY))
CASES = (Button("một", "c:co_giay"), Button("hai", "c:khong_giay"), Button("Gặp cán bộ", "officer"))
CHOOSING = Conversation(awaiting=Awaiting.CHOICE, offered=(*PROCEDURES, Button("khác", "none")), aspects=("fee",))
CONFIRMING = Conversation(awaiting=Awaiting.CHOICE, offered=PROCEDURES[:1])
CHOOSING_CASE = Conversation(awaiting=Awaiting.CHOICE, topic=BIRTH, offered=CASES)
FEE, TIME = (Aspect.FEE,), (Aspect.TIME,)
JUST_BELOW = 1e-9


def said(text: str = "một câu", kind: Kind = Kind.TEXT, length: int = 7) -> Utterance:
    """Something a citizen said."""
    return Utterance(kind, text, (), length)


def decided(understanding: Understanding | None, conversation: Conversation = NEW, text: str = "một câu") -> Decision:
    """The decision about a text."""
    return decide(said(text), understanding, conversation, RULES)


def pressed(payload: str, conversation: Conversation = NEW) -> Decision:
    """The decision about a button."""
    return decide(said(payload, Kind.BUTTON), None, conversation, RULES)


@pytest.mark.parametrize(
    ("owner", "kind", "text", "decision"),
    [
        (Owner.QUEUE, Kind.TEXT, "còn ai không", Stay("queue")),
        (Owner.QUEUE, Kind.BUTTON, "stay", LeaveQueue()),
        (Owner.QUEUE, Kind.BUTTON, f"p:{BIRTH}", Stay("queue")),
        (Owner.QUEUE, Kind.TEXT, "stay", Stay("queue")),
        (Owner.OFFICER, Kind.TEXT, "dạ", Stay("officer")),
        (Owner.OFFICER, Kind.BUTTON, "stay", Stay("officer")),
        (Owner.OFFICER, Kind.TEXT, "", Stay("officer")),
    ],
)
def test_others_hold_the_conversation(owner: Owner, kind: Kind, text: str, decision: Decision) -> None:
    """While queue or officer hold the conversation nothing is answered; only the queue can be left, by its button."""
    assert decide(said(text, kind), understood(candidates={BIRTH: 1.0}), Conversation(owner), RULES) == decision


@pytest.mark.parametrize(
    ("payload", "conversation", "decision"),
    [
        (f"p:{BIRTH}", NEW, AnswerAbout(BIRTH, ())),
        (f"p:{BIRTH}", CHOOSING, AnswerAbout(BIRTH, ("fee",))),
        ("a:fee", ABOUT_BIRTH, AnswerAbout(BIRTH, ("fee",), "co_giay")),
        ("c:khong_giay", ABOUT_BIRTH, AnswerAbout(BIRTH, ("documents",), "khong_giay")),
        ("b:sinh_con", NEW, TellJourney("sinh_con")),
        ("officer", NEW, HandOff("asked")),
        ("dossier", NEW, AskSlot("dossier_code")),
        ("none", CHOOSING, AskSlot("procedure")),
        ("stay", NEW, SmallTalk("okay")),
        (f"dossier:{DOSSIER_CODE}", NEW, TellMore(DOSSIER_CODE, "")),
    ],
)
def test_a_button_does_what_it_says(payload: str, conversation: Conversation, decision: Decision) -> None:
    """A button that is known leads to its own decision, with what the talk is about."""
    assert pressed(payload, conversation) == decision


@pytest.mark.parametrize(
    ("text", "decision"),
    [
        ("/start", SmallTalk("greet")),
        ("/start@motcua_bot dien-bien", SmallTalk("greet")),
        ("/help", SmallTalk("ask_bot")),
        ("/tracuu", AskSlot("dossier_code")),
        ("/tracuu abc", AskSlot("dossier_code")),
        ("/TraCuu", AskSlot("dossier_code")),
        ("/canbo", HandOff("asked")),
        ("/xoadulieu", Forget("ask")),
    ],
)
def test_a_command_does_what_its_button_does(text: str, decision: Decision) -> None:
    """A command is obeyed whatever was asked last, and whether or not anybody read it."""
    for conversation in (NEW, CHOOSING, Conversation(awaiting=Awaiting.COMPLAINT)):
        assert decided(understood(text, confidence=0.0), conversation, text) == decision
        assert decided(None, conversation, text) == decision


@pytest.mark.parametrize(
    ("entities", "decision"),
    [
        ({"dossier_code": DOSSIER_CODE}, LookUpDossiers((DOSSIER_CODE,))),
        ({"code_no_such_month": "H29.19-991399-0005"}, ExplainCode("code_no_such_month", "H29.19-991399-0005")),
        ({"phone_number": "‹số›"}, ExplainCode("phone_number", "‹số›")),
    ],
)
def test_a_code_behind_the_command_is_looked_up(entities: dict[str, str], decision: Decision) -> None:
    """/tracuu with a code looks it up at once; a number that is no dossier code is explained."""
    assert decided(understood(entities=entities), NEW, "/tracuu một mã") == decision


@pytest.mark.parametrize(
    ("owner", "kind", "text", "decision"),
    [
        (Owner.BOT, Kind.BUTTON, "forget:yes", Forget("confirmed")),
        (Owner.BOT, Kind.BUTTON, "forget:no", SmallTalk("okay")),
        (Owner.BOT, Kind.BUTTON, "forget:maybe", AskAgain("unknown_button")),
        (Owner.QUEUE, Kind.TEXT, "/xoadulieu", Forget("ask")),
        (Owner.QUEUE, Kind.BUTTON, "forget:yes", Forget("confirmed")),
        (Owner.QUEUE, Kind.TEXT, "/start", Stay("queue")),
        (Owner.OFFICER, Kind.TEXT, "/xoadulieu", Forget("held")),
        (Owner.OFFICER, Kind.BUTTON, "forget:yes", Forget("held")),
    ],
)
def test_deleting_is_confirmed_and_waits_for_officers(owner: Owner, kind: Kind, text: str, decision: Decision) -> None:
    """Data is deleted after a yes, also while waiting in the queue, but not under an officer's hands."""
    assert decide(said(text, kind), None, Conversation(owner), RULES) == decision


@pytest.mark.parametrize(
    ("payload", "conversation"),
    [
        *(
            (payload, NEW)
            for payload in ("a:fee", "c:co_giay", "p:", "b:", "x:1", "dossier:x", "officer:1", ":", "", "P:1")
        ),
        *((payload, ABOUT_BIRTH) for payload in ("a:weather", "a:", "c:", "A:fee", "fee")),
    ],
)
def test_an_unknown_button_asks_again(payload: str, conversation: Conversation) -> None:
    """A button that is malformed, unknown, or about a procedure nobody talks about asks the citizen to type."""
    assert pressed(payload, conversation) == AskAgain("unknown_button")


@pytest.mark.parametrize(
    ("utterance", "fault"),
    [
        (said(""), "empty"),
        (said("👍👍"), "symbols_only"),
        (said("?!…"), "symbols_only"),
        (said("x" * 10, length=LONGEST_READ + 1), "too_long"),
        (said("", Kind.ATTACHMENT), "attachment"),
    ],
)
def test_what_cannot_be_read_is_asked_again(utterance: Utterance, fault: str) -> None:
    """A message that cannot be read is asked for again with its reason, whatever an engine makes of it."""
    assert decide(utterance, understood(candidates={BIRTH: 1.0}), NEW, RULES) == AskAgain(fault)
    assert decide(utterance, None, CHOOSING, RULES) == AskAgain(fault)


@pytest.mark.parametrize("conversation", [NEW, ABOUT_BIRTH, CHOOSING])
def test_a_dossier_code_is_looked_up(conversation: Conversation) -> None:
    """A dossier code is looked up wherever the talk stands, whatever else the message says."""
    meaning = understood(intent="complaint", entities={"dossier_code": DOSSIER_CODE}, candidates={BIRTH: 1.0})
    assert decided(meaning, conversation) == LookUpDossiers((DOSSIER_CODE,))


@pytest.mark.parametrize("kind", LOOK_ALIKES)
def test_a_look_alike_is_explained(kind: str) -> None:
    """A number that is no dossier code is explained when a dossier code was asked for or is talked about."""
    asked = Conversation(awaiting=Awaiting.DOSSIER_CODE)
    meaning = understood(text="a" * 40, entities={kind: "value"})
    about = understood(text="a" * 40, intent="dossier_status", entities={kind: "value"})
    assert decided(meaning, asked) == ExplainCode(kind, "value")
    assert decided(about, NEW) == ExplainCode(kind, "value")


def test_several_codes_are_looked_up_together() -> None:
    """Every code of a message is looked up once, in the order of the message; near misses beside them are explained."""
    kinds = [("dossier_code", "A"), ("code_in_future", "B"), ("dossier_code", "C"), ("dossier_code", "A")]
    entities = tuple(Entity(kind, value, place, place + 1) for place, (kind, value) in enumerate(kinds))
    meaning = Understanding("x " * 30, "dossier_status", 0.9, (), entities, (), "embedded")
    assert decided(meaning) == LookUpDossiers(("A", "C"), (ExplainCode("code_in_future", "B"),))


def test_who_stays_with_a_near_miss_is_offered_an_officer() -> None:
    """The first time it is explained, the second time a person may look at it; a right code is looked up even then."""
    wrong = understood(entities={"code_in_future": "H29.19-991231-0005"})
    first = decided(wrong)
    told = perform(first, catalogue(), Book(), TODAY)
    asked = remember(NEW, first, told, compose(told))
    assert first == ExplainCode("code_in_future", "H29.19-991231-0005")
    assert asked.awaiting is Awaiting.DOSSIER_CODE
    second = decided(wrong, asked)
    assert second == replace(first, again=True)
    told = perform(second, catalogue(), Book(), TODAY)
    offered = remember(asked, second, told, compose(told))
    assert told.outcome is Outcome.DOSSIER_INSISTED and offered.awaiting is Awaiting.OFFICER
    assert decided(understood(intent="affirm"), offered) == HandOff("not_understood")
    assert decided(wrong, offered) == second
    right = understood(entities={"dossier_code": DOSSIER_CODE})
    assert decided(right, offered) == LookUpDossiers((DOSSIER_CODE,))


def test_yes_takes_the_code_that_may_be_meant() -> None:
    """A question "do you mean this code?" is answered by its button or by a plain yes."""
    unclear = ExplainCode("code_unclear", DOSSIER_CODE)
    told = perform(unclear, catalogue(), Book(), TODAY)
    asked = remember(NEW, unclear, told, compose(told))
    assert [button.payload for button in asked.offered] == [f"dossier:{DOSSIER_CODE}", "officer"]
    assert decided(understood(intent="affirm"), asked) == TellMore(DOSSIER_CODE, "")
    assert decided(understood(intent="deny"), asked) == SmallTalk("okay")
    assert decided(understood(intent="affirm"), asked.with_(offered=())) == SmallTalk("okay")


@pytest.mark.parametrize(("kind", "decision"), [("forget", Forget("ask")), ("kept", TellKept())])
def test_a_plain_sentence_about_own_data_is_understood(kind: str, decision: Decision) -> None:
    """Whoever speaks of what is stored here needs no command, whatever was asked before."""
    for conversation in (NEW, CHOOSING, Conversation(awaiting=Awaiting.COMPLAINT)):
        assert decided(understood(entities={kind: ""}, candidates={BIRTH: 1.0}), conversation) == decision


def test_a_personal_number_that_says_nothing_else_is_passed_over() -> None:
    """It was masked and is not needed: the assistant asks what the matter is; a number to call is for an officer."""
    entity = Entity("phone_number", "‹số điện thoại›", 7, 22)
    alone = replace(understood(text="sđt em ‹số điện thoại› nha", intent="officer"), entities=(entity,))
    assert decided(alone) == AskSlot("procedure")
    assert decided(replace(alone, aspects=(Aspect.FEE,))) == HandOff("asked")
    assert decided(replace(alone, entities=(entity, Entity("call", "", 0, 26)))) == HandOff("asked")


@pytest.mark.parametrize(
    ("kind", "alone", "decision"),
    [
        ("procedure_code", True, AnswerAbout(BIRTH, ())),
        ("procedure_code", False, AnswerAbout(BIRTH, ())),
        ("citizen_number", True, ExplainCode("citizen_number", BIRTH)),
        ("citizen_number", False, Decline("not_understood")),
        ("phone_number", False, Decline("not_understood")),
        ("passport_number", False, Decline("not_understood")),
        ("code_in_future", False, ExplainCode("code_in_future", BIRTH)),
        ("code_without_unit", False, Decline("not_understood")),
        ("code_without_unit", True, ExplainCode("code_without_unit", BIRTH)),
        ("payment_code", False, ExplainCode("payment_code", BIRTH)),
    ],
)
def test_a_number_among_other_words(kind: str, alone: bool, decision: Decision) -> None:
    """A procedure code is answered, a code alone is explained, a personal number in a sentence is passed over."""
    entity = Entity(kind, BIRTH, 0, 10)
    meaning = Understanding("x" * 10 if alone else "x " * 30, "ask_procedure", 0.9, (), (entity,), (), "embedded")
    assert decided(meaning) == decision


@pytest.mark.parametrize(
    ("awaiting", "intent", "decision"),
    [
        (Awaiting.COMPLAINT, "complaint", AskComplaint(Form("cán bộ quát tôi", step=Step.PLACE))),
        (Awaiting.COMPLAINT, "ask_fee", AskComplaint(Form("cán bộ quát tôi", step=Step.PLACE))),
        (Awaiting.COMPLAINT, "scam", AskComplaint(Form("cán bộ quát tôi", step=Step.PLACE))),
        (Awaiting.COMPLAINT, "emergency", Alarm("cán bộ quát tôi")),
        (Awaiting.OFFICER, "affirm", HandOff("not_understood")),
        (Awaiting.OFFICER, "deny", SmallTalk("okay")),
        (Awaiting.OFFICER, "officer", HandOff("asked")),
        (Awaiting.NOTHING, "affirm", SmallTalk("okay")),
    ],
)
def test_replies_to_what_was_asked(awaiting: Awaiting, intent: str, decision: Decision) -> None:
    """A yes, a no or a story is read as the reply to what the assistant asked last."""
    assert decided(understood(intent=intent), Conversation(awaiting=awaiting), "cán bộ quát tôi") == decision


@pytest.mark.parametrize(
    ("ordinal", "conversation", "decision"),
    [
        ("1", CHOOSING, AnswerAbout(BIRTH, ("fee",))),
        ("2", CHOOSING, AnswerAbout(COPY, ("fee",))),
        ("3", CHOOSING, AskAgain("unknown_choice")),
        ("0", CHOOSING, AskAgain("unknown_choice")),
        ("-1", CHOOSING, AskAgain("unknown_choice")),
        ("²", CHOOSING, AskAgain("unknown_choice")),
        ("cuối", CHOOSING, AskAgain("unknown_choice")),
        ("2", CHOOSING_CASE, AnswerAbout(BIRTH, ("documents",), "khong_giay")),
        ("3", CHOOSING_CASE, AskAgain("unknown_choice")),
        ("1", NEW, SmallTalk("okay")),
    ],
)
def test_a_choice_by_position(ordinal: str, conversation: Conversation, decision: Decision) -> None:
    """A position picks an offered procedure or case; one that was not offered is said to be unknown."""
    assert decided(understood(intent="choose", entities={"ordinal": ordinal}), conversation) == decision


@pytest.mark.parametrize(
    ("intent", "conversation", "decision"),
    [
        ("affirm", CONFIRMING, AnswerAbout(BIRTH, ())),
        ("affirm", CHOOSING, SmallTalk("okay")),
        ("deny", CONFIRMING, AskSlot("procedure")),
        ("deny", CHOOSING_CASE, SmallTalk("okay")),
        ("thanks", CHOOSING, SmallTalk("thanks")),
    ],
)
def test_yes_and_no_to_a_choice(intent: str, conversation: Conversation, decision: Decision) -> None:
    """A plain yes takes the only choice, a no asks for the procedure, anything else is read as usual."""
    assert decided(understood(intent=intent), conversation) == decision


@pytest.mark.parametrize(
    ("intent", "decision"),
    [
        ("officer", HandOff("asked")),
        ("dossier_status", AskSlot("dossier_code")),
        ("complaint", AskComplaint(Form("một câu"))),
        ("off_topic", Decline("off_topic")),
        ("affirm", SmallTalk("okay")),
        ("deny", SmallTalk("okay")),
        ("choose", SmallTalk("okay")),
        *((kind, SmallTalk(kind)) for kind in SMALL_TALK),
    ],
)
def test_intents_that_need_no_procedure(intent: str, decision: Decision) -> None:
    """An intent decides from its engine's own threshold on, and not below it."""
    for engine, threshold in RULES.intent_at.items():
        assert decided(understood(intent=intent, confidence=threshold, engine=engine)) == decision
        below = understood(intent=intent, confidence=threshold - JUST_BELOW, engine=engine)
        assert decided(below) == Decline("not_understood")


@pytest.mark.parametrize("intent", ["off_topic", "affirm", "deny", "choose"])
def test_a_certain_procedure_outweighs_a_vague_intent(intent: str) -> None:
    """A procedure that is certain is answered though the intent says it is chatter."""
    vague = understood(intent=intent, confidence=0.5, candidates={BIRTH: RULES.answer_at})
    assert decided(vague) == AnswerAbout(BIRTH, ())
    assert decided(understood(intent="officer", candidates={BIRTH: 1.0})) == HandOff("asked")


@pytest.mark.parametrize(("intent", "decision"), [("emergency", Alarm("một câu")), ("scam", Decline("scam"))])
def test_danger_comes_first(intent: str, decision: Decision) -> None:
    """Before a code, before anything; only a procedure that is certain outweighs a doubtful alarm."""
    assert decided(understood(intent=intent, entities={"dossier_code": DOSSIER_CODE})) == decision
    assert decided(understood(intent=intent, candidates={BIRTH: 1.0})) == decision
    doubtful = RULES.intent_over_procedure_at - JUST_BELOW
    assert decided(understood(intent=intent, confidence=doubtful, candidates={BIRTH: 1.0})) == AnswerAbout(BIRTH, ())


@pytest.mark.parametrize("intent", ["injection", "legal_dispute"])
def test_what_is_no_procedure_is_declined_in_its_own_words(intent: str) -> None:
    """Unless the words name a procedure: against a sure intent it is offered, against a doubtful one answered."""
    assert decided(understood(intent=intent)) == Decline(intent)
    assert decided(understood(intent=intent, candidates={BIRTH: RULES.certain_at - JUST_BELOW})) == Decline(intent)
    doubtful = understood(intent=intent, confidence=0.5, candidates={BIRTH: RULES.answer_at})
    assert decided(doubtful) == AnswerAbout(BIRTH, ())
    assert decided(understood(intent=intent, candidates={BIRTH: 1.0})) == AskWhich((BIRTH,), ())


def test_another_province_is_declined() -> None:
    """Its places and schemes; what the law says everywhere is answered."""
    elsewhere = {"elsewhere": ""}
    assert decided(understood(entities=elsewhere)) == Decline("elsewhere")
    asked = understood(entities=elsewhere, aspects=(Aspect.PLACE,), candidates={BIRTH: 1.0})
    assert decided(asked) == Decline("elsewhere")
    assert decided(understood(entities=elsewhere, candidates={BIRTH: 1.0})) == AnswerAbout(BIRTH, ())


def test_several_questions_are_answered_one_by_one() -> None:
    """Each with its own aspects; a part that is not certain leaves the message whole."""
    parts = (Part("a", FEE, (Candidate(BIRTH, "khai sinh", 0.9),)), Part("b", (), (Candidate(COPY, "bản sao", 0.9),)))
    asked = replace(understood(aspects=TIME, candidates={BIRTH: 1.0}), parts=parts)
    assert decided(asked) == AnswerSeveral((AnswerAbout(BIRTH, ("fee",)), AnswerAbout(COPY, ("time",))))
    doubtful = replace(parts[1], candidates=(Candidate(COPY, "bản sao", RULES.answer_at - JUST_BELOW),))
    assert decided(replace(asked, parts=(parts[0], doubtful))) == AnswerAbout(BIRTH, ("time",))
    same = replace(asked, parts=(parts[0], replace(parts[0], text="c")))
    assert decided(same) == AnswerAbout(BIRTH, ("time",))


def test_going_back_to_an_earlier_matter() -> None:
    """The one the words fit, otherwise the one before this."""
    talk = Conversation(topic=COPY).about(RESIDENCE).about(BIRTH)
    back = {"return_to": ""}
    assert decided(understood(entities=back, aspects=FEE), talk) == AnswerAbout(RESIDENCE, ("fee",))
    assert decided(understood(entities=back, candidates={BIRTH: 0.4, COPY: 0.1}), talk) == AnswerAbout(COPY, ())
    assert decided(understood(entities=back), NEW) == Decline("not_understood")


def test_the_same_matter_in_another_case() -> None:
    """A sibling of the topic that fits the words better is answered; another procedure is not taken for one."""
    names = {
        BIRTH: "Đăng ký khai sinh",
        COPY: "Đăng ký khai sinh có yếu tố nước ngoài",
        RESIDENCE: "Đăng ký thường trú",
    }

    def in_context(first: str, share: float) -> Understanding:
        found = (Candidate(first, names[first], share), Candidate(BIRTH, names[BIRTH], 0.1))
        return replace(understood(), in_context=found)

    sure = RULES.follow_up_below
    assert decided(in_context(COPY, sure), ABOUT_BIRTH) == AnswerAbout(COPY, ())
    assert decided(in_context(COPY, sure - JUST_BELOW), ABOUT_BIRTH) == Decline("not_understood")
    assert decided(in_context(RESIDENCE, sure), ABOUT_BIRTH) == Decline("not_understood")


def test_members_of_a_family_are_offered_together() -> None:
    """When the two likeliest are siblings, nothing else is offered."""
    found = tuple(
        Candidate(code, name, share)
        for code, name, share in (
            (BIRTH, "Đăng ký khai sinh", 0.4),
            (COPY, "Đăng ký khai sinh lưu động", 0.3),
            (RESIDENCE, "Đăng ký thường trú", 0.2),
        )
    )
    assert decided(replace(understood(), candidates=found)) == AskWhich((BIRTH, COPY), ())


def test_whoever_told_the_story_is_not_asked_for_it() -> None:
    """A complaint that tells its story is asked where; a short one what happened; neither loses its words."""
    story, short = "cán bộ phường để tôi chờ ba tiếng", "tôi muốn khiếu nại"
    assert decided(understood(intent="complaint"), NEW, story) == AskComplaint(Form(story, step=Step.PLACE))
    assert decided(understood(intent="complaint"), NEW, short) == AskComplaint(Form(short))


@pytest.mark.parametrize(
    ("shares", "decision"),
    [
        ((RULES.answer_at, 0.3), AnswerAbout(BIRTH, ("fee",))),
        ((RULES.answer_at - JUST_BELOW, 0.3), AskWhich((BIRTH, COPY), ("fee",))),
        ((RULES.ask_at, 0.0), AskWhich((BIRTH, COPY), ("fee",))),
        ((RULES.ask_at - JUST_BELOW, 0.0), AskSlot("procedure")),
        ((), AskSlot("procedure")),
    ],
)
def test_confidence_decides_between_answer_and_question(shares: tuple[float, ...], decision: Decision) -> None:
    """Above one threshold the first procedure is answered, above the other they are offered, below it is asked."""
    candidates = dict(zip((BIRTH, COPY), shares, strict=False))
    assert decided(understood(aspects=FEE, candidates=candidates)) == decision


def test_only_the_likeliest_are_offered() -> None:
    """No more procedures are offered than the rules allow, best first."""
    candidates = {f"1.10000{number}": 0.2 - number / 100 for number in range(5)}
    assert decided(understood(candidates=candidates)) == AskWhich(tuple(candidates)[: RULES.choices], ())


@pytest.mark.parametrize(
    ("conversation", "share", "aspects", "decision"),
    [
        (ABOUT_BIRTH, 0.0, FEE, AnswerAbout(BIRTH, ("fee",), "co_giay")),
        (ABOUT_BIRTH, RULES.follow_up_below - JUST_BELOW, TIME, AnswerAbout(BIRTH, ("time",), "co_giay")),
        (ABOUT_BIRTH, RULES.follow_up_below, TIME, AskWhich((RESIDENCE,), ("time",))),
        (ABOUT_BIRTH, 0.9, FEE, AnswerAbout(RESIDENCE, ("fee",))),
        (ABOUT_BIRTH, 0.0, (), Decline("not_understood")),
        (NEW, 0.0, FEE, AskSlot("procedure")),
    ],
)
def test_a_follow_up_goes_on_with_the_topic(
    conversation: Conversation, share: float, aspects: tuple[Aspect, ...], decision: Decision
) -> None:
    """A question about an aspect that names no other procedure continues the topic and its case."""
    assert decided(understood(aspects=aspects, candidates={RESIDENCE: share}), conversation) == decision


@pytest.mark.parametrize(("failures", "decision"), [(0, "not_understood"), (1, "offer_officer"), (9, "offer_officer")])
def test_an_officer_is_offered_after_failures(failures: int, decision: str) -> None:
    """After as many replies in a row that did not help as the rules say, an officer is offered."""
    assert decided(understood(), Conversation(failures=failures)) == Decline(decision)


@pytest.mark.parametrize(
    ("entities", "decision"),
    [
        ({"amount": "150000", "confirmation": "yes"}, CorrectPremise(RESIDENCE, 150_000)),
        ({"amount": "150000"}, AnswerAbout(RESIDENCE, ("fee",))),
        ({"confirmation": "yes"}, AnswerAbout(RESIDENCE, ("fee",))),
        ({"amount": "nhiều", "confirmation": "yes"}, AnswerAbout(RESIDENCE, ("fee",))),
        ({"pages": "3", "copies": "2"}, AnswerAbout(RESIDENCE, ("fee",), "", 3, 2)),
        ({"pages": "ba"}, AnswerAbout(RESIDENCE, ("fee",))),
    ],
)
def test_numbers_in_a_question(entities: dict[str, str], decision: Decision) -> None:
    """An amount to be confirmed is compared with the record; pages and copies are counted; no number, no harm."""
    meaning = understood(aspects=FEE, entities=entities, candidates={RESIDENCE: 0.9})
    assert decided(meaning) == decision


texts = st.text(max_size=30) | st.sampled_from(["xin chào", "", "👍", DOSSIER_CODE, f"p:{BIRTH}", "a:fee", "officer"])
shares = st.floats(0, 1)
codes = st.sampled_from([BIRTH, COPY, RESIDENCE, "1.999999", ""])
kinds = st.sampled_from([*LOOK_ALIKES, "dossier_code", "ordinal", "amount", "confirmation", "pages", "copies", "date"])
values = texts | st.integers(-5, 10**9).map(str)
entities = st.builds(Entity, kinds, values, st.integers(0, 9), st.integers(9, 30)).map(
    lambda entity: replace(entity, value="H29.19-261231-0005") if entity.kind in NEAR_MISSES else entity
)
# a near miss always has the parts of a code
intents = st.sampled_from([*SMALL_TALK, "officer", "complaint", "affirm", "deny", "choose", "off_topic", "?"])
utterances = st.builds(Utterance, st.sampled_from(Kind), texts, st.just(()), st.integers(0, 30_000))
buttons = st.builds(Button, texts, texts | codes.map("p:{}".format) | st.sampled_from(["c:co_giay", "c:", "b:x"]))
meanings = st.none() | st.builds(
    Understanding,
    texts,
    intents,
    shares,
    st.lists(st.sampled_from(Aspect), max_size=3).map(tuple),
    st.lists(entities, max_size=4).map(tuple),
    st.lists(st.builds(Candidate, codes, texts, shares), max_size=4).map(tuple),
    st.sampled_from(["rasa", "embedded"]),
)
conversations = st.builds(
    Conversation,
    st.sampled_from(Owner),
    codes,
    st.sampled_from(["", "co_giay", "no such case"]),
    st.lists(st.sampled_from([aspect.value for aspect in Aspect]), max_size=2).map(tuple),
    st.lists(buttons, max_size=4).map(tuple),
    st.sampled_from(Awaiting),
    st.integers(0, 5),
    form=st.none()
    | st.builds(Form, texts, texts, st.just(""), texts, st.sampled_from(["", DOSSIER_CODE]), st.sampled_from(Step)),
)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(utterances, meanings, conversations)
def test_deciding_is_total(utterance: Utterance, meaning: Understanding | None, conversation: Conversation) -> None:
    """Whatever was said and remembered, there is exactly one decision, the same one each time, and words for it."""
    decision = decide(utterance, meaning, conversation, RULES)
    assert isinstance(decision, get_args(Decision))
    assert decide(utterance, meaning, conversation, RULES) == decision
    facts = perform(decision, catalogue(), Book(), TODAY)
    reply = compose(facts)
    assert (reply is None) == (facts.outcome is Outcome.SILENT) == (decision == Stay("officer"))
    assert reply is None or (reply.blocks and reply.plain().strip())
    after = remember(conversation, decision, facts, reply)
    assert Conversation.of(after.owner.value, after.state()) == after
