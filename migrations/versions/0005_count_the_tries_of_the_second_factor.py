"""Count the tries of the second factor; keep digits only sealed, and details only until they are sent"""

import sqlalchemy as sa
from alembic import op

import bot.tables

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("inbox", sa.Column("seal", sa.JSON(none_as_null=True), nullable=True))
    op.add_column("outbox", sa.Column("kept", sa.JSON(none_as_null=True), nullable=True))
    op.create_table(
        "factor_try",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("conversation_id", sa.Integer(), nullable=False),
        sa.Column("inbox_id", sa.Integer(), nullable=False),
        sa.Column("dossier", sa.String(length=64), nullable=False),
        sa.Column("at", bot.tables.UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["conversation_id"], ["conversation.id"], name=op.f("fk_factor_try_conversation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_factor_try")),
        sa.UniqueConstraint("inbox_id", name=op.f("uq_factor_try_inbox_id")),
    )
    op.create_index(op.f("ix_factor_try_conversation_id"), "factor_try", ["conversation_id"])
    op.create_index(op.f("ix_factor_try_dossier"), "factor_try", ["dossier"])


def downgrade() -> None:
    op.drop_table("factor_try")
    op.drop_column("outbox", "kept")
    op.drop_column("inbox", "seal")
