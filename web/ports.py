"""What the pages need from the conversation, and nothing else.

Every method is synchronous; the pages call them in the thread pool.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from bot.access_log import AccessLog, Look, Why
from bot.accounts import Accounts, LastAdministrator
from bot.aside import Aside
from bot.board import Board, Case, Listed, Owed, at_most, pages
from bot.breaches import Breach, Breaches
from bot.cards import Cards
from bot.catalogue_book import Book
from bot.catalogue_drafts import CatalogueDrafts
from bot.catalogue_releases import CatalogueReleases
from bot.conversation import Owner
from bot.door import TooMany
from bot.draft_effect import DraftEffect
from bot.drafts import Drafts
from bot.errands import Errands
from bot.errors import NoFile, NotKept
from bot.handoff import Desk, Evidence, Line, TicketSummary, TicketView
from bot.mentions import UnknownNames
from bot.messages import InboundMessage
from bot.officers import Officers, Session, Stage, TooManyAttempts
from bot.outbox import Delivery
from bot.records import Records, Want
from bot.roles import Role, Sight
from bot.roster import Slot
from bot.rota import Rotas, choices, half_day
from bot.search import Hit, Search
from bot.second_step import Offer, SecondSteps
from bot.sessions import Known
from bot.snooze import Preset
from bot.staffing import Staffing, Unfit
from bot.switch_book import SwitchBook
from bot.switches import Mode
from bot.ticket import OFFICERS_ENDINGS, Ending, Refusal, State
from bot.ticket import Why as WhyNot
from integrations.oidc import IdentityProvider

__all__ = [
    "OFFICERS_ENDINGS",
    "Access",
    "AccessLog",
    "Accounts",
    "Aside",
    "Board",
    "Breach",
    "Breaches",
    "Cards",
    "Case",
    "Delivery",
    "Desk",
    "Drafts",
    "Editing",
    "Ending",
    "Errands",
    "Evidence",
    "IdentityProvider",
    "Hit",
    "Inbox",
    "Known",
    "LastAdministrator",
    "Line",
    "Listed",
    "Look",
    "Mailbox",
    "Mode",
    "NoFile",
    "Numbers",
    "NotKept",
    "Offer",
    "Officers",
    "Oversight",
    "Owed",
    "Owner",
    "Preset",
    "Ports",
    "Records",
    "Refusal",
    "Role",
    "Rotas",
    "Search",
    "SecondSteps",
    "Session",
    "SetAside",
    "Sight",
    "Slot",
    "Staffing",
    "Stage",
    "State",
    "SwitchBook",
    "TicketSummary",
    "TicketView",
    "TooMany",
    "TooManyAttempts",
    "UnknownNames",
    "Unfit",
    "Want",
    "Why",
    "WhyNot",
    "at_most",
    "choices",
    "half_day",
    "pages",
]


class Inbox(Protocol):
    """Where a citizen's message is committed."""

    def accept(self, message: InboundMessage, network: str) -> bool:
        """True if the message is new, False if it was delivered before; raises TooMany."""


class Mailbox(Protocol):
    """What one citizen's conversation holds."""

    def outgoing(self, channel: str, address: str, after_id: int) -> list[Delivery]:
        """Replies after that id, oldest first."""

    def transcript(self, channel: str, address: str) -> list[Line]:
        """Everything the citizen and the other side said, oldest first."""

    def owner(self, channel: str, address: str) -> Owner:
        """Who answers now."""

    def newest(self) -> int:
        """The last reply of all."""

    def news(self, after: int) -> Mapping[str, int]:
        """The addresses that have replies after one, each with its newest."""


class SetAside(Protocol):
    """Messages and replies that somebody has to look at."""

    def all(self) -> list[Aside]:
        """The newest first."""

    def retry(self, box: str, item_id: int, officer_id: int) -> bool:
        """Try it again; False if it is not set aside any more."""

    def discard(self, box: str, item_id: int, officer_id: int) -> bool:
        """Look at it no more; False if it is not set aside any more."""


class Numbers(Protocol):
    """Which number of a web session's cookie counts."""

    def known(self, address: str) -> Known | None:
        """The number that counts; None before the first change."""

    def advance(self, address: str, shown: Known) -> None:
        """A browser has shown this number: it counts, unless it or a later one already does."""


@dataclass(frozen=True)
class Access:
    """Who may do what, and the record of it."""

    accounts: Accounts
    second_steps: SecondSteps
    log: AccessLog
    switches: SwitchBook
    sight: Sight
    provider: IdentityProvider | None = None
    # of the agency, where it has one


@dataclass(frozen=True)
class Editing:
    """What editors do with the catalogue."""

    drafts: CatalogueDrafts
    releases: CatalogueReleases
    book: Book
    # of what was done
    effect: DraftEffect
    # of a draft on finding procedures
    clock: Callable[[], datetime]


@dataclass(frozen=True)
class Oversight:
    """What leads, administrators and editors look after."""

    breaches: Breaches
    rotas: Rotas
    # who serves at the desks
    staffing: Staffing
    # changes it
    records: Records
    # of the catalogue
    editing: Editing


@dataclass(frozen=True)
class Ports:
    """The neighbours of the pages."""

    inbox: Inbox
    mailbox: Mailbox
    desk: Desk
    # what officers do with tickets
    board: Board
    # what they see of them
    cards: Cards
    # procedures that they send
    search: Search
    drafts: Drafts
    officers: Officers
    numbers: Numbers
    aside: SetAside
    access: Access
    oversight: Oversight
    errands: Errands
    # what officers put off and ask for
    files: Mapping[str, Callable[[str], Awaitable[bytes]]] = field(default_factory=dict)
    # by channel: what a citizen sent, as the channel gives it out again; raises NoFile
