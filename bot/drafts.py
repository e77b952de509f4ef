"""Drafts: what the assistant would answer now, for the officer to send or to change. Nothing is recorded here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

import sqlalchemy as sa

from bot import ledger, tables
from bot.assistant import Assistant
from bot.conversation import Conversation, Owner
from bot.messages import Kind, Reply
from bot.present import ZONE
from bot.store import Store
from bot.utterance import Utterance
from integrations.dossiers import Details, Found, Proof
from integrations.errors import NotFound


class NoPortal:
    """A draft looks no dossier up: officers have their own system for that."""

    def find(self, code: str) -> Found:
        """Raises NotFound."""
        raise NotFound("drafts look nothing up")

    def details(self, code: str, proof: Proof) -> Details:
        """Raises NotFound."""
        raise NotFound("drafts look nothing up")


class Drafts:
    """The assistant beside an officer."""

    def __init__(self, store: Store, assistant: Callable[[], Assistant], clock: Callable[[], datetime]) -> None:
        self._store = store
        self._assistant = assistant
        self._clock = clock

    def draft(self, ticket_id: int) -> Reply | None:
        """The answer to the citizen's last words; None where it would rest on no record. Raises KeyError."""
        with self._store.reading() as connection:
            conversation_id = ledger.of(connection, ticket_id).conversation_id
            this = tables.conversation.c.id == conversation_id
            talk = connection.execute(sa.select(tables.conversation).where(this)).mappings().one()
            said = sa.select(tables.inbox).where(tables.inbox.c.conversation_id == conversation_id)
            said = said.where(tables.inbox.c.kind == Kind.TEXT.value).order_by(tables.inbox.c.id.desc()).limit(1)
            row = connection.execute(said).mappings().first()
        if row is None:
            return None
        known = Conversation.of(Owner.BOT, talk["state"]).with_(channel=talk["channel"])
        utterance = Utterance(Kind.TEXT, row["text"], tuple(row["masked"]), row["length"])
        today = self._clock().astimezone(ZONE).date()
        reply = replace(self._assistant(), portal=NoPortal()).turn(utterance, known, today).reply
        return replace(reply, buttons=(), author="officer") if reply and reply.sources else None
