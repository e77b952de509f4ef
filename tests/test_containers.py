"""The Containerfile and compose.yaml, read as text: what they copy and start is there, and nothing secret goes in."""

from __future__ import annotations

import json
import re
from fnmatch import fnmatch
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot import __main__ as commands
from bot import settings

ROOT = Path(__file__).parents[1]
CONTAINERFILE = (ROOT / "Containerfile").read_text("utf-8").replace("\\\n", " ")
LINES = [line.split(" ", 1) for line in CONTAINERFILE.splitlines() if line and not line.startswith("#")]
COMPOSE: dict[str, Any] = yaml.load((ROOT / "compose.yaml").read_text("utf-8"), Loader=yaml.CSafeLoader)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = sorted(name for name, service in SERVICES.items() if "build" in service)
IGNORED = [line for line in (ROOT / ".dockerignore").read_text("utf-8").split("\n") if line and line[0] != "#"]
INSTRUCTIONS = {"FROM", "WORKDIR", "COPY", "RUN", "ENV", "USER", "EXPOSE", "HEALTHCHECK", "CMD"}
TOP = {"name", "services", "volumes", "secrets", "x-program"}
SERVICE = {
    "build", "image", "environment", "secrets", "volumes", "depends_on", "restart", "read_only", "tmpfs", "cap_drop",
    "security_opt", "mem_limit", "healthcheck", "shm_size", "command", "profiles", "network_mode", "ports",
}  # fmt: skip
# of the compose specification, those that are used
PINNED = re.compile(r"docker\.io/library/[a-z]+:\d+\.\d+(\.\d+)?-[a-z-]+$")


def said(instruction: str) -> list[str]:
    """What stands behind each line of an instruction."""
    return [rest.strip() for name, rest in LINES if name == instruction]


def stages() -> dict[str, list[list[str]]]:
    """The lines of each stage, by its name."""
    found: dict[str, list[list[str]]] = {}
    for line in LINES:
        if line[0] == "FROM":
            found[line[1].rpartition(" AS ")[2]] = []
        else:
            found[list(found)[-1]].append(line)
    return found


def is_ignored(path: str) -> bool:
    """Whether .dockerignore keeps a path out: the last line that fits it or a folder above it decides."""
    parents = ["/".join(path.split("/")[:count]) for count in range(1, path.count("/") + 2)]
    kept_out = False
    for line in IGNORED:
        pattern = line.removeprefix("!").removeprefix("**/")
        names = [part.rpartition("/")[2] for part in parents] if "**/" in line else parents
        if any(fnmatch(name, pattern) for name in names):
            kept_out = not line.startswith("!")
    return kept_out


def checked_command(command: list[str]) -> None:
    """A program of ours with a module and options that exist."""
    if command[:2] != [".venv/bin/python", "-m"]:
        assert (ROOT / command[0]).exists() and command[1:] == ["5005"]
    elif command[2] == "bot":
        commands.parser(command[3:]).parse_args(command[3:])
    else:
        assert find_spec(f"{command[2]}.__main__") and command[3:] == []


def test_only_known_instructions() -> None:
    """Every line is an instruction; the last user of a stage that runs is not root."""
    assert {name for name, _ in LINES} <= INSTRUCTIONS
    users = {name: [rest for word, rest in lines if word == "USER"] for name, lines in stages().items()}
    assert users == {"packages": [], "rasa": ["10001"], "program": ["10001"]}


@pytest.mark.parametrize("image", [rest.split()[0] for rest in said("FROM")] + [
    service["image"] for service in SERVICES.values() if "build" not in service
])  # fmt: skip
def test_images_are_pinned(image: str) -> None:
    """What is built upon has a version, to the last digit that it counts."""
    assert PINNED.match(image)


def test_the_python_of_the_image_is_ours() -> None:
    """The packages are installed with the Python they run on, and Rasa with its own."""
    versions = [rest.split(":")[1].rpartition(".")[0] for rest in said("FROM")]
    assert versions == ["3.11", "3.10", "3.11"]


@pytest.mark.parametrize("copied", [rest for rest in said("COPY") if not rest.startswith("--from")])
def test_what_is_copied_is_there(copied: str) -> None:
    """Each path exists and is let in."""
    for path in copied.split()[:-1]:
        assert (ROOT / path).exists() and not is_ignored(path), path


def test_rooms_are_copied() -> None:
    """Every room that the program imports is in the image."""
    lines = [rest.split()[0] for name, rest in stages()["program"] if name == "COPY"]
    assert {"bot", "nlu", "knowledge", "integrations", "web", "migrations"} <= set(lines)


@pytest.mark.parametrize(
    ("path", "kept_out"),
    [
        ("bot/assistant.py", False),
        ("nlu/rasa/train.sh", False),
        ("nlu/rasa/.venv/bin/rasa", True),
        ("nlu/rasa/models/m.tar.gz", True),
        ("bot/__pycache__/x.pyc", True),
        ("var/secret_key", True),
        ("secrets/database_url", True),
        (".git/config", True),
        (".venv/bin/python", True),
    ],
)
def test_nothing_secret_goes_in(path: str, kept_out: bool) -> None:
    """Data, secrets, history and what was built here stay outside."""
    assert is_ignored(path) == kept_out


def test_commands_of_the_image() -> None:
    """What the image starts exists, and the health check asks the port that it listens on."""
    for command in said("CMD"):
        checked_command(json.loads(command))
    health = " ".join(said("HEALTHCHECK"))
    environment = dict(word.split("=", 1) for rest in said("ENV") for word in rest.split())
    assert settings.unknown(environment) == [] and settings.load(environment).port == 8000
    assert f":{environment['MOT_CUA_PORT']}/health" in health and environment["MOT_CUA_PORT"] in said("EXPOSE")


def test_compose_has_known_keys() -> None:
    """No key that an engine would refuse or pass over."""
    assert set(COMPOSE) == TOP
    assert {key for service in SERVICES.values() for key in service} <= SERVICE


@pytest.mark.parametrize("name", OURS)
def test_our_services(name: str) -> None:
    """Each is built from a stage and runs a command that exist, with settings that exist, and may do little."""
    service = SERVICES[name]
    assert service["build"]["target"] in stages() and service["build"]["dockerfile"] == "Containerfile"
    if "command" in service:
        checked_command(service["command"])
    assert settings.unknown(service.get("environment", {})) == []
    assert service["cap_drop"] == ["ALL"] and "no-new-privileges:true" in service["security_opt"]


def test_whoever_is_waited_for_is_there() -> None:
    """Dependencies, volumes, secrets and shared networks are declared."""
    for service in SERVICES.values():
        assert set(service.get("depends_on", {})) <= set(SERVICES)
        assert set(service.get("secrets", [])) <= set(COMPOSE["secrets"])
        sources = {volume.split(":")[0] for volume in service.get("volumes", [])}
        assert all(source in COMPOSE["volumes"] or (ROOT / source).exists() for source in sources)
        assert service.get("network_mode", "service:worker").removeprefix("service:") in SERVICES


def test_secrets_have_the_names_we_read() -> None:
    """What the program is handed is called as a setting in small letters."""
    handed = {secret for name in OURS for secret in SERVICES[name].get("secrets", [])}
    assert handed and settings.unknown({secret.upper(): "" for secret in handed}) == []


def test_the_balancer_finds_the_web_processes() -> None:
    """Every place of the balancer's file is said, and a web process's port is the one of the image."""
    named = set(re.findall(r"\$\{(\w+)\}", (ROOT / "web" / "data" / "haproxy.cfg").read_text("utf-8")))
    places = SERVICES["balancer"]["environment"]
    assert named == set(places)
    webs = [place for name, place in places.items() if "_WEB_" in name]
    assert {place.split(":")[0] for place in webs} <= set(SERVICES)
    assert {place.split(":")[1] for place in webs} == set(said("EXPOSE")) & {"8000"}
    assert SERVICES["balancer"]["ports"][0].endswith(places["MOT_CUA_BALANCER"])
