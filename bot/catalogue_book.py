"""The book of the catalogue: who changed, approved, signed and published what, when and why. Never deleted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa

from bot import tables
from bot.store import Store

LONGEST_WHY = 200
MOST_SHOWN = 200


class Done(StrEnum):
    """What can be done with a draft, and with a release."""

    MADE = "made"
    SAVED = "saved"
    UPDATED = "updated"
    # brought up to date with the record that is served by now
    SENT = "sent"
    TAKEN_BACK = "taken_back"
    APPROVED = "approved"
    REFUSED = "refused"
    DROPPED = "dropped"
    GATHERED = "gathered"
    # into a release; its text is the release it was made from
    SIGNED = "signed"
    PUBLISHED = "published"
    DISCARDED = "discarded"
    RETURNED = "returned"
    # to an earlier release


WRITES = (Done.MADE, Done.SAVED, Done.UPDATED)
# who did one of these is an author of the draft


@dataclass(frozen=True)
class Entry:
    """One line of the book."""

    kind: Done
    by: str
    text: str
    at: datetime
    draft_id: int | None
    release: str
    code: str
    # of the draft's procedure; empty for a release


def note(
    connection: sa.Connection,
    kind: Done,
    by: str,
    at: datetime,
    *,
    draft_id: int | None = None,
    release: str = "",
    text: str = "",
) -> None:
    """Write a line."""
    values = {"draft_id": draft_id, "release": release, "kind": kind.value, "by": by, "text": text[:LONGEST_WHY]}
    connection.execute(sa.insert(tables.catalogue_event).values(**values, at=at))


def authors(connection: sa.Connection, draft_id: int) -> set[str]:
    """Everybody who wrote something of a draft: none of them may approve it."""
    event = tables.catalogue_event.c
    query = sa.select(event.by).where(event.draft_id == draft_id, event.kind.in_(WRITES)).distinct()
    return set(connection.execute(query).scalars())


def made_from(connection: sa.Connection, release: str) -> str | None:
    """The release that another was made from, empty for the files; None when it was not made here."""
    event = tables.catalogue_event.c
    query = sa.select(event.text).where(event.release == release, event.kind == Done.GATHERED.value)
    return connection.execute(query).scalar()


class Book:
    """The book to read."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def entries(self, draft_id: int | None = None, most: int = MOST_SHOWN) -> list[Entry]:
        """The newest first; of one draft, or of all."""
        event, draft = tables.catalogue_event, tables.catalogue_draft
        query = sa.select(event, draft.c.code).join(draft, isouter=True).order_by(event.c.id.desc()).limit(most)
        if draft_id is not None:
            query = query.where(event.c.draft_id == draft_id)
        with self._store.reading() as connection:
            return [_entry(row) for row in connection.execute(query).mappings()]


def _entry(row: sa.RowMapping) -> Entry:
    named = {name: row[name] for name in ("by", "text", "at", "draft_id", "release")}
    return Entry(kind=Done(row["kind"]), code=row["code"] or "", **named)
