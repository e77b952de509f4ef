"""The audit of dependencies: it asks about every pin, fails for what nobody accepted, says when it was not done."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from tests.serving import free_port, served
from tests.test_architecture import ROOT

ACCEPTED = ROOT / ".ci" / "accepted-advisories.txt"


def database(known: dict[str, str], asked: list[Any]) -> Starlette:
    """A stand-in of OSV that knows an advisory for some packages."""

    async def answer(request: Request) -> Response:
        queries = (await request.json())["queries"]
        asked.extend(queries)
        names = [query["package"]["name"] for query in queries]
        return JSONResponse({"results": [{"vulns": [{"id": known[name]}]} if name in known else {} for name in names]})

    return Starlette(routes=[Route("/v1/querybatch", answer, methods=["POST"])])


def audited(service: str) -> subprocess.CompletedProcess[str]:
    """The script, run as `make check` runs it."""
    command = [sys.executable, str(ROOT / ".ci" / "audit.py"), "--service", service]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, env={"no_proxy": "*", "PATH": ""})


@pytest.mark.parametrize(
    ("known", "code", "says"),
    [
        ({}, 0, ", 0 advisories"),
        ({"starlette": "GHSA-x"}, 1, "application: starlette"),
        ({"tensorflow": "GHSA-y"}, 0, "1 of them accepted"),
        ({"tensorflow": "GHSA-y", "jinja2": "GHSA-z"}, 1, "application: jinja2"),
    ],
)
def test_an_advisory_fails_unless_it_was_accepted(known: dict[str, str], code: int, says: str) -> None:
    """A known vulnerability of the application stops the check; one that Rasa's environment lives with is counted."""
    with served(database(known, [])) as address:
        done = audited(address)
    assert (done.returncode, says in done.stdout) == (code, True), done.stdout + done.stderr


def test_every_pin_is_asked_about() -> None:
    """What is pinned in any environment is in the question, by name and version."""
    asked: list[Any] = []
    with served(database({}, asked)) as address:
        audited(address)
    named = {(query["package"]["name"], query["version"]) for query in asked}
    assert {("rasa", "3.6.21"), ("starlette", "1.10.0"), ("jinja2", "3.1.6"), ("trueocr", "0.1.1")} <= named
    assert len(asked) > 200 and all(query["package"]["ecosystem"] == "PyPI" for query in asked)


@pytest.mark.parametrize("service", ["down", "html", "empty"])
def test_no_database_is_said_to_be_none(service: str) -> None:
    """Where nobody answers, or something else does, the check passes and says in one sentence that it was not done."""
    answers = {"html": PlainTextResponse("<html>"), "empty": JSONResponse({})}

    async def answer(request: Request) -> Response:
        return answers[service]

    if service == "down":
        done = audited(f"http://127.0.0.1:{free_port()}")
    else:
        with served(Starlette(routes=[Route("/v1/querybatch", answer, methods=["POST"])])) as address:
            done = audited(address)
    assert done.returncode == 0 and done.stdout.startswith("audit: NOT DONE") and done.stdout.count("\n") == 1


def test_each_accepted_package_is_of_rasa_and_has_a_reason() -> None:
    """Only Rasa's environment may live with a whole package's advisories, and each line names one that is pinned."""
    lines = [line.split(maxsplit=2) for line in ACCEPTED.read_text("utf-8").splitlines() if line and line[0] != "#"]
    pinned = "".join(Path(ROOT, "nlu", "rasa", name).read_text("utf-8").lower() for name in _FILES)
    assert lines and all(len(line) == 3 and line[0] == "rasa" for line in lines), json.dumps(lines)
    assert [name for _, name, _ in lines if f"\n{name}==" not in f"\n{pinned}"] == []


_FILES = ("requirements.txt", "constraints.txt")
