"""How updates reach the bot: polled or pushed, kept until the bot has taken them."""

from __future__ import annotations

import asyncio
import itertools
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import httpx

from integrations.stand_ins.telegram.calls import Call
from integrations.stand_ins.telegram.markup import Json
from integrations.stand_ins.telegram.refusals import Rejected, bad_request

LONGEST_POLL_S = 50
LONGEST_WAIT_S = 60.0
WEBHOOK_TIMEOUT_S = 30.0
BY_DEFAULT_LEFT_OUT = {"chat_member", "message_reaction", "message_reaction_count"}


@dataclass
class Webhook:
    """Where updates are pushed."""

    url: str = ""
    secret_token: str = ""
    max_connections: int = 40
    last_error: str = ""
    last_error_at: int = 0
    # seconds since 1970
    slots: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(40))
    # connections still free


class Updates:
    """The queue between users and the bot."""

    def __init__(self, retry_s: float) -> None:
        self.retry_s = retry_s
        # first wait before an update is pushed again; doubles up to a minute
        self.waiting: dict[int, Json] = {}
        # not yet acknowledged, in order of update id
        self.webhook = Webhook()
        self.allowed: list[str] = []
        # kinds of update the bot asked for; empty means the usual ones
        self._changed = asyncio.Event()
        self._http = httpx.AsyncClient(timeout=WEBHOOK_TIMEOUT_S, trust_env=False)
        self._lanes: dict[int, asyncio.Lock] = {}
        # chat id -> lock that keeps its deliveries in order
        self._pushes: set[asyncio.Task[None]] = set()
        self._poll = 0
        # number of the newest poll; older ones end
        self._ids = itertools.count(700_000_001)

    async def getUpdates(self, call: Call) -> list[Json]:
        """Waits for updates from `offset`; those before it are acknowledged and forgotten."""
        self._refuse_polling_with_webhook()
        self._allow(call)
        self._acknowledge(call.integer("offset"))
        self._poll = mine = self._poll + 1
        self.wake()
        limit = min(max(call.integer("limit", 100), 1), 100)
        await self.until(lambda: bool(self.waiting) or self._poll != mine or bool(self.webhook.url),
                         min(call.integer("timeout"), LONGEST_POLL_S))  # fmt: skip
        self._refuse_polling_with_webhook()
        if self._poll != mine:
            raise Rejected(409, "Conflict: terminated by other getUpdates request; make sure that only one bot "
                                "instance is running")  # fmt: skip
        return list(self.waiting.values())[:limit]

    def _refuse_polling_with_webhook(self) -> None:
        """Polling and webhook exclude each other."""
        if self.webhook.url:
            raise Rejected(409, "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to "
                                "delete the webhook first")  # fmt: skip

    def _allow(self, call: Call) -> None:
        """Remembers which kinds of update the bot wants."""
        if (allowed := call.value("allowed_updates")) is not None:
            self.allowed = list(allowed)

    def _acknowledge(self, offset: int) -> None:
        """Forgets the updates before the offset; a negative one counts from the end."""
        if offset < 0:
            offset = (list(self.waiting)[offset:] or [0])[0]
        for update_id in [known for known in self.waiting if known < offset]:
            del self.waiting[update_id]

    async def setWebhook(self, call: Call) -> bool:
        """Pushes updates to an address from now on; the stand-in pushes to the loopback only."""
        url, secret = call.text("url"), call.text("secret_token")
        if not url:
            return await self.deleteWebhook(call)
        if urlsplit(url).hostname not in ("127.0.0.1", "localhost"):
            raise bad_request("bad webhook: the stand-in pushes to the loopback only")
        if not re.fullmatch(r"[A-Za-z0-9_-]{0,256}", secret):
            raise bad_request("secret token contains unallowed characters")
        self._allow(call)
        self._drop_if_asked(call)
        connections = min(max(call.integer("max_connections", 40), 1), 100)
        self.webhook = Webhook(url, secret, connections, slots=asyncio.Semaphore(connections))
        for update_id in self.waiting:
            self._push(update_id)
        self.wake()
        return True

    async def deleteWebhook(self, call: Call) -> bool:
        """Goes back to polling; what was not delivered waits."""
        self._drop_if_asked(call)
        self.webhook = Webhook()
        return True

    def _drop_if_asked(self, call: Call) -> None:
        """Forgets waiting updates on request."""
        if call.flag("drop_pending_updates"):
            self.waiting.clear()

    async def getWebhookInfo(self, call: Call) -> Json:
        """Where updates go and how it fares."""
        hook = self.webhook
        info: Json = {"url": hook.url, "has_custom_certificate": False, "pending_update_count": len(self.waiting)}
        if hook.url:
            info["max_connections"] = hook.max_connections
        if hook.last_error:
            info |= {"last_error_date": hook.last_error_at, "last_error_message": hook.last_error}
        return info | ({"allowed_updates": self.allowed} if self.allowed else {})

    def _push(self, update_id: int) -> None:
        """Starts delivering one update to the webhook."""
        delivery = self._deliver(update_id, _chat_id(self.waiting[update_id]), self.webhook)
        task = asyncio.get_running_loop().create_task(delivery)
        self._pushes.add(task)
        task.add_done_callback(self._pushes.discard)

    async def _deliver(self, update_id: int, chat_id: int, hook: Webhook) -> None:
        """Pushes one update, in order within its chat, again and again until the bot says 2xx."""
        wait_s = self.retry_s
        async with self._lanes.setdefault(chat_id, asyncio.Lock()):
            while hook is self.webhook and (update := self.waiting.get(update_id)):
                if await self._posted(hook, update):
                    self.waiting.pop(update_id, None)
                    return
                await asyncio.sleep(wait_s)
                wait_s = min(wait_s * 2, LONGEST_WAIT_S)

    async def _posted(self, hook: Webhook, update: Json) -> bool:
        """Whether the bot took the update."""
        headers = {"X-Telegram-Bot-Api-Secret-Token": hook.secret_token} if hook.secret_token else {}
        try:
            async with hook.slots:
                answer = await self._http.post(hook.url, json=update, headers=headers)
        except httpx.HTTPError as error:
            hook.last_error, hook.last_error_at = f"Connection failed: {type(error).__name__}", int(time.time())
            return False
        if not answer.is_success:
            hook.last_error_at = int(time.time())
            hook.last_error = f"Wrong response from the webhook: {answer.status_code} {answer.reason_phrase}"
        return answer.is_success

    async def close(self) -> None:
        """Stops pushing."""
        for task in self._pushes:
            task.cancel()
        await asyncio.gather(*self._pushes, return_exceptions=True)
        await self._http.aclose()

    def add(self, kind: str, content: Json) -> int:
        """A new update for the bot, if it wants this kind."""
        update_id = next(self._ids)
        wanted = kind in self.allowed if self.allowed else kind not in BY_DEFAULT_LEFT_OUT
        if wanted:
            self.waiting[update_id] = {"update_id": update_id, kind: content}
            if self.webhook.url:
                self._push(update_id)
            self.wake()
        return update_id

    def wake(self) -> None:
        """Tells everyone who waits that something changed."""
        self._changed.set()
        self._changed = asyncio.Event()

    async def until(self, condition: Callable[[], bool], wait_s: float) -> None:
        """Waits until the condition holds, at most so long."""
        ends_at = time.monotonic() + wait_s
        while not condition() and (left_s := ends_at - time.monotonic()) > 0:
            try:
                await asyncio.wait_for(self._changed.wait(), left_s)
            except TimeoutError:
                return


def _chat_id(update: Json) -> int:
    """The chat an update belongs to."""
    content = next(part for name, part in update.items() if name != "update_id")
    return int(content.get("message", content)["chat"]["id"])
