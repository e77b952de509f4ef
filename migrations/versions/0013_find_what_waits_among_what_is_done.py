"""Find what waits among what is done: PostgreSQL looks through the few rows that wait, however many are done

Its planner goes by counts that are minutes old, and then may walk through all that was ever said. SQLite has no such
counts, and finds its way by the indexes that are there.
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0008"
branch_labels = None
depends_on = None

WAITING = {"inbox": "status IN ('new', 'working')", "outbox": "status IN ('pending', 'sending')"}


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        for table, waits in WAITING.items():
            op.create_index(f"ix_{table}_waiting", table, ["id"], postgresql_where=sa.text(waits))
            op.create_index(
                f"ix_{table}_waiting_here", table, ["conversation_id", "id"], postgresql_where=sa.text(waits)
            )


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        for table in WAITING:
            op.drop_index(f"ix_{table}_waiting", table)
            op.drop_index(f"ix_{table}_waiting_here", table)
