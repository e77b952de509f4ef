"""The task "read the dashboard": its commands run against a server, and what it names is there."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.routing import Route

from bot import desks
from bot.backlog import Backlog
from bot.meters import Meters
from bot.store import Store
from tests.serving import served
from tests.test_readiness import WELL
from tests.town import Clock
from web import metrics, readiness
from web.app import health

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "tasks" / "read-the-dashboard.md").read_text("utf-8")
COMMANDS = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
SHOWS = ('{"status":"ok"}', '"status": "ready"', "mot_cua_inbox_oldest_seconds")


def test_the_commands_run(database: Store) -> None:
    """Each command of the page succeeds and shows what the page says."""
    meters, backlog = Meters(), Backlog(database, desks.load(), Clock())
    routes = [
        Route("/health", health),
        metrics.route(lambda: meters.text(backlog.gauges())),
        readiness.route(lambda: WELL),
    ]
    with served(Starlette(routes=routes)) as address:
        environment = {**os.environ, "MOT_CUA_URL": address, "no_proxy": "127.0.0.1"}
        for command, shown in zip(COMMANDS, SHOWS, strict=True):
            done = subprocess.run(
                ["bash", "-o", "pipefail", "-c", command], cwd=ROOT, env=environment, capture_output=True, text=True
            )
            assert done.returncode == 0 and shown in done.stdout, done.stderr


@pytest.mark.parametrize("link", re.findall(r"\]\(([^)#]+)\)", PAGE))
def test_links_lead_somewhere(link: str) -> None:
    """Every file that the page names exists."""
    assert (ROOT / "docs" / "tasks" / link).exists()
