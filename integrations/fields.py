"""Where each portal writes what, and which portal knows which codes: integrations/data/portals.yaml."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import yaml

PATH = Path(__file__).parent / "data" / "portals.yaml"

Paths = tuple[str, ...]
# dotted, into a portal's record; the first that says something is believed


@dataclass(frozen=True)
class Part:
    """A list inside a record, and the paths inside each of its rows."""

    rows: str
    # path to the list; "": the record itself is the only row
    paths: Mapping[str, Paths]


@dataclass(frozen=True)
class Fields:
    """Where a portal writes what."""

    code: Paths
    procedure_name: Paths
    procedure_code: Paths
    status: Paths
    status_numbers: Mapping[int, int]
    # a number of the portal's own -> the national one
    applied_on: Paths
    accepted_on: Paths
    due_on: Paths
    completed_on: Paths
    updated_at: Paths
    collect_until: Paths
    agency_name: Paths
    applicant: Paths
    personal: Paths
    # all of them are blanked from free text
    identity_number: Paths
    phone: Paths
    steps: Part
    # at, status
    supplements: Part
    # words, settled: a value there says that it was handed in
    fees: Part
    # name, amount_vnd, paid
    pay_link: Paths
    # the page on which the fees are paid
    pay_hosts: Paths
    # the portal's own: a link to anywhere else is not believed


@dataclass(frozen=True)
class CityMap:
    """The City's system."""

    search_path: str
    fields: Fields


@dataclass(frozen=True)
class NationalMap:
    """The national services."""

    login_path: str
    call_path: str
    service: str
    code_field: str
    # the name under which the service takes a dossier code
    not_found_errors: Paths
    fields: Fields


@dataclass(frozen=True)
class Portals:
    """Everything that portals.yaml says."""

    routes: Mapping[str, str]
    # unit id -> portal
    city: CityMap
    national: NationalMap


PARTS = {"steps": ("at", "status"), "supplements": ("words", "settled"), "fees": ("name", "amount_vnd", "paid")}


def load(changes: Path | None = None) -> Portals:
    """The map that comes with the program, with the entries that a file changes. Raises ValueError, OSError."""
    content = _read(PATH)
    if changes is not None:
        content = _changed(content, _read(changes), str(changes))
    city, national = content["city"], content["national"]
    return Portals(
        routes={str(unit): str(portal) for unit, portal in content["routes"].items()},
        city=CityMap(city["search_path"], _fields(city["fields"])),
        national=NationalMap(
            login_path=national["login_path"],
            call_path=national["call_path"],
            service=national["service"],
            code_field=national["code_field"],
            not_found_errors=_paths(national["not_found_errors"]),
            fields=_fields(national["fields"]),
        ),
    )


def _read(path: Path) -> dict[str, Any]:
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    except yaml.YAMLError as error:
        raise ValueError(f"{path} is not YAML") from error
    if not isinstance(content, dict):
        raise ValueError(f"{path} is not a map")
    return content


def _changed(content: Any, changes: Any, where: str) -> Any:
    """The content with single entries changed; only routes and numbers may get new names."""
    if not isinstance(content, dict):
        if type(content) is not type(changes):
            raise ValueError(f"{where}: a {type(content).__name__} is expected")
        return changes
    if not isinstance(changes, dict):
        raise ValueError(f"{where}: a map is expected")
    is_open = where.endswith((".routes", ".status_numbers"))
    if unknown := set(changes) - set(content):
        if not is_open:
            raise ValueError(f"{where}: no such entry: {', '.join(sorted(map(str, unknown)))}")
        return content | changes
    return content | {name: _changed(content[name], value, f"{where}.{name}") for name, value in changes.items()}


def _fields(content: Mapping[str, Any]) -> Fields:
    values: dict[str, Any] = {}
    for name in (field.name for field in fields(Fields)):
        if name in PARTS:
            paths = {part: _paths(content[name][part]) for part in PARTS[name]}
            values[name] = Part(content[name]["rows"], paths)
        else:
            values[name] = dict(content[name]) if name == "status_numbers" else _paths(content[name])
    return Fields(**values)


def _paths(content: Any) -> Paths:
    if not isinstance(content, list):
        raise ValueError(f"portals: {content!r} is not a list of paths")
    return tuple(map(str, content))
