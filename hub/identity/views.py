"""What may be shown of agencies and staff: no case data, so roles alone decide."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Row, select, text
from sqlmodel import col

from hub.base.db import Session
from hub.base.errors import NotPermitted
from hub.policy.terms import Actor, Role

from .lookups import AgencyBrief
from .tables import Agency, StaffKind

MAX_PAGE = 100
MOST_COLLEAGUES = 1000


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

    @property
    def version(self) -> str:
        """A digest of all of it: whoever changes anything makes it another."""
        said = orjson.dumps(asdict(self), default=str, option=orjson.OPT_SORT_KEYS)
        return hashlib.sha256(said).hexdigest()[:24]


@dataclass(frozen=True, slots=True)
class StaffView:
    """An account as its agency's managers, administrators and auditors see it. `pending`: roles not yet confirmed."""

    id: UUID
    agency: AgencyBrief
    subject: str
    display_name: str
    email: str
    kind: StaffKind
    roles: tuple[Role, ...]
    pending: tuple[Role, ...]
    suspended: bool
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class ColleagueView:
    """A person of an agency by name alone."""

    id: UUID
    display_name: str


_STAFF = text(
    """
    select s.id, s.subject, s.display_name, s.email, s.kind, s.suspended, s.expires_at,
        a.id as agency_id, a.code, a.name, a.names, a.network,
        array(select r.role from staff_role r where r.staff_id = s.id and not r.pending order by r.role) as roles,
        array(select r.role from staff_role r where r.staff_id = s.id and r.pending order by r.role) as pending
    from staff s join agency a on a.id = s.agency_id
    where (cast(:agency as uuid) is null or s.agency_id = :agency)
      and (cast(:id as uuid) is null or s.id = :id)
      and (cast(:after as uuid) is null or (s.display_name, s.id) > (:name, :after))
    order by s.display_name, s.id limit :first
    """
)
_COLLEAGUES = text(
    """
    select id, display_name from staff
    where (cast(:agency as uuid) is null or agency_id = :agency) and (cast(:id as uuid) is null or id = :id)
      and kind = 'person' order by display_name, id limit :most
    """
)


async def agencies(session: Session, ids: Sequence[UUID]) -> dict[UUID, AgencyView]:
    """Agencies by id; unknown ids are left out."""
    rows = (await session.execute(_agencies().where(col(Agency.id).in_(ids)))).all()
    return {row.id: AgencyView(*row) for row in rows}


async def agency(session: Session, _actor: Actor, agency_id: UUID) -> AgencyView | None:
    """One agency, suspended or not, or None."""
    return (await agencies(session, [agency_id])).get(agency_id)


async def all_agencies(session: Session) -> list[AgencyView]:
    """Every agency by code: to choose from. A county has some dozens."""
    return [AgencyView(*row) for row in (await session.execute(_agencies().order_by(col(Agency.code)))).all()]


async def staff_list(
    session: Session,
    actor: Actor,
    agency_id: UUID | None = None,
    first: int = MAX_PAGE,
    after: tuple[str, UUID] | None = None,
) -> tuple[list[StaffView], bool]:
    """A page of accounts by name, and whether there are more. `after` is the name and id of the last one before.

    Administrators and auditors anywhere, managers at home; raises `NotPermitted`.
    """
    agency_id = _within(actor, agency_id)
    name, key = after or (None, None)
    most = max(1, min(first, MAX_PAGE))
    asked = {"agency": agency_id, "id": None, "name": name, "after": key, "first": most + 1}
    rows = (await session.execute(_STAFF, asked)).all()
    return [_staff(row) for row in rows[:most]], len(rows) > most


async def staff_member(session: Session, actor: Actor, staff_id: UUID) -> StaffView | None:
    """One account, to the same people; None for one that is not there or not theirs to see."""
    asked = {"agency": _within(actor, None), "id": staff_id, "name": None, "after": None, "first": 1}
    row = (await session.execute(_STAFF, asked)).first()
    return _staff(row) if row else None


async def colleagues(session: Session, actor: Actor, agency_id: UUID) -> list[ColleagueView]:
    """The people of an agency by name, to say who of them knows somebody of a case; raises `NotPermitted`."""
    if not actor.has(Role.COORDINATOR, Role.ADMINISTRATOR):
        raise NotPermitted
    rows = (await session.execute(_COLLEAGUES, {"agency": agency_id, "id": None, "most": MOST_COLLEAGUES})).all()
    return [ColleagueView(row.id, row.display_name) for row in rows]


async def colleague(session: Session, _actor: Actor, staff_id: UUID) -> ColleagueView | None:
    """One person by name."""
    row = (await session.execute(_COLLEAGUES, {"agency": None, "id": staff_id, "most": 1})).first()
    return ColleagueView(row.id, row.display_name) if row else None


def _within(actor: Actor, agency_id: UUID | None) -> UUID | None:
    """The agency whose accounts the actor may read; None: any. Raises `NotPermitted`."""
    if actor.has(Role.ADMINISTRATOR, Role.AUDITOR):
        return agency_id
    if not actor.has(Role.AGENCY_MANAGER) or (agency_id or actor.agency_id) != actor.agency_id:
        raise NotPermitted
    return actor.agency_id


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
        agency=AgencyBrief(row.agency_id, row.code, row.name, row.names, row.network),
        subject=row.subject,
        display_name=row.display_name,
        email=row.email,
        kind=StaffKind(row.kind),
        roles=tuple(Role(role) for role in row.roles),
        pending=tuple(Role(role) for role in row.pending),
        suspended=row.suspended,
        expires_at=row.expires_at,
    )
