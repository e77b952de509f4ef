"""Count each day once: what a turn was about, and the figures of closed days"""

import sqlalchemy as sa
from alembic import op

import bot.tables

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

ABOUT = {"unit": 10, "field": 40, "procedure": 40}


def upgrade() -> None:
    for name, length in ABOUT.items():
        op.add_column("turn", sa.Column(name, sa.String(length), nullable=False, server_default=""))
    op.create_index(op.f("ix_turn_created_at"), "turn", ["created_at"])
    op.create_table(
        "daily_figure",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("unit", sa.String(10), nullable=False),
        sa.Column("field", sa.String(40), nullable=False),
        sa.Column("channel", sa.String(20), nullable=False),
        sa.Column("desk", sa.String(40), nullable=False),
        sa.Column("measure", sa.String(30), nullable=False),
        sa.Column("key", sa.String(40), nullable=False),
        sa.Column("value", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint(
            "day", "unit", "field", "channel", "desk", "measure", "key", name=op.f("pk_daily_figure")
        ),
    )
    op.create_table(
        "closed_day",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("closed_at", bot.tables.UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_closed_day")),
    )
    op.create_table(
        "issued_report",
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("issued_at", bot.tables.UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_issued_report")),
    )


def downgrade() -> None:
    for table in ("issued_report", "closed_day", "daily_figure"):
        op.drop_table(table)
    op.drop_index(op.f("ix_turn_created_at"), "turn")
    for name in ABOUT:
        op.drop_column("turn", name)
