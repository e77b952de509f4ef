"""What editors make of lost questions: words of a record's draft, a note, a test sentence, or nothing.

Nothing here reaches citizens: an example or an alias goes into the draft of its procedure, whose effect is measured and
which a second person approves (bot/catalogue_drafts.py).

LostError
 +-- Gone    somebody made something of these questions meanwhile, or they were deleted: nothing was done
 +-- Unfit   the decision lacks its procedure or its words
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from bot import tables
from bot.catalogue_drafts import CatalogueDrafts
from bot.errors import BotError
from bot.lost_questions import clean
from bot.store import Store

LONGEST = 300
# characters of the words
MOST_LISTED = 200
_lost, _decision = tables.lost_question.c, tables.lost_decision.c


class LostError(BotError):
    """Something about lost questions that an editor is told."""


class Gone(LostError):
    """Decided or deleted meanwhile."""


class Unfit(LostError):
    """Not a whole decision."""


class Become(StrEnum):
    """What becomes of questions; words in web/data/texts.yaml."""

    EXAMPLE = "example"
    # question of a procedure
    ALIAS = "alias"
    MISSING = "missing"
    # a procedure that there is no record of: a note for editors
    TEST = "test"
    # a sentence that is asked when the assistant is measured, and never taught
    NOTHING = "nothing"
    # not for us


FIELDS = {Become.EXAMPLE: "examples", Become.ALIAS: "aliases"}
# of a record's form
ABOUT_PROCEDURE = frozenset({*FIELDS, Become.TEST})


@dataclass(frozen=True)
class Choice:
    """What an editor chose."""

    kind: Become
    text: str = ""
    # the example, alias or sentence; what is missing
    code: str = ""
    # of the procedure, for those of ABOUT_PROCEDURE


@dataclass(frozen=True)
class Decision:
    """What was made of some questions."""

    id: int
    kind: Become
    code: str
    text: str
    draft_id: int | None
    by: str
    at: datetime


class LostDecisions:
    """What editors do with lost questions."""

    def __init__(self, store: Store, drafts: CatalogueDrafts, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._drafts = drafts
        self._clock = clock

    def decide(self, question_ids: Sequence[int], choice: Choice, by: str) -> int | None:
        """Make something of open questions; the number of the draft it went into.

        Raises Gone, Unfit, bot.catalogue_drafts.Stale, knowledge.errors.NotFound. Done twice, it changes a draft once.
        """
        text = clean(choice.text.strip())
        self._must_be_whole(question_ids, choice, text)
        draft_id = self._draft(choice, text, by) if choice.kind in FIELDS else None
        values = {"kind": choice.kind.value, "code": choice.code, "text": text, "draft_id": draft_id}
        with self._store.writing() as connection:
            made = connection.execute(sa.insert(tables.lost_decision).values(**values, by=by, at=self._clock()))
            these = sa.update(tables.lost_question).where(_lost.id.in_(question_ids), _lost.decision_id.is_(None))
            changed = connection.execute(these.values(decision_id=made.inserted_primary_key[0]))  # type: ignore[index]
            if changed.rowcount != len(set(question_ids)):
                raise Gone(f"{changed.rowcount} of {len(question_ids)} questions are open")
        return draft_id

    def made(self, *kinds: Become) -> list[Decision]:
        """The latest decisions of some kinds, the newest first."""
        query = sa.select(tables.lost_decision).where(_decision.kind.in_([kind.value for kind in kinds]))
        with self._store.reading() as connection:
            rows = connection.execute(query.order_by(_decision.id.desc()).limit(MOST_LISTED)).mappings()
            return [Decision(**{**row, "kind": Become(row["kind"])}) for row in rows]

    def tests(self) -> Iterator[dict[str, Any]]:
        """The test sentences in the shape of evals/data/questions.jsonl, the oldest first."""
        for one in reversed(self.made(Become.TEST)):
            yield {"id": f"lost-{one.id}", "text": one.text, "style": "lost", "code": one.code}

    def _must_be_whole(self, question_ids: Sequence[int], choice: Choice, text: str) -> None:
        lacks_words = choice.kind is not Become.NOTHING and not 0 < len(text) <= LONGEST
        lacks_code = choice.kind in ABOUT_PROCEDURE and not choice.code
        if not question_ids or lacks_words or lacks_code:
            raise Unfit(f"{choice.kind} of {len(question_ids)} questions")
        query = sa.select(sa.func.count()).where(_lost.id.in_(question_ids), _lost.decision_id.is_(None))
        with self._store.reading() as connection:
            if connection.execute(query).scalar_one() != len(set(question_ids)):
                raise Gone("not all of the questions are open")

    def _draft(self, choice: Choice, text: str, by: str) -> int:
        """The words at the end of their field in the open draft of the procedure, once."""
        draft = self._drafts.of(self._drafts.open(choice.code, by))
        field, line = FIELDS[choice.kind], " ".join(text.split())
        lines = draft.texts.get(field, "").splitlines()
        if line not in lines:
            texts = {**draft.texts, field: "\n".join([*lines, line])}
            self._drafts.save(draft.id, draft.version, texts, by)
        return draft.id
