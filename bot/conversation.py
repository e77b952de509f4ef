"""What the assistant remembers of one conversation, and who holds it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any

from bot.messages import Button


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

    def state(self) -> dict[str, Any]:
        """What is stored besides the owner."""
        state = asdict(self)
        del state["owner"]
        return state

    @classmethod
    def of(cls, owner: str, state: dict[str, Any]) -> Conversation:
        """The conversation of a stored owner and state."""
        return cls(
            owner=Owner(owner),
            topic=state.get("topic", ""),
            case_id=state.get("case_id", ""),
            aspects=tuple(state.get("aspects", ())),
            offered=tuple(Button(**item) for item in state.get("offered", ())),
            awaiting=Awaiting(state.get("awaiting", Awaiting.NOTHING)),
            failures=state.get("failures", 0),
        )

    def with_(self, **changes: Any) -> Conversation:
        """The conversation after a change."""
        return replace(self, **changes)
