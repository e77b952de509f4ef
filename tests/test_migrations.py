"""Rolling upgrades: the version before goes on working on the tables of the next one. Expand first, contract later.

A migration adds tables, nullable columns, columns with a default of the server, and indexes that are not unique. One
that takes something away (`CONTRACT = True` in its file) lands a version later, when no process uses it any more; then
the program is stopped for it (docs/tasks/upgrade.md).
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.migration import MigrationContext
from alembic.operations import Operations

from bot.store import ROOT, Store, open_store
from tests import town
from tests.postgresql import Server

pytestmark = pytest.mark.slow

FIRST = "0008"
# the version with which rolling upgrades began


def migration(path: Path) -> ModuleType:
    """A migration's file."""
    specification = importlib.util.spec_from_file_location(path.stem, path)
    assert specification and specification.loader
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


FILES = sorted((ROOT / "migrations" / "versions").glob("[0-9]*.py"))
LATER = [path for path in FILES if path.stem[:4] > FIRST]


def shape(connection: sa.Connection) -> dict[str, Any]:
    """Tables with their columns, and what is unique in them."""
    inspector = sa.inspect(connection)
    found = {}
    for table in inspector.get_table_names():
        columns = {column["name"]: column for column in inspector.get_columns(table)}
        unique = {tuple(item["column_names"]) for item in inspector.get_unique_constraints(table)}
        unique |= {tuple(item["column_names"]) for item in inspector.get_indexes(table) if item["unique"]}
        found[table] = (columns, unique)
    return found


def breaks(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """What a program that knows only the tables of before cannot live with."""
    found = [f"{table} is gone" for table in before if table not in after]
    for table in before.keys() & after.keys():
        (old, old_unique), (new, new_unique) = before[table], after[table]
        found += [f"{table}.{name} is gone" for name in old if name not in new]
        found += [f"{table}.{name} must be given" for name in new if name not in old and needed(new[name])]
        both = [name for name in old if name in new]
        found += [f"{table}.{name} changed" for name in both if str(old[name]["type"]) != str(new[name]["type"])]
        found += [
            f"{table}.{name} may be empty no more" for name in both if needed(new[name]) and not needed(old[name])
        ]
        found += [f"{table}: {', '.join(names)} unique" for names in new_unique - old_unique if set(names) <= set(old)]
    return sorted(found)


def needed(column: Any) -> bool:
    """Whether a row must say the column's value."""
    return not column["nullable"] and column["default"] is None


def run(connection: sa.Connection, module: ModuleType) -> list[str]:
    """What one migration breaks."""
    before = shape(connection)
    with Operations.context(MigrationContext.configure(connection, opts={"render_as_batch": True})):
        module.upgrade()
    return breaks(before, shape(connection))


@pytest.fixture
def old(server: Server) -> Iterator[Store]:
    """A PostgreSQL database as the first version with rolling upgrades left it."""
    store = Store(server.make())
    with store.engine.begin() as connection:
        town.migrate(connection, FIRST)
    yield store
    store.close()


def test_every_migration_expands(old: Store) -> None:
    """Whatever a migration after the first adds, the version before it can still read and write; contracts say so."""
    with old.engine.begin() as connection:
        found = {path.stem: (migration(path), run(connection, migration(path))) for path in LATER}
    told = {
        name: broken for name, (module, broken) in found.items() if broken and not getattr(module, "CONTRACT", False)
    }
    assert told == {}


@pytest.mark.parametrize(
    ("upgrade", "broken"),
    [
        ("op.add_column('turn', sa.Column('x', sa.Integer(), nullable=False))", "turn.x must be given"),
        ("op.drop_column('turn', 'engine')", "turn.engine is gone"),
        ("op.drop_table('duty')", "duty is gone"),
        ("op.alter_column('outbox', 'reason', nullable=False)", "outbox.reason may be empty no more"),
        ("op.alter_column('turn', 'engine', type_=sa.String(5))", "turn.engine changed"),
        ("op.create_index('u', 'turn', ['outcome'], unique=True)", "turn: outcome unique"),
        ("op.add_column('turn', sa.Column('x', sa.Integer(), nullable=True))", None),
        ("op.add_column('turn', sa.Column('x', sa.Integer(), nullable=False, server_default='0'))", None),
        ("op.create_table('new', sa.Column('x', sa.Integer(), nullable=False))", None),
        ("op.create_index('i', 'turn', ['outcome'])", None),
    ],
)
def test_what_breaks_is_found(old: Store, tmp_path: Path, upgrade: str, broken: str | None) -> None:
    """The check sees each way in which a migration can break the version before, and lets pass what cannot."""
    path = tmp_path / "example.py"
    path.write_text(f"import sqlalchemy as sa\nfrom alembic import op\n\ndef upgrade():\n    {upgrade}\n")
    with old.engine.begin() as connection:
        assert run(connection, migration(path)) == ([broken] if broken else [])


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_rows_of_the_version_before_are_taken(engine: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    """Every table takes, after all migrations, a row as the first version with rolling upgrades wrote it."""
    url = request.getfixturevalue("server").make() if engine == "postgresql" else f"sqlite:///{tmp_path}/old.db"
    store, known = Store(url), sa.MetaData()
    with store.engine.connect() as connection:
        town.migrate(connection, FIRST)
        connection.commit()
        known.reflect(connection)
    open_store(url).close()
    with store.writing() as connection:
        for table in known.sorted_tables:
            if table.name != "alembic_version":
                connection.execute(sa.insert(table).values({column.name: value(column) for column in table.columns}))
    store.close()


def value(column: sa.Column[Any]) -> Any:
    """Something that the column takes."""
    if column.foreign_keys or isinstance(column.type, sa.Integer):
        return "A" if isinstance(column.type, sa.String) else 1
    kinds: tuple[tuple[type, Any], ...] = (
        (sa.Boolean, False),
        (sa.DateTime, datetime.now(UTC).replace(tzinfo=None)),
        (sa.Date, date(2026, 11, 22)),
        (sa.JSON, {}),
    )
    return next((example for kind, example in kinds if isinstance(column.type, kind)), "A")
