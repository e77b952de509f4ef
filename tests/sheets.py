"""The guidance sheets of two shipped procedures, for the tests of the pages."""

from __future__ import annotations

from datetime import UTC, datetime

import yaml
from starlette.routing import Route

from bot.following import calendar
from bot.sheet import Sheet
from bot.sheet_signature import Checker, Signer
from bot.sheets import Sheets
from knowledge import record
from knowledge.catalogue import REVIEWED_FOLDER, Catalogue
from web.sheet_page import SheetPage

BIRTH, SECURITY = "1.001193", "2.001402"
PUBLIC_URL = "https://motcua.example"
NOW = datetime(2026, 11, 22, 3, tzinfo=UTC)
# a Sunday; Tuesday the 24th is a day off


def catalogue() -> Catalogue:
    """The records of two files."""
    paths = (next(REVIEWED_FOLDER.glob(f"*/{code}.yaml")) for code in (BIRTH, SECURITY))
    read = (yaml.load(path.read_text("utf-8"), Loader=yaml.CSafeLoader) for path in paths)
    return Catalogue([record.procedure(item, reviewed=True) for item in read])


def routes(signer: Signer | None = None, checker: Checker | None = None) -> list[Route]:
    """Where the sheets are taken and checked."""
    records = catalogue()
    sheets = Sheets(lambda: records, calendar(), lambda: NOW, PUBLIC_URL, signer, checker)
    return SheetPage.over(sheets, lambda: NOW).routes()


def told(code: str) -> Sheet:
    """What the sheet of a procedure tells."""
    return Sheets(catalogue, calendar(), lambda: NOW, PUBLIC_URL).sheet(code)
