"""What the pages need from the conversation, and nothing else.

Every method is synchronous; the pages call them in the thread pool.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from bot.messages import InboundMessage, Reply

Author = Literal["citizen", "assistant", "officer", "note"]
Owner = Literal["bot", "queue", "officer", "closed"]
TicketState = Literal["waiting", "claimed", "resolved"]
View = Literal["waiting", "mine", "all"]


@dataclass(frozen=True)
class Delivery:
    """One reply on its way to a citizen."""

    id: int
    # grows within one address
    reply: Reply
    created_at: datetime
    # aware


@dataclass(frozen=True)
class Line:
    """One thing that was said, as the page shows it."""

    author: Author
    text: str
    # what was said in plain text; for a pressed button, its payload
    reply: Reply | None
    # the whole reply, if the assistant or an officer said it
    at: datetime
    # aware
    id: int | None
    # the delivery's id, if it went out to the citizen


@dataclass(frozen=True)
class TicketSummary:
    """One escalated conversation, as the queue shows it."""

    id: int
    state: TicketState
    channel: str
    reason: str
    # why the assistant handed it over
    opened_at: datetime
    # aware
    officer_name: str | None
    # who holds it
    last_text: str
    # the last thing the citizen wrote


@dataclass(frozen=True)
class Evidence:
    """How the assistant came to one of its answers."""

    at: datetime
    engine: str
    # "rasa" or "embedded"
    intent: str
    decision: str
    procedures: list[str]
    # procedure codes, best first


@dataclass(frozen=True)
class TicketView:
    """One escalated conversation with everything an officer needs."""

    summary: TicketSummary
    officer_id: int | None
    # who holds it
    lines: list[Line]
    evidence: list[Evidence]


@dataclass(frozen=True)
class Session:
    """An officer who has signed in."""

    token: str
    csrf: str
    # must come back with every form
    officer_id: int
    name: str
    expires_at: datetime
    # aware


class TooManyAttempts(Exception):
    """This name or address must wait before it signs in again."""

    def __init__(self, retry_after_s: int) -> None:
        super().__init__(f"too many attempts, retry after {retry_after_s} s")
        self.retry_after_s = retry_after_s


class Inbox(Protocol):
    """Where a citizen's message is committed."""

    def accept(self, message: InboundMessage) -> bool:
        """True if the message is new, False if it was delivered before."""


class Mailbox(Protocol):
    """What one citizen's conversation holds."""

    def outgoing(self, channel: str, address: str, after_id: int) -> list[Delivery]:
        """Replies after that id, oldest first."""

    def transcript(self, channel: str, address: str) -> list[Line]:
        """Everything the citizen and the other side said, oldest first."""

    def owner(self, channel: str, address: str) -> Owner:
        """Who answers now."""


class Desk(Protocol):
    """The officers' queue."""

    def tickets(self, view: View, officer_id: int) -> list[TicketSummary]:
        """The tickets of one tab."""

    def ticket(self, ticket_id: int) -> TicketView:
        """One ticket; KeyError if there is none."""

    def claim(self, ticket_id: int, officer_id: int) -> bool:
        """False if somebody else has it."""

    def reply(self, ticket_id: int, officer_id: int, text: str, key: str) -> bool:
        """Answer the citizen once per key; False if the officer does not hold the ticket."""

    def note(self, ticket_id: int, officer_id: int, text: str) -> bool:
        """Keep an internal note, never sent to the citizen."""

    def resolve(self, ticket_id: int, officer_id: int) -> bool:
        """Close the ticket; False if the officer does not hold it."""


class Officers(Protocol):
    """Who may use the console."""

    def sign_in(self, username: str, password: str, address: str) -> Session | None:
        """A session, or None if name or password is wrong; raises TooManyAttempts."""

    def session(self, token: str) -> Session | None:
        """The live session of that token."""

    def sign_out(self, token: str) -> None:
        """End the session."""


@dataclass(frozen=True)
class Ports:
    """The four neighbours of the pages."""

    inbox: Inbox
    mailbox: Mailbox
    desk: Desk
    officers: Officers
