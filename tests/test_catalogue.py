"""The catalogue: the right record for a code and a day."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
import yaml

from knowledge.catalogue import Catalogue, load
from knowledge.errors import NotFound
from knowledge.procedure import Procedure
from tests.town import BIRTH, COPY, FORMER_RESIDENCE, IMPORTED, RECORDS, RESIDENCE, TODAY, UNKNOWN, catalogue, made


@pytest.mark.parametrize(
    ("on", "in_force"),
    [
        (date(2026, 7, 17), False),
        (date(2026, 7, 18), True),
        (date(2027, 6, 30), True),
        (date(2027, 7, 1), False),
    ],
)
@pytest.mark.parametrize("code", [RESIDENCE, FORMER_RESIDENCE])
def test_a_record_holds_from_its_first_to_its_last_day(code: str, on: date, in_force: bool) -> None:
    """A procedure is found on the days on which it is in force, by its code and by its former one."""
    if in_force:
        assert catalogue().get(code, on) == made(RESIDENCE)
    else:
        with pytest.raises(NotFound, match=f"{code} in force on {on}"):
            catalogue().get(code, on)


@pytest.mark.parametrize("code", [UNKNOWN, "", "1.100001 ", "khai sinh"])
def test_an_unknown_code_is_not_found(code: str) -> None:
    """A code that is not in the catalogue leads nowhere: nothing that looks like it is guessed."""
    assert not catalogue().knows(code)
    with pytest.raises(NotFound):
        catalogue().get(code, TODAY)


@pytest.mark.parametrize("reviewed_first", [True, False])
def test_a_reviewed_record_wins(reviewed_first: bool) -> None:
    """Of two records of one procedure the one that a person reviewed is served, whichever came first."""
    reviewed, imported = made(COPY), made(COPY, reviewed=False, name="Như trên Cổng")
    both = Catalogue([reviewed, imported] if reviewed_first else [imported, reviewed])
    assert both.get(COPY, TODAY) is reviewed and len(both) == 1


def test_a_former_code_leads_to_its_successor() -> None:
    """A code that was replaced leads to what replaced it, and is not listed besides it."""
    old = replace(made(IMPORTED), code=FORMER_RESIDENCE)
    both = Catalogue([old, made(RESIDENCE)])
    assert both.get(FORMER_RESIDENCE, TODAY).code == RESIDENCE
    assert [item.code for item in both] == [RESIDENCE] and len(both) == 1
    assert both.knows(FORMER_RESIDENCE)


def test_a_catalogue_lists_each_procedure_once() -> None:
    """Iterating gives every procedure once, whatever its dates."""
    assert sorted(item.code for item in catalogue()) == sorted(RECORDS)
    assert len(catalogue()) == len(RECORDS) and len(Catalogue([])) == 0


@pytest.mark.parametrize(
    ("on", "case_id", "amounts"),
    [
        (date(2026, 7, 18), "", [2000, 3000]),
        (date(2026, 8, 1), "", [2000, 4000]),
        (date(2026, 8, 1), "a", [2000]),
        (date(2026, 7, 31), "b", [2000, 3000]),
        (date(2026, 9, 1), "", [4000]),
        (date(2026, 6, 30), "", []),
    ],
)
def test_fees_hold_on_their_days_and_in_their_case(on: date, case_id: str, amounts: list[int]) -> None:
    """A fee holds on its days, those of its record when it has none, in its case or in every one."""
    fees = [
        {"status": "amount", "amount_vnd": 2000, "valid_to": "2026-08-31"},
        {"status": "amount", "amount_vnd": 3000, "case": "b", "valid_to": "2026-07-31"},
        {"status": "amount", "amount_vnd": 4000, "case": "b", "valid_from": "2026-08-01"},
    ]
    assert [fee.amount_vnd for fee in made(COPY, fees=fees).fees_on(on, case_id)] == amounts


@pytest.mark.parametrize(
    ("checked_on", "after_days", "on", "due"),
    [
        ("2026-05-25", 180, date(2026, 11, 21), False),
        ("2026-05-25", 180, date(2026, 11, 22), True),
        ("2026-11-20", 1, date(2026, 11, 22), True),
    ],
)
def test_a_review_is_due_after_its_days(checked_on: str, after_days: int, on: date, due: bool) -> None:
    """A record is due for review on the day after its limit."""
    assert made(COPY, checked_on=checked_on, review_after_days=after_days).review_is_due(on) is due


def files(folder: Path) -> Iterator[Path]:
    """The town's reviewed files and its import, written as they are kept."""
    for code in (BIRTH, COPY):
        path = folder / "reviewed" / RECORDS[code]["field"] / f"{code}.yaml"
        path.parent.mkdir(parents=True)
        path.write_text(yaml.safe_dump(RECORDS[code], allow_unicode=True), encoding="utf-8")
    imported = folder / "imported.jsonl"
    lines = [json.dumps(record) for record in (RECORDS[IMPORTED], {**RECORDS[COPY], "name": "Như trên Cổng"})]
    imported.write_text("\n".join(lines) + "\n", encoding="utf-8")
    yield from (folder / "reviewed", imported)


def test_reviewed_files_and_the_import_are_one_catalogue(tmp_path: Path) -> None:
    """What is loaded from disk is what was written: reviewed files first, then what was imported."""
    reviewed, imported = files(tmp_path)
    loaded = load(imported, reviewed)
    expected: list[Procedure] = [made(BIRTH), made(COPY), made(IMPORTED)]
    assert sorted(loaded, key=lambda item: item.code) == expected


@pytest.mark.parametrize("imported", [None, Path("no such import.jsonl")])
def test_a_missing_import_is_no_error(tmp_path: Path, imported: Path | None) -> None:
    """Where nothing was imported the reviewed files are the catalogue."""
    reviewed, _ = files(tmp_path)
    assert sorted(item.code for item in load(imported, reviewed)) == [BIRTH, COPY]
