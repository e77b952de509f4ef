"""The command `report`: a periodic report to a file, and whether the closed days are as they were closed."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from bot import desks, periods, settings
from bot.daybook import Daybook
from bot.periods import Kind, NoPeriod
from bot.places import unit_of
from bot.present import now
from bot.report import Reports, Scope
from bot.report_pdf import pdf
from bot.report_xlsx import xlsx
from bot.store import open_store

FORMATS = {"xlsx": xlsx, "pdf": pdf}


def add_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """`report --period quarter --of 2026-Q3 --format xlsx --out FILE`, and `report --verify`."""
    parser = commands.add_parser("report", help="write a periodic report, of the City or of one ward, to a file")
    parser.add_argument("--period", choices=[kind.value for kind in Kind], default=Kind.MONTH.value)
    parser.add_argument("--of", default="", help="2026-W47, 2026-11, 2026-Q4, 2026-H2, 2026; otherwise the present one")
    parser.add_argument("--unit", default="", help="code of a ward or commune; otherwise the whole City")
    parser.add_argument("--format", choices=FORMATS, default="xlsx")
    parser.add_argument("--out", type=Path, metavar="FILE")
    parser.add_argument("--verify", action="store_true", help="name the closed days whose figures were changed since")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """0 when the report was written, or no day was changed. What is due is closed before. Raises NoPeriod, Changed."""
    store = open_store(settings.load().database)
    book = Daybook(store, desks.load(), now)
    if options.verify:
        return _verify(book)
    if options.out is None or (options.unit and unit_of(options.unit) is None):
        print("error: --out FILE is needed, and --unit is the code of a ward or commune", file=sys.stderr)
        return 2
    period = periods.read(options.of) if options.of else periods.of(Kind(options.period), now().date())
    if period.kind.value != options.period:
        raise NoPeriod(f"{period.name} is no {options.period}")
    book.step()
    report = Reports(store, desks.load(), now).issue(Scope(period, options.unit))
    options.out.write_bytes(FORMATS[options.format](report))
    print(f"{options.out}: {'closed' if report.is_closed else 'not closed yet'}, {report.digest}")
    return 0


def _verify(book: Daybook) -> int:
    changed = book.changed()
    for day in changed:
        print(f"{day.isoformat()}: changed since it was closed")
    return int(bool(changed))
