"""What a reader is asked and answers: one line of JSON each way, then it ends. The same words on both sides.

The question is `{"content": base64 of the file, "longest_s": seconds}`, the answer `{"lines": [text, ...]}` or
`{"error": a word of Fault}`. The file itself is never written anywhere.
"""

from __future__ import annotations

import base64
import json
import sys
from collections.abc import Callable, Sequence
from enum import Enum

MOST_LINES = 200
LONGEST_LINE = 2_000
# characters
LONGEST_ANSWER = 2**20
# bytes
Read = Callable[[bytes, int], Sequence[str]]


class Fault(str, Enum):  # noqa: UP042 (as JSON it is its word)
    """Why nothing was read."""

    UNREADABLE = "unreadable"
    # the file is damaged, or of another kind
    TOO_LONG = "too_long"


class Unread(Exception):
    """A reader could not read a file."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.value)
        self.fault = fault


def question(content: bytes, longest_s: int) -> bytes:
    """The line that asks for a file."""
    asked = {"content": base64.b64encode(content).decode("ascii"), "longest_s": longest_s}
    return json.dumps(asked).encode("ascii") + b"\n"


def answer(line: bytes) -> tuple[str, ...]:
    """The lines that were read. Raises Unread when it says so, ValueError when it is no answer."""
    given = json.loads(line)
    if isinstance(given, dict) and "error" in given:
        raise Unread(Fault(given["error"]))
    lines = given.get("lines") if isinstance(given, dict) else None
    if not isinstance(lines, list) or not all(isinstance(one, str) for one in lines):
        raise ValueError("no lines")
    return tuple(one[:LONGEST_LINE] for one in lines[:MOST_LINES])


def serve(read: Read) -> None:
    """Answer the question on the standard input; whatever goes wrong with a file, it was unreadable."""
    asked = json.loads(sys.stdin.buffer.readline())
    try:
        said: dict[str, object] = {"lines": list(read(base64.b64decode(asked["content"]), int(asked["longest_s"])))}
    except Unread as error:
        said = {"error": error.fault.value}
    except Exception:
        said = {"error": Fault.UNREADABLE.value}
    sys.stdout.write(json.dumps(said) + "\n")
