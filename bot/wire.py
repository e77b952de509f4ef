"""The wire between processes over one PostgreSQL: what a transaction announces in one wakes who listens in the others.

Nothing depends on it: everybody looks for themselves from time to time (bot/loop.py).
"""

from __future__ import annotations

import logging
import threading
import uuid
from collections.abc import Callable, Iterable
from typing import Any

import sqlalchemy as sa

log = logging.getLogger(__name__)

CHANNEL = "mot_cua"
LOOK_UP_S = 0.5
# how soon an end is noticed
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 8.0
# after a lost connection; doubles


class Wire:
    """One end of the wire: a connection of its own and a thread that waits on it, from the first `start`."""

    def __init__(self, engine: sa.Engine, hear: Callable[[str], object]) -> None:
        """`hear` is called, from the thread, with what another process announced; "" after anything may be missed."""
        self._engine = engine
        self._hear = hear
        self._name = uuid.uuid4().hex
        # whoever announces hears it without the wire
        self._ended = threading.Event()
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Listen from now on; again and again is once."""
        with self._starting:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, daemon=True)
                self._thread.start()

    def send(self, connection: sa.Connection, announced: Iterable[str]) -> None:
        """Tell the other ends, once the transaction is committed."""
        for what in sorted(announced):
            connection.execute(sa.select(sa.func.pg_notify(CHANNEL, f"{self._name} {what}")))

    def stop(self) -> None:
        """Listen no more."""
        self._ended.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        pause_s = FIRST_PAUSE_S
        while not self._ended.is_set():
            try:
                self._listen()
            except (sa.exc.SQLAlchemyError, self._engine.dialect.loaded_dbapi.Error) as error:
                log.warning("other processes are not heard: %s", type(error).__name__)
                self._ended.wait(pause_s)
                pause_s = min(pause_s * 2, LONGEST_PAUSE_S)
            else:
                pause_s = FIRST_PAUSE_S

    def _listen(self) -> None:
        with self._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.detach()
            connection.exec_driver_sql(f"LISTEN {CHANNEL}")
            self._hear("")
            driver: Any = connection.connection.dbapi_connection
            while not self._ended.is_set():
                for notice in driver.notifies(timeout=LOOK_UP_S):
                    sender, _, what = notice.payload.partition(" ")
                    if sender != self._name:
                        self._hear(what)
