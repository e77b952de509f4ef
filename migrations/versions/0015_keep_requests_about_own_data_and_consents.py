"""Keep what citizens ask about their own data, with its days, and what they agreed to"""

import sqlalchemy as sa
from alembic import op

import bot.tables

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "data_request",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("conversation_id", sa.Integer()),
        sa.Column("code", sa.String(12), nullable=False),
        sa.Column("wanted", sa.String(10), nullable=False),
        sa.Column("words", sa.Text(), nullable=False, server_default=""),
        sa.Column("asked_at", bot.tables.UtcTime(), nullable=False),
        sa.Column("finish_by", sa.Date(), nullable=False),
        sa.Column("extended_at", bot.tables.UtcTime()),
        sa.Column("decided", sa.String(10)),
        sa.Column("decided_at", bot.tables.UtcTime()),
        sa.Column("ground", sa.String(20), nullable=False, server_default=""),
        sa.Column("officer_id", sa.Integer()),
        sa.ForeignKeyConstraint(["conversation_id"], ["conversation.id"], name=op.f("fk_data_request_conversation_id")),
        sa.ForeignKeyConstraint(["officer_id"], ["officer.id"], name=op.f("fk_data_request_officer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_data_request")),
        sa.UniqueConstraint("code", name=op.f("uq_data_request_code")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_data_request_conversation_id"), "data_request", ["conversation_id"])
    op.create_table(
        "consent",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("conversation_id", sa.Integer(), nullable=False),
        sa.Column("purpose", sa.String(20), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("channel", sa.String(20), nullable=False),
        sa.Column("given_at", bot.tables.UtcTime(), nullable=False),
        sa.Column("withdrawn_at", bot.tables.UtcTime()),
        sa.ForeignKeyConstraint(["conversation_id"], ["conversation.id"], name=op.f("fk_consent_conversation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent")),
    )
    op.create_index(op.f("ix_consent_conversation_id"), "consent", ["conversation_id"])


def downgrade() -> None:
    op.drop_table("consent")
    op.drop_table("data_request")
