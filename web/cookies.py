"""Signed cookies that no script can read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

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
    framed: bool = False
    # for a page in a frame of another site: a jar of its own for each of these sites, and HTTPS only

    def read(self, request: Request) -> str | None:
        """The value, if the signature is ours and not too old."""
        found = self.read_dated(request)
        return found[0] if found else None

    def read_dated(self, request: Request) -> tuple[str, datetime] | None:
        """The value and when it was written, if the signature is ours and not too old.

        A clock that was set back, and that of another host, may say that it was written in the future.
        """
        signed = request.cookies.get(self.name, "")
        try:
            value, at = self._signer().unsign(signed, return_timestamp=True)
        except BadSignature:
            return None
        age = abs(datetime.now(UTC) - at)
        return (value.decode(), at) if age <= timedelta(seconds=self.max_age_s) else None

    def write(self, response: Response, request: Request, value: str) -> None:
        """Keep the value in the browser, counted from now."""
        response.set_cookie(
            self.name,
            self._signer().sign(value).decode(),
            max_age=self.max_age_s,
            path=self.path,
            secure=self.framed or request.url.scheme == "https",
            httponly=True,
            samesite="none" if self.framed else "lax",
        )
        if self.framed:
            name, written = response.raw_headers[-1]
            response.raw_headers[-1] = (name, written + b"; Partitioned")
            # by hand: http.cookies knows the word only from Python 3.14 on

    def drop(self, response: Response) -> None:
        """Take the value away from the browser."""
        response.delete_cookie(self.name, path=self.path, httponly=True, samesite="lax")

    def _signer(self) -> TimestampSigner:
        return TimestampSigner(self.secret, salt=self.name)
