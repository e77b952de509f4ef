"""The database: there, at the newest migration, writable; who may sign in; and what backs it up."""

from __future__ import annotations

import shutil
from contextlib import closing
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from bot import tables
from bot.checkup.finding import Finding
from bot.errors import BadSettings
from bot.roles import Role
from bot.store import ROOT, Store

FAILURES = (OSError, ImportError, sa.exc.SQLAlchemyError)


def state(url: str) -> Finding:
    """Nothing is made, changed or migrated: a file that is not there yet stays so."""
    if not_made(url):
        return Finding("database", "not_made", {"file": sa.make_url(url).database})
    try:
        with closing(Store(url)) as store:
            return _shape(store)
    except FAILURES as error:
        return Finding("database", "unreachable", {"why": _why(error)})


def not_made(url: str) -> bool:
    """Whether it is a SQLite file that the first start makes."""
    return url.startswith("sqlite") and not Path(sa.make_url(url).database or "").exists()


def moments(url: str) -> tuple[datetime | None, datetime | None]:
    """The server's own clock (none on SQLite), and when the newest message came. Raises BadSettings."""
    try:
        with closing(Store(url)) as store, store.reading() as connection:
            is_server = connection.dialect.name == "postgresql"
            now = connection.execute(sa.select(sa.func.clock_timestamp())).scalar() if is_server else None
            return now, connection.execute(sa.select(sa.func.max(tables.inbox.c.received_at))).scalar()
    except FAILURES as error:
        raise BadSettings(_why(error)) from error


def officers(url: str) -> Finding:
    """Somebody must be able to answer those who wait, and somebody to switch the assistant off. Raises BadSettings."""
    active = tables.officer.c.disabled_at.is_(None)
    leading = sa.select(tables.officer_role.c.officer_id).where(tables.officer_role.c.role == Role.ADMINISTRATOR)
    counted = sa.select(sa.func.count()).select_from(tables.officer).where(active)
    try:
        with closing(Store(url)) as store, store.reading() as connection:
            count = connection.execute(counted).scalar_one()
            administrators = connection.execute(counted.where(tables.officer.c.id.in_(leading))).scalar_one()
    except FAILURES as error:
        raise BadSettings(_why(error)) from error
    named = "nobody" if not count else "no_administrator" if not administrators else "some"
    return Finding("officers", named, {"count": count, "administrators": administrators})


def backup(url: str, path: str | None = None) -> Finding:
    """`path`: where programs are looked for; PostgreSQL's own make and read its backups."""
    needed = () if url.startswith("sqlite") else ("pg_dump", "pg_restore")
    missing = [name for name in needed if not shutil.which(name, path=path)]
    return Finding("backup", "missing" if missing else "ready", {"programs": " and ".join(missing)})


def _shape(store: Store) -> Finding:
    scripts = ScriptDirectory(str(ROOT / "migrations"))
    newest = scripts.get_current_head()
    with store.reading() as connection:
        found = MigrationContext.configure(connection).get_current_revision()
    facts = {"engine": store.engine.dialect.name, "found": found, "newest": newest}
    if found is None:
        return Finding("database", "empty", facts)
    if found != newest:
        is_known = found in {script.revision for script in scripts.walk_revisions()}
        return Finding("database", "older" if is_known else "newer", facts)
    try:
        with store.writing() as connection:
            connection.execute(sa.delete(tables.inbox).where(sa.false()))
    except FAILURES as error:
        return Finding("database", "read_only", {**facts, "why": _why(error)})
    return Finding("database", "ready", facts)


def _why(error: BaseException) -> str:
    return str(getattr(error, "orig", None) or error).splitlines()[0].strip().rstrip(".")
