"""what people change here by hand, so that no import takes it back

Each row of a source names the columns a person changed; rows a person deleted are noted by whose they were. Triggers
fill both for whoever says who writes (`hub.by`), whatever statement it is. Capacities are ruled by which is newer,
words by what was chosen for them. What the history of a run counts is found by its number.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

KEPT = (
    "organization", "program", "location", "service", "service_at_location", "address", "phone", "contact", "language",
    "accessibility", "schedule", "service_area", "eligibility", "cost_option", "required_document", "funding", "url",
    "organization_identifier", "unit", "taxonomy", "attribute", "meta_table_description",
)  # fmt: skip
TABLES = (*KEPT, "service_capacity", "taxonomy_term", "source_metadata", "kept_row")

# What is said of by_hand is no change of the row: the history and its triggers leave it out, as they do `seen`.
_HISTORY = """
DO $do$ BEGIN
  EXECUTE replace(pg_get_functiondef('directory_history()'::regprocedure), $a${0}$a$, $a${1}$a$);
  EXECUTE replace(pg_get_functiondef('directory_track(regclass)'::regprocedure), $a${2}$a$, $a${3}$a$);
END $do$"""
_WORDS = ("ARRAY['id', 'seen']", "ARRAY['id', 'seen', 'by_hand']", "attname <> 'seen'", "attname NOT IN ('seen', 'by_hand')")  # fmt: skip
_CHANGED = """
CREATE FUNCTION directory_by_hand() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  NEW.by_hand := ARRAY(SELECT unnest(OLD.by_hand) UNION
    SELECT key FROM jsonb_each(to_jsonb(OLD)) o JOIN jsonb_each(to_jsonb(NEW)) n USING (key)
    WHERE o.value IS DISTINCT FROM n.value AND key <> ALL
      (ARRAY['id', 'source', 'source_id', 'seen', 'extra', 'by_hand', 'derived', 'last_modified'])
    AND NOT (key = 'location_type' AND TG_TABLE_NAME = 'address') ORDER BY 1);
  RETURN NEW;
END $$"""
_GONE = """
CREATE FUNCTION directory_dropped() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF to_jsonb(OLD) ->> 'derived' IS DISTINCT FROM 'true' THEN
    INSERT INTO public.dropped_by_hand (entity, source, source_id) VALUES (TG_TABLE_NAME, OLD.source, OLD.source_id)
    ON CONFLICT DO NOTHING;
  END IF;
  RETURN NULL;
END $$"""
_WHEN = (
    "WHEN (OLD.source <> 'hub' AND current_setting('hub.by', true) <> '' "
    "AND current_setting('hub.by', true) NOT LIKE 'import:%')"
)


def upgrade() -> None:
    """Columns with a default and a small table: code that is still running is not held up."""
    op.execute(_HISTORY.format(*_WORDS))
    for table in TABLES:
        op.add_column(
            table,
            sa.Column("by_hand", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        )
    op.create_table(
        "dropped_by_hand",
        sa.Column("entity", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("entity", "source", "source_id"),
    )
    op.create_index("ix_metadata_number", "metadata", ["number"], unique=False)
    op.execute(_CHANGED)
    op.execute(_GONE)
    for table in KEPT:
        op.execute(f"SELECT directory_track('{table}')")
        op.execute(
            f'CREATE TRIGGER "A_by_hand" BEFORE UPDATE ON {table} FOR EACH ROW {_WHEN} '
            "EXECUTE FUNCTION directory_by_hand()"
        )
        op.execute(
            f'CREATE TRIGGER "B_by_hand_gone" AFTER DELETE ON {table} FOR EACH ROW {_WHEN} '
            "EXECUTE FUNCTION directory_dropped()"
        )


def downgrade() -> None:
    """What people changed stands until the next import of its source."""
    op.execute("DROP FUNCTION directory_by_hand() CASCADE")
    op.execute("DROP FUNCTION directory_dropped() CASCADE")
    op.drop_index("ix_metadata_number", table_name="metadata")
    op.drop_table("dropped_by_hand")
    op.execute(_HISTORY.format(_WORDS[1], _WORDS[0], _WORDS[3], _WORDS[2]))
    for table in TABLES:
        op.drop_column(table, "by_hand")
        if table in (*KEPT, "service_capacity", "taxonomy_term"):
            op.execute(f"SELECT directory_track('{table}')")
