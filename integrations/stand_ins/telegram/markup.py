"""What a bot may write: Telegram's HTML and its keyboards."""

from __future__ import annotations

import html
import itertools
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from integrations.stand_ins.telegram.refusals import Rejected, bad_request

Json = dict[str, Any]

CALLBACK_DATA_BYTES = 64
ENTITY_OF_TAG = {
    "b": "bold", "strong": "bold", "i": "italic", "em": "italic", "u": "underline", "ins": "underline",
    "s": "strikethrough", "strike": "strikethrough", "del": "strikethrough", "span": "spoiler", "tg-spoiler": "spoiler",
    "a": "text_link", "code": "code", "pre": "pre", "blockquote": "blockquote", "tg-emoji": "custom_emoji",
}  # fmt: skip
INLINE_ACTIONS = {
    "url", "callback_data", "web_app", "login_url", "switch_inline_query", "switch_inline_query_current_chat",
    "switch_inline_query_chosen_chat", "copy_text", "callback_game", "pay",
}  # fmt: skip


def utf16_length(text: str) -> int:
    """The length as Telegram counts it."""
    return len(text.encode("utf-16-le")) // 2


@dataclass(frozen=True)
class Written:
    """Text as Telegram keeps it."""

    text: str
    # without tags
    entities: list[Json]
    # offset and length in UTF-16 units


TAG = re.compile(r"<(?P<end>/?)(?P<name>[^\s<>/]*+)(?P<attributes>[^<>]*)>|<")


def read_html(source: str) -> Written:
    """Text and entities of Telegram's HTML; anything it does not know is refused."""
    plain, at = "", 0
    entities: list[Json] = []
    opened: list[tuple[str, Json]] = []
    for tag in TAG.finditer(source):
        plain += _unescaped(source[at : tag.start()])
        at = tag.end()
        where = len(source[: tag.start()].encode())
        if tag["end"]:
            entities += _closed(opened, (tag["name"] or "").lower(), plain, where)
        else:
            opened.append(_opened(tag, plain, where))
    if opened:
        raise _unparsable(f'Can\'t find end tag corresponding to start tag "{opened[-1][0]}"')
    return Written(plain + _unescaped(source[at:]), sorted(entities, key=lambda entity: entity["offset"]))


def _unparsable(why: str) -> Rejected:
    """The refusal of markup."""
    return bad_request(f"can't parse entities: {why}")


def _unescaped(text: str) -> str:
    """Text with the four named entities and the numeric ones read; others stay as they are."""
    return re.sub(r"&(?:lt|gt|amp|quot|#\d+|#x[0-9a-fA-F]+);", lambda match: html.unescape(match[0]), text)


def _opened(tag: re.Match[str], plain: str, where: int) -> tuple[str, Json]:
    """A start tag as its name and the entity that begins here."""
    name = (tag["name"] or "").lower()
    attributes = dict(re.findall(r"(?<![\w-])([\w-]++)\s*=\s*[\"']([^\"']*)[\"']", tag["attributes"] or ""))
    if name not in ENTITY_OF_TAG or (name == "span" and attributes.get("class") != "tg-spoiler"):
        raise _unparsable(f'Unsupported start tag "{name}" at byte offset {where}')
    entity: Json = {"type": ENTITY_OF_TAG[name], "offset": utf16_length(plain)}
    if name == "a":
        entity["url"] = _unescaped(attributes.get("href", ""))
    if name == "tg-emoji":
        entity["custom_emoji_id"] = attributes.get("emoji-id", "")
    if name == "blockquote" and "expandable" in (tag["attributes"] or ""):
        entity["type"] = "expandable_blockquote"
    return name, entity


def _closed(opened: list[tuple[str, Json]], name: str, plain: str, where: int) -> list[Json]:
    """The entity that ends here; empty ones vanish."""
    if not opened:
        raise _unparsable(f"Unexpected end tag at byte offset {where}")
    expected, entity = opened.pop()
    if name and name != expected:
        raise _unparsable(f'Unmatched end tag at byte offset {where}, expected "</{expected}>", found "</{name}>"')
    length = utf16_length(plain) - entity["offset"]
    is_dead_link = entity["type"] == "text_link" and not entity["url"]
    return [entity | {"length": length}] if length and not is_dead_link else []


def check_markup(markup: Json) -> None:
    """Refuses a keyboard that Telegram would refuse."""
    if "inline_keyboard" in markup:
        for button in _buttons(markup["inline_keyboard"], "inline keyboard"):
            _check_inline(button)
    elif "keyboard" in markup:
        for button in _buttons(markup["keyboard"], "keyboard"):
            if not (button if isinstance(button, str) else isinstance(button, dict) and button.get("text")):
                raise bad_request('can\'t parse keyboard button: Field "text" must be of type String')
    elif not (markup.get("remove_keyboard") or markup.get("force_reply")):
        raise bad_request("object expected as reply markup")


def _buttons(rows: object, what: str) -> Iterable[Any]:
    """All buttons of a keyboard, row by row."""
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise bad_request(f"can't parse {what}: expected an Array of Array of buttons")
    return itertools.chain.from_iterable(rows)


def _check_inline(button: object) -> None:
    """Refuses an inline button without text, with no action or several, or with data that does not fit."""
    if not isinstance(button, dict) or not isinstance(button.get("text"), str):
        raise bad_request('can\'t parse inline keyboard button: Field "text" must be of type String')
    if not button["text"].strip():
        raise bad_request("BUTTON_TEXT_INVALID")
    if len(INLINE_ACTIONS & set(button)) != 1:
        raise bad_request("can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard")
    if "callback_data" in button and not 1 <= len(str(button["callback_data"]).encode()) <= CALLBACK_DATA_BYTES:
        raise bad_request("BUTTON_DATA_INVALID")
    if "url" in button and urlsplit(button["url"]).scheme not in ("http", "https", "tg"):
        raise bad_request(f"inline keyboard button URL '{button['url']}' is invalid: Unsupported URL protocol")
