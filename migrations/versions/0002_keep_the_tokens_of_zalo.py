"""Keep the tokens of Zalo"""

import sqlalchemy as sa
from alembic import op

import bot.tables

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "zalo_token",
        sa.Column("app_id", sa.String(length=40), nullable=False),
        sa.Column("access_token", sa.Text(), nullable=False),
        sa.Column("refresh_token", sa.Text(), nullable=False),
        sa.Column("expires_at", bot.tables.UtcTime(), nullable=False),
        sa.Column("refreshed_at", bot.tables.UtcTime(), nullable=False),
        sa.Column("lease_until", bot.tables.UtcTime(), nullable=True),
        sa.Column("seed", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("app_id", name=op.f("pk_zalo_token")),
    )


def downgrade() -> None:
    op.drop_table("zalo_token")
