"""What the assistant remembers of one conversation, and who holds it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Any

from bot.complaint import Form, Step
from bot.messages import Button

MOST_TOPICS = 5
MOST_KEPT = 10


class Owner(StrEnum):
    """A conversation always belongs to exactly one of these."""

    BOT = "bot"
    QUEUE = "queue"
    OFFICER = "officer"
    CLOSED = "closed"


class Awaiting(StrEnum):
    """What the last reply asked for."""

    NOTHING = "nothing"
    CHOICE = "choice"
    DOSSIER_CODE = "dossier_code"
    COMPLAINT = "complaint"
    OFFICER = "officer"
    # yes or no to an offered officer
    DOSSIER_NAME = "dossier_name"
    # for the dossier remembered last


@dataclass(frozen=True)
class Kept:
    """A dossier that the citizen asked to remember."""

    code: str
    name: str = ""
    # as the citizen calls it, without the word for a dossier


@dataclass(frozen=True)
class Conversation:
    """The memory of one conversation."""

    owner: Owner = Owner.BOT
    topic: str = ""
    # code of the procedure being talked about
    case_id: str = ""
    # the chosen case of that procedure
    aspects: tuple[str, ...] = ()
    # asked about, while the procedure is still being chosen
    offered: tuple[Button, ...] = ()
    # the buttons last shown
    awaiting: Awaiting = Awaiting.NOTHING
    failures: int = 0
    # replies in a row that did not help
    topics: tuple[str, ...] = ()
    # codes talked about before, latest first
    dossier: str = ""
    # code of the dossier shown last, while the talk is about it
    factor_for: str = ""
    # code of the dossier whose second factor was asked for; read at the door (bot/inbox.py)
    kept: tuple[Kept, ...] = ()
    # newest first
    noticed: int = 0
    # the last notice to everybody that was told here (bot/switches.py)
    channel: str = ""
    followed: tuple[str, ...] = ()
    # codes of the dossiers that it follows, oldest first; both are known beside the memory and not stored in it
    field: str = ""
    # of the procedure being talked about
    unit: str = ""
    # code of the ward or commune that the citizen named last
    urgency: tuple[str, ...] = ()
    # names of bot/data/urgency.yaml
    reopens: str = ""
    # code of the ticket that was closed because the citizen did not answer
    reopens_until: str = ""
    # ISO date: the last day on which a message opens it again
    rating: int = 0
    # number of the last question how satisfied the citizen is (bot/satisfaction.py); 0: none, or it is too late
    rating_until: str = ""
    # ISO date: the last day on which its buttons count
    rating_awaits: str = ""
    # what the next message may answer: "step", "words" (why); empty: nothing
    agreed: tuple[str, ...] = ()
    # what the citizen agreed to, in which words: "follow.1" (bot/consent.py)
    introduced: bool = False
    # they were told that they talk with a machine
    form: Form | None = None
    # a complaint that is being told and was not sent
    unconfirmed: str = ""
    # what was heard or seen and read back last, masked: a yes makes it the citizen's words (bot/read_back.py)

    def on(self, day: date) -> Conversation:
        """The conversation without what has expired by a day."""
        after = self
        if self.reopens and self.reopens_until < day.isoformat():
            after = replace(after, reopens="", reopens_until="")
        if self.rating and self.rating_until < day.isoformat():
            after = replace(after, rating=0, rating_until="", rating_awaits="")
        return after

    def about(self, code: str, case_id: str = "") -> Conversation:
        """The conversation once it is about a procedure."""
        before = [topic for topic in (self.topic, *self.topics) if topic and topic != code]
        return replace(self, topic=code, topics=tuple(dict.fromkeys(before))[:MOST_TOPICS], case_id=case_id, dossier="")

    def keeps(self, code: str) -> bool:
        """Whether a dossier is remembered."""
        return any(item.code == code for item in self.kept)

    def with_kept(self, kept: Kept) -> Conversation:
        """The conversation once it remembers a dossier, under this name."""
        others = tuple(item for item in self.kept if item.code != kept.code)
        return replace(self, kept=(kept, *others)[:MOST_KEPT])

    def state(self) -> dict[str, Any]:
        """What is stored besides the owner."""
        state = asdict(self)
        for name in ("owner", "channel", "followed"):
            del state[name]
        return state

    @classmethod
    def of(cls, owner: str, state: dict[str, Any]) -> Conversation:
        """The conversation of a stored owner and state."""
        return cls(
            owner=Owner(owner),
            topic=state.get("topic", ""),
            topics=tuple(state.get("topics", ())),
            case_id=state.get("case_id", ""),
            aspects=tuple(state.get("aspects", ())),
            offered=tuple(Button(**item) for item in state.get("offered", ())),
            awaiting=Awaiting(state.get("awaiting", Awaiting.NOTHING)),
            failures=state.get("failures", 0),
            dossier=state.get("dossier", ""),
            factor_for=state.get("factor_for", ""),
            kept=tuple(Kept(**item) for item in state.get("kept", ())),
            noticed=state.get("noticed", 0),
            field=state.get("field", ""),
            unit=state.get("unit", ""),
            urgency=tuple(state.get("urgency", ())),
            reopens=state.get("reopens", ""),
            reopens_until=state.get("reopens_until", ""),
            rating=state.get("rating", 0),
            rating_until=state.get("rating_until", ""),
            rating_awaits=state.get("rating_awaits", ""),
            agreed=tuple(state.get("agreed", ())),
            introduced=state.get("introduced", False),
            form=_form(state.get("form")),
            unconfirmed=state.get("unconfirmed", ""),
        )

    def with_(self, **changes: Any) -> Conversation:
        """The conversation after a change."""
        return replace(self, **changes)


def _form(stored: dict[str, Any] | None) -> Form | None:
    return Form(**{**stored, "step": Step(stored["step"])}) if stored else None
