"""what sources said beyond the standard of whatever has to do with a confidential place goes, and stays gone

Marks remember what has had to do with one, so that a source that takes the link away does not bring it back. One
function sets them and empties: of the history, which is nobody's to change, it forgets those values alone.
"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

# Tables with the columns that lead to a service, place, link or agency; first those that others belong to in turn.
_LED = {
    "program": ("organization_id",),
    "contact": ("service_id", "organization_id", "location_id", "service_at_location_id"),
    "organization": ("id",),
    "location": ("id",),
    "service": ("id",),
    "service_at_location": ("id", "service_id", "location_id"),
    "address": ("location_id",),
    "phone": ("service_id", "organization_id", "location_id", "contact_id", "service_at_location_id"),
    "language": ("service_id", "location_id", "phone_id"),
    "accessibility": ("location_id",),
    "schedule": ("service_id", "location_id", "service_at_location_id"),
    "service_area": ("service_id", "service_at_location_id"),
    "eligibility": ("service_id",),
    "cost_option": ("service_id",),
    "required_document": ("service_id",),
    "funding": ("service_id", "organization_id"),
    "url": ("service_id", "organization_id"),
    "organization_identifier": ("organization_id",),
    "service_capacity": ("service_id",),
    "attribute": ("service_id", "link_id"),
}
_PAIRS = ", ".join(f"({number}, '{table}', '{column}')" for number, table in enumerate(_LED) for column in _LED[table])
_SHED = f"""
CREATE FUNCTION directory_shed(run uuid) RETURNS jsonb LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  fresh uuid[];
  secret uuid[];
  beside uuid[] := '{{}}';
  found uuid[];
  removed uuid[] := '{{}}';
  its record;
  here integer;
  emptied integer := 0;
  dropped jsonb;
BEGIN
  WITH hid AS MATERIALIZED (
    SELECT id, source, source_id, organization_id FROM public.location WHERE location_type = 'confidential'),
  there AS MATERIALIZED (
    SELECT k.id, k.source, k.source_id, k.service_id FROM public.service_at_location k
    WHERE k.location_id IN (SELECT id FROM hid)),
  served AS MATERIALIZED (
    SELECT s.id, s.source, s.source_id, s.organization_id FROM public.service s
    WHERE s.id IN (SELECT service_id FROM there) OR s.id IN (SELECT id FROM public.sheltered)),
  led AS (
    SELECT o.id, o.source, o.source_id FROM public.organization o
    WHERE o.id IN (SELECT organization_id FROM hid UNION SELECT organization_id FROM served)),
  marked AS (
    INSERT INTO public.sheltered (id, entity, source, source_id)
    SELECT id, 'location', source, source_id FROM hid
    UNION SELECT id, 'service_at_location', source, source_id FROM there
    UNION SELECT id, 'service', source, source_id FROM served
    UNION SELECT id, 'organization', source, source_id FROM led
    ON CONFLICT DO NOTHING RETURNING id)
  SELECT COALESCE(array_agg(id), '{{}}') INTO fresh FROM marked;
  secret := ARRAY(SELECT id FROM public.sheltered);
  IF secret = '{{}}' THEN
    RETURN jsonb_build_object('emptied', 0, 'dropped', '{{}}'::jsonb);
  END IF;
  FOR its IN SELECT * FROM (VALUES {_PAIRS}) AS v(nth, kind, way) ORDER BY nth LOOP
    EXECUTE format('SELECT COALESCE(array_agg(t.id), %L) FROM public.%I t WHERE t.%I = ANY($1)',
      '{{}}', its.kind, its.way) INTO found
      USING CASE WHEN its.way IN ('link_id', 'contact_id', 'phone_id') THEN secret || beside ELSE secret END;
    EXECUTE format('UPDATE public.%I t SET extra = %L WHERE t.id = ANY($1) AND t.extra <> %L',
      its.kind, '{{}}', '{{}}') USING found;
    GET DIAGNOSTICS here = ROW_COUNT;
    emptied := emptied + here;
    DELETE FROM public.metadata m WHERE m.resource_type = its.kind AND m.field_name = 'extra'
      AND m.resource_id = ANY(found);
    beside := beside || found;
  END LOOP;
  IF fresh <> '{{}}' OR run IS NULL THEN  -- of what was removed before it became a secret, only the history tells
    beside := beside || secret;
    LOOP  -- and what belonged to something that was removed too
      found := ARRAY(SELECT DISTINCT m.resource_id FROM public.metadata m WHERE m.last_action_type = 'delete'
        AND (m.resource_id = ANY(beside) OR m.owners <> '{{}}' AND m.owners && beside)
        AND m.resource_id <> ALL(removed));
      EXIT WHEN found = '{{}}';
      removed := removed || found;
      beside := beside || found;
    END LOOP;
    UPDATE public.metadata m SET previous_value = (m.previous_value::jsonb - 'extra')::text
    WHERE m.last_action_type = 'delete' AND m.resource_id = ANY(removed)
      AND m.previous_value <> '' AND m.previous_value::jsonb ? 'extra';
    DELETE FROM public.metadata m WHERE m.field_name = 'extra' AND m.resource_id = ANY(removed);
  END IF;
  UPDATE public.source_metadata s SET extra = '{{}}' FROM public.sheltered x
  WHERE x.source = s.source AND x.entity = s.resource_type AND x.source_id = s.resource_id AND s.extra <> '{{}}';
  GET DIAGNOSTICS here = ROW_COUNT;
  emptied := emptied + here;
  -- A row there is no place for says by its ids what it is of. Those looked at before are compared with new marks alone.
  WITH pointing (key, entity) AS (VALUES ('organization_id', 'organization'), ('service_id', 'service'),
    ('location_id', 'location'), ('service_at_location_id', 'service_at_location')),
  told AS MATERIALIZED (
    SELECT k.id, k.source, k.seen, p.entity, k.extra ->> p.key AS source_id
    FROM public.kept_row k JOIN pointing p ON k.extra ? p.key
    WHERE run IS NULL OR fresh <> '{{}}' OR k.seen = run),
  shut AS MATERIALIZED (
    SELECT DISTINCT t.id FROM told t
    JOIN (SELECT source, entity, source_id, run IS NULL OR id = ANY(fresh) AS fresh FROM public.sheltered) x
    USING (source, entity, source_id) WHERE x.fresh OR t.seen = run),
  gone AS (
    DELETE FROM public.kept_row k WHERE k.id IN (SELECT id FROM shut)
    RETURNING k.entity, COALESCE(k.seen = run, false) AS this)
  SELECT COALESCE(jsonb_object_agg(entity, rows) FILTER (WHERE this), '{{}}'), COALESCE(sum(rows), 0)
  INTO dropped, here FROM (SELECT entity, this, count(*) AS rows FROM gone GROUP BY 1, 2) g;
  RETURN jsonb_build_object('emptied', emptied + here, 'dropped', dropped);
END $$
"""


def upgrade() -> None:
    """A small table and a function that the code now running does not know; what it left lying is emptied."""
    op.create_table(
        "sheltered",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("entity", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_sheltered_source", "sheltered", ["source", "entity", "source_id"])
    op.execute(_SHED)
    op.execute("SELECT directory_shed(NULL)")


def downgrade() -> None:
    """What was emptied stays so; what was linked once and is no more is forgotten."""
    op.execute("DROP FUNCTION directory_shed(uuid)")
    op.drop_table("sheltered")
