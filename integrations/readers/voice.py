"""Hears one voice message: PyAV decodes it to 16 kHz, viet-asr writes it down.

Run by the interpreter of `make voice`: `.readers/voice/bin/python -m integrations.readers.voice`.
"""

from __future__ import annotations

import io

import av
import numpy as np
import vietasr

from integrations.readers.protocol import Fault, Unread, serve

RATE_HZ = 16_000


def hear(content: bytes, longest_s: int) -> list[str]:
    """What is said, as one line; none when nothing is. Raises Unread."""
    heard = vietasr.Pipeline.preset("transcribe").transcribe(samples(content, longest_s), RATE_HZ)
    return [heard.text] if heard.text.strip() else []


def samples(content: bytes, longest_s: int) -> np.ndarray:
    """A sound of any usual kind as 16-bit numbers, 16,000 a second. Raises Unread."""
    resampler, pieces, length = av.AudioResampler("s16", "mono", RATE_HZ), [], 0
    with av.open(io.BytesIO(content)) as container:
        for frame in container.decode(audio=0):
            pieces += [part.to_ndarray().reshape(-1) for part in resampler.resample(frame)]
            length = sum(map(len, pieces))
            if length > longest_s * RATE_HZ:
                raise Unread(Fault.TOO_LONG)
    pieces += [part.to_ndarray().reshape(-1) for part in resampler.resample(None)]
    if not length:
        raise Unread(Fault.UNREADABLE)
    return np.concatenate(pieces)


if __name__ == "__main__":
    serve(hear)
