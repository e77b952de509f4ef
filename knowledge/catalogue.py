"""The catalogue in force: reviewed files first, then what was imported."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path

import yaml

from knowledge import record
from knowledge.errors import NotFound
from knowledge.procedure import Procedure

REVIEWED_FOLDER = Path(__file__).parent / "data" / "procedures"


class Catalogue:
    """Procedures by code. A reviewed file wins over an imported record; a former code leads to its successor."""

    def __init__(self, procedures: Iterable[Procedure]) -> None:
        self._by_code: dict[str, Procedure] = {}
        for procedure in sorted(procedures, key=lambda item: item.reviewed):
            self._by_code[procedure.code] = procedure
        self._successor = {former: item.code for item in self._by_code.values() for former in item.former_codes}

    def get(self, code: str, on: date) -> Procedure:
        """The procedure in force on a day. Raises NotFound."""
        procedure = self._by_code.get(self._successor.get(code, code))
        if procedure is None or not procedure.in_force(on):
            raise NotFound(f"no procedure {code} in force on {on}")
        return procedure

    def knows(self, code: str) -> bool:
        """Whether a code, current or former, leads to a procedure."""
        return self._successor.get(code, code) in self._by_code

    def __iter__(self) -> Iterator[Procedure]:
        """Every procedure that has no successor."""
        return (item for item in self._by_code.values() if item.code not in self._successor)

    def __len__(self) -> int:
        return sum(1 for _ in self)


def load(imported: Path | None = None, folder: Path = REVIEWED_FOLDER) -> Catalogue:
    """The reviewed files and, when the file exists, the imported records."""
    procedures = [record.procedure(item, reviewed=True) for item in read_reviewed(folder)]
    if imported is not None:
        procedures.extend(record.procedure(item, reviewed=False) for item in read_records(imported))
    return Catalogue(procedures)


def read_reviewed(folder: Path) -> Iterator[record.Record]:
    """The records of the YAML files, in the order of their paths."""
    for path in sorted(folder.glob("*/*.yaml")):
        yield yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)


def read_records(path: Path) -> Iterator[record.Record]:
    """The records of an import, one JSON object a line; none when there was no import."""
    if not path.exists():
        return
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)
