"""The command `sheet`: a guidance sheet to a file, and whether a file is one of ours."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from bot import portals, settings, wiring
from bot.sheet_signature import Verdict
from bot.sheets import Sheets

VERIFY = "verify"


def add_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """`sheet CODE -o FILE` and `sheet verify FILE`."""
    parser = commands.add_parser("sheet", help="print a guidance sheet to a file, or verify the signature of one")
    parser.add_argument("what", metavar="CODE|verify", help="a procedure code; or the word verify")
    parser.add_argument("file", nargs="?", type=Path, metavar="FILE", help="to verify")
    parser.add_argument("--case", default="", help="the id of a case, as in the record")
    parser.add_argument("--large", action="store_true", help="in large print")
    parser.add_argument("-o", "--output", type=Path, metavar="FILE")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """0 when the sheet was written, or the file is a valid sheet or letter."""
    is_check = options.what == VERIFY
    if (options.file is None) == is_check or (options.output is None) != is_check:
        print("error: sheet CODE -o FILE, or sheet verify FILE", file=sys.stderr)
        return 2
    loaded = settings.load()
    sheets = wiring.sheets(loaded, wiring.build_editions(loaded, portals.dossiers(loaded)).catalogue)
    return _verify(sheets, options.file) if is_check else _print(sheets, options)


def _verify(sheets: Sheets, path: Path) -> int:
    checked = sheets.check(path.read_bytes())
    said = [checked.verdict.value, *filter(None, (checked.paper, checked.signer))]
    print(": ".join(said))
    return int(checked.verdict is not Verdict.VALID)


def _print(sheets: Sheets, options: argparse.Namespace) -> int:
    options.output.write_bytes(sheets.pdf(options.what, options.case, options.large))
    print(options.output)
    return 0
