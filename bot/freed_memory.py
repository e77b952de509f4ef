"""Memory that was used for a while: the C library keeps what was freed, for each thread and between what is in use."""

from __future__ import annotations

import ctypes

M_ARENA_MAX = -8
# of mallopt, in glibc's malloc.h
ARENAS = 2


def share() -> None:
    """Let all threads of this process allocate from the same two arenas, where the C library can (glibc).

    To be called before they start: left alone, each of some thirty threads keeps what it once needed for itself. They
    wait for Python's lock anyway, and not for this one.
    """
    set_option = getattr(ctypes.CDLL(None), "mallopt", None)
    if set_option is not None:
        set_option(M_ARENA_MAX, ARENAS)


def give_back() -> None:
    """Return freed memory to the system, where the C library can (glibc); some milliseconds."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
