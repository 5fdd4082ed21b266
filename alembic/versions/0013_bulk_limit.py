"""How long the list of what is new in the search index grows is said by each session: short, but in an import"""

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Let the session's setting count; code that is still running does with the server's own, 4 MB."""
    op.execute("ALTER INDEX ix_service_search_document RESET (gin_pending_list_limit)")


def downgrade() -> None:
    """A list of 256 kB for all."""
    op.execute("ALTER INDEX ix_service_search_document SET (gin_pending_list_limit = 256)")
