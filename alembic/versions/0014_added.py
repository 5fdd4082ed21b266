"""when each row came in, and whose a deleted or moved one was: what changed of a service is told by what was added too

The moment is a default of the column, so that a bulk import pays no trigger for it; the ranges of pages (BRIN) find
what is new. What is there already counts as added by this update: whoever fetches by date fetches it once more, and
misses nothing.
"""

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

TABLES = (
    "organization", "program", "location", "service", "service_at_location", "address", "phone", "contact", "language",
    "accessibility", "schedule", "service_area", "eligibility", "cost_option", "required_document", "funding", "url",
    "organization_identifier", "unit", "service_capacity", "taxonomy", "taxonomy_term", "attribute",
    "meta_table_description", "source_metadata", "kept_row",
)  # fmt: skip
_NOW = "COALESCE(CAST(NULLIF(current_setting('hub.now', true), '') AS timestamptz), transaction_timestamp())"
# Whose a row is, as far as that changes with it: the links of a place are not the place's, nor services their agency's.
_OWNED = """  becomes jsonb;
  owned text[] := CASE WHEN TG_TABLE_NAME = 'service_at_location' THEN '{service_id}'
    WHEN TG_TABLE_NAME IN ('organization', 'program', 'location', 'service') THEN '{}'
    ELSE '{service_id,organization_id,location_id,contact_id,phone_id,service_at_location_id,link_id}' END;
"""
# (what directory_history says until now, what it says from now on)
_HISTORY = (
    ("ARRAY['id', 'seen', 'by_hand']", "ARRAY['id', 'seen', 'by_hand', 'added']"),
    ("  becomes jsonb;\n", _OWNED),
    ("updated_by, places)\n    VALUES", "updated_by, places, owners)\n    VALUES"),
    (
        "'[]')) END, who, around);",
        "'[]')) END, who, around,\n"
        "      ARRAY(SELECT f.value::uuid FROM jsonb_each_text(was) f WHERE f.key = ANY(owned) AND f.value <> ''));",
    ),
    ("replacement_value, updated_by, places)", "replacement_value, updated_by, places, owners)"),
    (
        "n.value #>> '{}', ''), who, around\n",
        "n.value #>> '{}', ''), who, around,\n"
        "    CASE WHEN o.key = ANY(owned) THEN\n"
        "      array_remove(ARRAY[(o.value #>> '{}')::uuid, (n.value #>> '{}')::uuid], NULL) ELSE '{}' END\n",
    ),
)
_TRACK = ("NOT IN ('seen', 'by_hand')", "NOT IN ('seen', 'by_hand', 'added')")


def _say(function: str, pairs: tuple[tuple[str, str], ...]) -> None:
    """Put other words into a function; an update of a database where they are not found stops here."""
    for old, new in pairs:
        op.execute(f"""DO $do$
DECLARE said text := pg_get_functiondef('{function}'::regprocedure);
BEGIN
  IF position($a${old}$a$ IN said) = 0 THEN RAISE EXCEPTION '{function} is not as it should be'; END IF;
  EXECUTE replace(said, $a${old}$a$, $a${new}$a$);
END $do$""")


def upgrade() -> None:
    """Columns with a default; code that is still running names its columns and is not held up."""
    for table in TABLES:
        op.execute(f"ALTER TABLE {table} ADD COLUMN added timestamptz NOT NULL DEFAULT transaction_timestamp()")
        op.execute(f"ALTER TABLE {table} ALTER COLUMN added SET DEFAULT {_NOW}")
        op.execute(f"CREATE INDEX ix_{table}_added ON {table} USING brin (added)")
    op.execute("ALTER TABLE metadata ADD COLUMN owners uuid[] NOT NULL DEFAULT '{}'")
    op.execute("CREATE INDEX ix_metadata_owners ON metadata USING gin (owners) WHERE owners <> '{}'")
    op.execute("CREATE INDEX ix_metadata_date ON metadata USING brin (last_action_date)")
    _say("directory_history()", _HISTORY)
    _say("directory_track(regclass)", (_TRACK,))


def downgrade() -> None:
    """When things came in is lost."""
    _say("directory_history()", tuple((new, old) for old, new in _HISTORY))
    _say("directory_track(regclass)", (_TRACK[::-1],))
    op.execute("DROP INDEX ix_metadata_date")
    op.execute("DROP INDEX ix_metadata_owners")
    op.execute("ALTER TABLE metadata DROP COLUMN owners")
    for table in TABLES:
        op.execute(f"DROP INDEX ix_{table}_added")
        op.execute(f"ALTER TABLE {table} DROP COLUMN added")
