"""Questions spoken by a robot (espeak-ng), and what is heard: evidence about the machinery, none about people."""

from __future__ import annotations

import io
import subprocess
import time
import wave
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from rapidfuzz.distance import Levenshtein

from bot import media_words
from evals.scoring import Label
from integrations.errors import IntegrationError
from integrations.reader_process import ReaderProcess
from nlu.text import has_diacritics, normalise, words

VOICES = {"vi": "north", "vi-vn-x-central": "middle", "vi-vn-x-south": "south"}
WORDS_A_MINUTE = "140"
NOISE_DB = 10.0
# of the voice over the noise
FEWEST_WORDS, MOST_WORDS = 6, 22
Find = Callable[[str], str]
# the code of the procedure found first; "" when none


@dataclass(frozen=True)
class Heard:
    """One question, spoken."""

    voice: str
    noisy: bool
    asked: str
    heard: str
    # empty: nothing
    right_typed: bool
    right_heard: bool
    # whether the right procedure was found first
    took_s: float


def questions(labels: Sequence[Label], count: int) -> list[Label]:
    """Questions about one procedure as they would be spoken, spread over the whole set."""
    spoken = [
        label
        for label in labels
        if label.code and has_diacritics(label.text) and FEWEST_WORDS <= len(label.text.split()) <= MOST_WORDS
    ]
    return spoken[:: max(len(spoken) // count, 1)][:count]


async def measured(
    reader: ReaderProcess, espeak: Sequence[str], opus: Sequence[str], labels: Sequence[Label], find: Find
) -> list[Heard]:
    """Every question in a voice in turn, in quiet and in noise."""
    found = []
    for number, label in enumerate(labels):
        voice = list(VOICES)[number % len(VOICES)]
        spoken = _spoken(label.text, voice, espeak)
        for noisy in (False, True):
            sound = _piped(opus, _with_noise(spoken, number) if noisy else spoken)
            found.append(await _one(reader, sound, label, voice, noisy, find))
    return found


async def _one(reader: ReaderProcess, sound: bytes, label: Label, voice: str, noisy: bool, find: Find) -> Heard:
    """What is heard of one voice message, and what would be answered."""
    started = time.perf_counter()
    try:
        said = media_words.heard(await reader.read(sound)).text
    except IntegrationError:
        said = ""
    took_s = time.perf_counter() - started
    right = {label.code, *label.accept}
    return Heard(VOICES[voice], noisy, label.text, said, find(label.text) in right, find(said) in right, took_s)


def errors(asked: str, heard: str, with_marks: bool) -> float:
    """The share of words that are wrong, missing or too many, over the words that were said."""
    split = (lambda text: tuple(normalise(text).lower().split())) if with_marks else words
    return Levenshtein.distance(split(asked), split(heard)) / max(len(split(asked)), 1)


def _spoken(text: str, voice: str, espeak: Sequence[str]) -> bytes:
    """A WAV file of a sentence."""
    return _piped([*espeak, "-v", voice, "-s", WORDS_A_MINUTE, "--stdout", "--stdin"], text.encode())


def _piped(command: Sequence[str], content: bytes) -> bytes:
    return subprocess.run(command, input=content, stdout=subprocess.PIPE, check=True).stdout


def _with_noise(sound: bytes, seed: int) -> bytes:
    """A WAV file with noise of a street under the voice: louder in the low tones."""
    with wave.open(io.BytesIO(sound)) as given:
        rate_hz, samples = given.getframerate(), np.frombuffer(given.readframes(2**31 - 1), np.int16).astype(float)
    white = np.random.default_rng(seed).normal(size=samples.size)
    low = np.convolve(white, np.ones(24) / 24, "same")
    scale = np.sqrt(np.mean(samples**2) / np.mean(low**2)) / 10 ** (NOISE_DB / 20)
    mixed = np.clip(samples + scale * low, -32_768, 32_767).astype(np.int16)
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as made:
        made.setnchannels(1)
        made.setsampwidth(2)
        made.setframerate(rate_hz)
        made.writeframes(mixed.tobytes())
    return buffer.getvalue()
