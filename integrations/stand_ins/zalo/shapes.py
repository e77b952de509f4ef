"""What a message may look like."""

from __future__ import annotations

from typing import Any

from integrations.stand_ins.zalo.account import Json, Rejected

LONGEST_TEXT, LONGEST_TITLE, LONGEST_SUBTITLE, LONGEST_PAYLOAD = 2000, 100, 500, 1000
MOST_BUTTONS = MOST_ELEMENTS = 5
WRONG, TOO_LONG, WRONG_KIND = -201, -210, -233
QUERIES = ("oa.query.show", "oa.query.hide")
OBJECTS = {"oa.open.url": "url", "oa.open.sms": "phone_code", "oa.open.phone": "phone_code"}
# kinds of button whose payload is an object, with what it must have


def check_message(message: object) -> list[Json]:
    """Refuses what Zalo would refuse; the buttons of the message."""
    if not isinstance(message, dict) or not set(message) <= {"text", "attachment", "quote_message_id"}:
        raise Rejected(WRONG, "Invalid parameter: message")
    attachment = message.get("attachment")
    if attachment is None or "text" in message:
        _check_text(message.get("text"))
    if isinstance(attachment, dict) and attachment.get("type") == "file":
        return []
    return _template(attachment) if attachment is not None else []


def _check_text(text: object) -> None:
    if not isinstance(text, str) or not text.strip():
        raise Rejected(WRONG, "Invalid parameter: text is empty")
    if len(text.encode("utf-16-le")) // 2 > LONGEST_TEXT:
        raise Rejected(TOO_LONG, "Message is too long")


def _template(attachment: object) -> list[Json]:
    payload = attachment.get("payload") if isinstance(attachment, dict) else None
    if not isinstance(payload, dict) or not isinstance(attachment, dict) or attachment.get("type") != "template":
        raise Rejected(WRONG, "Invalid parameter: attachment")
    match payload.get("template_type", "button"):
        case "button":
            return _buttons(payload.get("buttons"), at_least=1)
        case "list":
            _check_elements(payload.get("elements"))
            return _buttons(payload.get("buttons", []), at_least=0)
    raise Rejected(WRONG_KIND, "Message type is not supported: the stand-in knows texts, buttons and lists")


def _check_elements(elements: object) -> None:
    if not isinstance(elements, list) or not 1 <= len(elements) <= MOST_ELEMENTS:
        raise Rejected(WRONG, "Invalid parameter: 1 to 5 elements")
    for number, element in enumerate(elements):
        _check_words(element, "title", LONGEST_TITLE)
        if number == 0 or "subtitle" in element:
            _check_words(element, "subtitle", LONGEST_SUBTITLE)


def _buttons(buttons: object, at_least: int) -> list[Json]:
    if not isinstance(buttons, list) or not at_least <= len(buttons) <= MOST_BUTTONS:
        raise Rejected(WRONG, "Invalid parameter: at most 5 buttons")
    for button in buttons:
        _check_words(button, "title", LONGEST_TITLE)
        _check_press(button)
    return buttons


def _check_press(button: Json) -> None:
    kind, payload = button.get("type"), button.get("payload")
    if kind in QUERIES:
        return _check_words(button, "payload", LONGEST_PAYLOAD)
    if kind not in OBJECTS or not isinstance(payload, dict) or not payload.get(OBJECTS[str(kind)]):
        raise Rejected(WRONG, "Invalid parameter: button")
    return None


def _check_words(part: Any, name: str, longest: int) -> None:
    value = part.get(name) if isinstance(part, dict) else None
    if not isinstance(value, str) or not 1 <= len(value) <= longest:
        raise Rejected(WRONG, f"Invalid parameter: {name}")
