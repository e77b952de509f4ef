"""The City's dossier system (VNPT iGate v2): OAuth2 client credentials, a search by code, rows in `content[]`.

The shape was read in public code of April 2025 and never tried against the live system: address, path, credentials and
field map are configuration.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import httpx

from integrations.bearer import Bearer, Client
from integrations.fields import CityMap
from integrations.line import Line
from integrations.portal import BOTH, Factors, Portal
from integrations.readings import now


@dataclass(frozen=True)
class CitySettings:
    """Where the City's system is and how we prove who we are."""

    base_url: str
    # https://apigatewaydvcmc.hochiminhcity.gov.vn
    client: Client
    timeout_s: float = 3.0
    # for a request with its repetitions


class CityPortal(Portal):
    """Asks the City's system."""

    def __init__(
        self,
        settings: CitySettings,
        mapped: CityMap,
        factors: Factors = BOTH,
        auth: httpx.Auth | None = None,
        transport: httpx.BaseTransport | None = None,
        clock: Callable[[], datetime] = now,
    ) -> None:
        super().__init__(mapped.fields, factors, clock)
        self._search_path = mapped.search_path
        self._line = Line("city", settings.base_url, settings.timeout_s, auth, transport)
        self._bearer = Bearer(self._line, settings.client, clock)

    def rows(self, code: str) -> object:
        """The `content` of a search."""
        query: dict[str, str | int] = {"page": 0, "size": 10, "spec": "slice", "code": code}
        return self._line.accepted(self._bearer.ask("GET", self._search_path, params=query)).get("content")

    def close(self) -> None:
        """Closes the connections."""
        self._line.close()
