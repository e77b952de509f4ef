"""A reader that hears and sees what it is told to: a program of its own with the protocol of the real ones.

python -m integrations.stand_ins.reader TEXT ...      answers these lines, whatever the file
python -m integrations.stand_ins.reader --echo        the file itself is UTF-8 text: its lines
                                        --after-s 3   takes its time
python -m integrations.stand_ins.reader --fault NAME  dies, is late, talks nonsense or without end, takes all memory
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable

from integrations.readers.protocol import Fault, Unread, serve

LATE_S = 600.0
GREED_BYTES = 2**40


def main() -> None:
    """Answer one question."""
    parser = argparse.ArgumentParser(prog="python -m integrations.stand_ins.reader", description=__doc__)
    parser.add_argument("lines", nargs="*")
    parser.add_argument("--echo", action="store_true")
    parser.add_argument("--after-s", type=float, default=0.0)
    parser.add_argument("--fault", choices=FAULTS)
    options = parser.parse_args()
    if options.fault:
        FAULTS[options.fault]()
        return
    time.sleep(options.after_s)
    serve(lambda content, longest_s: content.decode().splitlines() if options.echo else options.lines)


def _die() -> None:
    sys.exit(3)


def _be_late() -> None:
    time.sleep(LATE_S)


def _talk_nonsense() -> None:
    sys.stdout.write("nonsense\n")


def _talk_without_end() -> None:
    while True:
        sys.stdout.write("x" * 2**16)


def _take_all_memory() -> None:
    sys.stdin.readline()
    sys.stdout.write(f"{len(bytes(GREED_BYTES))}\n")


def _write_a_file() -> None:
    """Tries to keep something."""
    sys.stdin.readline()
    with tempfile.TemporaryFile() as file:
        file.write(b"x")
    sys.stdout.write('{"lines": ["kept"]}\n')


def _read_nothing() -> None:
    def unreadable(content: bytes, longest_s: int) -> list[str]:
        raise Unread(Fault.UNREADABLE)

    serve(unreadable)


FAULTS: dict[str, Callable[[], None]] = {
    "dies": _die,
    "late": _be_late,
    "nonsense": _talk_nonsense,
    "endless": _talk_without_end,
    "greedy": _take_all_memory,
    "writes": _write_a_file,
    "unreadable": _read_nothing,
}

if __name__ == "__main__":
    main()
