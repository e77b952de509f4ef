"""The catalogue's commands: check, index, import, draft, release, diff."""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, date, datetime
from pathlib import Path

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from knowledge import bundles, catalogue, checking, difference, drafting, importing, indexing, releasing
from knowledge.catalogue import REVIEWED_FOLDER, read_records, read_reviewed
from knowledge.errors import KnowledgeError
from knowledge.record import Record
from knowledge.releasing import Releases

IMPORT_FOLDER = Path("var/catalogue")
REFUSALS_SHOWN = 20
INDEX = Path("docs/catalogue.md")
WORKING = "WORKING"


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
    index = commands.add_parser("index", help="write docs/catalogue.md")
    index.set_defaults(run=_index)
    load = commands.add_parser("import", help="load a national export (one JSON object a line)")
    load.add_argument("file", type=Path)
    load.add_argument("--into", type=Path, default=IMPORT_FOLDER)
    load.set_defaults(run=_import)
    _add_release(commands.add_parser("release", help="make, approve, verify, switch or roll back an edition"))
    diff = commands.add_parser(
        "diff", help="what changes for citizens between two releases; WORKING is the files as they are"
    )
    diff.add_argument("before")
    diff.add_argument("after")
    diff.add_argument("--in", dest="folder", type=Path, default=IMPORT_FOLDER)
    diff.set_defaults(run=_diff)
    draft = commands.add_parser("draft", help="print a draft file for one procedure of an export")
    draft.add_argument("code")
    draft.add_argument("field")
    draft.add_argument("--from", dest="export", type=Path, required=True)
    draft.set_defaults(run=_draft)
    return parser


def _add_release(parser: argparse.ArgumentParser) -> None:
    acts = parser.add_subparsers(required=True)
    for name, run, positional in (
        ("key", _key, ["person", "key"]),
        ("make", _make, ["id"]),
        ("approve", _approve, ["id", "person", "key"]),
        ("verify", _verify, ["id"]),
        ("switch", _switch, ["id"]),
        ("rollback", _rollback, []),
    ):
        act = acts.add_parser(name, help=run.__doc__)
        for argument in positional:
            act.add_argument(argument, type=Path if argument == "key" else str)
        act.add_argument("--in", dest="folder", type=Path, default=IMPORT_FOLDER)
        act.set_defaults(run=run)


def _key(options: argparse.Namespace) -> int:
    """write a person's private key; prints the line for approvers.yaml"""
    print(f"{options.person}: {releasing.new_key(options.key)}")
    return 0


def _make(options: argparse.Namespace) -> int:
    """make a release of the reviewed files and the imported records"""
    if _check(argparse.Namespace(folder=REVIEWED_FOLDER)):
        return 1
    imported = read_records(options.folder / importing.SERVED)
    made = Releases(options.folder).make(options.id, read_reviewed(REVIEWED_FOLDER), imported, datetime.now(UTC))
    print(f"release {made.id}: {made.reviewed} reviewed and {made.imported} imported procedures, sha256 {made.sha256}")
    return 0


def _approve(options: argparse.Namespace) -> int:
    """sign a release with a person's private key"""
    Releases(options.folder).approve(options.id, options.person, releasing.read_key(options.key))
    print(f"release {options.id} is signed by {options.person}")
    return 0


def _verify(options: argparse.Namespace) -> int:
    """say whether a release is whole and approved by two people"""
    print(f"release {Releases(options.folder).verify(options.id).id} is whole and approved")
    return 0


def _switch(options: argparse.Namespace) -> int:
    """serve a release from now on"""
    print(f"release {Releases(options.folder).switch(options.id).id} is served from now on")
    return 0


def _rollback(options: argparse.Namespace) -> int:
    """serve the release that was served before this one"""
    print(f"release {Releases(options.folder).roll_back().id} is served again")
    return 0


def _diff(options: argparse.Namespace) -> int:
    before, after = (_edition(options.folder, name) for name in (options.before, options.after))
    table = Table("code", "field", "before", "after")
    found = list(difference.changes(before, after))
    for change in found:
        table.add_row(change.code, change.field or change.name, change.before, change.after)
    Console().print(table)
    print(f"{len(found)} changes in {len({change.code for change in found})} procedures")
    return 0


def _edition(folder: Path, name: str) -> dict[str, Record]:
    if name == WORKING:
        items = [*read_records(folder / importing.SERVED), *read_reviewed(REVIEWED_FOLDER)]
    else:
        items = [item for _, item in Releases(folder).records(name)]
    return {item["code"]: item for item in items}


def _check(options: argparse.Namespace) -> int:
    problems = checking.check(options.folder)
    bundled = options.folder.resolve() == REVIEWED_FOLDER.resolve()
    loose = bundles.problems(bundles.load(), catalogue.load()) if bundled and not problems else []
    for problem in (*problems, *loose):
        print(problem)
    files = len(list(options.folder.glob("*/*.yaml")))
    count = len(problems) + len(loose)
    print(f"{files} files checked, {count} problems")
    return 1 if count else 0


def _index(options: argparse.Namespace) -> int:
    text = indexing.page(catalogue.load())
    INDEX.write_text(text, encoding="utf-8")
    print(f"{INDEX} written")
    return 0


def _import(options: argparse.Namespace) -> int:
    size_bytes = options.file.stat().st_size
    with Progress(console=Console(stderr=True)) as bar:
        task = bar.add_task("importing", total=size_bytes)
        done = importing.import_export(options.file, options.into, date.today(), lambda read: bar.advance(task, read))
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
