"""The serving process and the vendors' stand-ins as processes of their own, on the loopback, with a fresh folder."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.error import URLError

from bot.settings import Settings
from evals.line import SENDS_PATH, TOKEN
from evals.plays import CHANNELS, Question
from evals.verdict import Sending
from integrations.stand_ins.zalo.account import Account
from web.webhooks import TELEGRAM_PATH, ZALO_PATH

ROOT = Path(__file__).parents[1]
START_S = 120
LOOK_EVERY_S = 0.02
SECRET = "webhook-secret-of-the-run"
PAID_MESSAGES = 1_000_000
# so that the free ones of Zalo do not run out
AHEAD = "MOT_CUA_PLAY_AHEAD_S"
ZALO_TIMEOUT_S = 2.0

_http = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class NeverHappened(Exception):
    """What was waited for did not come."""


@dataclass(frozen=True)
class Vendors:
    """The stand-ins."""

    addresses: Mapping[str, str]
    # channel -> address
    pids: Sequence[int] = ()

    def say(self, question: Question) -> None:
        """A citizen writes."""
        order, who = ("message", "chat_id") if question.channel == "telegram" else ("text", "user_id")
        person = int(question.person) if question.channel == "telegram" else question.person
        post(f"{self.addresses[question.channel]}/__control/{order}", {who: person, "text": question.text})

    def let_pass(self, time_s: int) -> None:
        """So much time passes for Zalo, which signs the moment of every event."""
        post(f"{self.addresses['zalo']}/__control/clock", {"hours": time_s / 3600})

    def sendings(self, channel: str) -> list[Sending]:
        """What a vendor has taken for its citizens, in order."""
        taken = get(self.addresses[channel] + SENDS_PATH)["sends"]
        return [sending for item in taken if (sending := _sending(channel, item))]

    def refused(self, channel: str) -> int:
        """How many messages were answered with 429."""
        return int(get(self.addresses[channel] + SENDS_PATH)["refused"])


@dataclass
class Server:
    """`python -m web`, started as often as need be over the same folder and port."""

    port: int
    environment: Mapping[str, str]
    log: Path
    starts_s: list[float] = field(default_factory=list)
    # how long each start took until it answered
    process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Run it and wait until it answers."""
        begun = time.monotonic()
        with self.log.open("ab") as output:
            self.process = _child(["web"], output, self.environment)
        until(self._answers, START_S)
        self.starts_s.append(time.monotonic() - begun)

    def kill(self) -> None:
        """SIGKILL: it cannot tidy up."""
        assert self.process
        self.process.kill()
        self.process.wait()

    def restart(self, **settings: str) -> None:
        """Kill it and run it again, with some settings changed."""
        self.kill()
        self.environment = {**self.environment, **settings}
        self.start()

    def _answers(self) -> bool:
        assert self.process
        if self.process.poll() is not None:
            raise NeverHappened(f"the server ended with {self.process.returncode}: {self.log.read_text('utf-8')}")
        return answers(f"{self.address}/health")


@dataclass(frozen=True)
class Site:
    """Everything that runs."""

    vendors: Vendors
    server: Server
    folder: Path

    @property
    def database(self) -> Path:
        """The server's SQLite file."""
        return self.folder / "mot_cua.db"


@contextmanager
def site(latency_ms: float = 0, spoiled: float = 0, seed: int = 1, ahead_s: int = 0, **settings: str) -> Iterator[Site]:
    """Stand-ins and server until the end of the block; `settings` are MOT_CUA_* of the server.

    `ahead_s`: the clocks of the server and of Zalo's stand-in are so much ahead of the machine's.
    """
    port = free_port()
    with tempfile.TemporaryDirectory() as name, _vendors(latency_ms, spoiled, seed) as vendors:
        folder = Path(name)
        environment = _environment(folder, port, vendors) | {AHEAD: str(ahead_s)} | settings
        vendors.let_pass(ahead_s)
        post(f"{vendors.addresses['zalo']}/__control/webhook", {"url": f"http://127.0.0.1:{port}{ZALO_PATH}"})
        post(f"{vendors.addresses['zalo']}/__control/paid", {"messages": PAID_MESSAGES})
        server = Server(port, environment, folder / "log")
        try:
            server.start()
            yield Site(vendors, server, folder)
        finally:
            if server.process:
                server.kill()


@contextmanager
def _vendors(latency_ms: float, spoiled: float, seed: int) -> Iterator[Vendors]:
    ports = {channel: free_port() for channel in CHANNELS}
    options = ["--latency-ms", str(latency_ms), "--spoiled", str(spoiled), "--seed", str(seed)]
    children = [
        _child(["evals.line", channel, "--port", str(port), *options], subprocess.DEVNULL, {})
        for channel, port in ports.items()
    ]
    addresses = {channel: f"http://127.0.0.1:{port}" for channel, port in ports.items()}
    vendors = Vendors(addresses, [child.pid for child in children])
    try:
        for address in vendors.addresses.values():
            until(lambda: answers(address + SENDS_PATH), START_S)  # noqa: B023
        yield vendors
    finally:
        for child in children:
            child.kill()
            child.wait()


def _child(arguments: list[str], output: Any, environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    plain = {"PATH": os.defpath, "HOME": str(Path.home()), "PYTHONUTF8": "1"}
    return subprocess.Popen(
        [sys.executable, "-m", *arguments], cwd=ROOT, env={**plain, **environment}, stdout=output, stderr=output
    )


def _environment(folder: Path, port: int, vendors: Vendors) -> dict[str, str]:
    account = Account()
    values = {
        "data_dir": folder, "cache_dir": ROOT / Settings().cache_dir, "port": port, "encoder": "none",
        "flood_times": 1000,
        "telegram_token": TOKEN, "telegram_api_url": vendors.addresses["telegram"], "telegram_mode": "webhook",
        "telegram_webhook_url": f"http://127.0.0.1:{port}{TELEGRAM_PATH}", "telegram_webhook_secret": SECRET,
        "zalo_app_id": account.app_id, "zalo_app_secret": account.app_secret, "zalo_oa_secret": account.oa_secret,
        "zalo_refresh_token": account.refresh_token, "zalo_api_url": vendors.addresses["zalo"],
        "zalo_oauth_url": vendors.addresses["zalo"], "zalo_timeout_s": ZALO_TIMEOUT_S,
    }  # fmt: skip
    return {f"MOT_CUA_{name.upper()}": str(value) for name, value in values.items()}


def _sending(channel: str, item: Mapping[str, Any]) -> Sending | None:
    """A text that a vendor took; None for one that it refused."""
    answer, is_late = json.loads(item["answer"]), item["fate"] == "late"
    if channel == "telegram":
        message = answer.get("result")
        if not answer["ok"]:
            return None
        return Sending(channel, str(message["chat"]["id"]), message["text"], item["at"], is_late)
    asked = json.loads(item["asked"])
    if answer["error"]:
        return None
    return Sending(channel, asked["recipient"]["user_id"], asked["message"]["text"], item["at"], is_late)


def post(url: str, content: object) -> Any:
    """The JSON answer to a JSON request."""
    request = urllib.request.Request(url, json.dumps(content).encode(), {"Content-Type": "application/json"})
    with _http.open(request, timeout=30) as answer:
        return json.loads(answer.read())


def get(url: str) -> Any:
    """The JSON at an address."""
    with _http.open(url, timeout=30) as answer:
        return json.loads(answer.read())


def answers(url: str) -> bool:
    """Whether an HTTP server is there."""
    with suppress(URLError, OSError), _http.open(url, timeout=5):
        return True
    return False


def free_port() -> int:
    """A port that nobody holds at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until(holds: Callable[[], object], at_most_s: float, every_s: float = LOOK_EVERY_S) -> None:
    """Wait for a condition. Raises NeverHappened."""
    ends_at = time.monotonic() + at_most_s
    while not holds():
        if time.monotonic() > ends_at:
            raise NeverHappened(f"not within {at_most_s:.0f} s")
        time.sleep(every_s)
