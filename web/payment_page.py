"""The page of one payment: what is owed, the agency's account, and the QR code that says both to a bank's application.

Where the portal names no amount: the fees of the procedure's record with their basis, called what they are.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.payment import PATH, Payments
from bot.sheet import Sheet
from bot.vietqr import picture
from bot.wording import vnd
from knowledge.errors import NotFound
from web.pages import Pages, load_pages


@dataclass(frozen=True)
class PaymentPage:
    """Opened by an address that the chat gave out after the second factor; nothing is kept of it."""

    payments: Payments
    sheet: Callable[[str], Sheet]
    # what the record of a procedure says today; raises knowledge's NotFound
    pages: Pages

    @classmethod
    def over(cls, payments: Payments, sheet: Callable[[str], Sheet]) -> PaymentPage:
        """The page over the payments and the records."""
        return cls(payments, sheet, load_pages())

    def routes(self) -> list[Route]:
        """Where it is found."""
        return [Route(PATH + "/{token}", self.show)]

    async def show(self, request: Request) -> Response:
        """The page, or 404 for an address that is not ours or has grown old."""
        due = self.payments.read(request.path_params["token"])
        if due is None:
            raise HTTPException(404)
        qr = self.payments.qr(due)
        record = await run_in_threadpool(self._record, due.procedure_code) if due.total_vnd is None else None
        values: dict[str, Any] = {"due": due, "record": record, "vnd": vnd}
        values |= {"account": self.payments.account(due.code), "qr": Markup(picture(qr)) if qr else ""}
        return self.pages.show(request, "payment.html", **values)

    def _record(self, code: str) -> Sheet | None:
        """The record with the fees; None where there is none."""
        try:
            return self.sheet(code) if code else None
        except NotFound:
            return None
