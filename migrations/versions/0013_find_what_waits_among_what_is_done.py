"""Find what waits among what is done: indexes over the few rows that wait, however many are done

The planner of PostgreSQL goes by counts that are minutes old, and otherwise may walk through all that was ever said.
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

WAITING = {"inbox": "status IN ('new', 'working')", "outbox": "status IN ('pending', 'sending')"}


def upgrade() -> None:
    for table, waits in WAITING.items():
        only = {"sqlite_where": sa.text(waits), "postgresql_where": sa.text(waits)}
        op.create_index(f"ix_{table}_waiting", table, ["id"], **only)
        op.create_index(f"ix_{table}_waiting_here", table, ["conversation_id", "id"], **only)


def downgrade() -> None:
    for table in WAITING:
        op.drop_index(f"ix_{table}_waiting", table)
        op.drop_index(f"ix_{table}_waiting_here", table)
