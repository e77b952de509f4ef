"""Errors of this room, named by what the caller can do.

IntegrationError
 +-- Unavailable   slow, down or overloaded: try again, after `retry_after_s` when it is known
 |    +-- Busy          too many of us wait for it already: try again in a moment
 |    +-- NotConnected  no address of it is set: nothing to try again, an officer may look
 +-- NotFound      the other system has no such thing: ask the citizen to check the code
 +-- Refused       the other system does not let us in: an operator must look at our credentials
 +-- BadAnswer     the answer cannot be trusted or read: show nothing of it, tell an operator
 |    +-- AnotherDossier  it is about somebody else's matter: an alarm
 +-- Undeliverable this message will never be taken: set it aside; `reason` says whether another way is left

Messages name the system and the fault, never the content of an answer.
"""


class IntegrationError(Exception):
    """Root of this room's errors."""


class Unavailable(IntegrationError):
    """The other system cannot answer now."""

    def __init__(self, message: str = "", retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class Busy(Unavailable):
    """Too many of us wait for the other system already."""


class NotConnected(Unavailable):
    """No address of the other system is set."""


class NotFound(IntegrationError):
    """The other system has no such thing."""


class Refused(IntegrationError):
    """The other system does not let us in."""


class BadAnswer(IntegrationError):
    """The answer cannot be trusted or read."""


class AnotherDossier(BadAnswer):
    """The answer is about another dossier than the one asked for."""


class Undeliverable(IntegrationError):
    """The other system will never take this message."""

    def __init__(self, message: str, reason: str) -> None:
        super().__init__(message)
        self.reason = reason
        # "window": the citizen wrote too long ago; "recipient": they left or are barred; "message": our mistake
