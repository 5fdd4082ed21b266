"""an export made before a place became confidential, or before its past was purged, goes in the same transaction

What is in an export lies in clear and is handed out for a day. The one that is being made reads an older moment: its row is
waited for, and made anew.
"""

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

# The row first: whoever makes the file holds it until its parts are there to be seen.
_FORGET = """
CREATE FUNCTION directory_export_stale() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  UPDATE public.directory_export SET state = 'waiting', made_at = NULL, size = 0, begun = 0;
  DELETE FROM public.directory_export_part;
  RETURN NULL;
END $$
"""


def upgrade() -> None:
    """Triggers, so that no writer, import or page can forget it."""
    op.execute(_FORGET)
    op.execute("REVOKE ALL ON FUNCTION directory_export_stale() FROM PUBLIC")
    op.execute(
        'CREATE TRIGGER "C_exports" AFTER UPDATE OF location_type ON location FOR EACH ROW '
        "WHEN (NEW.location_type = 'confidential' AND OLD.location_type IS DISTINCT FROM 'confidential') "
        "EXECUTE FUNCTION directory_export_stale()"
    )
    op.execute(
        'CREATE TRIGGER "C_exports" AFTER UPDATE OF agreed ON history_purge FOR EACH ROW WHEN (NEW.agreed) '
        "EXECUTE FUNCTION directory_export_stale()"
    )


def downgrade() -> None:
    """Exports live out their day."""
    for table in ("location", "history_purge"):
        op.execute(f'DROP TRIGGER "C_exports" ON {table}')
    op.execute("DROP FUNCTION directory_export_stale()")
