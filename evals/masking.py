"""Masking, measured on labelled messages (evals/data/personal.yaml), letter by letter.

A letter or digit of a personal datum counts as caught when the mask covers it, whatever kind the mask calls it: what
matters is that it is not stored. `python -m evals.masking` prints the figures; `--misses` the messages behind them.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from nlu import personal_data
from nlu.text import normalise

PATH = Path(__file__).parent / "data" / "personal.yaml"
UNSEEN = ("unseen", "unseen_harmless", "unseen_again", "unseen_again_harmless")
# groups that were measured before the patterns were repaired with them: docs/privacy.md has the figures of that day
HARMLESS = ("harmless", "unseen_harmless", "unseen_again_harmless")
KEPT = ("birthday", "address")
# kinds that the mask does not promise (docs/privacy.md): measured, in no total
_MARKED = re.compile(r"\{(\w+):([^{}]*)\}")


@dataclass(frozen=True)
class Marked:
    """A stretch of personal data that a person marked."""

    kind: str
    start: int
    end: int


@dataclass(frozen=True)
class Labelled:
    """A message and the personal data in it."""

    group: str
    text: str
    # normalised, as the door does it
    marked: tuple[Marked, ...]


@dataclass(frozen=True)
class Tally:
    """Letters and digits of one kind."""

    kind: str
    stretches: int
    whole: int
    # stretches of which nothing is left
    letters: int
    caught: int

    @property
    def recall(self) -> float:
        """Per cent of the letters that were caught."""
        return 100 * self.caught / self.letters if self.letters else 100.0


@dataclass(frozen=True)
class Measured:
    """What the mask did with all messages."""

    messages: int
    harmless: int
    hurt: int
    # harmless messages of which something was masked
    tallies: tuple[Tally, ...]
    masked: Mapping[str, tuple[int, int]]
    # kind of the mask: letters masked, and of these letters that are personal data
    misses: tuple[str, ...]

    def recall(self, kinds: Sequence[str] = ()) -> float:
        """Per cent of the letters of some kinds that were caught; of all that the mask promises when none is named."""
        chosen = [tally for tally in self.tallies if (tally.kind in kinds if kinds else tally.kind not in KEPT)]
        return 100 * sum(tally.caught for tally in chosen) / max(1, sum(tally.letters for tally in chosen))

    @property
    def precision(self) -> float:
        """Per cent of the masked letters that are personal data."""
        masked, right = (sum(pair[index] for pair in self.masked.values()) for index in (0, 1))
        return 100 * right / masked if masked else 100.0

    def figures(self) -> dict[str, float]:
        """What evals/thresholds.yaml bounds."""
        recalls = {f"masking.recall.{tally.kind}": tally.recall for tally in self.tallies}
        harmless = 100 * (self.harmless - self.hurt) / self.harmless
        return {**recalls, "masking.precision": self.precision, "masking.harmless": harmless}


def load(path: Path = PATH) -> tuple[Labelled, ...]:
    """The labelled messages, normalised."""
    groups = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    return tuple(_labelled(group, line) for group, lines in groups.items() for line in lines.splitlines())


def measure(messages: Iterable[Labelled]) -> Measured:
    """Mask every message and compare with its labels."""
    counts: Counter[tuple[str, str]] = Counter()
    masked: Counter[tuple[str, bool]] = Counter()
    misses, hurt, number, harmless = [], 0, 0, 0
    for message in messages:
        covered = {index: span.kind for span in personal_data.spans(message.text) for index in _range(message, span)}
        personal = {index for mark in message.marked for index in _range(message, mark)}
        for mark in message.marked:
            counts.update(_counted(mark.kind, _range(message, mark), covered))
        masked.update((kind, index in personal) for index, kind in covered.items())
        number, harmless = number + 1, harmless + (message.group in HARMLESS)
        hurt += message.group in HARMLESS and bool(covered)
        promised = {index for mark in message.marked if mark.kind not in KEPT for index in _range(message, mark)}
        if promised - set(covered) or set(covered) - personal:
            misses.append(f"{message.group}: {message.text} -> {personal_data.mask(message.text).text}")
    kinds = dict.fromkeys(kind for kind, _ in counts)
    tallies = tuple(
        Tally(kind, *(counts[kind, name] for name in ("stretches", "whole", "letters", "caught"))) for kind in kinds
    )
    found = {kind: (masked[kind, True] + masked[kind, False], masked[kind, True]) for kind, _ in sorted(masked)}
    return Measured(number, harmless, hurt, tallies, found, tuple(misses))


def table(measured: Measured) -> Iterator[str]:
    """The lines of the table in docs/privacy.md."""
    yield "| marked by hand | stretches | masked whole | letters caught |"
    yield "|---|---|---|---|"
    for tally in measured.tallies:
        yield f"| {tally.kind} | {tally.stretches} | {tally.whole} | {tally.recall:.1f} % |"
    yield ""
    yield "| masked as | letters | of these personal |"
    yield "|---|---|---|"
    for kind, (letters, right) in measured.masked.items():
        yield f"| {kind} | {letters} | {100 * right / letters:.1f} % |"


def main(arguments: list[str] | None = None) -> int:
    """Print the figures."""
    parser = argparse.ArgumentParser(prog="python -m evals.masking", description=__doc__)
    parser.add_argument("--misses", action="store_true", help="the messages that were not masked as marked")
    options = parser.parse_args(arguments)
    messages = load()
    measured = measure(messages)
    for name, some in (("all", measured), ("unseen", measure(item for item in messages if item.group in UNSEEN))):
        print(f"{name}: {some.messages} messages, {some.harmless} of them harmless, {some.hurt} of these masked;")
        print(f"  recall {some.recall():.1f} %, precision {some.precision:.1f} %\n")
    print("\n".join([*table(measured), *(["", *measured.misses] if options.misses else [])]))
    return 0


def _labelled(group: str, line: str) -> Labelled:
    text, marked, done = "", [], 0
    for match in _MARKED.finditer(line):
        text += line[done : match.start()]
        marked.append(Marked(match[1], len(text), len(text) + len(match[2])))
        text, done = text + match[2], match.end()
    text += line[done:]
    if normalise(text) != text:
        raise ValueError(f"{line!r}: the door would change this message, and its marks would not fit")
    return Labelled(group, text, tuple(marked))


def _range(message: Labelled, stretch: Marked | personal_data.Span) -> list[int]:
    """Where its letters and digits stand."""
    return [index for index in range(stretch.start, stretch.end) if message.text[index].isalnum()]


def _counted(kind: str, letters: Sequence[int], covered: Mapping[int, str]) -> dict[tuple[str, str], int]:
    caught = sum(index in covered for index in letters)
    whole = int(caught == len(letters))
    return {
        (kind, "stretches"): 1,
        (kind, "whole"): whole,
        (kind, "letters"): len(letters),
        (kind, "caught"): caught,
    }


if __name__ == "__main__":
    sys.exit(main())
