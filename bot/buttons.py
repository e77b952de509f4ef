"""Buttons: what each does when it is pressed. Pure and total; an unknown one is said to be unknown."""

from __future__ import annotations

from dataclasses import replace

from bot import consent, read_back, satisfaction, sheet_buttons
from bot.complaint import Form, Wish
from bot.conversation import Conversation
from bot.decisions import (
    AnswerAbout,
    AskAgain,
    AskComplaint,
    AskConsent,
    AskFactor,
    AskRating,
    AskSlot,
    Decision,
    DropComplaint,
    Follow,
    Forget,
    GiveReason,
    HandOff,
    KeepDossier,
    LetDossierGo,
    Rate,
    ReadBack,
    Reopen,
    SmallTalk,
    TakeComplaint,
    TellJourney,
    TellMore,
    Unfollow,
    WithdrawConsent,
)
from bot.following import MOST_FOLLOWED
from bot.ticket import find_code
from nlu.dossier_codes import NORMAL
from nlu.understanding import Aspect

SKIP = "skip"
STEPS = (SKIP, "1", "2", "3", "4", "5")
# the choices of a question how satisfied somebody is, by the step that they stand for


def pressed(payload: str, conversation: Conversation) -> Decision:
    """A button says what it does: kind, colon, value."""
    kind, _, value = payload.partition(":")
    match kind, value:
        case "p", code if code:
            return AnswerAbout(code, conversation.aspects)
        case "a", aspect if aspect in set(Aspect) and conversation.topic:
            return AnswerAbout(conversation.topic, (aspect,), conversation.case_id)
        case "c", case_id if case_id and conversation.topic:
            return AnswerAbout(conversation.topic, (Aspect.DOCUMENTS.value,), case_id)
        case "b", bundle_id if bundle_id:
            return TellJourney(bundle_id)
        case ((sheet_buttons.USUAL | sheet_buttons.LARGE), value):
            return sheet_buttons.read(kind, value) or AskAgain("unknown_button")
        case "complaint", wish:
            return _of_complaint(wish, conversation)
        case (("detail" | "complain" | "keep" | "drop" | "dossier"), code) if NORMAL.fullmatch(code):
            return _about_dossier(kind, code)
        case "reopen", code if find_code(code):
            return Reopen(find_code(code))
        case "officer", "":
            return HandOff("asked")
        case "dossier", "":
            return AskSlot("dossier_code")
        case "follow", code if NORMAL.fullmatch(code):
            return _follow(code, conversation)
        case "agree", value:
            return _agreed(value, conversation)
        case "withdraw", "":
            return WithdrawConsent()
        case "unfollow", code:
            return Unfollow(tuple(item for item in conversation.followed if code in ("", item)))
        case (("rate" | "why"), value) if value:
            return _rated(kind, value, conversation)
        case "heard", "no":
            return ReadBack(read_back.RETYPE)
        case "none", "":
            return AskSlot("procedure")
        case ("stay" | "nocall", "") | ("forget", "no"):
            return SmallTalk("okay")
        case "greet", "":
            return SmallTalk("greet")
        case "help", "":
            return SmallTalk("ask_bot")
        case "forget", "":
            return Forget("ask")
        case "forget", "yes":
            return Forget("confirmed")
    return AskAgain("unknown_button")


def _of_complaint(value: str, conversation: Conversation) -> Decision:
    """A button under a complaint that is being told; one that skips names its question, so that twice is once."""
    name, _, step = value.partition(":")
    form = conversation.form
    if form is None or name not in set(Wish):
        return AskAgain("unknown_button")
    return AskComplaint(form) if name == Wish.SKIP and step != form.step else wished(Wish(name), form)


def _about_dossier(kind: str, code: str) -> Decision:
    """What the buttons under a dossier do."""
    match kind:
        case "detail":
            return AskFactor(code)
        case "complain":
            return TakeComplaint(Form(dossier=code))
        case "keep":
            return KeepDossier(code)
        case "drop":
            return LetDossierGo(code)
    return TellMore(code, "")


def _follow(code: str, conversation: Conversation) -> Decision:
    """Begin to follow a dossier, unless it is followed already or there are too many; consent is asked for once."""
    full = "full" if len(conversation.followed) >= MOST_FOLLOWED else ""
    hindrance = "already" if code in conversation.followed else full
    if not hindrance and consent.load()[consent.FOLLOW].key not in conversation.agreed:
        return AskConsent(code)
    return Follow(code, conversation.channel, hindrance)


def _agreed(value: str, conversation: Conversation) -> Decision:
    """A yes to the words of today follows the dossier that was asked about; to other words it is asked again."""
    key, _, code = value.partition(":")
    if not NORMAL.fullmatch(code):
        return AskAgain("unknown_button")
    if key != consent.load()[consent.FOLLOW].key:
        return AskConsent(code)
    begun = _follow(code, conversation.with_(agreed=(*conversation.agreed, key)))
    return replace(begun, agreed=key) if isinstance(begun, Follow) else begun


def _rated(kind: str, value: str, conversation: Conversation) -> Decision:
    """What the buttons under a question how satisfied somebody is do; an older question is asked no more."""
    number, _, choice = value.partition(".")
    if not conversation.rating or number != str(conversation.rating):
        return AskRating(0, "late")
    asked, channel = conversation.rating, conversation.channel
    match kind, choice:
        case "rate", step if step in STEPS:
            return Rate(asked, STEPS.index(step), channel)
        case ("rate", "again") | ("why", "words"):
            return AskRating(asked, choice, channel)
        case "why", reason if reason == SKIP or satisfaction.reason_label(reason):
            return GiveReason(asked, "" if reason == SKIP else reason)
    return AskAgain("unknown_button")


def wished(wish: Wish, form: Form) -> Decision:
    """What a citizen wants done with a complaint that is being told."""
    match wish:
        case Wish.SEND:
            return TakeComplaint(form)
        case Wish.DROP:
            return DropComplaint()
        case Wish.SKIP:
            return AskComplaint(form.passed())
        case Wish.ON:
            return AskComplaint(form)
