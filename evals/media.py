"""Voice messages and photos of receipts, measured on sets of our own: drawn receipts and cards, a robot's voice.

python -m evals.media receipts [--each 8] [--report docs/media.md]
python -m evals.media voice [--questions 45] [--espeak "espeak-ng"] [--report docs/media.md]

Needs what is measured: `make ocr`, `make voice`; for voices espeak-ng too (Debian's package).
"""

from __future__ import annotations

import argparse
import asyncio
import shlex
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import mean, median

from bot import settings, wiring
from bot.media_words import PHOTO, SOUND
from evals import asking, blocks, media_receipts, media_voice, scoring
from evals.media_receipts import CARD, CODE, NOTHING, WRONG, Tally
from evals.media_voice import VOICES, Heard, errors
from integrations.reader_process import ReaderProcess

ROOT = Path(__file__).parents[1]
INTERPRETER = ROOT / ".readers" / "{}" / "bin" / "python"
COMMAND = "{} -m integrations.readers.{}"


def main(arguments: list[str] | None = None) -> int:
    """Measure one part."""
    parser = argparse.ArgumentParser(prog="python -m evals.media", description=__doc__)
    parser.add_argument("part", choices=("receipts", "voice"))
    parser.add_argument("--each", type=int, default=8, help="receipts of each disturbance")
    parser.add_argument("--questions", type=int, default=45)
    parser.add_argument("--espeak", default="espeak-ng")
    parser.add_argument("--report", type=Path)
    options = parser.parse_args(arguments)
    name = "ocr" if options.part == "receipts" else "voice"
    if not _interpreter(name).exists():
        print(f"the reader is not installed: make {name}", file=sys.stderr)
        return 2
    started = time.monotonic()
    content = asyncio.run(_receipts(options.each) if options.part == "receipts" else _voice(options))
    print(content)
    if options.report:
        command = blocks.called("evals.media", arguments)
        blocks.write(options.report, options.part, command, content, time.monotonic() - started)
    return 0


async def _receipts(each: int) -> str:
    """Receipts, and cards that must not be read."""
    reader = _reader("ocr", PHOTO)
    receipts = await media_receipts.measured(reader, "receipt", each)
    cards = await media_receipts.measured(reader, "card", max(each // 4, 1))
    return f"{_of_receipts(receipts)}\n\n{_of_cards(cards)}"


async def _voice(options: argparse.Namespace) -> str:
    """Questions in a robot's voice."""
    assistant = asking.shipped(settings.load())

    def first(text: str) -> str:
        found = asking.candidates(assistant, text) if text else ()
        return found[0].code if found else ""

    labels = media_voice.questions(scoring.load(), options.questions)
    opus = [str(_interpreter("voice")), "-m", "evals.opus"]
    heard = await media_voice.measured(_reader("voice", SOUND), shlex.split(options.espeak), opus, labels, first)
    return _of_voices(heard)


def _reader(name: str, kind: str) -> ReaderProcess:
    """The installed reader, bounded as the settings bound it."""
    command = COMMAND.format(_interpreter(name), name)
    return wiring.readers(replace(settings.load(), **{f"{name}_command": command}))[kind]  # type: ignore[arg-type]


def _interpreter(name: str) -> Path:
    return Path(str(INTERPRETER).format(name))


def _of_receipts(tallies: Mapping[str, Tally]) -> str:
    kinds = (CODE, NOTHING, WRONG, CARD)
    rows = [
        (name, *(tally.counts[kind] for kind in kinds), f"{median(tally.took_s):.1f}")
        for name, tally in tallies.items()
    ]
    sums = [sum(tally.counts[kind] for tally in tallies.values()) for kind in kinds]
    return _table(
        ("photo of a receipt", "right code", "nothing read", "wrong code", "taken for a card", "median, s"),
        [*rows, ("all", *sums, "")],
    )


def _of_cards(tallies: Mapping[str, Tally]) -> str:
    rows = [(name, tally.counts[CARD], tally.counts[NOTHING], tally.counts[WRONG]) for name, tally in tallies.items()]
    return _table(("photo of an identity card", "refused as a card", "nothing taken", "something taken"), rows)


def _of_voices(heard: Sequence[Heard]) -> str:
    quiet = [one for one in heard if not one.noisy]
    groups = {"all, in quiet": quiet}
    groups |= {f"{name}, in quiet": [one for one in quiet if one.voice == name] for name in VOICES.values()}
    groups["all, noise 10 dB below the voice"] = [one for one in heard if one.noisy]
    rows = [(name, *_figures(ones)) for name, ones in groups.items() if ones]
    counted = ("questions", "words wrong", "wrong without marks", "nothing heard")
    return _table(("robot voice", *counted, "right first, typed", "right first, heard", "median, s"), rows)


def _figures(ones: Sequence[Heard]) -> tuple[object, ...]:
    """Count, word errors with and without marks, silence, what is found, median seconds."""
    wrong = (mean(errors(one.asked, one.heard, marks) for one in ones) for marks in (True, False))
    return (
        len(ones),
        *(f"{share:.0%}" for share in wrong),
        sum(not one.heard for one in ones),
        f"{mean(one.right_typed for one in ones):.0%}",
        f"{mean(one.right_heard for one in ones):.0%}",
        f"{median(one.took_s for one in ones):.1f}",
    )


def _table(names: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = [names, ["---"] * len(names), *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)


if __name__ == "__main__":
    sys.exit(main())
