"""Keep what a complaint tells, and let it go on beside the talk"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

TALKED = sa.text("state IN ('queued', 'officer', 'citizen')")
NOT_CLOSED = sa.text("state != 'closed'")


def upgrade() -> None:
    op.create_table(
        "complaint",
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("unit", sa.String(length=10), nullable=False),
        sa.Column("time", sa.Text(), nullable=False),
        sa.Column("dossier", sa.String(length=60), nullable=False),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_complaint_ticket_id")),
        sa.PrimaryKeyConstraint("ticket_id", name=op.f("pk_complaint")),
    )
    _only_one(TALKED)


def downgrade() -> None:
    """Complaints that are still open are closed: a conversation could not have them beside another ticket."""
    op.execute("UPDATE ticket SET state = 'closed', ending = 'referred' WHERE state IN ('filed', 'beside')")
    _only_one(NOT_CLOSED)
    op.drop_table("complaint")


def _only_one(of: sa.TextClause) -> None:
    """A conversation has at most one ticket of these."""
    op.drop_index("uq_ticket_open", "ticket")
    op.create_index("uq_ticket_open", "ticket", ["conversation_id"], unique=True, sqlite_where=of, postgresql_where=of)
