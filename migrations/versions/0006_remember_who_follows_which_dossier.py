"""Remember who follows which dossier"""

import sqlalchemy as sa
from alembic import op

import bot.tables

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "watched",
        sa.Column("code", sa.String(length=60), nullable=False),
        sa.Column("next_ask_at", bot.tables.UtcTime(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("missing", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_watched")),
    )
    op.create_index(op.f("ix_watched_next_ask_at"), "watched", ["next_ask_at"])
    op.create_table(
        "followed",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("conversation_id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=60), nullable=False),
        sa.Column("followed_at", bot.tables.UtcTime(), nullable=False),
        sa.Column("until", bot.tables.UtcTime(), nullable=False),
        sa.Column("label", sa.String(length=200), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("completed_on", sa.Date(), nullable=True),
        sa.Column("seen_at", bot.tables.UtcTime(), nullable=False),
        sa.Column("due_told", sa.Date(), nullable=True),
        sa.Column("told", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["conversation_id"], ["conversation.id"], name=op.f("fk_followed_conversation_id")),
        sa.ForeignKeyConstraint(["code"], ["watched.code"], name=op.f("fk_followed_code")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_followed")),
        sa.UniqueConstraint("conversation_id", "code", name=op.f("uq_followed_conversation_id")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_followed_code"), "followed", ["code"])


def downgrade() -> None:
    op.drop_table("followed")
    op.drop_table("watched")
