"""Deciding: from what was understood and what is remembered to exactly one decision. Pure and total."""

from __future__ import annotations

from bot import commands, complaint, dossier_talk, read_back, satisfaction
from bot.buttons import pressed, wished
from bot.commands import Command
from bot.complaint import Form, Step, Wish
from bot.conversation import Awaiting, Conversation, Kept, Owner
from bot.data_law import Wanted
from bot.decisions import (
    Alarm,
    AnswerAbout,
    AnswerSeveral,
    AskAgain,
    AskComplaint,
    AskFactor,
    AskSlot,
    AskWhich,
    CorrectPremise,
    Decision,
    Decline,
    ExplainCode,
    Forget,
    GiveReason,
    HandOff,
    KeepDossier,
    LeaveQueue,
    LetDossierGo,
    ListDossiers,
    LookUpDossiers,
    LookUpTicket,
    OpenDetails,
    Rate,
    ReadBack,
    RefuseDetails,
    Reopen,
    RequestData,
    ResolveUnit,
    SmallTalk,
    Stay,
    TellKept,
    TellMore,
    Unfollow,
    WithdrawConsent,
)
from bot.messages import Kind
from bot.rules import Rules
from bot.second_factor import Attempt
from bot.ticket import find_code
from bot.utterance import LONGEST_READ, Utterance
from bot.utterance import Fault as Unread
from nlu.dossier_codes import CODE, Fault
from nlu.families import are_siblings
from nlu.understanding import Aspect, Understanding

POLITE = ("greet", "thanks", "goodbye")
SMALL_TALK = ("greet", "thanks", "goodbye", "ask_bot", "insult")
NEAR_MISSES = tuple(fault.value for fault in Fault)
LOOK_ALIKES = (
    *NEAR_MISSES,
    "payment_code",
    "insurance_dossier",
    "citizen_number",
    "old_citizen_number",
    "insurance_number",
    "tax_number",
    "card_number",
    "passport_number",
    "phone_number",
    "procedure_code",
)
# codes that citizens take for a dossier code, most telling first
MEANT_AS_CODE = {*NEAR_MISSES, "payment_code"} - {Fault.NO_UNIT.value}
# these are explained wherever they stand; a date and a number alone may be something else
PERSONAL = frozenset(
    {"citizen_number", "old_citizen_number", "passport_number", "phone_number", "card_number", "email"}
)
AROUND_A_NUMBER = 5
# words beside a personal number that only say what it is
OWN_DATA = ("forget", "kept", "unfollow", "data_withdraw", "data_correct", "data_object")
SHORT_REPLY = 3
# words of a bare yes or no


def decide(
    utterance: Utterance,
    understanding: Understanding | None,
    conversation: Conversation,
    rules: Rules,
    attempt: Attempt | None = None,
) -> Decision:
    """The one thing to do now. `understanding` is None for a button, an unreadable message or a second factor."""
    command = commands.read(utterance.text) if utterance.kind is Kind.TEXT else None
    if conversation.owner in (Owner.QUEUE, Owner.OFFICER):
        payload = utterance.text if utterance.kind is Kind.BUTTON else ""
        return _held(utterance, command.payload if command else payload, conversation)
    if attempt is not None:
        return _attempted(attempt)
    if utterance.kind is Kind.BUTTON:
        return pressed(utterance.text, conversation)
    if command is not None:
        return _commanded(command, understanding, conversation, rules)
    first = _read_back(utterance, conversation) or _rated_in_words(utterance, conversation)
    if first is not None:
        return first
    if utterance.fault is Unread.TOO_LONG and conversation.awaiting is Awaiting.COMPLAINT:
        return AskComplaint((conversation.form or Form()).answered(utterance.text))
    if utterance.fault or understanding is None:
        return AskAgain(utterance.fault or "empty")
    return (
        _danger(utterance, understanding, conversation, rules)
        or _complaint(utterance, understanding, conversation, rules)
        or _stop_following(understanding, conversation)
        or _ticket(utterance, understanding, conversation, rules)
        or _code(understanding, conversation, rules)
        or _own_data(understanding)
        or _known_dossier(utterance, understanding, conversation, rules)
        or _unit(utterance, understanding, rules)
        or _premise(understanding, conversation, rules)
        or _reason_in_words(utterance, understanding, conversation, rules)
        or _reply_to_question(understanding, conversation, rules)
        or _only_a_number(understanding, rules)
        or _intent(utterance, understanding, conversation, rules)
        or _procedure(understanding, conversation, rules)
    )


def _attempted(attempt: Attempt) -> Decision:
    """An answer to the question for the second factor."""
    if attempt.too_short:
        return AskFactor(attempt.code, too_short=True)
    if attempt.locked or attempt.wait_s:
        return RefuseDetails(attempt.code, attempt.wait_s)
    return OpenDetails(attempt.code, attempt.check)


def _held(utterance: Utterance, payload: str, conversation: Conversation) -> Decision:
    """While somebody else holds it: waiting can be ended or asked about, what was agreed to or is followed ended.

    What is stored can be deleted. What was asked before about satisfaction may still be answered by its buttons.
    """
    waits = conversation.owner is Owner.QUEUE
    code = find_code(utterance.text) if waits and utterance.kind is Kind.TEXT else ""
    if code:
        return LookUpTicket(code, waits_here=True)
    if payload.partition(":")[0] in ("unfollow", "rate", "why", "withdraw"):
        return pressed(payload, conversation)
    if payload.partition(":")[0] == "forget":
        return pressed(payload, conversation) if waits else Forget("held")
    return LeaveQueue() if payload == "stay" and waits else Stay(conversation.owner)


def _commanded(
    command: Command, understanding: Understanding | None, conversation: Conversation, rules: Rules
) -> Decision:
    """A command does what its button does; a code behind it is looked up at once."""
    if command.rest and understanding is not None:
        asked = conversation.with_(awaiting=Awaiting.DOSSIER_CODE)
        return _code(understanding, asked, rules) or AskSlot("dossier_code")
    return pressed(command.payload, conversation)


def _read_back(utterance: Utterance, conversation: Conversation) -> Decision | None:
    """What was heard or seen is shown before anything else; whoever says that it was wrong types."""
    if utterance.kind in (Kind.HEARD, Kind.SEEN) and utterance.fault is None:
        return ReadBack(utterance.kind.value, utterance.text)
    is_wrong = conversation.unconfirmed and read_back.refuses(utterance)
    return ReadBack(read_back.RETYPE) if is_wrong else None


def _rated_in_words(utterance: Utterance, conversation: Conversation) -> Decision | None:
    """Right after the question a whole message of a closed list is its answer, and nothing else is."""
    if conversation.rating_awaits != satisfaction.STEP or utterance.kind is not Kind.TEXT:
        return None
    step = satisfaction.heard(utterance.text)
    return None if step is None else Rate(conversation.rating, step, conversation.channel)


def _reason_in_words(
    utterance: Utterance, understanding: Understanding, conversation: Conversation, rules: Rules
) -> Decision | None:
    """Why, once the citizen said that they would write it; what may be a question is answered as one."""
    if conversation.rating_awaits != satisfaction.WORDS:
        return None
    asks = understanding.aspects or utterance.text.rstrip().endswith("?")
    other = understanding.intent in ("officer", "dossier_status") and _sure(understanding, rules)
    if asks or other or _best(understanding) >= rules.follow_up_below:
        return None
    if satisfaction.heard(utterance.text) == satisfaction.SKIPPED:
        return GiveReason(conversation.rating)
    return GiveReason(conversation.rating, words=utterance.text[:LONGEST_READ])


def _danger(
    utterance: Utterance, understanding: Understanding, conversation: Conversation, rules: Rules
) -> Decision | None:
    """Somebody is in danger, or about to be cheated: said before anything else.

    Whoever complains that somebody wanted money is heard, not warned.
    """
    intent, sure = understanding.intent, understanding.intent_confidence
    if _best(understanding) >= rules.answer_at and sure < rules.intent_over_procedure_at:
        return None
    if intent == "emergency" and _sure(understanding, rules):
        return Alarm(utterance.text)
    is_told = conversation.awaiting is Awaiting.COMPLAINT
    return Decline("scam") if intent == "scam" and not is_told and _sure(understanding, rules) else None


def _complaint(
    utterance: Utterance, understanding: Understanding, conversation: Conversation, rules: Rules
) -> Decision | None:
    """A complaint that is being told: an answer to its question, or a wish what to do with it.

    After something else was asked only a wish is heard, and more of the same complaint.
    """
    is_asked = conversation.awaiting is Awaiting.COMPLAINT
    if conversation.form is None and not is_asked:
        return None
    form = conversation.form or Form()
    wish = complaint.wish(utterance.text)
    if is_asked and wish is None:
        wish = _short_reply(understanding, form)
    if wish is not None and (is_asked or wish is not Wish.SKIP):
        return wished(wish, form)
    code = understanding.first(CODE)
    if is_asked and not _asks_something_else(utterance, understanding, rules):
        return AskComplaint(form.answered(utterance.text, code.value if code else ""))
    more = understanding.intent == "complaint" and _sure(understanding, rules) and code is None
    return AskComplaint(form.more(utterance.text)) if more else None


def _short_reply(understanding: Understanding, form: Form) -> Wish | None:
    """A bare yes or no: no to the whole at its beginning and its end, in between to one question."""
    if len(understanding.text.split()) > SHORT_REPLY:
        return None
    if understanding.intent == "deny" or understanding.first("no"):
        return Wish.SKIP if form.step in (Step.PLACE, Step.TIME) else Wish.DROP
    is_yes = understanding.intent == "affirm" or understanding.first("yes") is not None
    return Wish.SEND if is_yes and form.step is Step.CHECK else None


def _asks_something_else(utterance: Utterance, understanding: Understanding, rules: Rules) -> bool:
    """Whether words in the middle of a complaint are a question of their own."""
    own_data = any(understanding.first(kind) for kind in OWN_DATA)
    sure, few = _sure(understanding, rules), len(utterance.text.split()) < complaint.LONG_ENOUGH
    wants_officer = understanding.intent == "officer" and sure and few
    is_polite = understanding.intent in POLITE and sure and len(utterance.text.split()) <= SHORT_REPLY
    names_aspect = understanding.intent.startswith("ask_") and sure and understanding.aspects
    likely = rules.ask_at if utterance.text.endswith("?") else rules.answer_at
    asks = names_aspect and _best(understanding) >= likely and complaint.is_question(utterance.text)
    return bool(find_code(utterance.text) or own_data or wants_officer or is_polite or asks)


def _stop_following(understanding: Understanding, conversation: Conversation) -> Decision | None:
    """ "Thôi theo dõi": the dossier that is named, otherwise all."""
    if not understanding.first("unfollow"):
        return None
    named = {item.value for item in understanding.entities if item.kind == CODE}
    return Unfollow(tuple(code for code in conversation.followed if code in named or not named))


def _ticket(
    utterance: Utterance, understanding: Understanding, conversation: Conversation, rules: Rules
) -> Decision | None:
    """A ticket's code; or words to an officer who waited for them in vain: whoever is answering late is heard."""
    code = find_code(utterance.text)
    if code:
        return LookUpTicket(code)
    only_polite = understanding.intent in SMALL_TALK and _sure(understanding, rules)
    is_answer = conversation.reopens and not only_polite and understanding.first(CODE) is None
    return Reopen(conversation.reopens) if is_answer else None


def _code(understanding: Understanding, conversation: Conversation, rules: Rules) -> Decision | None:
    """Dossier codes, or a number the citizen takes for one."""
    codes = dict.fromkeys(item.value for item in understanding.entities if item.kind == CODE)
    if codes:
        doubts = (ExplainCode(item.kind, item.value) for item in understanding.entities if item.kind in NEAR_MISSES)
        return LookUpDossiers(tuple(codes), tuple(doubts))
    about_dossier = conversation.awaiting is Awaiting.DOSSIER_CODE or understanding.intent == "dossier_status"
    for kind in LOOK_ALIKES:
        entity = understanding.first(kind)
        alone = entity is not None and entity.end - entity.start >= len(understanding.text) - 2
        if entity and kind == "procedure_code" and not about_dossier:
            return AnswerAbout(entity.value, _aspects(understanding))
        if entity and (about_dossier or alone or kind in MEANT_AS_CODE):
            return ExplainCode(kind, entity.value, _insists(conversation, rules))
    return None


def _insists(conversation: Conversation, rules: Rules) -> bool:
    """Whether what was explained just before is sent once more: then a person looks at it."""
    was_asked = conversation.awaiting in (Awaiting.DOSSIER_CODE, Awaiting.OFFICER)
    return was_asked and conversation.failures + 1 >= rules.failures_before_officer


def _own_data(understanding: Understanding) -> Decision | None:
    """What is stored of the citizen here: to be deleted, told, corrected, or used no more."""
    if understanding.first("forget"):
        return Forget("ask")
    if understanding.first("data_withdraw"):
        return WithdrawConsent()
    for wanted in (Wanted.CORRECT, Wanted.OBJECT):
        if understanding.first(f"data_{wanted}"):
            return RequestData(wanted, understanding.text)
    return TellKept() if understanding.first("kept") else None


def _known_dossier(
    utterance: Utterance, understanding: Understanding, conversation: Conversation, rules: Rules
) -> Decision | None:
    """Words about a dossier that needs no code: one that is remembered, or the one just shown."""
    text = utterance.text
    is_about_it = understanding.intent == "dossier_status" or _best(understanding) < rules.answer_at
    given = dossier_talk.name_given(text) if conversation.awaiting is Awaiting.DOSSIER_NAME else ""
    named = dossier_talk.named(text, conversation.kept)
    if conversation.kept and dossier_talk.lets_all_go(text):
        return LetDossierGo("")
    if named is not None and dossier_talk.lets_go(text):
        return LetDossierGo(named.code)
    if named is not None and is_about_it:
        return TellMore(named.code, dossier_talk.asked(text) or "")
    if conversation.keeps(conversation.dossier) and dossier_talk.lets_go(text) and dossier_talk.means_this(text):
        return LetDossierGo(conversation.dossier)
    if conversation.dossier and dossier_talk.wants_kept(text) and not dossier_talk.lets_go(text):
        return KeepDossier(conversation.dossier)
    if given and conversation.kept and _names(text, understanding, rules):
        return KeepDossier(conversation.kept[0].code, given)
    if conversation.kept and dossier_talk.wants_list(text):
        return _listed(conversation.kept)
    return _asked_on(text, understanding, conversation, rules)


def _names(text: str, understanding: Understanding, rules: Rules) -> bool:
    """Whether what follows the question for a name is one, and no question of its own."""
    other = understanding.intent in ("deny", "affirm", "officer", "complaint", "thanks", "greet", "goodbye")
    is_question = bool(understanding.aspects) or dossier_talk.asked(text) is not None or text.rstrip().endswith("?")
    return not is_question and not (other and _sure(understanding, rules)) and not _only_a_number(understanding, rules)


def _listed(kept: tuple[Kept, ...]) -> Decision:
    """The only one is told at once."""
    return TellMore(kept[0].code, "") if len(kept) == 1 else ListDossiers(kept)


def _asked_on(text: str, understanding: Understanding, conversation: Conversation, rules: Rules) -> Decision | None:
    """A short question that names no other matter is about the dossier just shown."""
    if not conversation.dossier or _best(understanding) >= rules.answer_at:
        return None
    if understanding.intent in ("complaint", "officer") and _sure(understanding, rules):
        return None
    asked = dossier_talk.asked(text)
    return None if asked is None else TellMore(conversation.dossier, asked)


def _unit(utterance: Utterance, understanding: Understanding, rules: Rules) -> Decision | None:
    """What is this ward called now? "Đổi qua sổ mới" only sounds like it."""
    is_asked = understanding.first("unit_question") and _best(understanding) < rules.answer_at
    return ResolveUnit(utterance.text) if is_asked else None


def _premise(understanding: Understanding, conversation: Conversation, rules: Rules) -> Decision | None:
    """The citizen heard an amount and asks whether it is right."""
    claimed = understanding.first("amount")
    if not (claimed and claimed.value.isdecimal() and understanding.first("confirmation")):
        return None
    if _best(understanding) >= rules.follow_up_below:
        return CorrectPremise(understanding.candidates[0].code, int(claimed.value))
    return CorrectPremise(conversation.topic, int(claimed.value)) if conversation.topic else None


def _reply_to_question(understanding: Understanding, conversation: Conversation, rules: Rules) -> Decision | None:
    """A reply to what the assistant asked last."""
    intent = understanding.intent
    match conversation.awaiting:
        case Awaiting.OFFICER if intent == "affirm" or understanding.first("yes"):
            return HandOff("not_understood")
        case Awaiting.OFFICER if intent == "deny" or understanding.first("no"):
            return SmallTalk("okay")
        case Awaiting.CHOICE:
            return _chosen(understanding, conversation, rules)
        case Awaiting.DOSSIER_CODE if intent == "affirm" or understanding.first("yes"):
            meant = [button.payload for button in conversation.offered if button.payload.startswith("dossier:")]
            return pressed(meant[0], conversation) if meant else None
    return None


def _chosen(understanding: Understanding, conversation: Conversation, rules: Rules) -> Decision | None:
    """The offered button that a typed text names by number, by label, or by a plain yes to the first."""
    position = understanding.first("ordinal")
    choices = [button for button in conversation.offered if button.payload.startswith(("p:", "c:"))]
    if position and position.value.isdecimal() and 1 <= int(position.value) <= len(choices):
        return pressed(choices[int(position.value) - 1].payload, conversation)
    if understanding.intent == "affirm" and len(choices) == 1:
        return pressed(choices[0].payload, conversation)
    denies = understanding.intent == "deny" and _sure(understanding, rules) and _best(understanding) < rules.answer_at
    if denies and choices and choices[0].payload.startswith("p:"):
        return AskSlot("procedure")
    return AskAgain("unknown_choice") if position else None


def _only_a_number(understanding: Understanding, rules: Rules) -> Decision | None:
    """A personal number and no question: it was masked, and nothing here needs it."""
    numbers = [item for item in understanding.entities if item.kind in PERSONAL]
    asks = understanding.aspects or understanding.first("call") or _best(understanding) >= rules.answer_at
    beside = len(understanding.text.split()) - sum(len(item.value.split()) for item in numbers)
    return AskSlot("procedure") if numbers and not asks and beside <= AROUND_A_NUMBER * len(numbers) else None


def _intent(
    utterance: Utterance, understanding: Understanding, conversation: Conversation, rules: Rules
) -> Decision | None:
    """Intents that need no procedure."""
    if not _sure(understanding, rules):
        return None
    match understanding.intent:
        case "officer":
            return HandOff("asked")
        case "complaint":
            return AskComplaint(complaint.begun(utterance.text))
        case "dossier_status":
            return AskSlot("dossier_code")
        case kind if kind in SMALL_TALK:
            return SmallTalk(kind)
        case "off_topic" | "injection" | "legal_dispute" as reason if _outweighs(understanding, rules):
            return Decline(reason)
        case "off_topic" | "injection" | "legal_dispute" if _contradicts(understanding, rules):
            return AskWhich(_choices(understanding, rules), _aspects(understanding))
        case "affirm" | "deny" | "choose" if _best(understanding) < rules.answer_at:
            return SmallTalk("okay")
    return None


def _outweighs(understanding: Understanding, rules: Rules) -> bool:
    """Whether an intent that needs no procedure stands against the procedure found in the same words."""
    share = rules.certain_at if understanding.intent_confidence >= rules.intent_over_procedure_at else rules.answer_at
    return _best(understanding) < share


def _contradicts(understanding: Understanding, rules: Rules) -> bool:
    """The words name a procedure and yet seem to ask for something else: the citizen says which."""
    return understanding.intent_confidence >= rules.contradicted_at and bool(understanding.candidates)


def _procedure(understanding: Understanding, conversation: Conversation, rules: Rules) -> Decision:
    """Which procedure, and what about it."""
    aspects, best = _aspects(understanding), _best(understanding)
    return (
        _elsewhere(understanding, rules)
        or _several(understanding, rules)
        or _back(understanding, conversation)
        or _sibling(understanding, conversation, rules)
        or _follow_up(understanding, conversation, rules)
        or (_about(understanding.candidates[0].code, aspects, understanding) if best >= rules.answer_at else None)
        or (AskWhich(_choices(understanding, rules), aspects) if best >= rules.ask_at else None)
        or _not_understood(aspects, conversation, rules)
    )


def _elsewhere(understanding: Understanding, rules: Rules) -> Decision | None:
    """A place or a scheme of another province; what the law says everywhere is answered."""
    asks_place = Aspect.PLACE in understanding.aspects
    is_ours = _best(understanding) >= rules.certain_at and not asks_place
    return Decline("elsewhere") if understanding.first("elsewhere") and not is_ours else None


def _several(understanding: Understanding, rules: Rules) -> Decision | None:
    """Several questions in one message, each about a procedure of its own."""
    parts = [
        part for part in understanding.parts if part.candidates[:1] and part.candidates[0].confidence >= rules.answer_at
    ]
    codes = dict.fromkeys(part.candidates[0].code for part in parts)
    names = [part.candidates[0].name for part in parts]
    if len(codes) < 2 or len(parts) < len(understanding.parts) or are_siblings(names[0], names[-1]):
        return None
    aspects = {
        code: tuple(a.value for part in parts if part.candidates[0].code == code for a in part.aspects)
        for code in codes
    }
    return AnswerSeveral(tuple(AnswerAbout(code, asked or _aspects(understanding)) for code, asked in aspects.items()))


def _back(understanding: Understanding, conversation: Conversation) -> Decision | None:
    """The citizen goes back to an earlier matter: the one the words fit, otherwise the one before this."""
    if not (understanding.first("return_to") and conversation.topics):
        return None
    found = [item.code for item in understanding.candidates if item.code in conversation.topics]
    return _about((found or conversation.topics)[0], _aspects(understanding), understanding)


def _sibling(understanding: Understanding, conversation: Conversation, rules: Rules) -> Decision | None:
    """ "Vợ em người nước ngoài thì sao": the same matter in another case, which is a procedure of its own."""
    names = {item.code: item.name for item in understanding.in_context}
    first = next(iter(names), "")
    topic = names.get(conversation.topic, "")
    if not topic or first == conversation.topic or not are_siblings(topic, names[first]):
        return None
    sure = understanding.in_context[0].confidence >= rules.follow_up_below
    return _about(first, _aspects(understanding), understanding) if sure else None


def _follow_up(understanding: Understanding, conversation: Conversation, rules: Rules) -> Decision | None:
    """An aspect without a procedure goes on with the topic."""
    aspects, topic = _aspects(understanding), _present_topic(conversation)
    goes_on = aspects and topic and _best(understanding) < rules.follow_up_below
    return _about(topic, aspects, understanding, conversation.case_id) if goes_on else None


def _choices(understanding: Understanding, rules: Rules) -> tuple[str, ...]:
    """The likeliest procedures to offer; of one family only its members, when the two likeliest belong to one."""
    likely = understanding.candidates
    if len(likely) > 1 and are_siblings(likely[0].name, likely[1].name):
        likely = tuple(item for item in likely if are_siblings(likely[0].name, item.name))
    return tuple(item.code for item in likely[: rules.choices])


def _not_understood(aspects: tuple[str, ...], conversation: Conversation, rules: Rules) -> Decision:
    if conversation.failures + 1 >= rules.failures_before_officer:
        return Decline("offer_officer")
    return AskSlot("procedure") if aspects else Decline("not_understood")


def _present_topic(conversation: Conversation) -> str:
    """What the talk is about; whoever asks on without choosing means the likeliest of the offered ones."""
    offered = [button.payload for button in conversation.offered if button.payload.startswith("p:")]
    if conversation.awaiting is Awaiting.CHOICE and offered:
        return offered[0].removeprefix("p:")
    return conversation.topic


def _about(code: str, aspects: tuple[str, ...], understanding: Understanding, case_id: str = "") -> Decision:
    return AnswerAbout(code, aspects, case_id, _count(understanding, "pages"), _count(understanding, "copies"))


def _count(understanding: Understanding, kind: str) -> int:
    found = understanding.first(kind)
    return int(found.value) if found and found.value.isdecimal() else 0


def _aspects(understanding: Understanding) -> tuple[str, ...]:
    return tuple(aspect.value for aspect in understanding.aspects)


def _best(understanding: Understanding) -> float:
    return understanding.candidates[0].confidence if understanding.candidates else 0.0


def _sure(understanding: Understanding, rules: Rules) -> bool:
    return understanding.intent_confidence >= rules.intent_at[understanding.engine]
