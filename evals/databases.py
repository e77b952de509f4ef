"""The databases that a measurement runs over: a file, or a PostgreSQL server of its own with its usual settings."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from evals.process import family
from web.cluster import postgresql

SQLITE, POSTGRESQL = "sqlite", "postgresql"
READABLE = 0o755
# the server runs as somebody else, and has to reach its folder


@dataclass(frozen=True)
class Database:
    """A fresh database."""

    name: str
    # "sqlite", "postgresql" or "elsewhere"
    url: str
    folder: Path
    # what is on this machine of it

    @property
    def settings(self) -> Mapping[str, str]:
        """What tells the assistant's processes of it."""
        return {"MOT_CUA_DATABASE_URL": self.url}

    def pids(self) -> list[int]:
        """The processes of its server; none for a file."""
        main = self.folder / "postgresql" / "postmaster.pid"
        return family(int(main.read_text().split()[0])) if main.exists() else []

    def size_mb(self) -> float:
        """Everything on the disk."""
        return _mb(self.folder)

    def log_mb(self) -> float:
        """The write-ahead log."""
        if self.name == SQLITE:
            return sum(path.stat().st_size for path in self.folder.glob("*-wal")) / 1e6
        return _mb(self.folder / "postgresql" / "pg_wal")


@contextmanager
def database(asked: str) -> Iterator[Database]:
    """An empty one until the end of the block: "sqlite", "postgresql", or the address of one that is there."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if asked == SQLITE:
            yield Database(SQLITE, f"sqlite:///{folder / 'mot_cua.db'}", folder)
        elif asked == POSTGRESQL:
            folder.chmod(READABLE)
            with postgresql(folder) as url:
                yield Database(POSTGRESQL, url, folder)
        else:
            yield Database("elsewhere", asked, folder)


def _mb(folder: Path) -> float:
    """Of all files; one that is gone meanwhile counts nothing."""
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.stat().st_size if path.is_file() else 0
        except OSError:
            continue
    return total / 1e6
