"""What each signal is worth: the ranking with its weight set to nought. Nothing is fitted again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

from bot import wiring
from bot.assistant import Assistant
from bot.settings import Settings
from evals import asking, scoring
from evals.measuring import answerable
from evals.scoring import Label
from knowledge import questions
from nlu import confidence as confidences
from nlu import encoder, stored
from nlu.confidence import Confidence
from nlu.retrieval import Signals

SIGNALS = tuple(field.name for field in fields(Signals))
MEANINGS = ("name_meaning", "phrase_meaning")


@dataclass(frozen=True)
class Without:
    """The ranking without some signals; shares between 0 and 1."""

    signals: tuple[str, ...]
    # that were switched off; empty for the ranking as it is
    hit_1: float
    hit_3: float


@dataclass(frozen=True)
class Scored:
    """One question and the signals of its candidates."""

    label: Label
    codes: tuple[str, ...]
    signals: list[list[float]]


def measure(assistant: Assistant, settings: Settings, labels: Sequence[Label]) -> list[Without]:
    """The ranking as it is, without each signal, and without the sentence encoder's two."""
    reader = encoder.default() if settings.encoder == "auto" else None
    asked = questions.load()
    index = stored.retrieval(wiring.entries(assistant.catalogue, asked), settings.cache_dir, reader)
    scored = []
    for item in asking.told([item for item in answerable(labels, assistant.catalogue) if item.code], "signals"):
        found = index.signals(asking.read(item.text), reader)
        scored.append(Scored(item, tuple(entry.code for entry, _ in found), [each.values() for _, each in found]))
    confidence = confidences.fitted(reader is not None)
    off = [(), *((name,) for name in SIGNALS), *([MEANINGS] if reader else [])]
    return [without(scored, confidence, names) for names in off]


def without(scored: Sequence[Scored], confidence: Confidence, names: tuple[str, ...]) -> Without:
    """The hits when these signals count for nothing."""
    weights = tuple(0.0 if name in names else weight for name, weight in zip(SIGNALS, confidence.weights, strict=True))
    ranks = [_rank(item, replace(confidence, weights=weights)) for item in scored]
    total = len(ranks) or 1
    return Without(names, sum(rank == 1 for rank in ranks) / total, sum(0 < rank <= 3 for rank in ranks) / total)


def _rank(item: Scored, confidence: Confidence) -> int:
    if not item.signals:
        return 0
    return scoring.place(item.label, [item.codes[place] for place, _ in confidence.rank(item.signals)])
