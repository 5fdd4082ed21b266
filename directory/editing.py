"""Writing a service by hand: the sections that differ are brought to what they shall be, and all that reads of them.

Who may is not asked here; whoever writes says who it was first (`history.said_by`). What is added has the source
`hub`, so no import takes it for its own; what an import brought keeps its identity, and its next one may change it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID, uuid4

import orjson
from sqlalchemy import TextClause, text
from sqlmodel.ext.asyncio.session import AsyncSession

from .actions import set_status
from .coverage_keeping import keep
from .hiding import hide_location
from .kept import ABOUT, DETAILS, SECTIONS, PlaceRow, Sheet
from .refresh import refresh_services
from .taxonomy import NEEDS

SOURCE = "hub"
"""Whose data it is that people write here."""

_HOLD = text("SELECT id FROM service WHERE id = :id FOR NO KEY UPDATE")
_ADD = text(
    "INSERT INTO service (id, source, source_id, organization_id, name, last_modified) "
    "SELECT CAST(:id AS uuid), 'hub', CAST(CAST(:id AS uuid) AS text), o.id, '', CAST(:now AS timestamptz) "
    "FROM organization o WHERE o.id = :organization RETURNING id"
)
_SERVICE = text(
    f"UPDATE service SET {', '.join(f'{name} = :{name}' for name in ABOUT)}, name_i18n = CAST(:names AS jsonb), "  # noqa: S608 - built of constants, values are bound
    "eligibility_description = :eligibility_description, minimum_age = :minimum_age, maximum_age = :maximum_age, "
    "genders = CAST(:genders AS text[]), last_modified = :now WHERE id = :id"
)


async def hold(session: AsyncSession, service_id: UUID) -> bool:
    """Keep a service to this transaction until it ends. False: there is none."""
    return (await session.execute(_HOLD, {"id": service_id})).first() is not None


async def add(session: AsyncSession, organization_id: UUID, now: datetime) -> UUID | None:
    """A new service of an agency, with nothing said of it yet: `write` says it. None: no such agency."""
    given = {"id": uuid4(), "organization": organization_id, "now": now}
    made: UUID | None = (await session.execute(_ADD, given)).scalar()
    return made


def changes(before: Sheet, after: Sheet) -> tuple[str, ...]:
    """The sections in which two sheets of a service differ."""
    return tuple(name for name in SECTIONS if getattr(before, name) != getattr(after, name))


async def write(session: AsyncSession, before: Sheet, after: Sheet, now: datetime) -> tuple[str, ...]:
    """Bring a held service from `before` to `after`, its routes, search row and coverage with it; what was changed.

    Rows of `after` without an id are new, rows of `before` it does not name go. A place that becomes confidential is
    emptied and its past forgotten (DVPA 56). The database refuses what its checks forbid.
    """
    sections, key = changes(before, after), after.id
    if "about" in sections or "whom" in sections:
        said = {name: getattr(after.about, name) for name in ABOUT}
        whom = {**asdict(after.whom), "genders": list(after.whom.genders)}
        await session.execute(
            _SERVICE, {**said, **whom, "names": orjson.dumps(after.about.names).decode(), "id": key, "now": now}
        )
    elif sections:
        await session.execute(_TOUCH, {"id": key, "now": now})
    for name in ("needs", "areas", "languages"):
        if name in sections:
            await _codes(session, name, key, getattr(after, name))
    for name in DETAILS:
        if name in sections:
            await _details(session, name, key, getattr(before, name), getattr(after, name))
    around = {key}
    if "places" in sections:
        around |= await _places(session, before, after)
    if sections:
        await refresh_services(session, sorted(around))
        await keep(session, sorted(around))
    return sections


async def reopen(session: AsyncSession, service_id: UUID) -> bool:
    """A service is offered again. Whether it was not."""
    return await set_status(session, [service_id], "active") > 0


_TOUCH = text("UPDATE service SET last_modified = :now WHERE id = :id")


_FORGET_CODES = {
    "needs": text(
        "DELETE FROM attribute b USING taxonomy_term t WHERE t.id = b.taxonomy_term_id AND b.service_id = :id "
        "AND t.need <> ALL(CAST(:codes AS text[]))"
    ),
    "areas": text("DELETE FROM service_area WHERE service_id = :id AND area_code <> ALL(CAST(:codes AS text[]))"),
    "languages": text("DELETE FROM language WHERE service_id = :id AND code <> ALL(CAST(:codes AS text[]))"),
}
_NEW_CODES = "FROM unnest(CAST(:codes AS text[])) AS c(code) WHERE NOT EXISTS (SELECT FROM"
_ADD_CODES = {
    "needs": text(
        "INSERT INTO attribute (source, source_id, service_id, taxonomy_term_id) "  # noqa: S608 - built of constants, values are bound
        "SELECT 'hub', CAST(CAST(:id AS uuid) AS text) || '/' || c.code, :id, "
        f"(SELECT t.id FROM taxonomy_term t WHERE t.source = 'hub' AND t.source_id = c.code) {_NEW_CODES} attribute b "
        "JOIN taxonomy_term t ON t.id = b.taxonomy_term_id WHERE b.service_id = :id AND t.need = c.code)"
    ),
    "areas": text(
        "INSERT INTO service_area (source, source_id, service_id, area_code) "
        f"SELECT 'hub', CAST(CAST(:id AS uuid) AS text) || '/' || c.code, :id, c.code {_NEW_CODES} service_area x "
        "WHERE x.service_id = :id AND x.area_code = c.code)"
    ),
    "languages": text(
        "INSERT INTO language (source, source_id, service_id, name, code) "
        f"SELECT 'hub', CAST(CAST(:id AS uuid) AS text) || '/' || c.code, :id, c.code, c.code {_NEW_CODES} language g "
        "WHERE g.service_id = :id AND g.code = c.code)"
    ),
}
_OWN_TERMS = text(
    "INSERT INTO taxonomy_term (source, source_id, code, name, need) SELECT 'hub', s.code, s.code, s.name, s.code "
    "FROM unnest(CAST(:codes AS text[]), CAST(:names AS text[])) AS s(code, name) "
    "ON CONFLICT (source, source_id) DO NOTHING"
)


async def _codes(session: AsyncSession, section: str, key: UUID, codes: Sequence[str]) -> None:
    """Rows that are no more than a code beside the service. What an import said without a code of ours stays."""
    given = {"id": key, "codes": list(codes)}
    if section == "needs":
        names = [NEEDS[code].names["en"] for code in codes]
        await session.execute(_OWN_TERMS, {"codes": list(codes), "names": names})
    await session.execute(_FORGET_CODES[section], given)
    await session.execute(_ADD_CODES[section], given)


@lru_cache
def _detail(section: str) -> tuple[TextClause, TextClause, TextClause]:
    """Delete, change and add a row of a section."""
    table, _row, columns = DETAILS[section]
    sets = ", ".join(f"{name} = :{name}" for name in columns)
    return (
        text(f"DELETE FROM {table} WHERE service_id = :service AND id = ANY(CAST(:ids AS uuid[]))"),  # noqa: S608 - built of constants, values are bound
        text(f"UPDATE {table} SET {sets} WHERE service_id = :service AND id = :id"),  # noqa: S608 - built of constants, values are bound
        text(
            f"INSERT INTO {table} (id, source, source_id, service_id, {', '.join(columns)}) "  # noqa: S608 - built of constants, values are bound
            "VALUES (:id, 'hub', CAST(CAST(:id AS uuid) AS text), :service, "
            f"{', '.join(f':{name}' for name in columns)})"
        ),
    )


async def _details(
    session: AsyncSession, section: str, service: UUID, before: Sequence[Any], after: Sequence[Any]
) -> None:
    forget, change, put = _detail(section)
    known = {row.id: row for row in before}
    gone = known.keys() - {row.id for row in after}
    if gone:
        await session.execute(forget, {"service": service, "ids": sorted(gone)})
    for row in after:
        said = {**asdict(row), "service": service}
        if row.id is None:
            await session.execute(put, {**said, "id": uuid4()})
        elif known[row.id] != row:
            await session.execute(change, said)


_AT_PLACES = text("SELECT DISTINCT service_id FROM service_at_location WHERE location_id = ANY(CAST(:ids AS uuid[]))")
_LEAVE = text("DELETE FROM service_at_location WHERE service_id = :service AND location_id = :id")
_FORGET_PLACE = text(
    "DELETE FROM location WHERE id = :id AND source = 'hub' "
    "AND NOT EXISTS (SELECT FROM service_at_location k WHERE k.location_id = :id)"
)
_PUT_PLACE = text(
    "INSERT INTO location (id, source, source_id, organization_id, location_type, name, area_code, transportation) "
    "VALUES (:id, 'hub', CAST(CAST(:id AS uuid) AS text), :organization, :kind, :name, :area_code, :transportation)"
)
_LINK = text(
    "INSERT INTO service_at_location (source, source_id, service_id, location_id) "
    "VALUES ('hub', CAST(CAST(:service AS uuid) AS text) || '/' || CAST(CAST(:id AS uuid) AS text), :service, :id)"
)
# Where the address is another one, the old coordinates would send people to the old door.
_CHANGE_PLACE = text(
    "UPDATE location SET location_type = :kind, name = :name, area_code = :area_code, "
    "transportation = :transportation, latitude = CASE WHEN CAST(:moved AS boolean) THEN NULL ELSE latitude END, "
    "longitude = CASE WHEN CAST(:moved AS boolean) THEN NULL ELSE longitude END WHERE id = :id"
)
_RENAME_PLACE = text("UPDATE location SET name = :name WHERE id = :id")
_CHANGE_ADDRESS = text(
    "UPDATE address SET address_1 = :address_1, address_2 = :address_2, city = :city, postal_code = :postal_code "
    "WHERE id = (SELECT d.id FROM address d WHERE d.location_id = :id ORDER BY d.address_type <> 'physical', d.id "
    "LIMIT 1) RETURNING id"
)
_PUT_ADDRESS = text(
    "INSERT INTO address (source, source_id, location_id, location_type, address_type, address_1, address_2, city, "
    "postal_code) VALUES ('hub', CAST(CAST(:id AS uuid) AS text), :id, :kind, :kind, :address_1, :address_2, :city, "
    ":postal_code)"
)


async def _places(session: AsyncSession, before: Sheet, after: Sheet) -> set[UUID]:
    """Bring the places about; answers every service given at one of them, to be refreshed."""
    known = {row.id: row for row in before.places if row.id is not None}
    rows = await session.execute(_AT_PLACES, {"ids": sorted(known)})
    around: set[UUID] = set(rows.scalars().all())
    for key in known.keys() - {row.id for row in after.places}:
        await session.execute(_LEAVE, {"service": after.id, "id": key})
        await session.execute(_FORGET_PLACE, {"id": key})
    for row in after.places:
        if row.id is None:
            await _new_place(session, after, row)
        elif known[row.id] != row:
            await _change_place(session, known[row.id], row)
    return around


async def _new_place(session: AsyncSession, of: Sheet, row: PlaceRow) -> None:
    given = {**asdict(row), "id": uuid4(), "service": of.id, "organization": of.organization_id}
    await session.execute(_PUT_PLACE, given)
    await session.execute(_LINK, given)
    if _address(row):
        await session.execute(_PUT_ADDRESS, given)


async def _change_place(session: AsyncSession, was: PlaceRow, row: PlaceRow) -> None:
    assert row.id is not None
    if row.kind == "confidential":
        if was.kind == "confidential":
            await session.execute(_RENAME_PLACE, {"id": row.id, "name": row.name})
        else:  # its old name may be its street: it gets one anew, if any
            await hide_location(session, row.id, "")
        return
    moved = _address(was) != _address(row) or was.area_code != row.area_code
    given = {**asdict(row), "moved": moved}
    await session.execute(_CHANGE_PLACE, given)
    if _address(was) != _address(row) and (await session.execute(_CHANGE_ADDRESS, given)).first() is None:
        await session.execute(_PUT_ADDRESS, given)


def _address(row: PlaceRow) -> tuple[str, ...]:
    """What is said of where it stands; empty where nothing is."""
    said = (row.address_1, row.address_2, row.city, row.postal_code)
    return said if any(said) else ()
