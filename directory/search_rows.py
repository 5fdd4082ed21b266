"""Writing the rows that search reads: facts gathered from the entities a batch at a time, made tokens, upserted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from .facts import BUCKET, RUNS, Facts, acts, costs, nationalities
from .facts import COVERS as COVERS
from .facts import WITHIN as WITHIN
from .gathering import GATHERED
from .spelling import learn, stems
from .taxonomy import NEEDS
from .words import normal, words

_BATCH = 1000
_SEPARATOR = "\x1f"


_TEXTS = text(
    f"""
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
{GATHERED}
  SELECT (SELECT h.hours::text FROM hours h) AS hours, (SELECT codes FROM lang) AS languages,
    (SELECT codes FROM acc) AS accessibility) g ON true
LEFT JOIN LATERAL (SELECT array_agg(c.amount) AS amounts,
    string_agg(concat_ws(' ', c.option, c.amount_description), ' / ') AS prices
  FROM cost_option c WHERE c.service_id = s.id AND (c.valid_to IS NULL OR c.valid_to >= CURRENT_DATE)) m ON true
WHERE s.id = ANY(CAST(:ids AS uuid[]))"""  # noqa: S608 - built of constants, values are bound
)


_COLUMNS = {
    "service_id": "uuid", "organization_id": "uuid", "name": "text", "haystack": "text", "areas": "text[]",
    "latitude": "float8", "longitude": "float8", "closed": "boolean", "facets": "text[]", "hours": "int4multirange",
    "minimum_age": "smallint", "maximum_age": "smallint", "document": "tsvector",
}  # fmt: skip
_TRAVELS = {"text[]": "text", "tsvector": "text", "int4multirange": "text"}
_READS = {
    "areas": f"string_to_array(s.areas, '{_SEPARATOR}')",
    "facets": f"string_to_array(s.facets, '{_SEPARATOR}')",
    "hours": "CAST(s.hours AS int4multirange)",
    "document": f"array_to_tsvector(string_to_array(s.document, '{_SEPARATOR}') || ARRAY["
    + ", ".join(f"'{BUCKET}{level}:' || s.place / {size}" for level, size in enumerate(RUNS))
    + "])",
}
# A service keeps its place; a new one takes the next.
_PLACED = """(SELECT s.*, COALESCE((SELECT p.place FROM service_search p WHERE p.service_id = s.service_id),
  nextval(pg_get_serial_sequence('service_search', 'place'))) AS place FROM s)"""
_UPSERT = text(
    f"WITH s AS (SELECT * FROM unnest("  # noqa: S608 - built of constants, values are bound
    f"{', '.join(f'CAST(:{c} AS {_TRAVELS.get(sql, sql)}[])' for c, sql in _COLUMNS.items())}) "
    f"AS s({', '.join(_COLUMNS)})) INSERT INTO service_search ({', '.join(_COLUMNS)}, place) "
    f"SELECT {', '.join(_READS.get(c, f's.{c}') for c in _COLUMNS)}, s.place FROM {_PLACED} s "
    "ON CONFLICT (service_id) DO UPDATE SET " + ", ".join(f"{c} = excluded.{c}" for c in _COLUMNS if c != "service_id")
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
    columns: dict[str, list[object]] = {name: [] for name in _COLUMNS}
    for row, facts in zip(rows, made, strict=True):
        for name, value in zip(
            columns,
            (facts.id, row.organization_id, facts.title, facts.haystack, _SEPARATOR.join(facts.areas), facts.latitude,
             facts.longitude, facts.closed, _SEPARATOR.join(facts.facets()), row.hours, row.minimum_age,
             row.maximum_age, _SEPARATOR.join(facts.document(known))),
            strict=True,
        ):  # fmt: skip
            columns[name].append(value)
    return columns
