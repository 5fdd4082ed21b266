"""Making a place confidential: everything that tells where it is goes first, or the database refuses (DVPA 56).

What may stay at a confidential place: a neutral name, its services, its opening hours, its languages, and
accessibility by our own codes. A telephone is found in a reverse directory, a contact is followed home, a page shows
the house, an id in a register of buildings is an address, and free text says anything: they belong to the service or
the agency. The database holds this with checks and triggers (migration 0002); here is what empties a place.
"""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import TextClause, text
from sqlmodel.ext.asyncio.session import AsyncSession


def _empty(which: str) -> TextClause:
    """Delete or blank whatever tells of the places `which` selects from `location l`. Each table is touched once."""
    return text(
        f"WITH hid AS (SELECT l.id FROM location l WHERE {which}), "  # noqa: S608 - built of constants, values are bound
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
        "d AS (UPDATE accessibility SET description = code, details = '', url = '', extra = '{}' "
        "WHERE location_id IN (SELECT id FROM hid) AND code IS NOT NULL), "
        "e AS (UPDATE language SET note = '', extra = '{}' WHERE location_id IN (SELECT id FROM hid)), "
        "f AS (UPDATE schedule SET description = '', notes = '', attending_type = '', schedule_link = '', extra = '{}' "
        "WHERE location_id IN (SELECT id FROM hid) OR service_at_location_id IN (SELECT id FROM there)), "
        "g AS (UPDATE service_at_location SET description = '', extra = '{}' WHERE id IN (SELECT id FROM there)) "
        "SELECT count(*) FROM hid"
    )


def _of(which: str, table: str, rest: str) -> TextClause:
    return text(
        f"DELETE FROM {table} t USING location l WHERE {which} AND (t.location_id = l.id "  # noqa: S608 - built of constants, values are bound
        f"{rest})"
    )


_AT_SERVICE = "OR t.service_at_location_id IN (SELECT k.id FROM service_at_location k WHERE k.location_id = l.id)"
_BY_SOURCE = "l.source = :source AND l.source_id = ANY(CAST(:ids AS text[]))"
_BY_ID = "l.id = :id"


def _steps(which: str) -> tuple[TextClause, ...]:
    # A contact goes after its telephones, and what no code of ours says about accessibility goes altogether.
    return (_empty(which), _of(which, "contact", _AT_SERVICE), _of(which, "accessibility", "AND t.code IS NULL"))


_EMPTY_BY_SOURCE, _EMPTY_BY_ID = _steps(_BY_SOURCE), _steps(_BY_ID)
# An area derived from addresses says where they are, and its middle is theirs: both were of this place too. The
# middle comes back with the next import, from the places that are open then.
_AREAS = text(
    "WITH RECURSIVE gone AS (DELETE FROM service_area x USING service_at_location k "
    "WHERE k.location_id = :id AND x.service_id = k.service_id AND x.derived RETURNING x.area_code), "
    "up AS (SELECT area_code AS code FROM gone UNION SELECT a.parent FROM up JOIN area a ON a.code = up.code "
    "WHERE a.parent IS NOT NULL) "
    "UPDATE area SET latitude = NULL, longitude = NULL WHERE code IN (SELECT code FROM up) AND code LIKE '~%'"
)
_HIDE = text(
    "UPDATE location SET location_type = 'confidential', name = :name, name_i18n = '{}', alternate_name = '', "
    "description = '', transportation = '', url = '', latitude = NULL, longitude = NULL, external_identifier = '', "
    "external_identifier_type = '', area_code = NULL, extra = '{}' WHERE id = :id RETURNING id"
)


async def empty_places(session: AsyncSession, source: str, ids: list[str]) -> None:
    """Forget whatever an earlier import told of these locations (ids of the source), which are to be confidential."""
    for step in _EMPTY_BY_SOURCE:
        await session.execute(step, {"source": source, "ids": ids})


async def hide_location(session: AsyncSession, location: UUID, name: str = "") -> bool:
    """Make a location confidential under a neutral name, and forget where it is, its past with it. False: none such.

    Routing and search are the caller's to refresh (`refresh_services`): they hold no place of a confidential location.
    """
    for step in (*_EMPTY_BY_ID, _AREAS):
        await session.execute(step, {"id": location})
    return (await session.execute(_HIDE, {"id": location, "name": name})).first() is not None
