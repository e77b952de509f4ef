"""Aspects, confirmations and ordinals: small patterns on folded text, kept in nlu/data/cues.yaml."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import yaml

from nlu import text as texts
from nlu.understanding import Aspect, Entity

PATH = Path(__file__).parent / "data" / "cues.yaml"
TYPED_POSITION = re.compile(r"(?:(?:chon|lay) )?(?:so|cai|cai so|cai thu|thu|number|option|no)? ?(\d{1,2})", re.ASCII)
# "2", "số 2", "option 2"
_SHORTEST_QUESTION, _MOST_QUESTIONS, _LONGEST_WITH_SEVERAL = 3, 3, 45
_BETWEEN_QUESTIONS = re.compile(
    r"[.?!;\n]+|,? (?:với lại|ngoài ra|đồng thời|sẵn tiện|luôn tiện|sẵn|và cả|rồi còn|còn|và|"
    r"voi lai|ngoai ra|dong thoi|san tien|luon tien|and also|also|and)(?= )",
    re.IGNORECASE,
)
SHORT = 8
# words of a reply that may just be yes or no
LONGEST_ABOUT_DATA = 20
# words of a message about what is stored; a longer one tells a story
OWN_DATA = ("forget", "data_withdraw", "data_correct", "data_object", "kept")
# what a citizen may want of it, the first that is said
ASPECT_OF_INTENT = {f"ask_{aspect.value}": aspect for aspect in Aspect}


@dataclass(frozen=True)
class Cues:
    """The patterns, compiled."""

    aspects: dict[Aspect, re.Pattern[str]]
    confirmation: re.Pattern[str]
    hearsay: re.Pattern[str]
    # who said so
    unit_question: re.Pattern[str]
    english: frozenset[str]
    # words that no Vietnamese text without diacritics has in number
    starts: dict[str, re.Pattern[str]]
    # "yes", "no" -> how a reply begins
    ordinals: dict[str, re.Pattern[str]]
    # position, from "1" -> ways to say it
    empty: frozenset[str]
    # words that name nothing
    correction: dict[str, re.Pattern[str]]
    # "before", "meant", "instead"
    want: re.Pattern[str]
    # a citizen needs something
    person: re.Pattern[str]
    # a citizen asks for an officer
    call: re.Pattern[str]
    # a citizen wants to be called
    return_to: re.Pattern[str]
    own_data: dict[str, re.Pattern[str]]
    # one of OWN_DATA -> a citizen speaks of what is stored here; "unless": of what is stored elsewhere
    unfollow: re.Pattern[str]
    elsewhere: re.Pattern[str]
    # the name of another province behind a word of place
    office: re.Pattern[str]
    # the same behind an office
    here: re.Pattern[str]
    # signs that a matter is this city's after all
    from_there: re.Pattern[str]
    # signs that somebody or something only comes from there
    counts: dict[str, re.Pattern[str]]
    # "pages", "copies" -> a number and its word
    qualifiers: tuple[re.Pattern[str], ...]
    # words that make a procedure a special one


@lru_cache(maxsize=1)
def default() -> Cues:
    """The cues of this room, read once."""
    content = yaml.load(PATH.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    provinces = _joined(content["elsewhere"]["names"])
    return Cues(
        aspects={Aspect(name): _bounded(pattern) for name, pattern in content["aspects"].items()},
        confirmation=_bounded(content["confirmation"]),
        hearsay=_bounded(content["hearsay"]),
        unit_question=_bounded(content["unit_question"]),
        english=frozenset(content["english"].split()),
        starts={kind: _bounded(pattern) for kind, pattern in content["starts"].items()},
        ordinals={position: _bounded(pattern) for position, pattern in content["ordinals"].items()},
        empty=frozenset(content["empty"].split()),
        correction={kind: re.compile(_joined(pattern)) for kind, pattern in content["correction"].items()},
        want=_bounded(content["want"]),
        person=_bounded(content["person"]),
        call=_bounded(content["call"]),
        return_to=_bounded(content["return_to"]),
        own_data={kind: _bounded(pattern) for kind, pattern in content["own_data"].items()},
        unfollow=_bounded(content["unfollow"]),
        elsewhere=re.compile(rf"\b(?:{_joined(content['elsewhere']['before'])})(?:{provinces})\b"),
        office=re.compile(rf"\b(?:{_joined(content['elsewhere']['office'])}) .{{0,24}}\b(?:{provinces})\b"),
        here=_bounded(content["elsewhere"]["here"]),
        from_there=_bounded(content["elsewhere"]["from"]),
        counts={kind: re.compile(rf"\b(\d{{1,4}}) ?{pattern}\b") for kind, pattern in content["counts"].items()},
        qualifiers=tuple(_bounded(pattern) for pattern in content["qualifiers"]),
    )


def aspects(folded: str) -> tuple[Aspect, ...]:
    """Everything that is asked about, in the order of an answer."""
    return tuple(aspect for aspect, pattern in default().aspects.items() if pattern.search(folded))


def entities(text: str) -> tuple[Entity, ...]:
    """What a message does besides naming things; each of these stands for the whole text."""
    folded = texts.written_out(text)
    found = {"confirmation": "yes"} if default().confirmation.search(folded) else {}
    if default().unit_question.search(folded):
        found["unit_question"] = text
    if default().return_to.search(folded):
        found["return_to"] = text
    if kind := _own_data(folded):
        found[kind] = ""
    if default().unfollow.search(folded):
        found["unfollow"] = text
    if default().call.search(folded):
        found["call"] = ""
    if _is_elsewhere(folded):
        found["elsewhere"] = text
    if _is_english(text):
        found["english"] = ""
    if len(folded.split()) <= SHORT:
        found |= {kind: "" for kind, start in default().starts.items() if start.match(folded)}
    if position := _ordinal(folded):
        found["ordinal"] = position
    return (*(Entity(kind, value, 0, len(text)) for kind, value in found.items()), *_counts(text))


def _own_data(folded: str) -> str:
    """ "forget", "kept" or another wish in a short message about this conversation's data; "" otherwise."""
    said = default().own_data
    if len(folded.split()) > LONGEST_ABOUT_DATA or said["unless"].search(folded):
        return ""
    return next((kind for kind in OWN_DATA if said[kind].search(folded)), "")


def _is_elsewhere(folded: str) -> bool:
    cue = default()
    if cue.here.search(folded):
        return False
    return bool(cue.office.search(folded) or (cue.elsewhere.search(folded) and not cue.from_there.search(folded)))


def _is_english(text: str) -> bool:
    """Two English words at least, a third of all at least, and hardly a Vietnamese mark."""
    said = re.findall(r"[^\W\d_]+", text.lower())
    english = sum(word in default().english for word in said)
    marked = sum(word != texts.fold(word) for word in said)
    return english >= 2 and 3 * english >= len(said) and 5 * marked <= len(said)


def _counts(text: str) -> list[Entity]:
    """How many pages and copies are wanted."""
    folded = texts.fold(text)
    matches = ((kind, pattern.search(folded)) for kind, pattern in default().counts.items())
    return [Entity(kind, match[1], match.start(), match.end()) for kind, match in matches if match and int(match[1])]


def corrected(folded: str) -> str:
    """What a citizen means who takes something back: "không phải, ý em là bản sao" -> "bản sao"; "" when nothing is."""
    rules = default().correction
    before = rules["before"].match(folded)
    if not before:
        return ""
    rest = rules["instead"].sub("", folded[before.end() :])
    meant = list(rules["meant"].finditer(rest))
    return (rest[meant[-1].end() :] if meant else rest).strip()


def questions(text: str) -> tuple[str, ...]:
    """The questions of a message that asks about several matters; empty when it asks about one, or tells a story."""
    found = [part.strip() for part in _BETWEEN_QUESTIONS.split(text)]
    wants = [part for part in found if len(part.split()) >= _SHORTEST_QUESTION and _asks(texts.written_out(part))]
    return tuple(wants) if 2 <= len(wants) <= _MOST_QUESTIONS and len(text.split()) <= _LONGEST_WITH_SEVERAL else ()


def _asks(folded: str) -> bool:
    return bool(default().want.search(folded)) or bool(aspects(folded))


def names_nothing(folded: str) -> bool:
    """Whether a text without its aspects could be about any procedure."""
    return all(word in default().empty or word.isdigit() for word in folded.split())


def asks_for_person(folded: str) -> bool:
    """Whether a text asks for an officer in so many words."""
    return bool(default().person.search(folded))


def qualifiers(folded: str) -> frozenset[int]:
    """Which special words a text holds, by their place in the list."""
    return frozenset(place for place, pattern in enumerate(default().qualifiers) if pattern.search(folded))


def without_aspects(folded: str) -> str:
    """The text without its aspect phrases and counts: what is left names the procedure."""
    cue = default()
    for pattern in (*cue.aspects.values(), cue.confirmation, cue.hearsay, *cue.counts.values()):
        folded = pattern.sub(" ", folded)
    return " ".join(folded.split())


def _ordinal(folded: str) -> str:
    """Only a short message chooses by position: "con thứ hai" in a story does not."""
    if len(folded.split()) > 5:
        return ""
    typed = TYPED_POSITION.fullmatch(folded)
    if typed:
        return typed[1]
    return next((position for position, pattern in default().ordinals.items() if pattern.search(folded)), "")


def _bounded(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{_joined(pattern)})\b")


def _joined(pattern: str) -> str:
    """A pattern that was written over several lines."""
    return re.sub(r"[|] +", "|", " ".join(pattern.split()))
