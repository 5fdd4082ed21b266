"""The SQL of an import: one upsert a batch and entity, made once from the entity's description."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from sqlalchemy import TextClause, text

from .columns import LINKED
from .hsds import AREA, ENTITIES, Column, Entity, Relation
from .packing import unpacked
from .sql import Fragment, joined, listed, literal, name, sql, type_name
from .sql import statement as made

_KEY = {"service_capacity": sql("service_id, unit")}
"""What makes a row the same row; (source, source_id) where nothing is said."""

_NEWER = {"service_capacity": sql("t.updated <= excluded.updated")}
"""When an existing row may be overwritten; where nothing is said, unless this import has written it already."""

_KEPT = {
    ("taxonomy_term", "need"): sql(
        "CASE WHEN (SELECT true FROM term_choice c WHERE c.term_id = t.id) THEN t.need ELSE excluded.need END"
    )
}
"""What an import leaves as it is: what a person said that a word means."""

_FALLS = {"location": "stays_confidential", "address": "confidential_address"}
"""The code told of a row that falls because its place is confidential."""

_OURS = ("source", "seen", "source_id", "extra", "derived", "last_modified")
"""Columns that are never a person's."""


def _travels(type_: str) -> str:
    return "text" if type_ in {"jsonb", "text[]"} else type_


def _found(relation: Relation) -> Fragment:
    """Look-up of the row a relation points to; where another column names the table, in that one."""
    key = sql('s."{column}"', column=name(relation.column))

    def in_table(table: str) -> Fragment:
        return sql(
            "(SELECT o.id FROM {table} o WHERE o.source = :source AND o.source_id = {key})", table=name(table), key=key
        )

    def linked(table: str) -> Fragment:
        if not ENTITIES[table].natural:
            return in_table(table)
        # Its identity is what it says: its id leads to it only where that became ours.
        return sql(
            "(SELECT o.id FROM {table} o WHERE o.source = :source AND o.id = "
            "CASE WHEN {key} ~ '^[0-9a-f-]{{36}}$' THEN CAST({key} AS uuid) END)",
            table=name(table),
            key=key,
        )

    if not relation.by:
        return in_table(relation.table)
    cases = [sql("WHEN {table} THEN {found}", table=literal(table), found=linked(table)) for table in LINKED]
    return sql(
        'CASE WHEN {key} IS NOT NULL THEN CASE s."{by}" {cases} END END',
        key=key,
        by=name(relation.by),
        cases=joined(" ", cases),
    )


def _hidden(entity: Entity) -> tuple[Fragment, Fragment]:
    """What a confidential place may not hold falls here, row by row: the columns that tell of it, and the condition.

    The database would refuse the whole batch.
    """
    found, places = sql(""), list[Fragment]()
    if entity.table == "location":  # confidential once, it stays so whatever a source says, under whatever name
        found = sql(
            ", (SELECT true FROM location o WHERE o.source = :source AND o.source_id = s.source_id "
            "AND o.location_type = 'confidential') AS k_kept, "
            "(SELECT true FROM location o WHERE o.id = s.id AND o.location_type = 'confidential') AS k_same"
        )
        return found, sql("s.location_type <> 'confidential' AND COALESCE(s.k_kept, s.k_same, false)")
    if entity.tells is None:
        return found, sql("false")
    if any(r.table == "location" for r in entity.relations):
        found = sql(
            ", (SELECT o.location_type FROM location o WHERE o.source = :source "
            "AND o.source_id = s.location_id) AS k_type"
        )
        places.append(sql("COALESCE(s.k_type = 'confidential', false)"))
    if entity.at_service:
        found = sql(
            "{found}, (SELECT o.location_type FROM service_at_location k JOIN location o ON o.id = k.location_id "
            "WHERE k.source = :source AND k.source_id = s.service_at_location_id) AS k_there",
            found=found,
        )
        places.append(sql("COALESCE(s.k_there = 'confidential', false)"))
    where = joined(" OR ", places or [sql("true")])
    return found, sql("({where}) AND ({tells})", where=where, tells=entity.tells)


def _value(column: Column) -> Fragment:
    """A column as it goes in: what travelled as text becomes what it is."""
    said = sql('"{column}"', column=name(column.name))
    if _travels(column.sql) == column.sql:
        return said
    return sql("CAST({said} AS {type})", said=said, type=type_name(column.sql))


def _set(table: str, column: str) -> Fragment:
    kept = _KEPT.get((table, column))
    if kept is None and column in _OURS:
        kept = sql('excluded."{column}"', column=name(column))
    elif kept is None:  # what a person changed stays; a day of assurance until a later one comes
        kept = sql(
            'CASE WHEN {said} = ANY(t.by_hand) THEN {ours} ELSE excluded."{column}" END',
            said=literal(column),
            ours=sql("GREATEST(t.assured_date, excluded.assured_date)")
            if column == "assured_date"
            else sql('t."{column}"', column=name(column)),
            column=name(column),
        )
    return sql('"{column}" = {kept}', column=name(column), kept=kept)


def _by_hand(columns: Sequence[str]) -> Fragment:
    """Which columns are a person's still: those in which the source has not come to say the same."""
    differ = [
        sql(
            'CASE WHEN {said} = ANY(t.by_hand) AND t."{column}" IS DISTINCT FROM excluded."{column}" THEN {said} END',
            said=literal(column),
            column=name(column),
        )
        for column in columns
        if column not in _OURS
    ]
    return sql(
        "by_hand = CASE WHEN t.by_hand = '{{}}' THEN t.by_hand ELSE array_remove(ARRAY[{differ}]::text[], NULL) END",
        differ=joined(", ", differ),
    )


@lru_cache
def statement(table: str) -> TextClause:
    """Upsert a batch of `table`; answers (nth, outcome, missing relations, columns kept by hand, how many).

    Rows that came in whole are counted together; any other has a line of its own, numbered from 1.
    """
    entity = ENTITIES[table]
    columns = [("id", "uuid"), ("fresh", "uuid"), ("source_id", "text"), ("extra", "jsonb")]
    columns += [(c.name, c.sql) for c in entity.columns] + [(r.column, "text") for r in entity.relations]
    # Scalar look-ups in a unique index, not joins: fresh tables have no statistics and a join may be planned badly.
    found = [sql(", {found} AS k_{column}", found=_found(r), column=name(r.column)) for r in entity.relations]
    missing = [
        sql(
            'CASE WHEN "{column}" IS NOT NULL AND k_{column} IS NULL THEN {said} END',
            column=name(r.column),
            said=literal(r.column),
        )
        for r in entity.relations
    ]
    told, hidden = _hidden(entity)
    dropped = sql(
        ", CASE WHEN (SELECT EXISTS (SELECT FROM dropped_by_hand d WHERE d.entity = {said} AND d.source = :source)) "
        "THEN (SELECT true FROM dropped_by_hand d WHERE d.entity = {said} AND d.source = :source "
        "AND d.source_id = s.source_id) END AS dropped",
        said=literal(table),
    )
    fits = [sql("k_{column} IS NOT NULL", column=name(r.column)) for r in entity.relations if r.required]
    if entity.one_owner:
        owners = listed((r.column for r in entity.relations if not r.required), "k_{name}")
        fits.append(sql("num_nonnulls({owners}) > 0", owners=owners))
    into = ["source_id", "extra", *(c.name for c in entity.columns), *(r.column for r in entity.relations)]
    values = [sql("source_id"), sql("CAST(extra AS jsonb)"), *map(_value, entity.columns)]
    values += [sql("k_{column}", column=name(r.column)) for r in entity.relations]
    if table == "address":
        into, values = [*into, "location_type"], [*values, sql("k_type")]
    return made(
        "WITH f AS MATERIALIZED (SELECT s.*{found} FROM {arrays} WHERE s.source_id IS NOT NULL), "
        "r AS MATERIALIZED ("
        "SELECT *, {hidden} AS hidden, array_remove(ARRAY[{missing}]::text[], NULL) AS missing FROM f AS s), "
        "w AS (INSERT INTO {table} AS t (id, source, seen, {into}) "
        # The id of HSDS 3 is a UUID and stays ours, unless another row has it.
        "SELECT CASE WHEN r.id IS NOT NULL AND (SELECT true FROM {table} o WHERE o.id = r.id) IS NULL THEN r.id "
        "ELSE r.fresh END, :source, CAST(:seen AS uuid), {values} "
        "FROM r WHERE NOT hidden AND dropped IS NULL AND {fit} "
        "ON CONFLICT ({key}) DO UPDATE SET {sets}, {by_hand} WHERE {newer} "
        "RETURNING t.source_id, t.xmax = 0 AS fresh, CASE WHEN t.by_hand <> '{{}}' "
        "THEN NULLIF(array_remove(t.by_hand, 'assured_date'), '{{}}') END AS kept), "
        "o AS (SELECT r.nth, CASE WHEN w.fresh THEN 'created' WHEN w.source_id IS NOT NULL THEN 'updated' "
        "WHEN r.hidden THEN {where_hidden} WHEN r.dropped THEN 'dropped_by_hand' "
        "WHEN {fit} THEN {where_known} ELSE 'unknown_relation' END AS outcome, "
        # Full, though nothing is in w alone: only such a join is never made by looping.
        "r.missing, w.kept FROM r FULL JOIN w ON w.source_id = r.source_id) "
        "SELECT min(nth), outcome, missing, kept, count(*) FROM o GROUP BY outcome, missing, kept, "
        "CASE WHEN outcome IN ('created', 'updated') AND missing = '{{}}' AND kept IS NULL THEN 0 ELSE nth END "
        "ORDER BY 1",
        table=name(table),
        found=joined("", [*found, told, dropped]),
        arrays=unpacked((c, _travels(type_)) for c, type_ in columns),
        hidden=hidden,
        missing=joined(", ", missing),
        into=listed(into, '"{name}"'),
        values=joined(", ", values),
        fit=joined(" AND ", fits or [sql("true")]),
        key=_KEY.get(table, sql("source, source_id")),
        sets=joined(", ", [_set(table, column) for column in ["source", "seen", *into]]),
        by_hand=_by_hand(into),
        newer=_NEWER.get(table, sql("t.seen IS DISTINCT FROM excluded.seen")),
        where_hidden=literal(_FALLS.get(table, "confidential_detail")),
        where_known=literal("older" if table in _NEWER else "duplicate"),
    )


# A derived area is what addresses say, and its middle that of open places, never what a package says of either: it may
# be older, and a place hidden since.
WRITE_AREAS = made(
    "WITH s AS (SELECT nth, code, parent, names, kind, CASE WHEN code NOT LIKE '~%' THEN latitude END AS latitude, "
    "CASE WHEN code NOT LIKE '~%' THEN longitude END AS longitude FROM {arrays} WHERE code IS NOT NULL), "
    "w AS (INSERT INTO area AS t (code, parent, names, kind, latitude, longitude) "
    "SELECT code, CASE WHEN parent <> code AND (EXISTS (SELECT FROM area a WHERE a.code = s.parent) "
    "OR parent IN (SELECT code FROM s)) THEN parent END, CAST(names AS jsonb), kind, latitude, longitude FROM s "
    "ON CONFLICT (code) DO UPDATE SET (parent, names, kind, latitude, longitude) = ("
    "SELECT t.parent, t.names, t.kind, t.latitude, t.longitude WHERE t.code LIKE '~%' UNION ALL "
    "SELECT excluded.parent, excluded.names, excluded.kind, excluded.latitude, excluded.longitude "
    "WHERE t.code NOT LIKE '~%') "
    "RETURNING t.code, t.parent, t.xmax = 0 AS fresh) "
    "SELECT s.nth, w.fresh, s.parent IS NOT NULL AND w.parent IS NULL FROM s JOIN w USING (code) ORDER BY 1",
    arrays=unpacked((c.name, _travels(c.sql)) for c in AREA),
)

# A service whose id is here under another name, as after our own export: it would be there twice.
ELSEWHERE = text(
    "SELECT s.nth, o.source "
    "FROM unnest(CAST(:ids AS uuid[]), CAST(:keys AS text[])) WITH ORDINALITY AS s(id, key, nth) "
    "JOIN service o ON o.id = s.id WHERE (o.source, o.source_id) <> (:source, s.key) ORDER BY s.nth LIMIT 1"
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
