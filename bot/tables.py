"""The tables of the database. Changes go through a migration (migrations/)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

FORGOTTEN = "forgotten"
# kind of a message whose content the citizen had deleted


class UtcTime(sa.types.TypeDecorator[datetime]):
    """An aware time, kept as UTC."""

    impl = sa.DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> datetime | None:
        """Refuses a time without zone."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without zone cannot be stored")
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Any) -> datetime | None:
        """Aware again."""
        return value.replace(tzinfo=UTC) if value is not None else None


conversation = sa.Table(
    "conversation",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("channel", sa.String(20), nullable=False),
    sa.Column("address", sa.String(200), nullable=False),
    sa.Column("owner", sa.String(10), nullable=False),
    sa.Column("state", sa.JSON, nullable=False),
    sa.Column("updated_at", UtcTime, nullable=False),
    sa.UniqueConstraint("channel", "address"),
)

inbox = sa.Table(
    "inbox",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("conversation_id", sa.ForeignKey("conversation.id"), nullable=False, index=True),
    sa.Column("channel", sa.String(20), nullable=False),
    sa.Column("message_id", sa.String(200), nullable=False),
    sa.Column("kind", sa.String(20), nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    # masked
    sa.Column("masked", sa.JSON, nullable=False),
    # kinds of personal numbers that were masked
    sa.Column("length", sa.Integer, nullable=False),
    # characters received, before a very long text was cut
    sa.Column("received_at", UtcTime, nullable=False),
    sa.Column("status", sa.String(10), nullable=False),
    # new, working, done, failed (set aside), discarded (by an officer)
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("lease_until", UtcTime),
    sa.Column("reason", sa.String(80)),
    # name of the last error
    sa.UniqueConstraint("channel", "message_id"),
    sa.Index("ix_inbox_status_id", "status", "id"),
)

turn = sa.Table(
    "turn",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("conversation_id", sa.ForeignKey("conversation.id"), nullable=False, index=True),
    sa.Column("inbox_id", sa.ForeignKey("inbox.id"), nullable=False, unique=True),
    sa.Column("engine", sa.String(20), nullable=False),
    sa.Column("understanding", sa.JSON, nullable=False),
    sa.Column("decision", sa.String(40), nullable=False),
    sa.Column("outcome", sa.String(40), nullable=False),
    sa.Column("reply", sa.JSON),
    # none while an officer holds the conversation
    sa.Column("elapsed_ms", sa.Integer, nullable=False),
    sa.Column("created_at", UtcTime, nullable=False),
)

outbox = sa.Table(
    "outbox",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("conversation_id", sa.ForeignKey("conversation.id"), nullable=False, index=True),
    sa.Column("channel", sa.String(20), nullable=False),
    sa.Column("address", sa.String(200), nullable=False),
    sa.Column("key", sa.String(100), nullable=False, unique=True),
    # "turn:12" or "officer:<form key>": one message is written once
    sa.Column("reply", sa.JSON, nullable=False),
    sa.Column("status", sa.String(10), nullable=False),
    # pending, sending, sent, failed (set aside), discarded (by an officer)
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("next_at", UtcTime, nullable=False),
    sa.Column("created_at", UtcTime, nullable=False),
    sa.Column("sent_at", UtcTime),
    sa.Column("reason", sa.String(80)),
    # "refused", "recipient", or "gave up" after the last attempt; a channel may say it more exactly
    sa.Index("ix_outbox_channel_status", "channel", "status", "id"),
)

ticket = sa.Table(
    "ticket",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("conversation_id", sa.ForeignKey("conversation.id"), nullable=False, index=True),
    sa.Column("state", sa.String(10), nullable=False),
    # waiting, claimed, resolved
    sa.Column("reason", sa.String(40), nullable=False),
    sa.Column("officer_id", sa.ForeignKey("officer.id")),
    sa.Column("opened_at", UtcTime, nullable=False),
    sa.Column("claimed_at", UtcTime),
    sa.Column("resolved_at", UtcTime),
)

ticket_event = sa.Table(
    "ticket_event",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("ticket_id", sa.ForeignKey("ticket.id"), nullable=False, index=True),
    sa.Column("officer_id", sa.ForeignKey("officer.id")),
    sa.Column("kind", sa.String(20), nullable=False),
    # opened, claimed, replied, note, resolved
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("at", UtcTime, nullable=False),
)

officer = sa.Table(
    "officer",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("username", sa.String(60), nullable=False, unique=True),
    sa.Column("name", sa.String(120), nullable=False),
    sa.Column("password_hash", sa.String(200), nullable=False),
)

officer_session = sa.Table(
    "officer_session",
    metadata,
    sa.Column("token_hash", sa.String(64), primary_key=True),
    sa.Column("officer_id", sa.ForeignKey("officer.id"), nullable=False),
    sa.Column("csrf", sa.String(64), nullable=False),
    sa.Column("expires_at", UtcTime, nullable=False),
)

sign_in_failure = sa.Table(
    "sign_in_failure",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("who", sa.String(130), nullable=False, index=True),
    # username or address
    sa.Column("at", UtcTime, nullable=False),
)

aside_event = sa.Table(
    "aside_event",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("conversation_id", sa.ForeignKey("conversation.id"), nullable=False, index=True),
    sa.Column("box", sa.String(10), nullable=False),
    # inbox, outbox
    sa.Column("item_id", sa.Integer, nullable=False),
    sa.Column("officer_id", sa.ForeignKey("officer.id"), nullable=False),
    sa.Column("kind", sa.String(10), nullable=False),
    # retried, discarded
    sa.Column("at", UtcTime, nullable=False),
)

zalo_token = sa.Table(
    "zalo_token",
    metadata,
    sa.Column("app_id", sa.String(40), primary_key=True),
    sa.Column("access_token", sa.Text, nullable=False),
    sa.Column("refresh_token", sa.Text, nullable=False),
    # good for one use
    sa.Column("expires_at", UtcTime, nullable=False),
    # of the access token
    sa.Column("refreshed_at", UtcTime, nullable=False),
    sa.Column("lease_until", UtcTime),
    # until then one worker alone may use the refresh token
    sa.Column("seed", sa.String(64), nullable=False),
    # SHA-256 of the refresh token of the settings that was taken last
)

web_session = sa.Table(
    "web_session",
    metadata,
    sa.Column("address", sa.String(200), primary_key=True),
    # of the conversation
    sa.Column("number", sa.Integer, nullable=False),
    # of the cookie that counts
    sa.Column("since", UtcTime, nullable=False, index=True),
)

watched = sa.Table(
    "watched",
    metadata,
    sa.Column("code", sa.String(60), primary_key=True),
    # of a dossier that somebody follows
    sa.Column("next_ask_at", UtcTime, nullable=False, index=True),
    # a poller that takes it moves this on
    sa.Column("failures", sa.Integer, nullable=False),
    sa.Column("missing", sa.Integer, nullable=False),
)

followed = sa.Table(
    "followed",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("conversation_id", sa.ForeignKey("conversation.id"), nullable=False),
    sa.Column("code", sa.ForeignKey("watched.code"), nullable=False, index=True),
    sa.Column("followed_at", UtcTime, nullable=False),
    # the citizen agreed
    sa.Column("until", UtcTime, nullable=False),
    sa.Column("label", sa.String(200), nullable=False),
    sa.Column("due_on", sa.Date),
    sa.Column("completed_on", sa.Date),
    # what the citizen was told last: status and days, nothing else of the dossier
    sa.Column("seen_at", UtcTime, nullable=False),
    sa.Column("due_told", sa.Date),
    # the due day whose nearing was told
    sa.Column("told", sa.Integer, nullable=False),
    # notices so far
    sa.UniqueConstraint("conversation_id", "code"),
    sqlite_autoincrement=True,
    # a number is in the keys of the outbox: it is never used again
)
