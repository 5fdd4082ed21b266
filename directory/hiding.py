"""Making a place confidential: everything that tells where it is goes first, or the database refuses (DVPA 56).

What may stay at a confidential place: a neutral name, its services, its opening hours, its languages, and
accessibility by our own codes. A telephone is found in a reverse directory, a contact is followed home, a page shows
the house, an id in a register of buildings is an address, and free text says anything: they belong to the service or
the agency. The database holds this with checks and triggers (migration 0002); here is what empties a place, and what
sources said beyond the standard of whatever has to do with one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import TextClause, text
from sqlmodel.ext.asyncio.session import AsyncSession

from .refresh import ADDRESS_SAYS, AREAS_SAID, coarse, forget_areas, middles, refresh_services
from .sql import Fragment, name, sql, statement


def _empty(which: Fragment) -> TextClause:
    """Delete or blank whatever tells of the places `which` selects from `location l`. Each table is touched once."""
    return statement(
        "WITH hid AS (SELECT l.id FROM location l WHERE {which}), "
        "there AS (SELECT k.id FROM service_at_location k WHERE k.location_id IN (SELECT id FROM hid)), "
        "a AS (DELETE FROM address WHERE location_id IN (SELECT id FROM hid)), "
        "b AS (DELETE FROM phone WHERE location_id IN (SELECT id FROM hid) "
        "OR service_at_location_id IN (SELECT id FROM there) OR contact_id IN (SELECT c.id FROM contact c "
        "WHERE c.location_id IN (SELECT id FROM hid) OR c.service_at_location_id IN (SELECT id FROM there))), "
        "c AS (DELETE FROM attribute WHERE link_id IN (SELECT id FROM hid UNION ALL SELECT id FROM there "
        "UNION ALL SELECT x.id FROM accessibility x WHERE x.location_id IN (SELECT id FROM hid) "
        "UNION ALL SELECT x.id FROM language x WHERE x.location_id IN (SELECT id FROM hid) "
        "UNION ALL SELECT x.id FROM schedule x WHERE x.location_id IN (SELECT id FROM hid) "
        "OR x.service_at_location_id IN (SELECT id FROM there))), "
        "d AS (UPDATE accessibility SET description = code, details = '', url = '', extra = '{{}}' "
        "WHERE location_id IN (SELECT id FROM hid) AND code IS NOT NULL), "
        "e AS (UPDATE language SET note = '', extra = '{{}}' WHERE location_id IN (SELECT id FROM hid)), "
        "f AS (UPDATE schedule SET description = '', notes = '', attending_type = '', schedule_link = '', "
        "extra = '{{}}' WHERE location_id IN (SELECT id FROM hid) "
        "OR service_at_location_id IN (SELECT id FROM there)), "
        "g AS (UPDATE service_at_location SET description = '', extra = '{{}}' WHERE id IN (SELECT id FROM there)) "
        "SELECT count(*) FROM hid",
        which=which,
    )


def _of(which: Fragment, table: str, rest: Fragment) -> TextClause:
    return statement(
        "DELETE FROM {table} t USING location l WHERE {which} AND (t.location_id = l.id {rest})",
        table=name(table),
        which=which,
        rest=rest,
    )


_AT_SERVICE = sql("OR t.service_at_location_id IN (SELECT k.id FROM service_at_location k WHERE k.location_id = l.id)")
_BY_SOURCE = sql("l.source = :source AND l.source_id = ANY(CAST(:ids AS text[]))")
_BY_ID = sql("l.id = :id")


def _steps(which: Fragment) -> tuple[TextClause, ...]:
    # A contact goes after its telephones, and what no code of ours says about accessibility goes altogether.
    return (_empty(which), _of(which, "contact", _AT_SERVICE), _of(which, "accessibility", sql("AND t.code IS NULL")))


_EMPTY_BY_SOURCE, _EMPTY_BY_ID = _steps(_BY_SOURCE), _steps(_BY_ID)


# An area derived from addresses says where they are, and its middle is theirs. All that the place's own addresses
# yield is emptied, whether or not its services still have it: others may, and have that middle for want of their own.
# So is what else has its position: a town that an address of before spoke of.
# The middle then becomes that of the places that are open.
def _leave_areas(which: Fragment) -> TextClause:
    return statement(
        "WITH RECURSIVE hid AS (SELECT l.id, {lat} AS latitude, {lon} AS longitude FROM location l "
        "WHERE {which} AND l.location_type <> 'confidential'), "
        "spot AS (SELECT {says} FROM address a WHERE a.location_id IN (SELECT id FROM hid)), "
        "coded AS (SELECT {codes} FROM spot), "
        "gone AS (DELETE FROM service_area x USING service_at_location k "
        "WHERE k.location_id IN (SELECT id FROM hid) AND x.service_id = k.service_id "
        "AND (x.derived OR x.area_code LIKE '~%') "
        "RETURNING x.area_code), "
        "up AS (SELECT area_code AS code FROM gone UNION SELECT unnest(ARRAY[c0, c1, c2]) FROM coded "
        "UNION SELECT a.parent FROM up JOIN area a ON a.code = up.code WHERE a.parent IS NOT NULL), "
        "emptied AS (UPDATE area SET latitude = NULL, longitude = NULL "
        "WHERE code LIKE '~%' AND (code IN (SELECT code FROM up) "
        "OR (latitude, longitude) IN (SELECT h.latitude, h.longitude FROM hid h)) RETURNING code) "
        "SELECT DISTINCT x.service_id FROM service_area x WHERE x.area_code IN (SELECT code FROM emptied) "
        "AND NOT EXISTS (SELECT FROM service_at_location k JOIN location l ON l.id = k.location_id "
        "WHERE k.service_id = x.service_id AND l.latitude IS NOT NULL AND l.id NOT IN (SELECT id FROM hid))",
        which=which,
        says=ADDRESS_SAYS,
        codes=AREAS_SAID,
        lat=coarse(sql("l.latitude")),
        lon=coarse(sql("l.longitude")),
    )


_LEAVE_BY_SOURCE, _LEAVE_BY_ID = _leave_areas(_BY_SOURCE), _leave_areas(_BY_ID)
_HIDE = text(
    "UPDATE location SET location_type = 'confidential', name = :name, name_i18n = '{}', alternate_name = '', "
    "description = '', transportation = '', url = '', latitude = NULL, longitude = NULL, external_identifier = '', "
    "external_identifier_type = '', area_code = NULL, extra = '{}' WHERE id = :id RETURNING id"
)


_SECRETS = text(
    "SELECT md5(concat((SELECT string_agg(id::text, ',' ORDER BY id) FROM location WHERE location_type = "
    "'confidential'), '/', (SELECT string_agg(id::text, ',' ORDER BY id) FROM sheltered), '/', "
    "(SELECT string_agg(id::text, ',' ORDER BY id) FROM history_purge WHERE agreed)))"
)


async def secrets(session: AsyncSession) -> str:
    """A fingerprint of what is confidential or beside that, and of what is forgotten, in this transaction's sight."""
    return str((await session.execute(_SECRETS)).scalar_one())


_SHED = text("SELECT directory_shed(CAST(:run AS uuid))")
_SERVICES = text("SELECT DISTINCT service_id FROM service_at_location WHERE location_id = :id")


@dataclass(frozen=True, slots=True)
class Shed:
    """How many rows lost something; `dropped`: of the import's own rows of tables there is no place for, by table."""

    emptied: int
    dropped: dict[str, int]


async def shed(session: AsyncSession, run: UUID | None = None) -> Shed:
    """Forget what sources said beyond the standard of places that are confidential, the services there, their agencies.

    And of whatever has ever been so. `run`: after that import.
    """
    return Shed(**(await session.execute(_SHED, {"run": run})).scalar_one())


async def empty_places(session: AsyncSession, source: str, ids: list[str]) -> Sequence[UUID]:
    """Forget whatever an earlier import told of these locations (ids of the source), which are to be confidential.

    Answers other services that stand at an area's middle which was theirs: they are to be refreshed at the end, when
    the area may have another.
    """
    given = {"source": source, "ids": ids}
    around: Sequence[UUID] = (await session.execute(_LEAVE_BY_SOURCE, given)).scalars().all()
    for step in _EMPTY_BY_SOURCE:
        await session.execute(step, given)
    return around


_UNSAID = statement(
    "WITH spot AS (SELECT {says} FROM service_at_location k JOIN address a ON a.location_id = k.location_id "
    "WHERE k.service_id = :id), coded AS (SELECT {codes} FROM spot) "
    "DELETE FROM service_area x WHERE x.service_id = :id AND (x.derived OR x.area_code LIKE '~%') "
    "AND NOT EXISTS (SELECT FROM coded WHERE x.area_code IN (c0, c1, c2)) "
    "AND NOT EXISTS (SELECT FROM service_at_location k JOIN location l ON l.id = k.location_id "
    "WHERE k.service_id = :id AND l.area_code = x.area_code)",
    says=ADDRESS_SAYS,
    codes=AREAS_SAID,
)


async def leave_areas(session: AsyncSession, service: UUID) -> None:
    """Forget the areas derived from places a service at a confidential place is no longer given at.

    Whoever takes the open place away and puts a confidential one in its stead means the same house, as like as not.
    """
    await session.execute(_UNSAID, {"id": service})
    await forget_areas(session)


async def hide_location(session: AsyncSession, location: UUID, name: str = "") -> bool:
    """Make a location confidential under a neutral name, and forget where it is, its past with it. False: none such.

    Routing and search are brought in step; coverage (`coverage_keeping.keep`) of its services is the caller's.
    """
    around = set((await session.execute(_LEAVE_BY_ID, {"id": location})).scalars().all())
    for step in _EMPTY_BY_ID:
        await session.execute(step, {"id": location})
    if (await session.execute(_HIDE, {"id": location, "name": name})).first() is None:
        return False
    await shed(session)
    await forget_areas(session)
    around |= set(await middles(session))
    around |= set((await session.execute(_SERVICES, {"id": location})).scalars().all())
    await refresh_services(session, sorted(around))
    return True
