"""Drafts: records that editors change. A draft is served to nobody; a second person approves what a release is made of.

CatalogueError
 +-- Stale      somebody changed the draft meanwhile, or it stands elsewhere by now: nothing was done
 +-- OwnDraft   an author would approve what they wrote themselves
 +-- Unready    the record has faults, or changes nothing
 +-- Outdated   another record is served by now than the one the draft was begun from
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from bot import record_form, tables
from bot.catalogue_book import Done, authors, note
from bot.errors import BotError
from bot.locks import alone
from bot.record_form import Form
from bot.store import Store
from knowledge.checking import Fault
from knowledge.edition import Edition, digest


class CatalogueError(BotError):
    """Something about drafts and releases that an editor is told."""


class Stale(CatalogueError):
    """Changed meanwhile."""


class OwnDraft(CatalogueError):
    """Nobody approves what they wrote."""


class Unready(CatalogueError):
    """Not to be sent yet."""


class Outdated(CatalogueError):
    """Begun from a record that is not served any more."""


class Stand(StrEnum):
    """Where a draft stands."""

    WRITING = "writing"
    SENT = "sent"
    # waits for a second person
    APPROVED = "approved"
    # waits for a release, or lies in one that is not served yet
    PUBLISHED = "published"
    DROPPED = "dropped"


OPEN = (Stand.WRITING, Stand.SENT, Stand.APPROVED)


@dataclass(frozen=True)
class Draft:
    """One draft."""

    id: int
    code: str
    base: Mapping[str, Any]
    # the record it was begun from
    texts: Mapping[str, str]
    # of the form, by path
    stand: Stand
    version: int
    author: str
    # username of whoever changed it last
    release: str
    # that holds it; empty: none
    measured: Mapping[str, Any] | None
    changed_at: datetime

    @property
    def name(self) -> str:
        """Of the procedure, as it is typed."""
        return self.texts.get("name") or str(self.base["name"])


class CatalogueDrafts:
    """The drafts of all procedures; at most one of each is open."""

    def __init__(
        self,
        store: Store,
        edition: Edition,
        form: Form | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._store = store
        self._edition = edition
        self.form = form or record_form.load()
        self._clock = clock

    def open(self, code: str, by: str) -> int:
        """The open draft of a procedure, begun if there is none; its number. Raises knowledge.errors.NotFound."""
        base, draft = self._edition.record(code), tables.catalogue_draft
        with self._store.writing() as connection:
            alone(connection, f"draft {code}")
            there = sa.select(draft.c.id).where(draft.c.code == code, draft.c.state.in_(OPEN))
            found = connection.execute(there).scalar()
            if found is not None:
                return int(found)
            values = {"code": code, "base": base, "content": record_form.write(self.form, base)}
            state = {"state": Stand.WRITING.value, "version": 1, "author": by, "release": ""}
            now = self._clock()
            made = connection.execute(sa.insert(draft).values(**values, **state, made_at=now, changed_at=now))
            draft_id = int(made.inserted_primary_key[0])  # type: ignore[index]
            note(connection, Done.MADE, by, now, draft_id=draft_id)
            return draft_id

    def all(self) -> list[Draft]:
        """The open drafts, the one that was changed last first."""
        draft = tables.catalogue_draft
        query = sa.select(draft).where(draft.c.state.in_(OPEN)).order_by(draft.c.changed_at.desc())
        with self._store.reading() as connection:
            return [_draft(row) for row in connection.execute(query).mappings()]

    def of(self, draft_id: int) -> Draft:
        """One draft. Raises KeyError."""
        with self._store.reading() as connection:
            return read(connection, draft_id)

    def record(self, draft: Draft) -> tuple[dict[str, Any], list[Fault]]:
        """The record that a draft describes, and what is wrong in it."""
        return record_form.read(self.form, draft.texts, draft.base)

    def before(self, draft: Draft) -> dict[str, Any]:
        """The record it was begun from, written like the draft's own."""
        return record_form.plain(self.form, draft.base)

    def is_outdated(self, draft: Draft) -> bool:
        """Whether another record is served by now. Raises knowledge.errors.NotFound when none is."""
        return digest(self._edition.record(draft.code)) != digest(draft.base)

    def save(self, draft_id: int, version: int, texts: Mapping[str, str], by: str) -> None:
        """Keep what was typed, right or wrong. Raises Stale."""
        self._move(draft_id, version, Stand.WRITING, by, Done.SAVED, content=record_form.shaped(self.form, texts))

    def update(self, draft_id: int, version: int, by: str) -> None:
        """Keep the texts, from now on as a change of the record that is served. Raises Stale."""
        base = self._edition.record(self.of(draft_id).code)
        self._move(draft_id, version, Stand.WRITING, by, Done.UPDATED, base=base)

    def send(self, draft_id: int, version: int, by: str) -> None:
        """Ask a second person. Raises Stale, Unready, Outdated."""
        self._must_be_ready(self.of(draft_id))
        self._move(draft_id, version, Stand.WRITING, by, Done.SENT, state=Stand.SENT.value)

    def take_back(self, draft_id: int, version: int, by: str) -> None:
        """Write on; what was approved is approved no more. Raises Stale."""
        stand = self.of(draft_id).stand
        if stand not in (Stand.SENT, Stand.APPROVED):
            raise Stale(f"draft {draft_id} is {stand}")
        self._move(draft_id, version, stand, by, Done.TAKEN_BACK, state=Stand.WRITING.value)

    def approve(self, draft_id: int, version: int, by: str) -> None:
        """A second person has read exactly this version. Raises Stale, OwnDraft, Unready, Outdated."""
        self._must_be_ready(self.of(draft_id))
        self._move(draft_id, version, Stand.SENT, by, Done.APPROVED, state=Stand.APPROVED.value)

    def refuse(self, draft_id: int, version: int, by: str, why: str) -> None:
        """Back to its author, with a reason. Raises Stale."""
        self._move(draft_id, version, Stand.SENT, by, Done.REFUSED, why, state=Stand.WRITING.value)

    def drop(self, draft_id: int, version: int, by: str, why: str) -> None:
        """Nothing comes of it; it stays readable. Raises Stale."""
        self._move(draft_id, version, Stand.WRITING, by, Done.DROPPED, why, state=Stand.DROPPED.value)

    def begin_effect(self, draft_id: int, content: Mapping[str, Any]) -> None:
        """A measurement begins (bot/draft_effect.py); whatever else was measured is forgotten."""
        with self._store.writing() as connection:
            alone(connection, f"effect {draft_id}")
            _measured(connection, draft_id, content)

    def note_effect(self, draft_id: int, content: Mapping[str, Any]) -> bool:
        """What a measurement says by now; False when it has ended, or another one has begun: nothing was kept."""
        with self._store.writing() as connection:
            alone(connection, f"effect {draft_id}")
            known = read(connection, draft_id).measured or {}
            if known.get("started_at") != content["started_at"] or not {"result", "ended"}.isdisjoint(known):
                return False
            _measured(connection, draft_id, content)
            return True

    def _must_be_ready(self, draft: Draft) -> None:
        record, faults = self.record(draft)
        if faults or record == self.before(draft):
            raise Unready(f"draft {draft.id}: {len(faults)} faults")
        if self.is_outdated(draft):
            raise Outdated(f"draft {draft.id}: another record of {draft.code} is served by now")

    def _move(
        self, draft_id: int, version: int, stand: Stand, by: str, kind: Done, why: str = "", **values: Any
    ) -> None:
        """One change of one version, and its line in the book; nothing when the draft stands elsewhere."""
        draft, now = tables.catalogue_draft, self._clock()
        same = (draft.c.id == draft_id, draft.c.version == version, draft.c.state == stand.value)
        if "content" in values or "base" in values:
            values["author"] = by
        with self._store.writing() as connection:
            changed = sa.update(draft).where(*same, draft.c.release == "")
            done = connection.execute(changed.values(version=version + 1, changed_at=now, **values))
            if done.rowcount != 1:
                raise Stale(f"draft {draft_id} is not in version {version}, {stand}")
            if kind is Done.APPROVED and by in authors(connection, draft_id):
                raise OwnDraft(f"{by} wrote draft {draft_id}")
            note(connection, kind, by, now, draft_id=draft_id, text=why.strip())


def _measured(connection: sa.Connection, draft_id: int, content: Mapping[str, Any]) -> None:
    draft = tables.catalogue_draft
    connection.execute(sa.update(draft).where(draft.c.id == draft_id).values(measured=dict(content)))


def read(connection: sa.Connection, draft_id: int) -> Draft:
    """One draft. Raises KeyError."""
    draft = tables.catalogue_draft
    row = connection.execute(sa.select(draft).where(draft.c.id == draft_id)).mappings().first()
    if row is None:
        raise KeyError(draft_id)
    return _draft(row)


def approved(connection: sa.Connection, release: str = "") -> list[Draft]:
    """The approved drafts that lie in a release that is not served yet; in none when it is empty."""
    draft = tables.catalogue_draft
    query = sa.select(draft).where(draft.c.state == Stand.APPROVED.value, draft.c.release == release)
    return [_draft(row) for row in connection.execute(query.order_by(draft.c.code)).mappings()]


def _draft(row: sa.RowMapping) -> Draft:
    named = {name: row[name] for name in ("id", "code", "base", "version", "author", "release", "measured")}
    return Draft(texts=row["content"], stand=Stand(row["state"]), changed_at=row["changed_at"], **named)
