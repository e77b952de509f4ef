"""The edition that is served, as the plain records it is made of: what an editor starts from and a release is made of.

Raises the errors of knowledge.errors: a release that is not what was signed is nobody's ground.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml

from knowledge.catalogue import REVIEWED_FOLDER, read_records, read_reviewed
from knowledge.errors import NotFound
from knowledge.importing import SERVED
from knowledge.record import Record
from knowledge.releasing import Releases


class Edition:
    """The current release of a folder; without one, the reviewed files and what was imported."""

    def __init__(self, folder: Path, reviewed: Path = REVIEWED_FOLDER) -> None:
        self._folder = folder
        self._reviewed = reviewed
        self._releases = Releases(folder)

    def id(self) -> str:
        """The release that is served; empty when there is none."""
        return self._releases.current()

    def record(self, code: str) -> dict[str, Any]:
        """The reviewed record with this code. Raises NotFound."""
        found = self._of_release(code) if self.id() else self._of_file(code)
        if found is None:
            raise NotFound(f"no reviewed record {code}")
        return found

    def reviewed(self) -> Iterable[Record]:
        """The reviewed records, in their order."""
        return self._kind(True) if self.id() else read_reviewed(self._reviewed)

    def imported(self) -> Iterable[Record]:
        """The imported records, in their order."""
        return self._kind(False) if self.id() else read_records(self._folder / SERVED)

    def _kind(self, reviewed: bool) -> Iterable[Record]:
        self._releases.verify(self.id())
        return (item for kind, item in self._releases.records(self.id()) if kind is reviewed)

    def _of_release(self, code: str) -> dict[str, Any] | None:
        return next((dict(item) for item in self._kind(True) if item["code"] == code), None)

    def _of_file(self, code: str) -> dict[str, Any] | None:
        """Codes come from addresses: a path is looked for among the names that are there, never built."""
        path = next((path for path in self._reviewed.glob("*/*.yaml") if path.stem == code), None)
        return yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader) if path else None


def digest(record: Record) -> str:
    """The SHA-256 of a record's content, whatever the order of its keys."""
    return hashlib.sha256(json.dumps(record, ensure_ascii=False, sort_keys=True).encode()).hexdigest()
