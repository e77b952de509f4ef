"""LGSP, the gateway that may stand in front of either portal: every request to it carries our keys in one header.

The header is base64 of a JSON object; public sources show the JSON, the base64 is known by hearsay only. The keys go to
the gateway's own address and to nobody else.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Generator
from dataclasses import dataclass, field

import httpx

HEADER = "lgspaccesstoken"


@dataclass(frozen=True)
class LgspKeys:
    """Who we are at the gateway."""

    access_key: str
    secret_key: str = field(repr=False)
    app_name: str
    partner_code: str
    # 000.00.01.H29
    partner_code_cus: str = ""

    def header(self) -> str:
        """The value of the header."""
        content = {
            "AccessKey": self.access_key,
            "SecretKey": self.secret_key,
            "AppName": self.app_name,
            "PartnerCode": self.partner_code,
            "PartnerCodeCus": self.partner_code_cus,
        }
        return base64.b64encode(json.dumps(content).encode()).decode()


class Lgsp(httpx.Auth):
    """Puts the header on each request to the gateway."""

    def __init__(self, keys: LgspKeys, base_url: str) -> None:
        self._value = keys.header()
        self._gateway = _origin(httpx.URL(base_url))

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """The request with the header, when it goes to the gateway."""
        if _origin(request.url) == self._gateway:
            request.headers[HEADER] = self._value
        yield request


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port
