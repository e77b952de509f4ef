"""Oracles for what reads a citizen's words: nothing raises, and what was made safe once is safe."""

from __future__ import annotations

import unicodedata
from datetime import date
from itertools import pairwise

import yaml

from bot.messages import InboundMessage, Kind
from bot.present import now
from bot.utterance import LONGEST_PAYLOAD, LONGEST_STORED, admit, storable
from evals.fuzz.target import SEEDS, Broken, Check
from nlu import dossier_codes, entities, number_words, personal_data, telex
from nlu.accents import Accents
from nlu.text import comparable, expand, fold, fold_with_origins, normalise, phonetic, strip_fillers, words

TODAY = date(2026, 11, 22)
LONGEST_NUMBER = 10**30
# what words of a few hundred letters can say, with room to spare


def decoded(data: bytes) -> str:
    """Any bytes as a text; wrong ones become lone surrogates, as a vendor's JSON may bring them."""
    return data.decode("utf-8", "surrogateescape")


def hold(fact: bool, what: str) -> None:
    """Raises Broken for what does not hold."""
    if not fact:
        raise Broken(what)


def codes() -> Check:
    """A code that was found is in its normal form and is found in its normal form."""

    def check(data: bytes) -> None:
        masked = personal_data.mask(normalise(decoded(data))).text
        found = list(dossier_codes.find(masked, TODAY))
        for item in found:
            hold(0 <= item.start < item.end <= len(masked), "a place outside the text")
            if item.kind == dossier_codes.CODE:
                hold(dossier_codes.NORMAL.fullmatch(item.value) is not None, "a code that is not normal")
                again = [(other.kind, other.value) for other in dossier_codes.find(item.value, TODAY)]
                hold(again == [(item.kind, item.value)], "a code that is not read again")
        places = sorted((item.start, item.end) for item in found if item.kind == dossier_codes.CODE)
        hold(all(one[1] <= other[0] for one, other in pairwise(places)), "two codes in one place")

    return check


def safe() -> Check:
    """Normalising and masking twice changes nothing, folding keeps places, what is admitted can be stored."""
    kinds = tuple(Kind)

    def check(data: bytes) -> None:
        said = decoded(data)
        once = normalise(said)
        hold(normalise(once) == once, "normalising twice is another thing")
        hold(unicodedata.is_normalized("NFC", once), "not in NFC")
        folded = fold_with_origins(once)
        hold(len(folded.origins) == len(folded.text) + 1, "a folded letter without a place")
        masked = personal_data.mask(once).text
        hold(not list(personal_data.spans(masked)), "a number is left behind the mask")
        kind = kinds[len(data) % len(kinds)]
        keepable(admit(InboundMessage("fuzz", "1", "1", now(), kind, said)).text)

    return check


def keepable(text: str) -> None:
    """Raises Broken for a text that one of our databases refuses, or that is longer than we keep."""
    hold(storable(text), "no database keeps this")
    hold(len(text) <= LONGEST_STORED + LONGEST_PAYLOAD, "longer than we keep")


def words_of() -> Check:
    """Every view of a text can be had, is no longer than its source allows, and numbers are bounded."""
    phrases = yaml.load((SEEDS / "words-telex-accents.yaml").read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    accents = Accents(phrases)

    def check(data: bytes) -> None:
        said = normalise(decoded(data))
        for word in words(said):
            hold(len(telex.undone(word)) <= len(word), "a word grew")
        hold(fold(fold(said)) == fold(said), "folding twice is another thing")
        hold(len(comparable(said)) <= 200 * (len(said) + 10), "a text without bounds")
        hold(abs(number_words.number(words(said)) or 0) < LONGEST_NUMBER, "a number without bounds")
        strip_fillers(phonetic(fold(expand(said))))
        accents.restore(said)
        for item in entities.find(said, TODAY):
            hold(0 <= item.start <= item.end <= len(said), "a place outside the text")

    return check
