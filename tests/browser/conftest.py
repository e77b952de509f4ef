"""Chromium, and the application in memory for it to talk to."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
import uvicorn
from playwright.sync_api import Browser, Page, sync_playwright
from starlette.applications import Starlette

from tests import compared, sheets, week
from tests.memory_ports import MemoryTown
from web.app import create_app

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, one for each module."""
    if not Path(CHROMIUM).exists():
        tell = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
        tell(f"{CHROMIUM} is missing: apt-get install chromium fonts-noto-core")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser: Browser, site: str) -> Iterator[Page]:
    """A fresh window whose addresses start at the site."""
    context = browser.new_context(base_url=site, locale="vi-VN")
    context.set_default_timeout(10_000)
    yield context.new_page()
    context.close()


@pytest.fixture
def town() -> MemoryTown:
    """The six neighbours in memory."""
    return MemoryTown()


@pytest.fixture
def site(town: MemoryTown, serve: Callable[[Starlette], str]) -> str:
    """Where the application over the town is found."""
    return serve(application(town))


def application(town: MemoryTown) -> Starlette:
    """All pages over a town."""
    routes = [*sheets.routes(), *week.routes(town.store), *compared.routes(town.store)]
    return create_app(town.ports(), "secret", routes)


@pytest.fixture
def serve() -> Iterator[Callable[[Starlette], str]]:
    """Serves an application until the test is over, and says where."""
    with ExitStack() as servers:
        yield lambda app: servers.enter_context(served(app))


@contextmanager
def served(app: Starlette) -> Iterator[str]:
    """The application on a free port of the loopback."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        config = uvicorn.Config(app, log_level="error", timeout_graceful_shutdown=1)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        while not server.started and thread.is_alive():
            time.sleep(0.01)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        server.should_exit = True
        thread.join()
