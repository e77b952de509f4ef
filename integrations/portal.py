"""A portal: whatever its protocol, it brings records, and they are read here by its field map.

Personal data ends here: nothing of a person enters `Dossier`, nothing is logged, and errors carry no content.
A step of the timeline has the portal's words for its status, never an officer's own: those name people.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from integrations import readings
from integrations.dossiers import Details, Dossier, FeeDue, Found, Proof, Status, Step
from integrations.errors import AnotherDossier, BadAnswer, NotFound
from integrations.fields import Fields, Part, Paths

T = TypeVar("T")
Row = Mapping[str, Any]

NOT_SHOWN = "portal: no such dossier, or another person's"


@dataclass(frozen=True)
class Factors:
    """What besides the code opens the details: the last digits of these numbers."""

    names: tuple[str, ...] = ("identity_number", "phone")
    # of `Fields`
    digits: int = 4


BOTH = Factors()


class Portal(ABC):
    """Dossiers of one portal. Safe to share between threads."""

    def __init__(self, fields: Fields, factors: Factors, clock: Callable[[], datetime]) -> None:
        self._fields = fields
        self._factors = factors
        self._clock = clock

    @abstractmethod
    def rows(self, code: str) -> object:
        """What the portal lists for a code. Raises the errors of `integrations.errors`."""

    @abstractmethod
    def close(self) -> None:
        """Closes the connections."""

    def find(self, code: str) -> Found:
        """The dossier with this code."""
        return Found(dossier(self._row(code), self._fields), self._clock())

    def details(self, code: str, proof: Proof) -> Details:
        """What the applicant may see besides. For an unknown code and a wrong factor the same is done and said."""
        try:
            row: Row = self._row(code)
            is_known = True
        except NotFound:
            row, is_known = {}, False
        if not (_confirmed(row, self._fields, self._factors, proof) and is_known):
            raise NotFound(NOT_SHOWN)
        return details(row, self._fields)

    def _row(self, code: str) -> Row:
        """The record asked for; an answer about any other dossier is not believed."""
        rows = self.rows(code)
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise BadAnswer("portal: not a list of dossiers")
        if not rows:
            raise NotFound("portal: no such dossier")
        row: Row | None = next((row for row in rows if _same(_code(row, self._fields), code)), None)
        if row is None:
            raise AnotherDossier("portal: answered with another dossier")
        return row


def dossier(row: Row, fields: Fields) -> Dossier:
    """One record without its personal data. Raises BadAnswer."""
    status, label = _required(readings.status(_all(row, fields.status), fields.status_numbers), "status")
    return Dossier(
        code=_code(row, fields),
        procedure_name=_required(_first(row, fields.procedure_name, readings.name), "procedure name"),
        procedure_code=_first(row, fields.procedure_code, readings.text),
        status=status,
        status_label=readings.impersonal(label, _all(row, fields.personal)),
        applied_on=_first(row, fields.applied_on, readings.day),
        accepted_on=_first(row, fields.accepted_on, readings.day),
        due_on=_first(row, fields.due_on, readings.day),
        completed_on=_first(row, fields.completed_on, readings.day),
        updated_at=_first(row, fields.updated_at, readings.moment),
        agency_name=_first(row, fields.agency_name, readings.name),
        steps=tuple(sorted(_steps(row, fields), key=lambda step: step.at)),
        collect_until=_first(row, fields.collect_until, readings.day),
        fees_due=fees_due(row, fields.fees),
    )


def details(row: Row, fields: Fields) -> Details:
    """What only the applicant may see. Raises BadAnswer."""
    people = list(_all(row, fields.personal))
    known = readings.status(_all(row, fields.status), fields.status_numbers)
    asked = (_first(part, fields.supplements.paths["words"], readings.text) for part in _open(row, fields.supplements))
    return Details(
        applicant=readings.shortened(_first(row, fields.applicant, readings.text) or ""),
        supplements=tuple(readings.impersonal(words, people) for words in asked if words),
        fees=tuple(_fees(row, fields.fees)),
        asks_payment=known is not None and known[0] is Status.PAYMENT_REQUIRED,
        procedure_code=_first(row, fields.procedure_code, readings.text),
        pay_link=_first(row, fields.pay_link, lambda value: readings.link(value, fields.pay_hosts)) or "",
    )


def fees_due(row: Row, part: Part) -> bool | None:
    """Whether a fee is still to be paid: no when every one is said to be paid; None where the portal leaves it open."""
    try:
        said = [list(_all(fee, part.paths["paid"])) for fee in _parts(row, part)]
    except BadAnswer:
        return None
    if any(readings.is_unpaid(value) for values in said for value in values):
        return True
    return False if said and all(any(map(readings.is_paid, values)) for values in said) else None


def _steps(row: Row, fields: Fields) -> Iterator[Step]:
    """The events that say when and what."""
    people = list(_all(row, fields.personal))
    for part in _parts(row, fields.steps):
        moment = _first(part, fields.steps.paths["at"], readings.moment)
        read = readings.status(_all(part, fields.steps.paths["status"]), fields.status_numbers)
        if moment and read:
            yield Step(moment, read[0], readings.impersonal(read[1], people))


def _open(row: Row, part: Part) -> Iterator[Row]:
    """The requests for supplements that nothing was handed in for."""
    return (found for found in _parts(row, part) if not any(_all(found, part.paths["settled"])))


def _fees(row: Row, part: Part) -> Iterator[FeeDue]:
    """The fees that the portal calls unpaid."""
    for found in _parts(row, part):
        if any(map(readings.is_unpaid, _all(found, part.paths["paid"]))):
            name = _required(_first(found, part.paths["name"], readings.name), "name of a fee")
            amount = next(filter(_says, _all(found, part.paths["amount_vnd"])), None)
            yield FeeDue(name, None if amount is None else readings.amount_vnd(amount))


def _confirmed(row: Row, fields: Fields, factors: Factors, proof: Proof) -> bool:
    """Whether a number of the record is the citizen's. Each one is asked about, also when it is missing or proved."""
    proved = False
    for name in factors.names:
        number = _first(row, getattr(fields, name), readings.text)
        value = readings.last(number, factors.digits)
        proved |= proof(value or "-" * factors.digits) and value != ""
    return proved


def _code(row: Row, fields: Fields) -> str:
    """The code as the portal writes it."""
    return _first(row, fields.code, readings.text) or ""


def _same(one: str, other: str) -> bool:
    return one.strip().upper() == other.strip().upper()


def _parts(row: Row, part: Part) -> Iterator[Row]:
    """The rows of a list inside a record; a missing list has none. Raises BadAnswer for anything else."""
    for found in readings.at(row, part.rows):
        listed: list[Any] = found if isinstance(found, list) else [found] if _says(found) else []
        if not all(isinstance(item, dict) for item in listed):
            raise BadAnswer("portal: a list inside the record is none")
        yield from listed


def _all(row: object, paths: Paths) -> Iterator[Any]:
    """Every value at the paths."""
    return (value for path in paths for value in readings.at(row, path))


def _first(row: object, paths: Paths, read: Callable[[object], T | None]) -> T | None:
    """The first value at the paths that says something."""
    found: Iterable[T | None] = map(read, _all(row, paths))
    return next((value for value in found if value is not None), None)


def _says(value: object) -> bool:
    return value not in (None, "")


def _required(value: T | None, what: str) -> T:
    """The value, which every dossier has."""
    if value is None:
        raise BadAnswer(f"portal: no {what}")
    return value
