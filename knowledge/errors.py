"""Errors of this room.

KnowledgeError
 +-- NotFound         no procedure with this code is in force on this day
 +-- BadRecord        a record is refused: `problems` says where, what and the mend
 +-- UnknownRelease   no such release, or its name is taken or not allowed
 +-- Unapproved       a release that too few different people have signed
 +-- Tampered         a release that is not what was signed: keep serving the one before
"""

from __future__ import annotations


class KnowledgeError(Exception):
    """Root of this room's errors."""


class NotFound(KnowledgeError):
    """No such procedure on that day."""


class BadRecord(KnowledgeError):
    """A record that cannot be loaded."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


class UnknownRelease(KnowledgeError):
    """No such release, or a name that cannot be used."""


class Unapproved(KnowledgeError):
    """Too few different people have signed."""


class Tampered(KnowledgeError):
    """Not what was signed."""
