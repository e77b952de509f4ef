"""Oracles for records of others: each line and file is good or refused in words, and nothing half-read is left."""

from __future__ import annotations

import json
import shutil
import tempfile
import weakref
from pathlib import Path

import yaml

from evals.fuzz.target import Check
from evals.fuzz.texts import TODAY, hold
from knowledge import checking, record
from knowledge.catalogue import read_records
from knowledge.errors import KnowledgeError
from knowledge.importing import ELSEWHERE, SERVED, import_export


def imported() -> Check:
    """An import takes or refuses each line; what it took can be read again and was counted."""
    folder = Path(tempfile.mkdtemp())
    source, into = folder / "export.jsonl", folder / "into"

    def check(data: bytes) -> None:
        source.write_bytes(data)
        try:
            done = import_export(source, into, TODAY)
        except KnowledgeError as error:
            hold(len(str(error)) <= 2 * len(data) + 2_000, "a refusal without bounds")
            return
        for file, count in ((SERVED, done.served), (ELSEWHERE, done.elsewhere)):
            taken = [record.procedure(item, reviewed=False) for item in read_records(into / file)]
            hold(len(taken) == count, "another number than was counted")
            json.dumps([vars(item) for item in taken], default=str, ensure_ascii=False).encode()

    weakref.finalize(check, shutil.rmtree, folder, ignore_errors=True)
    return check


def catalogue_file() -> Check:
    """The checker names what is wrong; a file without a problem is a procedure."""
    folder = Path(tempfile.mkdtemp())
    path = folder / "1.001193.yaml"

    def check(data: bytes) -> None:
        path.write_bytes(data)
        if not [str(problem) for problem in checking.check_file(path, {})]:
            record.procedure(yaml.load(data, Loader=yaml.CSafeLoader), reviewed=True)

    weakref.finalize(check, shutil.rmtree, folder, ignore_errors=True)
    return check
