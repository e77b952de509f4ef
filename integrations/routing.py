"""Which portal is asked: the unit id in the code decides, by the routes of integrations/data/portals.yaml."""

from __future__ import annotations

import re
from collections.abc import Mapping

from integrations.dossiers import Details, Dossiers, Found, Proof
from integrations.errors import NotConnected

EVERYBODY_ELSE = "*"
_HIGHEST = re.compile(r"[A-Z]\d\d")


class Unconnected:
    """Stands where no portal is set: every look-up says so."""

    def find(self, code: str) -> Found:
        """Raises NotConnected."""
        raise NotConnected("no portal is set")

    def details(self, code: str, proof: Proof) -> Details:
        """Raises NotConnected."""
        raise NotConnected("no portal is set")


class Routing:
    """Dossiers of several portals."""

    def __init__(self, portals: Mapping[str, Dossiers], routes: Mapping[str, str]) -> None:
        self._portals = portals
        self._routes = {levels(unit): name for unit, name in routes.items()}

    def find(self, code: str) -> Found:
        """What the portal of the code's unit says."""
        return self._of(code).find(code)

    def details(self, code: str, proof: Proof) -> Details:
        """What the portal of the code's unit opens."""
        return self._of(code).details(code, proof)

    def named(self, name: str) -> Dossiers:
        """One portal, asked about any code; where it is not set, look-ups raise NotConnected."""
        return self._portals.get(name, Unconnected())

    def portal(self, code: str) -> str | None:
        """The name of the portal that knows this code; None when no route leads anywhere."""
        unit = levels(code.partition("-")[0])
        known = (self._routes.get(unit[:count]) for count in range(len(unit), 0, -1))
        return next(filter(None, known), self._routes.get((EVERYBODY_ELSE,)))

    def close(self) -> None:
        """Closes the connections of every portal."""
        for portal in self._portals.values():
            if close := getattr(portal, "close", None):
                close()

    def _of(self, code: str) -> Dossiers:
        return self._portals.get(self.portal(code) or "", Unconnected())


def levels(unit: str) -> tuple[str, ...]:
    """A unit id from its highest level down: H29.19 as it is, 000.00.01.H29 (written before 2020) turned round."""
    parts = tuple(part.strip() for part in unit.strip().upper().split("."))
    is_old = not _HIGHEST.fullmatch(parts[0]) and _HIGHEST.fullmatch(parts[-1])
    return parts[::-1] if is_old else parts
