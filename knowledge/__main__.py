"""The catalogue's commands: check, import, draft."""

from __future__ import annotations

import argparse
import sys
from datetime import date
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from knowledge import checking, drafting, importing
from knowledge.catalogue import REVIEWED_FOLDER
from knowledge.errors import KnowledgeError

IMPORT_FOLDER = Path("var/catalogue")
REFUSALS_SHOWN = 20


def main(arguments: list[str] | None = None) -> int:
    """Run one command; the exit code is 0 when nothing is wrong."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.run(options))
    except (KnowledgeError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m knowledge", description=__doc__)
    commands = parser.add_subparsers(required=True)
    check = commands.add_parser("check", help="check every reviewed file")
    check.add_argument("folder", nargs="?", type=Path, default=REVIEWED_FOLDER)
    check.set_defaults(run=_check)
    load = commands.add_parser("import", help="load a national export (one JSON object a line)")
    load.add_argument("file", type=Path)
    load.add_argument("--into", type=Path, default=IMPORT_FOLDER)
    load.set_defaults(run=_import)
    draft = commands.add_parser("draft", help="print a draft file for one procedure of an export")
    draft.add_argument("code")
    draft.add_argument("field")
    draft.add_argument("--from", dest="export", type=Path, required=True)
    draft.set_defaults(run=_draft)
    return parser


def _check(options: argparse.Namespace) -> int:
    problems = checking.check(options.folder)
    for problem in problems:
        print(problem)
    files = len(list(options.folder.glob("*/*.yaml")))
    print(f"{files} files checked, {len(problems)} problems")
    return 1 if problems else 0


def _import(options: argparse.Namespace) -> int:
    size_bytes = options.file.stat().st_size
    with Progress(console=Console(stderr=True)) as bar:
        task = bar.add_task("importing", total=size_bytes)
        done = importing.import_export(options.file, options.into, lambda read: bar.advance(task, read))
    for refusal in done.refused[:REFUSALS_SHOWN]:
        print(f"line {refusal.line}: refused: {refusal.reason}")
    if len(done.refused) > REFUSALS_SHOWN:
        print(f"... and {len(done.refused) - REFUSALS_SHOWN} more refused")
    print(
        f"{done.served} procedures loaded, {done.elsewhere} of other provinces kept apart, {len(done.refused)} refused"
    )
    return 0


def _draft(options: argparse.Namespace) -> int:
    print(drafting.draft(options.export, options.code, options.field, date.today()), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
