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
from .hiding import hide_location, leave_areas, shed
from .kept import ABOUT, DETAILS, SECTIONS, PlaceRow, Sheet
from .refresh import refresh_services
from .sql import listed, name, sql, statement
from .taxonomy import NEEDS

SOURCE = "hub"
"""Whose data it is that people write here."""

_HOLD = text("SELECT id FROM service WHERE id = :id FOR NO KEY UPDATE")
_ADD = text(
    "INSERT INTO service (id, source, source_id, organization_id, name, last_modified) "
    "SELECT CAST(:id AS uuid), 'hub', CAST(CAST(:id AS uuid) AS text), o.id, '', CAST(:now AS timestamptz) "
    "FROM organization o WHERE o.id = :organization RETURNING id"
)
_SERVICE = statement(
    "UPDATE service SET {about}, name_i18n = CAST(:names AS jsonb), "
    "eligibility_description = :eligibility_description, minimum_age = :minimum_age, maximum_age = :maximum_age, "
    "genders = CAST(:genders AS text[]), last_modified = :now WHERE id = :id",
    about=listed(ABOUT, "{name} = :{name}"),
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
    around = {key}
    if "places" in sections:  # before the areas: a place that is hidden must find those that were derived from it
        around |= await _places(session, before, after)
    for codes in ("needs", "areas", "languages"):
        if codes in sections:
            await _codes(session, codes, key, getattr(before, codes), getattr(after, codes))
    for rows in DETAILS:
        if rows in sections:
            await _details(session, rows, key, getattr(before, rows), getattr(after, rows))
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
_NEW_CODES = sql("FROM unnest(CAST(:codes AS text[])) AS c(code) WHERE NOT EXISTS (SELECT FROM")
_ADD_CODES = {
    "needs": statement(
        "INSERT INTO attribute (source, source_id, service_id, taxonomy_term_id) "
        "SELECT 'hub', CAST(CAST(:id AS uuid) AS text) || '/' || c.code, :id, "
        "(SELECT t.id FROM taxonomy_term t WHERE t.source = 'hub' AND t.source_id = c.code) {new_codes} attribute b "
        "JOIN taxonomy_term t ON t.id = b.taxonomy_term_id WHERE b.service_id = :id AND t.need = c.code)",
        new_codes=_NEW_CODES,
    ),
    "areas": statement(
        "INSERT INTO service_area (source, source_id, service_id, area_code) "
        "SELECT 'hub', CAST(CAST(:id AS uuid) AS text) || '/' || c.code, :id, c.code {new_codes} service_area x "
        "WHERE x.service_id = :id AND x.area_code = c.code)",
        new_codes=_NEW_CODES,
    ),
    "languages": statement(
        "INSERT INTO language (source, source_id, service_id, name, code) "
        "SELECT 'hub', CAST(CAST(:id AS uuid) AS text) || '/' || c.code, :id, c.code, c.code {new_codes} language g "
        "WHERE g.service_id = :id AND g.code = c.code)",
        new_codes=_NEW_CODES,
    ),
}
# What was derived from addresses and a person leaves standing beside areas of theirs is said by them from now on.
_KEEP_AREAS = text(
    "UPDATE service_area SET derived = false, source = 'hub', source_id = CAST(service_id AS text) || '/' || area_code "
    "WHERE service_id = :id AND derived AND area_code = ANY(CAST(:codes AS text[]))"
)
_OWN_TERMS = text(
    "INSERT INTO taxonomy_term (source, source_id, code, name, need) SELECT 'hub', s.code, s.code, s.name, s.code "
    "FROM unnest(CAST(:codes AS text[]), CAST(:names AS text[])) AS s(code, name) "
    "ON CONFLICT (source, source_id) DO NOTHING"
)


async def _codes(session: AsyncSession, section: str, key: UUID, before: Sequence[str], codes: Sequence[str]) -> None:
    """Rows that are no more than a code beside the service. What an import said without a code of ours stays.

    A code that was there is not put again: an area may just have gone with the place it was derived from.
    """
    if section == "needs":
        names = [NEEDS[code].names["en"] for code in codes]
        await session.execute(_OWN_TERMS, {"codes": list(codes), "names": names})
    await session.execute(_FORGET_CODES[section], {"id": key, "codes": list(codes)})
    if section == "areas":
        await session.execute(_KEEP_AREAS, {"id": key, "codes": list(codes)})
    await session.execute(_ADD_CODES[section], {"id": key, "codes": [code for code in codes if code not in before]})


@lru_cache
def _detail(section: str, owned_by: str) -> tuple[TextClause, TextClause, TextClause]:
    """Delete, change and add a row of a section of what the column `owned_by` names."""
    table, _row, columns = DETAILS[section]
    of, owner = name(table), name(owned_by)
    return (
        statement("DELETE FROM {of} WHERE {owner} = :owner AND id = ANY(CAST(:ids AS uuid[]))", of=of, owner=owner),
        statement(
            "UPDATE {of} SET {sets} WHERE {owner} = :owner AND id = :id",
            of=of,
            owner=owner,
            sets=listed(columns, "{name} = :{name}"),
        ),
        statement(
            "INSERT INTO {of} (id, source, source_id, {owner}, {columns}) "
            "VALUES (:id, 'hub', CAST(CAST(:id AS uuid) AS text), :owner, {values})",
            of=of,
            owner=owner,
            columns=listed(columns),
            values=listed(columns, ":{name}"),
        ),
    )


async def _details(
    session: AsyncSession,
    section: str,
    owner: UUID,
    before: Sequence[Any],
    after: Sequence[Any],
    owned_by: str = "service_id",
) -> None:
    forget, change, put = _detail(section, owned_by)
    known = {row.id: row for row in before}
    gone = known.keys() - {row.id for row in after}
    if gone:
        await session.execute(forget, {"owner": owner, "ids": sorted(gone)})
    for row in after:
        said = {**asdict(row), "owner": owner}
        if row.id is None:
            await session.execute(put, {**said, "id": uuid4()})
        elif known[row.id] != row:
            await session.execute(change, said)


async def write_details(
    session: AsyncSession, section: str, organization: UUID, before: Sequence[Any], after: Sequence[Any]
) -> None:
    """Bring an agency's own telephones or contacts from `before` to `after`, as `write` does those of a service."""
    await _details(session, section, organization, before, after, "organization_id")


_AT_PLACES = text("SELECT DISTINCT service_id FROM service_at_location WHERE location_id = ANY(CAST(:ids AS uuid[]))")
_LEAVE = text("DELETE FROM service_at_location WHERE service_id = :service AND location_id = :id")
# A place no service is given at any more is published no more, where it was this agency's. A confidential one that an
# import brought stays, with nothing in it: were it gone, the next import could bring it back open.
_ORPHAN = text(
    "SELECT l.id FROM location l WHERE l.id = :id AND (l.source = 'hub' OR l.location_type <> 'confidential') "
    "AND (l.organization_id IS NULL OR l.organization_id = :organization) "
    "AND NOT EXISTS (SELECT FROM service_at_location k WHERE k.location_id = l.id) FOR UPDATE"
)
_KEEP_DETAILS = text(
    "WITH a AS (UPDATE phone SET location_id = NULL WHERE location_id = :id "
    "AND num_nonnulls(service_id, organization_id) > 0), "
    "b AS (UPDATE contact SET location_id = NULL WHERE location_id = :id "
    "AND num_nonnulls(service_id, organization_id) > 0), "
    "c AS (UPDATE schedule SET location_id = NULL WHERE location_id = :id AND service_id IS NOT NULL) "
    "UPDATE language SET location_id = NULL WHERE location_id = :id AND service_id IS NOT NULL"
)
_FORGET_PLACE = text("DELETE FROM location WHERE id = :id")
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
    "longitude = CASE WHEN CAST(:moved AS boolean) THEN NULL ELSE longitude END "
    "WHERE id = :id AND location_type <> 'confidential'"
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
    around: set[UUID] = set((await session.execute(_AT_PLACES, {"ids": sorted(known)})).scalars().all())
    for key in known.keys() - {row.id for row in after.places}:
        await session.execute(_LEAVE, {"service": after.id, "id": key})
        if (await session.execute(_ORPHAN, {"id": key, "organization": after.organization_id})).first() is not None:
            await session.execute(_KEEP_DETAILS, {"id": key})
            await session.execute(_FORGET_PLACE, {"id": key})
    for row in after.places:
        if row.id is None:
            await _new_place(session, after, row)
        elif known[row.id] != row:
            await _change_place(session, known[row.id], row)
    if any(row.kind == "confidential" for row in after.places):
        await leave_areas(session, after.id)
    return around


async def _new_place(session: AsyncSession, of: Sheet, row: PlaceRow) -> None:
    given = {**asdict(row), "id": uuid4(), "service": of.id, "organization": of.organization_id}
    await session.execute(_PUT_PLACE, given)
    await session.execute(_LINK, given)
    if _address(row):
        await session.execute(_PUT_ADDRESS, given)
    if row.kind == "confidential":
        await shed(session)


async def _change_place(session: AsyncSession, was: PlaceRow, row: PlaceRow) -> None:
    assert row.id is not None
    if row.kind == "confidential":
        if was.kind == "confidential":
            await session.execute(_RENAME_PLACE, {"id": row.id, "name": row.name})
        else:  # its old name may be its street: it gets one anew, if any
            await hide_location(session, row.id, "")
        return
    given = {**asdict(row), "moved": _address(was) != _address(row) or was.area_code != row.area_code}
    await session.execute(_CHANGE_PLACE, given)
    if _address(was) != _address(row) and (await session.execute(_CHANGE_ADDRESS, given)).first() is None:
        await session.execute(_PUT_ADDRESS, given)


def _address(row: PlaceRow) -> tuple[str, ...]:
    """What is said of where it stands; empty where nothing is."""
    said = (row.address_1, row.address_2, row.city, row.postal_code)
    return said if any(said) else ()
