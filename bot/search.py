"""Search: in what was said in the conversations of an officer's desks, with accents or without."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import sqlalchemy as sa

from bot import outbox, tables
from bot.handoff import TicketSummary, in_view, summaries
from bot.store import Store
from bot.ticket import find_code
from nlu.text import fold, normalise

MOST_FOUND = 50
# tickets
MOST_WORDS = 8
MARKED = frozenset("aeiouyd")
# letters that may carry a mark in Vietnamese: in the database any letter is let stand for them
OFFICERS = "officer:%"
# keys of what officers wrote


@dataclass(frozen=True)
class Hit:
    """A ticket with the words that were found last."""

    ticket: TicketSummary
    text: str


class Search:
    """The search of the console."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def find(self, asked: str, seen: frozenset[str] | None = None) -> list[Hit]:
        """The newest tickets in whose talk, notes or comments one text holds every word, or that have the code.

        `seen`: at these desks only.
        """
        words, code = fold(normalise(asked)).split()[:MOST_WORDS], find_code(asked)
        if not words:
            return []
        with self._store.reading() as connection:
            texts = {} if code else _said(connection, words, seen)
            query = in_view("all", 0, seen).order_by(None).order_by(tables.ticket.c.id.desc())
            query = query.where(tables.ticket.c.code == code if code else tables.ticket.c.id.in_(texts))
            found = summaries(connection, query.limit(MOST_FOUND))
        return [Hit(ticket, texts.get(ticket.id, ticket.last_text)) for ticket in found]


def _said(connection: sa.Connection, words: list[str], seen: frozenset[str] | None) -> dict[int, str]:
    """The last matching text of each ticket."""
    ticket, inbox, told, happened = tables.ticket.c, tables.inbox.c, tables.outbox.c, tables.ticket_event.c
    near = tables.ticket.c.desk.in_(seen) if seen is not None else sa.true()
    written = sa.select(ticket.id, inbox.text).join(tables.inbox, inbox.conversation_id == ticket.conversation_id)
    noted = sa.select(ticket.id, happened.text).join(tables.ticket_event, happened.ticket_id == ticket.id)
    sent = sa.select(ticket.id, told.reply).join(tables.outbox, told.conversation_id == ticket.conversation_id)
    found: list[tuple[int, str]] = []
    for query, text in ((written.order_by(inbox.id), inbox.text), (noted.order_by(happened.id), happened.text)):
        like = (text.ilike(pattern(word), escape="\\") for word in words)
        found += [(row[0], row[1]) for row in connection.execute(query.where(near, *like))]
    replies = connection.execute(sent.where(near, told.key.like(OFFICERS)).order_by(told.id))
    found += [(row[0], outbox.from_json(row[1]).plain()) for row in replies]
    return dict(_holding(found, words))


def _holding(found: Iterable[tuple[int, str]], words: list[str]) -> Iterator[tuple[int, str]]:
    for ticket_id, text in found:
        folded = fold(text)
        if all(word in folded for word in words):
            yield ticket_id, text


def pattern(word: str) -> str:
    """A folded word as the database can look for it: too much is found, never too little."""
    return f"%{''.join('_' if letter in MARKED else _plain(letter) for letter in word)}%"


def _plain(letter: str) -> str:
    return f"\\{letter}" if letter in "%_\\" else letter
