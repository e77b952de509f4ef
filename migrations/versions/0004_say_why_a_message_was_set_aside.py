"""Say why a message was set aside, and who looked after it"""

import sqlalchemy as sa
from alembic import op

import bot.tables

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("inbox", sa.Column("reason", sa.String(length=80), nullable=True))
    op.add_column("outbox", sa.Column("reason", sa.String(length=80), nullable=True))
    op.create_table(
        "aside_event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("conversation_id", sa.Integer(), nullable=False),
        sa.Column("box", sa.String(length=10), nullable=False),
        sa.Column("item_id", sa.Integer(), nullable=False),
        sa.Column("officer_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("at", bot.tables.UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["conversation_id"], ["conversation.id"], name=op.f("fk_aside_event_conversation_id")),
        sa.ForeignKeyConstraint(["officer_id"], ["officer.id"], name=op.f("fk_aside_event_officer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_aside_event")),
    )
    op.create_index(op.f("ix_aside_event_conversation_id"), "aside_event", ["conversation_id"])


def downgrade() -> None:
    op.drop_table("aside_event")
    op.drop_column("outbox", "reason")
    op.drop_column("inbox", "reason")
