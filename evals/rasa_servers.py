"""Rasa as processes of their own: the parser that the assistant uses, and a full dialogue server to compare with.

The dialogue server has our training sentences and pipeline, one rule for each intent and one custom action on an
action server: the least that a Rasa bot is. It keeps its trackers in memory, which a real one would not.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from evals.site import ROOT, answers, free_port, until

FOLDER = ROOT / "nlu" / "rasa"
PYTHON = FOLDER / ".venv" / "bin" / "python"
START_S = 180
QUIET = {
    "LOG_LEVEL": "WARNING", "LOG_LEVEL_LIBRARIES": "ERROR", "RASA_TELEMETRY_ENABLED": "false",
    "TF_CPP_MIN_LOG_LEVEL": "3", "SQLALCHEMY_SILENCE_UBER_WARNING": "1", "PYTHONWARNINGS": "ignore",
    "PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8",
}  # fmt: skip


class NotHere(Exception):
    """Rasa is not installed, or no model was trained."""


@dataclass(frozen=True)
class Running:
    """Processes that answer at an address."""

    address: str
    pids: Sequence[int]


@contextmanager
def parser() -> Iterator[Running]:
    """`POST /model/parse` over the model of the present sources. Raises NotHere."""
    _look()
    model = subprocess.run([FOLDER / "model.sh"], capture_output=True, text=True, check=True).stdout.strip()
    if not Path(model).exists():
        raise NotHere("no model for the present sources: nlu/rasa/train.sh makes one")
    port = free_port()
    arguments = ["-m", "rasa", "run", "--quiet", "--enable-api", "-i", "127.0.0.1", "-p", str(port), "-m", model]
    with _process(arguments, FOLDER, f"http://127.0.0.1:{port}/status") as pid:
        yield Running(f"http://127.0.0.1:{port}", [pid])


@contextmanager
def dialogue() -> Iterator[Running]:
    """A trained dialogue server with its action server. Raises NotHere."""
    _look()
    port, actions_port = free_port(), free_port()
    actions = ["-m", "rasa_sdk", "--actions", "actions", "-p", str(actions_port)]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _write_project(folder, actions_port)
        trained = ["-m", "rasa", "train", "--quiet", "--data", str(folder / "rules.yml"), "../data/training"]
        files = ["--config", str(folder / "config.yml"), "--domain", str(folder / "domain.yml"), "--out", str(folder)]
        _run_once([*trained, *files, "--fixed-model-name", "model"])
        served = ["-m", "rasa", "run", "--quiet", "--enable-api", "-i", "127.0.0.1", "-p", str(port)]
        served += ["-m", str(folder / "model.tar.gz"), "--endpoints", str(folder / "endpoints.yml")]
        served += ["--credentials", str(folder / "credentials.yml")]
        with (
            _process(actions, FOLDER / "dialogue", f"http://127.0.0.1:{actions_port}/health") as action_pid,
            _process(served, FOLDER, f"http://127.0.0.1:{port}/status") as pid,
        ):
            yield Running(f"http://127.0.0.1:{port}", [pid, action_pid])


def _write_project(folder: Path, actions_port: int) -> None:
    """Our pipeline and intents, a rule for each intent, the custom action."""
    config, domain = (
        yaml.load((FOLDER / name).read_text("utf-8"), Loader=yaml.CSafeLoader) for name in ("config.yml", "domain.yml")
    )
    rules = [
        {"rule": intent, "steps": [{"intent": intent}, {"action": "action_answer"}]} for intent in domain["intents"]
    ]
    project: dict[str, Any] = {
        "config": config | {"policies": [{"name": "RulePolicy"}]},
        "domain": domain | {"actions": ["action_answer"]},
        "rules": {"version": "3.1", "rules": rules},
        "endpoints": {"action_endpoint": {"url": f"http://127.0.0.1:{actions_port}/webhook"}},
        "credentials": {"rest": None},
    }
    for name, content in project.items():
        (folder / f"{name}.yml").write_text(yaml.safe_dump(content, allow_unicode=True), "utf-8")


def _look() -> None:
    if not PYTHON.exists():
        raise NotHere("Rasa is not installed: nlu/rasa/environment.sh")


def _environment() -> dict[str, str]:
    return {"PATH": os.defpath, "HOME": str(Path.home()), **QUIET}


def _run_once(arguments: Sequence[str]) -> None:
    ended = subprocess.run([PYTHON, *arguments], cwd=FOLDER, env=_environment(), capture_output=True, text=True)
    if ended.returncode:
        raise NotHere(f"training failed: {ended.stdout[-500:]} {ended.stderr[-500:]}")


@contextmanager
def _process(arguments: Sequence[str], folder: Path, sign: str) -> Iterator[int]:
    """A process of Rasa's environment until the end of the block, once it answers at `sign`."""
    process = subprocess.Popen(
        [PYTHON, *arguments], cwd=folder, env=_environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        until(lambda: process.poll() is not None or answers(sign), START_S)
        if process.poll() is not None:
            raise NotHere(f"it ended with {process.returncode}: {' '.join(arguments)}")
        yield process.pid
    finally:
        process.kill()
        process.wait()
