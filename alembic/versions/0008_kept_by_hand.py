"""what people say that words mean, and the past of what a service had

A choice of a person outlives every import. The index finds what was deleted of a service: a deletion is recorded with
the row, and no column says whose it was.
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_NEEDS = (
    "'protection_assistance', 'safety_planning', 'case_management', 'hotline', 'rescue', "
    "'medical_accompaniment', 'emergency_placement', 'shelter', 'housing', 'financial_aid', 'legal_aid', "
    "'medical_treatment', 'counselling', 'child_counselling', 'injury_certificate', 'evidence_collection', "
    "'offender_assessment', 'offender_treatment', 'schooling', 'school_counselling', 'workplace_safety', "
    "'occupational_counselling', 'vocational_training', 'employment', 'police_protection', "
    "'written_warning', 'order_enforcement', 'prosecution', 'protection_order', 'release_notice', "
    "'residence_permit', 'household_record', 'image_removal', 'visitation', 'court_companion', 'court_desk', "
    "'prevention_education', 'interpretation'"
)
_GONE = """
CREATE INDEX ix_metadata_gone ON metadata ((substring(previous_value, '"service_id": "([0-9a-f-]{36})"')))
WHERE last_action_type = 'delete'
"""


def upgrade() -> None:
    """A small table and an index; code that is still running knows of neither."""
    op.create_table(
        "term_choice",
        sa.Column("term_id", sa.Uuid(), nullable=False),
        sa.Column("need", sa.Text(), nullable=True),
        sa.Column("duty_map", sa.Text(), nullable=False),
        sa.Column("chosen_by", sa.Uuid(), nullable=False),
        sa.Column("chosen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("services", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("refreshed", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("reached", sa.Uuid(), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(f"need IN ({_NEEDS})", name="ck_term_choice_need"),
        sa.CheckConstraint("services >= 0 AND refreshed >= 0", name="ck_term_choice_counts"),
        sa.ForeignKeyConstraint(["term_id"], ["taxonomy_term.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("term_id"),
    )
    op.create_index(
        "ix_term_choice_waiting",
        "term_choice",
        ["chosen_at"],
        unique=False,
        postgresql_where=sa.text("finished_at IS NULL"),
    )
    op.execute(_GONE)


def downgrade() -> None:
    """What people said that words mean is lost; the words keep it until the next import."""
    op.execute("DROP INDEX ix_metadata_gone")
    op.drop_index("ix_term_choice_waiting", table_name="term_choice")
    op.drop_table("term_choice")
