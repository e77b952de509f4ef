"""Officers' canned sentences: plain words, no figures."""

from __future__ import annotations

import re

import pytest

from bot.canned import load, read
from bot.errors import BadData


def test_shipped_sentences_say_no_figure() -> None:
    """No fee, limit or paper is typed: a sentence holds no digit."""
    assert load() and [item.id for item in load() if re.search(r"[0-9]", item.text)] == []


@pytest.mark.parametrize(
    "content",
    [
        [{"id": "a", "title": "A", "text": "{phone}"}],
        [{"id": "a", "title": "A", "text": "{"}],
        [{"id": "a", "title": "A"}],
        [{"id": "a", "title": "A", "text": "x"}] * 2,
    ],
    ids=["variable", "brace", "text", "twice"],
)
def test_broken_sentences_are_refused(content: list[dict[str, str]]) -> None:
    """A variable that there is not, or an id that is there twice, is found when the file is read."""
    with pytest.raises(BadData):
        read(content)
