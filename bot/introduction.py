"""The first reply of a conversation says that a machine writes (Law 134/2025/QH15, Article 11), on every channel.

The web chat's page and the terminal's greeting say it before anybody writes; elsewhere the first reply does. Pure.
"""

from __future__ import annotations

from dataclasses import replace

from bot.conversation import Conversation
from bot.facts import Facts
from bot.messages import Block, Reply
from bot.outcomes import Outcome
from bot.wording import notes

SAY_IT_THEMSELVES = frozenset({"webchat", "terminal"})
SAYS_IT = frozenset({"greet", "ask_bot"})
# small talk in which the assistant says what it is


def first(reply: Reply | None, facts: Facts, before: Conversation) -> Reply | None:
    """The reply, with the introduction in front where this conversation has not had it."""
    if reply is None or before.introduced or before.channel in {"", *SAY_IT_THEMSELVES}:
        return reply
    if facts.outcome is Outcome.SMALL_TALK and getattr(facts, "detail", "") in SAYS_IT:
        return reply
    return replace(reply, blocks=(Block("paragraph", (notes()["machine"],)), *reply.blocks))


def made(after: Conversation, reply: Reply | None) -> Conversation:
    """The conversation, which remembers that it was introduced."""
    return after.with_(introduced=after.introduced or reply is not None)
