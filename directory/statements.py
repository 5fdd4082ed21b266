"""The SQL of an import: one upsert a batch and entity, made once from the entity's description."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from sqlalchemy import TextClause, text

from .columns import LINKED
from .hsds import AREA, ENTITIES, Relation

_KEY = {"service_capacity": "service_id, unit"}
"""What makes a row the same row; (source, source_id) where nothing is said."""

_NEWER = {"service_capacity": "t.updated <= excluded.updated"}
"""When an existing row may be overwritten; where nothing is said, unless this import has written it already."""

_KEPT = {
    ("taxonomy_term", "need"): "CASE WHEN (SELECT true FROM term_choice c WHERE c.term_id = t.id) THEN t.need "
    "ELSE excluded.need END"
}
"""What an import leaves as it is: what a person said that a word means."""


SEPARATOR, NOTHING = "\x1f", "\x1e"
"""Between the values of a packed column, and for a null: control characters, which no value of a package holds."""


def pack(values: Sequence[object]) -> str:
    """A column of a batch as one text, which PostgreSQL takes apart: many times cheaper to send than an array.

    Raises ValueError where a value holds the separator: better no import than values in the wrong rows.
    """
    found = SEPARATOR.join([NOTHING if v is None else v if type(v) is str else str(v) for v in values])
    if found.count(SEPARATOR) != len(values) - 1 or found.count(NOTHING) != sum(v is None for v in values):
        raise ValueError("a value holds a separator")
    return found + SEPARATOR + NOTHING  # the end is said, else a lone empty text would be no value at all


def _arrays(columns: list[tuple[str, str]]) -> str:
    """The rows of packed columns with their number `nth`, and after them one of nulls. JSON and arrays stay text."""
    given = ", ".join(
        f"CAST(string_to_array(CAST(:c_{name} AS text), chr(31), chr(30)) AS {_travels(sql)}[])"
        for name, sql in columns
    )
    return f"unnest({given}) WITH ORDINALITY AS s({', '.join(_q(name) for name, _ in columns)}, nth)"


def _travels(sql: str) -> str:
    return "text" if sql in {"jsonb", "text[]"} else sql


def _q(name: str) -> str:
    return f'"{name}"'  # HSDS has columns called interval and count


def _found(relation: Relation) -> str:
    """Look-up of the row a relation points to; where another column names the table, in that one."""

    def in_table(table: str) -> str:
        return f"(SELECT o.id FROM {table} o WHERE o.source = :source AND o.source_id = s.{_q(relation.column)})"  # noqa: S608 - built of constants, values are bound

    def linked(table: str) -> str:
        if not ENTITIES[table].natural:
            return in_table(table)
        # Its identity is what it says: its id leads to it only where that became ours.
        own = f"s.{_q(relation.column)}"
        return (
            f"(SELECT o.id FROM {table} o WHERE o.source = :source AND o.id = "  # noqa: S608 - built of constants, values are bound
            f"CASE WHEN {own} ~ '^[0-9a-f-]{{36}}$' THEN CAST({own} AS uuid) END)"
        )

    if not relation.by:
        return in_table(relation.table)
    cases = " ".join(f"WHEN '{table}' THEN {linked(table)}" for table in LINKED)
    return f"CASE WHEN s.{_q(relation.column)} IS NOT NULL THEN CASE s.{_q(relation.by)} {cases} END END"


@lru_cache
def statement(table: str) -> TextClause:
    """Upsert a batch of `table`; answers (nth, outcome, missing relations, how many rows).

    Rows that came in whole are counted together; any other has a line of its own, numbered from 1.
    """
    entity = ENTITIES[table]
    columns = [("id", "uuid"), ("source_id", "text"), ("extra", "jsonb")]
    columns += [(c.name, c.sql) for c in entity.columns] + [(r.column, "text") for r in entity.relations]
    # Scalar look-ups in a unique index, not joins: fresh tables have no statistics and a join may be planned badly.
    found = "".join(f", {_found(r)} AS k_{r.column}" for r in entity.relations)
    missing = ", ".join(
        f"CASE WHEN {_q(r.column)} IS NOT NULL AND k_{r.column} IS NULL THEN '{r.column}' END" for r in entity.relations
    )
    hidden = "false"
    if entity.tells:
        # What a confidential place may not hold falls here, row by row; the database would refuse the whole batch.
        places = []
        if any(r.table == "location" for r in entity.relations):
            found += ", (SELECT o.location_type FROM location o WHERE o.source = :source "
            found += "AND o.source_id = s.location_id) AS k_type"
            places.append("COALESCE(s.k_type = 'confidential', false)")
        if entity.at_service:
            found += ", (SELECT o.location_type FROM service_at_location k JOIN location o ON o.id = k.location_id "
            found += "WHERE k.source = :source AND k.source_id = s.service_at_location_id) AS k_there"
            places.append("COALESCE(s.k_there = 'confidential', false)")
        hidden = f"({' OR '.join(places) or 'true'}) AND ({entity.tells})"
    fits = [f"k_{r.column} IS NOT NULL" for r in entity.relations if r.required]
    if entity.one_owner:
        fits.append(f"num_nonnulls({', '.join(f'k_{r.column}' for r in entity.relations if not r.required)}) > 0")
    fit = " AND ".join(fits) or "true"
    into = ["source_id", "extra", *(c.name for c in entity.columns), *(r.column for r in entity.relations)]
    values = ["source_id", "CAST(extra AS jsonb)"]
    values += [f"CAST({_q(c.name)} AS {c.sql})" if _travels(c.sql) != c.sql else _q(c.name) for c in entity.columns]
    values += [f"k_{r.column}" for r in entity.relations]
    if table == "address":
        into, values = [*into, "location_type"], [*values, "k_type"]
    sets = ", ".join(
        f"{_q(name)} = {_KEPT.get((table, name), f'excluded.{_q(name)}')}" for name in ["source", "seen", *into]
    )
    return text(
        f"WITH f AS MATERIALIZED (SELECT s.*{found} FROM {_arrays(columns)} WHERE s.source_id IS NOT NULL), "  # noqa: S608 - built of constants, values are bound
        "r AS MATERIALIZED ("
        f"SELECT *, {hidden} AS hidden, array_remove(ARRAY[{missing}]::text[], NULL) AS missing FROM f AS s), "
        f"w AS (INSERT INTO {table} AS t (id, source, seen, {', '.join(_q(name) for name in into)}) "
        # The id of HSDS 3 is a UUID and stays ours, unless another row has it.
        f"SELECT CASE WHEN r.id IS NOT NULL AND (SELECT true FROM {table} o WHERE o.id = r.id) IS NULL THEN r.id "
        f"ELSE gen_random_uuid() END, :source, CAST(:seen AS uuid), {', '.join(values)} "
        f"FROM r WHERE NOT hidden AND {fit} "
        f"ON CONFLICT ({_KEY.get(table, 'source, source_id')}) DO UPDATE SET {sets} "
        f"WHERE {_NEWER.get(table, 't.seen IS DISTINCT FROM excluded.seen')} "
        "RETURNING t.source_id, t.xmax = 0 AS fresh), "
        "o AS (SELECT r.nth, CASE WHEN w.fresh THEN 'created' WHEN w.source_id IS NOT NULL THEN 'updated' "
        f"WHEN r.hidden THEN '{'confidential_address' if table == 'address' else 'confidential_detail'}' "
        f"WHEN {fit} THEN '{'older' if table in _NEWER else 'duplicate'}' ELSE 'unknown_relation' END AS outcome, "
        # Full, though nothing is in w alone: only such a join is never made by looping.
        "r.missing FROM r FULL JOIN w ON w.source_id = r.source_id) "
        "SELECT min(nth), outcome, missing, count(*) FROM o GROUP BY outcome, missing, "
        "CASE WHEN outcome IN ('created', 'updated') AND missing = '{}' THEN 0 ELSE nth END ORDER BY 1"
    )  # S608 would see a risk: every name here comes from hsds.ENTITIES, every value is bound


@lru_cache
def there(table: str) -> TextClause:
    """Which of these ids of a source have a row."""
    return text(
        f"SELECT o.source_id FROM {table} o WHERE o.source = :source AND o.source_id = ANY(CAST(:ids AS text[]))"  # noqa: S608 - built of constants, values are bound
    )


@lru_cache
def forget(table: str) -> TextClause:
    """Delete rows of :source that import :seen did not see although it saw what they belong to; answers how many."""
    owners = " OR ".join(
        f"EXISTS (SELECT FROM {r.table} o WHERE o.id = t.{r.column} AND o.seen = :seen)"
        for r in ENTITIES[table].relations
        if not r.by and r.table != table
    )
    derived = " AND NOT t.derived" if table == "service_area" else ""
    if table in {"organization", "service", "location", "taxonomy_term"}:  # much hangs on these
        owners = "false"
    return text(
        f"WITH gone AS (DELETE FROM {table} t WHERE t.source = :source "  # noqa: S608 - built of constants, values are bound
        f"AND t.seen IS DISTINCT FROM :seen AND ({owners}){derived} "
        "RETURNING t.id) SELECT count(*) FROM gone"
    )


WRITE_AREAS = text(
    f"WITH s AS (SELECT * FROM {_arrays([(c.name, c.sql) for c in AREA])} WHERE code IS NOT NULL), "  # noqa: S608 - built of constants, values are bound
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
    "AND NOT EXISTS (SELECT FROM term_choice c WHERE c.term_id = t.id) "
    "GROUP BY t.taxonomy, t.code, t.name ORDER BY services DESC, t.code LIMIT 10000"
)
