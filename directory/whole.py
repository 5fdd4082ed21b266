"""What everybody signed in may read of one service beyond its row in a list: all that is not about a hidden place."""

from __future__ import annotations

from dataclasses import dataclass, replace
from uuid import UUID

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from .kept import ContactRow, CostRow, DocumentRow, HoursRow, PhoneRow, PlaceRow, Sheet, Whom, sheet


@dataclass(frozen=True, slots=True)
class Whole:
    """A service with its details. Of a confidential place there is its kind alone (DVPA 56)."""

    id: UUID
    email: str
    wait_time: str
    fees_description: str
    interpretation_services: str
    alert: str
    whom: Whom
    phones: tuple[PhoneRow, ...]
    contacts: tuple[ContactRow, ...]
    hours: tuple[HoursRow, ...]
    costs: tuple[CostRow, ...]
    documents: tuple[DocumentRow, ...]
    places: tuple[PlaceRow, ...]
    accessibility: tuple[str, ...]
    """Codes of ours, or what the agency wrote where there is none."""


_ACCESS = text(
    "SELECT DISTINCT COALESCE(a.code, a.description) AS said FROM service_at_location k "
    "JOIN accessibility a ON a.location_id = k.location_id JOIN location l ON l.id = k.location_id "
    "WHERE k.service_id = :id AND (a.code IS NOT NULL OR l.location_type <> 'confidential') ORDER BY 1"
)


async def whole(session: AsyncSession, service_id: UUID) -> Whole | None:
    """The service with its details, or None where there is none."""
    found = await sheet(session, service_id)
    if found is None:
        return None
    access = (await session.execute(_ACCESS, {"id": service_id})).scalars().all()
    about = found.about
    return Whole(
        found.id, about.email, about.wait_time, about.fees_description, about.interpretation_services, about.alert,
        found.whom, found.phones, found.contacts, found.hours, found.costs, found.documents, _places(found),
        tuple(access),
    )  # fmt: skip


def _places(found: Sheet) -> tuple[PlaceRow, ...]:
    """A hidden place is one all the same; but its name is free text, which no check can judge."""
    nothing = PlaceRow(None, "confidential")
    return tuple(replace(nothing, id=row.id) if row.kind == "confidential" else row for row in found.places)
