"""The outbox: replies, committed with the turn or the officer's act that made them, sent in order."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from bot import ledger, tables
from bot.conversation import Owner
from bot.locks import hold
from bot.messages import Block, Button, Reply, SheetName, Source
from bot.store import Store, announce
from bot.ticket import Event
from bot.wording import words

RETRY_S = 2.0
LONGEST_RETRY_S = 300.0
MOST_ATTEMPTS = 100
# with growing waits of at most five minutes: more than five hours without the channel
REFUSED, GAVE_UP, LEFT = "refused", "gave up", "recipient"
# why a reply was set aside; a channel may say it more exactly
LEASE = timedelta(seconds=60)
SET_BACK = 2 * LEASE
LONGEST_REST = timedelta(hours=1)
# what was to be over later than this from now was written before the clock was set back
REPLY = "reply"
# announced when one is to be sent
KEPT: Mapping[str, Any] = {"reply": sa.func.coalesce(tables.outbox.c.kept, tables.outbox.c.reply), "kept": sa.null()}
# a reply that is on its way no more loses what is shown once


@dataclass(frozen=True)
class Delivery:
    """One reply on its way."""

    id: int
    channel: str
    address: str
    reply: Reply
    created_at: datetime
    attempts: int


class Outbox:
    """Replies in the order they were made, for each conversation."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def listen(self, act: Callable[[], object]) -> Callable[[], None]:
        """Call `act` whenever this process wrote a reply. The answer ends it."""
        return self._store.listen(REPLY, act)

    def take(self, channel: str, now: datetime, address: str = "") -> Delivery | None:
        """The next reply to send, held for a while. The first unsent reply of a conversation goes first.

        A reply whose sender died is taken again when its lease is over: delivery is at least once.
        """
        with self._store.writing() as connection:
            asked = {"channel": channel, "now": now, "address": address}
            asked |= {"beyond": now + SET_BACK, "far": now + LONGEST_REST}
            row = connection.execute(_next(bool(address)), asked).mappings().first()
            if row is None:
                return None
            connection.execute(
                sa.update(tables.outbox)
                .where(tables.outbox.c.id == row["id"])
                .values(status="sending", next_at=now + LEASE, attempts=row["attempts"] + 1)
            )
        return _delivery(row)

    def sent(self, delivery_id: int, now: datetime) -> None:
        """The channel has it."""
        self._set(delivery_id, status="sent", sent_at=now, **KEPT)

    def release(self, now: datetime) -> None:
        """At the start of the only serving process: what a killed one was sending is sent again at once."""
        with self._store.writing() as connection:
            held = tables.outbox.c.status == "sending"
            connection.execute(sa.update(tables.outbox).where(held).values(status="pending", next_at=now))

    def retry(self, delivery: Delivery, at: datetime) -> None:
        """Send again at a time (see wait_s); set aside after too many attempts."""
        failed = delivery.attempts + 1 >= MOST_ATTEMPTS
        reason = {"reason": GAVE_UP, **KEPT} if failed else {}
        self._set(delivery.id, status="failed" if failed else "pending", next_at=at, **reason)

    def refused(self, delivery_id: int, reason: str = REFUSED) -> None:
        """The channel will never take it. Whoever left follows nothing any more."""
        self._set(delivery_id, status="failed", reason=reason, **KEPT)
        if reason == LEFT:
            here = sa.select(tables.outbox.c.conversation_id).where(tables.outbox.c.id == delivery_id)
            with self._store.writing() as connection:
                connection.execute(sa.delete(tables.followed).where(tables.followed.c.conversation_id.in_(here)))

    def close_conversation(self, delivery: Delivery, now: datetime) -> None:
        """The citizen shut the channel: nothing more is sent and nobody owes an answer, until they write again."""
        with self._store.writing() as connection:
            there = sa.and_(
                tables.conversation.c.channel == delivery.channel, tables.conversation.c.address == delivery.address
            )
            conversation_id = connection.execute(sa.select(tables.conversation.c.id).where(there)).scalar()
            if conversation_id:
                hold(connection, conversation_id)
            waiting = sa.and_(
                tables.outbox.c.conversation_id == conversation_id,
                tables.unsent(tables.outbox.c.status),
            )
            connection.execute(sa.update(tables.outbox).where(waiting).values(status="failed", reason=LEFT, **KEPT))
            ticket = ledger.open_of(connection, conversation_id) if conversation_id else None
            if ticket is not None:
                ledger.let_go(connection, ticket, Event.LEFT, now)
            connection.execute(
                sa.update(tables.conversation).where(there).values(owner=Owner.CLOSED.value, updated_at=now)
            )
            follows = tables.followed.c.conversation_id == conversation_id
            connection.execute(sa.delete(tables.followed).where(follows))

    def payload(self, channel: str, address: str, delivery_id: int, number: int) -> str:
        """What a button of an earlier reply says; "" when the reply is gone.

        Also "" when the button asks on about a procedure and the talk has gone to another one since.
        """
        told = self.since(channel, address, delivery_id - 1)
        if not told or told[0].id != delivery_id or number >= len(told[0].reply.buttons):
            return ""
        payload = told[0].reply.buttons[number].payload
        topics = [delivery.reply.sources[0].code for delivery in told if delivery.reply.sources]
        return "" if payload.startswith(("a:", "c:")) and topics[:1] != topics[-1:] else payload

    def since(self, channel: str, address: str, after_id: int) -> list[Delivery]:
        """What was said to an address after a reply."""
        query = (
            sa.select(tables.outbox)
            .where(_to(channel, address), tables.outbox.c.id > after_id)
            .order_by(tables.outbox.c.id)
        )
        with self._store.reading() as connection:
            return [_delivery(row) for row in connection.execute(query).mappings()]

    def fetched(self, channel: str, address: str, last_id: int, now: datetime) -> None:
        """A citizen came and took everything up to a reply."""
        waiting = sa.and_(
            _to(channel, address),
            tables.outbox.c.id <= last_id,
            tables.unsent(tables.outbox.c.status),
            tables.outbox.c.status == "pending",
        )
        with self._store.reading() as connection:
            if not connection.execute(sa.select(tables.outbox.c.id).where(waiting)).first():
                return
        with self._store.writing() as connection:
            connection.execute(sa.update(tables.outbox).where(waiting).values(status="sent", sent_at=now, **KEPT))

    def _set(self, delivery_id: int, **values: object) -> None:
        with self._store.writing() as connection:
            connection.execute(sa.update(tables.outbox).where(tables.outbox.c.id == delivery_id).values(**values))


def wait_s(attempts: int, draw: float, asked_s: float = 0.0, first_s: float = RETRY_S) -> float:
    """How long a reply rests after a failed attempt, in every channel. `attempts` counts the failed ones before it.

    Twice as long each time up to LONGEST_RETRY_S, never sooner than the vendor asked. `draw`, from 0 to 1, spreads
    senders that failed together over half of the wait.
    """
    growing_s = min(first_s * 2.0 ** min(attempts, MOST_ATTEMPTS), LONGEST_RETRY_S)
    return max(asked_s, growing_s / 2) + draw * growing_s / 2


def put(connection: sa.Connection, conversation_id: int, key: str, reply: Reply, now: datetime) -> bool:
    """Write a reply inside the caller's transaction; False when its key was written before.

    The conversation is held: replies are numbered in the order in which they are committed.
    """
    hold(connection, conversation_id)
    if connection.execute(sa.select(tables.outbox.c.id).where(tables.outbox.c.key == key)).first():
        return False
    to = connection.execute(
        sa.select(tables.conversation.c.channel, tables.conversation.c.address).where(
            tables.conversation.c.id == conversation_id
        )
    ).one()
    connection.execute(
        sa.insert(tables.outbox).values(
            conversation_id=conversation_id,
            channel=to.channel,
            address=to.address,
            key=key,
            reply=to_json(reply),
            kept=to_json(kept(reply)) if reply.is_private else None,
            status="pending",
            attempts=0,
            next_at=now,
            created_at=now,
        )
    )
    announce(connection, REPLY)
    return True


def kept(reply: Reply) -> Reply:
    """A reply without what is shown once: for turns, transcripts, and the outbox once it was sent."""
    return reply.without_private(str(words()["lines"]["shown_once"]))


def to_json(reply: Reply) -> dict[str, Any]:
    """A reply as stored."""
    content = asdict(reply)
    for source in content["sources"]:
        source["valid_from"] = source["valid_from"].isoformat()
        source["checked_on"] = source["checked_on"].isoformat()
    if content["sheet"]:
        content["sheet"]["on"] = content["sheet"]["on"].isoformat()
    return content


def from_json(content: dict[str, Any]) -> Reply:
    """A stored reply."""
    return Reply(
        blocks=tuple(
            Block(item["kind"], tuple(item["lines"]), item.get("private", False)) for item in content["blocks"]
        ),
        buttons=tuple(Button(**item) for item in content["buttons"]),
        sources=tuple(_source(item) for item in content["sources"]),
        author=content["author"],
        asks=content.get("asks", ""),
        sheet=_sheet(content.get("sheet")),
    )


def _to(channel: str, address: str) -> sa.ColumnElement[bool]:
    """Whether a reply is of an address: found by its conversation, of which there is an index."""
    here = sa.and_(tables.conversation.c.channel == channel, tables.conversation.c.address == address)
    return tables.outbox.c.conversation_id == sa.select(tables.conversation.c.id).where(here).scalar_subquery()


def _source(item: dict[str, str]) -> Source:
    days = {name: date.fromisoformat(item[name]) for name in ("valid_from", "checked_on")}
    return Source(
        item["code"], item["decision"], days["valid_from"], days["checked_on"], item["url"], item.get("case_id", "")
    )


def _sheet(item: dict[str, Any] | None) -> SheetName | None:
    """Replies stored before there were sheets have none."""
    return SheetName(**{**item, "on": date.fromisoformat(item["on"])}) if item else None


@lru_cache(maxsize=2)
def _next(to_one_address: bool) -> sa.Select[tuple[object, ...]]:
    """Made once: putting it together takes longer than the answer."""
    earlier = tables.outbox.alias("earlier")
    waits = (
        sa.select(earlier.c.id)
        .where(earlier.c.conversation_id == tables.outbox.c.conversation_id)
        .where(earlier.c.id < tables.outbox.c.id)
        .where(tables.unsent(earlier.c.status))
    )
    at, is_held = tables.outbox.c.next_at, tables.outbox.c.status == "sending"
    set_back = sa.or_(
        sa.and_(is_held, at > sa.bindparam("beyond")),
        sa.and_(~is_held, sa.or_(tables.outbox.c.attempts == 0, at > sa.bindparam("far"))),
    )
    query = (
        sa.select(tables.outbox)
        .where(tables.outbox.c.channel == sa.bindparam("channel"))
        .where(tables.unsent(tables.outbox.c.status), sa.or_(at <= sa.bindparam("now"), set_back))
        .where(~waits.exists())
        .order_by(tables.outbox.c.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    return query.where(tables.outbox.c.address == sa.bindparam("address")) if to_one_address else query


def _delivery(row: sa.RowMapping) -> Delivery:
    return Delivery(
        row["id"], row["channel"], row["address"], from_json(row["reply"]), row["created_at"], row["attempts"]
    )
