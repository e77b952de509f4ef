"""The rooms and their doors, read from the syntax trees."""

from __future__ import annotations

import ast
import socket
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROOMS = ("bot", "nlu", "knowledge", "integrations", "web", "evals")
NOT_OURS = (".venv", ".rasa", "__pycache__")
MAY_IMPORT = {
    "web": {"bot", "nlu", "knowledge", "integrations"},
    "bot": {"nlu", "knowledge", "integrations"},
    "nlu": set(),
    "knowledge": set(),
    "integrations": set(),
    "evals": set(ROOMS),
}
HOMES = {
    "telegram": ("bot/channels/telegram.py", "bot/channels/telegram_arrival.py", "bot/channels/telegram_request.py"),
    "aiohttp": ("bot/channels/telegram_request.py",),
    "rasa": ("nlu/rasa/",),
    "httpx": ("integrations/", "nlu/rasa_client.py"),
    "limits": ("bot/flood.py",),
    "authlib": ("integrations/",),
    "joserfc": ("integrations/",),
    "argon2": ("bot/passwords.py",),
    "pyotp": ("bot/second_step.py",),
    "segno": ("web/account.py", "bot/sheet_pdf.py", "bot/vietqr.py"),
    "typst": ("bot/sheet_pdf.py",),
    "pyhanko": ("bot/sheet_signature.py", "bot/sheet_keys.py", "bot/sheet_stamp.py"),
    "pyhanko_certvalidator": ("bot/sheet_signature.py",),
    "asn1crypto": ("bot/sheet_signature.py", "bot/sheet_stamp.py", "bot/sheet_revocation.py"),
    "xlsxwriter": ("bot/report_xlsx.py", "bot/sync_xlsx.py"),
    "docxtpl": ("bot/letter_docx.py",),
    "vietnam_qr_pay": ("bot/vietqr.py",),
    "starlette": ("web/", "integrations/stand_ins/"),
    "structlog": ("bot/logs.py",),
    "prometheus_client": ("bot/meters.py",),
    "opentelemetry": ("bot/traces.py",),
    "vietasr": ("integrations/readers/voice.py",),
    "trueocr": ("integrations/readers/ocr.py",),
}
NAMES_OF_NOTHING = {"utils", "util", "helpers", "helper", "common", "manager", "service", "services", "misc"}
ENVIRONMENT = {"environ", "environb", "getenv", "getenvb", "putenv", "unsetenv"}


def modules(folder: str) -> list[Path]:
    """Our modules of a folder."""
    return sorted(_walk(ROOT / folder))


def _walk(folder: Path) -> Iterator[Path]:
    for path in folder.iterdir():
        if path.is_dir() and path.name not in NOT_OURS:
            yield from _walk(path)
        elif path.suffix == ".py":
            yield path


def name(path: Path) -> str:
    """A module as it is written in the rules."""
    return path.relative_to(ROOT).as_posix()


@cache
def imported(tree: ast.AST) -> set[str]:
    """The first names of everything a module imports, wherever it does."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.split(".")[0])
    return found


def reads_environment(tree: ast.AST) -> bool:
    """Whether a module touches the process's environment."""
    attributes = (node for node in ast.walk(tree) if isinstance(node, ast.Attribute))
    touched = any(node.attr in ENVIRONMENT and ast.unparse(node.value) == "os" for node in attributes)
    froms = (node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module == "os")
    return touched or any(alias.name in ENVIRONMENT for node in froms for alias in node.names)


def vietnamese(tree: ast.AST) -> Iterator[str]:
    """The strings with letters beyond ASCII, docstrings left out."""
    documents = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        is_text = isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documents
        if is_text and any(ord(letter) > 127 and letter.isalpha() for letter in node.value):
            yield node.value


@cache
def parsed(path: Path) -> ast.Module:
    """The syntax tree of a module."""
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


@pytest.mark.parametrize("room", ROOMS)
def test_rooms_import_only_what_lies_below(room: str) -> None:
    """A room imports only the rooms below it: web -> bot -> nlu, knowledge, integrations."""
    paths = modules(room)
    allowed = MAY_IMPORT[room] | {room}
    wrong = {name(path): imported(parsed(path)) & set(ROOMS) - allowed for path in paths}
    assert paths
    assert {path: rooms for path, rooms in wrong.items() if rooms} == {}


@pytest.mark.parametrize("vendor", HOMES)
def test_vendors_stay_at_the_edge(vendor: str) -> None:
    """A vendor's library is imported only in the files that are its home."""
    users = [name(path) for room in ROOMS for path in modules(room) if vendor in imported(parsed(path))]
    assert users, f"nobody imports {vendor}: take the rule away"
    assert [user for user in users if not user.startswith(HOMES[vendor])] == []


def test_scoring_shares_no_code_with_the_assistant() -> None:
    """The scorer imports nothing of what it scores."""
    assert imported(parsed(ROOT / "evals" / "scoring.py")) & set(ROOMS) == set()


def test_settings_alone_reads_the_environment() -> None:
    """Nothing but bot/settings.py reads the environment."""
    readers = [name(path) for room in ROOMS for path in modules(room) if reads_environment(parsed(path))]
    assert readers == ["bot/settings.py"]


def test_modules_are_nouns() -> None:
    """No module and no folder has a name that says nothing."""
    named = {part.removesuffix(".py") for room in ROOMS for path in modules(room) for part in Path(name(path)).parts}
    assert "inbox" in named
    assert named & NAMES_OF_NOTHING == set()


def test_what_citizens_read_lies_in_data() -> None:
    """No module of the conversation holds Vietnamese words."""
    found = {name(path): list(vietnamese(parsed(path))) for path in modules("bot")}
    assert {path: texts for path, texts in found.items() if texts} == {}


@pytest.mark.parametrize(
    ("source", "finds"),
    [
        ("def f():\n    import telegram.ext", {"telegram"}),
        ("from httpx import get", {"httpx"}),
        ("from . import bot", set()),
        ("'import rasa'", set()),
    ],
)
def test_the_scanner_finds_every_import(source: str, finds: set[str]) -> None:
    """An import inside a function counts, one in a text or of a neighbour does not."""
    assert imported(ast.parse(source)) == finds


@pytest.mark.parametrize(
    ("source", "touches", "texts"),
    [
        ("import os\nos.environ['A']", True, []),
        ("from os import getenv", True, []),
        ("settings.environ", False, []),
        ("f'{n} đồng'", False, [" đồng"]),
        ("'''Lời chú.'''\nx = 'plain ‹›'", False, []),
    ],
)
def test_the_scanner_finds_environment_and_words(source: str, touches: bool, texts: list[str]) -> None:
    """The scanner sees both ways to the environment, and Vietnamese inside a formatted string."""
    tree = ast.parse(source)
    assert (reads_environment(tree), list(vietnamese(tree))) == (touches, texts)


@pytest.mark.parametrize("reach", [("192.0.2.1", 80), ("example.org", 80)])
def test_tests_stay_on_the_loopback(offline: list[str], reach: tuple[str, int]) -> None:
    """A connection to the world is refused and remembered, one to ourselves is not."""
    with pytest.raises(OSError, match="loopback"):
        socket.create_connection(reach, timeout=0.1)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", 9), timeout=0.1)
    assert [place.split()[1] for place in offline] == [reach[0]]
    offline.clear()
