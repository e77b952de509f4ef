"""Mentions: `@username` in an internal note tells a colleague of the same desk, until they open the ticket."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from bot import roster, tables
from bot.desks import DeskPlan
from bot.roles import Role

NAME = re.compile(r"(?<![\w@.])@([\w][\w.-]*)")
# not inside an e-mail address


class UnknownNames(ValueError):
    """A note names somebody who does not serve at the ticket's desk."""

    def __init__(self, names: Collection[str]) -> None:
        super().__init__(", ".join(names))
        self.names = tuple(names)


@dataclass(frozen=True)
class Mention:
    """A note in which an officer is named and that they have not seen."""

    ticket_id: int
    code: str
    by: str
    # name of the officer who wrote it
    at: datetime


def colleagues(connection: sa.Connection, plan: DeskPlan) -> dict[str, tuple[int, str]]:
    """Id and name of whoever answers at a desk and may sign in, by username."""
    officer, role = tables.officer.c, tables.officer_role.c
    answering = (
        sa.select(officer.id, officer.username, officer.name)
        .join(tables.officer_role, role.officer_id == officer.id)
        .where(role.role.in_((Role.OFFICER.value, Role.LEAD.value)), officer.disabled_at.is_(None))
    )
    here = {member.officer_id for member in roster.members(connection, plan)}
    return {row.username: (row.id, row.name) for row in connection.execute(answering) if row.id in here}


def named(note: str, there: Collection[str]) -> list[str]:
    """The usernames that a note mentions, each once; a full stop after one ends the sentence. Raises UnknownNames."""
    known = {name.casefold(): name for name in there}
    found = dict.fromkeys(name.rstrip(".-") for name in NAME.findall(note))
    unknown = [name for name in found if name.casefold() not in known]
    if unknown:
        raise UnknownNames(unknown)
    return list(dict.fromkeys(known[name.casefold()] for name in found))


def keep(connection: sa.Connection, ticket_id: int, by_id: int, note: str, plan: DeskPlan, now: datetime) -> None:
    """Tell whoever a note mentions; nobody is told of their own. Raises UnknownNames before anything is written."""
    there = colleagues(connection, plan)
    for name in named(note, there):
        officer_id, _ = there[name]
        if officer_id != by_id:
            values = {"ticket_id": ticket_id, "officer_id": officer_id, "by_id": by_id, "at": now}
            connection.execute(sa.insert(tables.mention).values(**values))


def unseen(connection: sa.Connection, officer_id: int, seen: frozenset[str] | None = None) -> list[Mention]:
    """What an officer has not opened yet, the newest first, each ticket once; `seen`: at these desks only."""
    mention, ticket = tables.mention.c, tables.ticket.c
    query = (
        sa.select(mention.ticket_id, ticket.code, tables.officer.c.name, mention.at)
        .join(tables.ticket, ticket.id == mention.ticket_id)
        .join(tables.officer, tables.officer.c.id == mention.by_id)
        .where(mention.officer_id == officer_id, mention.seen_at.is_(None))
        .order_by(mention.id.desc())
    )
    rows = connection.execute(query if seen is None else query.where(ticket.desk.in_(seen))).all()
    newest: dict[int, Mention] = {}
    for row in rows:
        newest.setdefault(row.ticket_id, Mention(row.ticket_id, row.code, row.name, row.at))
    return list(newest.values())


def open_ticket(connection: sa.Connection, ticket_id: int, officer_id: int, now: datetime) -> None:
    """The officer has the ticket before them."""
    mention = tables.mention.c
    mine = sa.and_(mention.ticket_id == ticket_id, mention.officer_id == officer_id, mention.seen_at.is_(None))
    connection.execute(sa.update(tables.mention).where(mine).values(seen_at=now))


def waits(connection: sa.Connection, ticket_id: int, officer_id: int) -> bool:
    """Whether a note of the ticket names the officer and they have not seen it."""
    mention = tables.mention.c
    mine = sa.and_(mention.ticket_id == ticket_id, mention.officer_id == officer_id, mention.seen_at.is_(None))
    return connection.execute(sa.select(mention.id).where(mine).limit(1)).first() is not None
