"""The search index takes what is new in bulk: a list of 256 kB, merged when it is full."""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Let the index keep a short list of what is new."""
    op.execute("ALTER INDEX ix_service_search_document SET (fastupdate = on, gin_pending_list_limit = 256)")


def downgrade() -> None:
    """Write each entry to its place at once, as before."""
    op.execute("ALTER INDEX ix_service_search_document SET (fastupdate = off)")
    op.execute("ALTER INDEX ix_service_search_document RESET (gin_pending_list_limit)")
