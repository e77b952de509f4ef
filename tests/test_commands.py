"""The table of commands says what each module adds, and a command loads no other's module."""

from __future__ import annotations

import argparse
import subprocess
import sys
from importlib import import_module

import pytest

from bot.__main__ import COMMANDS, parser


@pytest.mark.parametrize(("module", "names"), COMMANDS.items(), ids=list(COMMANDS))
def test_a_module_adds_what_the_table_says(module: str, names: tuple[str, ...]) -> None:
    """A command in the table is found in its module, and no module adds another."""
    commands = argparse.ArgumentParser().add_subparsers()
    import_module(module).add_commands(commands)
    assert tuple(commands.choices) == names


def test_help_names_every_command() -> None:
    """Who asks for no command in particular reads of all."""
    shown = parser(["--help"]).format_help()
    assert [name for names in COMMANDS.values() for name in names if f"    {name}" not in shown] == []


@pytest.mark.slow
def test_a_command_does_not_load_the_assistant() -> None:
    """What only reads the database starts without the search engine's libraries."""
    told = "from bot.__main__ import parser; import sys; parser(['officers']); print('sklearn' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", told], capture_output=True, text=True).stdout.strip() == "False"
