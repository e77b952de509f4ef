"""The national services (DVCQG): a login gives a session, every call is a POST that carries it and the header dstcode.

Read in opencps-v2 and never tried against the live system. `error_code` is 0, "0" or "00" when all is well; which code
says that a session is over stands in no public source, so that any other one is met with one new login.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import httpx

from integrations.bearer import Bearer, Client
from integrations.errors import BadAnswer, Refused
from integrations.fields import NationalMap
from integrations.line import Line
from integrations.passes import Pass, Passes
from integrations.portal import BOTH, Factors, Portal
from integrations.readings import now

FINE = ("0", "00")
LONGEST_CODE = 12
# of what the services send as error_code, in a message of ours


@dataclass(frozen=True)
class NationalSettings:
    """Where the services are and how we prove who we are."""

    base_url: str
    username: str
    password: str = field(repr=False)
    unit: str
    # madonvi: our agency's id
    dstcode: str
    # sent as a header with every request
    client: Client | None = None
    # a gateway in front that wants a token of its own
    timeout_s: float = 3.0
    # for a request with its repetitions


class NationalPortal(Portal):
    """Asks the national services."""

    def __init__(
        self,
        settings: NationalSettings,
        mapped: NationalMap,
        factors: Factors = BOTH,
        auth: httpx.Auth | None = None,
        transport: httpx.BaseTransport | None = None,
        clock: Callable[[], datetime] = now,
    ) -> None:
        super().__init__(mapped.fields, factors, clock)
        self._settings = settings
        self._mapped = mapped
        self._line = Line("national", settings.base_url, settings.timeout_s, auth, transport)
        self._ask = Bearer(self._line, settings.client, clock).ask if settings.client else self._line.ask
        self._sessions = Passes(self._login, clock)

    def rows(self, code: str) -> object:
        """The `result` of TraCuuHoSo, asked again with a new session when the first one is not taken."""
        session = self._sessions.usable()
        try:
            return self._look_up(code, session)
        except Refused:
            return self._look_up(code, self._sessions.instead_of(session))

    def close(self) -> None:
        """Closes the connections."""
        self._line.close()

    def _look_up(self, code: str, session: Pass) -> object:
        body = {
            "session": session.value,
            "madonvi": self._settings.unit,
            "service": self._mapped.service,
            self._mapped.code_field: code,
        }
        answer = self._post(self._mapped.call_path, body)
        if str(answer.get("error_code")) in self._mapped.not_found_errors:
            return []
        result = _fine(answer).get("result")
        return [] if result is None else [result] if isinstance(result, dict) else result

    def _login(self) -> Pass:
        """A session; how long it lives is not said."""
        body = {"username": self._settings.username, "password": self._settings.password}
        session = _fine(self._post(self._mapped.login_path, body)).get("session")
        if not isinstance(session, str) or not session:
            raise BadAnswer("national: no session")
        return Pass(session, good_until=None)

    def _post(self, path: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
        return self._line.accepted(self._ask("POST", path, json=body, headers={"dstcode": self._settings.dstcode}))


def _fine(answer: Mapping[str, Any]) -> Mapping[str, Any]:
    """The answer, when the services say that all is well. Raises Refused, BadAnswer."""
    if "error_code" not in answer:
        raise BadAnswer("national: no error_code")
    code = str(answer["error_code"])
    if code not in FINE:
        shown = code if code.isascii() and code.lstrip("-").isalnum() and len(code) <= LONGEST_CODE else "?"
        raise Refused(f"national: error_code {shown}")
    return answer
