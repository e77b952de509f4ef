"""Retention: what is deleted for its age. Conversations that rested for KEEP go whole; citizens are told so
(web/templates, web/data). What a citizen has deleted at once is in bot/erasure.py.
"""

from __future__ import annotations

import logging
import threading
from datetime import datetime, timedelta

import sqlalchemy as sa

from bot import (
    access_log,
    attempts,
    callback,
    data_requests,
    deadlines,
    erasure,
    followers,
    lost_questions,
    ratings,
    tables,
)
from bot.conversation import Owner
from bot.outbox import KEPT
from bot.present import now
from bot.store import Store

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
LOOK_EVERY_S = 24 * 3600.0
MOST_AT_ONCE = 100
# conversations of one transaction: citizens write in between, and no statement names too many


def delete_old(store: Store, now: datetime) -> int:
    """Delete every kind of row that is older than its period; the number of conversations that went.

    A conversation stays while one of its tickets is not closed, or a request about its data is not decided.
    """
    with store.writing() as connection:
        connection.execute(sa.delete(tables.factor_try).where(tables.factor_try.c.at < now - KEEP_TRIES))
    gone = 0
    while some := _delete_some(store, now):
        gone += some
    with store.writing() as connection:
        _delete_officers_traces(connection, now)
        stale = tables.web_session.c.since < now - KEEP_SESSIONS
        connection.execute(sa.delete(tables.web_session).where(stale))
        unsent = sa.and_(tables.outbox.c.kept.is_not(None), tables.outbox.c.created_at < now - KEEP_DETAILS)
        connection.execute(sa.update(tables.outbox).where(unsent).values(**KEPT))
        callback.delete_old(connection, now)
        followers.delete_old(connection, now)
        deadlines.delete_old(connection)
        data_requests.delete_old(connection, now)
        lost_questions.delete_old(connection, now)
    return gone


def _delete_some(store: Store, now: datetime) -> int:
    """Delete at most MOST_AT_ONCE old conversations; how many it were."""
    with store.writing() as connection:
        gone = _rested(connection, now)
        _delete_conversations(connection, gone)
    return len(gone)


def _rested(connection: sa.Connection, now: datetime) -> list[int]:
    """At most MOST_AT_ONCE conversations that rested for KEEP and that nobody owes anything; held."""
    busy = sa.select(tables.ticket.c.conversation_id).where(erasure.UNFINISHED)
    old = sa.and_(
        tables.conversation.c.updated_at < now - KEEP,
        tables.conversation.c.owner.in_((Owner.BOT.value, Owner.CLOSED.value)),
        tables.conversation.c.id.not_in(busy),
        tables.conversation.c.id.not_in(data_requests.undecided()),
    )
    resting = sa.select(tables.conversation.c.id).where(old).limit(MOST_AT_ONCE)
    return list(connection.execute(resting.with_for_update(skip_locked=True)).scalars())


def _delete_conversations(connection: sa.Connection, gone: list[int]) -> None:
    ratings.disconnect(connection, gone)
    data_requests.disconnect(connection, gone)
    lost_questions.disconnect(connection, gone)
    erasure.delete_tickets(connection, gone)
    parts = (tables.factor_try, tables.followed, tables.consent, tables.aside_event)
    for table in (*parts, tables.outbox, tables.turn, tables.inbox):
        connection.execute(sa.delete(table).where(table.c.conversation_id.in_(gone)))
    connection.execute(sa.delete(tables.conversation).where(tables.conversation.c.id.in_(gone)))


def _delete_officers_traces(connection: sa.Connection, now: datetime) -> None:
    over = tables.officer_session.c.expires_at < now - KEEP_SIGN_INS
    connection.execute(sa.delete(tables.officer_session).where(over))
    connection.execute(sa.delete(tables.absence).where(tables.absence.c.ends_at < now - KEEP))
    access_log.delete_old(connection, now)
    attempts.delete_old(connection, now)


def keep_deleting(store: Store, stop: threading.Event) -> None:
    """Delete now and once a day until told to stop."""
    while True:
        try:
            with store.duty("retention") as ours:
                if ours:
                    data_requests.finish_due(store, now())
                    delete_old(store, now())
        except sa.exc.SQLAlchemyError as error:
            log.error("old conversations were not deleted: %s", type(error).__name__)
        if stop.wait(LOOK_EVERY_S):
            return
