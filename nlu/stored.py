"""An index kept on disk: built once for a catalogue and this room's data and code, read in a moment afterwards."""

from __future__ import annotations

import hashlib
import logging
import os
import pickle
from collections.abc import Sequence
from pathlib import Path

from nlu.retrieval import Entry, Retrieval

log = logging.getLogger(__name__)

ROOM = Path(__file__).parent
SOURCES = ("retrieval.py", "classifier.py", "cues.py", "text.py", "lexicon.py", "data/cues.yaml", "data/lexicon.yaml")
# whatever changes one of these changes the index
KEPT = 3
# newest indexes that stay on disk


def retrieval(entries: Sequence[Entry], folder: Path) -> Retrieval:
    """The index over the entries, from the folder when it is there. The folder must be ours: it is unpickled."""
    path = folder / f"index-{_key(entries)}.pickle"
    try:
        built = pickle.loads(path.read_bytes())
        if isinstance(built, Retrieval):
            return built
    except FileNotFoundError:
        pass
    except (OSError, pickle.UnpicklingError, EOFError, AttributeError, ImportError, IndexError) as error:
        log.warning("%s cannot be read (%s): it is built again", path.name, type(error).__name__)
    built = Retrieval(entries)
    _keep(path, pickle.dumps(built, protocol=pickle.HIGHEST_PROTOCOL))
    return built


def _key(entries: Sequence[Entry]) -> str:
    digest = hashlib.sha256(repr(entries).encode())
    for name in SOURCES:
        digest.update((ROOM / name).read_bytes())
    return digest.hexdigest()[:24]


def _keep(path: Path, content: bytes) -> None:
    """Write at once or not at all; an index that cannot be kept is built again next time."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(f".{os.getpid()}")
        draft.write_bytes(content)
        os.replace(draft, path)
        old = sorted(path.parent.glob("index-*.pickle"), key=lambda item: item.stat().st_mtime)[:-KEPT]
        for item in old:
            item.unlink(missing_ok=True)
    except OSError as error:
        log.warning("the index is not kept: %s", error)
