"""Let officers put a ticket off, ask for a number, a paper or a place, and mention a colleague"""

import sqlalchemy as sa
from alembic import op

import bot.tables

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Column by column: SQLite would have to drop a rebuilt `ticket`, and its events refer to it."""
    op.add_column("ticket", sa.Column("snoozed_until", bot.tables.UtcTime(), nullable=True))
    op.add_column("ticket", sa.Column("awaits", sa.String(length=10), server_default="", nullable=False))
    op.add_column("ticket", sa.Column("callback", sa.Text(), nullable=True))
    op.add_column("inbox", sa.Column("attachment", sa.JSON(none_as_null=True), nullable=True))
    op.create_table(
        "mention",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.Column("officer_id", sa.Integer(), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("at", bot.tables.UtcTime(), nullable=False),
        sa.Column("seen_at", bot.tables.UtcTime(), nullable=True),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_mention_ticket_id")),
        sa.ForeignKeyConstraint(["officer_id"], ["officer.id"], name=op.f("fk_mention_officer_id")),
        sa.ForeignKeyConstraint(["by_id"], ["officer.id"], name=op.f("fk_mention_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mention")),
    )
    for column in ("ticket_id", "officer_id"):
        op.create_index(op.f(f"ix_mention_{column}"), "mention", [column])


def downgrade() -> None:
    """As it was."""
    op.drop_table("mention")
    op.drop_column("inbox", "attachment")
    for name in ("callback", "awaits", "snoozed_until"):
        op.drop_column("ticket", name)
