"""Composing: facts and words to a reply. Pure; every figure comes from the record, every sentence from bot/data."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import jinja2
import yaml

from bot import consent, forwarding, read_back, satisfaction, second_factor, sheet_buttons
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
from bot.messages import Answer, Block, Button, Reply, SheetName, Source
from bot.outcomes import Outcome
from bot.present import ZONE
from bot.progress import Clock
from integrations.dossiers import LABELS, Dossier, group
from knowledge import bundles
from knowledge.fees import Order, bill
from knowledge.procedure import Channel, Document, Fee, FeeStatus, Procedure, ProcessingTime, TimeUnit
from nlu.dossier_codes import Fault, received_on
from nlu.families import are_siblings
from nlu.understanding import Aspect

DATA = Path(__file__).parent / "data"
OVERVIEW = ("documents", "fee", "time", "place", "legal_basis")
# what a citizen is told who asked about no aspect in particular
OVERVIEW_DOCUMENTS = 8
MOST_LEGAL_BASES = 6
MOST_DOCUMENTS_OF_ALL_CASES = 10
MOST_BUTTONS = 5
LONGEST_LABEL = 60
LONGEST_SHOWN = 700
# characters of each part of a complaint that is shown to be confirmed; it is kept whole
SHARED_WORDS = 3
# that names of a family must begin with to be asked about by what is left
MARKS = {"# ": "heading", "- ": "bullets", "= ": "bullets", "! ": "warning", "~ ": "source"}
PRIVATE = "= "
# a bullet that is shown once
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
            return _procedure(facts)
        case SeveralFacts():
            return _several(facts)
        case JourneyFacts():
            return _journey(facts)
        case UnitFacts(outcome, resolution):
            return Reply(_render(outcome, kind=type(resolution).__name__, found=resolution))
        case SheetFacts():
            return _sheet(facts)
        case ChoiceFacts(outcome, procedures):
            return _choice(outcome, procedures)
        case DossierFacts():
            return Reply(_render(facts.outcome, **_dossier_values(facts)), _dossier_buttons(facts))
        case DossiersFacts(_, parts, left):
            return _dossiers(parts, left)
        case DetailsFacts(outcome, code, details, pay_at, has_qr):
            return Reply(
                _render(outcome, code=code, details=details, pay_at=pay_at, has_qr=has_qr),
                (_button("detail", code), _button("officer")),
            )
        case KeptFacts(outcome, kept, about):
            return Reply(_render(outcome, kept=kept, about=about), _kept_buttons(facts))
        case PlainFacts(Outcome.DOSSIER_EXPLAINED | Outcome.DOSSIER_INSISTED as outcome, detail, value):
            return Reply(_render(outcome, detail=detail, value=value), _code_buttons(outcome, detail, value))
        case ComplaintFacts():
            return _complaint(facts)
        case FollowFacts(outcome, found, channel):
            values = {"dossier": found.dossier, "channel": channel, "days": LONGEST.days}
            values |= {"zalo_h": round(ZALO.total_seconds() / 3600)}
            return Reply(_render(outcome, **values), (_button("unfollow", found.dossier.code),))
        case TicketFacts(outcome, standing):
            buttons = (_button("stay"),) if standing.stage == "queued" and facts.waits_here else ()
            return Reply(_render(outcome, standing=standing), buttons)
        case RatingFacts():
            return _rating(facts)
        case PlainFacts(Outcome.READ_BACK as outcome, kind, text):
            return Reply(_render(outcome, detail=kind, value=text), read_back.buttons(kind, text, words()["buttons"]))
        case PlainFacts(Outcome.CONSENT_ASKED as outcome, _, code):
            agree = Button(words()["buttons"]["agree"], f"agree:{consent.load()[consent.FOLLOW].key}:{code}")
            refuse = Button(words()["buttons"]["disagree"], "stay")
            return Reply(_render(outcome, value=code, days=LONGEST.days), (agree, refuse))
        case PlainFacts(outcome, detail, value):
            factor = words()["factors"][second_factor.load().factor] if outcome is Outcome.FACTOR_ASKED else ""
            values = {"detail": detail, "value": value, "factor": factor, "most_followed": MOST_FOLLOWED}
            return Reply(_render(outcome, **values), _plain_buttons(outcome))


def _rating(facts: RatingFacts) -> Reply:
    """How satisfied are you, why, and what is said to the answer."""
    values = {"about": facts.about, "step": facts.step, "reason": facts.reason, "satisfaction": satisfaction.content()}
    values |= {"few": facts.channel in satisfaction.FEW_BUTTONS, "satisfied": facts.step in satisfaction.SATISFIED}
    values |= {"praise": satisfaction.is_praise(facts.reason)}
    return Reply(_render(facts.outcome, **values), _rating_buttons(facts))


def _rating_buttons(facts: RatingFacts) -> tuple[Button, ...]:
    """The steps or the reasons to choose from; an officer for who is not satisfied."""
    match facts.outcome:
        case Outcome.RATING_ASKED:
            return satisfaction.step_buttons(facts.number, facts.channel)
        case Outcome.RATED:
            return satisfaction.reason_buttons(facts.number, facts.step, facts.channel)
        case Outcome.REASON_TAKEN if facts.reason and not satisfaction.is_praise(facts.reason):
            return (_button("officer"),)
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
    shown = [_button("detail", code), *([_button("complain", code)] if is_late else ())]
    remembered = () if facts.kept or facts.asked else (Button(words()["buttons"]["keep_dossier"], f"keep:{code}"),)
    follow = () if is_over(facts.dossier) else (_button("follow", code),)
    return (*shown, *follow, *remembered, _button("officer"))


def _complaint(facts: ComplaintFacts) -> Reply:
    """The next question, everything that was told, or that it was sent."""
    form, send, drop = facts.form, _of_complaint(Wish.SEND), _of_complaint(Wish.DROP)
    names = {"what": form.what, "place": form.place, "time": form.time}
    told = {name: shorten(text, LONGEST_SHOWN) for name, text in names.items()}
    rendered = _render(facts.outcome, step=form.step.value, told=told, unit=facts.unit, dossier=form.dossier)
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
    rendered = _render(outcome, shared=shared, labels=labels)
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
    answers = [_procedure(part) for part in facts.parts]
    buttons = [Button(shorten(part.procedure.name, LONGEST_LABEL), f"p:{part.procedure.code}") for part in facts.parts]
    return Reply(
        tuple(block for answer in answers for block in answer.blocks),
        (*buttons, _button("officer")),
        tuple(source for answer in answers for source in answer.sources),
    )


def _dossiers(parts: Sequence[Facts], left: int) -> Reply:
    """One dossier after the other; the buttons lead to each alone, the last to an officer."""
    told = [_compose(part) for part in parts]
    ways = (_alone(part, reply) for part, reply in zip(parts, told, strict=True))
    buttons = dict.fromkeys(button for way in ways for button in way)
    buttons.pop(_button("officer"), None)
    over = say("too_many_codes", told=str(len(parts)), left=str(left)).blocks if left else ()
    blocks_of_all = tuple(block for reply in told for block in reply.blocks)
    return Reply((*blocks_of_all, *over), (*list(buttons)[: MOST_BUTTONS - 1], _button("officer")))


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
    return (*meant, _button("officer"), *later)


@lru_cache(maxsize=1)
def words() -> dict[str, Any]:
    """Words that stand for values of the records."""
    content: dict[str, Any] = yaml.load((DATA / "words.yaml").read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    return content


@lru_cache(maxsize=1)
def ticket_words() -> dict[str, Any]:
    """Words of the officers' tickets."""
    content: dict[str, Any] = yaml.load((DATA / "tickets.yaml").read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    return content


@lru_cache(maxsize=1)
def notes() -> dict[str, str]:
    """Sentences that come with another reply."""
    content: dict[str, str] = yaml.load((DATA / "notes.yaml").read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    return content


@lru_cache(maxsize=1)
def templates() -> jinja2.Environment:
    """The replies, one file an outcome, and the notices of tickets; an unknown name is an error, not an empty place."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader([DATA / "replies", DATA / "notices"]),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,
    )
    environment.filters["day"] = lambda day: f"{day:%d/%m/%Y}"
    environment.filters["vnd"] = vnd
    environment.filters["on"] = lambda at: f"{at.astimezone(ZONE):%d/%m/%Y}"
    environment.filters["received"] = received_on
    environment.filters["promise"] = promised
    environment.globals["endings"] = ticket_words()["endings"]
    environment.globals["complaint_limits"] = forwarding.load()
    environment.filters["moment"] = lambda at: _said("moment", at=at.astimezone(ZONE))
    return environment


def promised(at: datetime) -> str:
    """A promised moment, with its day of the week."""
    local = at.astimezone(ZONE)
    return str(ticket_words()["promise"].format(at=local, weekday=ticket_words()["weekdays"][local.weekday()]))


def say(note: str, **values: str) -> Reply:
    """A note on its own."""
    return Reply((Block("paragraph", (notes()[note].format(**values),)),))


def blocks(text: str) -> tuple[Block, ...]:
    """Rendered lines to blocks, by their marks; anything else is a paragraph.

    `# ` heading, `- ` bullet, `= ` bullet shown once, `! ` warning, `~ ` source.
    """
    found: list[Block] = []
    for line in filter(None, (line.strip() for line in text.splitlines())):
        kind = MARKS.get(line[:2], "paragraph")
        content = line[2:].strip() if kind != "paragraph" else line
        private = line[:2] == PRIVATE
        if kind == "bullets" and found and (found[-1].kind, found[-1].private) == (kind, private):
            found[-1] = Block(kind, (*found[-1].lines, content), private)
        else:
            found.append(Block(kind, (content,), private))
    return tuple(found)


def vnd(amount_vnd: int) -> str:
    """10000 -> "10.000 đồng"."""
    return _said("vnd", amount=f"{amount_vnd:,}".replace(",", "."))


def shorten(text: str, length: int) -> str:
    """At most `length` characters, cut between words."""
    return text if len(text) <= length else text[: length - 1].rsplit(" ", 1)[0].rstrip(" ,;:") + "…"


def _render(outcome: Outcome, **values: object) -> tuple[Block, ...]:
    return blocks(templates().get_template(f"{outcome.value}.txt").render(**values))


def _said(line: str, **values: object) -> str:
    """How a value of a record is said."""
    return str(words()["lines"][line].format(**values))


def _button(name: str, about: str = "") -> Button:
    return Button(words()["buttons"][name], f"{name}:{about}" if about else name)


def _plain_buttons(outcome: Outcome) -> tuple[Button, ...]:
    if outcome is Outcome.OFFICER_OFFERED:
        return _button("officer"), Button(words()["buttons"]["not_now"], "stay")
    if outcome is Outcome.FACTOR_ASKED:
        return Button(words()["buttons"]["not_now"], "stay"), _button("officer")
    if outcome in WAITING:
        return (_button("stay"),)
    if outcome is Outcome.KEPT_TOLD:
        return _button("forget"), _button("officer")
    if outcome is Outcome.FORGET_ASKED:
        return Button(words()["buttons"]["forget"], "forget:yes"), Button(words()["buttons"]["keep"], "forget:no")
    if outcome is Outcome.CONSENT_WITHDRAWN:
        return (_button("forget"),)
    if outcome is Outcome.SMALL_TALK:
        return (_button("dossier"), _button("officer"))
    return (_button("officer"),) if outcome in OFFICER_AFTER else ()


def source_of(procedure: Procedure, case_id: str = "") -> Source:
    """The dated record a citizen can check."""
    days = (procedure.valid_from, procedure.checked_on)
    return Source(procedure.code, procedure.decision, *days, procedure.url, case_id)


def _procedure(facts: ProcedureFacts) -> Reply:
    procedure, case = facts.procedure, facts.procedure.case(facts.case_id)
    parts = facts.aspects or ("overview", *OVERVIEW)
    documents, left, ask_case = _documents(facts)
    case_labels = {item.id: item.label for item in procedure.cases}
    values: dict[str, object] = {
        "procedure": procedure,
        "parts": parts,
        "words": words(),
        "warnings": warnings_of(facts),
        "documents": documents,
        "documents_left": left,
        "case_label": case.label if case else "",
        "case_question": procedure.case_question if ask_case else "",
        "fees": [fee_line(fee, case_labels) for fee in procedure.fees_on(facts.on, facts.case_id)],
        "order": _order_line(facts),
        "times": [time_line(time, case_labels) for time in procedure.times_on(facts.on, facts.case_id)],
        "channels": [channel_name(channel) for channel in procedure.channels],
        "legal_basis": [f"{item.number}: {item.name}" for item in procedure.laws_on(facts.on)[:MOST_LEGAL_BASES]],
        "open_points": open_points(procedure, parts),
        "claimed": vnd(facts.claimed_vnd) if facts.claimed_vnd is not None else "",
    }
    answer = Answer(_render(facts.outcome, **values), (source_of(procedure, case.id if case else ""),))
    return Reply.of(answer, _next_buttons(facts, ask_case))


def _journey(facts: JourneyFacts) -> Reply:
    """All papers once, the joint time and place; the parts to ask about as buttons."""
    journey = facts.journey
    told = (journey.joint,) if journey.joint else journey.parts
    names = {part.code: part.name for part in (*journey.parts, *([journey.joint] if journey.joint else []))}
    values: dict[str, object] = {
        "journey": journey,
        "documents": [document_line(needed.document) for needed in journey.documents],
        "times": [time_line(time, {}) for time in journey.times],
        "parts": list(names.values()),
        "words": words(),
        "told": told,
    }
    answer = Answer(_render(facts.outcome, **values), tuple(source_of(item) for item in told))
    buttons = tuple(Button(shorten(name, LONGEST_LABEL), f"p:{code}") for code, name in names.items())
    return Reply.of(answer, (*buttons[: MOST_BUTTONS - 1], _button("officer")))


def _sheet(facts: SheetFacts) -> Reply:
    """The words beside the file. The talk goes on from them as from an answer; the other print is one press away."""
    procedure, case = facts.procedure, facts.procedure.case(facts.case_id)
    about = ProcedureFacts(Outcome.ANSWERED, procedure, (), facts.case_id, facts.on)
    _, _, ask_case = _documents(about)
    label = case.label if case else ""
    rendered = _render(facts.outcome, procedure=procedure, case_label=label, is_large=facts.is_large)
    answer = Answer(rendered, (source_of(procedure, facts.case_id),))
    other = sheet_buttons.button(words()["buttons"], procedure.code, facts.case_id, not facts.is_large)
    ways = (button for button in _next_buttons(about, ask_case) if not sheet_buttons.is_one(button))
    named = SheetName(procedure.code, facts.case_id, facts.on, facts.is_large)
    return replace(Reply.of(answer, (other, *ways)), sheet=named)


def _order_line(facts: ProcedureFacts) -> str:
    """What the citizen's own number of pages and copies costs, where the record lets it be computed."""
    if not (facts.pages or facts.copies):
        return ""
    order = Order(Channel.COUNTER, facts.case_id, facts.copies or 1, facts.pages or 1)
    total_vnd = bill(facts.procedure, order, facts.on).total_vnd
    if total_vnd is None:
        return ""
    return str(words()["order"].format(copies=order.quantity, pages=order.pages, total=vnd(total_vnd)))


def open_points(procedure: Procedure, parts: Iterable[str]) -> list[str]:
    """What the record leaves open about the parts that are told."""
    told = {"fees" if part == "fee" else "times" if part == "time" else part for part in parts}
    return [point.reason for point in procedure.open_points if point.field.split(".")[0] in told]


def warnings_of(facts: ProcedureFacts) -> list[str]:
    """What a citizen is warned of before they rely on the record."""
    procedure = facts.procedure
    found = [] if procedure.reviewed else ["unreviewed"]
    found += ["review_due"] if procedure.reviewed and procedure.review_is_due(facts.on) else []
    found += ["stale"] if procedure.stale else []
    return [notes()[name] for name in found]


def _documents(facts: ProcedureFacts) -> tuple[list[str], int, bool]:
    """The papers to show, how many are left out, and whether to ask for the case."""
    procedure = facts.procedure
    papers = [document_line(item) for item in procedure.documents_for(facts.case_id)]
    total = len(papers) + sum(len(case.documents) for case in procedure.cases)
    ask_case = len(procedure.cases) > 1 and not facts.case_id
    if procedure.cases and not facts.case_id and (total <= MOST_DOCUMENTS_OF_ALL_CASES or len(procedure.cases) == 1):
        ask_case = False
        papers += [f"{case.label}: {document_line(item)}" for case in procedure.cases for item in case.documents]
    shown = papers if facts.aspects else papers[:OVERVIEW_DOCUMENTS]
    return shown, len(papers) - len(shown), ask_case


def document_line(document: Document) -> str:
    """One paper: what, how many, which form, when."""
    said = copies_line(document)
    line = document.name.rstrip(" .;")
    line += f" – {said}" if said else ""
    line += _said("form", form=document.form) if document.form else ""
    return line + (f". {document.note}" if document.note else "")


def copies_line(document: Document) -> str:
    """How many originals and copies; empty when the record does not say."""
    counts = {"originals": document.originals, "copies": document.copies}
    return ", ".join(_said(kind, number=number) for kind, number in counts.items() if number)


def fee_line(fee: Fee, case_labels: dict[str, str]) -> str:
    """One fee as the record has it; what is not known is said."""
    kind = words()["fee_kinds"][fee.kind]
    match fee.status:
        case FeeStatus.AMOUNT if fee.amount_vnd:
            said = f"{kind} {vnd(fee.amount_vnd)}" if fee.kind else vnd(fee.amount_vnd)
            said += f"/{fee.per}" if fee.per else ""
            said += f" ({fee.text.strip(' .()')})" if fee.text else ""
        case FeeStatus.FREE:
            said = _said("free", kind=kind) if fee.kind else _said("free_of_charge")
            said += f" ({fee.text.strip(' .()')})" if len(fee.text) > 12 else ""
        case FeeStatus.BY_RULE:
            said = fee.text
        case _:
            said = _said("unpublished")
    return _dated(fee, said, case_labels)


def time_line(time: ProcessingTime, case_labels: dict[str, str]) -> str:
    """One time limit as the record has it."""
    if time.unit is TimeUnit.SAME_DAY:
        said = time.text
    elif time.amount is not None and time.unit is not None:
        said = f"{time.amount:g} {words()['time_units'][time.unit]}".replace(".", ",")
        said += "" if time.unit_certain else _said("unit_uncertain")
        said += f" – {time.text}" if time.text else ""
    else:
        said = time.text
    return _dated(time, said, case_labels)


def _dated(value: Fee | ProcessingTime, said: str, case_labels: dict[str, str]) -> str:
    """Before the value its case and channels, behind it its basis and last day."""
    before = [case_labels[value.case_id]] if value.case_id in case_labels else []
    if value.channels and len(value.channels) < len(Channel):
        before.append(", ".join(channel_name(channel) for channel in value.channels))
    after = _said("basis", basis=value.basis) if value.basis and value.basis not in said else ""
    after += _said("last_day", day=value.valid_to) if value.valid_to else ""
    line = ": ".join([*before, said.rstrip(" .")]) + after
    return line[:1].upper() + line[1:]


def channel_name(channel: Channel) -> str:
    """How a dossier is handed in, in words."""
    return str(words()["channels"][channel.value])


def _next_buttons(facts: ProcedureFacts, ask_case: bool) -> tuple[Button, ...]:
    """The cases to choose from, or the aspects not told yet and the sheet; always an officer. Zalo shows five."""
    procedure, told = facts.procedure, set(facts.aspects or OVERVIEW)
    if ask_case and "documents" in told:
        cases = [Button(shorten(case.label, LONGEST_LABEL), f"c:{case.id}") for case in procedure.cases]
        return (*cases, _button("officer"))
    rest = [aspect.value for aspect in Aspect if aspect.value not in told and _has(procedure, aspect)]
    bundle = bundles.containing(procedure.code, bundles.load())
    journey = [Button(words()["buttons"]["journey"], f"b:{bundle.id}")] if bundle else []
    sheet = sheet_buttons.button(words()["buttons"], procedure.code, facts.case_id)
    after = (*journey, sheet, _button("officer"))
    shown = [Button(words()["buttons"][name], f"a:{name}") for name in rest[: MOST_BUTTONS - len(after)]]
    return (*shown, *after)


def _has(procedure: Procedure, aspect: Aspect) -> bool:
    """Whether there is anything to tell about an aspect that may be empty."""
    values = {Aspect.CONDITIONS: procedure.conditions, Aspect.RESULT: procedure.result, Aspect.HOW: procedure.steps}
    return bool(values.get(aspect, True))
