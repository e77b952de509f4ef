"""Masking is measured on labelled messages and keeps its floors."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from bot.register import DOCUMENT
from evals import masking, thresholds

BOUNDS = [bound for bound in thresholds.load() if bound.figure.startswith("masking.")]


@pytest.fixture(scope="module")
def figures() -> Mapping[str, float]:
    """Every figure of masking."""
    return masking.measure(masking.load()).figures()


@pytest.mark.parametrize("bound", BOUNDS, ids=lambda bound: bound.figure)
def test_masking_holds(figures: Mapping[str, float], bound: thresholds.Threshold) -> None:
    """No figure of masking lies below its floor."""
    failure = bound.failure(figures)
    assert not failure, failure


def test_the_set_is_large_enough() -> None:
    """At least 300 messages with personal data and 120 that only look alike, none twice."""
    messages = masking.load()
    harmless = [message for message in messages if not message.marked]
    assert len(messages) - len(harmless) >= 300 and len(harmless) >= 120
    assert len({message.text for message in messages}) == len(messages)


def test_what_is_missed_and_what_is_masked_too_much_count() -> None:
    """Half a number caught is half a recall; a fee masked is a harmless message hurt."""
    number = masking.Marked("identity", 5, 29)
    messages = [
        masking.Labelled("identity", "cccd 079201234567 bachaibonsaubay", (number,)),
        masking.Labelled("harmless", "tai khoan 12345678", ()),
    ]
    measured = masking.measure(messages)
    assert round(measured.recall(), 1) == round(100 * 12 / 23, 1)
    assert (measured.harmless, measured.hurt, measured.precision) == (1, 1, 60.0)


def test_the_document_shows_the_figures_of_today() -> None:
    """docs/privacy.md holds the tables that the measurement prints."""
    table = "\n".join(masking.table(masking.measure(masking.load())))
    assert table in DOCUMENT.read_text(encoding="utf-8")
