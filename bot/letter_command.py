"""The command `letter`: an apology letter for a late dossier to a file."""

from __future__ import annotations

import argparse
import sys
from datetime import date
from pathlib import Path

from bot import portals, settings, wiring
from bot.following import calendar
from bot.letter import Wish, letter
from bot.letter_docx import docx
from bot.letter_pdf import pdf
from bot.present import ZONE, now

FORMS = (".docx", ".pdf")


def add_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """`letter CODE --reason WORDS --new-day DAY -o FILE`."""
    parser = commands.add_parser("letter", help="an apology letter for a late dossier, as .docx or .pdf")
    parser.add_argument("code", help="of the dossier")
    parser.add_argument("--reason", required=True, metavar="WORDS")
    parser.add_argument("--new-day", required=True, type=date.fromisoformat, metavar="YYYY-MM-DD")
    parser.add_argument("--applicant", default="", metavar="NAME", help="empty: a blank")
    parser.add_argument("--number", default="", metavar="NUMBER", help="in the agency's book; empty: a blank")
    parser.add_argument("-o", "--output", required=True, type=Path, metavar="FILE")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """0 when the letter was written. Raises NotLate, Incomplete and the errors of integrations."""
    if options.output.suffix not in FORMS:
        print(f"error: the file ends with {' or '.join(FORMS)}", file=sys.stderr)
        return 2
    loaded = settings.load()
    found = portals.dossiers(loaded).find(options.code)
    wish = Wish(options.reason, options.new_day, options.applicant, options.number)
    made = letter(found.dossier, wish, calendar(), now().astimezone(ZONE).date())
    options.output.write_bytes(pdf(made, wiring.signer(loaded)) if options.output.suffix == ".pdf" else docx(made))
    print(options.output)
    return 0
