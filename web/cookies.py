"""Signed cookies that no script can read."""

from __future__ import annotations

from dataclasses import dataclass

from itsdangerous import BadSignature, TimestampSigner
from starlette.requests import Request
from starlette.responses import Response


@dataclass(frozen=True)
class SignedCookie:
    """One named cookie whose value we signed and which grows too old."""

    name: str
    secret: str
    max_age_s: int
    path: str = "/"

    def read(self, request: Request) -> str | None:
        """The value, if the signature is ours and not too old."""
        try:
            return self._signer().unsign(request.cookies.get(self.name, ""), max_age=self.max_age_s).decode()
        except BadSignature:
            return None

    def write(self, response: Response, request: Request, value: str) -> None:
        """Keep the value in the browser, counted from now."""
        response.set_cookie(
            self.name,
            self._signer().sign(value).decode(),
            max_age=self.max_age_s,
            path=self.path,
            secure=request.url.scheme == "https",
            httponly=True,
            samesite="lax",
        )

    def drop(self, response: Response) -> None:
        """Take the value away from the browser."""
        response.delete_cookie(self.name, path=self.path, httponly=True, samesite="lax")

    def _signer(self) -> TimestampSigner:
        return TimestampSigner(self.secret, salt=self.name)
