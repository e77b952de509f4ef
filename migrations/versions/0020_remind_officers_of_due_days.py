"""Which followed dossiers are nearly due or late, for the officers of their unit; whether a fee of one is unpaid"""

import sqlalchemy as sa
from alembic import op

import bot.tables

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "deadline",
        sa.Column("code", sa.String(60), primary_key=True),
        sa.Column("unit", sa.String(40), nullable=False),
        sa.Column("due_on", sa.Date, nullable=False),
        sa.Column("label", sa.String(200), nullable=False),
        sa.Column("seen_at", bot.tables.UtcTime, nullable=False),
        sa.Column("is_open", sa.Boolean, nullable=False),
        sa.Column("told", sa.Date),
    )
    op.add_column("followed", sa.Column("fees_due", sa.Boolean))


def downgrade() -> None:
    op.drop_column("followed", "fees_due")
    op.drop_table("deadline")
