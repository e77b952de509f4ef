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


def _only(which: str) -> dict[str, Any]:
    """An index over such rows alone."""
    return {"sqlite_where": sa.text(which), "postgresql_where": sa.text(which)}


def unread(status: sa.ColumnElement[str]) -> sa.ColumnElement[bool]:
    """Whether a message of the inbox still waits, in the very words of the indexes: SQLite takes them for no others."""
    return status.in_([sa.literal_column("'new'"), sa.literal_column("'working'")])


def unsent(status: sa.ColumnElement[str]) -> sa.ColumnElement[bool]:
    """Whether a reply of the outbox still waits, in the very words of the indexes."""
    return status.in_([sa.literal_column("'pending'"), sa.literal_column("'sending'")])


def set_aside(status: sa.ColumnElement[str]) -> sa.ColumnElement[bool]:
    """Whether a message or a reply was given up, in the very words of the index."""
    return status == sa.literal_column("'failed'")


conversation = sa.Table(
    "conversation",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("channel", sa.String(20), nullable=False),
    sa.Column("address", sa.String(200), nullable=False),
    sa.Column("owner", sa.String(10), nullable=False),
    sa.Column("state", sa.JSON, nullable=False),
    sa.Column("updated_at", UtcTime, nullable=False, index=True),
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
    sa.Column("seal", sa.JSON(none_as_null=True)),
    # keyed digest of a second factor, until the turn that compares it; the text holds a placeholder
    sa.Column("attachment", sa.JSON(none_as_null=True)),
    # what a citizen sent besides words, by name only (bot/messages.py); the file itself is never kept
    sa.Column("received_at", UtcTime, nullable=False),
    sa.Column("status", sa.String(10), nullable=False),
    # new, working, done, failed (set aside), discarded (by an officer)
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("lease_until", UtcTime),
    sa.Column("reason", sa.String(80)),
    # name of the last error
    sa.UniqueConstraint("channel", "message_id"),
    sa.Index("ix_inbox_status_id", "status", "id"),
    sa.Index("ix_inbox_waiting", "id", **_only("status IN ('new', 'working')")),
    sa.Index("ix_inbox_waiting_here", "conversation_id", "id", **_only("status IN ('new', 'working')")),
    # few rows among many that are done
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
    sa.Column("created_at", UtcTime, nullable=False, index=True),
    sa.Column("unit", sa.String(10), nullable=False, default="", server_default=""),
    sa.Column("field", sa.String(40), nullable=False, default="", server_default=""),
    # what the talk was about after it: ward and field of procedures; empty: not known
    sa.Column("procedure", sa.String(40), nullable=False, default="", server_default=""),
    # the record that it was answered from
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
    sa.Column("kept", sa.JSON(none_as_null=True)),
    # what takes the reply's place once it was sent or given up: the same without what is shown once
    sa.Column("status", sa.String(10), nullable=False),
    # pending, sending, sent, failed (set aside), discarded (by an officer)
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("next_at", UtcTime, nullable=False),
    sa.Column("created_at", UtcTime, nullable=False),
    sa.Column("sent_at", UtcTime),
    sa.Column("reason", sa.String(80)),
    # "refused", "recipient", or "gave up" after the last attempt; a channel may say it more exactly
    sa.Index("ix_outbox_channel_status", "channel", "status", "id"),
    sa.Index("ix_outbox_set_aside", "id", **_only("status = 'failed'")),
    sa.Index("ix_outbox_kept", "created_at", **_only("kept IS NOT NULL")),
    sa.Index("ix_outbox_waiting", "id", **_only("status IN ('pending', 'sending')")),
    sa.Index("ix_outbox_waiting_here", "conversation_id", "id", **_only("status IN ('pending', 'sending')")),
)

ticket = sa.Table(
    "ticket",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("conversation_id", sa.ForeignKey("conversation.id"), nullable=False, index=True),
    sa.Column("code", sa.String(12), nullable=False),
    # for the citizen: "HT-7K3M-Q4XA"
    sa.Column("state", sa.String(10), nullable=False),
    # a Stage: queued, officer, citizen, closed. Changed by bot/ledger.py alone
    sa.Column("desk", sa.String(40), nullable=False),
    sa.Column("reason", sa.String(40), nullable=False),
    sa.Column("field", sa.String(40), nullable=False),
    sa.Column("unit", sa.String(10), nullable=False),
    sa.Column("urgency", sa.JSON, nullable=False),
    # names of bot/data/urgency.yaml
    sa.Column("officer_id", sa.ForeignKey("officer.id")),
    # who holds it, or held it last
    sa.Column("ending", sa.String(20)),
    sa.Column("opened_at", UtcTime, nullable=False),
    sa.Column("rank_at", UtcTime, nullable=False),
    # the order of the queue: when it was opened, less the head start of its urgency
    sa.Column("promised_at", UtcTime),
    # when the citizen was told to expect an answer
    sa.Column("first_replied_at", UtcTime),
    sa.Column("claimed_at", UtcTime),
    sa.Column("resolved_at", UtcTime),
    sa.Column("snoozed_until", UtcTime),
    # the officer who holds it put it off until then; none once it leaves them
    sa.Column("awaits", sa.String(10), nullable=False, default="", server_default=""),
    # what the citizen was asked to send: phone, paper, place (bot/ticket.py); empty: words
    sa.Column("callback", sa.Text),
    # the telephone number that the citizen gave for it, encrypted (bot/callback.py)
    sa.Index("uq_ticket_code", "code", unique=True),
    sa.Index("ix_ticket_state_desk", "state", "desk", "rank_at"),
    sa.Index("ix_ticket_officer_id_state", "officer_id", "state"),
    sa.Index("ix_ticket_desk_opened_at", "desk", "opened_at"),
    sa.Index("ix_ticket_resolved_at", "resolved_at"),
    sa.Index("ix_ticket_callback", "state", "resolved_at", **_only("callback IS NOT NULL")),
    sa.Index(
        "uq_ticket_open",
        "conversation_id",
        unique=True,
        sqlite_where=sa.text("state IN ('queued', 'officer', 'citizen')"),
        postgresql_where=sa.text("state IN ('queued', 'officer', 'citizen')"),
    ),
    # a conversation is about at most one open ticket; complaints go on beside it
)

complaint = sa.Table(
    "complaint",
    metadata,
    sa.Column("ticket_id", sa.ForeignKey("ticket.id"), primary_key=True),
    sa.Column("what", sa.Text, nullable=False),
    # all in the citizen's own masked words
    sa.Column("place", sa.Text, nullable=False),
    sa.Column("unit", sa.String(10), nullable=False),
    # code of the ward or commune that was surely named
    sa.Column("time", sa.Text, nullable=False),
    sa.Column("dossier", sa.String(60), nullable=False),
)

ticket_event = sa.Table(
    "ticket_event",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("ticket_id", sa.ForeignKey("ticket.id"), nullable=False, index=True),
    sa.Column("officer_id", sa.ForeignKey("officer.id")),
    # who acted; none: the citizen or the clock
    sa.Column("kind", sa.String(20), nullable=False),
    # an Event of bot/ticket.py
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("at", UtcTime, nullable=False),
    sa.Column("stage", sa.String(10), nullable=False),
    sa.Column("desk", sa.String(40), nullable=False),
    sa.Column("holder_id", sa.ForeignKey("officer.id")),
    # where the ticket was after it
    sa.Index("ix_ticket_event_kind_at", "kind", "at"),
)

mention = sa.Table(
    "mention",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("ticket_id", sa.ForeignKey("ticket.id"), nullable=False, index=True),
    sa.Column("officer_id", sa.ForeignKey("officer.id"), nullable=False, index=True),
    # who is named in a note
    sa.Column("by_id", sa.ForeignKey("officer.id"), nullable=False),
    # who wrote it
    sa.Column("at", UtcTime, nullable=False),
    sa.Column("seen_at", UtcTime),
    # they opened the ticket
)

desk_member = sa.Table(
    "desk_member",
    metadata,
    sa.Column("desk", sa.String(40), primary_key=True),
    sa.Column("officer_id", sa.ForeignKey("officer.id"), primary_key=True),
    sa.Column("skills", sa.JSON, nullable=False),
    # fields of procedures; none: all
    sa.Column("capacity", sa.Integer),
    # none: the desk's
    sa.Column("is_lead", sa.Boolean, nullable=False, default=False, server_default=sa.false()),
    # sees the breaches of this desk and may change who serves here; needs the role too
)

duty = sa.Table(
    "duty",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("desk", sa.String(40), nullable=False, index=True),
    sa.Column("officer_id", sa.ForeignKey("officer.id"), nullable=False),
    sa.Column("weekday", sa.Integer, nullable=False),
    # 0 is Monday
    sa.Column("opens", sa.String(5), nullable=False),
    sa.Column("closes", sa.String(5), nullable=False),
    # "07:30", of the clock on the wall
)

absence = sa.Table(
    "absence",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("officer_id", sa.ForeignKey("officer.id"), nullable=False, index=True),
    sa.Column("starts_at", UtcTime, nullable=False),
    sa.Column("ends_at", UtcTime, nullable=False),
    # no reason is kept: it is nobody's business here
)

officer = sa.Table(
    "officer",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("username", sa.String(60), nullable=False, unique=True),
    sa.Column("name", sa.String(120), nullable=False),
    sa.Column("password_hash", sa.String(200), nullable=False),
    sa.Column("must_change", sa.Boolean, nullable=False, default=False, server_default=sa.false()),
    # somebody else knows the password: whoever made the account
    sa.Column("email", sa.String(200), unique=True),
    # lower case; finds the officer of an identity provider the first time
    sa.Column("subject", sa.String(255), unique=True),
    # the identity provider's name for the officer, from the first sign-in there
    sa.Column("totp_secret", sa.Text),
    # encrypted; none: no second step
    sa.Column("totp_step", sa.Integer),
    # of the last code that was taken: neither it nor one before it is taken again
    sa.Column("disabled_at", UtcTime),
)

officer_role = sa.Table(
    "officer_role",
    metadata,
    sa.Column("officer_id", sa.ForeignKey("officer.id"), primary_key=True),
    sa.Column("role", sa.String(20), primary_key=True),
)

officer_event = sa.Table(
    "officer_event",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("officer_id", sa.ForeignKey("officer.id"), nullable=False, index=True),
    # whose account
    sa.Column("by", sa.String(60), nullable=False),
    # username of whoever did it, or "command"
    sa.Column("kind", sa.String(20), nullable=False),
    # added, roles, disabled, enabled, reset, password, enrolled, joined, left, released, duty, away, back
    sa.Column("text", sa.String(200), nullable=False),
    sa.Column("at", UtcTime, nullable=False),
)

officer_session = sa.Table(
    "officer_session",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("token_hash", sa.String(64), nullable=False, unique=True),
    sa.Column("officer_id", sa.ForeignKey("officer.id"), nullable=False, index=True),
    sa.Column("csrf", sa.String(64), nullable=False),
    sa.Column("stage", sa.String(10), nullable=False),
    # code, enrol, password, open: what is still to be done before the console opens
    sa.Column("address", sa.String(100), nullable=False),
    sa.Column("agent", sa.String(120), nullable=False),
    # the browser, in its own words
    sa.Column("created_at", UtcTime, nullable=False),
    sa.Column("seen_at", UtcTime, nullable=False),
    sa.Column("expires_at", UtcTime, nullable=False),
    sa.Column("ended_at", UtcTime),
)

recovery_code = sa.Table(
    "recovery_code",
    metadata,
    sa.Column("officer_id", sa.ForeignKey("officer.id"), primary_key=True),
    sa.Column("code_hash", sa.String(64), primary_key=True),
)

sign_in_failure = sa.Table(
    "sign_in_failure",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("who", sa.String(130), nullable=False, index=True),
    # username, address, or both together
    sa.Column("at", UtcTime, nullable=False, index=True),
)

access_log = sa.Table(
    "access_log",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("officer_id", sa.ForeignKey("officer.id"), nullable=False, index=True),
    sa.Column("conversation_id", sa.Integer, nullable=False, index=True),
    # no foreign key: who saw a conversation is known longer than the conversation is kept
    sa.Column("ticket_id", sa.Integer),
    sa.Column("why", sa.String(10), nullable=False),
    # a Why of bot/access_log.py
    sa.Column("at", UtcTime, nullable=False, index=True),
    sa.Column("until", UtcTime, nullable=False),
    # the last look of the same sitting
)

switch = sa.Table(
    "switch",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("kind", sa.String(10), nullable=False),
    # mode, notice
    sa.Column("channel", sa.String(20), nullable=False),
    # empty: every channel
    sa.Column("value", sa.String(600), nullable=False),
    # of a mode: on, read_only, officers_only, off; of a notice: its text, empty for none
    sa.Column("by", sa.String(60), nullable=False),
    # username of whoever changed it, or "command"
    sa.Column("why", sa.String(200), nullable=False),
    sa.Column("at", UtcTime, nullable=False),
    sa.Index("ix_switch_kind_channel", "kind", "channel", "id"),
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

factor_try = sa.Table(
    "factor_try",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("conversation_id", sa.ForeignKey("conversation.id"), nullable=False, index=True),
    sa.Column("inbox_id", sa.Integer, nullable=False, unique=True),
    # the message with the digits: counted once, however often it is worked on
    sa.Column("dossier", sa.String(64), nullable=False, index=True),
    # keyed name of its code
    sa.Column("at", UtcTime, nullable=False),
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
    sa.Column("fees_due", sa.Boolean),
    # what the citizen was told last: status, days and whether a fee is unpaid, nothing else of the dossier
    sa.Column("seen_at", UtcTime, nullable=False),
    sa.Column("due_told", sa.Date),
    # the due day whose nearing was told
    sa.Column("told", sa.Integer, nullable=False),
    # notices so far
    sa.UniqueConstraint("conversation_id", "code"),
    sqlite_autoincrement=True,
    # a number is in the keys of the outbox: it is never used again
)

deadline = sa.Table(
    "deadline",
    metadata,
    sa.Column("code", sa.String(60), primary_key=True),
    # of a followed dossier whose due day was near, or passed (bot/deadlines.py)
    sa.Column("unit", sa.String(40), nullable=False),
    # the unit id in the code
    sa.Column("due_on", sa.Date, nullable=False),
    sa.Column("label", sa.String(200), nullable=False),
    # of the status
    sa.Column("seen_at", UtcTime, nullable=False),
    # the portal said so
    sa.Column("is_open", sa.Boolean, nullable=False),
    # the work goes on, and the day is still near or passed
    sa.Column("told", sa.Date),
    # the due day of which a desk's card told
)

rating = sa.Table(
    "rating",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("conversation_id", sa.ForeignKey("conversation.id"), index=True),
    sa.Column("ticket_id", sa.ForeignKey("ticket.id"), unique=True),
    sa.Column("turn_id", sa.ForeignKey("turn.id"), unique=True),
    # asked once about a ticket, or the answer of a turn; none of the three once the conversation was deleted for age
    sa.Column("channel", sa.String(20), nullable=False),
    sa.Column("unit", sa.String(10), nullable=False),
    sa.Column("field", sa.String(40), nullable=False),
    sa.Column("step", sa.Integer),
    # 1 to 5, the best first; 0: the citizen would rather not say; none: no answer
    sa.Column("reason", sa.String(20), nullable=False),
    # a name of bot/data/satisfaction.yaml
    sa.Column("words", sa.Text, nullable=False),
    # the citizen's own, masked
    sa.Column("asked_at", UtcTime, nullable=False),
    sa.Column("answered_at", UtcTime),
    sqlite_autoincrement=True,
    # a number is in the keys of the outbox and in buttons: it is never used again
)

data_request = sa.Table(
    "data_request",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("conversation_id", sa.ForeignKey("conversation.id"), index=True),
    # none once the conversation was deleted for age
    sa.Column("code", sa.String(12), nullable=False, unique=True),
    # for the citizen: "YC-7K3M-Q4XA"
    sa.Column("wanted", sa.String(10), nullable=False),
    # a Wanted of bot/data_law.py
    sa.Column("words", sa.Text, nullable=False, default="", server_default=""),
    # the citizen's own, masked; empty once it is decided
    sa.Column("asked_at", UtcTime, nullable=False),
    # and acknowledged, in the same reply
    sa.Column("finish_by", sa.Date, nullable=False),
    sa.Column("extended_at", UtcTime),
    sa.Column("decided", sa.String(10)),
    # done, refused
    sa.Column("decided_at", UtcTime),
    sa.Column("ground", sa.String(20), nullable=False, default="", server_default=""),
    # of a refusal: a name of bot/data/data_law.yaml
    sa.Column("officer_id", sa.ForeignKey("officer.id")),
    # who extended or decided it; none: nobody yet, or its last day did
    sqlite_autoincrement=True,
    # a number is in the keys of the outbox: it is never used again
)

consent = sa.Table(
    "consent",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("conversation_id", sa.ForeignKey("conversation.id"), nullable=False, index=True),
    sa.Column("purpose", sa.String(20), nullable=False),
    # a name of bot/data/consents.yaml
    sa.Column("version", sa.Integer, nullable=False),
    # of the text that the citizen read
    sa.Column("channel", sa.String(20), nullable=False),
    # where they said yes
    sa.Column("given_at", UtcTime, nullable=False),
    sa.Column("withdrawn_at", UtcTime),
)

catalogue_draft = sa.Table(
    "catalogue_draft",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("code", sa.String(40), nullable=False, index=True),
    # of the procedure
    sa.Column("base", sa.JSON, nullable=False),
    # the record that was served when the draft was begun, or was brought up to date
    sa.Column("content", sa.JSON, nullable=False),
    # the texts of the form by path, also where they make no sense yet
    sa.Column("state", sa.String(10), nullable=False),
    # writing, sent, approved, published, dropped
    sa.Column("version", sa.Integer, nullable=False),
    # one more with each change: who saves over another version is told
    sa.Column("author", sa.String(60), nullable=False),
    # username of whoever changed it last
    sa.Column("release", sa.String(60), nullable=False),
    # that holds it; empty: none yet
    sa.Column("measured", sa.JSON),
    # what it does to finding procedures (bot/draft_effect.py)
    sa.Column("made_at", UtcTime, nullable=False),
    sa.Column("changed_at", UtcTime, nullable=False),
    sa.Index("uq_catalogue_draft_open", "code", unique=True, **_only("state IN ('writing', 'sent', 'approved')")),
    # one open draft of a procedure
)

catalogue_event = sa.Table(
    "catalogue_event",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("draft_id", sa.ForeignKey("catalogue_draft.id"), index=True),
    sa.Column("release", sa.String(60), nullable=False),
    # one of the two
    sa.Column("kind", sa.String(20), nullable=False),
    # names of bot/catalogue_book.py
    sa.Column("by", sa.String(60), nullable=False),
    # username
    sa.Column("text", sa.String(200), nullable=False),
    # the reason
    sa.Column("at", UtcTime, nullable=False),
)

daily_figure = sa.Table(
    "daily_figure",
    metadata,
    sa.Column("day", sa.Date, primary_key=True),
    # of the City
    sa.Column("unit", sa.String(10), primary_key=True),
    sa.Column("field", sa.String(40), primary_key=True),
    sa.Column("channel", sa.String(20), primary_key=True),
    sa.Column("desk", sa.String(40), primary_key=True),
    # empty: not known, or not of a desk
    sa.Column("measure", sa.String(30), primary_key=True),
    # a Name of bot/measures.py
    sa.Column("key", sa.String(40), primary_key=True),
    # of a spread: a step, a code, minutes; empty otherwise
    sa.Column("value", sa.Integer, nullable=False),
)

closed_day = sa.Table(
    "closed_day",
    metadata,
    sa.Column("day", sa.Date, primary_key=True),
    sa.Column("digest", sa.String(64), nullable=False),
    # SHA-256 over its rows of daily_figure, which never change any more
    sa.Column("closed_at", UtcTime, nullable=False),
)

issued_report = sa.Table(
    "issued_report",
    metadata,
    sa.Column("name", sa.String(80), primary_key=True),
    # period and unit: "2026-Q4 26743"; "2026-Q4" of the whole City
    sa.Column("digest", sa.String(64), nullable=False),
    # SHA-256 over its figures, from the first time it was made of closed days
    sa.Column("issued_at", UtcTime, nullable=False),
)

sync_target = sa.Table(
    "sync_target",
    metadata,
    sa.Column("code", sa.String(60), primary_key=True),
    # of a dossier that is compared between the systems (bot/sync_book.py)
    sa.Column("next_at", UtcTime, nullable=False, index=True),
)

sync_difference = sa.Table(
    "sync_difference",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("code", sa.String(60), nullable=False),
    sa.Column("unit", sa.String(40), nullable=False),
    # the unit id in the code
    sa.Column("kind", sa.String(10), nullable=False),
    # a Kind of bot/sync_difference.py
    sa.Column("here", sa.String(40), nullable=False),
    sa.Column("there", sa.String(40), nullable=False),
    # what the City's system and the national one say, as Difference.here, .there
    sa.Column("since", UtcTime),
    sa.Column("first_seen_at", UtcTime, nullable=False),
    sa.Column("last_seen_at", UtcTime, nullable=False),
    sa.Column("counts_from", UtcTime, nullable=False),
    # until then it is a normal lag
    sa.Column("counted_at", UtcTime),
    # when it was seen again after that; empty: maybe a lag still, no list shows it
    sa.Column("gone_at", UtcTime, index=True),
    sa.Column("told_at", UtcTime),
    # a desk's card told of it
    sa.Index("uq_sync_difference_going", "code", "kind", unique=True, **_only("gone_at IS NULL")),
    # one row of a difference that goes on
)

sync_hour = sa.Table(
    "sync_hour",
    metadata,
    sa.Column("unit", sa.String(40), primary_key=True),
    sa.Column("hour", UtcTime, primary_key=True),
    # its beginning
    sa.Column("compared", sa.Integer, nullable=False),
    sa.Column("not_compared", sa.Integer, nullable=False),
    # looks at dossiers; not compared: a system did not answer
    sa.Column("found", sa.Integer, nullable=False),
    # differences that began to count
)

lost_decision = sa.Table(
    "lost_decision",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("kind", sa.String(10), nullable=False),
    # example, alias, missing, test, nothing: a Kind of bot/lost_decisions.py
    sa.Column("code", sa.String(40), nullable=False),
    # of the procedure; empty: none
    sa.Column("text", sa.Text, nullable=False),
    # what was made of the questions, without personal data
    sa.Column("draft_id", sa.ForeignKey("catalogue_draft.id")),
    # that it went into
    sa.Column("by", sa.String(60), nullable=False),
    # username
    sa.Column("at", UtcTime, nullable=False),
)

lost_question = sa.Table(
    "lost_question",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("text", sa.Text, nullable=False),
    # without personal numbers and without what could tell who asked
    sa.Column("reason", sa.String(20), nullable=False),
    # a Reason of bot/lost_questions.py
    sa.Column("day", sa.Date, nullable=False, index=True),
    # of the City
    sa.Column("channel", sa.String(20), nullable=False),
    sa.Column("unit", sa.String(10), nullable=False),
    # the ward or commune that the citizen named; empty: not known
    sa.Column("conversation_id", sa.ForeignKey("conversation.id"), index=True),
    sa.Column("inbox_id", sa.ForeignKey("inbox.id"), unique=True),
    sa.Column("ticket_id", sa.ForeignKey("ticket.id")),
    # the first ticket after it
    sa.Column("answer_id", sa.ForeignKey("outbox.id")),
    # an officer's first words in that ticket; none of the four once the conversation was deleted for age
    sa.Column("middle_id", sa.Integer),
    # the question in the middle of its cluster; none: not looked at yet
    sa.Column("decision_id", sa.ForeignKey("lost_decision.id"), index=True),
    # what became of it; none: nothing yet
)
