"""while a place becomes confidential no file of the directory is finished, also none that was asked for meanwhile

The row of such a file is not there when the trigger looks for what is stale. Whoever finishes a file therefore asks for
a lock that every such transaction shares until its end.
"""

from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

_STALE = """
CREATE OR REPLACE FUNCTION directory_export_stale() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  %s
  UPDATE public.directory_export SET state = 'waiting', made_at = NULL, size = 0, begun = 0;
  DELETE FROM public.directory_export_part;
  RETURN NULL;
END $$
"""


def upgrade() -> None:
    """The function anew; nothing is written."""
    op.execute(_STALE % "PERFORM pg_advisory_xact_lock_shared(hashtext('directory.secret'));")


def downgrade() -> None:
    """As it was."""
    op.execute(_STALE % "")
