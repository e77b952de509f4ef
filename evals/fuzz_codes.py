"""A fuzzer for dossier codes: every spelling comes back as its normal form, and no text raises or takes long.

    .venv/bin/python -m evals.fuzz_codes --inputs 1000000 --seed 1

A third of the inputs are codes in a spelling drawn at random, a third codes with something wrong, a third noise.
Prints how many there were, how many crashed, how many codes did not come back, and the slowest input.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from rich.console import Console
from rich.progress import track

from nlu import dossier_codes, personal_data
from nlu.text import normalise

TODAY = date(2026, 11, 21)
DASHES = "-_\u2010\u2011\u2012\u2013\u2014\u2015\u2212\uff0d"
LETTERS = "HGHGHGABK"
SPACES = (" ", "\n", "\r\n", "\u00a0")
AROUND = ("", "mã hồ sơ ", "Mã: ", "hs số ", "tra giúp em (", "https://vi.example/?ma=", "«", "12. ")
BEHIND = ("", ".", ",", "!", "?", ")", " của em", " ạ", "; cảm ơn", "\n", "…", "\u200b")
NOISE = "0123456789" * 3 + "hHgGoOlIi" + DASHES + "..  \n‹›/|đậ९²𝟗\u0300\u200b"
FULL_WIDTH = {ord(plain): ord(plain) + 0xFEE0 for plain in "0123456789HGABK."}


@dataclass
class Tally:
    """What a run saw."""

    inputs: int = 0
    crashes: int = 0
    lost: int = 0
    slowest_s: float = 0.0
    # processor time: what else runs on the machine does not count
    slowest: str = ""
    first_wrong: str = ""


def code(random: Random) -> str:
    """A code in its normal form, of any unit, received from 2015 to TODAY."""
    day = dossier_codes.FIRST_DATE + timedelta(random.randrange((TODAY - dossier_codes.FIRST_DATE).days + 1))
    lead = "".join(f"{random.randrange(1000):03}." for _ in range(random.choice((0, 0, 0, 1, 2, 3))))
    if random.random() < 0.2:
        lead = f"000.{random.randrange(100):02}.{random.randrange(100):02}."
    levels = "".join(f".{random.randrange(10 ** random.randint(1, 3))}" for _ in range(random.randrange(5)))
    number = random.randint(1, 10 ** random.randint(3, 7) - 1)
    written = f"{day:%y%m%d}" if random.random() < 0.7 else f"{day:%Y%m%d}"
    letter, width = random.choice(LETTERS), random.randint(3, 7)
    return f"{lead}{letter}{random.randrange(100):02}{levels}-{written}-{number:0{width}}"


def spelt(normal: str, random: Random) -> str:
    """The code as somebody may write it: case, width, dashes, spaces, dots, lines."""
    unit, day, number = normal.split("-")
    lead, letter, levels = _parts(unit)
    dash = _dash(random, any_sign=letter in "HG")
    if dash.strip() not in ("", ".") and random.random() < 0.2 and letter in "HG":
        at = random.randrange(1, len(day))
        day = day[:at] + random.choice(SPACES) + day[at:]
    if len(lead) == len("000.00.01.") and random.random() < 0.3:
        lead = lead.replace(".", random.choice((" . ", ". ", " ."))).lstrip()
    if dash.strip() != ".":
        levels = levels.replace(".", random.choice((".", ".", ". ", " .", " . ")))
    text = f"{lead}{letter}{levels}{dash}{day}{dash}{number}"
    text = text.lower() if random.random() < 0.4 else text
    return text.translate(FULL_WIDTH) if random.random() < 0.15 else text


def _parts(unit: str) -> tuple[str, str, str]:
    """What stands before the letter, the letter, and the rest of the unit."""
    at = next(place for place, sign in enumerate(unit) if sign.isalpha())
    return unit[:at], unit[at], unit[at + 1 :]


def _dash(random: Random, any_sign: bool) -> str:
    """What may stand for a dash."""
    if any_sign and random.random() < 0.2:
        return random.choice((".", *SPACES))
    return random.choice(("", "", " ", "\n")) + random.choice(DASHES) + random.choice(("", "", " ", "\n"))


def spoilt(normal: str, random: Random) -> str:
    """A code with a character too few, too many, or another one."""
    at = random.randrange(len(normal))
    return normal[:at] + random.choice(("", random.choice(NOISE), random.choice(NOISE) * 2)) + normal[at + 1 :]


def noise(random: Random) -> str:
    """Anything made of what codes are made of."""
    piece = "".join(random.choices(NOISE, k=random.randint(1, 40)))
    return piece * random.choice((1, 1, 1, 1, 5, 50))


def read(text: str) -> list[str]:
    """The codes of a text, read as the assistant reads it: normalised and masked."""
    masked = personal_data.mask(normalise(text)).text
    return [entity.value for entity in dossier_codes.find(masked, TODAY) if entity.kind == dossier_codes.CODE]


def run(inputs: int, seed: int) -> Tally:
    """So many inputs; the same seed gives the same ones."""
    random, tally = Random(seed), Tally()
    for number in track(range(inputs), "fuzzing", transient=True, disable=not sys.stderr.isatty()):
        normal = code(random)
        match number % 3:
            case 0:
                text = random.choice(AROUND) + spelt(normal, random) + random.choice(BEHIND)
                _tried(tally, text, [normal])
            case 1:
                _tried(tally, spoilt(normal, random))
            case _:
                _tried(tally, noise(random))
    return tally


def _tried(tally: Tally, text: str, expected: list[str] | None = None) -> None:
    """One input into the tally."""
    tally.inputs += 1
    started = time.thread_time()
    try:
        found = read(text)
    except Exception:
        tally.crashes += 1
        tally.first_wrong = tally.first_wrong or repr(text)
        return
    took_s = time.thread_time() - started
    if took_s > tally.slowest_s:
        tally.slowest_s, tally.slowest = took_s, text
    if expected is not None and found != expected:
        tally.lost += 1
        tally.first_wrong = tally.first_wrong or f"{text!r} gave {found}"


def main(arguments: list[str] | None = None) -> int:
    """Fuzz; fails when anything crashed or was lost."""
    parser = argparse.ArgumentParser(prog="python -m evals.fuzz_codes", description=__doc__)
    parser.add_argument("--inputs", type=int, default=200_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    started = time.perf_counter()
    tally = run(options.inputs, options.seed)
    took_s = time.perf_counter() - started
    say = Console(soft_wrap=True, highlight=False, markup=False).print
    say(f"inputs {tally.inputs}, seed {options.seed}, {tally.inputs / took_s:.0f} a second")
    say(f"crashes {tally.crashes}, codes not read as written {tally.lost} of {(tally.inputs + 2) // 3}")
    shown = f"{tally.slowest[:60]!r}, {len(tally.slowest)} characters"
    say(f"slowest {1000 * tally.slowest_s:.1f} ms of processor time: {shown}")
    if tally.first_wrong:
        say(f"first wrong: {tally.first_wrong}")
    return 1 if tally.crashes or tally.lost else 0


if __name__ == "__main__":
    sys.exit(main())
