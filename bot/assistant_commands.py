"""Commands that put the assistant together: ask, chat, work, prepare."""

from __future__ import annotations

import argparse
import contextlib
import signal
import sys
import threading
from dataclasses import replace
from datetime import date
from pathlib import Path

from bot import ask, freed_memory, logs, settings, wiring
from bot.meters import Meters
from bot.wording import words

RASA_URL = "http://127.0.0.1:5005"


def add_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """`ask TEXT`, `ask --file FILE`, `chat`, `work` and `prepare`."""
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

    freed_memory.share()
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
