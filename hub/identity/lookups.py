"""Lookups other slices need of agencies and staff; no case data, nothing to decide."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text

from hub.base.db import Session

_CENTRE = text(
    """
    select id from agency where is_centre and not suspended
      and (county <> '' and starts_with(:area, county) or (select count(*) from agency where is_centre) = 1)
    order by length(county) desc limit 1
    """
)
_RELATED = text("select distinct staff_id from staff_relation where person_index = :person")

AGENCY_NAMES = "select id, code, name, names, network from agency"
"""A relation other slices may join for names: (id, code, name, names, network)."""
_ALL = text(f"{AGENCY_NAMES} where not suspended order by code")
_BRIEFS = text(f"{AGENCY_NAMES} where id = any(:ids)")


@dataclass(frozen=True, slots=True)
class AgencyBrief:
    """An agency by name; agencies are public. `names` holds what the official name is in other languages."""

    id: UUID
    code: str
    name: str
    names: dict[str, str]
    network: str


async def briefs(session: Session, ids: Iterable[UUID]) -> dict[UUID, AgencyBrief]:
    """Agencies by id; unknown ids are left out."""
    wanted = sorted(set(ids))
    if not wanted:
        return {}
    return {row.id: AgencyBrief(*row) for row in (await session.execute(_BRIEFS, {"ids": wanted})).all()}


async def centre_for(session: Session, area: str) -> UUID | None:
    """The prevention centre of an area (by county prefix), or the only centre there is."""
    found: UUID | None = (await session.execute(_CENTRE, {"area": area})).scalar()
    return found


async def staff_related_to(session: Session, person_index: bytes) -> Sequence[UUID]:
    """Staff who declared to be, live with or be close to the person with this blind index (F2)."""
    return (await session.execute(_RELATED, {"person": person_index})).scalars().all()


async def all_briefs(session: Session) -> list[AgencyBrief]:
    """Every agency that is not suspended, by code: to choose from. A county has some dozens."""
    return [AgencyBrief(*row) for row in (await session.execute(_ALL)).all()]
