"""New inputs from old ones: JSON is changed at one of its places, text at one of its letters, anything at its bytes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from random import Random
from typing import Any

Place = tuple[str | int, ...]
Bytes = Callable[[bytes], bytes]
DEEPEST = 1_500
# lists within lists
MOST_NESTED = 200
# lists and objects of an input that is changed as JSON
MOST_TIMES = 300
# a piece of text is repeated


class Mutator:
    """Changes inputs; the same random numbers make the same changes."""

    def __init__(self, hostile: Sequence[Any], longest: int) -> None:
        self._hostile = hostile
        self._pieces = [piece for piece in hostile if isinstance(piece, str)]
        self._longest = longest

    def changed(self, data: bytes, random: Random, bytewise: Bytes | None = None) -> bytes:
        """An input near this one; `bytewise` changes bytes as the engine does."""
        change = random.random()
        if change < 0.01:
            made = b"[" * (layers := random.randrange(DEEPEST)) + data + b"]" * layers
        elif change < 0.2:
            made = (bytewise or (lambda old: self._bytewise(old, random)))(data)
        elif (value := _json(data)) is not None and change < 0.9:
            for _ in range(random.choice((1, 1, 1, 2, 5))):
                value = self._tree(value, random)
            made = written(value, random.random() < 0.5)
        else:
            made = self._text(data.decode("utf-8", "surrogateescape"), random).encode("utf-8", "surrogatepass")
        return made[: self._longest]

    def _tree(self, value: Any, random: Random) -> Any:
        """The value with one place changed."""
        place = random.choice(list(_places(value)))
        old = _at(value, place)
        match random.randrange(6):
            case 0 | 1:
                new = random.choice(self._hostile)
            case 2:
                new = self._text(old, random) if isinstance(old, str) else _at(value, random.choice([*_places(value)]))
            case 3:
                new = [old, old] if random.random() < 0.5 else {"": old}
            case 4:
                new = _GONE
            case _:
                new = str(old)
        return _put(value, place, new)

    def _text(self, text: str, random: Random) -> str:
        """The text with a piece put in, taken out, repeated, or turned in case."""
        start = random.randint(0, len(text))
        end = random.randint(start, min(len(text), start + 20))
        piece = random.choice(self._pieces) if random.random() < 0.7 else chr(random.randrange(0x110000))
        match random.randrange(5):
            case 0 | 1:
                return text[:start] + piece + text[start:]
            case 2:
                return text[:start] + piece + text[end:]
            case 3:
                return text[:start] + text[start:end] * random.choice((0, 2, MOST_TIMES)) + text[end:]
        return text[:start] + text[start:end].swapcase() + text[end:]

    def _bytewise(self, data: bytes, random: Random) -> bytes:
        """The bytes with some of them others, more or fewer."""
        made = bytearray(data or b"\0")
        for _ in range(random.choice((1, 1, 2, 8))):
            at = random.randrange(len(made)) if made else 0
            made[at : at + random.randrange(3)] = random.randbytes(random.randrange(4))
        return bytes(made)


_GONE = object()


def written(value: Any, is_ascii: bool = True) -> bytes:
    """A value as JSON; what is no text in Unicode becomes bytes that are none in UTF-8."""
    return json.dumps(value, ensure_ascii=is_ascii).encode("utf-8", "surrogatepass")


def _json(data: bytes) -> Any:
    """The value of JSON; None for what is none, or is too deep for us to change inside."""
    if data.count(b"[") + data.count(b"{") > MOST_NESTED:
        return None
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return None


def _places(value: Any, here: Place = ()) -> Iterator[Place]:
    """The way to every value inside a value, itself included."""
    yield here
    if len(here) < 12:
        inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
        for name, part in inner:
            yield from _places(part, (*here, name))


def _at(value: Any, place: Place) -> Any:
    for name in place:
        value = value[name]
    return value


def _put(value: Any, place: Place, new: Any) -> Any:
    """The value with another one at a place; nothing there when it is `_GONE`."""
    if not place:
        return None if new is _GONE else new
    name, rest = place[0], place[1:]
    items = dict(value) if isinstance(value, dict) else dict(enumerate(value))
    items[name] = _put(items[name], rest, new) if rest else new
    if items[name] is _GONE:
        del items[name]
    return items if isinstance(value, dict) else list(items.values())
