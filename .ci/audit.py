#!/usr/bin/env python3
"""Whether a pinned package has a known vulnerability: one question to OSV about all pins, of every environment.

    python .ci/audit.py [--service https://api.osv.dev]

Fails for an advisory that is not in .ci/accepted-advisories.txt. Where the database cannot be reached it says so in one
sentence and passes: a check that needs the network must not stop work without one, and must not look done either.
Only names and versions of public packages leave the machine.
"""

from __future__ import annotations

import argparse
import json
import sys
import urllib.request
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
PINS = {"application": ROOT / "constraints.txt", "rasa": ROOT / "nlu" / "rasa" / "constraints.txt"}
PINS |= {name: ROOT / "integrations" / f"{name}-requirements.txt" for name in ("voice", "ocr")}
DIRECT = {"application": ROOT / "requirements.txt", "rasa": ROOT / "nlu" / "rasa" / "requirements.txt"}
ACCEPTED = Path(__file__).parent / "accepted-advisories.txt"
SERVICE = "https://api.osv.dev"
TIMEOUT_S = 10.0
LARGEST_ANSWER = 20 * 2**20


@dataclass(frozen=True)
class Pin:
    """A package of one environment."""

    environment: str
    name: str
    version: str


@dataclass(frozen=True)
class Found:
    """An advisory about a pin."""

    pin: Pin
    advisory: str

    def __str__(self) -> str:
        return f"{self.pin.environment}: {self.pin.name} {self.pin.version}: {self.advisory}"


def pins() -> list[Pin]:
    """Everything that is pinned."""
    found = [
        pin for files in (PINS, DIRECT) for environment, path in files.items() for pin in pinned(environment, path)
    ]
    return sorted(set(found), key=lambda pin: (pin.environment, pin.name))


def pinned(environment: str, path: Path) -> Iterator[Pin]:
    """The pins of a requirements file."""
    for line in path.read_text(encoding="utf-8").splitlines():
        name, is_pin, version = line.partition("#")[0].partition(";")[0].partition("==")
        if is_pin:
            yield Pin(environment, name.partition("[")[0].strip().lower(), version.split()[0])


def ask(service: str, asked: list[Pin]) -> list[Found]:
    """The advisories about these pins. Raises OSError, ValueError, KeyError."""
    queries = [{"package": {"name": pin.name, "ecosystem": "PyPI"}, "version": pin.version} for pin in asked]
    body = json.dumps({"queries": queries}).encode()
    request = urllib.request.Request(f"{service}/v1/querybatch", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:
        results = json.loads(answer.read(LARGEST_ANSWER))["results"]
    found = zip(asked, results, strict=True)
    return [Found(pin, advisory["id"]) for pin, result in found for advisory in result.get("vulns", ())]


def accepted(path: Path = ACCEPTED) -> set[tuple[str, str]]:
    """Environment and package, or environment and advisory, of what is lived with; each line says why."""
    lines = (line.split(maxsplit=2) for line in path.read_text(encoding="utf-8").splitlines() if line[:1] not in "#")
    return {(words[0], words[1]) for words in lines if len(words) == 3}


def refused(found: Iterable[Found], known: set[tuple[str, str]]) -> list[Found]:
    """What nobody accepted."""
    return [item for item in found if not {(item.pin.environment, n) for n in (item.pin.name, item.advisory)} & known]


def main(arguments: list[str] | None = None) -> int:
    """Ask, and say what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--service", default=SERVICE)
    asked = pins()
    try:
        found = ask(parser.parse_args(arguments).service, asked)
    except (OSError, ValueError, KeyError, TypeError) as error:
        print(f"audit: NOT DONE: the vulnerability database was not reached ({type(error).__name__}).")
        return 0
    wrong = refused(found, accepted())
    print(f"audit: {len(asked)} pins, {len(found)} advisories, {len(found) - len(wrong)} of them accepted")
    print(*wrong, sep="\n", end="\n" if wrong else "")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
