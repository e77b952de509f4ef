"""Erasure: what is deleted because the citizen wants it. What is deleted for its age is in bot/retention.py.

Nothing obliges us to keep a conversation with the assistant: officers keep what a matter needs in the City's own
systems. A complaint that an agency still answers for is kept until it is closed (Law 91/2025/QH15, Article 14.2 with
Article 19.1(c)); the wish is then a request with days (bot/data_requests.py).
"""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from bot import followers, lost_questions, ratings, tables
from bot.conversation import Conversation
from bot.ticket import OPEN

UNFINISHED = tables.ticket.c.state.in_(OPEN)
# also a complaint that an agency has to answer while the assistant has the talk
_PARTS = (tables.mention, tables.complaint, tables.ticket_event)


def forget(connection: sa.Connection, conversation_id: int, inbox_id: int, turn_id: int) -> None:
    """Delete what was said up to a message, inside the transaction of the turn that answers it.

    Of what the citizen sent, the channel's message ids stay without content until the conversation is deleted for its
    age, so that a redelivery is known; the turn and the reply that say that all is deleted stay too, and a complaint
    that is not answered yet. Later messages are still to be answered.
    """
    ratings.forget(connection, [conversation_id])
    lost_questions.forget(connection, [conversation_id])
    delete_tickets(connection, [conversation_id], spare=owed(connection, conversation_id))
    followers.forget(connection, [conversation_id])
    connection.execute(sa.delete(tables.consent).where(tables.consent.c.conversation_id == conversation_id))
    told, made, said = tables.outbox.c, tables.turn.c, tables.inbox.c
    connection.execute(
        sa.delete(tables.outbox).where(told.conversation_id == conversation_id, told.key != f"turn:{turn_id}")
    )
    connection.execute(sa.delete(tables.turn).where(made.conversation_id == conversation_id, made.id != turn_id))
    connection.execute(
        sa.update(tables.inbox)
        .where(said.conversation_id == conversation_id, said.id <= inbox_id)
        .values(kind=tables.FORGOTTEN, text="", masked=[], length=0, seal=None, attachment=None)
    )


def erase(connection: sa.Connection, conversation_id: int) -> None:
    """Delete everything of a conversation that was said and answered; it goes on as a new one at its address."""
    said = tables.inbox.c
    answered = sa.select(sa.func.max(said.id)).where(said.conversation_id == conversation_id, said.status == "done")
    forget(connection, conversation_id, connection.execute(answered).scalar() or 0, 0)
    this = tables.conversation.c.id == conversation_id
    connection.execute(sa.update(tables.conversation).where(this).values(state=Conversation().state()))


def owed(connection: sa.Connection, conversation_id: int) -> Sequence[int]:
    """The tickets of a conversation's complaints that are not answered yet."""
    mine = sa.and_(tables.ticket.c.conversation_id == conversation_id, UNFINISHED)
    query = sa.select(tables.complaint.c.ticket_id).join(tables.ticket).where(mine)
    return connection.execute(query).scalars().all()


def delete_tickets(connection: sa.Connection, conversation_ids: Sequence[int], spare: Sequence[int] = ()) -> None:
    """Delete the tickets of conversations with all that belongs to them, except those to spare."""
    mine = sa.and_(tables.ticket.c.conversation_id.in_(conversation_ids), tables.ticket.c.id.not_in(spare))
    tickets = sa.select(tables.ticket.c.id).where(mine)
    for table in _PARTS:
        connection.execute(sa.delete(table).where(table.c.ticket_id.in_(tickets)))
    connection.execute(sa.delete(tables.ticket).where(mine))
