"""Bundles: several procedures of one event in life, told as one journey."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path

import yaml

from knowledge.catalogue import Catalogue
from knowledge.cleaning import one_line
from knowledge.errors import NotFound
from knowledge.procedure import Document, Procedure, ProcessingTime

FOLDER = Path(__file__).parent / "data" / "bundles"


@dataclass(frozen=True)
class Bundle:
    """An event in life and the procedures it brings."""

    id: str
    name: str
    joint: str
    # code of the procedure that does all at once; empty when its record is not known
    parts: tuple[str, ...]
    # codes, in the order of the journey
    advice: str
    open_points: tuple[str, ...]


@dataclass(frozen=True)
class Needed:
    """A paper, and which procedures ask for it."""

    document: Document
    codes: tuple[str, ...]


@dataclass(frozen=True)
class Journey:
    """A bundle over the catalogue of a day."""

    bundle: Bundle
    joint: Procedure | None
    parts: tuple[Procedure, ...]
    documents: tuple[Needed, ...]
    # without repeats
    times: tuple[ProcessingTime, ...]
    # of the joint procedure; empty when each part has its own
    receiving_point: str
    # where all is handed in at once; empty when it is not known


@lru_cache(maxsize=1)
def load(folder: Path = FOLDER) -> tuple[Bundle, ...]:
    """All bundles, by file name."""
    return tuple(_bundle(path) for path in sorted(folder.glob("*.yaml")))


def containing(code: str, bundles: Iterable[Bundle]) -> Bundle | None:
    """The bundle a procedure belongs to."""
    return next((bundle for bundle in bundles if code in (bundle.joint, *bundle.parts)), None)


def journey(bundle: Bundle, catalogue: Catalogue, on: date) -> Journey:
    """The journey of a bundle on a day; a part that is not in force on that day is left out."""
    joint = next(_in_force(catalogue, [bundle.joint], on), None) if bundle.joint else None
    parts = tuple(_in_force(catalogue, bundle.parts, on))
    return Journey(
        bundle=bundle,
        joint=joint,
        parts=parts,
        documents=_needed([joint] if joint else parts),
        times=joint.times_on(on) if joint else (),
        receiving_point=joint.receiving_point if joint else "",
    )


def problems(bundles: Iterable[Bundle], catalogue: Catalogue) -> list[str]:
    """Codes that lead nowhere."""
    return [
        f"bundle {bundle.id}: {code} is not in the catalogue"
        for bundle in bundles
        for code in (*bundle.parts, *([bundle.joint] if bundle.joint else []))
        if not catalogue.knows(code)
    ]


def _bundle(path: Path) -> Bundle:
    content = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    return Bundle(
        id=content["id"],
        name=content["name"],
        joint=content.get("joint", ""),
        parts=tuple(content["parts"]),
        advice=one_line(content["advice"]),
        open_points=tuple(item["reason"] for item in content.get("open", ())),
    )


def _in_force(catalogue: Catalogue, codes: Iterable[str], on: date) -> Iterator[Procedure]:
    for code in codes:
        try:
            yield catalogue.get(code, on)
        except NotFound:
            continue


def _needed(procedures: Iterable[Procedure]) -> tuple[Needed, ...]:
    """Papers of the same name are one paper; the larger count of copies is kept."""
    found: dict[str, Needed] = {}
    for procedure in procedures:
        for document in procedure.documents:
            key = one_line(document.name).casefold().rstrip(" .;")
            known = found.get(key)
            codes = (*known.codes, procedure.code) if known else (procedure.code,)
            found[key] = Needed(_larger(known.document, document) if known else document, codes)
    return tuple(found.values())


def _larger(one: Document, other: Document) -> Document:
    def copies(document: Document) -> int:
        return (document.originals or 0) + (document.copies or 0)

    return other if copies(other) > copies(one) else one
