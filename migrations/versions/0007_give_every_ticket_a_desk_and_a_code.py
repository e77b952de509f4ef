"""Give every ticket a desk and a code, and every change of it a row that says where it led"""

import sqlalchemy as sa
from alembic import op

import bot.tables
from bot.ticket import new_code

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

DESK = "thanh_pho"
# the desk for everyone of the shipped set: tickets from before belong to it
STAGES = {"waiting": "queued", "claimed": "officer", "resolved": "closed"}
STAGES_AFTER = {"opened": "queued", "claimed": "officer", "replied": "officer", "note": "officer", "resolved": "closed"}


def upgrade() -> None:
    _widen()
    _carry_over()
    _index()
    _add_desks()


def _widen() -> None:
    """Column by column: SQLite would have to drop a rebuilt `ticket`, and its events refer to it."""
    told, early = {"nullable": False, "server_default": ""}, "1970-01-01 00:00:00"
    for column in (
        sa.Column("code", sa.String(length=12), **told),
        sa.Column("desk", sa.String(length=40), nullable=False, server_default=DESK),
        sa.Column("field", sa.String(length=40), **told),
        sa.Column("unit", sa.String(length=10), **told),
        sa.Column("urgency", sa.JSON(), nullable=False, server_default="[]"),
        sa.Column("ending", sa.String(length=20), nullable=True),
        sa.Column("rank_at", bot.tables.UtcTime(), nullable=False, server_default=early),
        sa.Column("promised_at", bot.tables.UtcTime(), nullable=True),
        sa.Column("first_replied_at", bot.tables.UtcTime(), nullable=True),
    ):
        op.add_column("ticket", column)
    with op.batch_alter_table("ticket_event") as batch:
        batch.add_column(sa.Column("stage", sa.String(length=10), nullable=False, server_default="queued"))
        batch.add_column(sa.Column("desk", sa.String(length=40), nullable=False, server_default=DESK))
        batch.add_column(sa.Column("holder_id", sa.Integer(), nullable=True))
        batch.create_foreign_key(op.f("fk_ticket_event_holder_id"), "officer", ["holder_id"], ["id"])


def _carry_over() -> None:
    """Old tickets in the new words; a conversation that was queued without a ticket gets one."""
    connection = op.get_bind()
    connection.execute(sa.text("UPDATE ticket SET rank_at = opened_at"))
    connection.execute(sa.text("UPDATE ticket SET ending = 'answered' WHERE state = 'resolved'"))
    for old, new in STAGES.items():
        connection.execute(sa.text("UPDATE ticket SET state = :new WHERE state = :old"), {"old": old, "new": new})
    for kind, stage in STAGES_AFTER.items():
        values = {"kind": kind, "stage": stage}
        connection.execute(sa.text("UPDATE ticket_event SET stage = :stage WHERE kind = :kind"), values)
    connection.execute(
        sa.text(
            "INSERT INTO ticket (conversation_id, state, desk, reason, opened_at, rank_at)"
            " SELECT id, 'queued', :desk, 'emergency', updated_at, updated_at FROM conversation"
            " WHERE owner = 'queue' AND id NOT IN (SELECT conversation_id FROM ticket WHERE state != 'closed')"
        ),
        {"desk": DESK},
    )
    connection.execute(
        sa.text(
            "INSERT INTO ticket_event (ticket_id, kind, text, at, stage, desk)"
            " SELECT id, 'opened', reason, opened_at, 'queued', desk FROM ticket"
            " WHERE id NOT IN (SELECT ticket_id FROM ticket_event)"
        )
    )
    for (ticket_id,) in connection.execute(sa.text("SELECT id FROM ticket")).all():
        values = {"id": ticket_id, "code": new_code()}
        connection.execute(sa.text("UPDATE ticket SET code = :code WHERE id = :id"), values)


def _index() -> None:
    op.create_index("uq_ticket_code", "ticket", ["code"], unique=True)
    op.create_index("ix_ticket_state_desk", "ticket", ["state", "desk", "rank_at"])
    is_open = sa.text("state != 'closed'")
    op.create_index(
        "uq_ticket_open", "ticket", ["conversation_id"], unique=True, sqlite_where=is_open, postgresql_where=is_open
    )


def _add_desks() -> None:
    op.create_table(
        "desk_member",
        sa.Column("desk", sa.String(length=40), nullable=False),
        sa.Column("officer_id", sa.Integer(), nullable=False),
        sa.Column("skills", sa.JSON(), nullable=False),
        sa.Column("capacity", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["officer_id"], ["officer.id"], name=op.f("fk_desk_member_officer_id")),
        sa.PrimaryKeyConstraint("desk", "officer_id", name=op.f("pk_desk_member")),
    )
    op.create_table(
        "duty",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("desk", sa.String(length=40), nullable=False),
        sa.Column("officer_id", sa.Integer(), nullable=False),
        sa.Column("weekday", sa.Integer(), nullable=False),
        sa.Column("opens", sa.String(length=5), nullable=False),
        sa.Column("closes", sa.String(length=5), nullable=False),
        sa.ForeignKeyConstraint(["officer_id"], ["officer.id"], name=op.f("fk_duty_officer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_duty")),
    )
    op.create_index(op.f("ix_duty_desk"), "duty", ["desk"])


def downgrade() -> None:
    op.drop_index(op.f("ix_duty_desk"), "duty")
    op.drop_table("duty")
    op.drop_table("desk_member")
    for index in ("uq_ticket_open", "ix_ticket_state_desk", "uq_ticket_code"):
        op.drop_index(index, "ticket")
    connection = op.get_bind()
    for old, new in (*STAGES.items(), ("claimed", "citizen")):
        connection.execute(sa.text("UPDATE ticket SET state = :old WHERE state = :new"), {"old": old, "new": new})
    with op.batch_alter_table("ticket_event") as batch:
        batch.drop_constraint(op.f("fk_ticket_event_holder_id"), type_="foreignkey")
        for column in ("stage", "desk", "holder_id"):
            batch.drop_column(column)
    for column in ("code", "desk", "field", "unit", "urgency", "ending", "rank_at", "promised_at", "first_replied_at"):
        op.drop_column("ticket", column)
