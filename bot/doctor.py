"""The command `doctor`: what is wrong with this installation, in plain words, and what to do about each.

Nothing is made, changed or migrated, and nobody is asked about a citizen. The checks are bot/checkup, the words
bot/data/doctor.yaml.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict
from datetime import datetime

from bot import settings
from bot.checkup import configuration, database, machine, media, neighbours, records
from bot.checkup.finding import Advice, Finding, Mark, is_healthy, told
from bot.errors import BadSettings
from bot.present import ZONE
from bot.settings import Settings
from knowledge.errors import KnowledgeError
from nlu import encoder

COLOURS = {Mark.GOOD: "green", Mark.LOOK: "yellow", Mark.BROKEN: "red"}


def add_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """`doctor`."""
    parser = commands.add_parser("doctor", help="what is wrong with this installation, and what to do about it")
    parser.add_argument("--json", action="store_true", help="a list for machines")
    parser.set_defaults(run=_run)


def examine(chosen: Settings, now: datetime) -> Iterator[Finding]:
    """Everything, in the order in which an operator mends it. `now`: by the machine's clock, aware."""
    yield from configuration.settings_fit(chosen)
    yield machine.data_folder(chosen.data_dir)
    yield machine.disk(machine.free_bytes(chosen.data_dir))
    yield configuration.secret_key(settings.key_path(chosen))
    yield from _database(chosen, now)
    yield machine.time_zone()
    yield from _records(chosen, now)
    yield neighbours.rasa(chosen.rasa_url)
    yield from neighbours.reachable(chosen)
    yield from neighbours.telegram(chosen)
    yield from media.readers(chosen)
    yield machine.fonts()
    yield from machine.optional()


def _database(chosen: Settings, now: datetime) -> Iterator[Finding]:
    """The database, and what only it can tell."""
    found = database.state(chosen.database)
    yield found
    yield database.backup(chosen.database)
    server = newest = None
    if found.state in ("ready", "read_only"):
        with suppress(BadSettings):  # it went away meanwhile: the next look says so
            yield database.officers(chosen.database)
            yield neighbours.zalo(chosen, now)
            server, newest = database.moments(chosen.database)
    written = [moment for moment in (newest, records.made_at(chosen.catalogue_dir)) if moment]
    yield machine.clock(now, server, max(written, default=None))


def _records(chosen: Settings, now: datetime) -> Iterator[Finding]:
    """What is answered from."""
    reader = encoder.default() if chosen.encoder == "auto" else None
    yield records.release(chosen.catalogue_dir, now)
    yield records.sentence_encoder(chosen, reader)
    with suppress(KnowledgeError, OSError, ValueError):  # told by the release
        yield records.index(chosen, records.served(chosen.catalogue_dir), reader)


def _run(options: argparse.Namespace) -> int:
    """0: nothing is broken, 1: something is."""
    advice = [told(finding) for finding in _findings()]
    tell: Callable[[list[Advice]], None] = _as_json if options.json else _as_table
    tell(advice)
    return int(not is_healthy(advice))


def _findings() -> Iterator[Finding]:
    try:
        chosen = settings.load()
        yield from configuration.slips(settings.unknown())
    except BadSettings as error:
        yield Finding("settings", "unread", {"why": str(error).rstrip(".")})
        return
    yield from examine(chosen, datetime.now(ZONE))


def _as_json(advice: list[Advice]) -> None:
    print(json.dumps([{**asdict(item), "mark": item.mark.name.lower()} for item in advice], ensure_ascii=False))


def _as_table(advice: list[Advice]) -> None:
    from rich.console import Console  # noqa: PLC0415 (other commands need not pay for it)
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    table = Table(box=None, show_header=False, pad_edge=False)
    for item in advice:
        table.add_row(Text(item.mark, COLOURS[item.mark]), Text(item.name), Text(item.says))
        if item.do:
            table.add_row("", "", Text(f"→ {item.do}", "bold"))
    Console().print(table)
