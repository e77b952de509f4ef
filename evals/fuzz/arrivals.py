"""Oracles for what channels bring: an HTTP answer and a message that can be stored, or a refusal, never a fault."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
import weakref
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, cast
from urllib.parse import parse_qsl

from bot import buttons as pressing
from bot.attachments import of
from bot.channels import telegram, zalo
from bot.channels.telegram_arrival import BadUpdates, numbered
from bot.complaint import Form
from bot.conversation import Conversation
from bot.decisions import Decision
from bot.following import MOST_FOLLOWED
from bot.messages import InboundMessage
from bot.outbox import Outbox
from bot.utterance import admit
from evals.fuzz.target import Check
from evals.fuzz.texts import decoded, hold, keepable
from web import webhooks
from web.chat import BadMessage, TextTooLong, form_message, parse_message

SECRET = "a-secret"
SEAL = zalo.Seal("1234", SECRET)
CODE = "H29.19-260312-0005"
TAKEN, REFUSED = 200, (400, 403)
LONGEST_NAME = 20_000
# letters of an id: a vendor's text is no longer than its body


class NoReplies:
    """An outbox that holds nothing."""

    def payload(self, channel: str, address: str, delivery_id: int, number: int) -> str:
        """What a button says that nobody offered."""
        return ""


def kept(message: InboundMessage) -> bool:
    """What the inbox does with a message before it reaches a database; raises Broken for what no database takes."""
    for text in (message.message_id, message.address, admit(message).text):
        keepable(text)
    hold(bool(message.address and message.message_id), "a message from nowhere")
    hold(len(message.message_id) + len(message.address) <= LONGEST_NAME, "a name without bounds")
    hold(message.received_at.tzinfo is not None, "a moment without a zone")
    if message.attachment is not None:
        sent = json.loads(json.dumps(vars(message.attachment), allow_nan=False))
        hold(of(sent) == message.attachment, "an attachment that does not come back")
        keepable(message.attachment.ref)
    return True


def web_chat() -> Check:
    """The page's script and its plain form: a message or one of two refusals."""

    def check(data: bytes) -> None:
        with contextlib.suppress(BadMessage, TextTooLong):
            kept(parse_message(data, "lan"))
        fields = dict(parse_qsl(data.decode("utf-8", "replace")))
        with contextlib.suppress(BadMessage, TextTooLong):
            kept(form_message(fields, fields.get("text", ""), "lan"))

    return check


def telegram_webhook() -> Check:
    """Whatever comes with the secret is kept, or refused."""
    channel, loop = _telegram(), _loop()
    route = webhooks.telegram(channel.receive, SECRET)
    headers = {webhooks.TELEGRAM_SECRET: SECRET}

    def check(data: bytes) -> None:
        status = loop.run_until_complete(_posted(route.app, route.path, data, headers))
        hold(status == TAKEN or status in REFUSED, f"answered with {status}")

    weakref.finalize(check, loop.close)
    return check


def telegram_polling() -> Check:
    """Whatever Telegram gives out in answer to a poll is passed over or kept: the next poll goes on behind it."""
    channel, loop = _telegram(), _loop()

    def check(data: bytes) -> None:
        try:
            given = json.loads(data)
        except (ValueError, RecursionError):
            return
        updates = given if isinstance(given, list) else [given]
        with contextlib.suppress(BadUpdates):
            loop.run_until_complete(channel.receive_all(numbered(updates)))

    weakref.finalize(check, loop.close)
    return check


def zalo_webhook() -> Check:
    """Whatever is signed is kept or passed over; whatever is not is refused."""
    channel, loop = zalo.Zalo(_mute(), kept, cast(Outbox, NoReplies()), SEAL), _loop()
    route = webhooks.zalo(channel.receive)

    def check(data: bytes) -> None:
        moment = str(int(time.time() * 1000))
        signed = {SEAL.timestamp_header: moment, SEAL.signature_header: f"mac={SEAL.signature(data, moment)}"}
        hold(loop.run_until_complete(_posted(route.app, route.path, data, signed)) == TAKEN, "signed and not taken")
        hold(loop.run_until_complete(_posted(route.app, route.path, data, {})) in REFUSED, "taken and not signed")

    weakref.finalize(check, loop.close)
    return check


def buttons() -> Check:
    """Every payload is a decision, whatever the talk is about."""
    full = tuple(f"H29.19-260312-{number:04}" for number in range(MOST_FOLLOWED))
    talks = (
        Conversation(),
        Conversation(topic="1.004222", case_id="c1", aspects=("fee",), dossier=CODE, channel="webchat"),
        Conversation(form=Form(dossier=CODE), followed=full, rating=7, channel="telegram"),
    )

    def check(data: bytes) -> None:
        for talk in talks:
            hold(isinstance(pressing.pressed(decoded(data), talk), Decision), "no decision")

    return check


def _telegram() -> telegram.Telegram:
    """The channel with a line that was never opened: every call to Telegram fails at once."""
    return telegram.Telegram(telegram.make_bot("1:fuzz", "http://127.0.0.1:9"), kept, cast(Outbox, NoReplies()))


def _mute() -> zalo.Sender:
    """Whoever sends nothing."""
    return cast(zalo.Sender, None)


def _loop() -> asyncio.AbstractEventLoop:
    """A loop of our own; what goes on in its background may fail, as it does when a vendor is away."""
    loop = asyncio.new_event_loop()
    loop.set_exception_handler(lambda *_: None)
    return loop


async def _posted(app: Callable[..., Awaitable[None]], path: str, body: bytes, headers: Mapping[str, str]) -> int:
    """The status of a POST, without a server in between."""
    sent: list[dict[str, Any]] = []
    named = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": "http", "method": "POST", "path": path, "query_string": b"", "headers": named}

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    await app(scope, receive, send)
    return int(sent[0]["status"])
