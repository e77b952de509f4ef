"""The sheets as they are given out: printed, signed where there is a key, and checked when somebody brings one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import lru_cache

from bot import sheet_pdf
from bot.facts import ProcedureFacts
from bot.outcomes import Outcome
from bot.present import ZONE
from bot.sheet import Sheet, sheet
from bot.sheet_signature import Checked, Checker, Signer
from knowledge.calendar import WorkCalendar
from knowledge.catalogue import Catalogue

MOST_KEPT = 128
# files of 50 to 90 kB
CHECK_PATH = "/xac-minh-phieu"


class Sheets:
    """The sheets of the procedures in force."""

    def __init__(
        self,
        catalogue: Callable[[], Catalogue],
        calendar: WorkCalendar,
        clock: Callable[[], datetime],
        public_url: str = "",
        signer: Signer | None = None,
        checker: Checker | None = None,
    ) -> None:
        self._catalogue = catalogue
        self._calendar = calendar
        self._clock = clock
        self._public_url = public_url.rstrip("/")
        self._signer = signer
        self._checker = checker or Checker(())
        self._made = lru_cache(MOST_KEPT)(self._make)
        # by everything that is on the sheet: another edition or another day makes another

    def sheet(self, code: str, case_id: str = "") -> Sheet:
        """What today's sheet tells. Raises knowledge's NotFound, and NoCase."""
        today = self._clock().astimezone(ZONE).date()
        procedure = self._catalogue().get(code, today)
        facts = ProcedureFacts(Outcome.ANSWERED, procedure, (), case_id, today)
        return sheet(facts, self._calendar, self._public_url)

    def pdf(self, code: str, case_id: str = "", is_large: bool = False) -> bytes:
        """Today's sheet as a file. Raises NotFound, NoCase, NotPrinted."""
        return self._made(self.sheet(code, case_id), is_large)

    def check(self, content: bytes) -> Checked:
        """Whether a file is a sheet of ours, as it was signed."""
        return self._checker.check(content)

    def _make(self, told: Sheet, is_large: bool) -> bytes:
        if self._signer is None:
            return sheet_pdf.pdf(told, is_large)
        check_at = f"{self._public_url}{CHECK_PATH}" if self._public_url else ""
        return self._signer.sign(sheet_pdf.pdf(told, is_large, self._signer.name, check_at))
