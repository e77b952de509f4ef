"""The assistant as on several hosts, on one machine: PostgreSQL, two web processes, three that answer, a balancer.

`python -m web.cluster [--rasa [stand-in]]`, or `make run-cluster`. What ends of it is started again; Ctrl+C ends all.
On hosts of your own the same commands run as services: docs/tasks/run-on-postgresql.md.
"""

from __future__ import annotations

import argparse
import contextlib
import logging
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from bot import logs, settings
from bot.errors import BadSettings, BotError
from bot.settings import Settings
from bot.store import open_store
from web.__main__ import portal_stand_ins
from web.rasa_process import FOLDER as RASA
from web.rasa_process import RasaProcess

BALANCER = Path(__file__).parent / "data" / "haproxy.cfg"
WEBS, WORKERS = 2, 3
RASAS = 2
OWNER = "mot_cua"
SYSTEM_USER = "postgres"
# PostgreSQL refuses to run as root
START_S, STOP_S = 60.0, 20.0
AGAIN_AFTER_S = 1.0
NO_POSTGRESQL = "PostgreSQL is missing: apt-get install postgresql (or run .ci/postgresql.sh)"
RASA_HELP = "two Rasa servers as well (1.2 GB), or stand-ins of them"
NO_BALANCER = "haproxy is missing: apt-get install haproxy; or --no-balancer, and each web process has its own address"

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Part:
    """One process of the cluster."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    user: str | None = None
    # who runs it; None: we ourselves
    end: signal.Signals = signal.SIGTERM


class Keeper:
    """Keeps one process running until it is told to stop."""

    def __init__(self, part: Part) -> None:
        self._part = part
        self._stopping = threading.Event()
        self._child: subprocess.Popen[bytes] | None = None
        self._thread = threading.Thread(target=self._keep, daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End it, and wait until it has ended; who does not listen is killed."""
        self._stopping.set()
        ends_at = time.monotonic() + STOP_S
        while self._thread.is_alive():
            child = self._child
            if child is not None:
                late = time.monotonic() > ends_at
                child.send_signal(signal.SIGKILL if late else self._part.end)
            self._thread.join(1.0)

    def _keep(self) -> None:
        part = self._part
        group = pwd.getpwnam(part.user).pw_gid if part.user else None
        while not self._stopping.is_set():
            self._child = subprocess.Popen(
                part.command,
                env=dict(part.environment),
                start_new_session=True,  # Ctrl+C at the terminal ends us, and we end this
                user=part.user,
                group=group,
                extra_groups=[] if part.user else None,
            )
            code = self._child.wait()
            if not self._stopping.is_set():
                log.error("%s ended with %s: it is started again", part.name, code)
                self._stopping.wait(AGAIN_AFTER_S)


def main(arguments: list[str] | None = None) -> int:
    """Run until interrupted."""
    parser = argparse.ArgumentParser(prog="python -m web.cluster", description=__doc__)
    parser.add_argument("--rasa", nargs="?", const="real", default="", choices=("real", "stand-in"), help=RASA_HELP)
    parser.add_argument("--no-balancer", action="store_true", help="without haproxy")
    options = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        loaded = settings.load()
        logs.configure(loaded)
        with contextlib.ExitStack() as closing:
            _run(closing, loaded, options.rasa, balancer=not options.no_balancer)
            threading.Event().wait()
    except BotError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        pass
    return 0


def _interrupt(number: int, frame: object) -> None:
    raise KeyboardInterrupt


def _run(closing: contextlib.ExitStack, loaded: Settings, rasa: str, *, balancer: bool) -> None:
    """Start everything, the last first to end."""
    haproxy = shutil.which("haproxy") if balancer else ""
    if haproxy is None:
        raise BadSettings(NO_BALANCER)
    ports = [loaded.port + number for number in range(1, WEBS + 1)]
    rasas = [ports[-1] + number for number in range(1, RASAS + 1)]
    balanced = rasas[-1] + 1
    url = closing.enter_context(postgresql(loaded.data_dir / "cluster"))
    chosen = replace(
        loaded,
        database_url=url,
        second_step_roles="",
        rasa_url=_places([balanced] if haproxy else rasas) if rasa else "",
    )
    chosen = closing.enter_context(portal_stand_ins(chosen))
    if rasa:
        _keep(closing, _rasas(chosen, rasas, rasa))
    open_store(url).close()
    settings.secret_key(chosen)
    _keep(closing, [*_workers(chosen), *_webs(chosen, ports)])
    if haproxy:
        _keep(closing, [_balancer(haproxy, chosen, ports, rasas)])
    _welcome(chosen, ports, balanced=bool(haproxy))


def _keep(closing: contextlib.ExitStack, parts: Sequence[Part]) -> None:
    """Keep these running; in the end they end together."""
    keepers = [Keeper(part) for part in parts]
    for keeper in keepers:
        keeper.start()
    ending = [threading.Thread(target=keeper.stop) for keeper in keepers]
    for thread in ending:
        closing.callback(thread.join)
    for thread in ending:
        closing.callback(thread.start)


@contextlib.contextmanager
def postgresql(folder: Path) -> Iterator[str]:
    """The address of a database in a folder of ours, while its server runs."""
    binaries = _binaries()
    user = SYSTEM_USER if os.geteuid() == 0 else None
    data = (folder / "postgresql").resolve()
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="mot-cua-", dir="/tmp") as sockets:  # the path of a socket is short
        data.mkdir(mode=0o700, exist_ok=True)
        if user:
            shutil.chown(data, user)
            shutil.chown(sockets, user)
        if not (data / "PG_VERSION").exists():
            _make(binaries, data, user)
        listen = [f"unix_socket_directories={sockets}", "listen_addresses=", "log_min_messages=fatal"]
        options = [word for setting in listen for word in ("-c", setting)]
        server = [str(binaries / "postgres"), "-D", str(data), *options]
        keeper = Keeper(Part("PostgreSQL", server, {"PATH": os.defpath}, user, signal.SIGINT))
        keeper.start()
        try:
            url = f"postgresql+psycopg://{OWNER}@/postgres?host={sockets}"
            _wait_for(url)
            yield url
        finally:
            keeper.stop()


def _make(binaries: Path, data: Path, user: str | None) -> None:
    command = [str(binaries / "initdb"), "-D", str(data), "-U", OWNER, "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8"]
    group = pwd.getpwnam(user).pw_gid if user else None
    done = subprocess.run(
        command, cwd="/", user=user, group=group, extra_groups=[] if user else None, capture_output=True
    )
    if done.returncode:
        raise BadSettings(f"initdb: {done.stderr.decode().strip()}")


def _binaries() -> Path:
    """Where the newest PostgreSQL lies. Raises BadSettings."""
    found = shutil.which("initdb")
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if found is None and not installed:
        raise BadSettings(NO_POSTGRESQL)
    return Path(found or installed[-1]).resolve().parent


def _wait_for(url: str) -> None:
    """Until the database answers. Raises BadSettings."""
    ends_at = time.monotonic() + START_S
    while True:
        try:
            open_store(url).close()
            return
        except BadSettings:
            if time.monotonic() > ends_at:
                raise
            time.sleep(0.2)


def _rasas(chosen: Settings, ports: Sequence[int], kind: str) -> list[Part]:
    """Rasa servers, or their stand-ins. Raises BadSettings when Rasa is not there, or cannot be trained."""
    commands = {port: [sys.executable, "-m", "integrations.stand_ins.rasa", "--port", str(port)] for port in ports}
    if kind == "real":
        if not RasaProcess(ports[0]).installed():
            raise BadSettings("Rasa is not installed: nlu/rasa/environment.sh")
        if subprocess.run([RASA / "train.sh"]).returncode:
            raise BadSettings("Rasa could not be trained: nlu/rasa/train.sh says why")
        commands = {port: [str(RASA / "serve.sh"), str(port)] for port in ports}
    environment = settings.environment(chosen)
    return [Part(f"Rasa {number}", command, environment) for number, command in enumerate(commands.values(), 1)]


def _places(ports: Sequence[int]) -> str:
    return " ".join(f"http://127.0.0.1:{port}" for port in ports)


def _workers(chosen: Settings) -> list[Part]:
    environment = settings.environment(replace(chosen, answer_threads=1))
    command = (sys.executable, "-m", "bot", "work")
    return [Part(f"worker {number}", command, environment) for number in range(1, WORKERS + 1)]


def _webs(chosen: Settings, ports: Sequence[int]) -> list[Part]:
    """They take messages in and send replies; others answer."""
    own = [settings.environment(replace(chosen, answer_threads=0, port=port)) for port in ports]
    command = (sys.executable, "-m", "web")
    return [Part(f"web {number}", command, environment) for number, environment in enumerate(own, 1)]


def _balancer(haproxy: str, chosen: Settings, ports: Sequence[int], rasas: Sequence[int]) -> Part:
    places = {"BALANCER": f"{chosen.host}:{chosen.port}", "BALANCER_RASA": f"127.0.0.1:{rasas[-1] + 1}"}
    places |= {f"WEB_{number}": f"127.0.0.1:{port}" for number, port in enumerate(ports, 1)}
    places |= {f"RASA_{number}": f"127.0.0.1:{port}" for number, port in enumerate(rasas, 1)}
    environment = {"PATH": os.defpath, **{f"MOT_CUA_{name}": place for name, place in places.items()}}
    return Part("balancer", (haproxy, "-db", "-q", "-f", str(BALANCER)), environment)


def _welcome(chosen: Settings, ports: Sequence[int], *, balanced: bool) -> None:
    """Where everything is."""
    for port in [chosen.port] if balanced else ports:
        print(f"Web chat            http://{chosen.host}:{port}/")
        print(f"Officers' console   http://{chosen.host}:{port}/console")
    print(f"Database            {chosen.database_url}")
    print(f"\nAn officer: MOT_CUA_DATABASE_URL='{chosen.database_url}' python -m bot officers add NAME 'Full name'")
    print("The first answer may take half a minute. Ctrl+C ends everything.", flush=True)


if __name__ == "__main__":
    sys.exit(main())
