"""Retention: conversations that rested for KEEP are deleted whole; citizens are told so (web/templates, web/data).

A citizen may have the contents deleted at once. Nothing obliges us to keep a conversation with the assistant: officers
keep what a matter needs in the City's own systems.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa

from bot import access_log, callback, followers, ratings, tables
from bot.conversation import Owner
from bot.outbox import KEPT
from bot.present import now
from bot.store import Store
from bot.ticket import OPEN

log = logging.getLogger(__name__)

KEEP = timedelta(days=90)
KEEP_DETAILS = timedelta(days=1)
# in a reply that nobody fetched; see docs/decisions/0013
KEEP_TRIES = timedelta(days=2)
# of a second factor: longer than the window they are counted in
KEEP_SIGN_INS = timedelta(days=30)
# officers' sessions that ended: they say from where an officer signs in
KEEP_SESSIONS = timedelta(days=7)
# longer than a cookie of the web chat can be good without being changed
_UNFINISHED = tables.ticket.c.state.in_(OPEN)
# also a complaint that an agency has to answer while the assistant has the talk
LOOK_EVERY_S = 24 * 3600.0
MOST_AT_ONCE = 100
# conversations of one transaction: citizens write in between, and no statement names too many


def delete_old(store: Store, now: datetime) -> int:
    """Delete what rested longer than KEEP; a conversation with a ticket that is not closed stays."""
    with store.writing() as connection:
        connection.execute(sa.delete(tables.factor_try).where(tables.factor_try.c.at < now - KEEP_TRIES))
    gone = 0
    while some := _delete_some(store, now):
        gone += some
    with store.writing() as connection:
        stale = tables.web_session.c.since < now - KEEP_SESSIONS
        connection.execute(sa.delete(tables.web_session).where(stale))
        unsent = sa.and_(tables.outbox.c.kept.is_not(None), tables.outbox.c.created_at < now - KEEP_DETAILS)
        connection.execute(sa.update(tables.outbox).where(unsent).values(**KEPT))
        over = tables.officer_session.c.expires_at < now - KEEP_SIGN_INS
        connection.execute(sa.delete(tables.officer_session).where(over))
        connection.execute(sa.delete(tables.absence).where(tables.absence.c.ends_at < now - KEEP))
        access_log.delete_old(connection, now)
        callback.delete_old(connection, now)
    return gone


def _delete_some(store: Store, now: datetime) -> int:
    """Delete at most MOST_AT_ONCE old conversations; how many it were."""
    old = sa.and_(
        tables.conversation.c.updated_at < now - KEEP,
        tables.conversation.c.owner.in_((Owner.BOT.value, Owner.CLOSED.value)),
        tables.conversation.c.id.not_in(sa.select(tables.ticket.c.conversation_id).where(_UNFINISHED)),
    )
    with store.writing() as connection:
        resting = sa.select(tables.conversation.c.id).where(old).limit(MOST_AT_ONCE)
        gone = list(connection.execute(resting.with_for_update(skip_locked=True)).scalars())
        ratings.disconnect(connection, gone)
        _delete_tickets(connection, gone)
        for table in (tables.followed, tables.aside_event, tables.outbox, tables.turn, tables.inbox):
            connection.execute(sa.delete(table).where(table.c.conversation_id.in_(gone)))
        connection.execute(sa.delete(tables.conversation).where(tables.conversation.c.id.in_(gone)))
    return len(gone)


def forget(connection: sa.Connection, conversation_id: int, inbox_id: int, turn_id: int) -> None:
    """Delete what was said up to a message, inside the transaction of the turn that answers it.

    Of what the citizen sent, the channel's message ids stay without content until KEEP is over, so that a redelivery is
    known; the turn and the reply that say that all is deleted stay too. Later messages are still to be answered.
    """
    ratings.forget(connection, [conversation_id])
    _delete_tickets(connection, [conversation_id])
    followers.forget(connection, [conversation_id])
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


def _delete_tickets(connection: sa.Connection, conversation_ids: Sequence[int]) -> None:
    tickets = sa.select(tables.ticket.c.id).where(tables.ticket.c.conversation_id.in_(conversation_ids))
    for table in (tables.mention, tables.complaint, tables.ticket_event):
        connection.execute(sa.delete(table).where(table.c.ticket_id.in_(tickets)))
    connection.execute(sa.delete(tables.ticket).where(tables.ticket.c.conversation_id.in_(conversation_ids)))


def keep_deleting(store: Store, stop: threading.Event) -> None:
    """Delete now and once a day until told to stop."""
    while True:
        try:
            with store.duty("retention") as ours:
                if ours:
                    delete_old(store, now())
        except sa.exc.SQLAlchemyError as error:
            log.error("old conversations were not deleted: %s", type(error).__name__)
        if stop.wait(LOOK_EVERY_S):
            return
