"""Satisfaction, pure: who is asked and when, what counts as an answer, and what the figures are."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot import satisfaction, shares
from bot.conversation import Conversation, Owner
from bot.decide import decide
from bot.decisions import AnswerAbout, AskAgain, AskRating, Decision, GiveReason, HandOff, Rate
from bot.messages import Kind
from bot.outcomes import Outcome, meanings
from bot.satisfaction import ANSWERS, RATINGS, SKIPPED, Ended, due, heard
from bot.shares import Asked, Share
from bot.ticket import OFFICERS_ENDINGS, Ending
from bot.utterance import Utterance
from integrations.zalo import LONGEST_TITLE, MOST_BUTTONS
from nlu.understanding import Aspect, Understanding
from tests.town import BIRTH, MORNING, RULES, TODAY, understood

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
PLAN = satisfaction.plan(15)
ANSWERED = Ended("webchat", Owner.BOT, MORNING, MORNING, outcomes=(Outcome.ANSWERED,))
# the assistant answered
CLOSED = Ended("telegram", Owner.BOT, MORNING, MORNING, ending=Ending.ANSWERED)
# an officer did
THANKED = (Outcome.SMALL_TALK, Outcome.ANSWERED)


@pytest.mark.parametrize(
    ("ended", "changes", "after", "asked"),
    [
        (ANSWERED, {}, 15 * MINUTE, True),
        (ANSWERED, {}, 14 * MINUTE, False),
        (ANSWERED, {}, 75 * MINUTE, True),
        (ANSWERED, {}, 76 * MINUTE, False),
        (ANSWERED, {"outcomes": THANKED}, HOUR, True),
        (ANSWERED, {"outcomes": (Outcome.SMALL_TALK,)}, HOUR, False),
        (ANSWERED, {"outcomes": ()}, HOUR, False),
        (ANSWERED, {"outcomes": (Outcome.NOT_UNDERSTOOD, Outcome.ANSWERED)}, HOUR, False),
        (ANSWERED, {"outcomes": (Outcome.LEFT_QUEUE, Outcome.HANDED_OFF, Outcome.ANSWERED)}, HOUR, False),
        (ANSWERED, {"outcomes": (Outcome.ANSWERED, Outcome.SCAM_WARNED)}, HOUR, False),
        (ANSWERED, {"outcomes": (Outcome.ANSWERED, Outcome.ALARMED)}, HOUR, False),
        (ANSWERED, {"outcomes": (Outcome.ANSWERED, Outcome.FORGOTTEN)}, HOUR, False),
        (ANSWERED, {"outcomes": (Outcome.ANSWERED, Outcome.FORGET_ASKED)}, HOUR, False),
        (ANSWERED, {"urgency": ("emergency",)}, HOUR, False),
        (ANSWERED, {"urgency": ("elderly",)}, HOUR, True),
        (ANSWERED, {"owner": Owner.QUEUE}, HOUR, False),
        (ANSWERED, {"owner": Owner.OFFICER}, HOUR, False),
        (ANSWERED, {"owner": Owner.CLOSED}, HOUR, False),
        (ANSWERED, {"has_unread": True}, HOUR, False),
        (ANSWERED, {"is_asked": True}, HOUR, False),
        (ANSWERED, {"is_silenced": True}, HOUR, False),
        (ANSWERED, {"asked_at": MORNING - 6 * DAY}, HOUR, False),
        (ANSWERED, {"asked_at": MORNING - 7 * DAY}, HOUR, True),
        (ANSWERED, {"channel": "terminal"}, HOUR, False),
        (ANSWERED, {"channel": "zalo"}, HOUR, True),
        (CLOSED, {}, 0 * MINUTE, True),
        (CLOSED, {}, 76 * MINUTE, False),
        (CLOSED, {"asked_at": MORNING - DAY}, MINUTE, True),
        (CLOSED, {"is_asked": True}, MINUTE, False),
        (CLOSED, {"owner": Owner.QUEUE}, MINUTE, False),
        (CLOSED, {"urgency": ("emergency",)}, MINUTE, False),
        (CLOSED, {"channel": "zalo", "said_at": MORNING - 48 * HOUR + MINUTE}, MINUTE, True),
        (CLOSED, {"channel": "zalo", "said_at": MORNING - 48 * HOUR}, MINUTE, False),
        (CLOSED, {"channel": "zalo", "said_at": None}, MINUTE, False),
        (CLOSED, {"said_at": MORNING - 9 * DAY}, MINUTE, True),
        *((CLOSED, {"ending": ending}, MINUTE, ending in OFFICERS_ENDINGS) for ending in Ending),
    ],
)
def test_who_is_asked(ended: Ended, changes: dict[str, Any], after: timedelta, asked: bool) -> None:
    """Asked is who was answered, when it has come to rest, where the channel allows, and never after what is grave."""
    assert due(replace(ended, **changes), PLAN, MORNING + after) is asked
    assert not due(replace(ended, **changes), satisfaction.plan(0), MORNING + after)


@pytest.mark.parametrize("outcome", Outcome)
def test_only_answers_are_asked_about(outcome: Outcome) -> None:
    """Of all ends of a turn only those that tell what was asked are asked about."""
    assert due(replace(ANSWERED, outcomes=(outcome,)), PLAN, MORNING + HOUR) is (outcome in ANSWERS)
    assert meanings()[outcome].resolved or outcome not in ANSWERS


@pytest.mark.parametrize(
    ("text", "step"),
    [
        ("rất hài lòng", 1),
        ("Rat hai long!", 1),
        ("5 sao", 1),
        ("5 SAO nha em", 1),
        ("dạ hài lòng ạ", 2),
        ("ok tốt", 2),
        ("👍", 2),
        ("👍👍", None),
        ("bình thường", 3),
        ("ko hài lòng", 4),
        ("tệ quá", 5),
        ("1 sao", 5),
        ("rất không hài lòng", 5),
        ("bỏ qua", SKIPPED),
        ("thôi bỏ qua nha, cho hỏi lệ phí", None),
        ("ok", None),
        ("5", None),
        ("sao", None),
        ("hài lòng về giấy khai sinh là sao", None),
        ("nhà hàng 5 sao cần giấy phép gì", None),
        ("", None),
        ("ạ", None),
    ],
)
def test_words_that_are_an_answer(text: str, step: int | None) -> None:
    """A whole message of the closed list is a step, however it is typed; a word more and it is a message like any."""
    assert heard(text) == step


def test_no_saying_has_two_steps() -> None:
    """Folded, every saying of the list is said for one step only, and understood as it."""
    said = [(step, saying) for step, sayings in satisfaction.content()["words"].items() for saying in sayings]
    assert len(said) > 30
    assert [(step, saying) for step, saying in said if heard(saying) != step] == []


ASKED = Conversation(rating=17, rating_until=TODAY.isoformat(), rating_awaits="step", channel="telegram")
WHY = replace(ASKED, rating_awaits="words")
QUESTION = understood(candidates={BIRTH: 0.9})
FEE = understood(aspects=(Aspect.FEE,))
VAGUE = understood(confidence=0.0, candidates={BIRTH: 0.2})


def said(text: str, kind: Kind = Kind.TEXT) -> Utterance:
    """Something a citizen said."""
    return Utterance(kind, text, (), len(text))


@pytest.mark.parametrize(
    ("payload", "conversation", "decision"),
    [
        ("rate:17.1", ASKED, Rate(17, 1, "telegram")),
        ("rate:17.5", replace(ASKED, rating_awaits=""), Rate(17, 5, "telegram")),
        ("rate:17.skip", ASKED, Rate(17, SKIPPED, "telegram")),
        ("rate:17.again", ASKED, AskRating(17, "again", "telegram")),
        ("rate:17.0", ASKED, AskAgain("unknown_button")),
        ("rate:17.6", ASKED, AskAgain("unknown_button")),
        ("rate:17", ASKED, AskAgain("unknown_button")),
        ("rate:16.1", ASKED, AskRating(0, "late")),
        ("rate:17.1", Conversation(), AskRating(0, "late")),
        ("rate:0.1", Conversation(), AskRating(0, "late")),
        ("why:17.slow", ASKED, GiveReason(17, "slow")),
        ("why:17.skip", ASKED, GiveReason(17)),
        ("why:17.words", ASKED, AskRating(17, "words", "telegram")),
        ("why:17.nonsense", ASKED, AskAgain("unknown_button")),
        ("why:16.slow", ASKED, AskRating(0, "late")),
        ("rate:17.2", replace(ASKED, owner=Owner.QUEUE), Rate(17, 2, "telegram")),
        ("why:17.slow", replace(ASKED, owner=Owner.OFFICER), GiveReason(17, "slow")),
    ],
)
def test_what_a_button_says(payload: str, conversation: Conversation, decision: Decision) -> None:
    """A button counts for its own question only, while that is open, whoever holds the conversation by now."""
    assert decide(said(payload, Kind.BUTTON), None, conversation, RULES) == decision


@pytest.mark.parametrize(
    ("text", "meaning", "conversation", "decision"),
    [
        ("tệ quá", QUESTION, ASKED, Rate(17, 5, "telegram")),
        ("👍", None, ASKED, Rate(17, 2, "telegram")),
        ("khai sinh", QUESTION, ASKED, AnswerAbout(BIRTH, ())),
        ("phải chờ lâu", VAGUE, WHY, GiveReason(17, words="phải chờ lâu")),
        ("bỏ qua", VAGUE, WHY, GiveReason(17)),
        ("khai sinh", QUESTION, WHY, AnswerAbout(BIRTH, ())),
        ("gặp cán bộ", understood(intent="officer"), WHY, HandOff("asked")),
        ("gặp cán bộ", understood(intent="officer"), ASKED, HandOff("asked")),
    ],
)
def test_what_words_say(
    text: str, meaning: Understanding | None, conversation: Conversation, decision: Decision
) -> None:
    """Words right after the question are its answer when they are one; a new question is never swallowed."""
    assert decide(said(text), meaning, conversation, RULES) == decision


@pytest.mark.parametrize("conversation", [replace(ASKED, rating_awaits=""), Conversation()])
@pytest.mark.parametrize("text", ["tệ quá", "rất hài lòng"])
def test_later_words_are_words(text: str, conversation: Conversation) -> None:
    """Once something else was said, the same words are a message like any other."""
    assert not isinstance(decide(said(text), VAGUE, conversation, RULES), Rate | GiveReason)


@pytest.mark.parametrize("text", ["lệ phí", "có gì đâu?"])
def test_what_may_be_a_question_is_no_reason(text: str) -> None:
    """What names an aspect or ends with a question mark is not taken for the reason that was asked for."""
    assert not isinstance(decide(said(text), FEE if text == "lệ phí" else VAGUE, WHY, RULES), GiveReason)


def test_a_question_is_open_for_some_days() -> None:
    """After its last day the buttons of a question count no more."""
    assert ASKED.on(TODAY).rating == 17
    assert ASKED.on(TODAY + DAY) == Conversation(channel="telegram")
    assert PLAN.until(TODAY) == TODAY + 3 * DAY


@pytest.mark.parametrize("channel", sorted(PLAN.channels))
def test_buttons_fit(channel: str) -> None:
    """Every step can be pressed on every channel, skipping too where there is room; a name of a reason has no dot."""
    for step, few in ((1, 2), (5, 2)):
        shown = satisfaction.step_buttons(17, channel), satisfaction.reason_buttons(17, step, channel)
        assert [button.payload for button in shown[0]][:5] == [f"rate:17.{number}" for number in range(1, 6)]
        assert len(shown[1]) >= 3 + few
        for buttons in shown:
            assert channel != "zalo" or len(buttons) <= MOST_BUTTONS
            assert all(len(button.label) <= LONGEST_TITLE for button in buttons)
            assert all(button.payload.count(".") == 1 for button in buttons)


def test_the_list_of_ends_is_whole() -> None:
    """Every end of a turn that is about satisfaction is known as such."""
    assert {outcome for outcome in Outcome if outcome.startswith(("rat", "reason_"))} == RATINGS


def test_shares() -> None:
    """Asked, answered and satisfied are counted by unit and by field; where nobody answered no share is known."""
    told = [
        Asked("26743", "ho_tich", 1),
        Asked("26743", "ho_tich", 2),
        Asked("26743", "dat_dai", 3),
        Asked("26743", "dat_dai", None),
        Asked("", "dat_dai", 5),
        Asked("26740", "", None),
    ]
    assert shares.by_unit(told) == {"": Share(1, 1, 0), "26740": Share(1, 0, 0), "26743": Share(4, 3, 2)}
    assert shares.by_field(told) == {"": Share(1, 0, 0), "dat_dai": Share(3, 2, 0), "ho_tich": Share(2, 2, 2)}
    assert shares.whole(told) == Share(6, 4, 2) and shares.whole(told).satisfied_share == 0.5
    assert shares.whole([]).satisfied_share is None and Share(9, 0, 0).satisfied_share is None
    assert Share(9, 3, 0).satisfied_share == 0.0
