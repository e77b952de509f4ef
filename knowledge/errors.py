"""Errors of this room.

KnowledgeError
 +-- NotFound    no procedure with this code is in force on this day
 +-- BadRecord   a record is refused: `problems` says where, what and the mend
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
