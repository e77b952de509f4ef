"""The units of systemd: valid, hardened, and what they start is there."""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
from configparser import RawConfigParser
from pathlib import Path

import pytest

from bot import __main__ as commands
from bot import settings

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "web" / "data" / "systemd"
UNITS = sorted(path.name for path in FOLDER.iterdir())
SERVICES = [name for name in UNITS if name.endswith(".service")]
INSTALLED = "/opt/mot-cua"
HARDENED = {
    "NoNewPrivileges": "yes",
    "ProtectSystem": "strict",
    "ProtectHome": "yes",
    "PrivateTmp": "yes",
    "PrivateDevices": "yes",
    "RestrictNamespaces": "yes",
    "LockPersonality": "yes",
    "CapabilityBoundingSet": "",
    "SystemCallFilter": "@system-service",
    "UMask": "0077",
    "User": "mot-cua",
}
KNOWN = {
    "Unit": "Description After Wants StartLimitIntervalSec",
    "Install": "WantedBy",
    "Timer": "OnCalendar RandomizedDelaySec Persistent",
    "Service": """Type ExecStart User Group WorkingDirectory EnvironmentFile Environment LoadCredential StateDirectory
        StateDirectoryMode CacheDirectory CacheDirectoryMode Restart RestartSec TimeoutStartSec TimeoutStopSec KillMode
        MemoryMax TasksMax LimitNOFILE Nice IOSchedulingClass IPAddressDeny IPAddressAllow NoNewPrivileges ProtectSystem
        ProtectHome PrivateTmp PrivateDevices ProtectKernelTunables ProtectKernelModules ProtectControlGroups
        ProtectClock RestrictAddressFamilies RestrictNamespaces RestrictSUIDSGID LockPersonality CapabilityBoundingSet
        SystemCallFilter UMask""",
}
# what systemd.unit(5), systemd.exec(5) and their like call these; for machines without systemd


def unit(name: str) -> RawConfigParser:
    """A unit's sections. Two lines with one name are an error."""
    parser = RawConfigParser(delimiters="=", comment_prefixes="#", interpolation=None)
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    parser.read(FOLDER / name, encoding="utf-8")
    return parser


@pytest.mark.parametrize("name", UNITS)
def test_every_line_is_known(name: str) -> None:
    """No section and no key that systemd would pass over in silence."""
    found = {f"{section}.{key}" for section, keys in unit(name).items() for key in keys}
    assert found and found <= {f"{section}.{key}" for section, keys in KNOWN.items() for key in keys.split()}


def test_systemd_takes_them(tmp_path: Path) -> None:
    """`systemd-analyze verify` has nothing to say, where systemd is; the lines are known anyhow."""
    for name in UNITS:
        text = (FOLDER / name).read_text("utf-8").replace(INSTALLED, str(ROOT))
        (tmp_path / name.replace("@.", "@1.")).write_text(text, encoding="utf-8")
    command = [shutil.which("systemd-analyze") or "true", "verify", *map(str, sorted(tmp_path.iterdir()))]
    done = subprocess.run(command, capture_output=True, text=True)
    said = [line for line in done.stderr.splitlines() if "mot-cua" in line and "serve.sh" not in line]
    assert said == []


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_may_do_little(name: str) -> None:
    """Each runs as its own user, writes to its own folders only, and is bounded in memory."""
    service = unit(name)["Service"]
    assert {key: service.get(key) for key in HARDENED} == HARDENED and "MemoryMax" in service
    assert service.get("Type") == "oneshot" or service["Restart"] == "on-failure"


@pytest.mark.parametrize("name", SERVICES)
def test_what_a_service_starts_is_there(name: str) -> None:
    """The program, its module and its options exist."""
    program, *arguments = unit(name)["Service"]["ExecStart"].split()
    assert (ROOT / Path(program).relative_to(INSTALLED)).exists()
    if arguments[:2] == ["-m", "bot"]:
        commands.parser(arguments[2:]).parse_args(arguments[2:])
    elif arguments[0] == "-m":
        assert importlib.util.find_spec(f"{arguments[1]}.__main__") and arguments[2:] == []
    else:
        assert re.fullmatch(r"\d+", arguments[0]) and len(arguments) == 1


@pytest.mark.parametrize("name", [name for name in SERVICES if "rasa" not in name])
def test_settings_and_secrets(name: str) -> None:
    """What a unit sets is a setting; secrets come from the folder that the guide names, under the names we read."""
    service = unit(name)["Service"]
    said = dict(word.split("=", 1) for word in service["Environment"].split())
    assert settings.unknown(said) == [] and said["MOT_CUA_SECRETS_DIR"] == "%d"
    prefix, _, folder = service["LoadCredential"].partition(":")
    assert f"{prefix}_".upper() == settings._PREFIX
    assert f" {folder}\n" in (ROOT / "docs" / "tasks" / "install.md").read_text("utf-8")


def test_the_documents_name_units_that_are_there() -> None:
    """Every unit that a document names is one of these, and each of these is named."""
    texts = " ".join(path.read_text("utf-8") for path in (ROOT / "docs" / "tasks").glob("*.md"))
    named = set(re.findall(r"mot-cua-(web|worker|rasa|backup)\b", texts))
    assert named == {re.split(r"[@.]", name)[0].removeprefix("mot-cua-") for name in UNITS}
