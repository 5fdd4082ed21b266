"""the past of a field that must not be known any more: asked for by one administrator, forgotten for another

The history is nobody's to change. One function does it, for a request that somebody else has made, and does nothing
else: it reads nothing out. That there was a change, whose and when, stays.
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

# Copies of what is forgotten are found by the words themselves; shorter ones would stand in anything.
_SHORTEST = 4
_PURGE = f"""
CREATE FUNCTION directory_purge(request uuid, who uuid, clock timestamptz, agreed boolean) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  asked public.history_purge;
  its jsonb;
  said text[];
  emptied integer;
  more integer;
BEGIN
  SELECT * INTO asked FROM public.history_purge q WHERE q.id = request AND q.decided_by IS NULL FOR UPDATE;
  IF NOT FOUND OR (agreed AND asked.asked_by = who) THEN
    RETURN NULL;
  END IF;
  UPDATE public.history_purge q SET decided_by = who, decided_at = clock, agreed = directory_purge.agreed
  WHERE q.id = request;
  IF NOT agreed THEN
    RETURN 0;
  END IF;
  EXECUTE format('SELECT to_jsonb(t) FROM public.%I t WHERE t.id = $1', asked.resource_type) INTO its
    USING asked.resource_id;
  -- What was said and is not said now. A deletion holds the row; without a field all of it is meant.
  said := ARRAY(
    SELECT DISTINCT w.said FROM public.metadata m
    CROSS JOIN LATERAL (
      SELECT unnest(ARRAY[m.previous_value, m.replacement_value]) AS said
      WHERE m.last_action_type = 'update' AND asked.field_name IN ('', m.field_name)
      UNION ALL
      SELECT f.value FROM jsonb_each_text(
        CASE WHEN m.last_action_type = 'delete' AND m.previous_value <> '' THEN m.previous_value::jsonb END) f
      WHERE asked.field_name IN ('', f.key) AND f.key <> ALL (ARRAY['source', 'link_entity', 'location_type'])
    ) w
    WHERE m.resource_id = asked.resource_id AND m.resource_type = asked.resource_type AND length(w.said) >= {_SHORTEST}
    AND w.said !~ '^[0-9a-f]{{8}}(-[0-9a-f]{{4}}){{3}}-[0-9a-f]{{12}}$'
    AND (its IS NULL OR NOT EXISTS (SELECT FROM jsonb_each_text(its - 'extra') n WHERE n.value = w.said)));
  -- What the source said beside it: of this row, in rows the directory has no place for, in its own history.
  IF its IS NOT NULL THEN
    EXECUTE format('UPDATE public.%I t SET extra = public.directory_without(t.extra, $2) WHERE t.id = $1 '
      'AND t.extra <> public.directory_without(t.extra, $2)', asked.resource_type) USING asked.resource_id, said;
    UPDATE public.kept_row k SET extra = public.directory_without(k.extra, said)
    WHERE k.source = its ->> 'source' AND k.extra <> public.directory_without(k.extra, said);
    UPDATE public.source_metadata s SET previous_value = '', replacement_value = '', extra = '{{}}'
    WHERE s.source = its ->> 'source' AND s.resource_type = asked.resource_type AND s.resource_id = its ->> 'source_id'
    AND (asked.field_name IN ('', s.field_name) OR public.directory_says(s.previous_value, said)
      OR public.directory_says(s.replacement_value, said) OR s.extra <> public.directory_without(s.extra, said));
  END IF;
  -- Whose a removed row was stays known.
  UPDATE public.metadata m SET purged = request, previous_value = CASE WHEN asked.field_name <> ''
    THEN (m.previous_value::jsonb - asked.field_name)::text
    ELSE (SELECT COALESCE(jsonb_object_agg(f.key, f.value), '{{}}')::text FROM jsonb_each(m.previous_value::jsonb) f
      WHERE f.key LIKE '%\\_id' AND f.key <> 'source_id') END
  WHERE m.resource_id = asked.resource_id AND m.resource_type = asked.resource_type AND m.last_action_type = 'delete'
  AND m.previous_value <> '' AND (asked.field_name = '' OR m.previous_value::jsonb ? asked.field_name);
  GET DIAGNOSTICS emptied = ROW_COUNT;
  UPDATE public.metadata m SET purged = request, previous_value = '', replacement_value = ''
  WHERE m.resource_id = asked.resource_id AND m.resource_type = asked.resource_type AND m.last_action_type = 'update'
  AND (asked.field_name IN ('', m.field_name) OR public.directory_says(m.previous_value, said)
    OR public.directory_says(m.replacement_value, said));
  GET DIAGNOSTICS more = ROW_COUNT;
  RETURN emptied + more;
END $$"""
_SAYS = """
CREATE FUNCTION directory_says(text, said text[]) RETURNS boolean LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, public, pg_temp
AS $$ SELECT EXISTS (SELECT FROM unnest(said) w WHERE position(w IN $1) > 0) $$"""
_WITHOUT = """
CREATE FUNCTION directory_without(jsonb, said text[]) RETURNS jsonb LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, public, pg_temp
AS $$ SELECT $1 - ARRAY(SELECT f.key FROM jsonb_each_text($1) f WHERE public.directory_says(f.value, said)) $$"""


def upgrade() -> None:
    """A small table, a column without a value, three functions: code that is still running knows of none."""
    op.create_table(
        "history_purge",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("service_id", sa.Uuid(), nullable=False),
        sa.Column("change_id", sa.Uuid(), nullable=False),
        sa.Column("resource_type", sa.Text(), nullable=False),
        sa.Column("resource_id", sa.Uuid(), nullable=False),
        sa.Column("field_name", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("asked_by", sa.Uuid(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("agreed", sa.Boolean(), nullable=True),
        sa.CheckConstraint(
            "reason IN ('whereabouts', 'identity', 'sensitive', 'other')", name="ck_history_purge_reason"
        ),
        sa.CheckConstraint("num_nonnulls(decided_by, decided_at, agreed) IN (0, 3)", name="ck_history_purge_decided"),
        sa.CheckConstraint("NOT agreed OR asked_by <> decided_by", name="ck_history_purge_two_persons"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "ix_history_purge_waiting",
        "history_purge",
        ["resource_id", "resource_type", "field_name"],
        unique=True,
        postgresql_where=sa.text("decided_by IS NULL"),
    )
    op.add_column("metadata", sa.Column("purged", sa.Uuid(), nullable=True))
    op.create_foreign_key(None, "metadata", "history_purge", ["purged"], ["id"])
    for function in (_SAYS, _WITHOUT, _PURGE):
        op.execute(function)


def downgrade() -> None:
    """What was forgotten stays so; who asked for it is lost."""
    op.execute("DROP FUNCTION directory_purge(uuid, uuid, timestamptz, boolean)")
    op.execute("DROP FUNCTION directory_without(jsonb, text[])")
    op.execute("DROP FUNCTION directory_says(text, text[])")
    op.drop_column("metadata", "purged")
    op.drop_table("history_purge")
