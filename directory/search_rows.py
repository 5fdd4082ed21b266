"""Writing the rows that search reads: facts gathered from the entities a batch at a time, made tokens, upserted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from .facts import BUCKET, RUNS, Facts, acts, costs, nationalities
from .facts import COVERS as COVERS
from .facts import WITHIN as WITHIN
from .gathering import GATHERED
from .spelling import learn, stems
from .sql import joined, listed, literal, name, sql, statement, type_name
from .taxonomy import NEEDS
from .words import normal, words

_BATCH = 1000
_SEPARATOR = "\x1f"


_TEXTS = statement(
    """
SELECT s.id, s.organization_id, o.network, o.status <> 'active' OR s.status <> 'active' AS closed,
  s.name, s.name_i18n, s.alternate_name, s.description, s.eligibility_description, s.fees_description,
  o.name AS owner, o.name_i18n AS owner_i18n, o.alternate_name AS owner_other,
  w.terms, w.needs, x.areas, x.wide, p.latitude, p.longitude, g.hours, g.languages, g.accessibility,
  s.minimum_age, s.maximum_age, s.genders, m.amounts, m.prices
FROM service s JOIN organization o ON o.id = s.organization_id
LEFT JOIN LATERAL (SELECT array_agg(DISTINCT t.name) AS terms,
    array_agg(DISTINCT t.need) FILTER (WHERE t.need IS NOT NULL) AS needs
  FROM attribute b JOIN taxonomy_term t ON t.id = b.taxonomy_term_id WHERE b.service_id = s.id) w ON true
LEFT JOIN LATERAL (
  WITH RECURSIVE up AS (
    SELECT area_code AS code FROM service_area WHERE service_id = s.id AND area_code IS NOT NULL
    UNION SELECT a.parent FROM up JOIN area a ON a.code = up.code WHERE a.parent IS NOT NULL)
  SELECT (SELECT array_agg(DISTINCT area_code) FROM service_area WHERE service_id = s.id AND area_code IS NOT NULL)
    AS areas, (SELECT array_agg(code) FROM up) AS wide) x ON true
LEFT JOIN LATERAL (
  SELECT l.latitude, l.longitude FROM service_at_location k JOIN location l ON l.id = k.location_id
  WHERE k.service_id = s.id AND l.latitude IS NOT NULL AND l.longitude IS NOT NULL
  UNION ALL
  SELECT a.latitude, a.longitude FROM area a WHERE a.code = x.areas[1] AND a.latitude IS NOT NULL
  LIMIT 1) p ON true
LEFT JOIN LATERAL (
  WITH sv AS (SELECT s.id),
{gathered}
  SELECT (SELECT h.hours::text FROM hours h) AS hours, (SELECT codes FROM lang) AS languages,
    (SELECT codes FROM acc) AS accessibility) g ON true
LEFT JOIN LATERAL (SELECT array_agg(c.amount) AS amounts,
    string_agg(concat_ws(' ', c.option, c.amount_description), ' / ') AS prices
  FROM cost_option c WHERE c.service_id = s.id AND (c.valid_to IS NULL OR c.valid_to >= CURRENT_DATE)) m ON true
WHERE s.id = ANY(CAST(:ids AS uuid[]))""",
    gathered=GATHERED,
)


_COLUMNS = {
    "service_id": "uuid", "organization_id": "uuid", "name": "text", "haystack": "text", "areas": "text[]",
    "latitude": "float8", "longitude": "float8", "closed": "boolean", "facets": "text[]", "hours": "int4multirange",
    "minimum_age": "smallint", "maximum_age": "smallint", "document": "tsvector",
}  # fmt: skip
_TRAVELS = {"text[]": "text", "tsvector": "text", "int4multirange": "text"}
_READS = {
    "areas": sql("string_to_array(s.areas, chr({separator}))", separator=ord(_SEPARATOR)),
    "facets": sql("string_to_array(s.facets, chr({separator}))", separator=ord(_SEPARATOR)),
    "hours": sql("CAST(s.hours AS int4multirange)"),
    "document": sql(
        "array_to_tsvector(string_to_array(s.document, chr({separator})) || ARRAY[{runs}])",
        separator=ord(_SEPARATOR),
        runs=joined(
            ", ",
            [
                sql("{bucket} || s.place / {size}", bucket=literal(f"{BUCKET}{level}:"), size=size)
                for level, size in enumerate(RUNS)
            ],
        ),
    ),
}
# A service keeps its place; a new one takes the next.
_PLACED = sql("""(SELECT s.*, COALESCE((SELECT p.place FROM service_search p WHERE p.service_id = s.service_id),
  nextval(pg_get_serial_sequence('service_search', 'place'))) AS place FROM s)""")
_UPSERT = statement(
    "WITH s AS (SELECT * FROM unnest({given}) AS s({columns})) INSERT INTO service_search ({columns}, place) "
    "SELECT {read}, s.place FROM {placed} s ON CONFLICT (service_id) DO UPDATE SET {sets}",
    given=joined(
        ", ",
        [
            sql("CAST(:{column} AS {type}[])", column=name(c), type=type_name(_TRAVELS.get(type_, type_)))
            for c, type_ in _COLUMNS.items()
        ],
    ),
    columns=listed(_COLUMNS),
    read=joined(", ", [_READS.get(c, sql("s.{column}", column=name(c))) for c in _COLUMNS]),
    placed=_PLACED,
    sets=listed([c for c in _COLUMNS if c != "service_id"], "{name} = excluded.{name}"),
)


async def write_search(session: AsyncSession, ids: Sequence[UUID]) -> None:
    """Rewrite the search rows of these services, and learn their words."""
    learned = set[str]()
    for start in range(0, len(ids), _BATCH):
        rows = (await session.execute(_TEXTS, {"ids": list(ids[start : start + _BATCH])})).all()
        made = [_facts(row) for row in rows]
        spelled = set[str]().union(*(words(facts.haystack) for facts in made))
        known = await stems(session, spelled)
        learned |= spelled
        if rows:
            await session.execute(_UPSERT, _columns(rows, made, known))
    # At the end, and new words alone: whoever adds the same word waits for this transaction.
    if learned:
        await learn(session, learned)


def _facts(row: Any) -> Facts:
    needs = row.needs or []
    titles = [row.name, *row.name_i18n.values(), row.alternate_name, row.owner, *row.owner_i18n.values()]
    title = normal(" / ".join(dict.fromkeys(titles)))
    said = [row.description, row.eligibility_description, *(row.terms or [])]
    named = [name for need in needs for name in NEEDS[need].names.values()]
    whom = " / ".join([row.name, *row.name_i18n.values(), *said])
    prices = costs(f"{row.fees_description} / {row.prices or ''}", row.amounts or ())
    return Facts(
        row.id, title, normal(" / ".join([title, row.owner_other, *said, *named])), row.closed,
        needs, row.areas or [], row.wide or [], row.network, row.latitude, row.longitude, row.languages or [],
        row.accessibility or [], row.genders, prices, acts(whom),
        nationalities(row.eligibility_description + " / " + " / ".join(row.terms or [])),
    )  # fmt: skip


def _columns(rows: Sequence[Any], made: Sequence[Facts], known: Any) -> dict[str, list[object]]:
    columns: dict[str, list[object]] = {column: [] for column in _COLUMNS}
    for row, facts in zip(rows, made, strict=True):
        for column, value in zip(
            columns,
            (facts.id, row.organization_id, facts.title, facts.haystack, _SEPARATOR.join(facts.areas), facts.latitude,
             facts.longitude, facts.closed, _SEPARATOR.join(facts.facets()), row.hours, row.minimum_age,
             row.maximum_age, _SEPARATOR.join(facts.document(known))),
            strict=True,
        ):  # fmt: skip
            columns[column].append(value)
    return columns
