"""Dossier codes as citizens write them, what is wrong with those that are nearly one, and numbers taken for one.

A code is unit-date-number (TT 01/2018/TT-VPCP Art. 19 and practice since): `H29.19-260312-0005`,
`000.00.01.H29-240115-0001`, `G09.20-20260609-0092637`. The unit may be anybody's: which codes exist, the portal knows.
There is no check digit, so a right shape says nothing about a dossier. What could be read in two ways is never
corrected in silence: it is a near miss whose value is the code that is probably meant.

Runs on Python 3.10 too: a Rasa component calls `find` through nlu.entities.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from enum import Enum

from nlu.personal_data import placeholders
from nlu.text import FoldedText, fold_with_origins
from nlu.understanding import Entity

CODE = "dossier_code"
NORMAL = re.compile(r"(?:\d{1,3}\.){0,3}[A-Z]\d{2}(?:\.\d{1,3}){0,4}-(?:\d{6}|\d{8})-\d{3,7}", re.ASCII)
# the form in which codes are looked up
FIRST_DATE = date(2015, 1, 1)
# no code of this form is older


class Fault(str, Enum):  # noqa: UP042 (StrEnum needs 3.11)
    """What is wrong with a near miss; the kind of its entity."""

    NO_UNIT = "code_without_unit"
    NO_DATE = "code_without_date"
    NO_NUMBER = "code_without_number"
    DATE_LENGTH = "code_date_length"
    NO_SUCH_MONTH = "code_no_such_month"
    NO_SUCH_DAY = "code_no_such_day"
    FUTURE = "code_in_future"
    TOO_OLD = "code_too_old"
    NUMBER_SHORT = "code_number_short"
    NUMBER_LONG = "code_number_long"
    UNCLEAR = "code_unclear"
    # its value is the code that may be meant; of all others it is what was written, tidied


_CITY_TIME = timezone(timedelta(hours=7))
_DASH_LETTERS = r"\-_\u2010-\u2015\u2212"
_DASH = rf"\s{{0,8}}[{_DASH_LETTERS}]\s{{0,8}}"
_DOT = r"\s{0,8}\.\s{0,8}"
_START, _END = r"(?<![^\W_])", r"(?![^\W_])"
# an underscore may stand beside a code, as in a file's name
_ALONE = r"(?<![\w.,/]){}(?![\w/]|[.,]\d)"
_GOVERNMENT = "hg"
# H## are provinces, G## ministries; other letters name few bodies, and flats and streets besides
_MOST_GROUPS, _MOST_DIGITS = 8, 40
_READ_AS = str.maketrans("oil", "011")
_DIGIT_OR_LIKE = r"[\doil]"

_UNIT = re.compile(
    rf"{_START}(?P<lead>\d{{3}}{_DOT}\d{{2}}{_DOT}\d{{2}}{_DOT}|(?:(?:(?=[oil]*\d){_DIGIT_OR_LIKE}{{1,3}}|ooo?)\.){{1,3}})?"
    rf"(?P<unit>[a-z](?:\d{_DIGIT_OR_LIKE}|[oil]\d)){_END}"
)
_GROUP = re.compile(
    rf"(?P<separator>{_DASH}|{_DOT}|\s{{1,8}})"
    rf"(?:(?=[oil]*\d)(?P<digits>{_DIGIT_OR_LIKE}{{1,{_MOST_DIGITS}}}){_END}|(?P<glued>\d{{1,{_MOST_DIGITS}}})(?!\d))"
)
_CUT_OFF = re.compile(r"\d\.$")
# before a unit: its beginning was not read
_MASKED_NUMBER = re.compile(rf"{_DASH}‹")
_WITHOUT_UNIT = re.compile(
    rf"(?<![\w.\-])(?:(?:\d{{1,3}}\.){{0,6}}\d{{1,3}}{_DASH})?"
    rf"(?P<day>\d{{8}}|\d{{6}}){_DASH}(?P<number>\d{{3,7}})(?![^\W_]|[-./]\d)"
)

# The rest is read in what _Spelling.text makes of a spelling: "h29.19-2603 12-0005".
_LEVELS = r"(?P<levels>(?:[-. ]\d{1,3}){0,4}?)"
_DAY = r"(?P<before>[-.]|(?<!-20) )(?P<day>\d{8}|\d{6})"
# "-20 260312-" is a date of eight digits in two pieces
_WHOLE = re.compile(rf"{_LEVELS}{_DAY}[-. ](?!0+ \d)(?P<number>\d{{3,7}})(?![\d-])")
_SPLIT = re.compile(
    rf"{_LEVELS}(?:-(?P<day>\d(?: ?\d){{5}}(?: ?\d ?\d)?)-|[-. ](?P<whole_day>\d{{8}}|\d{{6}})[-. ])"
    r"(?P<number>(?!0+ \d)\d{3,7}|(?:\d\d?|0{3,6}) \d{1,6})(?![\d-])"
)
_UNCLEAR = tuple(
    re.compile(pattern)
    for pattern in (
        rf"{_LEVELS}{_DAY}[-. ](?P<number>\d{{3,7}})(?=-)",
        rf"{_LEVELS}[-. ](?P<day>20\d{{6}})(?P<number>\d{{3,7}})(?!\d)",
        rf"{_LEVELS}[-. ](?P<day>\d{{6}})(?P<number>\d{{3,7}})(?!\d)",
        r"(?P<levels>(?:[-. ]\d{1,3}){0,3}\.\d{1,3}?)(?P<day>20\d{6}|\d{6})[-. ](?P<number>\d{3,7})(?![\d-])",
        rf"{_LEVELS}-(?P<day>(?:20)?\d\d[-.]\d\d[-.]\d\d)[-. ](?P<number>\d{{3,7}})(?![\d-])",
    )
)
# something behind the number, no dash before the number (a date of eight or six digits), none before the date, dashes
# inside the date
_THREE_PARTS = re.compile(rf"{_LEVELS}(?P<before>[-. ])(?P<day>\d{{5,8}})-(?P<number>\d{{1,{_MOST_DIGITS}}})")
_NO_NUMBER = re.compile(rf"{_LEVELS}{_DAY}(?!\d)")
_NO_DATE = re.compile(rf"{_LEVELS}-(?P<number>\d{{3,5}})(?![\d-])")
_PAYMENT_DIGITS = 12


def _alone(pattern: str) -> re.Pattern[str]:
    return re.compile(_ALONE.format(f"(?:{pattern})"))


_LOOK_ALIKES = {
    "procedure_code": _alone(r"(?P<value>\d\.\d{6})(?:\.\d{3}\.\d{2}\.\d{2}\.h\d{2})?"),
    "insurance_dossier": _alone(r"(?P<value>\d{5}/20\d{2}/\d{5})"),
    "payment_code": _alone(rf"(?P<value>[a-z]\d{{2}}(?:\.\d{{1,3}})+{_DASH}\d{{{_PAYMENT_DIGITS}}})"),
}


@dataclass(frozen=True)
class _Spelling:
    """A unit and the groups of digits behind it, as they stand in a folded text."""

    start: int
    unit: str
    # "000.00.01.h29"
    text: str
    # the groups behind it: dashes and dots where there are any, otherwise one space: ".19-260312-0005"
    ends: dict[int, int]
    # end of each group in `text` -> in the folded text
    changed: frozenset[int]
    # ends of groups of `text` in which a letter was read as a digit, or behind which a letter hangs; -1 for the unit

    @property
    def is_government(self) -> bool:
        """Whether the unit's letter is that of provinces or ministries."""
        return self.unit[-3] in _GOVERNMENT

    def was_changed(self, end: int) -> bool:
        """Whether anything up to an end in `text` was."""
        return any(place <= end for place in self.changed)


def find(text: str, today: date | None = None) -> tuple[Entity, ...]:
    """Codes, near misses and look-alikes, in order; offsets refer to the text as given, which must be masked.

    Kinds: dossier_code (in its normal form), the values of `Fault`, procedure_code, insurance_dossier, payment_code,
    and those of `nlu.personal_data.placeholders`. `today` bounds the date of receipt; none means today in the city.
    Never raises; takes time in proportion to the length.
    """
    folded, day = fold_with_origins(text), today or datetime.now(_CITY_TIME).date()
    found, taken = [], bytearray(len(text))
    for entity in (*_masked(text), *_look_alikes(folded), *_codes(folded, day), *_without_unit(folded, day)):
        if not any(taken[entity.start : entity.end]):
            taken[entity.start : entity.end] = bytes([1]) * (entity.end - entity.start)
            found.append(entity)
    return tuple(sorted(found, key=lambda entity: entity.start))


def received_on(digits: str) -> date | None:
    """The date of receipt of a code, written yymmdd or yyyymmdd; None when there is no such day."""
    try:
        return date(int(digits[:-4]) + (2000 if len(digits) == 6 else 0), int(digits[-4:-2]), int(digits[-2:]))
    except ValueError:
        return None


def _masked(text: str) -> Iterator[Entity]:
    for placeholder, kind in placeholders().items():
        for match in re.finditer(re.escape(placeholder), text):
            yield Entity(kind, placeholder, match.start(), match.end())


def _look_alikes(folded: FoldedText) -> Iterator[Entity]:
    for kind, pattern in _LOOK_ALIKES.items():
        for match in pattern.finditer(folded.text):
            value = re.sub(_DASH, "-", match["value"]).upper()
            yield Entity(kind, value, *folded.span(*match.span()))


def _codes(folded: FoldedText, today: date) -> Iterator[Entity]:
    """Each unit with what stands behind it; the next one is looked for behind the end of what was read."""
    at = 0
    while unit := _UNIT.search(folded.text, at):
        spelling = _spelling(folded.text, unit)
        judged = _judged(spelling, folded.text, today)
        at = unit.end()
        if judged:
            kind, value, end = judged
            at = max(at, spelling.ends.get(end, at))
            yield Entity(kind, value, *folded.span(spelling.start, at))


def _spelling(text: str, unit: re.Match[str]) -> _Spelling:
    """The spelling that begins with a unit."""
    lead = re.sub(r"\s", "", unit["lead"] or "")
    name = lead.translate(_READ_AS) + unit["unit"][0] + unit["unit"][1:].translate(_READ_AS)
    read, at, ends = "", unit.end(), dict[int, int]()
    changed = (
        {-1} if name != lead + unit["unit"] or _CUT_OFF.search(text[max(0, unit.start() - 2) : unit.start()]) else set()
    )
    for _ in range(_MOST_GROUPS):
        group = _GROUP.match(text, at)
        if not group:
            break
        digits = group["digits"] or group["glued"]
        read += _mark(group["separator"]) + digits.translate(_READ_AS)
        at = group.end()
        ends[len(read)] = at
        if group["glued"] or digits.translate(_READ_AS) != digits:
            changed.add(len(read))
        if group["glued"]:
            break
    return _Spelling(unit.start(), name, read, ends, frozenset(changed))


def _mark(separator: str) -> str:
    """A dash, a dot or a space for any separator."""
    tight = separator.strip()
    return " " if not tight else "." if tight == "." else "-"


def _judged(spelling: _Spelling, text: str, today: date) -> tuple[str, str, int] | None:
    """Kind, value and end in `spelling.text` of what a spelling is; None when it is nothing of ours."""
    for pattern in (_WHOLE, _SPLIT):
        if match := pattern.match(spelling.text):
            judged = _dated(spelling, match, today)
            if judged:
                return judged
    return _unclear(spelling, today) or _incomplete(spelling, text, today)


def _dated(spelling: _Spelling, match: re.Match[str], today: date) -> tuple[str, str, int] | None:
    """A code whose parts are all there, or what is wrong with its date."""
    fields = match.groupdict()
    day = (fields["day"] or fields.get("whole_day") or "").replace(" ", "")
    number = fields["number"].replace(" ", "")
    if len(day) not in (6, 8) or not 3 <= len(number) <= 7 or not _is_likely(spelling, match):
        return None
    code, fault = _code(spelling, match["levels"], day, number), _date_fault(day, today)
    if fault:
        return (fault.value, code, match.end()) if _is_certain(spelling, match) else None
    return (Fault.UNCLEAR.value if spelling.was_changed(match.end()) else CODE), code, match.end()


def _is_likely(spelling: _Spelling, match: re.Match[str]) -> bool:
    """A code without any dash, or with other signs for its dots, is believed of provinces and ministries only."""
    rest = spelling.text[len(match["levels"]) : match.end()]
    usual = "-" in rest and "." not in rest and set(match["levels"]).isdisjoint(" -")
    return usual or spelling.is_government


def _is_certain(spelling: _Spelling, match: re.Match[str]) -> bool:
    """Whether this was meant as a code though it is wrong: a dash before the date, or the unit of an authority."""
    return spelling.text[len(match["levels"]) :].startswith("-") or _is_authority(spelling, match["levels"])


def _is_authority(spelling: _Spelling, levels: str) -> bool:
    return spelling.is_government and bool(levels or "." in spelling.unit)


def _code(spelling: _Spelling, levels: str, day: str, number: str) -> str:
    """The normal form."""
    return f"{spelling.unit}{re.sub('[- ]', '.', levels)}-{day}-{number}".upper()


def _date_fault(day: str, today: date) -> Fault | None:
    if not 1 <= int(day[-4:-2]) <= 12:
        return Fault.NO_SUCH_MONTH
    received = received_on(day)
    if received is None:
        return Fault.NO_SUCH_DAY
    if received > today:
        return Fault.FUTURE
    return Fault.TOO_OLD if received < FIRST_DATE else None


def _unclear(spelling: _Spelling, today: date) -> tuple[str, str, int] | None:
    """A code that is there when one separator is added or taken away; if its date is no good, what is wrong there."""
    readings = []
    for match in (pattern.match(spelling.text) for pattern in _UNCLEAR):
        if match and spelling.is_government:
            day = re.sub(r"[-.]", "", match["day"])
            kind = _date_fault(day, today) or Fault.UNCLEAR
            readings.append((kind.value, _code(spelling, match["levels"], day, match["number"]), match.end()))
    good = (reading for reading in readings if reading[0] == Fault.UNCLEAR.value)
    return next(good, readings[0] if readings else None)


def _incomplete(spelling: _Spelling, text: str, today: date) -> tuple[str, str, int] | None:
    """A code of which a part is missing, too short or too long."""
    if match := _THREE_PARTS.match(spelling.text):
        code = _code(spelling, match["levels"], match["day"], match["number"])
        return (_length_fault(match).value, code, match.end()) if _is_certain(spelling, match) else None
    if not spelling.is_government:
        return None
    if match := _NO_NUMBER.match(spelling.text):
        fault = Fault.NUMBER_LONG if _MASKED_NUMBER.match(text, spelling.ends[match.end()]) else Fault.NO_NUMBER
        is_believed = _date_fault(match["day"], today) is None and (match["before"] == "-" or match["levels"])
        code = _code(spelling, match["levels"], match["day"], "").rstrip("-")
        return (fault.value, code, match.end()) if is_believed else None
    match = _NO_DATE.match(spelling.text)
    if match and (_is_authority(spelling, match["levels"]) or match["number"].startswith("0")):
        return Fault.NO_DATE.value, _code(spelling, match["levels"], match["number"], "").rstrip("-"), match.end()
    return None


def _length_fault(match: re.Match[str]) -> Fault:
    """Which part of three has the wrong number of digits."""
    if len(match["day"]) not in (6, 8):
        return Fault.DATE_LENGTH
    return Fault.NUMBER_SHORT if len(match["number"]) < 3 else Fault.NUMBER_LONG


def _without_unit(folded: FoldedText, today: date) -> Iterator[Entity]:
    """A date and a number of a code, before which the unit or its letter is missing."""
    for match in _WITHOUT_UNIT.finditer(folded.text):
        if _date_fault(match["day"], today) is None:
            value = re.sub(_DASH, "-", match.group())
            yield Entity(Fault.NO_UNIT.value, value, *folded.span(*match.span()))
