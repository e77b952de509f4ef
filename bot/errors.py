"""Errors of this room.

BotError
 +-- BadSettings   a setting is missing or wrong: the message says which and the mend
 +-- BadData       a data file of this room is wrong
 +-- NoFile        a channel does not give a citizen's file out, or no more
"""


class BotError(Exception):
    """Root of this room's errors."""


class BadSettings(BotError):
    """A setting is missing or wrong."""


class BadData(BotError):
    """A data file is wrong."""


class NoFile(BotError):
    """A channel does not give a citizen's file out, or no more."""
