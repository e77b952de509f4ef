"""The register of processing names every column, and its document is what the code says."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from bot import register, tables
from bot.errors import BadData
from bot.register import DOCUMENT, PATH


def test_every_column_is_classified() -> None:
    """A new column is personal or plain, and somebody has said which."""
    assert list(register.faults(register.load())) == []


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        (sa.Column("shoe_size", sa.Integer), "officer.shoe_size is not in register.yaml"),
        (None, "officer.name of register.yaml is no column"),
    ],
)
def test_a_column_that_comes_or_goes_is_noticed(changed: sa.Column[int] | None, sentence: str) -> None:
    """A column without a class, and a class without a column, are named."""
    metadata = sa.MetaData()
    for table in tables.metadata.tables.values():
        table.to_metadata(metadata)
    if changed is not None:
        metadata.tables["officer"].append_column(changed)
    else:
        kept = [column.name for column in tables.officer.columns if column.name != "name"]
        metadata.remove(metadata.tables["officer"])
        sa.Table("officer", metadata, *(sa.Column(name, sa.Text) for name in kept))
    (fault,) = register.faults(register.load(), metadata)
    assert fault.startswith(sentence)


def test_the_document_is_what_the_code_says() -> None:
    """docs/privacy.md holds the register of today: python -m bot.register --write."""
    document = DOCUMENT.read_text(encoding="utf-8")
    assert register.written(document, register.load()) == document


@pytest.mark.parametrize(
    ("right", "wrong"), [("kept: account", "kept: forever"), ("protected: masked", "protected: fine")]
)
def test_a_word_that_nobody_explains_is_refused(tmp_path: Path, right: str, wrong: str) -> None:
    """Periods and protections are of closed lists."""
    path = tmp_path / "register.yaml"
    path.write_text(PATH.read_text(encoding="utf-8").replace(right, wrong, 1), encoding="utf-8")
    with pytest.raises(BadData):
        register.load(path)
