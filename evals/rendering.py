"""Every answer the assistant can give about a procedure: each aspect, each case, each channel."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from bot.channels import telegram
from bot.compose import compose
from bot.facts import ProcedureFacts
from bot.messages import Reply
from bot.outcomes import Outcome
from knowledge.procedure import Procedure
from nlu.understanding import Aspect


@dataclass(frozen=True)
class Rendered:
    """One answer as a citizen would read it."""

    aspect: str
    # empty for the overview
    case_id: str
    channel: str
    text: str


def answers(procedure: Procedure, on: date) -> Iterator[Rendered]:
    """Overview and aspects, without a case and with each, as plain text and as Telegram shows it."""
    for case_id in ("", *(case.id for case in procedure.cases)):
        for aspect in ("", *(item.value for item in Aspect)):
            facts = ProcedureFacts(Outcome.ANSWERED, procedure, (aspect,) if aspect else (), case_id, on)
            reply = compose(facts)
            assert reply is not None
            yield Rendered(aspect, case_id, "plain", reply.plain())
            yield Rendered(aspect, case_id, "telegram", _telegram(reply))


def _telegram(reply: Reply) -> str:
    whole = "\n".join(text for text, _ in telegram.render(reply))
    return html.unescape(re.sub(r"<[^>]+>", "", whole))
