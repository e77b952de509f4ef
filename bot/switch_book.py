"""Where the switches are kept: a book of changes, the last one of a channel counts. Who, when and why is in it.

Every process reads the book again after FRESH_S, so that all follow a change within seconds.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import sqlalchemy as sa

from bot import outbox, tables
from bot.conversation import Owner
from bot.locks import alone
from bot.outcomes import Outcome
from bot.store import Store
from bot.switches import EVERY_CHANNEL, Mode, Notice, Switches, for_channel
from bot.wording import say

FRESH_S = 2.0
LONGEST_NOTICE = 500
LONGEST_WHY = 200
MOST_CHANGES = 50


@dataclass(frozen=True)
class Change:
    """One turn of a switch."""

    id: int
    kind: str
    # "mode" or "notice"
    channel: str
    # empty: every channel
    value: str
    by: str
    why: str
    at: datetime


class SwitchBook:
    """The switches of all channels."""

    def __init__(
        self,
        store: Store,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        ticks_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._clock = clock
        self._ticks_s = ticks_s
        self._read_at_s = float("-inf")
        self._standing: list[Change] = []

    def switches(self, channel: str) -> Switches:
        """How the switches of a channel stand; at most FRESH_S old."""
        if self._ticks_s() - self._read_at_s >= FRESH_S:
            self._standing, self._read_at_s = self.standing(), self._ticks_s()
        return as_switches(channel, self._standing)

    def standing(self) -> list[Change]:
        """The last change of each switch, fresh from the book."""
        book = tables.switch.c
        last = sa.select(sa.func.max(book.id)).group_by(book.kind, book.channel)
        return self._changes(sa.select(tables.switch).where(book.id.in_(last)).order_by(book.kind, book.channel))

    def changes(self) -> list[Change]:
        """What was changed lately, the newest first."""
        return self._changes(sa.select(tables.switch).order_by(tables.switch.c.id.desc()).limit(MOST_CHANGES))

    def set_mode(self, mode: Mode, channel: str, by: str, why: str) -> int:
        """Turn the assistant of a channel, or of all. How many citizens are told that it is back."""
        with self._store.writing() as connection:
            alone(connection, "switches")
            channels = _channels(connection)
            off_before = _off(connection, channels)
            change_id = self._write(connection, "mode", channel, mode.value, by, why)
            back = off_before - _off(connection, channels)
            return _tell_back(connection, change_id, back, self._clock())

    def set_notice(self, text: str, channel: str, by: str, why: str) -> None:
        """What every citizen of a channel, or of all, is told once from now on; empty: nothing."""
        with self._store.writing() as connection:
            self._write(connection, "notice", channel, text.strip()[:LONGEST_NOTICE], by, why)

    def _write(self, connection: sa.Connection, kind: str, channel: str, value: str, by: str, why: str) -> int:
        values = {"kind": kind, "channel": channel, "value": value, "by": by, "why": why.strip()[:LONGEST_WHY]}
        made = connection.execute(sa.insert(tables.switch).values(at=self._clock(), **values))
        return int(made.inserted_primary_key[0])  # type: ignore[index]

    def _changes(self, query: sa.Select[tuple[object, ...]]) -> list[Change]:
        with self._store.reading() as connection:
            return [Change(**row) for row in connection.execute(query).mappings()]


def as_switches(channel: str, standing: list[Change]) -> Switches:
    """The switches of a channel, from the last changes of all."""
    modes = {change.channel: Mode(change.value) for change in standing if change.kind == "mode"}
    texts = [change for change in standing if change.kind == "notice" and change.value]
    return for_channel(channel, modes, {change.channel: Notice(change.id, change.value) for change in texts})


def _channels(connection: sa.Connection) -> set[str]:
    return set(connection.execute(sa.select(tables.conversation.c.channel).distinct()).scalars())


def _off(connection: sa.Connection, channels: set[str]) -> set[str]:
    """The channels on which the assistant is off."""
    book = tables.switch.c
    last = sa.select(sa.func.max(book.id)).where(book.kind == "mode").group_by(book.channel)
    rows = connection.execute(sa.select(book.channel, book.value).where(book.id.in_(last))).all()
    modes = {channel: Mode(value) for channel, value in rows}
    return {name for name in channels if for_channel(name, modes, {}).mode is Mode.OFF}


def _tell_back(connection: sa.Connection, change_id: int, channels: set[str], now: datetime) -> int:
    """Tell those whose last message went unread, and who belong to the assistant, that they may ask again."""
    last = sa.select(sa.func.max(tables.turn.c.id)).group_by(tables.turn.c.conversation_id)
    query = (
        sa.select(tables.conversation.c.id)
        .join(tables.turn, tables.turn.c.conversation_id == tables.conversation.c.id)
        .where(
            tables.turn.c.id.in_(last),
            tables.turn.c.outcome == Outcome.SWITCHED_OFF.value,
            tables.conversation.c.channel.in_(channels),
            tables.conversation.c.owner == Owner.BOT.value,
        )
    )
    waiting = list(connection.execute(query.order_by(tables.conversation.c.id)).scalars())
    for conversation_id in waiting:
        outbox.put(connection, conversation_id, f"back:{change_id}:{conversation_id}", say("back"), now)
    return len(waiting)


__all__ = ["EVERY_CHANNEL", "Change", "SwitchBook", "as_switches"]
