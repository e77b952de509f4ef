"""What an update of Telegram says, taken out of the library's objects and checked. Pure.

The library checks no types: a text may be a list, a number a text, wherever somebody other than Telegram, or a later
Telegram, wrote the update. Everything is looked at here, before any of it is kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import telegram

from bot.errors import BotError
from bot.messages import Attachment
from bot.utterance import storable

Numbered = list[Mapping[str, Any]]


class BadUpdates(BotError):
    """What came in answer to a poll is no list of numbered updates."""


@dataclass(frozen=True)
class Sent:
    """A message."""

    words: str
    # its text, the number of a shared contact, or a caption
    attachment: Attachment | None
    is_typed: bool
    # whether the words are a text rather than a caption

    @property
    def photo(self) -> Attachment | None:
        """What may show a dossier's code, where nothing was typed."""
        is_photo = self.attachment is not None and self.attachment.kind == "photo" and not self.is_typed
        return self.attachment if is_photo else None


@dataclass(frozen=True)
class Press:
    """A pressed button."""

    message_id: int
    # of the message that the keyboard stands under
    data: str
    query: telegram.CallbackQuery


@dataclass(frozen=True)
class Arrival:
    """An update of a private chat."""

    update_id: int
    chat_id: int
    sent: Sent | Press


def arrival(update: telegram.Update) -> Arrival | None:
    """What arrived; None for what we do not serve. Raises anything for an update of another shape."""
    chat, query, message = update.effective_chat, update.callback_query, update.message
    if chat is None or chat.type != chat.PRIVATE:
        return None
    if query is not None:
        if query.message is None:
            return None
        press = Press(_whole(query.message.message_id), _text(query.data or ""), query)
        return Arrival(_whole(update.update_id), _whole(chat.id), press)
    return Arrival(_whole(update.update_id), _whole(chat.id), _sent(message)) if message is not None else None


def unread(content: Mapping[str, Any]) -> Arrival | None:
    """An update that could not be read, as something sent without words; None unless a private chat waits for it."""
    chat, update_id = chat_of(content), content.get("update_id")
    is_private = _at(content, "message", "chat", "type") == telegram.Chat.PRIVATE
    if chat is None or not is_private or not _is_whole(update_id):
        return None
    return Arrival(int(update_id), chat, Sent("", Attachment("other"), is_typed=False))  # type: ignore[arg-type]


def numbered(given: object) -> Numbered:
    """The updates of a poll's answer. Raises BadUpdates: what has no number can never be acknowledged."""
    if not isinstance(given, list):
        raise BadUpdates("no list of updates")
    updates: Numbered = [item for item in given if isinstance(item, dict) and _is_whole(item.get("update_id"))]
    if given and not updates:
        raise BadUpdates("updates without numbers")
    return updates


def chat_of(content: Mapping[str, Any]) -> int | None:
    """The chat that an update names; updates of one chat are kept in order."""
    for path in (("message",), ("callback_query", "message")):
        found = _at(content, *path, "chat", "id")
        if _is_whole(found):
            return int(found)  # type: ignore[call-overload, no-any-return]
    return None


def _sent(message: telegram.Message) -> Sent:
    """The words of a message, and what it carries besides."""
    typed = message.text if message.text is not None else message.contact and message.contact.phone_number
    attachment = _attached(message)
    return Sent(_text(message.caption or "" if typed is None else typed), attachment, typed is not None)


def _attached(message: telegram.Message) -> Attachment | None:
    """What a message carries besides words, by name."""
    if message.location is not None:
        return _place(message.location)
    photo = _photo(message)
    if photo is not None:
        return _file("photo", photo)
    if message.document is not None:
        return _file("file", message.document)
    for kind, sent in (("sound", message.voice or message.audio), ("video", message.video or message.video_note)):
        if sent is not None:
            return _file(kind, sent)
    return Attachment("other") if message.text is None and message.contact is None else None


def _photo(message: telegram.Message) -> telegram.PhotoSize | telegram.Document | None:
    """The photo of a message in its largest size, also when it was sent as a file."""
    document = message.document
    if document is not None and _text(document.mime_type or "").startswith("image/"):
        return document
    return message.photo[-1] if message.photo else None


def _file(kind: str, sent: Any) -> Attachment:
    """A file by the name under which Telegram gives it out."""
    size_bytes = sent.file_size if sent.file_size is None else _whole(sent.file_size)
    if not storable(_text(sent.file_id)):
        raise ValueError("a name that no database keeps")
    return Attachment(kind, size_bytes, sent.file_id)


def _place(location: telegram.Location) -> Attachment:
    """A place on the earth."""
    latitude, longitude = float(location.latitude), float(location.longitude)
    if not (abs(latitude) <= 90 and abs(longitude) <= 180):
        raise ValueError("no place on the earth")
    return Attachment.at(latitude, longitude)


def _text(value: object) -> str:
    """A text. Raises TypeError."""
    if not isinstance(value, str):
        raise TypeError(f"a text is no {type(value).__name__}")
    return value


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _whole(value: object) -> int:
    """A whole number. Raises TypeError."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"a number is no {type(value).__name__}")
    return value


def _at(value: object, *names: str) -> object:
    """What lies under these names, one within the other; None where there is nothing."""
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value
