"""Oracles for what portals answer: a dossier without personal data, or an error of the room."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from datetime import datetime
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from bot import portals
from bot.settings import Settings
from evals.fuzz.target import Check
from evals.fuzz.texts import hold
from integrations import fields
from integrations.errors import IntegrationError
from integrations.portal import Portal
from integrations.stand_ins.bytes import answering
from integrations.stand_ins.settings import environment

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=ZoneInfo("Asia/Ho_Chi_Minh"))
CITY_CODE, NATIONAL_CODE = "H29.19-260312-0005", "G22.99.08-260921-896048"
PATIENT_S = 60.0
# the machine may be busy: slowness is what the fuzzer itself measures


def city() -> Check:
    """The City's system."""
    return _asked("city", CITY_CODE)


def national() -> Check:
    """The national services."""
    return _asked("national", NATIONAL_CODE)


def behind_gateway() -> Check:
    """The national services behind the gateway: its own token, then a session, then the answer."""
    return _asked("lgsp-national", NATIONAL_CODE)


def _asked(name: str, code: str) -> Check:
    """Every fourth answer comes in place of the token and the session too."""
    said: list[bytes] = [b""]
    known, strange = (_client(name, lambda: said[0], lets_in) for lets_in in (True, False))

    def check(data: bytes) -> None:
        said[0] = data
        with contextlib.suppress(IntegrationError):
            told = known.find(code).dossier
            hold(told.code.strip().upper() == code, "another dossier")
            hold(all(one.at <= other.at for one, other in pairwise(told.steps)), "out of order")
        with contextlib.suppress(IntegrationError):
            opened = known.details(code, lambda value: True)
            hold(all((fee.amount_vnd or 0) >= 0 for fee in opened.fees), "a fee below nothing")
        if len(data) % 4 == 0:
            with contextlib.suppress(IntegrationError):
                strange.find(code)

    return check


def _client(name: str, body: Callable[[], bytes], lets_in: bool) -> Portal:
    """A client that is answered with bytes."""
    settings: dict[str, Any] = {**environment(name, "http://127.0.0.1:9"), "portal_timeout_s": PATIENT_S}
    seams = {"transport": answering(body, lets_in), "clock": lambda: NOW}
    return portals.client(name.removeprefix("lgsp-"), Settings(**settings), fields.load(), **seams)
