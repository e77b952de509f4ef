"""The headers that keep every page inside its own four walls."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

POLICY = "default-src 'self'; base-uri 'none'; object-src 'none'; form-action 'self'; frame-ancestors 'self'"
SECURITY = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "SAMEORIGIN",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}
HTTPS_ONLY = "max-age=31536000"
# a browser that came by HTTPS once comes by nothing else
STATIC_AGE = "public, max-age=86400"
# safe because the pages name each file with its fingerprint
FRAMED = "/embed"
# the one page that other sites may show in a frame, if they are listed


class SecurityHeaders:
    """Put the security headers and the cache rule on every answer."""

    def __init__(self, app: ASGIApp, embedders: Sequence[str] = ()) -> None:
        self._app = app
        self._framed = framed(embedders)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        static = scope["path"].startswith("/static/")
        security = self._framed if _is_framed(scope["path"]) else SECURITY

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(security)
                if scope["scheme"] == "https":
                    headers["Strict-Transport-Security"] = HTTPS_ONLY
                headers.setdefault("Cache-Control", STATIC_AGE if static else "no-store")
            await send(message)

        await self._app(scope, receive, guarded)


def framed(embedders: Sequence[str]) -> dict[str, str]:
    """The headers of the page that the listed sites may show in a frame."""
    headers = {**SECURITY, "Content-Security-Policy": " ".join([POLICY, *embedders])}
    del headers["X-Frame-Options"]
    # it cannot name other sites; the policy's last part, frame-ancestors, does
    return headers


def _is_framed(path: str) -> bool:
    return path == FRAMED or path.startswith(f"{FRAMED}/")
