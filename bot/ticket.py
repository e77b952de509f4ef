"""A ticket's life as one table: who may do what to it at which stage, and where that leads. Pure.

The drawing in docs/tickets.md is made from this table (bot/drawing.py). The transaction that acts is in bot/ledger.py.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.conversation import Owner

LETTERS = "23456789ACDEFGHKMNPQRTVXY"
# of a ticket's code: none is mistaken for another when it is read aloud or copied by hand (no 0/O, 1/I/L, B/8, S/5...)
CODE = re.compile(rf"(?<![\w-])HT[-\s]?(?P<first>[{LETTERS}]{{4}})[-\s]?(?P<second>[{LETTERS}]{{4}})(?![\w-])", re.I)


class Stage(StrEnum):
    """Where a matter is: always at exactly one of these."""

    BOT = "bot"
    # no ticket
    QUEUED = "queued"
    # at a desk
    OFFICER = "officer"
    CITIZEN = "citizen"
    # held by an officer who waits for the citizen
    FILED = "filed"
    # a complaint at a desk: nobody waits in the talk
    BESIDE = "beside"
    # a complaint held by an officer beside the talk, or with the agencies it was forwarded to
    CLOSED = "closed"


WAITING = frozenset({Stage.QUEUED, Stage.FILED})
# for an officer
TALKED = frozenset({Stage.QUEUED, Stage.OFFICER, Stage.CITIZEN})
# the talk is somebody else's than the assistant's: one ticket of a conversation at most
HELD = frozenset({Stage.OFFICER, Stage.CITIZEN, Stage.BESIDE})
OPEN = frozenset(Stage) - {Stage.CLOSED}
# few among many: asked for by these names, an index finds them; "not closed" reads every ticket there ever was
OWNERS: Mapping[Stage, Owner] = {
    Stage.BOT: Owner.BOT,
    Stage.QUEUED: Owner.QUEUE,
    Stage.OFFICER: Owner.OFFICER,
    Stage.CITIZEN: Owner.OFFICER,
    Stage.FILED: Owner.BOT,
    Stage.BESIDE: Owner.BOT,
    Stage.CLOSED: Owner.BOT,
}
# who answers the citizen's next message


class Event(StrEnum):
    """What can happen to a ticket; each becomes one row of `ticket_event`."""

    OPENED = "opened"
    FILED = "filed"
    # a complaint was sent
    CLAIMED = "claimed"
    REPLIED = "replied"
    ASKED = "asked"
    # replied, and the citizen has to answer; what is asked for is one of Asked, or words
    WROTE = "wrote"
    GAVE = "gave"
    # the telephone number that an officer asked for
    DECLINED = "declined"
    # to give it
    NOTE = "note"
    SNOOZED = "snoozed"
    # put off by whoever holds it
    WOKEN = "woken"
    # back among the active ones
    RETURNED = "returned"
    # to the queue of the same desk
    TRANSFERRED = "transferred"
    # to another desk
    HANDED = "handed"
    # to a colleague
    FREED = "freed"
    # its holder serves the desk no longer: to the queue of the same desk
    UNCLEAR = "unclear"
    # whose matter a complaint is has to be found out first
    FORWARDED = "forwarded"
    # a complaint went to agencies: each a line of the text
    RESOLVED = "resolved"
    CANCELLED = "cancelled"
    LEFT = "left"
    # the citizen shut the channel
    WENT_ON = "went_on"
    # the citizen waits no longer, the complaint stays
    REROUTED = "rerouted"
    # nobody on duty: to the fallback desk
    TOLD = "told"
    # the citizen was told when to expect an answer
    REMINDED = "reminded"
    SILENCE = "silence"
    # the citizen did not answer
    RESUMED = "resumed"
    # a complaint goes on without the citizen, who did not answer or has left
    WARNED = "warned"
    BREACHED = "breached"
    REOPENED = "reopened"


class Ending(StrEnum):
    """How a ticket was closed; words in bot/data/tickets.yaml."""

    ANSWERED = "answered"
    REFERRED = "referred"
    # another agency settles it
    VISIT = "visit"
    # the citizen has to come to the counter
    IMPOSSIBLE = "impossible"
    NO_ANSWER = "no_answer"
    CANCELLED = "cancelled"
    LEFT = "left"


class Asked(StrEnum):
    """What an officer may ask a citizen to send; the same names are in the templates `ticket_ask_*`."""

    PHONE = "phone"
    # a number to be called back on
    PAPER = "paper"
    PLACE = "place"


ENDS_SNOOZE = frozenset({Event.WOKEN, Event.WROTE, Event.GAVE, Event.DECLINED, Event.HANDED})
ENDS_ASKING = frozenset({Event.REPLIED, Event.GAVE, Event.DECLINED})
# whatever takes a ticket from its holder ends both

OFFICERS_ENDINGS = frozenset({Ending.ANSWERED, Ending.REFERRED, Ending.VISIT, Ending.IMPOSSIBLE})
ENDINGS = {Event.CANCELLED: Ending.CANCELLED, Event.LEFT: Ending.LEFT, Event.SILENCE: Ending.NO_ANSWER}


class Actor(StrEnum):
    """Who does it."""

    CITIZEN = "citizen"
    OFFICER = "any officer"
    HOLDER = "the officer who holds it"
    LEAD = "whoever looks after the desk"
    CLOCK = "the clock"


ACTORS: Mapping[Event, Actor] = {
    Event.OPENED: Actor.CITIZEN,
    Event.FILED: Actor.CITIZEN,
    Event.CLAIMED: Actor.OFFICER,
    Event.REPLIED: Actor.HOLDER,
    Event.ASKED: Actor.HOLDER,
    Event.WROTE: Actor.CITIZEN,
    Event.GAVE: Actor.CITIZEN,
    Event.DECLINED: Actor.CITIZEN,
    Event.NOTE: Actor.HOLDER,
    Event.SNOOZED: Actor.HOLDER,
    Event.WOKEN: Actor.CLOCK,
    # or whoever holds it
    Event.RETURNED: Actor.HOLDER,
    Event.TRANSFERRED: Actor.HOLDER,
    Event.HANDED: Actor.HOLDER,
    Event.FREED: Actor.LEAD,
    Event.UNCLEAR: Actor.HOLDER,
    Event.FORWARDED: Actor.HOLDER,
    Event.RESOLVED: Actor.HOLDER,
    Event.CANCELLED: Actor.CITIZEN,
    Event.LEFT: Actor.CITIZEN,
    Event.WENT_ON: Actor.CITIZEN,
    Event.REROUTED: Actor.CLOCK,
    Event.TOLD: Actor.CLOCK,
    Event.REMINDED: Actor.CLOCK,
    Event.SILENCE: Actor.CLOCK,
    Event.RESUMED: Actor.CLOCK,
    Event.WARNED: Actor.CLOCK,
    Event.BREACHED: Actor.CLOCK,
    Event.REOPENED: Actor.CITIZEN,
    # or an officer
}

TABLE: Mapping[Stage, Mapping[Event, Stage]] = {
    Stage.BOT: {Event.OPENED: Stage.QUEUED, Event.FILED: Stage.FILED},
    Stage.QUEUED: {
        Event.CLAIMED: Stage.OFFICER,
        Event.WROTE: Stage.QUEUED,
        Event.REROUTED: Stage.QUEUED,
        Event.WENT_ON: Stage.FILED,
        Event.TOLD: Stage.QUEUED,
        Event.WARNED: Stage.QUEUED,
        Event.BREACHED: Stage.QUEUED,
        Event.CANCELLED: Stage.CLOSED,
        Event.LEFT: Stage.CLOSED,
    },
    Stage.OFFICER: {
        Event.REPLIED: Stage.OFFICER,
        Event.ASKED: Stage.CITIZEN,
        Event.WROTE: Stage.OFFICER,
        Event.GAVE: Stage.OFFICER,
        Event.DECLINED: Stage.OFFICER,
        Event.NOTE: Stage.OFFICER,
        Event.SNOOZED: Stage.OFFICER,
        Event.WOKEN: Stage.OFFICER,
        Event.HANDED: Stage.OFFICER,
        Event.UNCLEAR: Stage.BESIDE,
        Event.FORWARDED: Stage.BESIDE,
        Event.RESUMED: Stage.BESIDE,
        Event.WARNED: Stage.OFFICER,
        Event.BREACHED: Stage.OFFICER,
        Event.RETURNED: Stage.QUEUED,
        Event.FREED: Stage.QUEUED,
        Event.TRANSFERRED: Stage.QUEUED,
        Event.RESOLVED: Stage.CLOSED,
        Event.LEFT: Stage.CLOSED,
    },
    Stage.CITIZEN: {
        Event.REPLIED: Stage.CITIZEN,
        Event.ASKED: Stage.CITIZEN,
        Event.WROTE: Stage.OFFICER,
        Event.GAVE: Stage.OFFICER,
        Event.DECLINED: Stage.OFFICER,
        Event.NOTE: Stage.CITIZEN,
        Event.SNOOZED: Stage.CITIZEN,
        Event.WOKEN: Stage.CITIZEN,
        Event.HANDED: Stage.CITIZEN,
        Event.FORWARDED: Stage.BESIDE,
        Event.WARNED: Stage.CITIZEN,
        Event.BREACHED: Stage.CITIZEN,
        Event.REMINDED: Stage.CITIZEN,
        Event.RETURNED: Stage.QUEUED,
        Event.FREED: Stage.QUEUED,
        Event.TRANSFERRED: Stage.QUEUED,
        Event.RESOLVED: Stage.CLOSED,
        Event.SILENCE: Stage.CLOSED,
        Event.RESUMED: Stage.BESIDE,
        Event.LEFT: Stage.CLOSED,
    },
    Stage.FILED: {
        Event.CLAIMED: Stage.BESIDE,
        Event.REROUTED: Stage.FILED,
        Event.WARNED: Stage.FILED,
        Event.BREACHED: Stage.FILED,
    },
    Stage.BESIDE: {
        Event.REPLIED: Stage.BESIDE,
        Event.ASKED: Stage.CITIZEN,
        Event.NOTE: Stage.BESIDE,
        Event.SNOOZED: Stage.BESIDE,
        Event.WOKEN: Stage.BESIDE,
        Event.HANDED: Stage.BESIDE,
        Event.UNCLEAR: Stage.BESIDE,
        Event.FORWARDED: Stage.BESIDE,
        Event.WARNED: Stage.BESIDE,
        Event.BREACHED: Stage.BESIDE,
        Event.RETURNED: Stage.FILED,
        Event.FREED: Stage.FILED,
        Event.TRANSFERRED: Stage.FILED,
        Event.RESOLVED: Stage.CLOSED,
    },
    Stage.CLOSED: {Event.REOPENED: Stage.QUEUED},
}
# what is not written here is refused
MOVES = frozenset({Event.OPENED, Event.FILED, Event.TRANSFERRED, Event.REROUTED})
# these say to which desk


@dataclass(frozen=True)
class State:
    """A ticket between two acts."""

    stage: Stage = Stage.BOT
    desk: str = ""
    # id of the desk; empty only while there is no ticket
    officer_id: int | None = None
    # who holds it: set exactly while it is held
    ending: Ending | None = None
    # set exactly when it is closed


@dataclass(frozen=True)
class Act:
    """Something that somebody wants to do to a ticket."""

    event: Event
    officer_id: int | None = None
    # who acts, when it is an officer
    desk: str = ""
    # where to: opened, filed, transferred, rerouted
    to_officer_id: int | None = None
    # whom to: handed
    ending: Ending | None = None
    # resolved
    asked: Asked | None = None
    # asked: what to send; None: words
    until: datetime | None = None
    # snoozed (aware)
    text: str = ""
    # a note, a comment, a cause, agencies, an agency's answer


class Why(StrEnum):
    """Why an act was refused."""

    TAKEN = "taken"
    # another officer holds it
    NOT_HELD = "not_held"
    # it has to be claimed first
    CLOSED = "closed"
    FULL = "full"
    # the officer holds as many as the desk allows
    NOT_NOW = "not_now"
    # this stage does not know this act
    INCOMPLETE = "incomplete"


@dataclass(frozen=True)
class Refusal:
    """An act that changed nothing."""

    why: Why
    holder_id: int | None = None
    # who has it
    holder_name: str = ""
    # filled in by the desk


def transition(state: State, act: Act) -> State | Refusal:
    """The state after an act, or why there is none. Total: every state, every act."""
    to = TABLE[state.stage].get(act.event)
    by_hand = act.event is Event.WOKEN and act.officer_id is not None
    of_holder = by_hand or ACTORS[act.event] is Actor.HOLDER
    if state.stage in HELD and (act.event is Event.CLAIMED or (of_holder and act.officer_id != state.officer_id)):
        return Refusal(Why.TAKEN, state.officer_id)
    if to is None:
        return Refusal(_why(state, of_holder), state.officer_id)
    if not _complete(act):
        return Refusal(Why.INCOMPLETE, state.officer_id)
    holders = {Event.CLAIMED: act.officer_id, Event.HANDED: act.to_officer_id}
    return State(
        stage=to,
        desk=act.desk if act.event in MOVES else state.desk,
        officer_id=holders.get(act.event, state.officer_id) if to in HELD else None,
        ending=ENDINGS.get(act.event, act.ending) if to is Stage.CLOSED else None,
    )


def _why(state: State, of_holder: bool) -> Why:
    if state.stage is Stage.CLOSED:
        return Why.CLOSED
    return Why.NOT_HELD if of_holder and state.stage in WAITING else Why.NOT_NOW


def _complete(act: Act) -> bool:
    """Whether an act says all that it needs."""
    match act.event:
        case Event.OPENED | Event.FILED | Event.TRANSFERRED | Event.REROUTED:
            return bool(act.desk)
        case Event.CLAIMED:
            return act.officer_id is not None
        case Event.SNOOZED:
            return act.until is not None
        case Event.HANDED:
            return act.to_officer_id is not None
        case Event.RESOLVED:
            return act.ending in OFFICERS_ENDINGS
        case Event.FORWARDED:
            return bool(act.text)
    return True


def new_code() -> str:
    """A code for a citizen, "HT-7K3M-Q4XA": 152 thousand million of them, so that nobody guesses another's."""
    letters = "".join(secrets.choice(LETTERS) for _ in range(8))
    return f"HT-{letters[:4]}-{letters[4:]}"


def find_code(text: str) -> str:
    """The first ticket code in a text, however it is spaced or cased; "" when there is none."""
    found = CODE.search(text)
    return f"HT-{found['first']}-{found['second']}".upper() if found else ""
