"""Roles, and whose conversations an officer may open. An officer may have several roles; desks are apart from them."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What an officer is trusted with; which pages that opens is said in web/access.py."""

    OFFICER = "officer"
    # answers citizens
    LEAD = "lead"
    # looks after the desks where it is said so (bot/staffing.py)
    EDITOR = "editor"
    # of the catalogue
    AUDITOR = "auditor"
    # reads who saw what, and any conversation; changes nothing
    ADMINISTRATOR = "administrator"
    # accounts, desks and switches; no conversations
    PRIVACY = "privacy"
    # decides what citizens ask about their own data (Law 91/2025/QH15, Article 19.2); no conversations


def everywhere(officer_id: int) -> frozenset[str] | None:
    """Nobody is bound to desks."""
    return None


def nowhere(ticket_id: int) -> str:
    """No ticket belongs to a desk."""
    return ""


@dataclass(frozen=True)
class Sight:
    """Which conversations an officer may open."""

    desks_of: Callable[[int], frozenset[str] | None] = everywhere
    # officer -> the desks they belong to; None for all
    desk_of: Callable[[int], str] = nowhere
    # ticket -> its desk
    led_by: Callable[[int], frozenset[str] | None] = everywhere
    # officer -> the desks they look after; None for all

    def seen(self, officer_id: int, roles: Collection[Role]) -> frozenset[str] | None:
        """The desks whose tickets the officer may list; None for all."""
        return None if Role.AUDITOR in roles else self.desks_of(officer_id)

    def led(self, officer_id: int, roles: Collection[Role]) -> frozenset[str] | None:
        """The desks whose breaches and officers the officer looks after; None for all."""
        if Role.ADMINISTRATOR in roles:
            return None
        return self.led_by(officer_id) if Role.LEAD in roles else frozenset()

    def reaches(self, officer_id: int, roles: Collection[Role], ticket_id: int) -> bool:
        """Whether the officer may open that ticket."""
        return may_see(roles, self.desks_of(officer_id), self.desk_of(ticket_id))


def may_see(roles: Collection[Role], desks: frozenset[str] | None, ticket_desk: str) -> bool:
    """An officer sees the tickets of their own desks; an auditor sees all, and each look is recorded."""
    return Role.AUDITOR in roles or desks is None or ticket_desk in desks
