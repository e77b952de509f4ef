"""The sheets as they are given out: printed, signed where there is a key, and checked when somebody brings one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from functools import lru_cache

from bot import sheet_pdf
from bot.facts import ProcedureFacts
from bot.messages import SheetName
from bot.outcomes import Outcome
from bot.present import ZONE
from bot.sheet import Sheet, sheet
from bot.sheet_signature import Checked, Checker, Paper, Signer
from knowledge.calendar import WorkCalendar
from knowledge.catalogue import Catalogue

MOST_KEPT = 128
# files of 50 to 90 kB
CHECK_PATH = "/xac-minh-phieu"


def file_name(code: str, is_large: bool) -> str:
    """How the file of a sheet is called: in letters that every machine takes."""
    return f"phieu-huong-dan-{code}{'-chu-lon' if is_large else ''}.pdf"


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

    def sheet(self, code: str, case_id: str = "", on: date | None = None) -> Sheet:
        """What the sheet of a day tells, of today unless said. Raises knowledge's NotFound, and NoCase."""
        on = on or self._clock().astimezone(ZONE).date()
        procedure = self._catalogue().get(code, on)
        facts = ProcedureFacts(Outcome.ANSWERED, procedure, (), case_id, on)
        return sheet(facts, self._calendar, self._public_url)

    def pdf(self, code: str, case_id: str = "", is_large: bool = False) -> bytes:
        """Today's sheet as a file. Raises NotFound, NoCase, NotPrinted."""
        return self._made(self.sheet(code, case_id), is_large)

    def printed(self, named: SheetName) -> bytes:
        """The file of a sheet that goes with a reply. Raises like pdf."""
        return self._made(self.sheet(named.code, named.case_id, named.on), named.is_large)

    def check(self, content: bytes) -> Checked:
        """Whether a file is a paper of ours as it was signed, and which (Paper)."""
        return self._checker.check(content)

    def _make(self, told: Sheet, is_large: bool) -> bytes:
        if self._signer is None:
            return sheet_pdf.pdf(told, is_large)
        check_at = f"{self._public_url}{CHECK_PATH}" if self._public_url else ""
        return self._signer.sign(sheet_pdf.pdf(told, is_large, self._signer.name, check_at), Paper.SHEET)
