"""What portals write in many ways, read in one: names, statuses, moments, amounts, the words of an officer."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from integrations.dossiers import LABELS, Status
from integrations.errors import BadAnswer

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
VIETNAMESE = "228"
# iGate's languageId
DEEPEST = 4
# how many layers a name may lie under
LONGEST_LINK = 300
# characters: it stands in a message beside other lines
LINK = re.compile(r"https://([a-z0-9.-]+)(?:[/?][A-Za-z0-9._~:/?#@!$&'()*+,;=%-]*)?")
# no name, password or port before or after the host
NOT_PAID = ("0", "false")
PAID = ("1", "true")


def now() -> datetime:
    """The present moment in Ho Chi Minh City."""
    return datetime.now(ZONE)


def at(value: object, path: str) -> Iterator[object]:
    """The values at a dotted path; a list on the way is walked through."""
    if not path:
        yield value
    elif isinstance(value, list):
        for part in value:
            yield from at(part, path)
    elif isinstance(value, dict):
        name, _, rest = path.partition(".")
        yield from at(value.get(name), rest)


def text(value: object) -> str | None:
    """Text that says something, or None."""
    return value.strip() or None if isinstance(value, str) else None


def name(value: object, layers: int = DEEPEST) -> str | None:
    """A name: text, {name}, [{languageId, name}] or a map of these by position; the Vietnamese one of several."""
    if not layers or not isinstance(value, list | dict):
        return text(value)
    if isinstance(value, dict) and "name" in value:
        return name(value["name"], layers - 1)
    options = [option for option in (value.values() if isinstance(value, dict) else value) if isinstance(option, dict)]
    options.sort(key=lambda option: str(option.get("languageId")) != VIETNAMESE)
    return next(filter(None, (name(option, layers - 1) for option in options)), None)


def status(places: Iterable[object], numbers: Mapping[int, int]) -> tuple[Status, str] | None:
    """The status and its label; None when no place says one.

    Words are believed before numbers: a number may come from a vendor's own list, a national label is plain.
    `numbers` translates a vendor's own.
    """
    places = list(places)
    labels = [label for label in map(_label, places) if label]
    for label in labels:
        if known := BY_LABEL.get(_folded(label)):
            return known, label
    if labels:
        return Status.UNKNOWN, labels[0]
    found = [number for number in map(_number, places) if number is not None]
    return _numbered(numbers.get(found[0], found[0])) if found else None


def _numbered(number: int) -> tuple[Status, str]:
    """The status with this national number."""
    try:
        known = Status(number)
        return known, LABELS[known]
    except (ValueError, KeyError):
        return Status.UNKNOWN, str(number)


def _label(value: object) -> str | None:
    """The words of a status that may be text, a number or an object with a name."""
    words = name(value)
    return words if words and not words.isdecimal() else None


def _number(value: object) -> int | None:
    """The number of a status that may be 4, "4" or an object with an id."""
    value = value.get("id") if isinstance(value, dict) else value
    digits = str(value).strip()
    return int(digits) if not isinstance(value, bool) and re.fullmatch(r"\d{1,4}", digits, re.ASCII) else None


def _folded(label: str) -> str:
    """A label without differences of case, spacing and Unicode form."""
    return " ".join(unicodedata.normalize("NFC", label).casefold().split())


BY_LABEL = {_folded(label): known for known, label in LABELS.items()}


def day(value: object) -> date | None:
    """The calendar day in Ho Chi Minh City."""
    found = moment(value)
    return found.date() if found else None


def moment(value: object) -> datetime | None:
    """A moment given as yyyyMMddHHmmss, ISO text, milliseconds since 1970 or {"$date": any of these}.

    Without a zone it is the City's time. Raises BadAnswer.
    """
    if isinstance(value, dict) and "$date" in value:
        value = value["$date"]
    if value is None or value == "":
        return None
    try:
        return (
            _moment(str(value).strip()) if isinstance(value, int | str) and not isinstance(value, bool) else _refuse()
        )
    except (ValueError, OverflowError, OSError):
        raise BadAnswer("portal: unreadable date") from None


def _moment(written: str) -> datetime:
    if re.fullmatch(r"(19|20)\d{12}", written, re.ASCII):
        return datetime.strptime(written, "%Y%m%d%H%M%S").replace(tzinfo=ZONE)
    if re.fullmatch(r"-?\d{9,13}", written, re.ASCII):
        return datetime.fromtimestamp(int(written) / 1000, ZONE)
    found = datetime.fromisoformat(written)
    return found.astimezone(ZONE) if found.tzinfo else found.replace(tzinfo=ZONE)


def _refuse() -> datetime:
    raise ValueError


def amount_vnd(value: object) -> int:
    """An amount of dong, a whole number written as a number or in digits. Raises BadAnswer: money is never guessed."""
    written = str(int(value)) if isinstance(value, float) and value.is_integer() else str(value).strip()
    if isinstance(value, bool) or not re.fullmatch(r"\d{1,12}", written, re.ASCII):
        raise BadAnswer("portal: unreadable amount")
    return int(written)


def link(value: object, hosts: Collection[str]) -> str | None:
    """An address (https) on one of these hosts; None for any other: a record may hold what anybody wrote."""
    written = text(value) or ""
    found = LINK.fullmatch(written) if len(written) <= LONGEST_LINK else None
    return written if found and found[1] in hosts else None


def is_unpaid(value: object) -> bool:
    """Whether the portal says that a fee is not paid; saying nothing is not saying so."""
    return str(value).strip().casefold() in NOT_PAID


def is_paid(value: object) -> bool:
    """Whether the portal says that a fee is paid; saying nothing is not saying so."""
    return str(value).strip().casefold() in PAID


def last(value: object, count: int) -> str:
    """The last characters of a number, whatever stands between them; "" when there are fewer."""
    kept = re.sub(r"[\W_]", "", value if isinstance(value, str) else "").upper()
    return kept[-count:] if len(kept) >= count else ""


def shortened(full_name: str) -> str:
    """Nguyễn Thị Minh An -> "N*** T*** M*** An"."""
    *before, given = full_name.split() or [""]
    return " ".join([*(f"{word[0]}***" for word in before), given])


PERSONAL = re.compile(
    r"(?<!\S)@*[^\s@]+@\S+\.\w+"
    r"|(?<!\d)(?<!\d\.)(?:\+84[ .-]?|0)\d{2,3}(?:[ .-]?\d{2,4}){2,3}(?!\d)"
    r"|(?<!\d)\d{9,13}(?!\d)"
)
# e-mail addresses, phone numbers in their usual groups, citizen numbers


def impersonal(words: str, people: Iterable[object]) -> str:
    """Free text of an officer with what `people` holds, and every phone and citizen number, blanked."""
    words = unicodedata.normalize("NFC", words)
    named = {found for value in people for found in _words(value)}
    for found in sorted(named, key=len, reverse=True):
        words = re.sub(rf"(?<!\w){re.escape(found)}(?!\w)", "***", words, flags=re.IGNORECASE)
    return PERSONAL.sub("***", words)


def _words(value: Any) -> Iterator[str]:
    """Every text inside a JSON value that could name a person: several words, or a long one."""
    if isinstance(value, str) and (" " in value.strip() or len(value.strip()) >= 6):
        yield unicodedata.normalize("NFC", value.strip())
    elif isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _words(part)
