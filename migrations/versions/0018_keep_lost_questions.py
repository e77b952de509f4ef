"""Keep the questions that the assistant lost, apart from their conversations, and what editors made of them"""

import sqlalchemy as sa
from alembic import op

import bot.tables

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "lost_decision",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("code", sa.String(40), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("draft_id", sa.Integer, sa.ForeignKey("catalogue_draft.id")),
        sa.Column("by", sa.String(60), nullable=False),
        sa.Column("at", bot.tables.UtcTime, nullable=False),
    )
    op.create_table(
        "lost_question",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("reason", sa.String(20), nullable=False),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("channel", sa.String(20), nullable=False),
        sa.Column("unit", sa.String(10), nullable=False),
        sa.Column("conversation_id", sa.Integer, sa.ForeignKey("conversation.id")),
        sa.Column("inbox_id", sa.Integer, sa.ForeignKey("inbox.id")),
        sa.Column("ticket_id", sa.Integer, sa.ForeignKey("ticket.id")),
        sa.Column("answer_id", sa.Integer, sa.ForeignKey("outbox.id")),
        sa.Column("middle_id", sa.Integer),
        sa.Column("decision_id", sa.Integer, sa.ForeignKey("lost_decision.id")),
        sa.UniqueConstraint("inbox_id", name=op.f("uq_lost_question_inbox_id")),
    )
    for column in ("day", "conversation_id", "decision_id"):
        op.create_index(f"ix_lost_question_{column}", "lost_question", [column])


def downgrade() -> None:
    op.drop_table("lost_question")
    op.drop_table("lost_decision")
