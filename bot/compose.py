"""Composing: facts and words to a reply. Pure; every figure comes from the record, every sentence from bot/data."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import pairwise
from urllib.parse import urlencode

from bot import consent, read_back, satisfaction, second_factor, sheet_buttons
from bot.complaint import Wish
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
from bot.following import LONGEST, MOST_FOLLOWED, ZALO, is_over
from bot.messages import Block, Button, Reply, Source
from bot.outcomes import Outcome
from bot.procedure_reply import LONGEST_LABEL, MOST_BUTTONS, journey_reply, procedure_reply, sheet_reply
from bot.progress import Clock
from bot.wording import button, notes, render, say, shorten, words
from integrations.dossiers import LABELS, Dossier, group
from knowledge.procedure import Procedure
from nlu.dossier_codes import Fault
from nlu.families import are_siblings
from nlu.understanding import Aspect

LONGEST_SHOWN = 700
# characters of each part of a complaint that is shown to be confirmed; it is kept whole
SHARED_WORDS = 3
# that names of a family must begin with to be asked about by what is left
MOST_STEPS = 6
# of a dossier's timeline: the latest
ENGLISH_FRAMES = {
    Outcome.ANSWERED: "english_answer",
    Outcome.PREMISE_CORRECTED: "english_answer",
    Outcome.SHEET_SENT: "english_sheet",
    Outcome.ASKED_WHICH: "english_which",
    Outcome.DOSSIER_FOUND: "english_dossier",
    Outcome.HANDED_OFF: "english_officer",
    Outcome.ASKED_DOSSIER_CODE: "english_code",
    Outcome.ASKED_COMPLAINT: "english_complaint",
    Outcome.COMPLAINT_SHOWN: "english_complaint",
    Outcome.COMPLAINT_TAKEN: "english_complaint_taken",
    Outcome.DOSSIER_EXPLAINED: "english_code",
    Outcome.DOSSIER_INSISTED: "english_code",
    Outcome.KEPT_TOLD: "english_kept",
    Outcome.NOT_UNDERSTOOD: "english_again",
    Outcome.ASKED_PROCEDURE: "english_again",
    Outcome.SMALL_TALK: "english_hello",
    Outcome.OFF_TOPIC: "english_off_topic",
    Outcome.ALARMED: "english_alarm",
    Outcome.SCAM_WARNED: "english_scam",
    Outcome.ELSEWHERE: "english_elsewhere",
    Outcome.LEGAL_DISPUTE: "english_dispute",
    Outcome.INJECTION_REFUSED: "english_injection",
    Outcome.READ_ONLY: "english_read_only",
}
# notes in front of a reply to an English question
WAITING = {
    Outcome.HANDED_OFF,
    Outcome.ALARMED,
    Outcome.QUEUED,
    Outcome.REOPENED,
}
# replies to somebody who waits for an officer: one tap ends it
OF_COMPLAINTS = {Outcome.ASKED_COMPLAINT, Outcome.COMPLAINT_SHOWN, Outcome.COMPLAINT_TAKEN, Outcome.COMPLAINT_DROPPED}
UNMENTIONED = OF_COMPLAINTS | WAITING | {Outcome.FORGET_ASKED, Outcome.FORGOTTEN, Outcome.FACTOR_ASKED}
UNMENTIONED |= {Outcome.READ_ONLY, Outcome.SWITCHED_OFF, Outcome.READ_BACK}
# replies under which a complaint that was begun is not offered to be gone on with
OFFICER_AFTER = {
    Outcome.DOSSIER_FOUND,
    Outcome.DOSSIER_NOT_FOUND,
    Outcome.PORTAL_DOWN,
    Outcome.FACTOR_REFUSED,
    Outcome.FACTOR_WAITS,
    Outcome.FACTOR_LOCKED,
    Outcome.NOT_UNDERSTOOD,
    Outcome.PROCEDURE_UNKNOWN,
    Outcome.OFF_TOPIC,
    Outcome.ELSEWHERE,
    Outcome.LEGAL_DISPUTE,
    Outcome.SCAM_WARNED,
    Outcome.SWITCHED_OFF,
    Outcome.TICKET_NOT_FOUND,
    Outcome.COMPLAINT_TAKEN,
}


def compose(
    facts: Facts, masked: bool = False, english: bool = False, unsent: bool = False, public_url: str = ""
) -> Reply | None:
    """The reply for what was brought back; None when somebody else speaks.

    `masked`: a personal number was hidden. `english`: the question was, so a short frame says what stands below.
    `unsent`: a complaint was begun: under another answer it is offered to go on with it.
    `public_url`: where citizens reach the web; empty: no address of a guidance sheet (a button sends it).
    """
    if facts.outcome is Outcome.SILENT:
        return None
    reply = _compose(facts)
    english = english or (isinstance(facts, SheetFacts) and facts.english)
    frame = _english_frame(facts) if english else None
    before = (Block("paragraph", (notes()[frame],)),) if frame else ()
    has_button = any(map(sheet_buttons.is_one, reply.buttons))
    sheets = _sheets(facts, reply.sources, public_url) if public_url and not has_button else ()
    after = (*sheets, *((Block("warning", (notes()["masked"],)),) if masked else ()))
    offers = unsent and facts.outcome not in UNMENTIONED
    offer = (Block("paragraph", (notes()["complaint_unsent"],)),) if offers else ()
    ways = (_of_complaint(Wish.DROP), _of_complaint(Wish.ON)) if offers else ()
    buttons = sheet_buttons.in_english(reply.buttons, words()["buttons"]) if english else reply.buttons
    return replace(reply, blocks=(*before, *reply.blocks, *after, *offer), buttons=(*buttons, *ways))


def _sheets(facts: Facts, sources: Iterable[Source], public_url: str) -> tuple[Block, ...]:
    """Under an answer about papers that has no button for its sheet: where each sheet lies."""
    told = facts.parts if isinstance(facts, SeveralFacts) else (facts,)
    about = {part.procedure.code for part in told if isinstance(part, ProcedureFacts) and _tells_papers(part)}
    lines = [
        notes()["sheet"].format(address=sheet_address(public_url, source))
        for source in sources
        if source.code in about or isinstance(facts, JourneyFacts)
    ]
    return tuple(Block("source", (line,)) for line in lines)


def _tells_papers(facts: ProcedureFacts) -> bool:
    return not facts.aspects or Aspect.DOCUMENTS.value in facts.aspects


def sheet_address(public_url: str, source: Source, is_large: bool = False) -> str:
    """Where the guidance sheet of a record and case lies."""
    asked = {"truong_hop": source.case_id, "co_chu": "lon" if is_large else ""}
    query = urlencode({name: value for name, value in asked.items() if value})
    return f"{public_url.rstrip('/')}/phieu/{source.code}.pdf{'?' if query else ''}{query}"


def _english_frame(facts: Facts) -> str | None:
    if facts.outcome is Outcome.SMALL_TALK and isinstance(facts, PlainFacts) and facts.detail == "insult":
        return "english_insult"
    return ENGLISH_FRAMES.get(facts.outcome)


def _compose(facts: Facts) -> Reply:
    match facts:
        case ProcedureFacts():
            return procedure_reply(facts)
        case SeveralFacts():
            return _several(facts)
        case JourneyFacts():
            return journey_reply(facts)
        case UnitFacts(outcome, resolution):
            return Reply(render(outcome, kind=type(resolution).__name__, found=resolution))
        case SheetFacts():
            return sheet_reply(facts)
        case ChoiceFacts(outcome, procedures):
            return _choice(outcome, procedures)
        case DossierFacts():
            return Reply(render(facts.outcome, **_dossier_values(facts)), _dossier_buttons(facts))
        case DossiersFacts(_, parts, left):
            return _dossiers(parts, left)
        case DetailsFacts(outcome, code, details, pay_at, has_qr):
            return Reply(
                render(outcome, code=code, details=details, pay_at=pay_at, has_qr=has_qr),
                (button("detail", code), button("officer")),
            )
        case KeptFacts(outcome, kept, about):
            return Reply(render(outcome, kept=kept, about=about), _kept_buttons(facts))
        case PlainFacts(Outcome.DOSSIER_EXPLAINED | Outcome.DOSSIER_INSISTED as outcome, detail, value):
            return Reply(render(outcome, detail=detail, value=value), _code_buttons(outcome, detail, value))
        case ComplaintFacts():
            return _complaint(facts)
        case FollowFacts(outcome, found, channel):
            values = {"dossier": found.dossier, "channel": channel, "days": LONGEST.days}
            values |= {"zalo_h": round(ZALO.total_seconds() / 3600)}
            return Reply(render(outcome, **values), (button("unfollow", found.dossier.code),))
        case TicketFacts(outcome, standing):
            buttons = (button("stay"),) if standing.stage == "queued" and facts.waits_here else ()
            return Reply(render(outcome, standing=standing), buttons)
        case RatingFacts():
            return _rating(facts)
        case PlainFacts(Outcome.READ_BACK as outcome, kind, text):
            return Reply(render(outcome, detail=kind, value=text), read_back.buttons(kind, text, words()["buttons"]))
        case PlainFacts(Outcome.CONSENT_ASKED as outcome, _, code):
            agree = Button(words()["buttons"]["agree"], f"agree:{consent.load()[consent.FOLLOW].key}:{code}")
            refuse = Button(words()["buttons"]["disagree"], "stay")
            return Reply(render(outcome, value=code, days=LONGEST.days), (agree, refuse))
        case PlainFacts(outcome, detail, value):
            factor = words()["factors"][second_factor.load().factor] if outcome is Outcome.FACTOR_ASKED else ""
            values = {"detail": detail, "value": value, "factor": factor, "most_followed": MOST_FOLLOWED}
            return Reply(render(outcome, **values), _plain_buttons(outcome))


def _rating(facts: RatingFacts) -> Reply:
    """How satisfied are you, why, and what is said to the answer."""
    values = {"about": facts.about, "step": facts.step, "reason": facts.reason, "satisfaction": satisfaction.content()}
    values |= {"few": facts.channel in satisfaction.FEW_BUTTONS, "satisfied": facts.step in satisfaction.SATISFIED}
    values |= {"praise": satisfaction.is_praise(facts.reason)}
    return Reply(render(facts.outcome, **values), _rating_buttons(facts))


def _rating_buttons(facts: RatingFacts) -> tuple[Button, ...]:
    """The steps or the reasons to choose from; an officer for who is not satisfied."""
    match facts.outcome:
        case Outcome.RATING_ASKED:
            return satisfaction.step_buttons(facts.number, facts.channel)
        case Outcome.RATED:
            return satisfaction.reason_buttons(facts.number, facts.step, facts.channel)
        case Outcome.REASON_TAKEN if facts.reason and not satisfaction.is_praise(facts.reason):
            return (button("officer"),)
    return ()


def _dossier_values(facts: DossierFacts) -> dict[str, object]:
    """What the words about a dossier are made from."""
    dossier, progress = facts.dossier, facts.progress
    return {
        "dossier": dossier,
        "found": facts.found,
        "progress": progress,
        "clock": progress.clock.value,
        "group": group(dossier.status).value,
        "status": int(dossier.status),
        "official": LABELS.get(dossier.status, ""),
        "steps": _steps(dossier),
        "asked": facts.asked,
        "kept": facts.kept,
        "words": words(),
    }


def _steps(dossier: Dossier) -> list[tuple[datetime, str]]:
    """The timeline in official names; what has none is left out, because free words may name an officer."""
    named = [(step.at, LABELS[step.status]) for step in dossier.steps if step.status in LABELS]
    changes = [now for before, now in pairwise([(None, ""), *named]) if now[1] != before[1]]
    return [(at, label) for at, label in changes if at is not None][-MOST_STEPS:]


def _dossier_buttons(facts: DossierFacts) -> tuple[Button, ...]:
    code, is_late = facts.dossier.code, facts.progress.clock is Clock.LATE
    shown = [button("detail", code), *([button("complain", code)] if is_late else ())]
    remembered = () if facts.kept or facts.asked else (Button(words()["buttons"]["keep_dossier"], f"keep:{code}"),)
    follow = () if is_over(facts.dossier) else (button("follow", code),)
    return (*shown, *follow, *remembered, button("officer"))


def _complaint(facts: ComplaintFacts) -> Reply:
    """The next question, everything that was told, or that it was sent."""
    form, send, drop = facts.form, _of_complaint(Wish.SEND), _of_complaint(Wish.DROP)
    names = {"what": form.what, "place": form.place, "time": form.time}
    told = {name: shorten(text, LONGEST_SHOWN) for name, text in names.items()}
    rendered = render(facts.outcome, step=form.step.value, told=told, unit=facts.unit, dossier=form.dossier)
    if facts.outcome is Outcome.COMPLAINT_TAKEN:
        return Reply(rendered, _plain_buttons(facts.outcome))
    if facts.outcome is Outcome.COMPLAINT_SHOWN:
        return Reply(rendered, (send, drop))
    labels = words()["buttons"]
    skip = Button(labels[f"complaint_skip_{form.step}"], f"complaint:{Wish.SKIP}:{form.step}")
    return Reply(rendered, (skip, Button(labels["complaint_now"], send.payload), drop))


def _of_complaint(wish: Wish) -> Button:
    return Button(words()["buttons"][f"complaint_{wish}"], f"complaint:{wish}")


def _kept_buttons(facts: KeptFacts) -> tuple[Button, ...]:
    """The dossiers to choose from; under one that is remembered now, the way to have it forgotten."""
    if facts.about is not None:
        drop = Button(words()["buttons"]["drop_dossier"], f"drop:{facts.about.code}")
        return (Button(words()["buttons"]["dossier"], f"dossier:{facts.about.code}"), drop)
    names = [item.name or item.code for item in facts.kept[:MOST_BUTTONS]]
    return tuple(
        Button(shorten(name, LONGEST_LABEL), f"dossier:{item.code}")
        for name, item in zip(names, facts.kept, strict=False)
    )


def _choice(outcome: Outcome, procedures: tuple[Procedure, ...]) -> Reply:
    """Which of these? Of one family only what tells its members apart is asked."""
    names = [item.name for item in procedures]
    of_one_family = len(names) > 1 and all(are_siblings(names[0], name) for name in names[1:])
    shared, labels = qualifiers(names) if of_one_family else ("", names)
    choices = [
        Button(shorten(label, LONGEST_LABEL), f"p:{item.code}") for label, item in zip(labels, procedures, strict=True)
    ]
    rendered = render(outcome, shared=shared, labels=labels)
    return Reply(rendered, (*choices, Button(words()["buttons"]["none_of_these"], "none")))


def qualifiers(names: Sequence[str]) -> tuple[str, list[str]]:
    """The beginning that names share, and what each has besides it; ("", names) when that tells nothing."""
    split = [name.split() for name in names]
    alike = 0
    while all(len(name) > alike for name in split) and len({name[alike].casefold() for name in split}) == 1:
        alike += 1
    usual = str(words()["lines"]["usual_case"])
    rests = [" ".join(name[alike:]).strip(" ()") for name in split]
    if alike < SHARED_WORDS or len(set(rests)) < len(rests):
        return "", list(names)
    return " ".join(split[0][:alike]).strip(" ("), [rest[:1].upper() + rest[1:] if rest else usual for rest in rests]


def _several(facts: SeveralFacts) -> Reply:
    """One answer after the other; the buttons lead to each of them."""
    answers = [procedure_reply(part) for part in facts.parts]
    buttons = [Button(shorten(part.procedure.name, LONGEST_LABEL), f"p:{part.procedure.code}") for part in facts.parts]
    return Reply(
        tuple(block for answer in answers for block in answer.blocks),
        (*buttons, button("officer")),
        tuple(source for answer in answers for source in answer.sources),
    )


def _dossiers(parts: Sequence[Facts], left: int) -> Reply:
    """One dossier after the other; the buttons lead to each alone, the last to an officer."""
    told = [_compose(part) for part in parts]
    ways = (_alone(part, reply) for part, reply in zip(parts, told, strict=True))
    buttons = dict.fromkeys(button for way in ways for button in way)
    buttons.pop(button("officer"), None)
    over = say("too_many_codes", told=str(len(parts)), left=str(left)).blocks if left else ()
    blocks_of_all = tuple(block for reply in told for block in reply.blocks)
    return Reply((*blocks_of_all, *over), (*list(buttons)[: MOST_BUTTONS - 1], button("officer")))


def _alone(part: Facts, reply: Reply) -> tuple[Button, ...]:
    """The way on from one of several dossiers."""
    if not isinstance(part, DossierFacts):
        return reply.buttons
    code = part.dossier.code
    return (Button(str(words()["buttons"]["look_up"]).format(code=code), f"dossier:{code}"),)


def _code_buttons(outcome: Outcome, kind: str, value: str) -> tuple[Button, ...]:
    """The code that may be meant, where there is one; then a person."""
    label = str(words()["buttons"]["look_up"])
    meant = (Button(label.format(code=value), f"dossier:{value}"),) if kind == Fault.UNCLEAR.value else ()
    later = (Button(words()["buttons"]["not_now"], "stay"),) if outcome is Outcome.DOSSIER_INSISTED else ()
    return (*meant, button("officer"), *later)


def _plain_buttons(outcome: Outcome) -> tuple[Button, ...]:
    if outcome is Outcome.OFFICER_OFFERED:
        return button("officer"), Button(words()["buttons"]["not_now"], "stay")
    if outcome is Outcome.FACTOR_ASKED:
        return Button(words()["buttons"]["not_now"], "stay"), button("officer")
    if outcome in WAITING:
        return (button("stay"),)
    if outcome is Outcome.KEPT_TOLD:
        return button("forget"), button("officer")
    if outcome is Outcome.FORGET_ASKED:
        return Button(words()["buttons"]["forget"], "forget:yes"), Button(words()["buttons"]["keep"], "forget:no")
    if outcome is Outcome.CONSENT_WITHDRAWN:
        return (button("forget"),)
    if outcome is Outcome.SMALL_TALK:
        return (button("dossier"), button("officer"))
    return (button("officer"),) if outcome in OFFICER_AFTER else ()
