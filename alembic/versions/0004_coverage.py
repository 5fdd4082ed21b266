"""coverage: sums kept by the writes, frozen rounds, population of areas; filled from what is there"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables, and leave `coverage_area` empty: the first import or `hub directory recount` fills the sums."""
    texts, longs, ints = (postgresql.ARRAY(kind) for kind in (sa.Text(), sa.BigInteger(), sa.Integer()))
    op.create_table(
        "coverage",
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("area", "need", "network", "measure")),
        sa.Column("until", longs, nullable=False),
        sa.Column("said", ints, nullable=False),
        sa.Column("free", longs, nullable=False),
        sa.Column("whole", ints, nullable=False),
        sa.Column("whole_free", longs, nullable=False),
        sa.PrimaryKeyConstraint("area", "need", "network", "measure"),
    )
    op.create_table(
        "coverage_service",
        sa.Column("service_id", sa.Uuid(), nullable=False),
        sa.Column("network", sa.Text(), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("needs", texts, nullable=False),
        sa.Column("whole", texts, nullable=False),
        sa.Column("touched", texts, nullable=False),
        sa.Column("units", texts, nullable=False),
        sa.Column("until", longs, nullable=False),
        sa.Column("free", ints, nullable=False),
        sa.PrimaryKeyConstraint("service_id"),
    )
    op.create_table(
        "coverage_area",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("parent", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("code"),
    )
    op.create_table(
        "area_population",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("population", sa.Integer(), nullable=False),
        sa.Column("year", sa.SmallInteger(), nullable=False),
        sa.CheckConstraint("population >= 0", name="ck_area_population"),
        sa.CheckConstraint("year BETWEEN 1900 AND 2200", name="ck_area_population_year"),
        sa.ForeignKeyConstraint(["code"], ["area.code"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("code"),
    )
    op.create_table(
        "coverage_round",
        sa.Column("label", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("duty_map", sa.Text(), nullable=False),
        sa.Column("needs", texts, nullable=False),
        sa.Column("networks", texts, nullable=False),
        sa.Column("areas", texts, nullable=False),
        sa.PrimaryKeyConstraint("label"),
    )
    op.create_table(
        "coverage_frozen",
        sa.Column("label", sa.Uuid(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("area", "need", "network")),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in ("services", "whole", "attested")),
        sa.Column("free", postgresql.JSONB(), nullable=False),
        sa.ForeignKeyConstraint(["label"], ["coverage_round.label"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("label", "area", "need", "network"),
    )
    op.create_index("ix_coverage_frozen_area", "coverage_frozen", ["area", "label"])


def downgrade() -> None:
    """Nothing of it is anybody's word but the populations, which came from a file."""
    for table in (
        "coverage_frozen",
        "coverage_round",
        "area_population",
        "coverage_area",
        "coverage_service",
        "coverage",
    ):
        op.drop_table(table)
