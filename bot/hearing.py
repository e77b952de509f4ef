"""Hearing: what a citizen says, or what happens to them, that decides which desk answers and how soon."""

from __future__ import annotations

from bot import urgency
from bot.conversation import Conversation
from bot.facts import DossierFacts, DossiersFacts, Facts, ProcedureFacts, SeveralFacts, UnitFacts
from bot.messages import Kind
from bot.outcomes import Outcome
from bot.places import named
from bot.progress import Clock
from bot.utterance import LONGEST_READ, Utterance


def hear(conversation: Conversation, utterance: Utterance, facts: Facts) -> Conversation:
    """The conversation with the field, the unit and the urgency that this turn brought."""
    found = list(conversation.urgency)
    unit = ""
    if utterance.kind is Kind.TEXT and utterance.text:
        found += urgency.heard(utterance.text[:LONGEST_READ])
        unit = named(utterance.text, facts.resolution if isinstance(facts, UnitFacts) else None)
    told = facts.parts if isinstance(facts, DossiersFacts) else (facts,)
    if any(isinstance(part, DossierFacts) and part.progress.clock is Clock.LATE for part in told):
        found.append(urgency.LATE_DOSSIER)
    if facts.outcome is Outcome.ALARMED:
        found.append(urgency.EMERGENCY)
    return conversation.with_(
        field=_field(facts) or conversation.field,
        unit=unit or conversation.unit,
        urgency=tuple(dict.fromkeys(found)),
    )


def _field(facts: Facts) -> str:
    match facts:
        case ProcedureFacts():
            return facts.procedure.field
        case SeveralFacts(_, parts):
            return parts[0].procedure.field
    return ""
