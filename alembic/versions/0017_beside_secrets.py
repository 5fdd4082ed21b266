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

# Tables with the columns that lead to a service, place, link or agency, or to a contact or telephone of one.
_LED = {
    "organization": ("id",),
    "location": ("id",),
    "service": ("id",),
    "program": ("organization_id",),
    "service_at_location": ("id", "service_id", "location_id"),
    "address": ("location_id",),
    "contact": ("service_id", "organization_id", "location_id", "service_at_location_id"),
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
_PAIRS = ", ".join(f"('{table}', '{column}')" for table, columns in _LED.items() for column in columns)
_SHED = f"""
CREATE FUNCTION directory_shed(run uuid) RETURNS integer LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  secret uuid[];
  its record;
  fresh integer;
  here integer;
  emptied integer := 0;
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
    WHERE o.id IN (SELECT organization_id FROM hid UNION SELECT organization_id FROM served))
  INSERT INTO public.sheltered (id, source, source_id)
  SELECT id, source, source_id FROM hid UNION SELECT id, source, source_id FROM there
  UNION SELECT id, source, source_id FROM served UNION SELECT id, source, source_id FROM led
  ON CONFLICT DO NOTHING;
  GET DIAGNOSTICS fresh = ROW_COUNT;
  secret := ARRAY(SELECT id FROM public.sheltered);
  IF secret = '{{}}' THEN
    RETURN 0;
  END IF;
  secret := secret || ARRAY(SELECT id FROM public.contact WHERE service_id = ANY(secret)
    OR organization_id = ANY(secret) OR location_id = ANY(secret) OR service_at_location_id = ANY(secret));
  secret := secret || ARRAY(SELECT id FROM public.phone WHERE service_id = ANY(secret)
    OR organization_id = ANY(secret) OR contact_id = ANY(secret));
  FOR its IN SELECT * FROM (VALUES {_PAIRS}) AS v(kind, way) LOOP
    EXECUTE format('UPDATE public.%I t SET extra = ''{{}}'' WHERE t.%I = ANY($1) AND t.extra <> ''{{}}''',
      its.kind, its.way) USING secret;
    GET DIAGNOSTICS here = ROW_COUNT;
    emptied := emptied + here;
    EXECUTE format('DELETE FROM public.metadata m WHERE m.resource_type = %L AND m.field_name = ''extra'' '
      'AND m.resource_id IN (SELECT t.id FROM public.%I t WHERE t.%I = ANY($1))', its.kind, its.kind, its.way)
      USING secret;
  END LOOP;
  UPDATE public.metadata m SET previous_value = (m.previous_value::jsonb - 'extra')::text
  WHERE m.last_action_type = 'delete' AND (m.resource_id = ANY(secret) OR m.owners && secret)
  AND m.previous_value <> '' AND m.previous_value::jsonb ? 'extra';
  UPDATE public.source_metadata s SET extra = '{{}}' FROM public.sheltered x
  WHERE x.source = s.source AND x.source_id = s.resource_id AND s.extra <> '{{}}';
  GET DIAGNOSTICS here = ROW_COUNT;
  emptied := emptied + here;
  -- A row there is no place for says by its ids what it is of. Those looked at before need no second look.
  DELETE FROM public.kept_row k WHERE (fresh > 0 OR run IS NULL OR k.seen = run)
  AND EXISTS (SELECT FROM jsonb_each_text(k.extra) e JOIN public.sheltered x ON x.source = k.source
    AND x.source_id = e.value WHERE e.key LIKE '%id');
  GET DIAGNOSTICS here = ROW_COUNT;
  RETURN emptied + here;
END $$
"""


def upgrade() -> None:
    """A small table and a function that the code now running does not know; what it left lying is emptied."""
    op.create_table(
        "sheltered",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_sheltered_source", "sheltered", ["source", "source_id"])
    op.execute(_SHED)
    op.execute("SELECT directory_shed(NULL)")


def downgrade() -> None:
    """What was emptied stays so; what was linked once and is no more is forgotten."""
    op.execute("DROP FUNCTION directory_shed(uuid)")
    op.drop_table("sheltered")
