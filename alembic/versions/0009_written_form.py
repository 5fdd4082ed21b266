"""when the written form of an oral report came in (DVPA Enforcement Rules 21)

Which oral reports still wait for theirs is a list of the centre's, so it has an index of its own.
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """A column without a value, a check that nothing there breaks, an index; code that is still running is not held up."""
    op.add_column("report", sa.Column("supplemented_at", sa.DateTime(timezone=True), nullable=True))
    op.create_check_constraint("ck_report_supplemented", "report", "oral or supplemented_at is null")
    op.create_index(
        "ix_report_unwritten",
        "report",
        ["centre_id", "received_at"],
        unique=False,
        postgresql_where=sa.text("oral and supplemented_at is null"),
    )


def downgrade() -> None:
    """When the forms came in is lost; that their clocks were met is not."""
    op.drop_index("ix_report_unwritten", table_name="report")
    op.drop_constraint("ck_report_supplemented", "report")
    op.drop_column("report", "supplemented_at")
