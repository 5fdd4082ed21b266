"""what sheds beside a confidential place is what 0017 says today: it was mended after some databases had it

A database that never saw the older form is none the worse for it.
"""

from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """The function anew, and what the older one left lying is emptied."""
    environment = op.get_context().environment_context
    assert environment is not None
    shed: str = environment.script.get_revision("0017").module._SHED
    op.execute(shed.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION"))
    op.execute("SELECT directory_shed(NULL)")


def downgrade() -> None:
    """What was emptied stays so."""
