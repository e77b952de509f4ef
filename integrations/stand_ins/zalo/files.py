"""Files that the account hands in before it sends them."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

from starlette.datastructures import UploadFile
from starlette.requests import Request

from integrations.stand_ins.zalo.account import Json, Rejected

UPLOAD_PATH = "/v2.0/oa/upload/file"
LARGEST_BYTES = 5 * 2**20
WRONG, TOO_LONG, WRONG_KIND = -201, -210, -233


@dataclass(frozen=True)
class File:
    """A file that was handed in."""

    name: str
    content: bytes


class Files:
    """Every file, by the token that stands for it."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)
        self._held: dict[str, File] = {}

    def take(self, file: File | None) -> Json:
        """A file arrives; the token that Zalo answers. PDF and Word alone are taken."""
        if file is None or not file.content:
            raise Rejected(WRONG, "Invalid parameter: file")
        if len(file.content) > LARGEST_BYTES:
            raise Rejected(TOO_LONG, "File is too large")
        if not file.name.lower().endswith((".pdf", ".doc", ".docx")):
            raise Rejected(WRONG_KIND, "File type is not supported")
        token = f"file-{next(self._numbers)}"
        self._held[token] = file
        return {"error": 0, "message": "Success", "data": {"token": token}}

    def find(self, token: str) -> File | None:
        """The file of a token."""
        return self._held.get(token)


async def handed_in(request: Request) -> File | None:
    """The file in the part `file` of a form."""
    async with request.form(max_files=1) as form:
        part = form.get("file")
        return File(part.filename or "", await part.read()) if isinstance(part, UploadFile) else None
