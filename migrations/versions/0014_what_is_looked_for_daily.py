"""Find what is looked for day by day among all that is kept

Tickets by their end and by a desk's last weeks, numbers to call back on, replies that are shown once or were given up.
Without these the job that deletes read every reply, and a citizen who was told how long it may take every ticket.
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_outbox_set_aside", "outbox", ["id"], **_only("status = 'failed'"))
    op.create_index("ix_outbox_kept", "outbox", ["created_at"], **_only("kept IS NOT NULL"))
    op.create_index("ix_ticket_desk_opened_at", "ticket", ["desk", "opened_at"])
    op.create_index("ix_ticket_resolved_at", "ticket", ["resolved_at"])
    op.create_index("ix_ticket_callback", "ticket", ["state", "resolved_at"], **_only("callback IS NOT NULL"))


def downgrade() -> None:
    op.drop_index("ix_ticket_callback", "ticket")
    op.drop_index("ix_ticket_resolved_at", "ticket")
    op.drop_index("ix_ticket_desk_opened_at", "ticket")
    op.drop_index("ix_outbox_kept", "outbox")
    op.drop_index("ix_outbox_set_aside", "outbox")


def _only(which: str) -> dict[str, sa.TextClause]:
    return {"sqlite_where": sa.text(which), "postgresql_where": sa.text(which)}
