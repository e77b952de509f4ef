"""Text is made comparable without changing what it says."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlu import lexicon, text
from nlu.telex import undone
from nlu.text import expand, fold


@pytest.mark.parametrize(
    ("given_text", "normal"),
    [
        ("  khai   sinh \n ở\tđâu ", "khai sinh ở đâu"),
        ("khai\u200b sinh\u202e\u2066", "khai sinh"),
        ("phí\U000e0041\U000e007f", "phí"),
        ("Hoa\u0300", "Hoà"),
        ("a\x00b\x07", "ab"),
        ("👍\ufe0f ok", "👍 ok"),
    ],
)
def test_hidden_characters_and_loose_spaces_are_gone(given_text: str, normal: str) -> None:
    assert text.normalise(given_text) == normal


@given(st.text())
def test_normalising_twice_changes_nothing(given_text: str) -> None:
    once = text.normalise(given_text)
    assert text.normalise(once) == once and unicodedata.is_normalized("NFC", once)


@given(st.text())
def test_a_folded_text_points_back_into_its_source(given_text: str) -> None:
    folded = text.fold_with_origins(given_text)
    assert folded.text == text.fold(given_text) and len(folded.origins) == len(folded.text) + 1
    assert list(folded.origins) == sorted(folded.origins) and folded.origins[-1] == len(given_text)


@pytest.mark.parametrize(
    ("given_text", "folded"),
    [("Đường Nguyễn Huệ", "duong nguyen hue"), ("Đa\u0323t", "dat"), ("ＣＣＣＤ １２", "cccd 12"), ("ð Ð", "d d")],
)
def test_folding_drops_marks_case_and_width(given_text: str, folded: str) -> None:
    assert text.fold(given_text) == folded


@pytest.mark.parametrize(
    ("short", "full"),
    [
        ("làm gks ntn vậy", "làm giấy khai sinh như thế nào vậy"),
        ("sổ hồng mất bn tiền", "sổ hồng mất bao nhiêu tiền"),
        ("500 k", "500 k"),
        ("có k", "có không"),
        ("Mất CCCD, hông biết làm sao", "Mất căn cước công dân, không biết làm sao"),
    ],
)
def test_abbreviations_are_written_out(short: str, full: str) -> None:
    assert text.expand(short) == full


def test_a_misspelt_word_is_read_as_the_known_word_one_slip_away() -> None:
    assert text.comparable("khai sihn mất bnao nhieeu tiền").startswith("khai sinh mat bao nhieu tien")
    assert text.comparable("ở Ngãi Giao, Bình Quới").startswith("o ngai giao binh quoi")


def test_fillers_go_but_never_the_whole_text() -> None:
    assert text.strip_fillers("cho toi hoi lam the can cuoc o dau a") == "lam the can cuoc"
    assert text.strip_fillers("bao nhieu tien") == "bao nhieu tien"


def test_colloquial_words_bring_their_official_ones() -> None:
    assert "đăng ký kết hôn" in lexicon.default().official_words("em sap cuoi thi lam gi")


def test_the_lexicon_is_sound() -> None:
    assert lexicon.default().problems() == []


def test_a_lexicon_that_turns_in_circles_is_reported() -> None:
    turning = lexicon.Lexicon({"a1": "b1", "b1": "a1"}, (), lexicon.default().filler)
    assert len(turning.problems()) == 2


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("giaays", "giấy"),
        ("dduwowngf", "đường"),
        ("lamf", "làm"),
        ("tuoir", "tuỏi"),
        ("gia61y", "giấy"),
        ("d9a8ng", "đăng"),
        ("khai", "khai"),
        ("passport", "passport"),
        ("next", "next"),
        ("H29", "H29"),
    ],
)
def test_raw_keys_are_undone(typed, meant):
    """Telex and VNI that the keyboard did not turn; what spells no Vietnamese syllable stays."""
    assert undone(typed) == meant


def test_raw_keys_stay_in_another_language():
    """English words that would spell Vietnamese ones are left alone among other English words."""
    assert expand("we must visit the ward") == "we must visit the ward"
    assert fold(expand("em muoons lamf giaays khai sinh")) == "em muon lam giay khai sinh"
