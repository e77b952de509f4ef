"""Errors of this room.

NluError
 +-- Unavailable   the engine did not answer in time or answered nonsense: use the other engine
 +-- BadData       a data file of this room is wrong: the message says path, line and the mend
"""


class NluError(Exception):
    """Root of this room's errors."""


class Unavailable(NluError):
    """The engine cannot answer now."""


class BadData(NluError):
    """A data file is wrong."""
