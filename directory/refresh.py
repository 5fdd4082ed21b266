"""Keeping what routing and search read in step with the entities: called by every write, set-based."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import TextClause, text
from sqlmodel.ext.asyncio.session import AsyncSession

from .gathering import gather
from .reports import Progress, Step
from .route_rows import write_routes
from .search_rows import COVERS as COVERS
from .search_rows import WITHIN as WITHIN
from .search_rows import Made, made, put, told, write_search
from .spelling import stems
from .sql import Fragment, joined, literal, replaced, sql, statement

_CHUNK = 1000
Standing = dict[str, list[float | None]]
"""Area -> its middle."""
# Look-ups that answer one value: EXISTS might be answered by reading all agencies and places, once a chunk.
_BY_RUN = sql(
    "(s.seen = :run OR COALESCE((SELECT o.seen = :run FROM organization o WHERE o.id = s.organization_id), false) "
    "OR COALESCE((SELECT bool_or((SELECT l.seen = :run FROM location l WHERE l.id = k.location_id)) "
    "FROM service_at_location k WHERE k.service_id = s.id), false))"
)

ADDRESS_SAYS = sql(
    r"upper(trim(a.country)) AS country, upper(trim(a.state_province)) AS state, "
    r"regexp_replace(trim(a.city), '\s+', ' ', 'g') AS city"
)
AREAS_SAID = sql(
    "'~' || country AS c0, '~' || country || '/' || state AS c1, "
    "'~' || country || '/' || state || '/' || lower(city) AS c2"
)
"""What an address `a` says of its country, state and city, and the codes of the areas that are derived from that."""

# Places named by the addresses of services that say nowhere where they serve; `~` marks what nobody declared.
_ANY_PLACES = sql(
    """
WITH bare AS (
  SELECT s.id FROM service s WHERE NOT EXISTS (SELECT FROM service_area x WHERE x.service_id = s.id AND NOT x.derived)),
spot AS (
  SELECT b.id AS service_id, l.latitude, l.longitude, {says}
  FROM bare b JOIN service_at_location k ON k.service_id = b.id
  JOIN location l ON l.id = k.location_id AND l.area_code IS NULL
  JOIN address a ON a.location_id = l.id AND a.address_type = 'physical'
  WHERE trim(a.state_province) <> '' OR trim(a.country) <> ''),
coded AS (SELECT *, {codes} FROM spot)
""",
    says=ADDRESS_SAYS,
    codes=AREAS_SAID,
)
_PLACES = replaced(_ANY_PLACES, "WHERE NOT EXISTS", sql("WHERE s.seen = :run AND NOT EXISTS"))


def coarse(degrees: Fragment) -> Fragment:
    """Degrees to the next twentieth (5.5 km): the middle of what one address made up tells of it no more than that."""
    return sql("CAST(round(round(CAST({degrees} AS numeric), 6) * 20) / 20 AS float8)", degrees=degrees)


_COARSE = {"lat": coarse(sql("lat")), "lon": coarse(sql("lon"))}

_PLACE = sql(
    """place AS (
  SELECT c0 AS code, NULL AS parent, 'country' AS kind, max(country) AS name, avg(latitude) AS lat,
    avg(longitude) AS lon FROM coded WHERE country <> '' GROUP BY c0
  UNION ALL SELECT c1, CASE WHEN max(country) <> '' THEN max(c0) END, 'state', max(state), avg(latitude),
    avg(longitude) FROM coded WHERE state <> '' GROUP BY c1
  UNION ALL SELECT c2, CASE WHEN max(state) <> '' THEN max(c1) ELSE max(c0) END, 'city', max(city), avg(latitude),
    avg(longitude) FROM coded WHERE city <> '' GROUP BY c2)"""
)
_INSERT_PLACES = statement(
    """{places}, {place}
INSERT INTO area AS t (code, parent, kind, names, latitude, longitude)
SELECT code, parent, kind, jsonb_build_object('en', name), {lat}, {lon} FROM place
ON CONFLICT (code) DO UPDATE SET latitude = COALESCE(excluded.latitude, t.latitude),
  longitude = COALESCE(excluded.longitude, t.longitude)""",
    places=_PLACES,
    place=_PLACE,
    lat=_COARSE["lat"],
    lon=_COARSE["lon"],
)

_MIDDLES = statement(
    """{places}, {place}
UPDATE area t SET latitude = {lat}, longitude = {lon} FROM place p
WHERE p.code = t.code AND t.code LIKE '~%' AND t.latitude IS NULL AND p.lat IS NOT NULL RETURNING t.code""",
    places=_ANY_PLACES,
    place=_PLACE,
    lat=_COARSE["lat"],
    lon=_COARSE["lon"],
)

_INSERT_DERIVED = statement(
    """{places},
target AS (
  SELECT DISTINCT service_id, CASE WHEN city <> '' THEN c2 WHEN state <> '' THEN c1 ELSE c0 END AS area FROM coded
  UNION
  SELECT b.id, l.area_code FROM bare b JOIN service_at_location k ON k.service_id = b.id
  JOIN location l ON l.id = k.location_id WHERE l.area_code IS NOT NULL)
INSERT INTO service_area AS t (source, source_id, seen, service_id, area_code, derived)
SELECT :source, '~' || service_id || '@' || area, CAST(:run AS uuid), service_id, area, true FROM target
ON CONFLICT (source, source_id) DO UPDATE SET seen = excluded.seen""",
    places=_PLACES,
)

# What a package says was derived, from addresses as they were then, stays only if it is derived again.
_DERIVED_AGAIN = text(
    "UPDATE service_area x SET seen = NULL FROM service s WHERE s.id = x.service_id AND s.seen = :run AND x.derived "
    "AND x.seen = :run AND x.area_code IS NOT NULL"
)
_FORGET_DERIVED = text(
    "DELETE FROM service_area x USING service s WHERE s.id = x.service_id AND s.seen = :run AND x.derived "
    "AND x.seen IS DISTINCT FROM :run"
)
_COARSEN = statement(
    "UPDATE area SET latitude = {lat}, longitude = {lon} WHERE code LIKE '~%' "
    "AND (latitude IS DISTINCT FROM {lat} OR longitude IS DISTINCT FROM {lon})",
    lat=coarse(sql("latitude")),
    lon=coarse(sql("longitude")),
)
# Whoever is about to use one holds it: hiding a place must not fail over that.
_FORGET_AREAS = text(
    "DELETE FROM area WHERE code IN (SELECT t.code FROM area t WHERE t.code LIKE '~%' "
    "AND NOT EXISTS (SELECT FROM area c WHERE c.parent = t.code) "
    "AND NOT EXISTS (SELECT FROM service_area x WHERE x.area_code = t.code) "
    "AND NOT EXISTS (SELECT FROM location l WHERE l.area_code = t.code) FOR UPDATE SKIP LOCKED)"
)
_LEVELS = 3  # a city, its state, its country


# Freshly filled tables have no statistics, and only their owner may gather them. So what needs whole tables is told to
# hash and merge them, what needs single rows to look them up; nothing is left to guess.
_WAYS = ("enable_nestloop", "enable_hashjoin", "enable_mergejoin", "enable_seqscan")


def _only(off: tuple[str, ...]) -> TextClause:
    ways = [
        sql("set_config({way}, {set}, true)", way=literal(way), set=literal("off" if way in off else "on"))
        for way in _WAYS
    ]
    # Costs that mean "not this way" would look like those of a query worth compiling.
    return statement("SELECT {ways}, set_config('jit', 'off', true)", ways=joined(", ", ways))


WHOLE_TABLES, AS_PLANNED = _only(_WAYS[:1]), _only(())
LOOK_UPS = _only(_WAYS[3:])
"""For the batches of an import: small joins as they please, but no table read whole for a few of its rows."""

# Rows are looked up where a subquery asks for one, and what was found is hashed. The index takes what is new in long
# lists: merging long ones costs a fraction, and a search reads them meanwhile, for some milliseconds.
_IN_BULK = text(
    "SELECT set_config('enable_nestloop', 'off', true), set_config('enable_mergejoin', 'off', true), "
    "set_config('enable_seqscan', 'off', true), set_config('work_mem', '64MB', true), "
    "set_config('gin_pending_list_limit', '8MB', true)"
)
_BULK_ENDS = text("SET LOCAL gin_pending_list_limit TO DEFAULT")


async def derive_areas(session: AsyncSession, source: str, run: UUID) -> None:
    """Give services of this import that declare no area the places of their open locations.

    Such an area's middle is that of its addresses, to a twentieth of a degree.
    """
    given = {"source": source, "run": run}
    for step in (_DERIVED_AGAIN, _INSERT_PLACES, _INSERT_DERIVED, _FORGET_DERIVED):
        await session.execute(step, given)
    await session.execute(_COARSEN)  # of a package that was exported elsewhere, or by an older version
    await forget_areas(session)
    await middles(session)


_NOWHERE = text("SELECT EXISTS (SELECT FROM area WHERE code LIKE '~%' AND latitude IS NULL)")
_AROUND = text(
    "SELECT DISTINCT x.service_id FROM service_area x WHERE x.area_code = ANY(CAST(:codes AS text[])) AND NOT EXISTS ("
    "SELECT FROM service_at_location k JOIN location l ON l.id = k.location_id "
    "WHERE k.service_id = x.service_id AND l.latitude IS NOT NULL) "
    "AND NOT EXISTS (SELECT FROM service s WHERE s.id = x.service_id AND s.seen = CAST(:run AS uuid))"
)
_STAND = text("SELECT code, latitude, longitude FROM area")


async def middles(session: AsyncSession) -> list[UUID]:
    """Give derived areas whose middle was a place's that is confidential now the middle of those that are open.

    Answers the services that stand there for want of a position of their own: they are to be refreshed.
    """
    if not (await session.execute(_NOWHERE)).scalar_one():
        return []
    return await _around(session, (await session.execute(_MIDDLES)).scalars().all())


async def standing(session: AsyncSession) -> Standing:
    """Where the areas' middles are."""
    return {code: middle for code, *middle in (await session.execute(_STAND)).all()}


async def displaced(session: AsyncSession, stood: Standing, run: UUID) -> list[UUID]:
    """The services an import has not touched whose position it has: that of an area, whose middle `stood` elsewhere."""
    now = await standing(session)
    return await _around(session, [code for code, middle in stood.items() if now.get(code, middle) != middle], run)


async def _around(session: AsyncSession, codes: Sequence[str], run: UUID | None = None) -> list[UUID]:
    """The services of these areas that have no position of their own, but those `run` has touched."""
    if not codes:
        return []
    return list((await session.execute(_AROUND, {"codes": codes, "run": run})).scalars().all())


async def forget_areas(session: AsyncSession) -> None:
    """Delete the derived areas nobody uses any more: each names a town where something is, or was."""
    for _ in range(_LEVELS):
        await session.execute(_FORGET_AREAS)


_TOUCHED = statement(
    "SELECT s.id, s.source, s.source_id FROM service s WHERE (s.source, s.source_id) > (:source, :key) AND {these} "
    "ORDER BY s.source, s.source_id LIMIT {chunk}",
    these=_BY_RUN,
    chunk=_CHUNK,
)


async def refresh_services(session: AsyncSession, ids: Sequence[UUID]) -> None:
    """Rebuild the routes and search rows of these services."""
    for start in range(0, len(ids), _CHUNK):
        these = ids[start : start + _CHUNK]
        rows = await gather(session, these)
        await write_routes(session, these, rows)
        await write_search(session, rows)


async def refresh_run(
    session: AsyncSession,
    run: UUID,
    progress: Progress | None = None,
    services: int = 0,
    around: Sequence[UUID] = (),
) -> None:
    """Rebuild the routes and search rows of every service an import touched, itself or through its agency or place.

    And of those `around` (`displaced`). In chunks, so that memory stays flat: while one is written, the next is made in
    a thread of its own. `services`, about how many there are, is for the progress alone.
    """
    await session.execute(_IN_BULK)
    await refresh_services(session, around)
    ready: Made | None = None
    done = 0
    ids, rows, source, key = await _touched(session, run, "", "")
    while ids:
        reading = asyncio.ensure_future(asyncio.to_thread(told, rows))
        if ready is not None:
            await put(session, ready)
        said = await reading
        making = asyncio.ensure_future(asyncio.to_thread(made, said, await stems(session, said.words)))
        await write_routes(session, ids, rows)
        done += len(ids)
        ids, rows, source, key = await _touched(session, run, source, key)
        ready = await making
        if progress is not None:
            progress(Step("search", done, min(1.0, done / services) if services else 0.0))
    await session.execute(_BULK_ENDS)
    if ready is not None:
        await put(session, ready)
    await session.execute(AS_PLANNED)


async def _touched(
    session: AsyncSession, run: UUID, source: str, key: str
) -> tuple[list[UUID], Sequence[Any], str, str]:
    """The next services an import touched, what is gathered of them, and where to go on."""
    found = (await session.execute(_TOUCHED, {"run": run, "source": source, "key": key})).all()
    if not found:
        return [], (), source, key
    ids = [row.id for row in found]
    return ids, await gather(session, ids), found[-1].source, found[-1].source_id
