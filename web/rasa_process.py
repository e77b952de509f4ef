"""Rasa beside us: trained when its sources changed, served on the loopback, ended with us."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import threading
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "nlu" / "rasa"
STOP_S = 10

log = logging.getLogger(__name__)


class RasaProcess:
    """Trains if need be, then serves; until it does, and if it dies, the embedded engine answers."""

    def __init__(self, port: int, folder: Path = FOLDER) -> None:
        self._port = port
        self._folder = folder
        self._child: subprocess.Popen[bytes] | None = None
        self._stopping = threading.Event()

    def installed(self) -> bool:
        """Whether the environment is there."""
        return (self._folder / ".venv" / "bin" / "rasa").exists()

    def start(self) -> None:
        """Train and serve in the background."""
        threading.Thread(target=self._run, daemon=True).start()

    def stop(self) -> None:
        """End the child and everything it started."""
        self._stopping.set()
        if self._child is None or self._child.poll() is not None:
            return
        os.killpg(self._child.pid, signal.SIGTERM)
        try:
            self._child.wait(STOP_S)
        except subprocess.TimeoutExpired:
            os.killpg(self._child.pid, signal.SIGKILL)

    def _run(self) -> None:
        for command in (["./train.sh"], ["./serve.sh", str(self._port)]):
            if self._stopping.is_set():
                return
            self._child = subprocess.Popen(command, cwd=self._folder, start_new_session=True)
            code = self._child.wait()
            if code and not self._stopping.is_set():
                log.warning("%s ended with %s: the embedded engine answers", command[0], code)
                return
