"""The four ways to a dossier over real servers of the loopback: each portal, plain and behind the gateway."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast
from zoneinfo import ZoneInfo

import httpx
from starlette.applications import Starlette

from bot import portals
from bot.settings import Settings
from integrations import fields
from integrations.portal import Portal
from integrations.stand_ins import lgsp, national, portal
from integrations.stand_ins.settings import NAMES, environment
from tests.serving import served

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
NOW = datetime(2026, 11, 21, 9, 0, tzinfo=ZONE)
CITY_CODE, NATIONAL_CODE = "H29.19-260312-0005", "G22.99.08-260921-896048"
CODES = {name: CITY_CODE if name.endswith("city") else NATIONAL_CODE for name in NAMES}
TIMEOUT_S = 0.5
APPS: Mapping[str, Callable[..., Any]] = {
    "city": portal.app,
    "national": national.app,
    "lgsp-city": lambda **options: lgsp.app(portal.app(**options)),
    "lgsp-national": lambda **options: lgsp.app(national.app(**options), own_tokens=True, clock=options["clock"]),
}


@dataclass(frozen=True)
class Served:
    """A stand-in that runs, and its client."""

    address: str
    settings: Settings
    client: Portal

    def order(self, mode: str, times: int | None = None) -> None:
        """A fault."""
        httpx.post(f"{self.address}/__control", json={"mode": mode, "times": times}, trust_env=False).raise_for_status()

    def asked(self) -> dict[str, int]:
        """What the stand-in was asked."""
        counts: dict[str, int] = httpx.get(f"{self.address}/__control", trust_env=False).json()
        return counts


@contextmanager
def running(name: str, clock: Callable[[], datetime] = lambda: NOW, **options: Any) -> Iterator[Served]:
    """One of NAMES, on a real server; `clock` is the client's."""
    app = APPS[name](clock=lambda: NOW, **options)
    with served(cast(Starlette, app)) as address:
        settings = reaching(name, address)
        with closing(client(name, settings, clock=clock)) as made:
            yield Served(address, settings, made)


def reaching(name: str, address: str = "http://127.0.0.1:9", **changes: Any) -> Settings:
    """The settings of a stand-in at an address."""
    return Settings(**{**environment(name, address), "portal_timeout_s": TIMEOUT_S, **changes})


def client(name: str, settings: Settings, **options: Any) -> Portal:
    """The client of these settings."""
    return portals.client(name.removeprefix("lgsp-"), settings, fields.load(), **options)
