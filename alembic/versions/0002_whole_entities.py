"""The rest of HSDS 3, the history of each field written by triggers, and what a confidential place may not hold."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TRACKED = (
    "organization",
    "program",
    "location",
    "service",
    "service_at_location",
    "address",
    "phone",
    "contact",
    "language",
    "accessibility",
    "schedule",
    "service_area",
    "eligibility",
    "cost_option",
    "required_document",
    "funding",
    "url",
    "organization_identifier",
    "unit",
    "service_capacity",
    "taxonomy",
    "taxonomy_term",
    "attribute",
    "meta_table_description",
)

# table -> (name, condition): checks that are new
CHECKS = {
    "location": (
        "ck_location_confidential_names",
        "location_type <> 'confidential' OR (alternate_name = '' AND external_identifier = '' AND external_identifier_type = '')",
    ),
    "organization": ("ck_organization_parent", "parent_organization_id <> id"),
    "taxonomy_term": ("ck_taxonomy_term_parent", "parent_id <> id"),
    "service_capacity": ("ck_service_capacity_maximum", "maximum >= 0"),
}
SCHEDULE_CHECKS = {
    "ck_schedule_freq": "freq IN ('WEEKLY', 'MONTHLY')",
    "ck_schedule_wkst": "wkst IN ('MO', 'TU', 'WE', 'TH', 'FR', 'SA', 'SU')",
    "ck_schedule_times": '"interval" > 0 AND "count" > 0',
    "ck_schedule_numbers": "bymonthday ~ '^(-?[0-9]{1,3}(,|$))*$' AND byweekno ~ '^(-?[0-9]{1,3}(,|$))*$' AND byyearday ~ '^(-?[0-9]{1,3}(,|$))*$'",
    "ck_schedule_timezone": "timezone BETWEEN -14 AND 14",
}
# table -> name -> (condition now, condition before)
WIDER = {
    "phone": {
        "ck_phone_owner": (
            "num_nonnulls(service_id, organization_id, location_id, contact_id, service_at_location_id) > 0",
            "num_nonnulls(service_id, organization_id, location_id) > 0",
        )
    },
    "language": {
        "ck_language_owner": (
            "num_nonnulls(service_id, location_id, phone_id) > 0",
            "num_nonnulls(service_id, location_id) > 0",
        )
    },
    "schedule": {
        "ck_schedule_owner": (
            "num_nonnulls(service_id, location_id, service_at_location_id) > 0",
            "num_nonnulls(service_id, location_id) > 0",
        ),
        "ck_schedule_byday": (
            "byday ~ '^(([+-]?[0-9]{1,2})?(MO|TU|WE|TH|FR|SA|SU)(,|$))*$'",
            "byday ~ '^((MO|TU|WE|TH|FR|SA|SU)(,|$))*$'",
        ),
    },
}
# table -> columns that are new
NEW_COLUMNS = {
    "accessibility": ("url",),
    "attribute": (
        "link_id",
        "link_entity",
        "link_type",
        "label",
    ),
    "language": (
        "phone_id",
        "note",
    ),
    "location": (
        "alternate_name",
        "external_identifier",
        "external_identifier_type",
    ),
    "organization": (
        "tax_status",
        "tax_id",
        "year_incorporated",
        "legal_status",
        "logo",
        "uri",
        "parent_organization_id",
    ),
    "phone": (
        "contact_id",
        "service_at_location_id",
    ),
    "schedule": (
        "service_at_location_id",
        "dtstart",
        "timezone",
        "until",
        "count",
        "wkst",
        "freq",
        "interval",
        "byweekno",
        "bymonthday",
        "byyearday",
        "schedule_link",
        "attending_type",
        "notes",
    ),
    "service": (
        "program_id",
        "interpretation_services",
        "wait_time",
        "accreditations",
        "licenses",
        "alert",
        "assurer_email",
        "last_modified",
    ),
    "service_area": (
        "service_at_location_id",
        "extent",
        "extent_type",
        "uri",
    ),
    "service_capacity": (
        "unit_id",
        "maximum",
        "description",
    ),
    "taxonomy_term": (
        "taxonomy_id",
        "parent_id",
        "language",
        "term_uri",
    ),
}

# What a row tells of where it is: (rows `n` at a place of their own, rows at a service's place)
_TELLS = {
    "phone": "true",
    "contact": "true",
    "accessibility": "n.details <> '' OR n.url <> '' OR n.extra <> '{}'::jsonb OR n.description IS DISTINCT FROM n.code",
    "schedule": "n.schedule_link <> '' OR n.attending_type <> '' OR n.notes <> '' OR n.description <> '' OR n.extra <> '{}'::jsonb",
    "language": "n.note <> '' OR n.extra <> '{}'::jsonb",
    "service_at_location": "n.description <> '' OR n.extra <> '{}'::jsonb",
}
_AT_SERVICE = ("phone", "contact", "schedule")


def _literal(said: str) -> str:
    return "'" + said.replace("'", "''") + "'"


TELLS = {
    **{
        table: f"'{table}', {_literal(says)}, '{'at_service' if table in _AT_SERVICE else ''}'"
        for table, says in _TELLS.items()
    },
    "attribute": "'attribute', 'true', 'linked'",
}

FUNCTIONS = (
    # The locations an item may tell of: its own, that of the service there, contact or telephone it belongs to.
    """
CREATE FUNCTION directory_places(entity text, item jsonb) RETURNS uuid[] LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  found uuid[] := '{}';
BEGIN
  IF entity = 'location' THEN
    RETURN ARRAY[(item ->> 'id')::uuid];
  END IF;
  IF item ->> 'location_id' IS NOT NULL THEN
    found := found || (item ->> 'location_id')::uuid;
  END IF;
  IF item ->> 'service_at_location_id' IS NOT NULL THEN
    found := found || directory_places_of('service_at_location', (item ->> 'service_at_location_id')::uuid);
  END IF;
  IF item ->> 'contact_id' IS NOT NULL THEN
    found := found || directory_places_of('contact', (item ->> 'contact_id')::uuid);
  END IF;
  IF item ->> 'phone_id' IS NOT NULL THEN
    found := found || directory_places_of('phone', (item ->> 'phone_id')::uuid);
  END IF;
  IF item ->> 'link_id' IS NOT NULL THEN
    found := found || directory_places_of(item ->> 'link_entity', (item ->> 'link_id')::uuid);
  END IF;
  RETURN found;
END $$""",
    # The same by id; of what is deleted, the record of its deletion knows.
    """
CREATE FUNCTION directory_places_of(entity text, item_id uuid) RETURNS uuid[] LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  item jsonb;
  found uuid[];
BEGIN
  IF entity = 'location' THEN
    RETURN ARRAY[item_id];
  END IF;
  EXECUTE format('SELECT to_jsonb(t) FROM public.%I t WHERE t.id = $1', entity) INTO item USING item_id;
  IF item IS NOT NULL THEN
    RETURN directory_places(entity, item);
  END IF;
  SELECT m.places INTO found FROM public.metadata m
  WHERE m.resource_id = item_id AND m.resource_type = entity AND m.last_action_type = 'delete'
  ORDER BY m.number DESC LIMIT 1;
  RETURN COALESCE(found, '{}');
END $$""",
    # One record a changed field; a deletion is one record whose previous value is the row.
    """
CREATE FUNCTION directory_history() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  was jsonb := to_jsonb(OLD) - ARRAY['id', 'seen'];
  who text := COALESCE(NULLIF(current_setting('hub.by', true), ''), session_user);
  clock timestamptz := COALESCE(NULLIF(current_setting('hub.now', true), '')::timestamptz, transaction_timestamp());
  secret boolean := TG_TABLE_NAME = 'location' AND was ->> 'location_type' = 'confidential';
  placed boolean := TG_TABLE_NAME = 'location' OR was ?| ARRAY['location_id', 'service_at_location_id', 'contact_id',
    'phone_id', 'link_id'];
  around uuid[] := CASE WHEN placed THEN directory_places(TG_TABLE_NAME, to_jsonb(OLD)) ELSE '{}' END;
  becomes jsonb;
BEGIN
  IF TG_TABLE_NAME = 'service_area' AND was ->> 'derived' = 'true' THEN
    RETURN NULL;  -- computed from addresses: nobody said it, and it tells where they are
  END IF;
  IF TG_OP = 'DELETE' THEN
    INSERT INTO public.metadata (resource_id, resource_type, last_action_date, last_action_type, previous_value,
      updated_by, places)
    VALUES (OLD.id, TG_TABLE_NAME, clock, 'delete', CASE WHEN secret THEN '' ELSE (
      SELECT COALESCE(jsonb_object_agg(f.key, f.value), '{}')::text FROM jsonb_each(was) f
      WHERE f.value NOT IN ('null', '""', '{}', '[]')) END, who, around);
    -- No foreign key leads from an attribute to the many tables it may describe.
    IF TG_TABLE_NAME NOT IN ('attribute', 'service') THEN
      DELETE FROM public.attribute WHERE link_id = OLD.id AND link_entity = TG_TABLE_NAME;
    END IF;
    RETURN NULL;
  END IF;
  becomes := to_jsonb(NEW) - ARRAY['id', 'seen'];
  secret := secret OR (TG_TABLE_NAME = 'location' AND becomes ->> 'location_type' = 'confidential');
  IF placed THEN
    around := ARRAY(SELECT DISTINCT p FROM unnest(around || directory_places(TG_TABLE_NAME, to_jsonb(NEW))) p);
  END IF;
  INSERT INTO public.metadata (resource_id, resource_type, last_action_date, last_action_type, field_name,
    previous_value, replacement_value, updated_by, places)
  SELECT OLD.id, TG_TABLE_NAME, clock, 'update', o.key, COALESCE(o.value #>> '{}', ''),
    COALESCE(n.value #>> '{}', ''), who, around
  FROM jsonb_each(was) o JOIN jsonb_each(becomes) n USING (key)
  WHERE o.value IS DISTINCT FROM n.value AND (NOT secret OR o.key IN ('location_type', 'organization_id'))
  ORDER BY o.key;
  RETURN NULL;
END $$""",
    # Keeps the history of a table; call it again after a later migration adds a column.
    """
CREATE FUNCTION directory_track(entity regclass) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  olds text;
  news text;
BEGIN
  SELECT string_agg('OLD.' || quote_ident(attname), ', ' ORDER BY attnum),
    string_agg('NEW.' || quote_ident(attname), ', ' ORDER BY attnum) INTO olds, news
  FROM pg_attribute WHERE attrelid = entity AND attnum > 0 AND NOT attisdropped AND attname <> 'seen';
  -- The name sorts before those of foreign keys: the record stands before what goes with the row is deleted.
  EXECUTE format('DROP TRIGGER IF EXISTS "A_history_changed" ON %s', entity);
  EXECUTE format('DROP TRIGGER IF EXISTS "A_history_gone" ON %s', entity);
  EXECUTE format('CREATE TRIGGER "A_history_changed" AFTER UPDATE ON %s FOR EACH ROW '
    'WHEN ((%s) IS DISTINCT FROM (%s)) EXECUTE FUNCTION directory_history()', entity, olds, news);
  EXECUTE format('CREATE TRIGGER "A_history_gone" AFTER DELETE ON %s FOR EACH ROW '
    'EXECUTE FUNCTION directory_history()', entity);
END $$""",
    # Refuses rows that would tell where a confidential place is. Arguments: table, condition, how it leads there.
    # Planned anew at each call: a plan made while the tables were small would read them whole later.
    """
CREATE FUNCTION directory_keep_hidden() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  told boolean := false;
  says text := '(' || TG_ARGV[1] || ')';
  spots uuid[];
BEGIN
  IF TG_ARGV[2] = 'linked' THEN
    -- No foreign key holds the place still meanwhile: these locks do.
    SELECT array_agg(DISTINCT p) INTO spots FROM new_rows n, unnest(directory_places_of(n.link_entity, n.link_id)) p
    WHERE n.link_id IS NOT NULL;
    PERFORM FROM public.location l WHERE l.id = ANY(spots) FOR KEY SHARE;
    told := EXISTS (SELECT FROM public.location l WHERE l.id = ANY(spots) AND l.location_type = 'confidential');
  ELSE
    EXECUTE 'SELECT EXISTS (SELECT FROM new_rows n JOIN public.location l ON l.id = n.location_id '
      'AND l.location_type = ''confidential'' WHERE ' || says || ')' INTO told;
  END IF;
  IF NOT told AND TG_ARGV[2] = 'at_service' THEN
    IF EXISTS (SELECT FROM new_rows WHERE service_at_location_id IS NOT NULL) THEN
      PERFORM FROM public.service_at_location k
      WHERE k.id IN (SELECT n.service_at_location_id FROM new_rows n) FOR SHARE;
      PERFORM FROM public.location l WHERE l.id IN (SELECT k.location_id FROM new_rows n
        JOIN public.service_at_location k ON k.id = n.service_at_location_id) FOR KEY SHARE;
      EXECUTE 'SELECT EXISTS (SELECT FROM new_rows n JOIN public.service_at_location k '
        'ON k.id = n.service_at_location_id JOIN public.location l ON l.id = k.location_id '
        'AND l.location_type = ''confidential'' WHERE ' || says || ')' INTO told;
    END IF;
  END IF;
  IF NOT told AND TG_ARGV[0] = 'service_at_location' AND TG_OP = 'UPDATE' THEN
    EXECUTE 'SELECT EXISTS (SELECT FROM new_rows n JOIN public.location l ON l.id = n.location_id '
      'AND l.location_type = ''confidential'' WHERE directory_tells(l.id) <> '''')' INTO told;
  END IF;
  IF told THEN
    RAISE EXCEPTION 'ck_%_confidential: a row would tell where a confidential location is', TG_ARGV[0]
      USING ERRCODE = 'check_violation', CONSTRAINT = 'ck_' || TG_ARGV[0] || '_confidential', TABLE = TG_ARGV[0];
  END IF;
  RETURN NULL;
END $$""",
    # The first entity that tells where a location is, '' if none does.
    f"""
CREATE FUNCTION directory_tells(place uuid) RETURNS text LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  RETURN CASE
    WHEN EXISTS (SELECT FROM address n WHERE n.location_id = place) THEN 'address'
{"".join(f"    WHEN EXISTS (SELECT FROM {t} n WHERE n.location_id = place AND ({says})) THEN '{t}'" + chr(10) for t, says in _TELLS.items())}
{"".join(f"    WHEN EXISTS (SELECT FROM service_at_location k JOIN {t} n ON n.service_at_location_id = k.id WHERE k.location_id = place AND ({_TELLS[t]})) THEN '{t}'" + chr(10) for t in _AT_SERVICE)}
    WHEN EXISTS (SELECT FROM attribute a WHERE a.link_id IN (
      SELECT place UNION ALL SELECT id FROM service_at_location WHERE location_id = place
      UNION ALL SELECT id FROM accessibility WHERE location_id = place
      UNION ALL SELECT id FROM schedule WHERE location_id = place
      UNION ALL SELECT h.id FROM schedule h JOIN service_at_location k ON k.id = h.service_at_location_id
        WHERE k.location_id = place
      UNION ALL SELECT id FROM language WHERE location_id = place)) THEN 'attribute'
    ELSE '' END;
END $$""",
    # A place that becomes confidential must have been emptied, and its past is forgotten with it (DVPA 56).
    """
CREATE FUNCTION directory_hide() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  left_over text := directory_tells(NEW.id);
BEGIN
  IF left_over <> '' THEN
    RAISE EXCEPTION 'ck_%_confidential: a row still tells where the location is', left_over
      USING ERRCODE = 'check_violation', CONSTRAINT = 'ck_' || left_over || '_confidential', TABLE = left_over;
  END IF;
  DELETE FROM public.metadata WHERE places @> ARRAY[NEW.id]
    AND NOT (resource_type = 'location' AND field_name IN ('location_type', 'organization_id'));
  RETURN NULL;
END $$""",
)


def upgrade() -> None:
    """New tables and columns, their checks, then the triggers."""
    op.create_table(
        "meta_table_description",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column("seen", sa.Uuid(), nullable=True),
        sa.Column(
            "extra", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'::jsonb"), nullable=False
        ),
        sa.Column("name", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("language", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("character_set", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("source", "source_id", name="uq_meta_table_description_source"),
    )
    op.create_table(
        "metadata",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("number", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("resource_id", sa.Uuid(), nullable=False),
        sa.Column("resource_type", sa.Text(), nullable=False),
        sa.Column("last_action_date", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_action_type", sa.Text(), nullable=False),
        sa.Column("field_name", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("previous_value", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("replacement_value", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("updated_by", sa.Text(), nullable=False),
        sa.Column("places", postgresql.ARRAY(sa.Uuid()), server_default=sa.text("'{}'"), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_metadata_places", "metadata", ["places"], unique=False, postgresql_using="gin")
    op.create_index("ix_metadata_resource", "metadata", ["resource_id", "number"], unique=False)
    op.create_table(
        "source_metadata",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column("seen", sa.Uuid(), nullable=True),
        sa.Column(
            "extra", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'::jsonb"), nullable=False
        ),
        sa.Column("resource_id", sa.Text(), nullable=False),
        sa.Column("resource_type", sa.Text(), nullable=False),
        sa.Column("last_action_date", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_action_type", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("field_name", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("previous_value", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("replacement_value", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("updated_by", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.CheckConstraint(
            "resource_type IN ('organization', 'program', 'service', 'eligibility', 'cost_option', 'required_document', 'funding', 'organization_identifier', 'unit', 'service_capacity', 'taxonomy', 'taxonomy_term', 'meta_table_description') OR (previous_value = '' AND replacement_value = '' AND extra = '{}'::jsonb)",
            name="ck_source_metadata_places",
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("source", "source_id", name="uq_source_metadata_source"),
    )
    op.create_index(
        "ix_source_metadata_resource", "source_metadata", ["source", "resource_type", "resource_id"], unique=False
    )
    op.create_table(
        "taxonomy",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column("seen", sa.Uuid(), nullable=True),
        sa.Column(
            "extra", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'::jsonb"), nullable=False
        ),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("uri", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("version", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("source", "source_id", name="uq_taxonomy_source"),
    )
    op.create_table(
        "unit",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column("seen", sa.Uuid(), nullable=True),
        sa.Column(
            "extra", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'::jsonb"), nullable=False
        ),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("scheme", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("identifier", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("uri", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("source", "source_id", name="uq_unit_source"),
    )
    op.create_table(
        "organization_identifier",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column("seen", sa.Uuid(), nullable=True),
        sa.Column(
            "extra", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'::jsonb"), nullable=False
        ),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("identifier_scheme", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("identifier_type", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("identifier", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["organization_id"], ["organization.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("source", "source_id", name="uq_organization_identifier_source"),
    )
    op.create_index("ix_organization_identifier_of", "organization_identifier", ["organization_id"], unique=False)
    op.create_table(
        "program",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column("seen", sa.Uuid(), nullable=True),
        sa.Column(
            "extra", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'::jsonb"), nullable=False
        ),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("alternate_name", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("description", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.ForeignKeyConstraint(["organization_id"], ["organization.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("source", "source_id", name="uq_program_source"),
    )
    op.create_index("ix_program_organization", "program", ["organization_id"], unique=False)
    op.create_table(
        "cost_option",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column("seen", sa.Uuid(), nullable=True),
        sa.Column(
            "extra", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'::jsonb"), nullable=False
        ),
        sa.Column("service_id", sa.Uuid(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("option", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("currency", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("amount", sa.Numeric(), nullable=True),
        sa.Column("amount_description", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.CheckConstraint("currency ~ '^([A-Z]{3})?$'", name="ck_cost_option_currency"),
        sa.CheckConstraint("valid_from <= valid_to", name="ck_cost_option_valid"),
        sa.ForeignKeyConstraint(["service_id"], ["service.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("source", "source_id", name="uq_cost_option_source"),
    )
    op.create_index("ix_cost_option_service", "cost_option", ["service_id"], unique=False)
    op.create_table(
        "eligibility",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column("seen", sa.Uuid(), nullable=True),
        sa.Column(
            "extra", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'::jsonb"), nullable=False
        ),
        sa.Column("service_id", sa.Uuid(), nullable=True),
        sa.Column("eligibility", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("minimum_age", sa.Integer(), nullable=True),
        sa.Column("maximum_age", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "minimum_age >= 0 AND maximum_age >= 0 AND minimum_age <= maximum_age", name="ck_eligibility_ages"
        ),
        sa.ForeignKeyConstraint(["service_id"], ["service.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("source", "source_id", name="uq_eligibility_source"),
    )
    op.create_index("ix_eligibility_service", "eligibility", ["service_id"], unique=False)
    op.create_table(
        "funding",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column("seen", sa.Uuid(), nullable=True),
        sa.Column(
            "extra", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'::jsonb"), nullable=False
        ),
        sa.Column("service_id", sa.Uuid(), nullable=True),
        sa.Column("organization_id", sa.Uuid(), nullable=True),
        sa.Column("funder", sa.Text(), nullable=False),
        sa.CheckConstraint("num_nonnulls(service_id, organization_id) > 0", name="ck_funding_owner"),
        sa.ForeignKeyConstraint(["organization_id"], ["organization.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["service_id"], ["service.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("source", "source_id", name="uq_funding_source"),
    )
    op.create_index(
        "ix_funding_organization",
        "funding",
        ["organization_id"],
        unique=False,
        postgresql_where=sa.text("organization_id IS NOT NULL"),
    )
    op.create_index(
        "ix_funding_service",
        "funding",
        ["service_id"],
        unique=False,
        postgresql_where=sa.text("service_id IS NOT NULL"),
    )
    op.create_table(
        "required_document",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column("seen", sa.Uuid(), nullable=True),
        sa.Column(
            "extra", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'::jsonb"), nullable=False
        ),
        sa.Column("service_id", sa.Uuid(), nullable=False),
        sa.Column("document", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("uri", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.ForeignKeyConstraint(["service_id"], ["service.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("source", "source_id", name="uq_required_document_source"),
    )
    op.create_index("ix_required_document_service", "required_document", ["service_id"], unique=False)
    op.create_table(
        "url",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column("seen", sa.Uuid(), nullable=True),
        sa.Column(
            "extra", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'::jsonb"), nullable=False
        ),
        sa.Column("service_id", sa.Uuid(), nullable=True),
        sa.Column("organization_id", sa.Uuid(), nullable=True),
        sa.Column("label", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.CheckConstraint("num_nonnulls(service_id, organization_id) > 0", name="ck_url_owner"),
        sa.ForeignKeyConstraint(["organization_id"], ["organization.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["service_id"], ["service.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("source", "source_id", name="uq_url_source"),
    )
    op.create_index(
        "ix_url_organization",
        "url",
        ["organization_id"],
        unique=False,
        postgresql_where=sa.text("organization_id IS NOT NULL"),
    )
    op.create_index(
        "ix_url_service", "url", ["service_id"], unique=False, postgresql_where=sa.text("service_id IS NOT NULL")
    )
    op.create_table(
        "contact",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column("seen", sa.Uuid(), nullable=True),
        sa.Column(
            "extra", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'::jsonb"), nullable=False
        ),
        sa.Column("service_id", sa.Uuid(), nullable=True),
        sa.Column("organization_id", sa.Uuid(), nullable=True),
        sa.Column("location_id", sa.Uuid(), nullable=True),
        sa.Column("service_at_location_id", sa.Uuid(), nullable=True),
        sa.Column("name", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("title", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("department", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("email", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.CheckConstraint(
            "num_nonnulls(service_id, organization_id, location_id, service_at_location_id) > 0",
            name="ck_contact_owner",
        ),
        sa.ForeignKeyConstraint(["location_id"], ["location.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["organization_id"], ["organization.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["service_at_location_id"], ["service_at_location.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["service_id"], ["service.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("source", "source_id", name="uq_contact_source"),
    )
    op.create_index(
        "ix_contact_location",
        "contact",
        ["location_id"],
        unique=False,
        postgresql_where=sa.text("location_id IS NOT NULL"),
    )
    op.create_index(
        "ix_contact_organization",
        "contact",
        ["organization_id"],
        unique=False,
        postgresql_where=sa.text("organization_id IS NOT NULL"),
    )
    op.create_index(
        "ix_contact_service",
        "contact",
        ["service_id"],
        unique=False,
        postgresql_where=sa.text("service_id IS NOT NULL"),
    )
    op.create_index(
        "ix_contact_service_at_location",
        "contact",
        ["service_at_location_id"],
        unique=False,
        postgresql_where=sa.text("service_at_location_id IS NOT NULL"),
    )
    op.add_column("accessibility", sa.Column("url", sa.Text(), server_default=sa.text("''"), nullable=False))
    op.add_column("attribute", sa.Column("link_id", sa.Uuid(), nullable=True))
    op.add_column("attribute", sa.Column("link_entity", sa.Text(), server_default=sa.text("'service'"), nullable=False))
    op.add_column("attribute", sa.Column("link_type", sa.Text(), server_default=sa.text("''"), nullable=False))
    op.add_column("attribute", sa.Column("label", sa.Text(), server_default=sa.text("''"), nullable=False))
    op.alter_column("attribute", "service_id", existing_type=sa.UUID(), nullable=True)
    op.create_index(
        "ix_attribute_link", "attribute", ["link_id"], unique=False, postgresql_where=sa.text("link_id IS NOT NULL")
    )
    op.add_column("language", sa.Column("phone_id", sa.Uuid(), nullable=True))
    op.add_column("language", sa.Column("note", sa.Text(), server_default=sa.text("''"), nullable=False))
    op.create_index(
        "ix_language_phone", "language", ["phone_id"], unique=False, postgresql_where=sa.text("phone_id IS NOT NULL")
    )
    op.create_foreign_key(None, "language", "phone", ["phone_id"], ["id"], ondelete="CASCADE")
    op.add_column("location", sa.Column("alternate_name", sa.Text(), server_default=sa.text("''"), nullable=False))
    op.add_column("location", sa.Column("external_identifier", sa.Text(), server_default=sa.text("''"), nullable=False))
    op.add_column(
        "location", sa.Column("external_identifier_type", sa.Text(), server_default=sa.text("''"), nullable=False)
    )
    op.create_index(
        "ix_location_confidential",
        "location",
        ["id"],
        unique=False,
        postgresql_where=sa.text("location_type = 'confidential'"),
    )
    op.add_column("organization", sa.Column("tax_status", sa.Text(), server_default=sa.text("''"), nullable=False))
    op.add_column("organization", sa.Column("tax_id", sa.Text(), server_default=sa.text("''"), nullable=False))
    op.add_column("organization", sa.Column("year_incorporated", sa.Integer(), nullable=True))
    op.add_column("organization", sa.Column("legal_status", sa.Text(), server_default=sa.text("''"), nullable=False))
    op.add_column("organization", sa.Column("logo", sa.Text(), server_default=sa.text("''"), nullable=False))
    op.add_column("organization", sa.Column("uri", sa.Text(), server_default=sa.text("''"), nullable=False))
    op.add_column("organization", sa.Column("parent_organization_id", sa.Uuid(), nullable=True))
    op.create_index(
        "ix_organization_parent_organization",
        "organization",
        ["parent_organization_id"],
        unique=False,
        postgresql_where=sa.text("parent_organization_id IS NOT NULL"),
    )
    op.create_foreign_key(None, "organization", "organization", ["parent_organization_id"], ["id"], ondelete="SET NULL")
    op.add_column("phone", sa.Column("contact_id", sa.Uuid(), nullable=True))
    op.add_column("phone", sa.Column("service_at_location_id", sa.Uuid(), nullable=True))
    op.create_index(
        "ix_phone_contact", "phone", ["contact_id"], unique=False, postgresql_where=sa.text("contact_id IS NOT NULL")
    )
    op.create_index(
        "ix_phone_service_at_location",
        "phone",
        ["service_at_location_id"],
        unique=False,
        postgresql_where=sa.text("service_at_location_id IS NOT NULL"),
    )
    op.create_foreign_key(None, "phone", "contact", ["contact_id"], ["id"], ondelete="CASCADE")
    op.create_foreign_key(None, "phone", "service_at_location", ["service_at_location_id"], ["id"], ondelete="CASCADE")
    op.add_column("schedule", sa.Column("service_at_location_id", sa.Uuid(), nullable=True))
    op.add_column("schedule", sa.Column("dtstart", sa.Date(), nullable=True))
    op.add_column("schedule", sa.Column("timezone", sa.Float(), nullable=True))
    op.add_column("schedule", sa.Column("until", sa.Date(), nullable=True))
    op.add_column("schedule", sa.Column("count", sa.Integer(), nullable=True))
    op.add_column("schedule", sa.Column("wkst", sa.Text(), nullable=True))
    op.add_column("schedule", sa.Column("freq", sa.Text(), nullable=True))
    op.add_column("schedule", sa.Column("interval", sa.Integer(), nullable=True))
    op.add_column("schedule", sa.Column("byweekno", sa.Text(), server_default=sa.text("''"), nullable=False))
    op.add_column("schedule", sa.Column("bymonthday", sa.Text(), server_default=sa.text("''"), nullable=False))
    op.add_column("schedule", sa.Column("byyearday", sa.Text(), server_default=sa.text("''"), nullable=False))
    op.add_column("schedule", sa.Column("schedule_link", sa.Text(), server_default=sa.text("''"), nullable=False))
    op.add_column("schedule", sa.Column("attending_type", sa.Text(), server_default=sa.text("''"), nullable=False))
    op.add_column("schedule", sa.Column("notes", sa.Text(), server_default=sa.text("''"), nullable=False))
    op.create_index(
        "ix_schedule_service_at_location",
        "schedule",
        ["service_at_location_id"],
        unique=False,
        postgresql_where=sa.text("service_at_location_id IS NOT NULL"),
    )
    op.create_foreign_key(
        None, "schedule", "service_at_location", ["service_at_location_id"], ["id"], ondelete="CASCADE"
    )
    op.add_column("service", sa.Column("program_id", sa.Uuid(), nullable=True))
    op.add_column(
        "service", sa.Column("interpretation_services", sa.Text(), server_default=sa.text("''"), nullable=False)
    )
    op.add_column("service", sa.Column("wait_time", sa.Text(), server_default=sa.text("''"), nullable=False))
    op.add_column("service", sa.Column("accreditations", sa.Text(), server_default=sa.text("''"), nullable=False))
    op.add_column("service", sa.Column("licenses", sa.Text(), server_default=sa.text("''"), nullable=False))
    op.add_column("service", sa.Column("alert", sa.Text(), server_default=sa.text("''"), nullable=False))
    op.add_column("service", sa.Column("assurer_email", sa.Text(), server_default=sa.text("''"), nullable=False))
    op.add_column("service", sa.Column("last_modified", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "ix_service_program",
        "service",
        ["program_id"],
        unique=False,
        postgresql_where=sa.text("program_id IS NOT NULL"),
    )
    op.create_foreign_key(None, "service", "program", ["program_id"], ["id"], ondelete="SET NULL")
    op.add_column("service_area", sa.Column("service_at_location_id", sa.Uuid(), nullable=True))
    op.add_column("service_area", sa.Column("extent", sa.Text(), server_default=sa.text("''"), nullable=False))
    op.add_column("service_area", sa.Column("extent_type", sa.Text(), server_default=sa.text("''"), nullable=False))
    op.add_column("service_area", sa.Column("uri", sa.Text(), server_default=sa.text("''"), nullable=False))
    op.create_index(
        "ix_service_area_service_at_location",
        "service_area",
        ["service_at_location_id"],
        unique=False,
        postgresql_where=sa.text("service_at_location_id IS NOT NULL"),
    )
    op.create_foreign_key(
        None, "service_area", "service_at_location", ["service_at_location_id"], ["id"], ondelete="CASCADE"
    )
    op.add_column("service_capacity", sa.Column("unit_id", sa.Uuid(), nullable=True))
    op.add_column("service_capacity", sa.Column("maximum", sa.Integer(), nullable=True))
    op.add_column("service_capacity", sa.Column("description", sa.Text(), server_default=sa.text("''"), nullable=False))
    op.create_index(
        "ix_service_capacity_unit",
        "service_capacity",
        ["unit_id"],
        unique=False,
        postgresql_where=sa.text("unit_id IS NOT NULL"),
    )
    op.create_foreign_key(None, "service_capacity", "unit", ["unit_id"], ["id"], ondelete="SET NULL")
    op.add_column("taxonomy_term", sa.Column("taxonomy_id", sa.Uuid(), nullable=True))
    op.add_column("taxonomy_term", sa.Column("parent_id", sa.Uuid(), nullable=True))
    op.add_column("taxonomy_term", sa.Column("language", sa.Text(), server_default=sa.text("''"), nullable=False))
    op.add_column("taxonomy_term", sa.Column("term_uri", sa.Text(), server_default=sa.text("''"), nullable=False))
    op.create_index(
        "ix_taxonomy_term_parent",
        "taxonomy_term",
        ["parent_id"],
        unique=False,
        postgresql_where=sa.text("parent_id IS NOT NULL"),
    )
    op.create_index(
        "ix_taxonomy_term_taxonomy",
        "taxonomy_term",
        ["taxonomy_id"],
        unique=False,
        postgresql_where=sa.text("taxonomy_id IS NOT NULL"),
    )
    op.create_foreign_key(None, "taxonomy_term", "taxonomy_term", ["parent_id"], ["id"], ondelete="SET NULL")
    op.create_foreign_key(None, "taxonomy_term", "taxonomy", ["taxonomy_id"], ["id"], ondelete="SET NULL")
    op.create_check_constraint(
        "ck_attribute_entity",
        "attribute",
        "link_entity IN ('service', 'organization', 'program', 'location', 'service_at_location', 'address', 'phone', 'contact', 'language', 'accessibility', 'schedule', 'service_area', 'eligibility', 'cost_option', 'required_document', 'funding', 'url', 'organization_identifier', 'unit', 'service_capacity', 'taxonomy', 'taxonomy_term', 'meta_table_description')",
    )
    op.create_check_constraint(
        "ck_attribute_link",
        "attribute",
        "(link_entity = 'service') = (service_id IS NOT NULL) AND num_nonnulls(service_id, link_id) = 1",
    )
    for table, (name, condition) in CHECKS.items():
        op.create_check_constraint(name, table, condition)
    for name, condition in SCHEDULE_CHECKS.items():
        op.create_check_constraint(name, "schedule", condition)
    for table, checks in WIDER.items():
        for name, (now, _) in checks.items():
            op.drop_constraint(name, table, type_="check")
            op.create_check_constraint(name, table, now)
    for function in FUNCTIONS:
        op.execute(function)
    for table in TRACKED:
        op.execute(f"SELECT directory_track('{table}')")
    for table, says in TELLS.items():
        for event in ("INSERT", "UPDATE"):
            op.execute(
                f"CREATE TRIGGER keep_hidden_{event.lower()} AFTER {event} ON {table} REFERENCING NEW TABLE AS new_rows "
                f"FOR EACH STATEMENT EXECUTE FUNCTION directory_keep_hidden({says})"
            )
    op.execute(
        "CREATE TRIGGER \"B_hidden\" AFTER UPDATE ON location FOR EACH ROW WHEN (NEW.location_type = 'confidential' "
        "AND OLD.location_type <> 'confidential') EXECUTE FUNCTION directory_hide()"
    )


def downgrade() -> None:
    """Take all of it back; what the old tables cannot hold goes."""
    for function in (
        "directory_history()", "directory_keep_hidden()", "directory_hide()", "directory_track(regclass)",
        "directory_tells(uuid)", "directory_places(text, jsonb)", "directory_places_of(text, uuid)",
    ):  # fmt: skip
        op.execute(f"DROP FUNCTION {function} CASCADE")
    op.execute("DELETE FROM attribute WHERE service_id IS NULL")
    op.execute("DELETE FROM schedule WHERE byday ~ '[0-9]'")
    for table, checks in WIDER.items():
        for name, (_, before) in checks.items():
            op.drop_constraint(name, table, type_="check")
            op.execute(f"DELETE FROM {table} WHERE NOT ({before})")
            op.create_check_constraint(name, table, before)
    op.alter_column("attribute", "service_id", existing_type=sa.UUID(), nullable=False)
    op.drop_index("ix_location_confidential", table_name="location")
    for table, columns in NEW_COLUMNS.items():
        for column in columns:
            op.drop_column(table, column)
    for table in (
        "metadata", "source_metadata", "meta_table_description", "organization_identifier", "url", "funding", "required_document", "cost_option", "eligibility", "contact", "program", "unit", "taxonomy"
    ):  # fmt: skip
        op.drop_table(table)
