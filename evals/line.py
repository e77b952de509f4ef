"""The line between us and a vendor: a stand-in that answers as late, as rarely and as busily as was ordered.

`python -m evals.line telegram --port 8098 --latency-ms 100 --spoiled 0.3 --seed 1` serves the Telegram stand-in. Each
message that we send takes so long to be answered; a share of them is refused with 429 (half of it) or delivered and
answered too late. GET /__line/sends lists the messages that the vendor has taken, in order, with their fate. Waits
between the pushes of an event are those of the vendor in order and meaning, shorter in time: a run lasts minutes.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import time
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any

import uvicorn

from integrations.stand_ins import telegram, zalo
from integrations.stand_ins.zalo.account import Account

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]

SENDING = ("/sendMessage", "/v3.0/oa/message/cs")
# how the address of a call ends that delivers a message
SENDS_PATH = "/__line/sends"
TOKEN = "1234:TEST"
RETRY_S = 0.5
# between two pushes of an event that was not taken
PAUSE_S = 1
# that a 429 asks for


@dataclass(frozen=True)
class Quality:
    """How good the line is."""

    latency_s: float = 0.0
    spoiled: float = 0.0
    # share of sent messages that go wrong, 0 to 1
    late_s: float = 7.0
    # how long an answer takes that is too late; longer than every time limit of ours
    seed: int = 1


class Line:
    """An application behind a line."""

    def __init__(self, app: App, quality: Quality) -> None:
        self._app = app
        self._quality = quality
        self._chance = random.Random(quality.seed)
        self.sends: list[Message] = []
        # messages the vendor has taken
        self.refused = 0
        # answers 429

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """One request."""
        path = scope.get("path", "")
        if path == SENDS_PATH:
            await _answer(send, 200, {"sends": self.sends, "refused": self.refused})
        elif scope["type"] == "http" and path.endswith(SENDING):
            await self._deliver(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _deliver(self, scope: Message, receive: Receive, send: Send) -> None:
        """A message for a citizen: refused, or delivered and answered in time or too late."""
        asked = await _body(receive)
        fate = self._fate()
        if fate == "refused":
            self.refused += 1
            await asyncio.sleep(self._quality.latency_s)
            parameters = {"error_code": 429, "description": "Too Many Requests", "parameters": {"retry_after": PAUSE_S}}
            await _answer(send, 429, {"ok": False, **parameters}, retry_after_s=PAUSE_S)
            return
        told = await self._carried_out(scope, asked)
        answer = b"".join(part.get("body", b"") for part in told).decode()
        self.sends.append(
            {"at": time.time(), "asked": asked.decode("utf-8", "replace"), "answer": answer, "fate": fate}
        )
        await asyncio.sleep(self._quality.late_s if fate == "late" else self._quality.latency_s)
        for part in told:
            await send(part)

    def _fate(self) -> str:
        if self._chance.random() >= self._quality.spoiled:
            return "answered"
        return self._chance.choice(("refused", "late"))

    async def _carried_out(self, scope: Message, asked: bytes) -> list[Message]:
        """What the stand-in answers."""
        told: list[Message] = []

        async def given() -> Message:
            return {"type": "http.request", "body": asked, "more_body": False}

        async def keep(part: Message) -> None:
            told.append(part)

        await self._app(scope, given, keep)
        return told


async def _body(receive: Receive) -> bytes:
    parts, more = [], True
    while more:
        message = await receive()
        parts.append(message.get("body", b""))
        more = message.get("more_body", False)
    return b"".join(parts)


async def _answer(send: Send, status: int, content: object, retry_after_s: int | None = None) -> None:
    headers = [(b"content-type", b"application/json")]
    if retry_after_s is not None:
        headers.append((b"retry-after", str(retry_after_s).encode()))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": json.dumps(content).encode()})


def stand_in(vendor: str) -> App:
    """The stand-in of a vendor, which pushes again soon and never gives an event up."""
    if vendor == "telegram":
        return telegram.app(TOKEN, retry_s=RETRY_S)
    return zalo.app(Account(retries_s=(RETRY_S,) * 10_000))


def main() -> None:
    """Serve until ended."""
    parser = argparse.ArgumentParser(prog="python -m evals.line", description=__doc__)
    parser.add_argument("vendor", choices=("telegram", "zalo"))
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--latency-ms", type=float, default=0)
    parser.add_argument("--spoiled", type=float, default=0)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    quality = Quality(options.latency_ms / 1000, options.spoiled, seed=options.seed)
    served = Line(stand_in(options.vendor), quality)
    uvicorn.run(served, host="127.0.0.1", port=options.port, log_level="error", timeout_graceful_shutdown=1)


if __name__ == "__main__":
    main()
