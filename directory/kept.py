"""A service as whoever keeps it sees it: all that can be changed by hand, in sections, and what it stands at."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, time
from decimal import Decimal
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from .sql import listed, name, statement


@dataclass(frozen=True, slots=True)
class About:
    """What a service is, in words. `names` by language; the fields are those of HSDS."""

    name: str = ""
    names: dict[str, str] = field(default_factory=dict)
    alternate_name: str = ""
    description: str = ""
    url: str = ""
    email: str = ""
    application_process: str = ""
    interpretation_services: str = ""
    wait_time: str = ""
    fees_description: str = ""
    alert: str = ""


@dataclass(frozen=True, slots=True)
class Whom:
    """Whom it is for. Ages in whole years, None where there is no limit; no genders: everyone."""

    eligibility_description: str = ""
    minimum_age: int | None = None
    maximum_age: int | None = None
    genders: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PhoneRow:
    """A telephone of the service. `id` None: a new one, here and below."""

    id: UUID | None
    number: str
    extension: str = ""
    type: str = ""
    description: str = ""


@dataclass(frozen=True, slots=True)
class ContactRow:
    """A named person or desk of the service."""

    id: UUID | None
    name: str = ""
    title: str = ""
    department: str = ""
    email: str = ""


@dataclass(frozen=True, slots=True)
class HoursRow:
    """Hours of a week, local time; closing before opening runs past midnight. `byday` is MO,TU and so on."""

    id: UUID | None
    byday: str = ""
    opens_at: time | None = None
    closes_at: time | None = None
    valid_from: date | None = None
    valid_to: date | None = None
    description: str = ""


@dataclass(frozen=True, slots=True)
class CostRow:
    """What it costs, and on what condition. `currency` is ISO 4217."""

    id: UUID | None
    option: str = ""
    amount: Decimal | None = None
    currency: str = ""
    amount_description: str = ""


@dataclass(frozen=True, slots=True)
class DocumentRow:
    """A document one must bring."""

    id: UUID | None
    document: str = ""
    uri: str = ""


@dataclass(frozen=True, slots=True)
class PlaceRow:
    """Where it is given. A `confidential` place has a neutral name and nothing else (DVPA 56).

    `shared`: services of other agencies are given there too, so that it is not this agency's alone to change.
    """

    id: UUID | None
    kind: str = "physical"
    name: str = ""
    address_1: str = ""
    address_2: str = ""
    city: str = ""
    postal_code: str = ""
    area_code: str | None = None
    transportation: str = ""
    shared: bool = False


@dataclass(frozen=True, slots=True)
class Sheet:
    """All that can be changed of a service by hand, section by section, and whose it is."""

    id: UUID
    organization_id: UUID
    status: str = "active"
    about: About = field(default_factory=About)
    whom: Whom = field(default_factory=Whom)
    needs: tuple[str, ...] = ()
    areas: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    phones: tuple[PhoneRow, ...] = ()
    contacts: tuple[ContactRow, ...] = ()
    hours: tuple[HoursRow, ...] = ()
    costs: tuple[CostRow, ...] = ()
    documents: tuple[DocumentRow, ...] = ()
    places: tuple[PlaceRow, ...] = ()

    @property
    def version(self) -> str:
        """A digest of all of it: whoever changes anything, by hand or by an import, makes it another."""
        said = orjson.dumps(asdict(self), default=str, option=orjson.OPT_SORT_KEYS)
        return hashlib.sha256(said).hexdigest()[:24]


SECTIONS = (
    "about", "whom", "needs", "areas", "languages", "phones", "contacts", "hours", "costs", "documents", "places",
)  # fmt: skip
"""Names of the sections of a `Sheet`, in the order they are kept."""

ABOUT = (
    "name", "alternate_name", "description", "url", "email", "application_process", "interpretation_services",
    "wait_time", "fees_description", "alert",
)  # fmt: skip
"""Columns of a service that `About` holds under their own names; its `names` are `name_i18n`."""

_SERVICE = statement(
    "SELECT s.id, s.organization_id, s.status, s.name_i18n, s.minimum_age, s.maximum_age, s.genders, "
    "s.eligibility_description, {about} FROM service s WHERE s.id = :id",
    about=listed(ABOUT, "s.{name}"),
)
_CODES = text(
    "SELECT ARRAY(SELECT DISTINCT t.need FROM attribute b JOIN taxonomy_term t ON t.id = b.taxonomy_term_id "
    "WHERE b.service_id = :id AND t.need IS NOT NULL ORDER BY 1) AS needs, "
    "ARRAY(SELECT DISTINCT x.area_code FROM service_area x WHERE x.service_id = :id AND x.area_code IS NOT NULL "
    "ORDER BY 1) AS areas, "
    "ARRAY(SELECT DISTINCT g.code FROM language g WHERE g.service_id = :id AND g.code IS NOT NULL "
    "ORDER BY 1) AS tongues"
)
_PLACES = text(
    "SELECT l.id, l.location_type, l.name, COALESCE(a.address_1, ''), COALESCE(a.address_2, ''), "
    "COALESCE(a.city, ''), COALESCE(a.postal_code, ''), l.area_code, l.transportation, "
    "EXISTS (SELECT FROM service_at_location o JOIN service x ON x.id = o.service_id "
    "WHERE o.location_id = l.id AND x.organization_id <> s.organization_id) AS shared "
    "FROM service s JOIN location l ON l.id IN "
    "(SELECT k.location_id FROM service_at_location k WHERE k.service_id = s.id) "
    "LEFT JOIN LATERAL (SELECT * FROM address d WHERE d.location_id = l.id "
    "ORDER BY d.address_type <> 'physical', d.id LIMIT 1) a ON true WHERE s.id = :id ORDER BY l.name, l.id"
)

DETAILS: dict[str, tuple[str, type[Any], tuple[str, ...]]] = {
    "phones": ("phone", PhoneRow, ("number", "extension", "type", "description")),
    "contacts": ("contact", ContactRow, ("name", "title", "department", "email")),
    "hours": ("schedule", HoursRow, ("byday", "opens_at", "closes_at", "valid_from", "valid_to", "description")),
    "costs": ("cost_option", CostRow, ("option", "amount", "currency", "amount_description")),
    "documents": ("required_document", DocumentRow, ("document", "uri")),
}
"""Sections that are rows of one table beside the service: the table, the row, its columns."""
_ROWS = {
    section: statement(
        "SELECT t.id, {columns} FROM {table} t WHERE t.service_id = :id ORDER BY {columns}, t.id",
        columns=listed(columns, "t.{name}"),
        table=name(table),
    )
    for section, (table, _row, columns) in DETAILS.items()
}


async def sheet(session: AsyncSession, service_id: UUID) -> Sheet | None:
    """The service as it stands, or None where there is none."""
    given = {"id": service_id}
    row = (await session.execute(_SERVICE, given)).first()
    if row is None:
        return None
    codes = (await session.execute(_CODES, given)).one()
    rows: dict[str, tuple[Any, ...]] = {}
    for section, (_table, make, _columns) in DETAILS.items():
        rows[section] = _made(make, (await session.execute(_ROWS[section], given)).all())
    return Sheet(
        row.id,
        row.organization_id,
        row.status,
        About(names=dict(row.name_i18n), **{column: getattr(row, column) for column in ABOUT}),
        Whom(row.eligibility_description, row.minimum_age, row.maximum_age, tuple(row.genders)),
        tuple(codes.needs),
        tuple(codes.areas),
        tuple(codes.tongues),
        places=_made(PlaceRow, (await session.execute(_PLACES, given)).all()),
        **rows,
    )


_OWN = text(
    "SELECT s.id FROM service s WHERE s.organization_id = :organization AND (CAST(:name AS text) IS NULL "
    "OR (s.name, s.id) > (CAST(:name AS text), CAST(:after AS uuid))) ORDER BY s.name, s.id LIMIT :most"
)


async def own(
    session: AsyncSession, organization_id: UUID, most: int, after: tuple[str, UUID] | None = None
) -> list[UUID]:
    """Services of an agency, closed ones too, by name; after (name, id) if given."""
    name, key = after or (None, None)
    given = {"organization": organization_id, "name": name, "after": key, "most": most}
    return list((await session.execute(_OWN, given)).scalars().all())


def _made(make: Any, rows: Sequence[Any]) -> tuple[Any, ...]:
    return tuple(make(*row) for row in rows)
