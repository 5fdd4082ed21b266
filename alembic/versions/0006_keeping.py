"""weights and pace of matching

The weights of matching in versions; and of each organization whether its agency takes referrals here (a trigger on
`agency`, so that no way of adding one can forget it) and how soon it answers (written by the worker).
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_TRIGGER = """
CREATE FUNCTION organization_in_hub() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE organization uuid;
BEGIN
  FOREACH organization IN ARRAY ARRAY[
    CASE WHEN TG_OP <> 'INSERT' THEN OLD.organization_id END, CASE WHEN TG_OP <> 'DELETE' THEN NEW.organization_id END]
  LOOP
    CONTINUE WHEN organization IS NULL;
    INSERT INTO organization_pace (organization_id, in_hub)
    VALUES (organization, EXISTS (SELECT FROM agency a WHERE a.organization_id = organization AND NOT a.suspended))
    ON CONFLICT (organization_id) DO UPDATE SET in_hub = excluded.in_hub;
  END LOOP;
  RETURN NULL;
END $$
"""
_FIRE = """
CREATE TRIGGER organization_in_hub AFTER INSERT OR DELETE OR UPDATE OF organization_id, suspended ON agency
FOR EACH ROW EXECUTE FUNCTION organization_in_hub()
"""
_KNOWN = """
INSERT INTO organization_pace (organization_id, in_hub)
SELECT organization_id, bool_or(NOT suspended) FROM agency WHERE organization_id IS NOT NULL GROUP BY organization_id
"""


def upgrade() -> None:
    """Two small tables and a trigger; code that is still running knows of neither."""
    op.create_table(
        "match_weights",
        sa.Column("version", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("weights", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("set_by", sa.Uuid(), nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("note", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.PrimaryKeyConstraint("version"),
    )
    op.create_table(
        "organization_pace",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("in_hub", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("answered", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("median_minutes", sa.Integer(), nullable=True),
        sa.Column("updated", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("answered >= 0", name="ck_organization_pace_answered"),
        sa.CheckConstraint("(answered = 0) = (median_minutes IS NULL)", name="ck_organization_pace_median"),
        sa.PrimaryKeyConstraint("organization_id"),
    )
    for statement in (_TRIGGER, _FIRE, _KNOWN):
        op.execute(statement)


def downgrade() -> None:
    """The weights that were set are lost."""
    op.execute("DROP TRIGGER organization_in_hub ON agency")
    op.execute("DROP FUNCTION organization_in_hub()")
    op.drop_table("organization_pace")
    op.drop_table("match_weights")
