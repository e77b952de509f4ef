"""What citizens send besides words, as the inbox keeps it: by name. The file itself stays with the channel.

A file can be opened through the channel only where it was sent to officers, and a place is kept only where one asked
for it; of everything else no more is kept than what it was.
"""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

import sqlalchemy as sa

from bot import ledger, tables
from bot.messages import Attachment
from bot.ticket import Asked


def kept(connection: sa.Connection, conversation_id: int, sent: Attachment | None) -> dict[str, Any] | None:
    """What is stored of an attachment when it arrives."""
    if sent is None:
        return None
    ticket = ledger.open_of(connection, conversation_id)
    wanted = ticket is not None and ticket.awaits is Asked.PLACE
    stored = replace(sent, ref=sent.ref if ticket else "", place=sent.place if wanted else None)
    return asdict(stored)


def held(sent: Attachment) -> dict[str, Any]:
    """What is stored while a sound or photo is to be read: with the way to it."""
    return asdict(replace(sent, place=None))


def closed(content: dict[str, Any]) -> dict[str, Any]:
    """A stored attachment without the way to it."""
    return {**content, "ref": ""}


def of(content: dict[str, Any] | None) -> Attachment | None:
    """A stored attachment."""
    if content is None:
        return None
    place = content["place"]
    return Attachment(content["kind"], content["size_bytes"], content["ref"], tuple(place) if place else None)


def find(connection: sa.Connection, ticket_id: int, line: int) -> tuple[str, Attachment] | None:
    """Channel and attachment of a message of the ticket's own conversation; None when there is none to open."""
    mine = sa.select(tables.ticket.c.conversation_id).where(tables.ticket.c.id == ticket_id)
    said = tables.inbox.c
    query = sa.select(said.channel, said.attachment).where(said.id == line, said.conversation_id.in_(mine))
    row = connection.execute(query).first()
    found = of(row.attachment) if row else None
    return (row.channel, found) if row and found and found.ref else None
