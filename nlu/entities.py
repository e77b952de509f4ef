"""Things named in a message: codes, dates, amounts, units and masked personal numbers.

Runs on Python 3.10 too: a Rasa component calls `find`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from functools import lru_cache
from pathlib import Path

from rapidfuzz import fuzz, process

from nlu import dossier_codes, number_words
from nlu.errors import BadData
from nlu.text import FoldedText, fold, fold_with_origins, has_diacritics
from nlu.understanding import Entity

UNIT_NAMES_PATH = Path(__file__).parent / "data" / "unit_names.txt"

_CITY_TIME = timezone(timedelta(hours=7))
_FUZZY_FLOOR = 90
_MARKS_FLOOR = 85

_ALONE = r"(?<![\w.,/]){}(?![\w/]|[.,]\d)"


def _alone(pattern: str) -> re.Pattern[str]:
    return re.compile(_ALONE.format(f"(?:{pattern})"))


_FULL_DATE = _alone(r"(?P<day>\d{1,2})\s?[-/.]\s?(?P<month>\d{1,2})\s?[-/.]\s?(?P<year>20\d{2}|19\d{2})")
_SPOKEN_DATE = re.compile(
    r"\b(?:ngay|mung|mong)\s(?P<day>\d{1,2})\s(?:thang|thg)\s(?P<month>\d{1,2})(?:\s(?:nam\s)?(?P<year>20\d{2}|19\d{2}))?\b"
)
_SHORT_DATE = re.compile(
    r"(?:\b(?:ngay|hom|truoc|sau|den|toi|tu)\s)(?P<span>(?P<day>\d{1,2})[-/](?P<month>\d{1,2}))(?![\w/-])"
)
_DAYS_FROM_TODAY = {
    r"\b(?:hom nay|bua nay|hnay|sang nay|chieu nay)\b": 0,
    r"\b(?:(?:ngay|sang|chieu|trua|bua) mai|mai(?= (?:toi|em|minh|con|len|ra|di|co|ghe|phuong|may gio)\b))\b": 1,
    r"\b(?:ngay|bua|sang|chieu) (?:mot|kia)\b": 2,
    r"\b(?:hom qua|ngay hom qua|bua qua)\b": -1,
    r"\b(?:hom kia|bua kia hom)\b": -2,
}
_RELATIVE_DATES = [(re.compile(pattern), days) for pattern, days in _DAYS_FROM_TODAY.items()]
_NOT_TOMORROW = re.compile(r"(?:thuong|khuyen|chi|co|hoa|ba|em) $")  # trade, sales, and people called Mai

_MULTIPLES_VND = {"k": 1_000, "ngan": 1_000, "nghin": 1_000, "tr": 1_000_000, "trieu": 1_000_000, "cu": 1_000_000}
_MULTIPLES_VND |= {"ty": 1_000_000_000, "ti": 1_000_000_000}
_ROUND_AMOUNT = re.compile(
    r"(?<![\w.,/-])(?P<number>\d{1,4}(?:[.,]\d{1,3})?)"
    r"(?:(?P<tight>k|tr|cu)|\s?(?P<unit>ngan|nghin|trieu|tr|ty|ti))"
    r"(?:\s?(?P<half>ruoi)|(?P<tail>\d{1,3})|\s(?P<loose_tail>[1-9])(?!\s?(?:ngay|thang|nam|tuan|gio|nguoi|lan|ban|bo|tuoi|tram|\d)))?(?:\s?(?:dong|vnd|d))?\b"
)
_PLAIN_AMOUNT = re.compile(r"(?<![\w.,/-])(?P<number>\d{1,3}(?:[.,]\d{3})+|\d{4,12})\s?(?P<unit>dong|vnd|d)\b")
_SAID_DONG = {"đồng", "dong", "đ", "d", "vnd", "vnđ"}  # not đóng (to pay) nor đông

_ANY_NUMBER_WORD = "|".join(sorted(number_words.WORDS))
_NUMBER_WORDS = re.compile(rf"\b(?:{_ANY_NUMBER_WORD})(?: (?:{_ANY_NUMBER_WORD}))*\b")
_AGE = re.compile(
    rf"\b(?:(?P<digits>\d{{1,3}})|(?P<words>(?:{_ANY_NUMBER_WORD})(?: (?:{_ANY_NUMBER_WORD})){{0,4}})) ?tuoi\b"
    r"|\b(?P<english>\d{1,3})[ -]years?[ -]old\b"
)
_OLDEST = 130
_OWN = "em|toi|tui|minh|con|chau"
_RELATIONS = {
    name: re.compile(rf"\b(?:{said})\b")
    for name, said in {
        "child": rf"con (?:trai|gai|ruot|dau|re|nho|lon|chung|rieng|moi sinh|{_OWN})|em be|chau be|"
        r"(?:my|our) (?:son|daughter|child|kids?)",
        "spouse": rf"(?:vo|chong) (?:{_OWN}|anh|chi)|vo chong|ong xa|ba xa|(?:my|our) (?:wife|husband)",
        "parent": rf"(?:ba|bo|cha|tia|me|ma) (?:{_OWN}|chong|vo|ruot)|ba ma|bo me|cha me|"
        r"(?:my|our) (?:father|mother|parents?)",
        "grandparent": r"(?:ong|ba) (?:noi|ngoai|co)|(?:my|our) grand(?:father|mother|parents?)",
        "sibling": r"(?:anh|chi|em) (?:trai|gai|ruot)|(?:my|our) (?:brother|sister)",
    }.items()
}

_WORD = re.compile(r"\w+")
_UNIT_LEVEL = re.compile(r"\b(?P<level>phuong|dac khu|xa|thi tran|p|x)[.\s]*$")
_LEVEL_WORDS = re.compile(r"(?:(?:phuong|xa|dac khu) )?")
_FORMER_LEVEL = re.compile(r"\b(?P<level>quan|huyen|thanh pho|thi xa|tp|q|h)[.\s]*$")
_PROVINCE = re.compile(r"\btinh\s$")
_PLACE_CUE = re.compile(r"(?:^|\b(?:o|tai|ben|ve|thuoc|ngoai|duoi)\s)$")
_UNIT_SAID = re.compile(
    r"\b(?:phuong|xa|dac khu|tp|p|x)\b[.\s]+(?P<first>\w+)(?:\s(?P<second>\w+))(?:\s(?P<third>\w+))?"
)
_EVERYDAY_NAMES = {"ban co", "cho lon", "dat do", "con dao", "tay nam"}  # without marks also "you have", "lend big"...


@dataclass(frozen=True)
class _Message:
    """A text, its folded form and the day it is read on."""

    source: str
    folded: FoldedText
    today: date

    def matches(self, pattern: re.Pattern[str]) -> Iterator[re.Match[str]]:
        return pattern.finditer(self.folded.text)

    def entity(self, kind: str, value: str, span: tuple[int, int], score: float = 1.0) -> Entity:
        """An entity from its span in the folded text."""
        start, end = self.folded.span(*span)
        return Entity(kind, value, start, end, round(score, 3))

    def said(self, start: int, end: int) -> str:
        """What stands in the source at a span of the folded text, NFC."""
        first, last = self.folded.span(start, end)
        return unicodedata.normalize("NFC", self.source[first:last])


def find(text: str, today: date | None = None) -> tuple[Entity, ...]:
    """Everything named in the text, in order; offsets refer to the text as given.

    Kinds: those of `nlu.dossier_codes.find`, date (ISO), amount (whole dong), unit (its full name), age, relation. A
    date without a year is taken in the year of today. Entities never overlap, except that an ambiguous unit name gives
    one entity for each unit it may be.
    """
    message = _Message(text, fold_with_origins(text), today or datetime.now(_CITY_TIME).date())
    found: list[Entity] = []
    for finder in _FINDERS:
        fresh = [entity for entity in finder(message) if not _overlaps(entity, found)]
        found += fresh
    return tuple(sorted(found, key=lambda entity: (entity.start, entity.value)))


def _overlaps(entity: Entity, others: list[Entity]) -> bool:
    return any(entity.start < other.end and other.start < entity.end for other in others)


def _dossier_codes(message: _Message) -> Iterator[Entity]:
    yield from dossier_codes.find(message.source, message.today)


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _dates(message: _Message) -> Iterator[Entity]:
    for pattern in (_FULL_DATE, _SPOKEN_DATE, _SHORT_DATE):
        for match in message.matches(pattern):
            year = match.groupdict().get("year") or message.today.year
            if day := _day(int(year), int(match["month"]), int(match["day"])):
                yield message.entity("date", day.isoformat(), match.span("span" if pattern is _SHORT_DATE else 0))


def _relative_dates(message: _Message) -> Iterator[Entity]:
    for pattern, days in _RELATIVE_DATES:
        for match in message.matches(pattern):
            if not _NOT_TOMORROW.search(message.folded.text[: match.start()]):
                day = message.today + timedelta(days=days)
                yield message.entity("date", day.isoformat(), match.span())


def _amounts(message: _Message) -> Iterator[Entity]:
    for match in message.matches(_ROUND_AMOUNT):
        yield message.entity("amount", str(_vnd(match)), match.span())
    for match in message.matches(_PLAIN_AMOUNT):
        if message.said(*match.span("unit")).lower() in _SAID_DONG:
            yield message.entity("amount", re.sub(r"\D", "", match["number"]), match.span())


def _amounts_in_words(message: _Message) -> Iterator[Entity]:
    """ "Năm trăm ngàn": a run of number words with a multiple; without one "ba" is a father and "năm" a year."""
    for match in message.matches(_NUMBER_WORDS):
        words = match.group().split()
        value = number_words.number(words) if len(words) > 1 else None
        if value and any(word in number_words.MULTIPLES for word in words):
            yield message.entity("amount", str(value), match.span())


def _ages(message: _Message) -> Iterator[Entity]:
    """ "14 tuổi", "mười bốn tuổi", "14 years old": whole years; months are no age here."""
    for match in message.matches(_AGE):
        said = match["digits"] or match["english"]
        years = int(said) if said else number_words.number(match["words"].split())
        if years is not None and years <= _OLDEST:
            yield message.entity("age", str(years), match.span())


def _relations(message: _Message) -> Iterator[Entity]:
    """Whom the matter is for, by the word of kinship, under one name for each."""
    for name, pattern in _RELATIONS.items():
        match = next(iter(message.matches(pattern)), None)
        if match:
            yield message.entity("relation", name, match.span())


def _vnd(match: re.Match[str]) -> int:
    """Whole dong: "1tr5", "1 trieu ruoi", "1,5 trieu", "1.500 ngan"."""
    number, multiple = match["number"], _MULTIPLES_VND[match["tight"] or match["unit"]]
    is_grouped = re.fullmatch(r"\d+[.,]\d{3}", number)
    whole = Decimal(re.sub(r"[.,]", "" if is_grouped else ".", number))
    tail = match["tail"] or match["loose_tail"]
    part = Decimal("0.5") if match["half"] else Decimal(f"0.{tail or 0}")
    return int((whole + part) * multiple)


def _units(message: _Message) -> Iterator[Entity]:
    """Names that stand in the text word by word, the longest first."""
    tokens, names = list(message.matches(_WORD)), _unit_names()
    first = 0
    while first < len(tokens):
        for count in (4, 3, 2):
            said = " ".join(token.group() for token in tokens[first : first + count])
            if said in names and first + count <= len(tokens):
                span = tokens[first].start(), tokens[first + count - 1].end()
                yield from _named_unit(message, names[said], span)
                first += count - 1
                break
        first += 1


def _named_unit(message: _Message, names: tuple[str, ...], span: tuple[int, int]) -> Iterator[Entity]:
    before = message.folded.text[: span[0]]
    if _PROVINCE.search(before):
        return
    level = _UNIT_LEVEL.search(before)
    if has_diacritics(message.source):
        names = tuple(name for name in names if _same_marks(_bare(name), message.said(*span))) or names
    for name in names:
        score = _unit_score(message, name, span, before) / len(names)
        if score > 0:
            yield message.entity("unit", name, (level.start() if level else span[0], span[1]), score)


def _unit_score(message: _Message, name: str, span: tuple[int, int], before: str) -> float:
    """How sure it is that these words mean the unit: by its level, its marks, its capitals, a preposition."""
    said = message.said(*span)
    is_marked, is_capital = has_diacritics(said), said[:1].isupper()
    if is_marked and not _same_marks(_bare(name), said):
        alike = fuzz.ratio(_bare(name).lower(), said.lower())
        return alike / 100 if alike >= _MARKS_FLOOR and _UNIT_LEVEL.search(before) else 0.0
    is_everyday = fold(said) in _EVERYDAY_NAMES
    if _UNIT_LEVEL.search(before):
        return 1.0 if is_marked or not is_everyday else 0.6
    if is_everyday and not is_capital:
        return 0.0
    if _FORMER_LEVEL.search(before):
        return 0.6
    if is_marked or is_capital:
        return 0.9
    return 0.8 if _PLACE_CUE.search(before) else 0.0


def _misspelt_units(message: _Message) -> Iterator[Entity]:
    """Names after the word for a unit that are a letter off; nothing when two are equally near."""
    names = _unit_names()
    for match in message.matches(_UNIT_SAID):
        for last in ("third", "second"):
            said = message.folded.text[match.start("first") : match.end(last)] if match[last] else ""
            best = process.extract(said, names.keys(), scorer=fuzz.ratio, score_cutoff=_FUZZY_FLOOR, limit=2)
            if (
                best
                and best[0][1] < 100
                and (len(best) == 1 or best[0][1] > best[1][1])
                and len(names[best[0][0]]) == 1
            ):
                yield message.entity("unit", names[best[0][0]][0], (match.start(), match.end(last)), best[0][1] / 100)
                break


def _same_marks(name: str, said: str) -> bool:
    """Whether both carry the same marks, wherever the tone stands: Hoà is Hòa."""
    return sorted(unicodedata.normalize("NFD", name.lower())) == sorted(unicodedata.normalize("NFD", said.lower()))


def _bare(name: str) -> str:
    """Bến Thành of Phường Bến Thành."""
    return name[len(_LEVEL_WORDS.findall(fold(name))[0]) :]


@lru_cache(maxsize=1)
def _unit_names() -> dict[str, tuple[str, ...]]:
    """Folded bare name -> the units called so. Raises `BadData` when the list is missing."""
    try:
        lines = UNIT_NAMES_PATH.read_text(encoding="utf-8").split("\n")
    except OSError as error:
        raise BadData(f"{UNIT_NAMES_PATH}: cannot be read ({error}).") from error
    names: dict[str, tuple[str, ...]] = {}
    for name in filter(None, lines):
        key = fold(_bare(name))
        names[key] = (*names.get(key, ()), name)
    return names


_FINDERS: tuple[Callable[[_Message], Iterator[Entity]], ...] = (
    _dossier_codes,
    _dates,
    _relative_dates,
    _amounts,
    _amounts_in_words,
    _ages,
    _relations,
    _units,
    _misspelt_units,
)
