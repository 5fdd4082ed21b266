"""What the directory gives back: services, agencies and areas as lists show them. Rows, not entities."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from .facts import NEED
from .hot import Hot, fetch
from .sql import Fragment, joined, literal, name, sql, statement

MOST_ROWS = 100
OFFERS = sql(
    """exists (select from service_search q
    where q.service_id = s.id and q.document @@ quote_literal({mark} || cast(:need as text))::tsquery)""",
    mark=literal(NEED),
)
"""SQL: whether service `s` says that it is there for the need `:need`."""


@dataclass(frozen=True, slots=True)
class ServiceRow:
    """A service as lists show it. A place of its own is never among it; `metres` and `open` are of a search's rows."""

    id: UUID
    organization_id: UUID
    name: str
    name_i18n: dict[str, str]
    description: str
    status: str
    url: str
    email: str
    application_process: str
    fees_description: str
    eligibility_description: str
    minimum_age: int | None
    maximum_age: int | None
    genders: tuple[str, ...]
    organization_name: str
    organization_name_i18n: dict[str, str]
    network: str | None
    organization_status: str
    needs: tuple[str, ...]
    areas: tuple[str, ...]
    languages: tuple[str, ...]
    phones: tuple[str, ...]
    confidential: bool
    available: int | None
    unit: str | None
    capacity_updated: Any
    capacity_expires: Any
    open: bool | None = None
    """Whether it is open at the minute asked about; None: not asked, or its hours are not known."""
    metres: int | None = None
    """From the middle of the place asked about; None: not asked, not known, or confidential."""

    def title(self, language: str) -> str:
        """The service's name in a language, or as its agency wrote it."""
        return self.name_i18n.get(language) or self.name

    def agency(self, language: str) -> str:
        """The agency's name in a language, or as it wrote it."""
        return self.organization_name_i18n.get(language) or self.organization_name


@dataclass(frozen=True, slots=True)
class OrganizationRow:
    """An agency as lists show it."""

    id: UUID
    name: str
    name_i18n: dict[str, str]
    description: str
    network: str | None
    status: str
    email: str
    website: str
    source: str
    source_id: str
    services: int


@dataclass(frozen=True, slots=True)
class AreaRow:
    """An area and its names by language."""

    code: str
    parent: str | None
    kind: str
    names: dict[str, str]
    latitude: float | None
    longitude: float | None

    def title(self, language: str) -> str:
        """The area's name in a language, or in any."""
        return self.names.get(language) or next(iter(self.names.values()), self.code)


_LISTS = {
    "needs": sql(
        "ARRAY(SELECT DISTINCT t.need FROM attribute b JOIN taxonomy_term t ON t.id = b.taxonomy_term_id "
        "WHERE b.service_id = s.id AND t.need IS NOT NULL ORDER BY 1)"
    ),
    "areas": sql(
        "ARRAY(SELECT DISTINCT area_code FROM service_area WHERE service_id = s.id "
        "AND area_code IS NOT NULL ORDER BY 1)"
    ),
    "languages": sql(
        "ARRAY(SELECT DISTINCT code FROM language WHERE service_id = s.id AND code IS NOT NULL ORDER BY 1)"
    ),
    "phones": sql("ARRAY(SELECT number FROM phone WHERE service_id = s.id ORDER BY id)"),
    "genders": sql("s.genders"),
}
_CAPACITY = {
    "available": sql("c.available"), "unit": sql("c.unit"), "capacity_updated": sql("c.updated"),
    "capacity_expires": sql("c.expires"),
}  # fmt: skip
_OWNER = {
    "organization_name": sql("o.name"), "organization_name_i18n": sql("o.name_i18n"), "network": sql("o.network"),
    "organization_status": sql("o.status"),
}  # fmt: skip
_HIDDEN = {
    "confidential": sql(
        "EXISTS (SELECT FROM service_at_location k JOIN location l ON l.id = k.location_id "
        "WHERE k.service_id = s.id AND l.location_type = 'confidential')"
    )
}
_READ = tuple(f.name for f in fields(ServiceRow))[:-2]
_BLANK: dict[str, Any] = dict.fromkeys(_LISTS, ()) | {"name_i18n": {}, "organization_name_i18n": {}}
ALL = frozenset(_READ)
"""Every field that is read of a service."""


@dataclass(frozen=True, slots=True)
class Reading:
    """How some fields of services `s` are read: SQL without its condition, and how a row is made of it."""

    sql: Fragment
    columns: tuple[str, ...]

    def row(self, values: Sequence[Any], *, opened: bool | None = None, metres: int | None = None) -> ServiceRow:
        """The service of a row of this SQL; what was not read is empty."""
        given = dict(zip(self.columns, values, strict=True))
        made: list[Any] = [given.get(name, _BLANK.get(name)) for name in _READ]
        made = [tuple(v) if type(v) is list else v for v in made] + [opened, metres]
        return ServiceRow(*made)


@lru_cache(maxsize=256)
def reading(wanted: frozenset[str]) -> Reading:
    """How to read these fields (of ALL; the id always) of one service, to be ended by a condition on `s`."""
    columns = tuple(name for name in _READ if name in wanted or name == "id")
    known = _LISTS | _CAPACITY | _OWNER | _HIDDEN
    read = [
        sql("{what} AS {name}", what=known.get(column, sql("s.{name}", name=name(column))), name=name(column))
        for column in columns
    ]
    made = [sql("SELECT {read} FROM service s", read=joined(", ", read))]
    if _OWNER.keys() & wanted:
        made.append(sql("JOIN organization o ON o.id = s.organization_id"))
    if _CAPACITY.keys() & wanted:
        made.append(
            sql(
                "LEFT JOIN LATERAL (SELECT * FROM service_capacity WHERE service_id = s.id "
                "ORDER BY updated DESC, available DESC, id LIMIT 1) c ON true"
            )
        )
    return Reading(joined(" ", made), columns)


_SERVICES = statement("{read} WHERE s.id = ANY(CAST(:ids AS uuid[]))", read=reading(ALL).sql)
_ORGANIZATION_FIELDS = sql(
    "o.id, o.name, o.name_i18n, o.description, o.network, o.status, o.email, o.website, o.source, o.source_id, "
    "(SELECT count(*) FROM service s WHERE s.organization_id = o.id)"
)
_ORGANIZATION = statement(
    "SELECT {read} FROM organization o WHERE o.id = ANY(CAST(:ids AS uuid[]))", read=_ORGANIZATION_FIELDS
)
_ORGANIZATIONS = statement(
    "SELECT {read} FROM organization o WHERE o.id > CAST(:after AS uuid) "
    "AND (CAST(:network AS text) IS NULL OR o.network = :network) ORDER BY o.id LIMIT :rows",
    read=_ORGANIZATION_FIELDS,
)
_AREAS = text(
    "SELECT code, parent, kind, names, latitude, longitude FROM area "
    "WHERE (CAST(:parent AS text) IS NULL OR parent = :parent) AND (CAST(:kind AS text) IS NULL OR kind = :kind) "
    "AND (NOT :top OR parent IS NULL) ORDER BY code"
)
_CHAIN = Hot(
    sql(
        "WITH RECURSIVE up AS (SELECT code, parent, latitude, longitude FROM area WHERE code = :area "
        "UNION SELECT a.code, a.parent, a.latitude, a.longitude FROM up JOIN area a ON a.code = up.parent) "
        "SELECT code, latitude, longitude FROM up, "
        "(SELECT set_config('plan_cache_mode', 'force_generic_plan', true)) AS once"
    )
)


async def chain(session: AsyncSession, area: str) -> list[tuple[str, float | None, float | None]]:
    """The area and those that contain it, nearest first: (code, latitude, longitude). Empty: no such area.

    The transaction's statements are then planned once a connection, not for each request: what follows is a search or
    a ranking, whose plan is the same whatever is asked, and planning it took longer than running it (ADR 0005).
    """
    return [(r[0], r[1], r[2]) for r in await fetch(session, _CHAIN, {"area": area})]


async def services(session: AsyncSession, ids: Sequence[UUID]) -> list[ServiceRow]:
    """The services of these ids, in the order of the ids; unknown ids are left out."""
    if not ids:
        return []
    read = reading(ALL)
    found = {r[0]: read.row(r) for r in (await session.execute(_SERVICES, {"ids": list(ids)})).all()}
    return [found[i] for i in ids if i in found]


async def service(session: AsyncSession, service_id: UUID) -> ServiceRow | None:
    """One service, or None."""
    return next(iter(await services(session, [service_id])), None)


async def organization(session: AsyncSession, organization_id: UUID) -> OrganizationRow | None:
    """One agency, or None."""
    row = (await session.execute(_ORGANIZATION, {"ids": [organization_id]})).first()
    return OrganizationRow(*row) if row else None


async def organizations(
    session: AsyncSession, *, network: str | None = None, first: int = MOST_ROWS, after: UUID | None = None
) -> list[OrganizationRow]:
    """Agencies in the order of their ids, of one network or of all."""
    given = {"network": network, "rows": max(1, min(first, MOST_ROWS)), "after": after or UUID(int=0)}
    return [OrganizationRow(*row) for row in (await session.execute(_ORGANIZATIONS, given)).all()]


async def organizations_by_id(session: AsyncSession, ids: Sequence[UUID]) -> list[OrganizationRow]:
    """The agencies of these ids, in the order of the ids; unknown ids are left out."""
    rows = (await session.execute(_ORGANIZATION, {"ids": list(ids)})).all() if ids else []
    found = {r[0]: OrganizationRow(*r) for r in rows}
    return [found[i] for i in ids if i in found]


async def areas(
    session: AsyncSession, *, parent: str | None = None, kind: str | None = None, top: bool = False
) -> list[AreaRow]:
    """Areas by code, all of them or the children of one (or those within none: `top`), of one kind or of all."""
    rows = (await session.execute(_AREAS, {"parent": parent, "kind": kind, "top": top})).all()
    return [AreaRow(*row) for row in rows]
