"""The reply about a procedure, a journey of several, or a guidance sheet: every figure from its dated record. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from bot import sheet_buttons
from bot.facts import JourneyFacts, ProcedureFacts, SheetFacts
from bot.messages import Answer, Button, Reply, SheetName, Source
from bot.outcomes import Outcome
from bot.record_lines import channel_name, document_line, fee_line, time_line
from bot.wording import button, notes, render, shorten, vnd, words
from knowledge import bundles
from knowledge.fees import Order, bill
from knowledge.procedure import Channel, Procedure
from nlu.understanding import Aspect

OVERVIEW = ("documents", "fee", "time", "place", "legal_basis")
# what a citizen is told who asked about no aspect in particular
OVERVIEW_DOCUMENTS = 8
MOST_LEGAL_BASES = 6
MOST_DOCUMENTS_OF_ALL_CASES = 10
MOST_BUTTONS = 5
LONGEST_LABEL = 60


def source_of(procedure: Procedure, case_id: str = "") -> Source:
    """The dated record a citizen can check."""
    days = (procedure.valid_from, procedure.checked_on)
    return Source(procedure.code, procedure.decision, *days, procedure.url, case_id)


def procedure_reply(facts: ProcedureFacts) -> Reply:
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
    answer = Answer(render(facts.outcome, **values), (source_of(procedure, case.id if case else ""),))
    return Reply.of(answer, _next_buttons(facts, ask_case))


def journey_reply(facts: JourneyFacts) -> Reply:
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
    answer = Answer(render(facts.outcome, **values), tuple(source_of(item) for item in told))
    buttons = tuple(Button(shorten(name, LONGEST_LABEL), f"p:{code}") for code, name in names.items())
    return Reply.of(answer, (*buttons[: MOST_BUTTONS - 1], button("officer")))


def sheet_reply(facts: SheetFacts) -> Reply:
    """The words beside the file. The talk goes on from them as from an answer; the other print is one press away."""
    procedure, case = facts.procedure, facts.procedure.case(facts.case_id)
    about = ProcedureFacts(Outcome.ANSWERED, procedure, (), facts.case_id, facts.on)
    _, _, ask_case = _documents(about)
    label = case.label if case else ""
    rendered = render(facts.outcome, procedure=procedure, case_label=label, is_large=facts.is_large)
    answer = Answer(rendered, (source_of(procedure, facts.case_id),))
    other = sheet_buttons.button(words()["buttons"], procedure.code, facts.case_id, not facts.is_large)
    ways = (way for way in _next_buttons(about, ask_case) if not sheet_buttons.is_one(way))
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


def _next_buttons(facts: ProcedureFacts, ask_case: bool) -> tuple[Button, ...]:
    """The cases to choose from, or the aspects not told yet and the sheet; always an officer. Zalo shows five."""
    procedure, told = facts.procedure, set(facts.aspects or OVERVIEW)
    if ask_case and "documents" in told:
        cases = [Button(shorten(case.label, LONGEST_LABEL), f"c:{case.id}") for case in procedure.cases]
        return (*cases, button("officer"))
    rest = [aspect.value for aspect in Aspect if aspect.value not in told and _has(procedure, aspect)]
    bundle = bundles.containing(procedure.code, bundles.load())
    journey = [Button(words()["buttons"]["journey"], f"b:{bundle.id}")] if bundle else []
    sheet = sheet_buttons.button(words()["buttons"], procedure.code, facts.case_id)
    after = (*journey, sheet, button("officer"))
    shown = [Button(words()["buttons"][name], f"a:{name}") for name in rest[: MOST_BUTTONS - len(after)]]
    return (*shown, *after)


def _has(procedure: Procedure, aspect: Aspect) -> bool:
    """Whether there is anything to tell about an aspect that may be empty."""
    values = {Aspect.CONDITIONS: procedure.conditions, Aspect.RESULT: procedure.result, Aspect.HOW: procedure.steps}
    return bool(values.get(aspect, True))
