"""A portal of the City's shape over real HTTP, for many dossiers of which some change at moments drawn by chance.

`python -m evals.changing_portal --port 8099 --dossiers 1000 --start EPOCH_S ...` serves a token and the search that
integrations/portal.py asks for, with no more work than the shape needs: the poller is what is measured. GET /__figures
says how often it was asked.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import re
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, fields

TOKEN_PATH, SEARCH_PATH, FIGURES_PATH = "/token", "/pa/dossier-search/dvc", "/__figures"
LABELS = ("Đang xử lý", "Yêu cầu bổ sung giấy tờ", "Đã xử lý xong")
# before the first change, after it, after the second
_CODE = re.compile(rb"code=H29\.(\d{2})-261101-(\d{7})")
_LENGTH = re.compile(rb"(?i)content-length: (\d+)")


@dataclass(frozen=True)
class Changes:
    """Which dossiers change, and when."""

    dossiers: int
    start: float
    # seconds since 1970
    window_s: float
    # in which first changes happen
    gap_s: float
    # to the second change of a dossier, at least
    share: float = 0.05
    # of the dossiers change
    again: float = 0.0
    # share of these that change a second time
    seed: int = 1

    def of(self, number: int) -> tuple[float, ...]:
        """The moments at which a dossier changes, seconds since 1970."""
        chance = random.Random(self.seed * 10_000_019 + number)
        if chance.random() >= self.share:
            return ()
        first = self.start + chance.random() * self.window_s
        return (first, first + self.gap_s) if chance.random() < self.again else (first,)


def code(number: int) -> str:
    """The code of a dossier."""
    return f"H29.{number % 90 + 10}-261101-{number:07}"


class Book:
    """What the portal knows and counts."""

    def __init__(self, changes: Changes) -> None:
        self._moments = [changes.of(number) for number in range(changes.dossiers)]
        self._last = [0.0] * changes.dossiers
        self.closest_s = float("inf")
        # between two questions about the same dossier
        self.by_second: Counter[int] = Counter()

    def page(self, number: int, now: float) -> bytes:
        """The search result for a dossier."""
        if self._last[number]:
            self.closest_s = min(self.closest_s, now - self._last[number])
        self._last[number] = now
        self.by_second[int(now)] += 1
        label = LABELS[sum(moment <= now for moment in self._moments[number])]
        row = {
            "code": code(number), "statusCurrentTask": label, "appliedDate": "2026-11-01T08:00:00.000+0700",
            "appointmentDate": "2027-11-01T17:00:00.000+0700", "agency": {"name": "Bộ phận Một cửa"},
            "procedure": {"code": "1.001193", "translate": {"name": "Thủ tục đăng ký khai sinh"}},
            "applicant": {"data": {"fullname": "Nguyễn Văn Ví Dụ", "identityNumber": "000190000100"}},
        }  # fmt: skip
        return json.dumps({"content": [row]}).encode()

    def figures(self) -> bytes:
        """How often it was asked."""
        asked = {"requests": self.by_second.total(), "most_per_s": max(self.by_second.values(), default=0)}
        return json.dumps(asked | {"closest_s": min(self.closest_s, 1e9)}).encode()


class Connection(asyncio.Protocol):
    """One kept-alive connection: requests one after the other."""

    def __init__(self, book: Book) -> None:
        self._book = book
        self._heard = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Somebody connects."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """A part of a request; answered when it is whole."""
        self._heard += data
        head, mark, body = self._heard.partition(b"\r\n\r\n")
        length = _LENGTH.search(head)
        if mark and len(body) >= (int(length[1]) if length else 0):
            self._heard = b""
            assert self._transport
            self._transport.write(self._answer(head.partition(b"\r\n")[0]))

    def _answer(self, line: bytes) -> bytes:
        asked = _CODE.search(line)
        if asked:
            body = self._book.page(int(asked[2]), time.time())
        elif FIGURES_PATH.encode() in line:
            body = self._book.figures()
        else:
            body = b'{"access_token": "t", "expires_in": 3600}'
        return b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)


async def serve(port: int, changes: Changes) -> None:
    """Answer for ever."""
    book = Book(changes)
    server = await asyncio.get_running_loop().create_server(lambda: Connection(book), "127.0.0.1", port)
    await server.serve_forever()


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve on the loopback until killed."""
    parser = argparse.ArgumentParser(prog="python -m evals.changing_portal", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    for item in fields(Changes):
        parser.add_argument(f"--{item.name}", type=int if item.type == "int" else float, required=True)
    options = vars(parser.parse_args(arguments))
    asyncio.run(serve(options.pop("port"), Changes(**options)))


if __name__ == "__main__":
    main()
