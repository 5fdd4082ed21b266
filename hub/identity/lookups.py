"""Lookups other slices need of agencies and staff; no case data, nothing to decide."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text

from directory.sql import sql
from hub.base.db import Session

_CENTRE = text(
    """
    select id from agency where is_centre and not suspended
      and (county <> '' and starts_with(:area, county) or (select count(*) from agency where is_centre) = 1)
    order by length(county) desc limit 1
    """
)
_AUTHORITIES = text(
    """
    with overseeing as (
      select a.id, case when a.county = o.county then 1 when a.county = '' then 2 else 3 end as far
      from agency a join agency o on o.id = :agency
      where not a.suspended and exists (
        select from staff s join staff_role r on r.staff_id = s.id and r.role = 'auditor' and not r.pending
        where s.agency_id = a.id and not s.suspended and (s.expires_at is null or s.expires_at > :now)))
    select id from overseeing where far = (select min(far) from overseeing) order by id
    """
)
_RELATIONS = text("select person_index, kind from staff_relation where staff_id = :staff")

AGENCY_NAMES = sql("select id, code, name, names, network from agency")
"""A relation other slices may join for names: (id, code, name, names, network)."""
AGENCY_ORGANIZATIONS = sql("select id, organization_id from agency")
"""The same for what agencies are in the directory: (id, organization_id)."""
_ALL = text(f"{AGENCY_NAMES} where not suspended order by code")
_STAFF = text("select id, display_name from staff where id = any(:ids)")
_WRITTEN_TO = text(
    """
    select id, agency_id, email, locale from staff
    where id = any(:ids) and not suspended and (expires_at is null or expires_at > :now)
    """
)
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


async def authorities_of(session: Session, agency_id: UUID, at: datetime) -> list[UUID]:
    """The competent authority of an agency: whoever oversees (P12; DVPA 4, 5; SHPA 2), that is has an auditor.

    That of its own county before a national one, and any other before none. Empty where nobody oversees.
    """
    return list((await session.execute(_AUTHORITIES, {"agency": agency_id, "now": at})).scalars())


@dataclass(frozen=True, slots=True)
class Relations:
    """Blind indexes of whom a member of staff is, and of whom they live with or are close to."""

    own: frozenset[bytes]
    close: frozenset[bytes]

    def conflict(self, victim: bytes, opposite: bytes | None) -> bool:
        """F2: being a party, or being, living with or close to the opposite party. Closeness to the victim is none."""
        if opposite is not None and bytes(opposite) in self.own | self.close:
            return True
        return bytes(victim) in self.own


async def relations(session: Session, staff_id: UUID) -> Relations:
    """What this member of staff has declared."""
    rows = (await session.execute(_RELATIONS, {"staff": staff_id})).all()
    return Relations(
        frozenset(bytes(row.person_index) for row in rows if row.kind == "is"),
        frozenset(bytes(row.person_index) for row in rows if row.kind != "is"),
    )


async def all_briefs(session: Session) -> list[AgencyBrief]:
    """Every agency that is not suspended, by code: to choose from. A county has some dozens."""
    return [AgencyBrief(*row) for row in (await session.execute(_ALL)).all()]


async def staff_names(session: Session, ids: Iterable[UUID]) -> dict[UUID, str]:
    """What members of staff are called, by id; unknown ids are left out."""
    rows = (await session.execute(_STAFF, {"ids": sorted(set(ids))})).all()
    return {row.id: row.display_name for row in rows}


@dataclass(frozen=True, slots=True)
class Reader:
    """Where a member of staff reads notices (`email` may be empty), for which agency, and in what language."""

    agency_id: UUID
    email: str
    locale: str


async def written_to(session: Session, ids: Iterable[UUID], at: datetime) -> dict[UUID, Reader]:
    """Members of staff who may be written to, by id: none who is suspended or has expired."""
    rows = (await session.execute(_WRITTEN_TO, {"ids": sorted(set(ids)), "now": at})).all()
    return {row.id: Reader(row.agency_id, row.email, row.locale) for row in rows}
