"""Switches: what the assistant may do at the moment, and what every citizen is told first. Pure.

    on             everything
    read_only      answers; takes nothing on: no hand-off, no complaint, no deletion (a danger still reaches officers)
    officers_only  says nothing of its own: whoever writes gets into the officers' queue (a danger is answered at once)
    off            reads nothing: says so, keeps the message, offers an officer; says when it is back

What an officer holds, or a citizen waits for, goes on in every mode. Commands and buttons that need no reading
(leave the queue, ask for an officer, delete) work in `off` and `officers_only`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from bot import commands
from bot.conversation import Conversation, Owner
from bot.decide import decide
from bot.decisions import (
    Alarm,
    AskComplaint,
    AskConsent,
    AskRating,
    Decision,
    Decline,
    Follow,
    Forget,
    GiveReason,
    HandOff,
    LeaveQueue,
    LookUpTicket,
    Rate,
    Reopen,
    RequestData,
    Stay,
    TakeComplaint,
    Unfollow,
    WithdrawConsent,
)
from bot.messages import Block, Kind, Reply
from bot.rules import Rules
from bot.second_factor import Attempt
from bot.utterance import Utterance
from nlu.understanding import Understanding

OFFICERS_ONLY = "officers_only"
# also the reason of the tickets that it makes


class Mode(StrEnum):
    """What the assistant may do; each allows less than the one before."""

    ON = "on"
    READ_ONLY = "read_only"
    OFFICERS_ONLY = OFFICERS_ONLY
    OFF = "off"


STRICTNESS = tuple(Mode)
RATING = (AskRating, GiveReason, Rate)
READ_WITHOUT_UNDERSTANDING = (
    Forget,
    HandOff,
    LeaveQueue,
    LookUpTicket,
    Reopen,
    Stay,
    Unfollow,
    WithdrawConsent,
    *RATING,
)
KEPT_BY_OFFICERS_ONLY = (Alarm, RequestData, *READ_WITHOUT_UNDERSTANDING)
EVERY_CHANNEL = ""


@dataclass(frozen=True)
class Notice:
    """What every citizen is told once."""

    id: int
    # of the change: another text, another id
    text: str


@dataclass(frozen=True)
class Switches:
    """How the switches of one channel stand."""

    mode: Mode = Mode.ON
    notice: Notice | None = None

    @property
    def reads(self) -> bool:
        """Whether messages are understood at all."""
        return self.mode is not Mode.OFF


def for_channel(channel: str, modes: Mapping[str, Mode], notices: Mapping[str, Notice]) -> Switches:
    """The stricter of a channel's own mode and that of all; its own notice, or that of all."""
    own, general = modes.get(channel, Mode.ON), modes.get(EVERY_CHANNEL, Mode.ON)
    return Switches(max(own, general, key=STRICTNESS.index), notices.get(channel) or notices.get(EVERY_CHANNEL))


def decide_within(
    switches: Switches,
    utterance: Utterance,
    understanding: Understanding | None,
    conversation: Conversation,
    rules: Rules,
    attempt: Attempt | None = None,
) -> Decision:
    """What would be decided, or what stands in for it while a switch forbids it."""
    if switches.mode is Mode.OFF and _must_be_read(utterance, conversation):
        return Decline("switched_off")
    decision = decide(utterance, understanding, conversation, rules, attempt)
    match switches.mode:
        case Mode.OFF if not isinstance(decision, READ_WITHOUT_UNDERSTANDING):
            return Decline("switched_off")
        case Mode.OFFICERS_ONLY if not isinstance(decision, KEPT_BY_OFFICERS_ONLY):
            return HandOff(OFFICERS_ONLY)
        case Mode.READ_ONLY if _takes_on(decision):
            return Decline("read_only")
    return decision


def told_first(reply: Reply | None, notice: Notice | None, conversation: Conversation) -> Reply | None:
    """The reply, after the notice where this conversation has not had it."""
    if reply is None or notice is None or notice.id == conversation.noticed:
        return reply
    return replace(reply, blocks=(Block("warning", (notice.text,)), *reply.blocks))


def noticed(after: Conversation, reply: Reply | None, notice: Notice | None, before: Conversation) -> Conversation:
    """The conversation, which remembers the last notice that it was told."""
    told = notice.id if notice is not None and reply is not None else before.noticed
    return after.with_(noticed=told)


def _must_be_read(utterance: Utterance, conversation: Conversation) -> bool:
    held = conversation.owner in (Owner.QUEUE, Owner.OFFICER)
    return not held and utterance.kind is not Kind.BUTTON and commands.read(utterance.text) is None


def _takes_on(decision: Decision) -> bool:
    """Whether officers or the database would have to do something that lasts."""
    if isinstance(decision, Forget):
        return decision.step != "held"
    return isinstance(decision, AskConsent | Follow | HandOff | Reopen | AskComplaint | TakeComplaint | RequestData)
