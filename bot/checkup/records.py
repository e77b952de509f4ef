"""What the assistant answers from: the release that is served, the search index, the sentence encoder."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from bot import wiring
from bot.checkup.finding import Finding
from bot.settings import Settings
from knowledge import catalogue, questions
from knowledge.catalogue import Catalogue
from knowledge.errors import KnowledgeError
from knowledge.importing import SERVED
from knowledge.releasing import Releases
from nlu import encoder, stored
from nlu.encoder import Encoder

OLD = timedelta(days=90)
# a quarter: fees and laws change with the first of January and of July


def release(folder: Path, now: datetime) -> Finding:
    """The edition that citizens are answered from: whole, signed by two people, not forgotten."""
    releases = Releases(folder)
    try:
        current = releases.current()
        if not current:
            return Finding("release", "none", {"folder": folder})
        manifest = releases.verify(current)
        made_at = datetime.fromisoformat(manifest.made_at)
    except (KnowledgeError, OSError, ValueError) as error:
        return Finding("release", "refused", {"why": str(error).rstrip(".")})
    age = now - made_at
    facts = {"id": manifest.id, "day": f"{made_at:%Y-%m-%d}", "days": age.days}
    state = "from_tomorrow" if age < -timedelta(days=1) else "old" if age > OLD else "served"
    return Finding("release", state, facts)


def made_at(folder: Path) -> datetime | None:
    """When the served release was made; None where there is none that can be believed."""
    releases = Releases(folder)
    try:
        current = releases.current()
        return datetime.fromisoformat(releases.verify(current).made_at) if current else None
    except (KnowledgeError, OSError, ValueError):
        return None


def served(folder: Path) -> Catalogue:
    """The records that the next start answers from. Raises KnowledgeError."""
    releases = Releases(folder)
    current = releases.current()
    return releases.load(current) if current else catalogue.load(folder / SERVED)


def index(chosen: Settings, records: Catalogue, reader: Encoder | None) -> Finding:
    """Whether the next start reads the index or builds it."""
    known = wiring.entries(records, questions.load())
    is_built = stored.has_retrieval(known, chosen.cache_dir, reader)
    return Finding("index", "built" if is_built else "to_build", {"count": len(known), "folder": chosen.cache_dir})


def sentence_encoder(chosen: Settings, reader: Encoder | None) -> Finding:
    """Without it procedures are found by words alone."""
    state = "switched_off" if chosen.encoder != "auto" else "missing" if reader is None else "ready"
    return Finding("encoder", state, {"package": f"{encoder.PACKAGE} {encoder.VERSION}"})
