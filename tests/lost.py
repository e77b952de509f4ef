"""Lost questions of the small town: three that ask the same, with what was answered to them, and their pages."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from starlette.routing import Route

from bot import tables
from bot.lost_clusters import LostClusters
from bot.lost_decisions import LostDecisions
from bot.lost_questions import Reason
from bot.store import Store
from nlu.understanding import Candidate
from tests.town import COPY, RESIDENCE, TODAY
from web.lost_questions_page import LostQuestionsPage
from web.ports import Editing

ASKED = ("thị thực giấy ở đâu", "đi thị thực tờ giấy", "thị thực giấy tờ chỗ nào")
REASONS = (Reason.ABSTAINED, Reason.HANDED_OFF, Reason.ABSTAINED)


def fill(store: Store, texts: Sequence[str] = ASKED) -> None:
    """Questions 1 to 3 in the cluster of the first, their conversations long gone."""
    rows = [
        {"text": text, "reason": reason.value, "day": TODAY, "channel": "webchat", "unit": "", "middle_id": 1}
        for text, reason in zip(texts, REASONS, strict=True)
    ]
    with store.writing() as connection:
        connection.execute(sa.insert(tables.lost_question), rows)


def nearest(text: str) -> list[Candidate]:
    """What the town's assistant takes every question for."""
    return [
        Candidate(COPY, "Chứng thực bản sao từ bản chính", 0.31),
        Candidate(RESIDENCE, "Đăng ký thường trú", 0.12),
    ]


def routes(store: Store, editing: Editing) -> list[Route]:
    """The pages over a database."""
    decisions = LostDecisions(store, editing.drafts, editing.clock)
    return LostQuestionsPage.over(LostClusters(store), decisions, editing, nearest).routes()
