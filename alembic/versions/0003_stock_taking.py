"""stock_taking: rounds, tasks, sheets sent in, and frozen results that nobody can change"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_TEXTS = postgresql.ARRAY(sa.Text())
_MOMENT = sa.DateTime(timezone=True)


def _texts(name: str) -> sa.Column[list[str]]:
    return sa.Column(name, _TEXTS, server_default=sa.text("'{}'"), nullable=False)


def _json(name: str) -> sa.Column[dict[str, str]]:
    return sa.Column(name, postgresql.JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False)


def _blank(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), server_default=sa.text("''"), nullable=False)


def upgrade() -> None:
    """stock_taking"""
    op.create_table(
        "inventory_round",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        _texts("networks"),
        _texts("areas"),
        _texts("needs"),
        _blank("note"),
        sa.Column("opens_on", sa.Date(), nullable=False),
        sa.Column("closes_on", sa.Date(), nullable=False),
        sa.Column("opens_at", _MOMENT, nullable=False),
        sa.Column("due_at", _MOMENT, nullable=False),
        sa.Column("authority_id", sa.Uuid(), nullable=False),
        sa.Column("planned_by", sa.Uuid(), nullable=False),
        sa.Column("opened_at", _MOMENT, nullable=True),
        sa.Column("closed_at", _MOMENT, nullable=True),
        sa.Column("closed_by", sa.Uuid(), nullable=True),
        _blank("digest"),
        sa.PrimaryKeyConstraint("id"),
        sa.CheckConstraint("state IN ('planned', 'open', 'closed', 'cancelled')", name="ck_inventory_round_state"),
        sa.CheckConstraint("opens_on <= closes_on AND opens_at < due_at", name="ck_inventory_round_days"),
        sa.CheckConstraint("(state IN ('open', 'closed')) = (opened_at IS NOT NULL)", name="ck_inventory_round_opened"),
        sa.CheckConstraint(
            "(state IN ('closed', 'cancelled')) = (closed_at IS NOT NULL AND closed_by IS NOT NULL)",
            name="ck_inventory_round_ended",
        ),
        sa.CheckConstraint("(state = 'closed') = (digest <> '')", name="ck_inventory_round_digest"),
    )
    op.create_index("ix_inventory_round_opens", "inventory_round", ["opens_on", "id"])
    op.create_table(
        "inventory_task",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("round_id", sa.Uuid(), nullable=False),
        sa.Column("service_id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("answered_at", _MOMENT, nullable=True),
        sa.Column("answered_by", sa.Uuid(), nullable=True),
        sa.Column("answered_for", sa.Uuid(), nullable=True),
        sa.Column("later_on", sa.Date(), nullable=True),
        sa.Column("stopped_on", sa.Date(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        _blank("status_before"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("round_id", "service_id", name="uq_inventory_task_service"),
        sa.ForeignKeyConstraint(["round_id"], ["inventory_round.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["service_id"], ["service.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["organization_id"], ["organization.id"], ondelete="CASCADE"),
        sa.CheckConstraint(
            "answer IN ('unchanged', 'changed', 'no_longer_offered', 'later')", name="ck_inventory_task_answer"
        ),
        sa.CheckConstraint(
            "reason IN ('funding_ended', 'no_staff', 'no_place', 'merged', 'taken_over', 'no_demand', 'other')",
            name="ck_inventory_task_reason",
        ),
        sa.CheckConstraint(
            "num_nonnulls(answer, answered_at, answered_by, answered_for) IN (0, 4)", name="ck_inventory_task_answered"
        ),
        sa.CheckConstraint(
            "(later_on IS NOT NULL) = coalesce(answer = 'later', false) AND "
            "(stopped_on IS NOT NULL) = coalesce(answer = 'no_longer_offered', false) AND "
            "(stopped_on IS NULL) = (reason IS NULL)",
            name="ck_inventory_task_details",
        ),
    )
    op.create_index("ix_inventory_task_organization", "inventory_task", ["organization_id", "round_id"])
    op.create_index("ix_inventory_task_asked", "inventory_task", ["service_id"])
    op.create_table(
        "inventory_upload",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("sent_by", sa.Uuid(), nullable=False),
        sa.Column("sent_at", _MOMENT, nullable=False),
        _json("lines"),
        sa.Column("confirmed_at", _MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_inventory_upload_agency", "inventory_upload", ["agency_id", "sent_at"])
    op.create_table(
        "inventory_result",
        sa.Column("round_id", sa.Uuid(), nullable=False),
        sa.Column("service_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        _json("names"),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("organization", sa.Text(), nullable=False),
        _json("organization_names"),
        sa.Column("network", sa.Text(), nullable=False),
        sa.Column("asked", sa.Boolean(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("assured_date", sa.Date(), nullable=True),
        _texts("needs"),
        _texts("areas"),
        _texts("counties"),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("answered_at", _MOMENT, nullable=True),
        sa.Column("answered_by", sa.Uuid(), nullable=True),
        sa.Column("answered_for", sa.Uuid(), nullable=True),
        sa.Column("later_on", sa.Date(), nullable=True),
        sa.Column("stopped_on", sa.Date(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("available", sa.Integer(), nullable=True),
        sa.Column("unit", sa.Text(), nullable=True),
        sa.Column("capacity_updated", _MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("round_id", "service_id"),
        sa.ForeignKeyConstraint(["round_id"], ["inventory_round.id"]),
        sa.CheckConstraint(
            "answer IN ('unchanged', 'changed', 'no_longer_offered', 'later')", name="ck_inventory_result_answer"
        ),
    )
    op.create_index("ix_inventory_result_service", "inventory_result", ["service_id"])
    # What is closed stays as it was, also for whoever owns the tables and forgets.
    op.execute(
        "CREATE FUNCTION inventory_closed() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "RAISE EXCEPTION 'a closed round of stock-taking does not change' USING ERRCODE = 'check_violation'; END $$"
    )
    op.execute(
        "CREATE FUNCTION inventory_late() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "IF EXISTS (SELECT FROM fresh f JOIN inventory_round r ON r.id = f.round_id WHERE r.state <> 'open') THEN "
        "RAISE EXCEPTION 'a closed round of stock-taking does not change' USING ERRCODE = 'check_violation'; "
        "END IF; RETURN NULL; END $$"
    )
    op.execute(
        "CREATE TRIGGER inventory_result_frozen BEFORE UPDATE OR DELETE ON inventory_result "
        "FOR EACH ROW EXECUTE FUNCTION inventory_closed()"
    )
    op.execute(
        "CREATE TRIGGER inventory_round_frozen BEFORE UPDATE OR DELETE ON inventory_round "
        "FOR EACH ROW WHEN (OLD.state IN ('closed', 'cancelled')) EXECUTE FUNCTION inventory_closed()"
    )
    op.execute(
        "CREATE TRIGGER inventory_result_late AFTER INSERT ON inventory_result REFERENCING NEW TABLE AS fresh "
        "FOR EACH STATEMENT EXECUTE FUNCTION inventory_late()"
    )


def downgrade() -> None:
    """stock_taking"""
    op.drop_table("inventory_result")
    op.drop_table("inventory_upload")
    op.drop_table("inventory_task")
    op.drop_table("inventory_round")
    op.execute("DROP FUNCTION inventory_late()")
    op.execute("DROP FUNCTION inventory_closed()")
