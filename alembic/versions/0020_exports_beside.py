"""a file of what sources said beyond the standard is made anew once more of it has to do with a confidential place

A place known as confidential for long may be linked to a service later; what was said of that service goes then, and
with it the files that repeat it. The files' own rows are touched once a transaction, however much becomes secret.
"""

from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

_STALE = """
CREATE OR REPLACE FUNCTION directory_export_stale() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  PERFORM pg_advisory_xact_lock_shared(hashtext('directory.secret'));
  UPDATE public.directory_export SET state = 'waiting', made_at = NULL, size = 0, begun = 0 %s;
  DELETE FROM public.directory_export_part;
  RETURN NULL;
END $$
"""


def upgrade() -> None:
    """A trigger more; nothing is written."""
    op.execute(_STALE % "WHERE state <> 'waiting' OR begun <> 0")
    op.execute(
        'CREATE TRIGGER "C_exports" AFTER INSERT ON sheltered FOR EACH ROW EXECUTE FUNCTION directory_export_stale()'
    )


def downgrade() -> None:
    """As it was."""
    op.execute('DROP TRIGGER "C_exports" ON sheltered')
    op.execute(_STALE % "")
