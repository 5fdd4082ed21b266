"""The SQL of an import: one upsert a batch and entity, made once from the entity's description."""

from __future__ import annotations

from functools import lru_cache

from sqlalchemy import TextClause, text

from .hsds import AREA, ENTITIES

_KEY = {"service_capacity": "service_id, unit"}
"""What makes a row the same row; (source, source_id) where nothing is said."""

_NEWER = {"service_capacity": "t.updated <= excluded.updated"}
"""When an existing row may be overwritten; where nothing is said, unless this import has written it already."""


def _arrays(columns: list[tuple[str, str]]) -> str:
    """`unnest` of one array a column, with the row's number. JSON and arrays travel as text."""
    given = ", ".join(f"CAST(:c_{name} AS {_travels(sql)}[])" for name, sql in columns)
    return f"unnest({given}) WITH ORDINALITY AS s({', '.join(name for name, _ in columns)}, nth)"


def _travels(sql: str) -> str:
    return "text" if sql in {"jsonb", "text[]"} else sql


@lru_cache
def statement(table: str) -> TextClause:
    """Upsert a batch of `table`; answers (nth, outcome, missing relations) a row, numbers from 1."""
    entity = ENTITIES[table]
    columns = [("id", "uuid"), ("source_id", "text"), ("extra", "jsonb")]
    columns += [(c.name, c.sql) for c in entity.columns] + [(r.column, "text") for r in entity.relations]
    # Scalar look-ups in a unique index, not joins: fresh tables have no statistics and a join may be planned badly.
    found = "".join(
        f", (SELECT o.id FROM {r.table} o WHERE o.source = :source AND o.source_id = s.{r.column}) AS k_{r.column}"  # noqa: S608 - built of constants, values are bound
        for r in entity.relations
    )
    missing = ", ".join(
        f"CASE WHEN {r.column} IS NOT NULL AND k_{r.column} IS NULL THEN '{r.column}' END" for r in entity.relations
    )
    hidden = "false"
    if table == "address":
        found += ", (SELECT o.location_type FROM location o WHERE o.source = :source "
        found += "AND o.source_id = s.location_id) AS k_type"
        hidden = "COALESCE(k_type = 'confidential', false)"
    fits = [f"k_{r.column} IS NOT NULL" for r in entity.relations if r.required]
    if entity.one_owner:
        fits.append(f"num_nonnulls({', '.join(f'k_{r.column}' for r in entity.relations)}) > 0")
    fit = " AND ".join(fits) or "true"
    into = ["source_id", "extra", *(c.name for c in entity.columns), *(r.column for r in entity.relations)]
    values = ["source_id", "CAST(extra AS jsonb)"]
    values += [f"CAST({c.name} AS {c.sql})" if _travels(c.sql) != c.sql else c.name for c in entity.columns]
    values += [f"k_{r.column}" for r in entity.relations]
    if table == "address":
        into, values = [*into, "location_type"], [*values, "k_type"]
    sets = ", ".join(f"{name} = excluded.{name}" for name in ["source", "seen", *into])
    return text(
        f"WITH f AS MATERIALIZED (SELECT s.*{found} FROM {_arrays(columns)}), r AS MATERIALIZED ("  # noqa: S608 - built of constants, values are bound
        f"SELECT *, {hidden} AS hidden, array_remove(ARRAY[{missing}]::text[], NULL) AS missing FROM f), "
        f"w AS (INSERT INTO {table} AS t (id, source, seen, {', '.join(into)}) "
        # The id of HSDS 3 is a UUID and stays ours, unless another row has it.
        f"SELECT CASE WHEN r.id IS NOT NULL AND NOT EXISTS (SELECT FROM {table} o WHERE o.id = r.id) THEN r.id "
        f"ELSE gen_random_uuid() END, :source, CAST(:seen AS uuid), {', '.join(values)} "
        f"FROM r WHERE NOT hidden AND {fit} "
        f"ON CONFLICT ({_KEY.get(table, 'source, source_id')}) DO UPDATE SET {sets} "
        f"WHERE {_NEWER.get(table, 't.seen IS DISTINCT FROM excluded.seen')} "
        "RETURNING t.source_id, t.xmax = 0 AS fresh) "
        "SELECT r.nth, CASE WHEN w.fresh THEN 'created' WHEN w.source_id IS NOT NULL THEN 'updated' "
        "WHEN r.hidden THEN 'confidential_address' "
        f"WHEN {fit} THEN '{'older' if table in _NEWER else 'duplicate'}' ELSE 'unknown_relation' END, r.missing "
        "FROM r LEFT JOIN w ON w.source_id = r.source_id ORDER BY r.nth"
    )  # S608 would see a risk: every name here comes from hsds.ENTITIES, every value is bound


@lru_cache
def forget(table: str) -> TextClause:
    """Delete rows of :source that import :seen did not see although it saw what they belong to; answers their ids."""
    owners = " OR ".join(
        f"EXISTS (SELECT FROM {r.table} o WHERE o.id = t.{r.column} AND o.seen = :seen)"
        for r in ENTITIES[table].relations
    )
    derived = " AND NOT t.derived" if table == "service_area" else ""
    if table in {"service", "location"}:  # what referrals may point to is never deleted by an import
        owners = "false"
    return text(
        f"DELETE FROM {table} t WHERE t.source = :source AND t.seen IS DISTINCT FROM :seen AND ({owners}){derived} "  # noqa: S608 - built of constants, values are bound
        "RETURNING t.id"
    )


WRITE_AREAS = text(
    f"WITH s AS (SELECT * FROM {_arrays([(c.name, c.sql) for c in AREA])}), "  # noqa: S608 - built of constants, values are bound
    "w AS (INSERT INTO area AS t (code, parent, names, kind, latitude, longitude) "
    "SELECT code, CASE WHEN parent <> code AND (EXISTS (SELECT FROM area a WHERE a.code = s.parent) "
    "OR parent IN (SELECT code FROM s)) THEN parent END, CAST(names AS jsonb), kind, latitude, longitude FROM s "
    "ON CONFLICT (code) DO UPDATE SET parent = excluded.parent, names = excluded.names, kind = excluded.kind, "
    "latitude = excluded.latitude, longitude = excluded.longitude RETURNING t.code, t.parent, t.xmax = 0 AS fresh) "
    "SELECT s.nth, w.fresh, s.parent IS NOT NULL AND w.parent IS NULL FROM s JOIN w USING (code) ORDER BY 1"
)

KEEP_ROWS = text(
    "INSERT INTO kept_row AS t (source, seen, entity, source_id, extra) "
    "SELECT :source, CAST(:seen AS uuid), :entity, s.id, CAST(s.said AS jsonb) "
    "FROM unnest(CAST(:ids AS text[]), CAST(:said AS text[])) AS s(id, said) "
    "ON CONFLICT (source, entity, source_id) DO UPDATE SET extra = excluded.extra, seen = excluded.seen "
    "WHERE t.seen IS DISTINCT FROM excluded.seen RETURNING t.source_id"
)

FORGET_ADDRESSES = text(
    "DELETE FROM address a USING location l WHERE l.id = a.location_id AND l.source = :source "
    "AND l.source_id = ANY(CAST(:ids AS text[]))"
)

DEFINE_TERMS = text(
    "INSERT INTO taxonomy_term (source, seen, source_id, code, name, need) "
    "SELECT :source, CAST(:seen AS uuid), s.code, s.code, s.code, s.need "
    "FROM unnest(CAST(:codes AS text[]), CAST(:needs AS text[])) AS s(code, need) "
    "ON CONFLICT (source, source_id) DO NOTHING RETURNING code"
)

UNKNOWN_TERMS = text(
    "SELECT t.taxonomy, t.code, t.name, count(DISTINCT a.service_id) AS services "
    "FROM taxonomy_term t LEFT JOIN attribute a ON a.taxonomy_term_id = t.id "
    "WHERE t.source = :source AND t.seen = :seen AND t.need IS NULL "
    "GROUP BY t.taxonomy, t.code, t.name ORDER BY services DESC, t.code LIMIT 10000"
)
