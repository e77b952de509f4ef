"""What a portal lets us in with: a token or a session, asked for once however many threads need it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from integrations.flights import Flights


@dataclass(frozen=True)
class Pass:
    """A token or a session."""

    value: str = field(repr=False)
    good_until: datetime | None
    # aware; None: until the portal says no


class Passes:
    """The pass in use. Safe to share between threads."""

    def __init__(self, ask: Callable[[], Pass], clock: Callable[[], datetime]) -> None:
        self._ask = ask
        self._clock = clock
        self._held: Pass | None = None
        self._flights: Flights[Pass] = Flights()

    def usable(self) -> Pass:
        """The pass we hold while it is good, otherwise a new one."""
        held = self._held
        return held if held and self._is_good(held) else self._flights.share("pass", lambda: self._other_than(None))

    def instead_of(self, refused: Pass) -> Pass:
        """Another pass than the one the portal has just refused."""
        return self._flights.share("pass", lambda: self._other_than(refused))

    def _other_than(self, refused: Pass | None) -> Pass:
        """Somebody may have brought one since the caller looked: then it is taken, not asked for again."""
        held = self._held
        if held is None or held is refused or not self._is_good(held):
            held = self._held = self._ask()
        return held

    def _is_good(self, held: Pass) -> bool:
        return held.good_until is None or self._clock() < held.good_until
