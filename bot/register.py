"""The register of processing: what every column holds about a person, why, how long and for whom.

    python -m bot.register          prints it
    python -m bot.register --write  writes it into docs/privacy.md

bot/data/register.yaml classifies the columns; the periods come from the code that deletes.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from bot import (
    access_log,
    attempts,
    callback,
    data_requests,
    followers,
    following,
    lost_questions,
    retention,
    sync_book,
    sync_monitor,
    tables,
)
from bot.errors import BadData

PATH = Path(__file__).parent / "data" / "register.yaml"
DOCUMENT = Path(__file__).parents[1] / "docs" / "privacy.md"
BEGINS, ENDS = "<!-- written by python -m bot.register --write -->", "<!-- end of the register -->"
WHOSE = ("citizen", "officer", "citizen and officer", "nobody")


def _said(period: timedelta) -> str:
    hours = period // timedelta(hours=1)
    number, unit = (hours // 24, "day") if hours % 24 == 0 else (hours, "hour")
    return f"{number} {unit}{'s' if number != 1 else ''}"


KEPT: Mapping[str, str] = {
    "rested": f"until the conversation rested for {_said(retention.KEEP)}, or the citizen has it deleted",
    "complaint": f"while the complaint is open, then until the conversation rested for {_said(retention.KEEP)};"
    " or until the citizen has it deleted",
    "rating": f"until the conversation rested for {_said(retention.KEEP)}; then step, common reason and day stay,"
    " and whose they were is known no more",
    "sessions": f"{_said(retention.KEEP_SESSIONS)} after its last change",
    "tries": _said(retention.KEEP_TRIES),
    "sign_ins": f"{_said(retention.KEEP_SIGN_INS)} after the session ended",
    "access_log": _said(access_log.KEEP),
    "failures": f"counts for {_said(attempts.WINDOW)}, goes within a day after that",
    "followed": f"until the citizen ends it, the dossier is done, or {_said(following.LONGEST)} after they agreed"
    f" and {_said(followers.KEEP_ENDED)} to say so",
    "reminded": "while somebody follows the dossier who agreed to it; then no page shows it, and it goes within a day",
    "data_request": f"while it is not decided, then {_said(data_requests.KEEP)};"
    " whose it was goes with the conversation",
    "compared": f"while the dossier is followed or on the list, and at most {_said(sync_monitor.ENROL_EVERY)} longer",
    "sync": f"while the systems differ, then {_said(sync_book.KEEP)}; counts of an hour: {_said(sync_book.KEEP)}",
    "lost": f"{_said(lost_questions.KEEP)} after the day it was asked, or until the citizen has the talk deleted;"
    " whose it was goes with the conversation",
    "account": "as long as the account; accounts are disabled, not deleted",
    "always": "not deleted",
    "replaced": "until the next pair of tokens",
}
# what deletes it: bot/retention.py and the modules it calls
SEEN_BY: Mapping[str, str] = {
    "ticket": "officers and leads of the desk once there is a ticket, auditors; each look is recorded",
    "colleagues": "officers and leads, when they hand a ticket on",
    "administrators": "administrators",
    "editors": "editors of the catalogue and auditors",
    "managers": "leads, auditors and administrators",
    "leads": "leads of the desk that looks after the unit, administrators",
    "desk": "officers and leads of the desk that looks after the unit, administrators",
    "auditors": "auditors",
    "privacy": "whoever answers for personal data",
    "self": "the officer alone",
    "nobody": "no page shows it",
}
PERIODS = {"details": _said(retention.KEEP_DETAILS), "call_back": _said(callback.KEEP)}
# that a description may name


@dataclass(frozen=True)
class Column:
    """What one column holds about a person."""

    name: str
    what: str
    protected: str
    # a name of Register.protections


@dataclass(frozen=True)
class Told:
    """What citizens are told of a table, in their language (bot/own_data.py)."""

    what: str
    why: str
    shows: Mapping[str, str]
    # column -> its name in a copy
    since: str = ""
    # column with the moment that the period counts from; empty: the conversation's last change


@dataclass(frozen=True)
class Table:
    """What one table holds about persons."""

    name: str
    whose: str
    why: str
    basis: str
    # a name of Register.bases
    kept: str
    seen_by: str
    # names of KEPT and SEEN_BY
    personal: tuple[Column, ...]
    plain: tuple[str, ...]
    # columns that say nothing about a person by themselves
    told: Told | None = None
    # none: not a citizen's, or told with another table


@dataclass(frozen=True)
class Register:
    """Everything that is kept."""

    bases: Mapping[str, str]
    protections: Mapping[str, str]
    tables: tuple[Table, ...]
    bases_told: Mapping[str, str] = field(default_factory=dict)
    closed_told: str = ""
    # bases, and what is said in place of an encrypted value, as citizens read them

    def columns(self, protected: str) -> frozenset[str]:
        """Every column that is protected in this way: "officer.totp_secret"."""
        return frozenset(
            f"{table.name}.{column.name}"
            for table in self.tables
            for column in table.personal
            if column.protected == protected
        )


@lru_cache(maxsize=1)
def load(path: Path = PATH) -> Register:
    """The register of a file. Raises BadData when a word in it is not explained."""
    content = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    try:
        found = tuple(_table(name, said) for name, said in content["tables"].items())
        told = content["bases_told"], content["closed_told"]
        register = Register(content["bases"], content["protections"], found, *told)
    except (KeyError, TypeError, AttributeError) as error:
        raise BadData(f"{path}: {error}") from error
    for table in found:
        known = table.basis in register.bases and table.kept in KEPT and table.seen_by in SEEN_BY
        if not known or table.whose not in WHOSE:
            raise BadData(f"{path}: {table.name}: whose, basis, kept or seen_by is no known word")
        if unknown := {column.protected for column in table.personal} - set(register.protections):
            raise BadData(f"{path}: {table.name}: {', '.join(unknown)} is no known protection")
    return register


def faults(register: Register, metadata: Any = tables.metadata) -> Iterator[str]:
    """A sentence for each column of the database that is not classified once, and for each that is not there."""
    said = [
        (table.name, name)
        for table in register.tables
        for name in (*(column.name for column in table.personal), *table.plain)
    ]
    there = {(table.name, column.name) for table in metadata.tables.values() for column in table.columns}
    for table, column in sorted(there - set(said)):
        yield f"{table}.{column} is not in {PATH.name}: put it under `personal` or `plain`"
    for table, column in sorted(set(said) - there):
        yield f"{table}.{column} of {PATH.name} is no column of the database"
    for table, column in sorted({item for item in said if said.count(item) > 1}):
        yield f"{table}.{column} stands twice in {PATH.name}"


def markdown(register: Register) -> str:
    """The register as docs/privacy.md shows it."""
    return "\n".join([BEGINS, "", *_words(register), *_rows(register), "", *_without(register), ENDS])


def written(document: str, register: Register) -> str:
    """The document with the register of today in its place. Raises BadData when it has no place for it."""
    before, begins, rest = document.partition(BEGINS)
    _, ends, after = rest.partition(ENDS)
    if not (begins and ends):
        raise BadData(f"{DOCUMENT}: {BEGINS} and {ENDS} are missing")
    return before + markdown(register) + after


def main(arguments: list[str] | None = None) -> int:
    """Print or write the register."""
    parser = argparse.ArgumentParser(prog="python -m bot.register", description=__doc__)
    parser.add_argument("--write", action="store_true", help=f"into {DOCUMENT.name}")
    options = parser.parse_args(arguments)
    register = load()
    if wrong := list(faults(register)):
        print("\n".join(wrong), file=sys.stderr)
        return 1
    if options.write:
        DOCUMENT.write_text(written(DOCUMENT.read_text(encoding="utf-8"), register), encoding="utf-8")
    else:
        print(markdown(register))
    return 0


def _table(name: str, said: Mapping[str, Any]) -> Table:
    personal = tuple(
        Column(column, held["what"].format(**PERIODS), held["protected"]) for column, held in said["personal"].items()
    )
    words = {word: said[word] for word in ("whose", "why", "basis", "kept", "seen_by")}
    told = Told(**said["told"]) if "told" in said else None
    return Table(name, **words, personal=personal, plain=tuple(said["plain"]), told=told)


def _words(register: Register) -> Iterator[str]:
    for title, words in (("Basis", register.bases), ("Protection", register.protections)):
        yield f"**{title}.**"
        yield from (f"- *{name}*: {meaning}" for name, meaning in words.items())
        yield ""


def _rows(register: Register) -> Iterator[str]:
    for table in register.tables:
        if table.personal:
            yield f"### `{table.name}`: {table.why}"
            yield ""
            seen_by = SEEN_BY[table.seen_by]
            yield f"About: {table.whose}. Basis: {table.basis}. Kept: {KEPT[table.kept]}. Seen by: {seen_by}."
            yield ""
            yield "| column | what it holds | protection |"
            yield "|---|---|---|"
            yield from (f"| `{column.name}` | {column.what} | {column.protected} |" for column in table.personal)
            yield ""


def _without(register: Register) -> Iterator[str]:
    columns = sum(len(table.plain) for table in register.tables)
    names = ", ".join(f"`{table.name}`" for table in register.tables if not table.personal)
    rest = f"; so is all of {names}" if names else ""
    yield f"{columns} other columns are numbers, times and states, no person's by themselves{rest}."
    yield ""


if __name__ == "__main__":
    sys.exit(main())
