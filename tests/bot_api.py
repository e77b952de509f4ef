"""Calls of the Bot API as somebody else reads them: aiogram's models, field by field."""

from __future__ import annotations

import json
from typing import Any


def read_by_aiogram(call: dict[str, Any]) -> None:
    """Checks one call and its answer against an independent reading of the Bot API."""
    # read here, not above: they take six seconds, also where no call is checked
    import aiogram.methods  # noqa: PLC0415
    import aiogram.types  # noqa: PLC0415
    from pydantic import TypeAdapter  # noqa: PLC0415

    model = getattr(aiogram.methods, call["method"][0].upper() + call["method"][1:])
    assert set(call["parameters"]) | set(call["files"]) <= set(model.model_fields)
    if call["status"] != 200:
        return
    parameters = {name: _decoded(value) for name, value in call["parameters"].items()}
    model.model_validate(parameters | dict.fromkeys(call["files"], "a file"))
    if "inline_keyboard" in (parameters.get("reply_markup") or {}):
        aiogram.types.InlineKeyboardMarkup.model_validate(parameters["reply_markup"])
    if "keyboard" in (parameters.get("reply_markup") or {}):
        aiogram.types.ReplyKeyboardMarkup.model_validate(parameters["reply_markup"])
    TypeAdapter(model.__returning__).validate_python(call["answer"]["result"])


def _decoded(value: object) -> Any:
    """A form's JSON text as its value."""
    return json.loads(value) if isinstance(value, str) and value[:1] in ("{", "[") else value
