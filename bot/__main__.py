"""The commands: ask, chat, work (beside a server), prepare (the index), sheet (guidance on paper), letter (of apology),
officers, desk, switches, zalo (its tokens), following (figures), report, backup, restore, rotate-key, doctor."""

from __future__ import annotations

import argparse
import contextlib
import logging
import secrets
import signal
import sys
import threading
from dataclasses import replace
from datetime import date
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from bot import (
    administration,
    ask,
    backup,
    desk_commands,
    doctor,
    keys,
    letter_command,
    logs,
    report_command,
    settings,
    sheet_command,
    wiring,
)
from bot.compose import words
from bot.errors import BotError
from bot.followers import Followers
from bot.meters import Meters
from bot.present import now
from bot.store import open_store
from bot.zalo_tokens import ZaloTokens
from integrations.errors import IntegrationError
from integrations.zalo_tokens import pkce
from knowledge.errors import NotFound
from nlu.errors import NluError

RASA_URL = "http://127.0.0.1:5005"


def main(arguments: list[str] | None = None) -> int:
    """Run one command; the exit code is 0 when everything was handled."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    options = _parser().parse_args(arguments)
    try:
        return int(options.run(options))
    except (BotError, NluError, IntegrationError, NotFound, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bot", description=__doc__)
    commands = parser.add_subparsers(required=True)
    question = commands.add_parser("ask", help="answer one question, or a file of questions")
    question.add_argument("text", nargs="?")
    question.add_argument("--file", type=Path, help="JSON lines with `id` and `text`, or `id` and `turns`")
    question.add_argument("--json", action="store_true", help="one JSON line a message (always so with --file)")
    question.add_argument("--engine", choices=("rasa", "embedded"), default="embedded")
    question.add_argument("--on", type=date.fromisoformat, default=None, metavar="YYYY-MM-DD")
    question.set_defaults(run=_ask)
    chat = commands.add_parser("chat", help="talk to the assistant at the terminal")
    chat.set_defaults(run=_chat)
    work = commands.add_parser("work", help="answer messages of the database, beside a process that serves")
    work.add_argument("--crew", action="store_true", help="one of a crew: standard input and output are its bells")
    work.set_defaults(run=_work)
    prepare = commands.add_parser("prepare", help="build the search index, so that the next start is quick")
    prepare.set_defaults(run=_prepare)
    sheet_command.add_command(commands)
    letter_command.add_command(commands)
    administration.add_commands(commands)
    desk_commands.add_commands(commands)
    backup.add_commands(commands)
    keys.add_command(commands)
    doctor.add_command(commands)
    report_command.add_command(commands)
    follow = commands.add_parser("following", help="how many follow how many dossiers, and how late the questions are")
    follow.set_defaults(run=_following)
    zalo = commands.add_parser("zalo", help="let an administrator authorise us to a Zalo Official Account")
    zalo.add_argument("callback", help="the callback address that is registered with the application")
    zalo.set_defaults(run=_zalo)
    return parser


def _ask(options: argparse.Namespace) -> int:
    if (options.text is None) == (options.file is None):
        print("error: give one question, or --file", file=sys.stderr)
        return 2
    assistant = wiring.build_assistant(_with_engine(settings.load(), options.engine))
    on = options.on or date.today()
    items = ask.read(options.file) if options.file else iter([ask.Question("1", (options.text,))])
    return ask.tell(assistant, items, on, options.engine, as_json=bool(options.json or options.file))


def _with_engine(loaded: settings.Settings, engine: str) -> settings.Settings:
    return replace(loaded, rasa_url=(loaded.rasa_url or RASA_URL) if engine == "rasa" else "")


def _chat(options: argparse.Namespace) -> int:
    from rich.console import Console  # noqa: PLC0415

    from bot.channels.terminal import Terminal  # noqa: PLC0415 (half a second that other commands need not pay)

    parts = wiring.build(settings.load())
    loop = wiring.answering(parts)
    loop.start()
    try:
        said = words()
        printed = wiring.sheets(parts.settings, parts.editions.catalogue)
        enclosed = wiring.enclosures(parts.settings, printed)
        terminal = Terminal(parts.inbox.accept, parts.outbox, Console(), said["terminal_officer"], enclosed)
        terminal.run(said["terminal_greeting"])
    finally:
        loop.stop()
    return 0


def _work(options: argparse.Namespace) -> int:
    from bot import crew  # noqa: PLC0415 (half a second that other commands need not pay)

    loaded, stop = settings.load(), threading.Event()
    logs.configure(loaded)
    parts = wiring.build(loaded, Meters.together(loaded.counts_dir))
    loop = wiring.answering(parts)
    threading.Thread(target=parts.editions.keep_looking, args=[stop], daemon=True).start()
    if options.crew:
        with open(0, "rb", buffering=0) as bell, open(1, "wb", buffering=0) as replies:
            parts.outbox.listen(crew.answer(replies))
            crew.serve(loop, bell)
        return 0
    signal.signal(signal.SIGTERM, lambda number, frame: stop.set())
    loop.start()
    with contextlib.suppress(KeyboardInterrupt):
        stop.wait()
    loop.stop()
    return 0


def _prepare(options: argparse.Namespace) -> int:
    print("search index: preparing (a minute or two the first time)", flush=True)
    wiring.build_assistant(settings.load())
    print("search index: ready")
    return 0


def _following(options: argparse.Namespace) -> int:
    figures = Followers(open_store(settings.load().database)).figures(now())
    print(f"followers {figures.followers}, dossiers {figures.dossiers}, longest overdue {figures.overdue_s:.0f} s")
    return 0


def _zalo(options: argparse.Namespace) -> int:
    """The administrator's permission brings a code, the code the first pair of tokens."""
    loaded = settings.load()
    oauth, store = wiring.zalo_oauth(loaded), open_store(loaded.database)
    book = ZaloTokens(store, loaded.zalo_app_id, settings.secret_key(loaded))
    (challenge, verifier), state = pkce(), secrets.token_urlsafe(12)
    print(f"1. Open as an administrator of the account:\n{oauth.permission_url(options.callback, challenge, state)}")
    print("2. Paste the whole address that the browser was sent to, within 10 minutes:", flush=True)
    query = dict(parse_qsl(urlsplit(sys.stdin.readline().strip()).query))
    if query.get("state") != state or not query.get("code"):
        print("error: that is not the answer to this permission; start again", file=sys.stderr)
        return 1
    book.keep(oauth.redeem(query["code"], verifier), now())
    print("Tokens are kept; a running assistant uses them at once.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
