"""Zalo Official Account: signed webhook events to inbound messages, replies to plain texts with buttons.

Events come by webhook (web/webhooks.py), replies leave through the outbox. Zalo's API knows no idempotency key, so
delivery is at least once: a text whose answer was lost is sent again. Within one process a reply of several texts goes
on where it stopped.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import logging
import random
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol
from weakref import WeakValueDictionary

from bot import receipts
from bot.enclosures import Enclosures, no_file
from bot.errors import NoFile
from bot.messages import Attachment, Block, Button, InboundMessage, Kind, Reply
from bot.outbox import LONGEST_RETRY_S, RETRY_S, Delivery, Outbox, wait_s
from bot.present import now as present
from bot.utterance import storable
from integrations.errors import BadAnswer, IntegrationError, Refused, Unavailable, Undeliverable
from integrations.zalo import LARGEST_FILE, LONGEST_TEXT, LONGEST_TITLE, MOST_BUTTONS, Press

log = logging.getLogger(__name__)

CHANNEL = "zalo"
MOST_UNREADABLE = 6
# attempts at a reply whose refusal we cannot read
FILE_TRIES = 2
# failed attempts for the sake of a file; then the words go without it
LONGEST_ON_THE_WAY = timedelta(days=1)
# Zalo repeats an event for an hour (an older page says twelve); what is older was recorded by somebody
CLOCKS_APART = timedelta(hours=1)

ATTACHMENTS = frozenset(
    f"user_send_{kind}" for kind in ("image", "file", "link", "sticker", "gif", "audio", "video", "business_card")
)
KINDS = {
    "user_send_image": "photo",
    "user_send_file": "file",
    "user_send_location": "place",
    "user_send_audio": "sound",
    "user_send_video": "video",
}
SIZE = re.compile(r"[0-9]{1,12}")
# bytes, as a text
PHOTO_S = 1.5
# for fetching and reading one: Zalo wants its answer within two seconds. Longer, and the citizen is asked to type
PHOTOS_AT_ONCE = 2
LONGEST_NAME = 500
# letters of an id; what claims a longer one is not kept
PAYLOAD = re.compile(r"[a-z]+(:[\w.\-]+){0,2}", re.ASCII)
# what our buttons carry behind the prefix
TIMESTAMP = re.compile(r"[!-~]{1,40}")
# whatever it is, it goes into what is signed as it was sent
TIMESTAMPS = ("body", "header", "either")

Accept = Callable[[InboundMessage], bool]
Event = Mapping[str, Any]


class Sender(Protocol):
    """Whoever sends a text with buttons, or a file. Raises the errors of integrations.errors."""

    def send_text(self, user_id: str, text: str, buttons: Sequence[Press] = ()) -> str: ...

    def send_file(self, user_id: str, name: str, content: bytes) -> str: ...


class Photos(Protocol):
    """Whoever fetches what a citizen sent. Raises the errors of integrations.errors."""

    async def fetch(self, address: str) -> bytes: ...


@dataclass(frozen=True)
class Seal:
    """How Zalo signs events: lower hex SHA-256 of app id + raw body + timestamp + the account's secret."""

    app_id: str
    oa_secret: str = field(repr=False)
    # the Official Account's secret key, not the application's
    signature_header: str = "X-ZEvent-Signature"
    timestamp_from: str = "either"
    # "body", "header" or "either": the sources disagree
    timestamp_header: str = "X-ZEvent-Timestamp"

    def opened(self, raw: bytes, headers: Mapping[str, str], now: datetime) -> Event | None:
        """The event of a body with its timestamp as text; None unless it is signed and fresh.

        `headers` finds names in any case. The signature is over the raw bytes: the same JSON written anew is refused.
        """
        event = _object(raw)
        given = headers.get(self.signature_header, "").removeprefix("mac=").lower()
        for timestamp in self._timestamps(event, headers):
            if hmac.compare_digest(given.encode(), self.signature(raw, timestamp).encode()):
                return {**event, "timestamp": timestamp} if _is_fresh(timestamp, now) else None
        return None

    def signature(self, raw: bytes, timestamp: str) -> str:
        """The signature of a body."""
        return hashlib.sha256(self.app_id.encode() + raw + timestamp.encode() + self.oa_secret.encode()).hexdigest()

    def _timestamps(self, event: Event, headers: Mapping[str, str]) -> list[str]:
        """The timestamps that may have been signed, the likelier first."""
        places = {"body": str(event.get("timestamp", "")), "header": headers.get(self.timestamp_header, "")}
        written = {place: value for place, value in places.items() if TIMESTAMP.fullmatch(value)}
        return [value for place, value in written.items() if self.timestamp_from in (place, "either")]


class Zalo:
    """One Official Account."""

    def __init__(
        self,
        sender: Sender,
        accept: Accept,
        outbox: Outbox,
        seal: Seal,
        prefix: str = "#",
        clock: Callable[[], datetime] = present,
        jitter: Callable[[], float] = random.random,
        retry_s: float = RETRY_S,
        photos: Photos | None = None,
        enclosures: Enclosures | None = None,
    ) -> None:
        self._sender = sender
        self._accept = accept
        self._outbox = outbox
        self._seal = seal
        self._photos = photos
        # None: none are looked at
        self._readers = asyncio.Semaphore(PHOTOS_AT_ONCE)
        self._lanes: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        # address -> lock that keeps what was sent there in order while a photo is read
        self._prefix = prefix
        # stands before a button's payload, so that a press is told from a text
        self._clock = clock
        self._jitter = jitter
        # 0 to 1: senders that failed together do not come back together
        self._retry_s = retry_s
        self._rests_until = datetime.min.replace(tzinfo=UTC)
        # Zalo asked for a pause, or does not let us in
        self._enclosures = enclosures or Enclosures(no_file)
        self._told: dict[int, int] = {}
        # delivery id -> texts of it, and its file, that Zalo has taken

    async def receive(self, raw: bytes, headers: Mapping[str, str]) -> bool:
        """Commit one event of the webhook; True means that it is kept or needs no keeping, False that it is forged."""
        now = self._clock()
        event = self._seal.opened(raw, headers, now)
        if event is None:
            return False
        message = inbound(event, self._prefix, now)
        if message is not None:
            async with self._lanes.setdefault(message.address, asyncio.Lock()):
                await asyncio.to_thread(self._accept, await self._with_photo(message, event))
        return True

    async def _with_photo(self, message: InboundMessage, event: Event) -> InboundMessage:
        """The message of an event; the dossier codes on its photo are as good as typed ones."""
        address = photo_address(event)
        read = await self._read(address, self._photos) if address and self._photos else ""
        return replace(message, kind=Kind.TEXT, text=f"{message.text}\n{read}".strip()) if read else message

    async def fetch(self, ref: str) -> bytes:
        """A photo that a citizen sent. Raises NoFile."""
        if self._photos is None:
            raise NoFile("no origin of photos is set")
        try:
            async with self._readers:
                return await self._photos.fetch(ref)
        except IntegrationError as error:
            raise NoFile(type(error).__name__) from None

    async def _read(self, address: str, photos: Photos) -> str:
        """The dossier codes on a photo; "" when there are none, or the photo cannot be had in time."""
        try:
            async with asyncio.timeout(PHOTO_S), self._readers:
                content = await photos.fetch(address)
                return await asyncio.to_thread(receipts.words, content, self._clock().date())
        except (IntegrationError, TimeoutError) as error:
            log.warning("a photo was not read: %s", type(error).__name__)
            return ""

    def step(self) -> bool:
        """Send one reply of the outbox; False when there is none or Zalo wants a pause."""
        if self._clock() < self._rests_until:
            return False
        delivery = self._outbox.take(CHANNEL, self._clock())
        if delivery is None:
            return False
        try:
            self._send(delivery)
        except IntegrationError as error:
            self._failed(delivery, error)
        else:
            self._outbox.sent(delivery.id, self._clock())
            self._told.pop(delivery.id, None)
        return True

    def _send(self, delivery: Delivery) -> None:
        reply, files = delivery.reply, 0
        if reply.sheet is not None:
            reply, files = self._enclosed(delivery), 1
        texts = render(reply, self._prefix)
        for number in range(max(self._told.get(delivery.id, 0) - files, 0), len(texts)):
            text, buttons = texts[number]
            self._sender.send_text(delivery.address, text, buttons)
            self._told[delivery.id] = files + number + 1

    def _enclosed(self, delivery: Delivery) -> Reply:
        """Send the sheet of a reply, unless Zalo has it; the words that are left to say.

        Zalo may not take files from every account: then the words say where the sheet lies.
        """
        if delivery.id in self._told:
            return delivery.reply
        reply, file = self._enclosures.of(delivery.reply, LARGEST_FILE)
        if file is None:
            return reply
        try:
            self._sender.send_file(delivery.address, file.name, file.content)
        except (BadAnswer, Unavailable, Undeliverable) as error:
            if isinstance(error, Unavailable) and delivery.attempts < FILE_TRIES:
                raise
            log.warning("delivery %s: its file is refused: %s", delivery.id, error)
            return self._enclosures.instead(reply)
        self._told[delivery.id] = 1
        return reply

    def _failed(self, delivery: Delivery, error: IntegrationError) -> None:
        """Set the reply aside when Zalo will never take it; otherwise it comes again after a growing wait."""
        log.warning("delivery %s: %s", delivery.id, error)
        unreadable = isinstance(error, BadAnswer) and delivery.attempts + 1 >= MOST_UNREADABLE
        if isinstance(error, Undeliverable) or unreadable:
            self._told.pop(delivery.id, None)
            self._outbox.refused(delivery.id, getattr(error, "reason", type(error).__name__))
            return
        now = self._clock()
        asked_s = LONGEST_RETRY_S if isinstance(error, Refused) else getattr(error, "retry_after_s", None)
        if asked_s is not None:
            self._rests_until = max(self._rests_until, now + timedelta(seconds=asked_s))
        rest_s = wait_s(delivery.attempts, self._jitter(), asked_s or 0, self._retry_s)
        self._outbox.retry(delivery, now + timedelta(seconds=rest_s))


def inbound(event: Event, prefix: str, now: datetime) -> InboundMessage | None:
    """The message of an event; None for kinds we do not serve, among them our own echoes and `unfollow`.

    Whoever left cannot be answered, so nothing is kept of an `unfollow`: Zalo refuses what is still on its way.
    """
    address = _text(event, "follower" if event.get("event_name") == "follow" else "sender", "id")
    kind, text = _said(event, prefix)
    if kind is None:
        return None
    named = _message_id(event, address)
    if not (_is_name(address) and _is_name(named)):
        return None
    received_at = min(now, _moment(str(event["timestamp"])))
    sent = _attached(event) if kind is Kind.ATTACHMENT else None
    return InboundMessage(CHANNEL, named, address, received_at, kind, text, sent)


def photo_address(event: Event) -> str:
    """Where the photo of an event is, also when it was sent as a file; "" for every other event."""
    if event.get("event_name") not in ("user_send_image", "user_send_file"):
        return ""
    photos = (payload for kind, payload in _payloads(event) if _is_photo(kind, payload))
    return _address(next(photos, {}))


def _address(payload: Mapping[str, Any]) -> str:
    """Where an attachment lies; "" when it does not say so."""
    address = str(payload.get("url") or "")
    return address if storable(address) else ""


def _payloads(event: Event) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Type and content of each attachment of an event."""
    message = event.get("message")
    found = message.get("attachments") if isinstance(message, dict) else None
    for item in found if isinstance(found, list) else ():
        payload = item.get("payload") if isinstance(item, dict) else None
        if isinstance(payload, dict):
            yield str(item.get("type")), payload


def _attached(event: Event) -> Attachment:
    """What an event carries besides words, by name; photos and sounds are given out again."""
    kind = KINDS.get(str(event.get("event_name")), "other")
    payload: Mapping[str, Any] = next((content for _, content in _payloads(event)), {})
    if kind == "place":
        return _place(payload.get("coordinates")) or Attachment(kind)
    address = photo_address(event) or (_address(payload) if kind == "sound" else "")
    size = str(payload.get("size", ""))
    size_bytes = int(size) if SIZE.fullmatch(size) else None
    return Attachment("photo" if photo_address(event) else kind, size_bytes, address)


def _place(coordinates: object) -> Attachment | None:
    """A place, when both numbers of it are there and on the earth."""
    try:
        found = [float(coordinates[name]) for name in ("latitude", "longitude")]  # type: ignore[index]
    except (KeyError, TypeError, ValueError, OverflowError):
        return None
    return Attachment.at(*found) if abs(found[0]) <= 90 and abs(found[1]) <= 180 else None


def _is_photo(kind: str, payload: Mapping[str, Any]) -> bool:
    """Whether an attachment says that it is a photo; what it is, its bytes say later."""
    named = f"{payload.get('type', '')} {payload.get('name', '')}".lower()
    return kind == "image" or (kind == "file" and any(name in named for name in ("jpg", "jpeg", "png", "webp")))


def _said(event: Event, prefix: str) -> tuple[Kind | None, str]:
    """What was sent, and its words. A place's name is not a question, so a location has none."""
    name, text = str(event.get("event_name")), _text(event, "message", "text")
    if name == "follow":
        return Kind.TEXT, "/start"
    if name == "user_send_location":
        return Kind.ATTACHMENT, ""
    if name in ATTACHMENTS:
        return Kind.ATTACHMENT, text
    if name != "user_send_text":
        return None, ""
    payload = text.removeprefix(prefix)
    if text.startswith(prefix) and PAYLOAD.fullmatch(payload):
        return Kind.BUTTON, payload
    return Kind.TEXT, text


def _is_name(value: str) -> bool:
    """Whether an id can be kept: Zalo's own are some dozen letters."""
    return 0 < len(value) <= LONGEST_NAME and storable(value)


def _message_id(event: Event, address: str) -> str:
    """Zalo's own id; an event without one is known by its kind, person and moment."""
    return _text(event, "message", "msg_id") or f"{event['event_name']}:{address}:{event['timestamp']}"


def _text(event: Event, part: str, name: str) -> str:
    """A value of an inner object as text; empty where it is missing."""
    inner = event.get(part)
    value = inner.get(name) if isinstance(inner, dict) else None
    return str(value) if isinstance(value, str | int) else ""


def _object(raw: bytes) -> Event:
    """The JSON object of a body, or an empty one."""
    try:
        content = json.loads(raw)
    except (ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


def _moment(timestamp: str) -> datetime:
    """Milliseconds since 1970 as an aware time; a number beyond the calendar is as old as can be."""
    try:
        return datetime.fromtimestamp(int(timestamp) / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return datetime.fromtimestamp(0, UTC)


def _is_fresh(timestamp: str, now: datetime) -> bool:
    return now - LONGEST_ON_THE_WAY <= _moment(timestamp) <= now + CLOCKS_APART


def render(reply: Reply, prefix: str) -> list[tuple[str, tuple[Press, ...]]]:
    """Texts of at most 2,000 characters, cut where a reader would pause; the buttons stand under the last one."""
    shown, numbered = _arranged(reply.buttons)
    blocks = ["\n".join(_lines(block)) for block in reply.blocks]
    texts = _cut("\n\n".join(_with_headings([*blocks, "\n".join(numbered)], reply.blocks)).strip())
    presses = tuple(Press(button.label[:LONGEST_TITLE], prefix + button.payload) for button in shown)
    return [*((text, ()) for text in texts[:-1]), (texts[-1], presses)]


def _lines(block: Block) -> list[str]:
    match block.kind:
        case "bullets":
            return [f"• {line}" for line in block.lines]
        case "warning":
            return [f"⚠️ {line}" for line in block.lines]
    return list(block.lines)


def _with_headings(texts: list[str], blocks: Sequence[Block]) -> list[str]:
    """A heading joined to what it stands over."""
    joined: list[str] = []
    for number, text in enumerate(texts):
        if number and blocks[number - 1].kind == "heading" and text:
            joined[-1] += f"\n{text}"
        else:
            joined.append(text)
    return joined


def _arranged(buttons: tuple[Button, ...]) -> tuple[list[Button], list[str]]:
    """The buttons Zalo shows and, when there are too many, the choices as numbered lines: a typed number chooses too.

    The numbers count the choices as bot/decide.py counts them; what is no choice cannot be typed and keeps its button.
    """
    if len(buttons) <= MOST_BUTTONS:
        return list(buttons), []
    choices = [button for button in buttons if button.payload.startswith(("p:", "c:"))]
    others = [button for button in buttons if button not in choices]
    kept = [*others[: MOST_BUTTONS - 1], others[-1]] if len(others) > MOST_BUTTONS else others
    # the last one leads to an officer
    shown = [*choices[: MOST_BUTTONS - len(kept)], *kept]
    lines = [f"{number}. {button.label}" for number, button in enumerate(choices, 1)]
    return shown, [*lines, *(f"• {button.label}" for button in others if button not in shown)]


def _cut(text: str) -> list[str]:
    """Parts within the limit: between paragraphs, otherwise lines, sentences, words, letters."""
    parts = []
    while _units(text) > LONGEST_TEXT:
        window = text.encode("utf-16-le")[: 2 * LONGEST_TEXT].decode("utf-16-le", "ignore")
        marks = (window.rfind(mark) + len(mark.rstrip()) for mark in ("\n\n", "\n", ". ", " "))
        at = next((at for at in marks if at > len(window) // 2), len(window))
        parts.append(text[:at].rstrip())
        text = text[at:].lstrip()
    return [*parts, text]


def _units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2
