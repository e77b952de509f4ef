"""Webhooks: vendors push updates here; each is committed before it is acknowledged."""

from __future__ import annotations

import hmac
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from starlette.middleware import Middleware
from starlette.middleware.body_limit import RequestBodyLimitMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from bot import flood

TELEGRAM_PATH = "/webhooks/telegram"
TELEGRAM_SECRET = "x-telegram-bot-api-secret-token"
ZALO_PATH = "/webhooks/zalo"


def telegram(receive: Callable[[dict[str, Any]], Awaitable[None]], secret: str) -> Route:
    """Telegram's webhook; whoever does not know the secret is refused."""

    async def webhook(request: Request) -> Response:
        given = request.headers.get(TELEGRAM_SECRET, "")
        if not hmac.compare_digest(given.encode(), secret.encode()):
            return PlainTextResponse("wrong secret", 403)
        try:
            content = json.loads(await request.body())
        except (ValueError, RecursionError):
            return PlainTextResponse("not JSON", 400)
        if not isinstance(content, dict) or not isinstance(content.get("update_id"), int):
            return PlainTextResponse("not an update", 400)
        await receive(content)
        return PlainTextResponse("ok")

    return _pushed(TELEGRAM_PATH, webhook)


def zalo(receive: Callable[[bytes, Mapping[str, str]], Awaitable[bool]]) -> Route:
    """Zalo's webhook, over the raw body: its signature is over the bytes. What is not signed is refused."""

    async def webhook(request: Request) -> Response:
        if not await receive(await request.body(), request.headers):
            return PlainTextResponse("wrong signature", 403)
        return PlainTextResponse("ok")

    return _pushed(ZALO_PATH, webhook)


def _pushed(path: str, webhook: Callable[[Request], Awaitable[Response]]) -> Route:
    """A route whose body is read up to the limit, and refused with 413 beyond."""
    limit = Middleware(RequestBodyLimitMiddleware, max_body_size=flood.load().webhook_bytes)
    return Route(path, webhook, methods=["POST"], middleware=[limit])
