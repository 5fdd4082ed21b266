"""What may be shown of agencies and staff: no case data, so roles alone decide."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select, text
from sqlmodel import col

from hub.base.db import Session
from hub.base.errors import NotPermitted
from hub.policy.terms import Actor, Role

from .tables import Agency, StaffKind, StaffRelation

MAX_PAGE = 100


@dataclass(frozen=True, slots=True)
class AgencyView:
    """An agency as everybody signed in may see it."""

    id: UUID
    code: str
    name: str
    names: dict[str, str]
    network: str
    county: str
    is_centre: bool
    organization_id: UUID | None
    email: str
    suspended: bool


@dataclass(frozen=True, slots=True)
class StaffView:
    """An account as its agency's managers, administrators and auditors see it. `pending`: roles not yet confirmed."""

    id: UUID
    agency_id: UUID
    display_name: str
    email: str
    kind: StaffKind
    roles: frozenset[Role]
    pending: frozenset[Role]
    suspended: bool
    expires_at: datetime | None


_STAFF = text(
    """
    select s.id, s.agency_id, s.display_name, s.email, s.kind, s.suspended, s.expires_at,
        array(select r.role from staff_role r where r.staff_id = s.id and not r.pending) as roles,
        array(select r.role from staff_role r where r.staff_id = s.id and r.pending) as pending
    from staff s
    where (cast(:agency as uuid) is null or s.agency_id = :agency)
      and (cast(:after as uuid) is null or s.id > :after)
    order by s.id limit :first
    """
)


async def agencies(session: Session, ids: Sequence[UUID]) -> dict[UUID, AgencyView]:
    """Agencies by id; unknown ids are left out."""
    rows = (await session.execute(_agencies().where(col(Agency.id).in_(ids)))).all()
    return {row.id: AgencyView(*row) for row in rows}


async def agencies_of_organizations(session: Session, ids: Sequence[UUID]) -> dict[UUID, AgencyView]:
    """The agencies that stand for the directory's organizations, by organization id; suspended ones are left out."""
    wanted = _agencies().where(col(Agency.organization_id).in_(ids), ~col(Agency.suspended)).order_by(col(Agency.code))
    rows = (await session.execute(wanted)).all()
    return {row.organization_id: AgencyView(*row) for row in rows}


async def agency_by_code(session: Session, code: str) -> AgencyView | None:
    """One agency, or None."""
    row = (await session.execute(_agencies().where(col(Agency.code) == code))).first()
    return AgencyView(*row) if row else None


async def all_agencies(session: Session) -> list[AgencyView]:
    """Every agency by code: to choose from. A county has some dozens."""
    return [AgencyView(*row) for row in (await session.execute(_agencies().order_by(col(Agency.code)))).all()]


async def staff_list(
    session: Session, actor: Actor, agency_id: UUID | None = None, first: int = MAX_PAGE, after: UUID | None = None
) -> list[StaffView]:
    """A page of accounts in the order of their ids. Administrators and auditors anywhere, managers at home.

    Raises `NotPermitted`.
    """
    if not actor.has(Role.ADMINISTRATOR, Role.AUDITOR):
        if not actor.has(Role.AGENCY_MANAGER) or (agency_id or actor.agency_id) != actor.agency_id:
            raise NotPermitted
        agency_id = actor.agency_id
    asked = {"agency": agency_id, "after": after, "first": max(1, min(first, MAX_PAGE))}
    return [_staff(row) for row in (await session.execute(_STAFF, asked)).all()]


async def relations_of(session: Session, staff_id: UUID) -> frozenset[bytes]:
    """Blind indexes of everybody this member of staff is, lives with or is close to: what forbid F2 is judged by."""
    rows = select(col(StaffRelation.person_index)).where(col(StaffRelation.staff_id) == staff_id)
    return frozenset(bytes(index) for index in (await session.execute(rows)).scalars())


def _agencies() -> Any:
    return select(
        col(Agency.id),
        col(Agency.code),
        col(Agency.name),
        col(Agency.names),
        col(Agency.network),
        col(Agency.county),
        col(Agency.is_centre),
        col(Agency.organization_id),
        col(Agency.email),
        col(Agency.suspended),
    )


def _staff(row: Row[Any]) -> StaffView:
    return StaffView(
        id=row.id,
        agency_id=row.agency_id,
        display_name=row.display_name,
        email=row.email,
        kind=StaffKind(row.kind),
        roles=frozenset(Role(role) for role in row.roles),
        pending=frozenset(Role(role) for role in row.pending),
        suspended=row.suspended,
        expires_at=row.expires_at,
    )
