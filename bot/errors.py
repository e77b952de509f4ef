"""Errors of this room.

BotError
 +-- BadSettings   a setting is missing or wrong: the message says which and the mend
 +-- BadData       a data file of this room is wrong
 +-- NotKept       a message could not be stored: whoever sent it is told, and sends it again
 +-- NoFile        a channel does not give a citizen's file out, or no more
"""


class BotError(Exception):
    """Root of this room's errors."""


class BadSettings(BotError):
    """A setting is missing or wrong."""


class BadData(BotError):
    """A data file is wrong."""


class NotKept(BotError):
    """A message could not be stored."""


class NoFile(BotError):
    """A channel does not give a citizen's file out, or no more."""
