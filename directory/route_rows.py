"""Writing the rows that routing reads, of what was gathered: one for each need in each area a service covers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from .packing import inner, pack, several, unpacked
from .sql import sql, statement
from .taxonomy import NEEDS

_COLUMNS = {
    "id": "uuid", "organization_id": "uuid", "network": "text", "closed": "text", "latitude": "float8",
    "longitude": "float8", "available": "integer", "updated": "timestamptz", "expires": "timestamptz",
    "hours": "int4multirange", "languages": "text", "accessibility": "text", "minimum_age": "smallint",
    "maximum_age": "smallint", "genders": "text", "needs": "text", "areas": "text",
}  # fmt: skip
_WRITE = statement(
    """
INSERT INTO service_route (need, area, service_id, organization_id, mandated, closed, latitude, longitude, available,
  updated, expires, hours, languages, accessibility, minimum_age, maximum_age, genders)
SELECT n.need, a.code, s.id, s.organization_id,
  COALESCE((n.need, s.network) IN (SELECT * FROM unnest(CAST(:duties AS text[]), CAST(:networks AS text[]))), false),
  s.closed, COALESCE(s.latitude, a.latitude), COALESCE(s.longitude, a.longitude), s.available, s.updated, s.expires,
  s.hours, {languages}, {accessibility}, s.minimum_age, s.maximum_age, {genders}
FROM {given} CROSS JOIN LATERAL unnest({needs}) AS n(need) CROSS JOIN LATERAL unnest({areas}) AS x(area)
CROSS JOIN LATERAL (SELECT a.code, a.latitude, a.longitude FROM area a WHERE a.code = x.area OFFSET 0) a
WHERE s.id IS NOT NULL""",
    given=unpacked(_COLUMNS.items()),
    languages=several(sql("s.languages")),
    accessibility=several(sql("s.accessibility")),
    genders=several(sql("s.genders")),
    needs=several(sql("s.needs")),
    areas=several(sql("s.areas")),
)
_FORGET = text("DELETE FROM service_route WHERE service_id = ANY(CAST(:ids AS uuid[]))")
_DUTIES = [(need.code, network) for need in NEEDS.values() for network in need.networks]


async def write_routes(session: AsyncSession, ids: Sequence[UUID], gathered: Sequence[Any]) -> None:
    """Rewrite the routes of these services."""
    await session.execute(_FORGET, {"ids": list(ids)})
    if routed := [row for row in gathered if row.needs and row.areas]:
        duties, networks = zip(*_DUTIES, strict=True)
        await session.execute(_WRITE, {"duties": duties, "networks": networks, **_columns(routed)})


def _columns(rows: Sequence[Any]) -> dict[str, str]:
    columns: dict[str, list[object]] = {column: [] for column in _COLUMNS}
    for row in rows:
        closed = "suspended" if row.standing == "suspended" else ""
        if not closed and (row.standing != "active" or row.status != "active"):
            closed = "closed"
        said = (
            row.id, row.organization_id, row.network, closed, row.latitude, row.longitude, row.available, row.updated,
            row.expires, row.hours, inner(row.languages), inner(row.accessibility), row.minimum_age, row.maximum_age,
            inner(row.genders), inner(row.needs), inner(row.areas),
        )  # fmt: skip
        for column, value in zip(columns.values(), said, strict=True):
            column.append(value)
    return {f"c_{column}": pack(values) for column, values in columns.items()}
