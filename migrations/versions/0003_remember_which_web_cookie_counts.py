"""Remember which cookie of a web session counts"""

import sqlalchemy as sa
from alembic import op

import bot.tables

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "web_session",
        sa.Column("address", sa.String(length=200), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("since", bot.tables.UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("address", name=op.f("pk_web_session")),
    )
    op.create_index(op.f("ix_web_session_since"), "web_session", ["since"])


def downgrade() -> None:
    op.drop_table("web_session")
