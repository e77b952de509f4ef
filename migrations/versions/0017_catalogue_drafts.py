"""Drafts of records that editors change in the console, and the book of what was done with them and with releases"""

import sqlalchemy as sa
from alembic import op

import bot.tables

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

OPEN = sa.text("state IN ('writing', 'sent', 'approved')")


def upgrade() -> None:
    op.create_table(
        "catalogue_draft",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("code", sa.String(40), nullable=False),
        sa.Column("base", sa.JSON, nullable=False),
        sa.Column("content", sa.JSON, nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("author", sa.String(60), nullable=False),
        sa.Column("release", sa.String(60), nullable=False),
        sa.Column("measured", sa.JSON),
        sa.Column("made_at", bot.tables.UtcTime, nullable=False),
        sa.Column("changed_at", bot.tables.UtcTime, nullable=False),
    )
    op.create_index("ix_catalogue_draft_code", "catalogue_draft", ["code"])
    op.create_index(
        "uq_catalogue_draft_open", "catalogue_draft", ["code"], unique=True, sqlite_where=OPEN, postgresql_where=OPEN
    )
    op.create_table(
        "catalogue_event",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("draft_id", sa.Integer, sa.ForeignKey("catalogue_draft.id")),
        sa.Column("release", sa.String(60), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("by", sa.String(60), nullable=False),
        sa.Column("text", sa.String(200), nullable=False),
        sa.Column("at", bot.tables.UtcTime, nullable=False),
    )
    op.create_index("ix_catalogue_event_draft_id", "catalogue_event", ["draft_id"])


def downgrade() -> None:
    op.drop_table("catalogue_event")
    op.drop_table("catalogue_draft")
