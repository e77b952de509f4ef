"""Words typed with Telex or VNI that the keyboard did not turn: "giaays" is giấy, "d9a8ng" is đăng.

Runs on Python 3.10 too: Rasa's components use it.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_LETTERS = {"aa": "â", "aw": "ă", "ee": "ê", "oo": "ô", "ow": "ơ", "uw": "ư", "dd": "đ", "w": "ư"}
_VNI_LETTERS = {"a6": "â", "a8": "ă", "e6": "ê", "o6": "ô", "o7": "ơ", "u7": "ư", "d9": "đ"}
_TONES = {"s": "\u0301", "f": "\u0300", "r": "\u0309", "x": "\u0303", "j": "\u0323"}
_VNI_TONES = {"1": "\u0301", "2": "\u0300", "3": "\u0309", "4": "\u0303", "5": "\u0323"}
_NUCLEI = (
    "uyê|uya|uyu|uây|uôi|ươi|ươu|iêu|yêu|oai|oao|oay|oeo|uye|uoi|uou|ieu|yeu|uay|uo|ie|ye|ue|"
    "ai|ao|au|ay|âu|ây|eo|êu|ia|iê|iu|oa|oă|oe|oi|oo|ôi|ơi|ua|uâ|ưa|uê|ui|ưi|uô|ươ|ưu|uơ|uy|yê|a|ă|â|e|ê|i|o|ô|ơ|u|ư|y"
)
_SYLLABLE = re.compile(rf"(ngh|ng|nh|gh|gi|kh|ph|qu|th|tr|ch|[bcdđghklmnpqrstvx])?({_NUCLEI})(ch|ng|nh|[cmnpt])?")
_STOPPED = frozenset(("c", "ch", "p", "t"))
# finals that only the tones sắc and nặng go with
_STOPPED_TONES = frozenset((_TONES["s"], _TONES["j"]))
_FORMED = re.compile(r"aa|aw|ee|oo|ow|uw|dd|w|[sfrxj]|[0-9]")


def is_syllable(word: str) -> bool:
    """Whether a word without tones could be Vietnamese."""
    return _SYLLABLE.fullmatch(word.lower()) is not None


@lru_cache(maxsize=8192)
def undone(word: str) -> str:
    """The word that the keys were meant for; the word itself when they spell no Vietnamese syllable."""
    lower = word.lower()
    if not lower.isascii() or not _FORMED.search(lower) or _SYLLABLE.fullmatch(lower):
        return word
    for letters, tones in ((_LETTERS, _TONES), (_VNI_LETTERS, _VNI_TONES)):
        syllable = _undone(lower, letters, tones)
        if syllable:
            return syllable
    return word


def _undone(word: str, letters: dict[str, str], tones: dict[str, str]) -> str:
    """With the last tone key taken out and the letters put together; "" when that is no syllable."""
    place = next((place for place in range(len(word) - 1, 0, -1) if word[place] in tones), None)
    tone = tones[word[place]] if place is not None else ""
    for keys in (word, word[:place] + word[place + 1 :] if place is not None else word):
        formed = keys.replace("uow", "ươ").replace("uo7", "ươ")
        for typed, letter in letters.items():
            formed = formed.replace(typed, letter)
        found = _SYLLABLE.fullmatch(formed)
        if found and not (keys != word and found[3] in _STOPPED and tone not in _STOPPED_TONES):
            return _with_tone(found[1] or "", found[2], found[3] or "", tone if keys != word else "")
    return ""


def _with_tone(initial: str, vowels: str, final: str, tone: str) -> str:
    """The tone stands on the marked vowel, otherwise on the last one before a final, otherwise on the first but one."""
    marked = max((place for place, vowel in enumerate(vowels) if vowel in "ăâêôơư"), default=None)
    place = marked if marked is not None else (len(vowels) - 1 if final else max(0, len(vowels) - 2))
    toned = vowels[: place + 1] + tone + vowels[place + 1 :]
    return unicodedata.normalize("NFC", initial + toned + final)
