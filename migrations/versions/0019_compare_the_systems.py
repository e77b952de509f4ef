"""Which dossiers are compared when, where two systems tell them differently, and how much was compared each hour"""

import sqlalchemy as sa
from alembic import op

import bot.tables

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

GOES_ON = sa.text("gone_at IS NULL")


def upgrade() -> None:
    op.create_table(
        "sync_target",
        sa.Column("code", sa.String(60), primary_key=True),
        sa.Column("next_at", bot.tables.UtcTime, nullable=False),
    )
    op.create_index("ix_sync_target_next_at", "sync_target", ["next_at"])
    op.create_table(
        "sync_difference",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("code", sa.String(60), nullable=False),
        sa.Column("unit", sa.String(40), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("here", sa.String(40), nullable=False),
        sa.Column("there", sa.String(40), nullable=False),
        sa.Column("since", bot.tables.UtcTime),
        sa.Column("first_seen_at", bot.tables.UtcTime, nullable=False),
        sa.Column("last_seen_at", bot.tables.UtcTime, nullable=False),
        sa.Column("counts_from", bot.tables.UtcTime, nullable=False),
        sa.Column("counted_at", bot.tables.UtcTime),
        sa.Column("gone_at", bot.tables.UtcTime),
        sa.Column("told_at", bot.tables.UtcTime),
    )
    op.create_index(
        "uq_sync_difference_going",
        "sync_difference",
        ["code", "kind"],
        unique=True,
        sqlite_where=GOES_ON,
        postgresql_where=GOES_ON,
    )
    op.create_index("ix_sync_difference_gone_at", "sync_difference", ["gone_at"])
    op.create_table(
        "sync_hour",
        sa.Column("unit", sa.String(40), primary_key=True),
        sa.Column("hour", bot.tables.UtcTime, primary_key=True),
        sa.Column("compared", sa.Integer, nullable=False),
        sa.Column("not_compared", sa.Integer, nullable=False),
        sa.Column("found", sa.Integer, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("sync_hour")
    op.drop_table("sync_difference")
    op.drop_table("sync_target")
