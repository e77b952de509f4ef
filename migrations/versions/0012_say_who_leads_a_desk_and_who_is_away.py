"""Say who leads a desk and who is away; find an officer's tickets and the breaches of a day at once"""

import sqlalchemy as sa
from alembic import op

import bot.tables

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("desk_member", sa.Column("is_lead", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_table(
        "absence",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("officer_id", sa.Integer(), nullable=False),
        sa.Column("starts_at", bot.tables.UtcTime(), nullable=False),
        sa.Column("ends_at", bot.tables.UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["officer_id"], ["officer.id"], name=op.f("fk_absence_officer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_absence")),
    )
    op.create_index(op.f("ix_absence_officer_id"), "absence", ["officer_id"])
    op.create_index("ix_ticket_officer_id_state", "ticket", ["officer_id", "state"])
    op.create_index("ix_ticket_event_kind_at", "ticket_event", ["kind", "at"])


def downgrade() -> None:
    op.drop_index("ix_ticket_event_kind_at", "ticket_event")
    op.drop_index("ix_ticket_officer_id_state", "ticket")
    op.drop_table("absence")
    op.drop_column("desk_member", "is_lead")
