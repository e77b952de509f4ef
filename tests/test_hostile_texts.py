"""Whatever bytes arrive, the first readers of a message refuse them in their own words or make a safe text of them."""

from __future__ import annotations

import json
import unicodedata

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.messages import Kind
from bot.utterance import LONGEST_PAYLOAD, LONGEST_STORED, admit, storable
from nlu import personal_data
from nlu.text import fold_with_origins, normalise
from tests.town import message
from web.chat import BadMessage, TextTooLong, parse_message

SNIPPETS = st.sampled_from(
    [
        "079201234567",
        "0912 345 678",
        "a@b.vn",
        "H29.19-260312-0005",
        "1.004222",
        "50.000đ",
        "không chín",
        "‹",
        "›",
        "\u200b",
    ]
)
TEXTS = st.one_of(st.text(max_size=200), st.lists(st.one_of(SNIPPETS, st.text(max_size=8)), max_size=30).map("".join))
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), TEXTS),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["id", "kind", "text", "x"]), inner),
    max_leaves=8,
)
UUIDS = st.uuids().map(str)
SENT = st.fixed_dictionaries(
    {"id": st.one_of(UUIDS, VALUES), "kind": st.one_of(st.sampled_from([*Kind]), VALUES), "text": VALUES}
)


@given(st.one_of(st.binary(max_size=200), st.one_of(VALUES, SENT).map(lambda value: json.dumps(value).encode())))
@settings(max_examples=300, deadline=None)
def test_a_body_is_a_message_or_refused(body: bytes) -> None:
    """The web chat's reader raises its own two errors and no other; what it takes can be stored."""
    try:
        taken = parse_message(body, "lan")
    except (BadMessage, TextTooLong):
        return
    assert storable(taken.text) and taken.message_id.startswith("lan:")


@given(TEXTS, st.sampled_from([*Kind]))
@settings(max_examples=300, deadline=None)
def test_any_text_becomes_a_safe_one(said: str, kind: Kind) -> None:
    """Admitting keeps bounds and NFC, shows no hidden character in a text, and finds nothing to mask a second time."""
    utterance = admit(message(said, kind=kind))
    assert len(utterance.text) <= (LONGEST_PAYLOAD if kind is Kind.BUTTON else LONGEST_STORED + LONGEST_PAYLOAD)
    if kind is not Kind.BUTTON:
        assert unicodedata.is_normalized("NFC", utterance.text)
        assert not list(personal_data.spans(utterance.text))


@given(TEXTS)
@settings(max_examples=300, deadline=None)
def test_normalising_and_folding_lose_no_place(said: str) -> None:
    """Normalising twice changes nothing; each folded stretch has a place in its source."""
    once = normalise(said)
    assert normalise(once) == once
    folded = fold_with_origins(once)
    assert len(folded.origins) == len(folded.text) + 1
    assert all(
        0 <= start < end <= len(once) for start, end in (folded.span(at, at + 1) for at in range(len(folded.text)))
    )
