"""A reply as Telegram's HTML: cut into messages first and marked up afterwards, so that no tag is ever broken."""

from __future__ import annotations

import html
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.messages import Block, Reply

LONGEST_MESSAGE = 4096
# UTF-16 code units, counted by Telegram after the markup is read
TAGS = {"heading": "b", "source": "i"}
MARKS = {"bullets": "• ", "warning": "⚠️ "}
PAUSES = ("\n\n", "\n", ". ", "; ", " ")
# where a reader would pause, the longest pause first


@dataclass(frozen=True)
class Span:
    """Letters of a text that stand in one tag."""

    start: int
    end: int
    tag: str


def pages(reply: Reply) -> list[str]:
    """The messages of a reply, each within Telegram's limit."""
    text, spans = _written(reply.blocks)
    return [_marked(text, spans, start, end) for start, end in _cut(text)] or [""]


def units(text: str) -> int:
    """The length as Telegram counts it."""
    return len(text.encode("utf-16-le")) // 2


def _written(blocks: Sequence[Block]) -> tuple[str, list[Span]]:
    """The whole text, blank lines between blocks but none under a heading, and what is to be marked in it."""
    text, spans = "", list[Span]()
    above = ""
    for block in blocks:
        text += "" if not above else "\n" if above == "heading" or above == block.kind == "source" else "\n\n"
        above = block.kind
        start = len(text)
        text += "\n".join(MARKS.get(block.kind, "") + line for line in block.lines)
        if block.kind in TAGS:
            spans.append(Span(start, len(text), TAGS[block.kind]))
    return text, spans


def _cut(text: str) -> Iterator[tuple[int, int]]:
    """Where the messages begin and end, between paragraphs, otherwise lines, sentences, words, letters."""
    at = 0
    while at < len(text):
        end = at + _fitting(text[at:])
        if text[at:end].strip():
            first = at + len(text[at:end]) - len(text[at:end].lstrip())
            yield first, at + len(text[at:end].rstrip())
        at = end


def _fitting(text: str) -> int:
    """How many letters of a text make the next message."""
    if units(text) <= LONGEST_MESSAGE:
        return len(text)
    window = text.encode("utf-16-le")[: 2 * LONGEST_MESSAGE].decode("utf-16-le", "ignore")
    ends = (window.rfind(pause) + len(pause) for pause in PAUSES)
    return next((end for end in ends if end > len(window) // 2), len(window))


def _marked(text: str, spans: Sequence[Span], start: int, end: int) -> str:
    """A part of the text, escaped, with every tag closed in the part where it was opened."""
    marked, at = "", start
    for span in spans:
        first, last = max(span.start, start), min(span.end, end)
        if first < last:
            marked += html.escape(text[at:first], quote=False)
            marked += f"<{span.tag}>{html.escape(text[first:last], quote=False)}</{span.tag}>"
            at = last
    return marked + html.escape(text[at:end], quote=False)
