"""A report as a workbook. The same report gives the same bytes."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from bot import measures
from bot.report import Cell, Report, Table, words

NARROW, WIDE = 14, 44
NUMBER, SHARE = "#,##0", "0.0"
FIRST_ROW = 5
# of a table, below the title, the subject, the state and the rule


def xlsx(report: Report) -> bytes:
    """The workbook: a sheet for each table with a frozen heading, a chart of the days, the data dictionary."""
    import xlsxwriter  # noqa: PLC0415 (who makes no workbook need not load it)

    file = BytesIO()
    book = xlsxwriter.Workbook(file, {"in_memory": True})
    made_at = report.made_at
    created = {"created": made_at.replace(tzinfo=None)} if made_at else {}
    book.set_properties({"title": f"{report.title}, {report.subject}, {report.period}", "author": "", **created})
    formats = {
        "title": book.add_format({"bold": True, "font_size": 14}),
        "head": book.add_format({"bold": True, "text_wrap": True, "bottom": 1, "valign": "top", "bg_color": "#E2F0F2"}),
        "whole": book.add_format({"num_format": NUMBER}),
        "share": book.add_format({"num_format": SHARE}),
        "text": book.add_format({"text_wrap": True, "valign": "top"}),
    }
    for table in (*report.tables, dictionary()):
        sheet = book.add_worksheet(table.title[:31])
        _fill(sheet, report, table, formats)
        if table.name == "day" and table.rows:
            sheet.insert_chart(1, len(table.columns) + 1, _chart(book, table))
    book.close()
    return file.getvalue()


def dictionary() -> Table:
    """The data dictionary as a table."""
    columns = [words()["columns"][name] for name in ("code", "figure", "meaning", "unit", "source", "counted")]
    rows = [
        (item.name.value, item.label, item.meaning, item.unit, item.source, item.counted)
        for item in measures.load().values()
    ]
    return Table("dictionary", words()["tables"]["dictionary"], tuple(columns), tuple(rows))


def _fill(sheet: Any, report: Report, table: Table, formats: dict[str, Any]) -> None:
    """One table under its title; what is not known is said in words."""
    sheet.write_string(0, 0, report.title, formats["title"])
    sheet.write_string(1, 0, f"{report.subject} · {report.period} · {table.title}")
    sheet.write_string(2, 0, report.state)
    sheet.write_string(3, 0, words()["rule"])
    sheet.set_column(0, 0, NARROW if table.name in ("day", "unit", "procedures") else WIDE)
    sheet.set_column(1, len(table.columns), WIDE if table.name == "dictionary" else NARROW + 4)
    for column, head in enumerate(table.columns):
        sheet.write_string(FIRST_ROW - 1, column, head, formats["head"])
    for number, row in enumerate(table.rows):
        for column, cell in enumerate(row):
            _write(sheet, FIRST_ROW + number, column, cell, formats)
    sheet.freeze_panes(FIRST_ROW, 0)
    if table.rows:
        sheet.autofilter(FIRST_ROW - 1, 0, FIRST_ROW + len(table.rows) - 1, len(table.columns) - 1)


def _write(sheet: Any, row: int, column: int, cell: Cell, formats: dict[str, Any]) -> None:
    """Text stays text, whatever it looks like: no cell is a formula."""
    if isinstance(cell, float | int):
        sheet.write_number(row, column, cell, formats["share" if isinstance(cell, float) else "whole"])
    else:
        sheet.write_string(row, column, words()["nothing"] if cell is None else cell, formats["text"])


def _chart(book: Any, table: Table) -> Any:
    """Messages by day."""
    chart, last = book.add_chart({"type": "column"}), FIRST_ROW + len(table.rows) - 1
    name = table.title[:31]
    chart.add_series(
        {
            "name": words()["chart"],
            "categories": [name, FIRST_ROW, 1, last, 1],
            "values": [name, FIRST_ROW, 2, last, 2],
            "fill": {"color": "#0B5A6F"},
        }
    )
    chart.set_title({"name": words()["chart"]})
    chart.set_legend({"none": True})
    chart.set_size({"width": 900, "height": 320})
    return chart


def file_name(report: Report, suffix: str) -> str:
    """What a report is called as a file: bao-cao-2026-Q4-26743.xlsx."""
    return f"bao-cao-{report.scope.name.replace(' ', '-')}.{suffix}"
