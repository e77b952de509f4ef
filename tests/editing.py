"""The town's catalogue to edit: files of its own, two people with keys, a measurement that is told in advance."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml

from bot.catalogue_book import Book
from bot.catalogue_drafts import CatalogueDrafts
from bot.catalogue_releases import CatalogueReleases
from bot.draft_effect import DraftEffect
from bot.store import Store
from knowledge.edition import Edition
from knowledge.releasing import new_key
from web.ports import Editing

RESULT = {"questions": 4, "before": 3, "after": 4, "changed": []}


def write(folder: Path, town_record: Mapping[str, Any], **changed: Any) -> None:
    """A reviewed file, with as many example questions as the checker wants."""
    record = {**town_record, "examples": [f"câu {number}" for number in range(6)], **changed}
    path = folder / "procedures" / record["field"] / f"{record['code']}.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.dump(record, Dumper=yaml.CSafeDumper, allow_unicode=True), encoding="utf-8")


def prepared(folder: Path, records: Iterable[Mapping[str, Any]], *people: str) -> Edition:
    """A folder with a file for each record, and a key for each person that is named."""
    for record in records:
        write(folder, record)
    lines = [f"{name}: {new_key(folder / name)}" for name in people]
    (folder / "approvers.yaml").write_text("\n".join(lines), encoding="utf-8")
    return Edition(folder, folder / "procedures")


def over(store: Store, folder: Path, clock: Callable[[], datetime]) -> Editing:
    """What editors do with a prepared folder."""
    edition = Edition(folder, folder / "procedures")
    drafts = CatalogueDrafts(store, edition, clock=clock)
    releases = CatalogueReleases(store, folder, edition, drafts, clock)
    return Editing(drafts, releases, Book(store), DraftEffect(drafts, measured, clock), clock)


def temporary(store: Store, records: Iterable[Mapping[str, Any]], clock: Callable[[], datetime]) -> Editing:
    """What editors do with a folder that goes with the last who holds it."""
    folder = Path(tempfile.mkdtemp())
    prepared(folder, records)
    made = over(store, folder, clock)
    weakref.finalize(made.drafts, shutil.rmtree, folder, ignore_errors=True)
    return made


def measured(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """A measurement of two steps."""
    yield {"done": 2, "of": 4}
    yield {"result": RESULT}
