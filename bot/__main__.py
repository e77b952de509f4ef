"""The commands: ask, chat, work (beside a server), prepare (the index), sheet (guidance on paper), letter (of apology),
officers, desk, switches, zalo (its tokens), following (figures), report, backup, restore, rotate-key, doctor."""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Sequence
from importlib import import_module

from bot.errors import BotError
from integrations.errors import IntegrationError
from knowledge.errors import NotFound
from nlu.errors import NluError

COMMANDS = {
    "bot.assistant_commands": ("ask", "chat", "work", "prepare"),
    "bot.sheet_command": ("sheet",),
    "bot.letter_command": ("letter",),
    "bot.administration": ("officers", "switches"),
    "bot.desk_commands": ("desk",),
    "bot.neighbour_commands": ("following", "zalo"),
    "bot.report_command": ("report",),
    "bot.backup": ("backup", "restore"),
    "bot.keys": ("rotate-key",),
    "bot.doctor": ("doctor",),
}
# module -> the commands that it adds; whoever asks for one does not wait seconds for what the others need


def main(arguments: list[str] | None = None) -> int:
    """Run one command; the exit code is 0 when everything was handled."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    given = sys.argv[1:] if arguments is None else arguments
    options = parser(given).parse_args(given)
    try:
        return int(options.run(options))
    except (BotError, NluError, IntegrationError, NotFound, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


def parser(arguments: Sequence[str]) -> argparse.ArgumentParser:
    """Reads the command that the arguments begin with; every command where they begin with none."""
    program = argparse.ArgumentParser(prog="python -m bot", description=__doc__)
    commands = program.add_subparsers(required=True)
    named = [module for module, names in COMMANDS.items() if arguments and arguments[0] in names]
    for module in named or COMMANDS:
        import_module(module).add_commands(commands)
    return program


if __name__ == "__main__":
    sys.exit(main())
