"""A sound on the standard input as Ogg with Opus, as telephones send it. Run by the interpreter of `make voice`."""

from __future__ import annotations

import io
import sys

import av

RATE_HZ = 48_000
BITS_PER_S = 24_000


def encoded(sound: bytes) -> bytes:
    """One channel, 48 kHz, 24 kbit/s."""
    buffer = io.BytesIO()
    with av.open(io.BytesIO(sound)) as given, av.open(buffer, "w", format="ogg") as made:
        stream = made.add_stream("libopus", rate=RATE_HZ)
        stream.bit_rate = BITS_PER_S
        resampler = av.AudioResampler("s16", "mono", RATE_HZ)
        for frame in (*given.decode(audio=0), None):
            for part in resampler.resample(frame):
                made.mux(stream.encode(part))
        made.mux(stream.encode(None))
    return buffer.getvalue()


if __name__ == "__main__":
    sys.stdout.buffer.write(encoded(sys.stdin.buffer.read()))
