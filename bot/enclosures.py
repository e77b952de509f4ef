"""The guidance sheet that goes with a reply. The outbox holds its name; the file is made when the reply is sent."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace

from bot.compose import sheet_address
from bot.messages import Block, Reply, SheetName
from bot.sheet_pdf import NotPrinted
from bot.sheets import file_name
from bot.wording import notes

log = logging.getLogger(__name__)

Printed = Callable[[SheetName], bytes]
# raises what it likes: then there is no file


@dataclass(frozen=True)
class File:
    """A file on its way to a citizen."""

    name: str
    content: bytes


class Enclosures:
    """What goes with replies."""

    def __init__(self, printed: Printed, public_url: str = "") -> None:
        self._printed = printed
        self._public_url = public_url
        # where a citizen takes the sheet who gets no file; empty: nowhere

    def of(self, reply: Reply, most_bytes: int) -> tuple[Reply, File | None]:
        """A reply as a channel sends it, and its file. Where none can be made the reply says so: words never wait."""
        if reply.sheet is None:
            return reply, None
        try:
            content = self._printed(reply.sheet)
        except Exception as error:  # typesetter, key, time stamp: the talk goes on without any of them
            log.error("a sheet is not made: %s", type(error).__name__)
            return _saying(reply, notes()["sheet_not_made"]), None
        if len(content) > most_bytes:
            return self.instead(reply), None
        return reply, File(file_name(reply.sheet.code, reply.sheet.is_large), content)

    def instead(self, reply: Reply) -> Reply:
        """The reply for a channel that does not take the file: where the sheet lies, or that it cannot be had here."""
        if not self._public_url or reply.sheet is None:
            return _saying(reply, notes()["sheet_not_made"])
        address = sheet_address(self._public_url, reply.sources[0], reply.sheet.is_large)
        return _saying(reply, notes()["sheet"].format(address=address))


def no_file(sheet: SheetName) -> bytes:
    """Where no sheets are printed. Raises NotPrinted."""
    raise NotPrinted(sheet.code)


def _saying(reply: Reply, words: str) -> Reply:
    """The reply without its sheet, and with other words; its source and its buttons stay."""
    sources = (block for block in reply.blocks if block.kind == "source")
    return replace(reply, blocks=(Block("paragraph", (words,)), *sources), sheet=None)
