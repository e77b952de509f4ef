"""Secrets come from the environment or files: nothing prints one, and none lies in the tree."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest

from bot import portals, wiring
from bot.settings import SECRETS, Settings
from tests.test_architecture import ROOT

PLANTED = "planted-secret"
SHAPES = re.compile(
    r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----\s+[A-Za-z0-9+/]"
    r"|\bAKIA[0-9A-Z]{16}\b"
    r"|\bgh[pousr]_[A-Za-z0-9]{36}\b"
    r"|\bglpat-[\w-]{20}\b"
    r"|\bxox[abprs]-[A-Za-z0-9-]{10,}"
    r"|\bsk-[A-Za-z0-9]{32,}\b"
    r"|\bAIza[\w-]{35}\b"
    r"|\b\d{8,10}:[A-Za-z0-9_-]{35}\b"
    r"|\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,}"
    r"|://[^\s/:@'\"{}<>]+:(?!password|secret|geheim|PASSWORD)[^\s/:@'\"{}<>]{12,}@"
)
# keys of machines, clouds, forges, chats and Telegram's bots; tokens; passwords in addresses
NOT_TEXT = (".npz", ".png", ".jpg", ".webp", ".pdf", ".ttf", ".woff2", ".ico")


def planted() -> Settings:
    """Settings in which every secret is the planted one."""
    return replace(Settings(), **dict.fromkeys(SECRETS, PLANTED))


def test_every_setting_that_sounds_like_a_secret_is_one() -> None:
    """A new setting with a secret's name is hidden too, or says here why it is none."""
    sounds = re.compile(r"secret|passw|passphrase|token$|token_key|_key$")
    named = {field.name for field in fields(Settings) if sounds.search(field.name)}
    labels = {"lgsp_access_key", "sheet_pkcs11_key", "sheet_pkcs11_token"}
    # names that go with a secret, like a username
    assert named - SECRETS == labels


@pytest.mark.parametrize("said", [repr, str, "{0}".format, "%s".__mod__], ids=["repr", "str", "format", "log"])
def test_settings_print_no_secret(said: Any) -> None:
    """However settings end up in a log or a trace, no secret is in it, and what is unset is seen to be so."""
    assert PLANTED not in said(planted())
    assert "telegram_token=''" in said(Settings())


def test_what_is_made_of_settings_prints_no_secret() -> None:
    """The clients' own settings hide what was given to them."""
    known = replace(
        planted(),
        portal_url="https://portal.example",
        national_url="https://national.example",
        zalo_app_id="1",
        lgsp_in_front_of="city",
    )
    made = [portals._city(known), portals._national(known), wiring.zalo_seal(known)]
    assert PLANTED not in repr(made)


def tracked() -> Iterator[Path]:
    """The files of the repository."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    for name in listed.decode().split("\0"):
        path = ROOT / name
        if name and not name.endswith(NOT_TEXT) and path.is_file() and path.stat().st_size < 2**21:
            yield path


def test_no_key_lies_in_the_tree() -> None:
    """No file of the repository holds anything of the shape of a key."""
    found = [
        f"{path.relative_to(ROOT)}: {match.group()[:12]}…"
        for path in tracked()
        for match in SHAPES.finditer(path.read_text(encoding="utf-8", errors="ignore"))
    ]
    assert found == []


@pytest.mark.parametrize(
    "text",
    [
        "-----BEGIN RSA PRIVATE" + " KEY-----\nMIIE",
        "AKIA" + "A1B2C3D4E5F6G7H8",
        "123456789:" + "A" * 35,
        "postgresql://mot_cua:" + "k3jh45kjh34kjh@db/mot_cua",
        "eyJhbGciOiJIUzI1NiJ9." + "eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmN",
    ],
)
def test_the_search_finds_keys(text: str) -> None:
    """A key of each usual shape would be found."""
    assert SHAPES.search(text)
