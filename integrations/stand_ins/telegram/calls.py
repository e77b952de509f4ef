"""What a call of a bot carries: parameters by query, form, multipart or JSON."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from starlette.datastructures import UploadFile
from starlette.requests import Request

from integrations.stand_ins.telegram.markup import Json, Written, check_markup, read_html, utf16_length
from integrations.stand_ins.telegram.refusals import bad_request


@dataclass(frozen=True)
class File:
    """A file that Telegram keeps."""

    name: str
    mime: str
    content: bytes


@dataclass(frozen=True)
class Call:
    """One call of a bot: parameters as they came by query, form, multipart or JSON."""

    values: Json
    # text from a form, JSON values from a JSON body
    files: dict[str, File] = field(default_factory=dict)

    @classmethod
    async def of(cls, request: Request) -> Call:
        """The call in a request."""
        values: Json = dict(request.query_params)
        if request.headers.get("Content-Type", "").startswith("application/json"):
            return cls(values | json_object(await request.body()))
        async with request.form() as form:
            # a body of any other kind reads as an empty form
            files = {name: await _file(part) for name, part in form.items() if isinstance(part, UploadFile)}
            texts = {name: part for name, part in form.items() if isinstance(part, str)}
        return cls(values | texts, files)

    def text(self, name: str, default: str = "") -> str:
        """A parameter as text."""
        value = self.values.get(name, default)
        return value if isinstance(value, str) else json.dumps(value)

    def integer(self, name: str, default: int = 0) -> int:
        """A parameter as a whole number."""
        try:
            return int(self.values.get(name) or default)
        except (TypeError, ValueError):
            raise bad_request(f'parameter "{name}" must be an Integer') from None

    def flag(self, name: str) -> bool:
        """A parameter as yes or no."""
        return str(self.values.get(name, "")).lower() in ("true", "1", "yes")

    def value(self, name: str) -> Any:
        """A parameter that is JSON, written out or as text; None when left out."""
        value = self.values.get(name)
        if not isinstance(value, str) or not value:
            return None if value == "" else value
        try:
            return json.loads(value)
        except ValueError:
            raise bad_request(f"can't parse {name.replace('_', ' ')} JSON object") from None

    def written(self, name: str, limit: int) -> Written:
        """A text parameter as Telegram keeps it."""
        mode = self.text("parse_mode").lower()
        if mode not in ("", "html"):
            raise bad_request("unsupported parse_mode: the stand-in reads HTML only")
        source = self.text(name)
        written = read_html(source) if mode else Written(source, self.value("entities") or [])
        if utf16_length(written.text) > limit:
            raise bad_request("message is too long" if name == "text" else "message caption is too long")
        return written

    def markup(self) -> Json | None:
        """The keyboard, if any, checked."""
        markup = self.value("reply_markup")
        if markup is None or markup == {}:
            return None
        if not isinstance(markup, dict):
            raise bad_request("object expected as reply markup")
        check_markup(markup)
        return markup


def json_object(body: bytes) -> Json:
    """The JSON object in a body."""
    try:
        value = json.loads(body or b"{}")
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise bad_request("can't parse JSON object")
    return value


async def _file(part: UploadFile) -> File:
    """An uploaded file."""
    return File(part.filename or "file", part.content_type or "application/octet-stream", await part.read())
