"""What sources said beyond the standard: columns of their own, rows of tables there is no place for. Kept, and listed.

Nothing of a confidential place: left out is what was said of the place, of the services there, of the agency that has
it, and of whatever belongs to one of them; a column nobody knows may hold an address (DVPA 56). `hiding.shed` empties
it for good; what is not emptied yet is counted.
"""

from __future__ import annotations

import asyncio
import csv
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Literal
from uuid import UUID

import orjson
from sqlalchemy import TextClause
from sqlmodel.ext.asyncio.session import AsyncSession

from .exporting import at_one_moment
from .hsds import ENTITIES
from .sheets import harmless
from .sql import Fragment, joined, literal, name, sql, statement

KEPT = "kept_row"
AsideFormat = Literal["csv", "json"]
_PAGE = 2000
_FIRST = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Aside:
    """What a row of a source said that has no column here. `entity`: of HSDS, or the table as the source called it."""

    id: UUID
    table: str
    entity: str
    source: str
    source_id: str
    said: dict[str, str]


@dataclass(frozen=True, slots=True)
class AsideCount:
    """How many rows of an entity said more; `hidden` of them have to do with a confidential place."""

    entity: str
    source: str
    rows: int
    hidden: int


_SECRET = sql(
    "WITH hid AS MATERIALIZED (SELECT id, source, source_id, organization_id FROM location "
    "WHERE location_type = 'confidential'), "
    "there AS MATERIALIZED (SELECT k.id, k.source, k.source_id, k.service_id FROM service_at_location k "
    "WHERE k.location_id IN (SELECT id FROM hid)), "
    "served AS MATERIALIZED (SELECT s.id, s.source, s.source_id, s.organization_id FROM service s "
    "WHERE s.id IN (SELECT service_id FROM there)), "
    "run AS MATERIALIZED (SELECT o.id, o.source, o.source_id FROM organization o "
    "WHERE o.id IN (SELECT organization_id FROM hid UNION SELECT organization_id FROM served)), "
    "told AS MATERIALIZED (SELECT source, entity, source_id, id FROM sheltered "
    "UNION SELECT source, 'location', source_id, id FROM hid "
    "UNION SELECT source, 'service_at_location', source_id, id FROM there "
    "UNION SELECT source, 'service', source_id, id FROM served "
    "UNION SELECT source, 'organization', source_id, id FROM run), "
    "called AS MATERIALIZED (SELECT c.id FROM contact c WHERE c.service_id IN (SELECT id FROM told) "
    "OR c.organization_id IN (SELECT id FROM told) OR c.location_id IN (SELECT id FROM told) "
    "OR c.service_at_location_id IN (SELECT id FROM told)), "
    "rung AS MATERIALIZED (SELECT p.id FROM phone p WHERE p.service_id IN (SELECT id FROM told) "
    "OR p.organization_id IN (SELECT id FROM told) OR p.contact_id IN (SELECT id FROM called)), "
    "secret AS MATERIALIZED (SELECT id FROM told UNION SELECT id FROM called UNION SELECT id FROM rung "
    "UNION SELECT p.id FROM program p WHERE p.organization_id IN (SELECT id FROM told)) "
)
_OWNERS = {"service": (), "location": (), "organization": ()}
"""Entities that are told of by themselves; any other is with what it belongs to."""
_HIDDEN_ROW = {
    KEPT: sql(
        "COALESCE((t.source, 'location', t.extra ->> 'location_id') IN (SELECT source, entity, source_id FROM told) "
        "OR (t.source, 'service', t.extra ->> 'service_id') IN (SELECT source, entity, source_id FROM told) "
        "OR (t.source, 'organization', t.extra ->> 'organization_id') IN (SELECT source, entity, source_id FROM told) "
        "OR (t.source, 'service_at_location', t.extra ->> 'service_at_location_id') "
        "IN (SELECT source, entity, source_id FROM told), false)"
    ),
    "source_metadata": sql(
        "(t.source, t.resource_type, t.resource_id) IN (SELECT source, entity, source_id FROM told)"
    ),
}


def _hidden(table: str) -> Fragment:
    """SQL over the row `t`: whether it has to do with a confidential place."""
    if table in _HIDDEN_ROW:
        return _HIDDEN_ROW[table]
    columns = ["id"] if table in _OWNERS else ["id", *(r.column for r in ENTITIES[table].relations)]
    return joined(" OR ", [sql("COALESCE(t.{c} IN (SELECT id FROM secret), false)", c=name(c)) for c in columns])


def _entity(table: str) -> Fragment:
    return sql("t.entity") if table == KEPT else literal(table)


def _page(table: str) -> TextClause:
    return statement(
        "{secret} SELECT t.id, {entity}, t.source, t.source_id, t.extra FROM {table} t WHERE t.id > :after "
        "AND t.extra <> '{{}}' AND (:source = '' OR t.source = :source) AND (:entity = '' OR {entity} = :entity) "
        "AND NOT ({hidden}) ORDER BY t.id LIMIT :most",
        secret=_SECRET,
        entity=_entity(table),
        table=name(table),
        hidden=_hidden(table),
    )


def _count(table: str) -> TextClause:
    return statement(
        "{secret}, found AS (SELECT {entity} AS entity, t.source, ({hidden}) AS hidden FROM {table} t "
        "WHERE t.extra <> '{{}}') SELECT entity, source, count(*) FILTER (WHERE NOT hidden), "
        "count(*) FILTER (WHERE hidden) FROM found GROUP BY 1, 2 ORDER BY 1, 2",
        secret=_SECRET,
        entity=_entity(table),
        table=name(table),
        hidden=_hidden(table),
    )


TABLES = (*ENTITIES, KEPT)
_PAGES = {table: _page(table) for table in TABLES}
_COUNTS = {table: _count(table) for table in TABLES}


async def aside(
    session: AsyncSession, most: int, after: tuple[str, UUID] | None = None, *, entity: str = "", source: str = ""
) -> list[Aside]:
    """At most so many rows in the order of the tables, then of their ids, after (table, id); of one entity or source.

    Raises ValueError for a table there is not.
    """
    table, key = after or (TABLES[0], _FIRST)
    tables = TABLES[TABLES.index(table) :]
    if entity:
        tables = tuple(t for t in tables if t == (entity if entity in ENTITIES else KEPT))
    found: list[Aside] = []
    for at in tables:
        given = {"after": key if at == table else _FIRST, "most": most - len(found), "entity": entity, "source": source}
        rows = (await session.execute(_PAGES[at], given)).all()
        found += [Aside(row[0], at, row[1], row[2], row[3], _texts(row[4])) for row in rows]
        if len(found) >= most:
            break
    return found


def _texts(extra: dict[str, Any]) -> dict[str, str]:
    return {key: value if isinstance(value, str) else orjson.dumps(value).decode() for key, value in extra.items()}


async def counts(session: AsyncSession) -> list[AsideCount]:
    """How many rows said more, by entity and source. Reads every table once."""
    found: list[AsideCount] = []
    for table in TABLES:
        found += [AsideCount(*row) for row in (await session.execute(_COUNTS[table])).all()]
    return found


async def _all(session: AsyncSession) -> AsyncIterator[list[Aside]]:
    after: tuple[str, UUID] | None = None
    while rows := await aside(session, _PAGE, after):
        yield rows
        after = rows[-1].table, rows[-1].id


COLUMNS = ("entity", "source", "source_id", "id", "column", "value")


async def export_aside(session: AsyncSession, path: Path, form: AsideFormat) -> int:
    """Write all of it: CSV with a line a value, or a JSON list with an object a row. Answers how many rows."""
    await at_one_moment(session)
    count = 0
    with _writing(path, form) as file:
        write = _csv(file) if form == "csv" else _json(file)
        write.send(None)
        async for rows in _all(session):
            await asyncio.to_thread(_put, write, rows)  # whoever makes the file has other things to do meanwhile
            count += len(rows)
        write.close()
    return count


def _put(write: Any, rows: Sequence[Aside]) -> None:
    for row in rows:
        write.send(row)


def _writing(path: Path, form: AsideFormat) -> IO[str]:
    return path.open("w", encoding="utf-8-sig" if form == "csv" else "utf-8", newline="")


def _csv(file: IO[str]) -> Any:
    writer = csv.writer(file)
    writer.writerow(COLUMNS)
    while True:
        row = yield
        for column, value in row.said.items():
            cells: Sequence[str] = (row.entity, row.source, row.source_id, str(row.id), column, value)
            writer.writerow([harmless(cell) for cell in cells])


def _json(file: IO[str]) -> Any:
    before = "["
    try:
        while True:
            row = yield
            said = {"entity": row.entity, "source": row.source, "source_id": row.source_id, "id": str(row.id)}
            file.write(f"{before}\n{orjson.dumps(said | {'said': row.said}).decode()}")
            before = ","
    finally:
        file.write("[]\n" if before == "[" else "\n]\n")
