"""Who else is at a ticket, for moments only."""

from __future__ import annotations

from web.presence import TYPING_S, VIEWING_S, Presence


class Seconds:
    """A clock that is moved by hand."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_others_are_seen_for_a_while() -> None:
    """An officer sees who else has the page open, not themselves, nobody of another ticket, and nobody who left."""
    clock = Seconds()
    presence = Presence(clock)
    presence.note(7, 1, "Lan")
    presence.note(7, 2, "Minh")
    presence.note(8, 3, "Hoa")
    assert presence.others(7, 1) == [("Minh", False)] and presence.others(7, 2) == [("Lan", False)]
    clock.now = VIEWING_S + 1
    assert presence.others(7, 1) == []


def test_typing_ends_by_itself() -> None:
    """Who writes is said so until they stop, or for a few seconds; opening the page again changes nothing about it."""
    clock = Seconds()
    presence = Presence(clock)
    presence.note(7, 2, "Minh", typing=True)
    presence.note(7, 2, "Minh")
    assert presence.others(7, 1) == [("Minh", True)]
    clock.now = TYPING_S + 1
    assert presence.others(7, 1) == [("Minh", False)]
    presence.note(7, 2, "Minh", typing=True)
    presence.note(7, 2, "Minh", typing=False)
    assert presence.others(7, 1) == [("Minh", False)]


def test_changes_are_counted() -> None:
    """Coming, beginning and stopping to write are news; staying is none."""
    presence = Presence(Seconds())
    counts = []
    for typing in (None, None, True, True, False, None):
        presence.note(7, 1, "Lan", typing)
        counts.append(presence.changes(7))
    assert counts == [1, 1, 2, 2, 3, 3]
    assert presence.changes(8) == 0
