"""The differences between two systems as rows and as a workbook, for the unit that looks after them."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO

from bot import sync_plan
from bot.sync_book import Ongoing
from bot.sync_plan import moment

WIDTH = 24
# of a column, in letters


def row(item: Ongoing) -> list[str]:
    """A difference in the words of the page, column by column (bot/data/sync.yaml)."""
    words = sync_plan.words()
    told = [words.said(item.kind, item.here), words.said(item.kind, item.there)]
    seen = [moment(at) if at else "" for at in (item.since, item.first_seen_at, item.last_seen_at)]
    return [item.code, item.unit, words.kinds[item.kind], *told, *seen]


def xlsx(found: Sequence[Ongoing]) -> bytes:
    """One sheet with a frozen heading and filters. Text stays text, whatever it looks like: no cell is a formula."""
    import xlsxwriter  # noqa: PLC0415 (who makes no workbook need not load it)

    file, heads = BytesIO(), list(sync_plan.words().columns.values())
    book = xlsxwriter.Workbook(file, {"in_memory": True})
    sheet, bold = book.add_worksheet(), book.add_format({"bold": True})
    sheet.set_column(0, len(heads) - 1, WIDTH)
    for column, head in enumerate(heads):
        sheet.write_string(0, column, head, bold)
    for number, item in enumerate(found, start=1):
        for column, cell in enumerate(row(item)):
            sheet.write_string(number, column, cell)
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, len(found), len(heads) - 1)
    book.close()
    return file.getvalue()
