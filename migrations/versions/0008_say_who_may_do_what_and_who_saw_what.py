"""Say who may do what, who saw what, and what is switched off; everybody signs in anew"""

import sqlalchemy as sa
from alembic import op

import bot.tables

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

OFFICER_COLUMNS = ("must_change", "email", "subject", "totp_secret", "totp_step", "disabled_at")
TABLES = ("officer_role", "officer_event", "recovery_code", "access_log", "switch")


def upgrade() -> None:
    _widen_officers()
    op.drop_table("officer_session")
    _create_sessions()
    op.create_index(op.f("ix_sign_in_failure_at"), "sign_in_failure", ["at"])
    _create_accounts()
    _create_log_and_switches()
    op.execute("INSERT INTO officer_role (officer_id, role) SELECT id, 'officer' FROM officer")


def downgrade() -> None:
    for name in TABLES:
        op.drop_table(name)
    op.drop_index(op.f("ix_sign_in_failure_at"), "sign_in_failure")
    op.drop_table("officer_session")
    op.create_table(
        "officer_session",
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("officer_id", sa.Integer(), nullable=False),
        sa.Column("csrf", sa.String(length=64), nullable=False),
        sa.Column("expires_at", bot.tables.UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["officer_id"], ["officer.id"], name=op.f("fk_officer_session_officer_id")),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_officer_session")),
    )
    with op.batch_alter_table("officer") as batch:
        batch.drop_constraint(op.f("uq_officer_email"), type_="unique")
        batch.drop_constraint(op.f("uq_officer_subject"), type_="unique")
        for name in OFFICER_COLUMNS:
            batch.drop_column(name)


def _widen_officers() -> None:
    with op.batch_alter_table("officer") as batch:
        batch.add_column(sa.Column("must_change", sa.Boolean(), server_default=sa.false(), nullable=False))
        batch.add_column(sa.Column("email", sa.String(length=200), nullable=True))
        batch.add_column(sa.Column("subject", sa.String(length=255), nullable=True))
        batch.add_column(sa.Column("totp_secret", sa.Text(), nullable=True))
        batch.add_column(sa.Column("totp_step", sa.Integer(), nullable=True))
        batch.add_column(sa.Column("disabled_at", bot.tables.UtcTime(), nullable=True))
        batch.create_unique_constraint(op.f("uq_officer_email"), ["email"])
        batch.create_unique_constraint(op.f("uq_officer_subject"), ["subject"])


def _create_sessions() -> None:
    op.create_table(
        "officer_session",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("officer_id", sa.Integer(), nullable=False),
        sa.Column("csrf", sa.String(length=64), nullable=False),
        sa.Column("stage", sa.String(length=10), nullable=False),
        sa.Column("address", sa.String(length=100), nullable=False),
        sa.Column("agent", sa.String(length=120), nullable=False),
        sa.Column("created_at", bot.tables.UtcTime(), nullable=False),
        sa.Column("seen_at", bot.tables.UtcTime(), nullable=False),
        sa.Column("expires_at", bot.tables.UtcTime(), nullable=False),
        sa.Column("ended_at", bot.tables.UtcTime(), nullable=True),
        sa.ForeignKeyConstraint(["officer_id"], ["officer.id"], name=op.f("fk_officer_session_officer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_officer_session")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_officer_session_token_hash")),
    )
    op.create_index(op.f("ix_officer_session_officer_id"), "officer_session", ["officer_id"])


def _create_accounts() -> None:
    op.create_table(
        "officer_role",
        sa.Column("officer_id", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.ForeignKeyConstraint(["officer_id"], ["officer.id"], name=op.f("fk_officer_role_officer_id")),
        sa.PrimaryKeyConstraint("officer_id", "role", name=op.f("pk_officer_role")),
    )
    op.create_table(
        "officer_event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("officer_id", sa.Integer(), nullable=False),
        sa.Column("by", sa.String(length=60), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("text", sa.String(length=200), nullable=False),
        sa.Column("at", bot.tables.UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["officer_id"], ["officer.id"], name=op.f("fk_officer_event_officer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_officer_event")),
    )
    op.create_index(op.f("ix_officer_event_officer_id"), "officer_event", ["officer_id"])
    op.create_table(
        "recovery_code",
        sa.Column("officer_id", sa.Integer(), nullable=False),
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["officer_id"], ["officer.id"], name=op.f("fk_recovery_code_officer_id")),
        sa.PrimaryKeyConstraint("officer_id", "code_hash", name=op.f("pk_recovery_code")),
    )


def _create_log_and_switches() -> None:
    op.create_table(
        "access_log",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("officer_id", sa.Integer(), nullable=False),
        sa.Column("conversation_id", sa.Integer(), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=True),
        sa.Column("why", sa.String(length=10), nullable=False),
        sa.Column("at", bot.tables.UtcTime(), nullable=False),
        sa.Column("until", bot.tables.UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["officer_id"], ["officer.id"], name=op.f("fk_access_log_officer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_log")),
    )
    for column in ("officer_id", "conversation_id", "at"):
        op.create_index(op.f(f"ix_access_log_{column}"), "access_log", [column])
    op.create_table(
        "switch",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("value", sa.String(length=600), nullable=False),
        sa.Column("by", sa.String(length=60), nullable=False),
        sa.Column("why", sa.String(length=200), nullable=False),
        sa.Column("at", bot.tables.UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_switch")),
    )
    op.create_index("ix_switch_kind_channel", "switch", ["kind", "channel", "id"])
