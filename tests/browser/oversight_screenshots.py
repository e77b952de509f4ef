"""Pictures for whoever leads, reports and edits: .venv/bin/python -m tests.browser.oversight_screenshots [FOLDER]

Serves the pages over the town of the tests, whose people are made up, visits them as the tests of every page do, and
writes breaches.png, desks.png, statistics.png, sync.png and lost-question.png.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from playwright.sync_api import Page, sync_playwright
from starlette.applications import Starlette

from bot import desks
from bot.roles import Role
from bot.timers import Timers
from tests import lost
from tests.browser import test_lost_questions_play, visits
from tests.browser.conftest import ARGUMENTS, CHROMIUM, application, served
from tests.browser.desk_screenshots import take
from tests.browser.test_editor_play import AN
from tests.editing import over, prepared
from tests.end_to_end.program import ROOT
from tests.memory_ports import PASSWORD, START, MemoryTown, wait
from tests.town import EDITED, Clock, oversight
from web.app import create_app

Visit = Callable[[Page], None]
SIZE = {"width": 1280, "height": 690}


def breaches(page: Page) -> None:
    """Of all desks."""
    visits.entered(page, "/console/breaches")


def rota(page: Page) -> None:
    """Who serves, from the top."""
    visits.staff(page)
    page.evaluate("scrollTo(0, 0)")


def statistics(page: Page) -> None:
    """One ward's week, at its first picture."""
    visits.statistics(page)
    page.get_by_role("heading", name="Theo ngày").evaluate("one => one.scrollIntoView()")


OVERSIGHT: dict[str, Visit] = {
    "breaches": breaches,
    "desks": rota,
    "statistics": statistics,
    "sync": visits.sync,
}
EDITING: dict[str, Visit] = {"lost-question": test_lost_questions_play.opened}


def busy() -> Starlette:
    """The console where two people have waited for too long."""
    town = MemoryTown()
    wait(town.store, 8, "complaint", "Tôi chờ sổ đỏ ba tháng rồi", desk="dat_dai", at=START - timedelta(days=9))
    wait(town.store, 9, "not_understood", "Nhập hộ khẩu cho mẹ tôi", "zalo", at=START - timedelta(days=4))
    Timers(town.store, desks.load(), lambda: datetime.now(UTC)).step()
    return application(town)


@contextmanager
def editors() -> Iterator[Starlette]:
    """The console with an editor and three lost questions."""
    with tempfile.TemporaryDirectory() as folder:
        town, clock = MemoryTown(), Clock()
        town.officers.add(AN, "An", PASSWORD, [Role.EDITOR])
        prepared(Path(folder), EDITED, AN)
        lost.fill(town.store)
        editing = over(town.store, Path(folder), clock)
        ports = replace(town.ports(), oversight=oversight(town.store, clock, editing))
        yield create_app(ports, "secret", lost.routes(town.store, editing))


def main() -> None:
    """Write the pictures and say how large they are."""
    folder = Path(sys.argv[1]) if sys.argv[1:] else ROOT / "docs" / "pictures"
    with sync_playwright() as playwright, editors() as edited:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        for pictures, app in ((OVERSIGHT, busy()), (EDITING, edited)):
            with served(app) as address:
                for name, visit in pictures.items():
                    context = browser.new_context(base_url=address, locale="vi-VN", viewport=SIZE)  # type: ignore[arg-type]
                    page = context.new_page()
                    visit(page)
                    take(page, folder / f"{name}.png")
                    context.close()
        browser.close()


if __name__ == "__main__":
    main()
