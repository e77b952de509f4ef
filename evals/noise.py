"""Questions as people type them in a hurry: seeded variants of clean ones. Shares no word list with the assistant."""

from __future__ import annotations

import random
import re
import unicodedata
from collections.abc import Callable

SEED = 20261122
STYLES = ("standard", "colloquial", "southern")
# the questions that are clean enough to be made noisy

Slip = Callable[[str, random.Random], str]

TRIES = 20
# a slip that changes nothing (two equal letters swapped) is tried again
SHORTEST = 3
# letters of a word that a slip may hit
TEENCODE_SHARE = 0.8
# of the places where a shorter spelling is possible

_WORD = re.compile(r"[^\W\d_]+")
_TELEX_LETTERS = {"â": "aa", "ă": "aw", "ê": "ee", "ô": "oo", "ơ": "ow", "ư": "uw", "đ": "dd"}
_TELEX_TONES = {"\u0301": "s", "\u0300": "f", "\u0309": "r", "\u0303": "x", "\u0323": "j"}
_KEYS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_NEIGHBOURS = {
    key: row[max(0, place - 1) : place] + row[place + 1 : place + 2] for row in _KEYS for place, key in enumerate(row)
}
_TEENCODE = {
    "không": ("k", "ko", "hok", "hong", "khum"),
    "được": ("dc", "đc", "đk"),
    "gì": ("j", "gi"),
    "vậy": ("z", "zậy", "v"),
    "rồi": ("r", "rùi"),
    "với": ("vs", "zới"),
    "bao nhiêu": ("bn", "bao nhiu", "nhiu"),
    "bây giờ": ("bh", "bi h"),
    "giờ": ("h",),
    "mình": ("mk", "mik"),
    "em": ("e",),
    "anh": ("a",),
    "chị": ("c", "chụy"),
    "người": ("ng", "ngừi"),
    "những": ("n~", "nhg"),
    "nhiều": ("nhìu",),
    "làm": ("lm",),
    "biết": ("bít", "bik"),
    "muốn": ("mún", "mun"),
    "giấy tờ": ("gt", "giấy tò"),
    "đăng ký": ("dk", "đk", "đki"),
    "hồ sơ": ("hs",),
    "thủ tục": ("ttuc", "thủ tụk"),
    "giấy": ("zấy", "giấi"),
    "như thế nào": ("ntn",),
    "thế nào": ("tn",),
    "trước": ("trc",),
    "cũng": ("cx", "cug"),
    "trong": ("trg",),
    "luôn": ("lun",),
    "nữa": ("nx",),
    "vẫn": ("vx",),
    "cho": ("cko",),
    "chồng": ("ck",),
    "vợ": ("vk",),
    "bạn": ("b", "pạn"),
    "ai": ("ay",),
    "phải": ("fải", "p"),
    "đi": ("đj",),
    "thì": ("thỳ", "thi"),
    "này": ("nì", "n"),
    "sao": ("s",),
    "tháng": ("thg",),
    "ngày": ("ngài", "nga"),
    "điện thoại": ("đt", "dt"),
    "công ty": ("cty",),
    "nhà": ("nhàk", "nka"),
    "con": ("kon",),
    "cần": ("kần", "cần pk"),
    "có": ("kó",),
    "xong": ("xog",),
    "quá": ("wá",),
    "ở": ("ỡ", "o"),
    "nộp": ("nop",),
    "online": ("onl",),
}
_SHORT = re.compile(rf"\b({'|'.join(sorted(_TEENCODE, key=len, reverse=True))})\b", re.IGNORECASE)


def no_diacritics(text: str, chance: random.Random) -> str:
    """The letters without marks; capitals stay."""
    bare = "".join(letter for letter in unicodedata.normalize("NFD", text) if not unicodedata.combining(letter))
    return bare.replace("đ", "d").replace("Đ", "D")


def typo(text: str, chance: random.Random) -> str:
    """One or two slips of the finger, or a word that the Vietnamese keyboard left as it was typed."""
    for _ in range(chance.choice((1, 2))):
        text = _slipped(text, chance)
    return text


def typo_no_diacritics(text: str, chance: random.Random) -> str:
    """Slips in a text without diacritics."""
    return typo(no_diacritics(text, chance), chance)


def teencode(text: str, chance: random.Random) -> str:
    """Most words that the young write shorter, written so."""

    def shorter(match: re.Match[str]) -> str:
        return chance.choice(_TEENCODE[match[1].lower()]) if chance.random() < TEENCODE_SHARE else match[0]

    return _SHORT.sub(shorter, unicodedata.normalize("NFC", text))


NOISES: dict[str, Slip] = {
    "no_diacritics": no_diacritics,
    "typo": typo,
    "typo_no_diacritics": typo_no_diacritics,
    "teencode": teencode,
}


def noisy(text: str, noise: str, key: str) -> str:
    """The variant of a text; the same for the same key (a question's id), whatever else is asked."""
    return NOISES[noise](text, random.Random(f"{SEED} {noise} {key}"))


def _slipped(text: str, chance: random.Random) -> str:
    """The text with one slip in one of its words; the text itself when no word is long enough."""
    words = [match for match in _WORD.finditer(text) if len(match[0]) >= SHORTEST]
    for _ in range(TRIES if words else 0):
        word = chance.choice(words)
        slipped = chance.choice(_SLIPS)(word[0], chance)
        if slipped != word[0]:
            return text[: word.start()] + slipped + text[word.end() :]
    return text


def _swapped(word: str, chance: random.Random) -> str:
    place = chance.randrange(len(word) - 1)
    return word[:place] + word[place + 1] + word[place] + word[place + 2 :]


def _dropped(word: str, chance: random.Random) -> str:
    place = chance.randrange(len(word))
    return word[:place] + word[place + 1 :]


def _neighbour(word: str, chance: random.Random) -> str:
    """One letter replaced by the key beside it; letters with marks are no keys."""
    place = chance.randrange(len(word))
    return word[:place] + chance.choice(_NEIGHBOURS.get(word[place].lower(), word[place])) + word[place + 1 :]


def _doubled(word: str, chance: random.Random) -> str:
    place = chance.randrange(len(word))
    return word[:place] + word[place] + word[place:]


def _telex(word: str, chance: random.Random) -> str:
    """The keys that were typed for the word: "giấy" is "giaays"."""
    keys, tone = "", ""
    for letter in unicodedata.normalize("NFC", word):
        parts = unicodedata.normalize("NFD", letter)
        tone = next((_TELEX_TONES[mark] for mark in parts if mark in _TELEX_TONES), tone)
        shape = unicodedata.normalize("NFC", "".join(mark for mark in parts if mark not in _TELEX_TONES))
        keys += _TELEX_LETTERS.get(shape.lower(), shape)
    return keys + tone


_SLIPS: tuple[Slip, ...] = (_swapped, _dropped, _neighbour, _doubled, _telex)
