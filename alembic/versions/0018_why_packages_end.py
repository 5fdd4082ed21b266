"""why a package came to nothing; and no package that is kept outlives a secret

Whoever makes a place confidential by hand, or has a past forgotten, cannot know in which packages it stands: all that
are kept go. Where a package does it, others of its source go. One that is being worked on is told to stop.
"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

_STALE = """
CREATE FUNCTION directory_import_stale() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  kept uuid[];
  its text;  -- an import says it: then packages of that source alone; of a person nobody knows which they mean
  clock timestamptz := COALESCE(NULLIF(current_setting('hub.now', true), '')::timestamptz, transaction_timestamp());
BEGIN
  IF COALESCE(current_setting('hub.by', true), '') LIKE 'import:%' THEN
    its := substr(current_setting('hub.by', true), 8);
  END IF;
  kept := ARRAY(SELECT id FROM public.directory_import WHERE key IS NOT NULL AND state <> 'receiving'
    AND id::text <> COALESCE(current_setting('hub.import', true), '')
    AND (its IS NULL OR source IN (its, '') OR report ->> 'source' = its) FOR NO KEY UPDATE SKIP LOCKED);
  UPDATE public.directory_import SET state = 'discarded', reason = 'secret', key = NULL, report = NULL,
    version = version + 1, ended_at = clock WHERE id = ANY(kept);
  DELETE FROM public.directory_import_part WHERE import_id = ANY(kept);
  DELETE FROM public.directory_import_remark WHERE import_id = ANY(kept);
  INSERT INTO public.directory_import_progress (import_id, at, stopped_by)
  SELECT id, clock, staged_by FROM public.directory_import
  WHERE key IS NOT NULL AND state <> 'receiving' AND id <> ALL(kept)
    AND id::text <> COALESCE(current_setting('hub.import', true), '')
    AND (its IS NULL OR source IN (its, '') OR report ->> 'source' = its)
  ON CONFLICT (import_id) DO UPDATE SET stopped_by = excluded.stopped_by;
  UPDATE public.directory_import_remark SET detail = '' WHERE detail <> '';
  RETURN NULL;
END $$
"""


def upgrade() -> None:
    """A column with a default, a function and two triggers."""
    op.add_column("directory_import", sa.Column("reason", sa.Text(), server_default=sa.text("''"), nullable=False))
    op.create_check_constraint(
        "ck_directory_import_reason",
        "directory_import",
        "reason in ('', 'not_allowed', 'file_damaged', 'given_up', 'secret')",
    )
    op.execute(_STALE)
    op.execute("REVOKE ALL ON FUNCTION directory_import_stale() FROM PUBLIC")
    op.execute(
        'CREATE TRIGGER "C_packages" AFTER UPDATE OF location_type ON location FOR EACH ROW '
        "WHEN (NEW.location_type = 'confidential' AND OLD.location_type IS DISTINCT FROM 'confidential') "
        "EXECUTE FUNCTION directory_import_stale()"
    )
    op.execute(
        'CREATE TRIGGER "C_packages" AFTER UPDATE OF agreed ON history_purge FOR EACH ROW WHEN (NEW.agreed) '
        "EXECUTE FUNCTION directory_import_stale()"
    )


def downgrade() -> None:
    """Packages that are kept live out their week."""
    for table in ("location", "history_purge"):
        op.execute(f'DROP TRIGGER "C_packages" ON {table}')
    op.execute("DROP FUNCTION directory_import_stale()")
    op.drop_column("directory_import", "reason")
