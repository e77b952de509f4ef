"""What is slow to build, kept on disk: built once for its data and this room's code, read in a moment afterwards.

The folder must be ours alone: what lies in it is unpickled.
"""

from __future__ import annotations

import hashlib
import logging
import os
import pickle
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

from filelock import FileLock

from nlu import encoder
from nlu.encoder import Encoder
from nlu.phrases import PhraseEngine
from nlu.readings import Readings
from nlu.retrieval import Entry, Retrieval
from nlu.scope import Scope, some
from nlu.training import Example

log = logging.getLogger(__name__)

Kept = TypeVar("Kept", Retrieval, PhraseEngine, Scope, Readings)

ROOM = Path(__file__).parent
SOURCES = ("*.py", "data/*.yaml", "data/*.npz")
# whatever changes one of these changes what is built,
APART = ("confidence.yaml", "clusters.py")
# but for these: read when a question is asked, or of no use to it
MOST_KEPT = 3
# of a kind that stay on disk: those that were read or built last


def retrieval(entries: Sequence[Entry], folder: Path, reader: Encoder | None) -> Retrieval:
    """The index over the entries, with their meanings where there is an encoder."""
    return _kept(Retrieval, _said(entries, reader), folder, lambda: _indexed(entries, folder, reader))


def _indexed(entries: Sequence[Entry], folder: Path, reader: Encoder | None) -> Retrieval:
    """The index anew. What its phrases were read as is kept for the next one, which has most of them too."""
    path = _path(Readings, "", folder)
    readings = _read(Readings, path) or Readings()
    known = len(readings)
    index = Retrieval(entries, reader, readings)
    if len(readings) > known:
        _keep(path, pickle.dumps(readings, protocol=pickle.HIGHEST_PROTOCOL), f"{Readings.__name__}-*.pickle")
    return index


def has_retrieval(entries: Sequence[Entry], folder: Path, reader: Encoder | None) -> bool:
    """Whether that index is on disk already."""
    return _path(Retrieval, _said(entries, reader), folder).exists()


def engine(examples: Sequence[Example], folder: Path) -> PhraseEngine:
    """The embedded engine, taught."""
    return _kept(PhraseEngine, repr(examples), folder, lambda: PhraseEngine.train(examples))


def scope(
    examples: Sequence[Example], entries: Sequence[Entry], index: Retrieval, folder: Path, reader: Encoder | None
) -> Scope:
    """What tells a matter from everything else, taught by the sentences and the questions about reviewed procedures."""
    questions = some(phrase for entry in entries if entry.local for phrase in entry.phrases)
    texts = [*(example.text for example in examples), *questions]

    def build() -> Scope:
        return Scope.taught(examples, questions, encoder.of(index.spoken(texts), reader) if reader else None)

    return _kept(Scope, f"{reader is None} {examples!r} {questions!r}", folder, build)


def _said(entries: Sequence[Entry], reader: Encoder | None) -> str:
    return f"{reader is None} {entries!r}"


def _path(kind: type[Kept], data: str, folder: Path) -> Path:
    return folder / f"{kind.__name__}-{_key(data)}.pickle"


def _kept(kind: type[Kept], data: str, folder: Path, build: Callable[[], Kept]) -> Kept:
    path = _path(kind, data, folder)
    found = _read(kind, path)
    if found is not None:
        return found
    with _alone(path):
        found = _read(kind, path)
        if found is not None:
            return found
        log.warning("%s is built anew; for 3,600 procedures that takes a minute or two, once", kind.__name__)
        built = build()
        _keep(path, pickle.dumps(built, protocol=pickle.HIGHEST_PROTOCOL), f"{kind.__name__}-*.pickle")
    return built


def _read(kind: type[Kept], path: Path) -> Kept | None:
    """What is kept there; None when it is to be built."""
    try:
        found = pickle.loads(path.read_bytes())
        _touch(path)
        return found if isinstance(found, kind) else None
    except FileNotFoundError:
        return None
    except (OSError, pickle.UnpicklingError, EOFError, AttributeError, ImportError, IndexError) as error:
        log.warning("%s cannot be read (%s): it is built again", path.name, type(error).__name__)
        return None


def _touch(path: Path) -> None:
    """It is in use: what was kept before it goes first."""
    with suppress(OSError):  # a folder that only others may write to
        os.utime(path)


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Of several processes that start together one builds, the others wait and read."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(path.with_suffix(".lock"))
        lock.acquire()
    except (OSError, NotImplementedError):  # nothing can be kept in this folder: each builds for itself
        yield
        return
    try:
        yield
    finally:
        lock.release()


def _key(data: str) -> str:
    digest = hashlib.sha256(data.encode())
    for pattern in SOURCES:
        for path in sorted(ROOM.glob(pattern)):
            digest.update(path.read_bytes() if path.name not in APART else b"")
    return digest.hexdigest()[:24]


def _keep(path: Path, content: bytes, siblings: str) -> None:
    """Write at once or not at all; what cannot be kept is built again next time."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(f".{os.getpid()}")
        draft.write_bytes(content)
        os.replace(draft, path)
        for old in sorted(path.parent.glob(siblings), key=lambda item: item.stat().st_mtime)[:-MOST_KEPT]:
            old.unlink(missing_ok=True)
    except OSError as error:
        log.warning("%s is not kept: %s", path.name, error)
