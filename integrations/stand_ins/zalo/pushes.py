"""How events reach the webhook: signed, in order for each citizen, again and again until it says 200 in time."""

from __future__ import annotations

import asyncio
import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import httpx

from integrations.stand_ins.zalo.account import Account, Json

MODES = ("ok", "twice", "anew", "forged", "bare", "header")


@dataclass
class Spoil:
    """How the next pushes are not as they should be."""

    mode: str = "ok"
    left: int | None = None
    # pushes still to spoil; None means until told otherwise

    def take(self) -> str:
        """The mode of this push."""
        if self.left == 0:
            return "ok"
        if self.left is not None:
            self.left -= 1
        return self.mode


@dataclass
class Webhook:
    """Where events are pushed."""

    url: str = ""
    is_off: bool = False
    # switched off after the last retry
    lanes: dict[str, asyncio.Lock] = field(default_factory=dict)
    # citizen -> lock that keeps their events in order


class Pushes:
    """Every push that is made."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._http = httpx.AsyncClient(timeout=account.answer_within_s, trust_env=False)
        self._tasks: set[asyncio.Task[None]] = set()
        self._changed = asyncio.Event()
        self.webhook = Webhook()
        self.spoil = Spoil()
        self.made: list[Json] = []

    def set_webhook(self, order: Json) -> Json:
        """Events are pushed to this address from now on."""
        url = str(order["url"])
        if url and urlsplit(url).hostname not in ("127.0.0.1", "localhost"):
            raise ValueError("the stand-in pushes to the loopback only")
        self.webhook = Webhook(url)
        return {"url": url}

    def set_spoil(self, order: Json) -> Json:
        """The next pushes are not as they should be."""
        if order.get("mode") not in MODES:
            raise ValueError(f"mode is one of {', '.join(MODES)}")
        self.spoil = Spoil(order["mode"], order.get("times"))
        return {"mode": self.spoil.mode}

    def push(self, event: Json) -> None:
        """Start delivering an event; nothing is kept for later where no webhook is set."""
        if not self.webhook.url or self.webhook.is_off:
            return
        task = asyncio.get_running_loop().create_task(self._deliver(event, self.webhook))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _deliver(self, event: Json, hook: Webhook) -> None:
        mode = self.spoil.take()
        body, headers = self._signed(event, mode)
        who = str((event.get("follower") or event.get("sender") or {}).get("id"))
        async with hook.lanes.setdefault(who, asyncio.Lock()):
            for wait_s in (*self._account.retries_s, None):
                if await self._posted(hook, event, body, headers):
                    break
                if wait_s is None:
                    hook.is_off = True
                    return
                await asyncio.sleep(wait_s)
            if mode == "twice":
                await self._posted(hook, event, body, headers)

    def _signed(self, event: Json, mode: str) -> tuple[bytes, dict[str, str]]:
        """Body and headers. Zalo's JSON has no spaces and writes letters as they are."""
        timestamp = str(event.get("timestamp", ""))
        if mode == "header":
            event = {name: value for name, value in event.items() if name != "timestamp"}
        raw = json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode()
        secret = "another-secret" if mode == "forged" else self._account.oa_secret
        mac = hashlib.sha256(self._account.app_id.encode() + raw + timestamp.encode() + secret.encode()).hexdigest()
        headers = {"Content-Type": "application/json"}
        headers["X-ZEvent-Signature"] = mac if mode == "bare" else f"mac={mac}"
        if mode == "header":
            headers["X-ZEvent-Timestamp"] = timestamp
        return (json.dumps(event, indent=1).encode() if mode == "anew" else raw), headers

    async def _posted(self, hook: Webhook, event: Json, body: bytes, headers: dict[str, str]) -> bool:
        """Whether the webhook said 200 in time."""
        started = time.monotonic()
        try:
            status = (await self._http.post(hook.url, content=body, headers=headers)).status_code
        except httpx.HTTPError:
            status = 0
        took_s = time.monotonic() - started
        self.made.append({"event": event, "body": body.decode(), "headers": headers, "status": status, "s": took_s})
        self.wake()
        return status == 200 and took_s <= self._account.answer_within_s

    def wake(self) -> None:
        """Tell everyone who waits that something changed."""
        self._changed.set()
        self._changed = asyncio.Event()

    async def until(self, condition: Callable[[], bool], wait_s: float) -> None:
        """Wait until the condition holds, at most so long."""
        ends_at = time.monotonic() + wait_s
        while not condition() and (left_s := ends_at - time.monotonic()) > 0:
            try:
                await asyncio.wait_for(self._changed.wait(), left_s)
            except TimeoutError:
                return

    async def close(self) -> None:
        """Stop pushing."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._http.aclose()
