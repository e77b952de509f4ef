"""Remember how satisfied citizens are, and find the conversations that have come to rest"""

import sqlalchemy as sa
from alembic import op

import bot.tables

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "rating",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("conversation_id", sa.Integer(), nullable=True),
        sa.Column("ticket_id", sa.Integer(), nullable=True),
        sa.Column("turn_id", sa.Integer(), nullable=True),
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("unit", sa.String(length=10), nullable=False),
        sa.Column("field", sa.String(length=40), nullable=False),
        sa.Column("step", sa.Integer(), nullable=True),
        sa.Column("reason", sa.String(length=20), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("asked_at", bot.tables.UtcTime(), nullable=False),
        sa.Column("answered_at", bot.tables.UtcTime(), nullable=True),
        sa.ForeignKeyConstraint(["conversation_id"], ["conversation.id"], name=op.f("fk_rating_conversation_id")),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_rating_ticket_id")),
        sa.ForeignKeyConstraint(["turn_id"], ["turn.id"], name=op.f("fk_rating_turn_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rating")),
        sa.UniqueConstraint("ticket_id", name=op.f("uq_rating_ticket_id")),
        sa.UniqueConstraint("turn_id", name=op.f("uq_rating_turn_id")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_rating_conversation_id"), "rating", ["conversation_id"])
    op.create_index(op.f("ix_conversation_updated_at"), "conversation", ["updated_at"])


def downgrade() -> None:
    op.drop_index(op.f("ix_conversation_updated_at"), "conversation")
    op.drop_index(op.f("ix_rating_conversation_id"), "rating")
    op.drop_table("rating")
