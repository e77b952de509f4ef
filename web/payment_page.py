"""The page of one payment: the sum, the agency's account, and the QR code that says both to a bank's application."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from markupsafe import Markup
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.compose import vnd
from bot.payment import PATH, Payments
from bot.vietqr import content, picture
from web.pages import Pages, load_pages


@dataclass(frozen=True)
class PaymentPage:
    """Opened by an address that the chat gave out after the second factor; nothing is kept of it."""

    payments: Payments
    pages: Pages

    @classmethod
    def over(cls, payments: Payments) -> PaymentPage:
        """The page over the payments."""
        return cls(payments, load_pages())

    def routes(self) -> list[Route]:
        """Where it is found."""
        return [Route(PATH + "/{token}", self.show)]

    async def show(self, request: Request) -> Response:
        """The page, or 404 for an address that is not ours or has grown old."""
        due = self.payments.read(request.path_params["token"])
        account = self.payments.account(due.code) if due else None
        if due is None or account is None:
            raise HTTPException(404)
        qr = Markup(picture(content(account, due.total_vnd, due.code)))
        values: dict[str, Any] = {"due": due, "account": account, "qr": qr, "vnd": vnd}
        return self.pages.show(request, "payment.html", **values)
