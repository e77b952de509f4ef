"""From approved drafts to a signed release that is served, and back to an earlier one (knowledge/releasing.py).

One release at a time waits for its signatures. It may be served only while the release it was made from is: nobody
takes a change of somebody else back without knowing. The processes take a switch up by themselves (bot/editions.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bot import tables
from bot.catalogue_book import Done, made_from, note
from bot.catalogue_drafts import CatalogueDrafts, CatalogueError, Draft, Outdated, Stale, Stand, approved
from bot.locks import alone
from bot.present import ZONE
from bot.store import Store
from knowledge import difference
from knowledge.difference import Change
from knowledge.edition import Edition
from knowledge.errors import KnowledgeError, Unapproved
from knowledge.releasing import Releases, Standing

BOOK = "catalogue releases"
# the lock under which releases are made and served
KEY_BYTES = 32
# of a person's private key, as `python -m knowledge release key` writes it


class NothingApproved(CatalogueError):
    """No draft is approved: there is nothing to release."""


class Waiting(CatalogueError):
    """Another release waits for its signatures."""


@dataclass(frozen=True)
class Listed:
    """One release of the list."""

    id: str
    standing: Standing | None
    # None: it cannot be read at all
    is_current: bool
    was_served: bool
    # before the current one
    is_waiting: bool
    # for signatures, with drafts in it


class CatalogueReleases:
    """What editors do with releases."""

    def __init__(
        self,
        store: Store,
        folder: Path,
        edition: Edition,
        drafts: CatalogueDrafts,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._store = store
        self._releases = Releases(folder)
        self._edition = edition
        self._drafts = drafts
        self._clock = clock

    def all(self) -> list[Listed]:
        """The current one first, then what waits, then the others, the newest first."""
        history, waiting = self._releases.history(), self.waiting()
        found = [self._listed(name, history, waiting) for name in reversed(self._releases.ids())]
        return sorted(found, key=lambda item: (not item.is_current, not item.is_waiting))

    def approvers(self) -> list[str]:
        """Usernames of those whose signature counts; none when the list cannot be read."""
        try:
            return self._releases.approvers()
        except (KnowledgeError, OSError, ValueError, AttributeError):
            return []

    def ready(self) -> list[Draft]:
        """The drafts that the next release would be made of."""
        with self._store.reading() as connection:
            return approved(connection)

    def waiting(self) -> str:
        """The release that waits for signatures or for being served; empty when none does."""
        with self._store.reading() as connection:
            return _waiting(connection)

    def make(self, by: str) -> str:
        """A release of what is served with the approved drafts in it; its name.

        Raises NothingApproved, Waiting, Outdated and the errors of knowledge.errors.
        """
        with self._store.writing() as connection:
            alone(connection, BOOK)
            if _waiting(connection):
                raise Waiting(_waiting(connection))
            chosen = approved(connection)
            if not chosen:
                raise NothingApproved("no draft is approved")
            for draft in chosen:
                if self._drafts.is_outdated(draft):
                    raise Outdated(f"{draft.code}: another record is served by now")
            now = self._clock()
            name, base = self._new_name(now), self._edition.id()
            reviewed = _with(self._edition.reviewed(), {draft.code: self._drafts.record(draft)[0] for draft in chosen})
            self._releases.make(name, reviewed, self._edition.imported(), now)
            _put(connection, [draft.id for draft in chosen], release=name)
            note(connection, Done.GATHERED, by, now, release=name, text=base)
            return name

    def sign(self, release: str, by: str, key: bytes) -> None:
        """The officer's signature with their own key, which is used this once and not kept.

        Raises Unapproved for a key that is not listed for the officer, and the other errors of knowledge.errors.
        """
        if len(key) != KEY_BYTES:
            raise Unapproved("this is no key of 32 bytes")
        self._releases.approve(release, by, Ed25519PrivateKey.from_private_bytes(key))
        with self._store.writing() as connection:
            note(connection, Done.SIGNED, by, self._clock(), release=release)

    def publish(self, release: str, by: str, why: str) -> None:
        """Serve the release that waits. Raises Stale, Outdated, Unapproved, Tampered."""
        with self._store.writing() as connection:
            alone(connection, BOOK)
            if not release or _waiting(connection) != release:
                raise Stale(f"{release} waits no more")
            if self._edition.id() not in (made_from(connection, release), release):
                raise Outdated(f"{release} was not made from what is served now")
            drafts = [draft.id for draft in approved(connection, release)]
            _put(connection, drafts, state=Stand.PUBLISHED.value)
            note(connection, Done.PUBLISHED, by, self._clock(), release=release, text=why)
            self._releases.switch(release)

    def discard(self, release: str, by: str, why: str) -> None:
        """The release that waits will not be served; its drafts are approved as before. Raises Stale."""
        with self._store.writing() as connection:
            alone(connection, BOOK)
            if not release or _waiting(connection) != release:
                raise Stale(f"{release} waits no more")
            _put(connection, [draft.id for draft in approved(connection, release)], release="")
            note(connection, Done.DISCARDED, by, self._clock(), release=release, text=why)

    def return_to(self, release: str, by: str, why: str) -> None:
        """Serve a release again that was served before. Raises Stale, and the errors of knowledge.errors."""
        with self._store.writing() as connection:
            alone(connection, BOOK)
            if release not in self._releases.history()[:-1]:
                raise Stale(f"{release} was not served before")
            note(connection, Done.RETURNED, by, self._clock(), release=release, text=why)
            self._releases.switch(release)

    def changes(self, release: str) -> list[Change]:
        """What citizens would be told differently if this release were served instead of what is.

        Raises the errors of knowledge.errors.
        """
        self._releases.standing(release)
        after = {item["code"]: item for reviewed, item in self._releases.records(release) if reviewed}
        before = {item["code"]: item for item in self._edition.reviewed()}
        return list(difference.changes(before, after))

    def _listed(self, name: str, history: Sequence[str], waiting: str) -> Listed:
        try:
            standing = self._releases.standing(name)
        except (KnowledgeError, OSError, ValueError, KeyError):
            standing = None
        return Listed(name, standing, name == self._edition.id(), name in history[:-1], name == waiting)

    def _new_name(self, now: datetime) -> str:
        """The day in Vietnam and a number: 2026-11-22.1."""
        day, taken = now.astimezone(ZONE).date().isoformat(), set(self._releases.ids())
        return next(name for number in range(1, 10_000) if (name := f"{day}.{number}") not in taken)


def _with(records: Iterable[Mapping[str, Any]], changed: Mapping[str, Any]) -> Iterable[Mapping[str, Any]]:
    return (changed.get(item["code"], item) for item in records)


def _waiting(connection: sa.Connection) -> str:
    draft = tables.catalogue_draft.c
    query = sa.select(draft.release).where(draft.state == Stand.APPROVED.value, draft.release != "").limit(1)
    return connection.execute(query).scalar() or ""


def _put(connection: sa.Connection, draft_ids: Sequence[int], **values: str) -> None:
    draft = tables.catalogue_draft
    connection.execute(sa.update(draft).where(draft.c.id.in_(draft_ids)).values(**values))
