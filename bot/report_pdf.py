"""A report as a tagged PDF. The same report gives the same bytes."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bot.report import Cell, Report, Table, words
from bot.report_xlsx import dictionary
from bot.sheet_pdf import printer

TEMPLATE = Path(__file__).parent / "data" / "report.typ"
NO_DAY = datetime(2000, 1, 1, tzinfo=UTC)
# of a report in which no day is closed
MOST_ROWS = 200
# of a table: the workbook has all of them


def pdf(report: Report) -> bytes:
    """The report on paper; the longest tables are cut and say so. Raises bot.sheet_pdf.NotPrinted."""
    days = next((table.rows for table in report.tables if table.name == "day"), ())
    values = {
        "title": report.title,
        "subject": report.subject,
        "period": report.period,
        "state": report.state,
        "rule": words()["rule"],
        "chart": words()["chart"],
        "chart_alt": _told(days),
        "days": [{"value": row[2]} for row in days],
        "tables": [_plain(table) for table in (*report.tables, dictionary())],
    }
    return printer(TEMPLATE)({"report": json.dumps(values, ensure_ascii=False)}, report.made_at or NO_DAY)


def _told(days: tuple[tuple[Cell, ...], ...]) -> str:
    """The chart in words."""
    counts = [int(row[2] or 0) for row in days]
    return words()["chart_alt"].format(least=written(min(counts)), most=written(max(counts))) if counts else ""


def _plain(table: Table) -> dict[str, Any]:
    shown = table.rows[:MOST_ROWS]
    title = table.title if shown == table.rows else words()["cut"].format(title=table.title, count=MOST_ROWS)
    numbers = [any(isinstance(row[column], int | float) for row in shown) for column in range(len(table.columns))]
    rows = [[written(cell) for cell in row] for row in shown]
    return {"name": table.name, "title": title, "columns": table.columns, "numbers": numbers, "rows": rows}


def written(cell: Cell) -> str:
    """A cell as people here write it: 1.234; 97,5; what is not known in words."""
    if cell is None:
        return str(words()["nothing"])
    if isinstance(cell, float):
        return f"{cell:.1f}".replace(".", ",")
    return f"{cell:,}".replace(",", ".") if isinstance(cell, int) else cell
