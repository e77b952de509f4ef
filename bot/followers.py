"""Who follows which dossier, in the database.

A dossier is asked for once however many follow it: `watched` says when, `followed` what each conversation knows of it.
A claim moves `next_ask_at` on by LEASE in one conditional UPDATE, so that two pollers never hold the same dossier and
one that died loses its claim. A notice is written in the transaction that remembers it, only if `told` is still what
it was: each change is told exactly once, whoever dies or races.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import sqlalchemy as sa

from bot import consent, outbox, tables
from bot.conversation import Owner
from bot.following import LONGEST, Follower, News, Seen, seen
from bot.locks import hold, insert_unless_there
from bot.messages import Reply
from bot.store import Store
from integrations.dossiers import Found

LEASE = timedelta(seconds=60)
# longer than a poller holds a claim
KEEP_ENDED = timedelta(days=2)
# after the last day that was agreed: until then a poller says that following has ended, by day

_watched, _followed, _consent = tables.watched.c, tables.followed.c, tables.consent.c


@dataclass(frozen=True)
class Watched:
    """A dossier that is due to be asked for, and who wants to know."""

    code: str
    failures: int
    # questions in a row that the portal could not answer
    missing: int
    # answers in a row that there is no such dossier
    followers: tuple[Follower, ...]


@dataclass(frozen=True)
class Telling:
    """What one follower is told."""

    follower: Follower
    news: News
    reply: Reply | None
    # None: following ends without a word, because the channel takes none


@dataclass(frozen=True)
class Rest:
    """When a dossier is asked for next."""

    code: str
    next_ask_at: datetime
    failures: int = 0
    missing: int = 0


@dataclass(frozen=True)
class Figures:
    """How following stands."""

    followers: int
    dossiers: int
    overdue_s: float
    # how long the dossier that waits longest should have been asked for; counts the hours of the night too


@dataclass(frozen=True)
class Opening:
    """How following begins."""

    at: datetime
    # aware
    next_ask_at: datetime
    # aware; somebody who follows the same dossier already has a time of their own
    due_told: date | None
    # a due day whose nearing the citizen has just seen


class Followers:
    """The book of followers that pollers work on."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def claim(self, now: datetime, most: int) -> list[Watched]:
        """Dossiers to ask for now, the longest waiting first; each is ours alone for LEASE."""
        due = sa.select(_watched.code).where(_watched.next_ask_at <= now).order_by(_watched.next_ask_at).limit(most)
        with self._store.reading() as connection:
            if not connection.execute(due.limit(1)).first():
                return []
        with self._store.writing() as connection:
            rows = connection.execute(
                sa.update(tables.watched)
                .where(_watched.code.in_(due.with_for_update(skip_locked=True)), _watched.next_ask_at <= now)
                .values(next_ask_at=now + LEASE)
                .returning(_watched.code, _watched.failures, _watched.missing)
            ).all()
            followers = _of(connection, [row.code for row in rows])
            _drop(connection, [row.code for row in rows if row.code not in followers])
        return [
            Watched(row.code, row.failures, row.missing, tuple(followers[row.code]))
            for row in rows
            if row.code in followers
        ]

    def tell(self, tellings: Iterable[Telling], rest: Rest, now: datetime) -> None:
        """Write what followers of one dossier are told, remember it, and say when it is asked for next."""
        tellings = list(tellings)
        with self._store.writing() as connection:
            hold(connection, *(telling.follower.conversation_id for telling in tellings))
            for telling in tellings:
                _tell(connection, telling, now)
            _rest(connection, [rest])

    def rest(self, rests: Sequence[Rest]) -> None:
        """Say when dossiers without news are asked for next."""
        if rests:
            with self._store.writing() as connection:
                _rest(connection, rests)

    def figures(self, now: datetime) -> Figures:
        """How following stands."""
        waiting = sa.select(sa.func.count(), sa.func.min(_watched.next_ask_at, type_=tables.UtcTime))
        with self._store.reading() as connection:
            followers = connection.execute(sa.select(sa.func.count()).select_from(tables.followed)).scalar_one()
            dossiers, first = connection.execute(waiting.select_from(tables.watched)).one()
        return Figures(followers, dossiers, max(0.0, (now - first).total_seconds()) if first else 0.0)


def follow(connection: sa.Connection, conversation_id: int, found: Found, opening: Opening) -> None:
    """Begin to follow, inside the transaction of the turn that says so; what is followed already stays as it is."""
    code, told = found.dossier.code, seen(found.dossier)
    if code in codes(connection, conversation_id):
        return
    known = sa.select(_watched.code).where(_watched.code == code).with_for_update(read=True, key_share=True)
    if not connection.execute(known).first():
        start = {"code": code, "next_ask_at": opening.next_ask_at, "failures": 0, "missing": 0}
        insert_unless_there(connection, tables.watched, **start)
    connection.execute(
        sa.insert(tables.followed).values(
            conversation_id=conversation_id,
            code=code,
            followed_at=opening.at,
            until=opening.at + LONGEST,
            label=told.label,
            due_on=told.due_on,
            completed_on=told.completed_on,
            fees_due=told.fees_due,
            seen_at=found.fetched_at,
            due_told=opening.due_told,
            told=0,
        )
    )


def unfollow(connection: sa.Connection, conversation_id: int, which: Sequence[str]) -> None:
    """Follow these no longer; nothing is kept of it. Who else follows the same dossier goes on."""
    mine = sa.and_(_followed.conversation_id == conversation_id, _followed.code.in_(which))
    connection.execute(sa.delete(tables.followed).where(mine))


def forget(connection: sa.Connection, conversation_ids: Sequence[int]) -> None:
    """Delete all that conversations follow; dossiers that nobody follows any more are dropped at their next turn."""
    connection.execute(sa.delete(tables.followed).where(_followed.conversation_id.in_(conversation_ids)))


def delete_old(connection: sa.Connection, now: datetime) -> None:
    """Delete what is followed longer than was agreed, also where no poller runs, and dossiers that nobody follows."""
    connection.execute(sa.delete(tables.followed).where(_followed.until < now - KEEP_ENDED))
    follows = sa.select(_followed.id).where(_followed.code == _watched.code)
    connection.execute(sa.delete(tables.watched).where(~follows.exists()))


def codes(connection: sa.Connection, conversation_id: int) -> tuple[str, ...]:
    """What a conversation follows, oldest first."""
    mine = sa.select(_followed.code).where(_followed.conversation_id == conversation_id).order_by(_followed.id)
    return tuple(connection.execute(mine).scalars())


def agreed(version: int) -> sa.Select[tuple[int]]:
    """Who follows a dossier and agreed to the words of this version or later (bot/data/consents.yaml)."""
    mine = _consent.conversation_id == _followed.conversation_id
    to_words = (_consent.purpose == consent.FOLLOW, _consent.version >= version, _consent.withdrawn_at.is_(None))
    return sa.select(_followed.id).join(tables.consent, mine).where(*to_words)


def _of(connection: sa.Connection, which: Sequence[str]) -> dict[str, list[Follower]]:
    """Who follows each of these dossiers and can be told; nobody where a dossier is missing."""
    query = (
        sa.select(tables.followed, tables.conversation.c.channel, tables.conversation.c.address)
        .join(tables.conversation, tables.conversation.c.id == _followed.conversation_id)
        .where(_followed.code.in_(which), tables.conversation.c.owner != Owner.CLOSED.value)
        .order_by(_followed.id)
    )
    found: dict[str, list[Follower]] = {}
    for row in connection.execute(query).mappings():
        found.setdefault(row["code"], []).append(_follower(row))
    return found


def _follower(row: sa.RowMapping) -> Follower:
    return Follower(
        id=row["id"],
        conversation_id=row["conversation_id"],
        channel=row["channel"],
        address=row["address"],
        code=row["code"],
        seen=Seen(row["label"], row["due_on"], row["completed_on"], row["fees_due"]),
        seen_at=row["seen_at"],
        due_told=row["due_told"],
        until=row["until"],
        told=row["told"],
    )


def _drop(connection: sa.Connection, which: Sequence[str]) -> None:
    """Dossiers that nobody follows are not asked for."""
    if which:
        follows = sa.select(_followed.id).where(_followed.code == _watched.code)
        connection.execute(sa.delete(tables.watched).where(_watched.code.in_(which), ~follows.exists()))


def _tell(connection: sa.Connection, telling: Telling, now: datetime) -> None:
    """One notice and what is remembered of it; nothing when another poller told it, or the follower stopped."""
    follower, news = telling.follower, telling.news
    number = follower.told + 1
    is_ours = connection.execute(
        sa.update(tables.followed)
        .where(_followed.id == follower.id, _followed.told == follower.told)
        .values(
            told=number,
            label=news.seen.label,
            due_on=news.seen.due_on,
            completed_on=news.seen.completed_on,
            fees_due=news.seen.fees_due,
            seen_at=news.seen_at,
            due_told=news.due_told,
        )
    )
    if is_ours.rowcount != 1:
        return
    if news.ends:
        connection.execute(sa.delete(tables.followed).where(_followed.id == follower.id))
    if telling.reply is not None:
        outbox.put(connection, follower.conversation_id, f"follow:{follower.id}:{number}", telling.reply, now)
        here = tables.conversation.c.id == follower.conversation_id
        connection.execute(sa.update(tables.conversation).where(here).values(updated_at=now))


def _rest(connection: sa.Connection, rests: Sequence[Rest]) -> None:
    connection.execute(
        sa.update(tables.watched)
        .where(_watched.code == sa.bindparam("this"))
        .values(next_ask_at=sa.bindparam("at"), failures=sa.bindparam("failed"), missing=sa.bindparam("gone")),
        [{"this": rest.code, "at": rest.next_ask_at, "failed": rest.failures, "gone": rest.missing} for rest in rests],
    )
