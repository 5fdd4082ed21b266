"""What is done with agencies and accounts: add, suspend, let back in; and the first installation."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col

from directory.taxonomy import LANGUAGES, NETWORKS
from hub.audit.chain import append
from hub.base.db import Session
from hub.base.errors import Conflict, FieldError, InvalidInput, NotFound, NotPermitted
from hub.base.ids import new_id
from hub.base.time import now
from hub.policy.terms import Actor, Role

from .reach import ADMINISTRATORS, administrator, in_reach, reach
from .tables import Agency, Staff, StaffKind, StaffRole, WebSession

__all__ = [
    "NO_AGENCY",
    "OPERATOR",
    "AddAgency",
    "AddStaff",
    "StaffKind",
    "add_agency",
    "add_staff",
    "confirm_administrator",
    "install",
    "judge_agency",
    "suspend_agency",
    "suspend_staff",
]

_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{1,190}")
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_SCOPE = re.compile(r"[a-z]+(:[a-z_]+){1,3}")


NO_AGENCY = UUID(int=0)
"""Where the agency comes with the account, in the first installation."""
OPERATOR = Actor(id=NO_AGENCY, agency_id=NO_AGENCY, roles=frozenset({Role.ADMINISTRATOR}))
"""Whoever runs the hub, at its command line: nobody with an account. Its deeds are on record like any other."""


@dataclass(frozen=True, slots=True)
class AddAgency:
    """An agency to take part. `names` by language, `county` an area code, `email` the mailbox of its notices."""

    code: str
    name: str
    network: str
    names: Mapping[str, str] = field(default_factory=dict)
    organization_id: UUID | None = None
    is_centre: bool = False
    county: str = ""
    email: str = ""


@dataclass(frozen=True, slots=True)
class AddStaff:
    """An account: who the provider calls `subject`. Roles are granted one by one afterwards."""

    issuer: str
    subject: str
    display_name: str
    agency_id: UUID
    email: str = ""
    kind: StaffKind = StaffKind.PERSON
    scopes: frozenset[str] = frozenset()
    locale: str = "zh-Hant"
    claims_managed: bool = False
    expires_at: datetime | None = None


async def add_agency(session: Session, actor: Actor, command: AddAgency) -> UUID:
    """Add an agency; administrators alone. Raises `Conflict` if the code is taken."""
    administrator(actor)
    return await _insert_agency(session, actor, command)


async def suspend_agency(session: Session, actor: Actor, agency_id: UUID, suspended: bool = True) -> None:
    """Suspend an agency, or let it back in: all its people stand suspended with it (F1). Administrators alone."""
    administrator(actor)
    if agency_id == actor.agency_id:
        raise NotPermitted("own_agency")
    changed = update(Agency).where(col(Agency.id) == agency_id).values(suspended=suspended).returning(col(Agency.id))
    if (await session.execute(changed)).first() is None:
        raise NotFound
    if suspended:
        theirs = select(col(Staff.id)).where(col(Staff.agency_id) == agency_id)
        await session.execute(delete(WebSession).where(col(WebSession.staff_id).in_(theirs)))
    await append(session, actor, "agency.suspend" if suspended else "agency.reinstate", agency_id)


async def add_staff(session: Session, actor: Actor, command: AddStaff) -> UUID:
    """Add an account without roles; administrators anywhere, managers persons of their own agency.

    Raises `Conflict` if (issuer, subject) has one, `NotFound` for an unknown agency.
    """
    in_reach(actor, command.agency_id)
    if not actor.has(Role.ADMINISTRATOR) and (command.kind is not StaffKind.PERSON or command.claims_managed):
        raise NotPermitted
    return await _insert_staff(session, actor, command)


async def suspend_staff(session: Session, actor: Actor, staff_id: UUID, suspended: bool = True) -> None:
    """Suspend an account, ending its sessions at once, or let it back in. Nobody does it to themself."""
    await reach(session, actor, staff_id)
    if staff_id == actor.id:
        raise NotPermitted("own_account")
    await session.execute(update(Staff).where(col(Staff.id) == staff_id).values(suspended=suspended))
    if suspended:
        await session.execute(delete(WebSession).where(col(WebSession.staff_id) == staff_id))
    await append(session, actor, "staff.suspend" if suspended else "staff.reinstate", staff_id)


async def install(session: Session, agency: AddAgency, person: AddStaff) -> UUID:
    """The first administrator of an empty hub and their agency, from the command line. Returns the account's id.

    `person.agency_id` is not read. Raises `Conflict` where there is an administrator already.
    """
    await session.execute(select(func.pg_advisory_xact_lock(ADMINISTRATORS)))
    some = select(col(StaffRole.staff_id)).where(col(StaffRole.role) == Role.ADMINISTRATOR).limit(1)
    if (await session.execute(some)).first() is not None:
        raise Conflict("installed_already")
    agency_id = await _insert_agency(session, OPERATOR, agency)
    staff_id = await _insert_staff(session, OPERATOR, person, agency_id)
    await session.execute(
        insert(StaffRole).values(staff_id=staff_id, role=Role.ADMINISTRATOR, pending=False, granted_at=now())
    )
    await append(session, OPERATOR, "staff.install", staff_id, body={"role": Role.ADMINISTRATOR})
    return staff_id


async def confirm_administrator(session: Session, issuer: str, subject: str) -> UUID:
    """The second administrator, whom the first has granted the role and nobody is there to confirm: the operator does.

    From the command line. Raises `Conflict` unless there is exactly one administrator, `NotFound` where nobody with
    this account waits for the role.
    """
    await session.execute(select(func.pg_advisory_xact_lock(ADMINISTRATORS)))
    holds = (col(StaffRole.role) == Role.ADMINISTRATOR, ~col(StaffRole.pending))
    if (await session.execute(select(func.count()).select_from(StaffRole).where(*holds))).scalar_one() != 1:
        raise Conflict("installed_already")
    whose = select(col(Staff.id)).where(col(Staff.issuer) == issuer, col(Staff.subject) == subject)
    waits = (col(StaffRole.role) == Role.ADMINISTRATOR, col(StaffRole.pending))
    confirmed = update(StaffRole).where(*waits, col(StaffRole.staff_id).in_(whose)).values(pending=False)
    staff_id = (await session.execute(confirmed.returning(col(StaffRole.staff_id)))).scalar_one_or_none()
    if staff_id is None:
        raise NotFound
    await append(session, OPERATOR, "staff.grant_role", staff_id, body={"role": Role.ADMINISTRATOR})
    return staff_id


def judge_agency(command: AddAgency) -> None:
    """Raise `InvalidInput` for what an agency cannot be."""
    _judge(
        (bool(_CODE.fullmatch(command.code)), "code", "code_form"),
        (0 < len(command.name.strip()) <= 200 and command.name.isprintable(), "name", "name_form"),
        (command.network in NETWORKS, "network", "network_unknown"),
        (set(command.names) <= set(LANGUAGES), "names", "language_unknown"),
        (not command.email or bool(_EMAIL.fullmatch(command.email)), "email", "email_form"),
    )


async def _insert_agency(session: Session, actor: Actor, command: AddAgency) -> UUID:
    judge_agency(command)
    row = insert(Agency).values(
        id=new_id(),
        code=command.code,
        name=command.name.strip(),
        names=dict(command.names),
        network=command.network,
        organization_id=command.organization_id,
        is_centre=command.is_centre,
        county=command.county,
        email=command.email,
        created_at=now(),
    )
    made = row.on_conflict_do_nothing().returning(col(Agency.id))
    agency_id: UUID | None = (await session.execute(made)).scalar_one_or_none()
    if agency_id is None:
        raise Conflict("agency_code_taken")
    await append(session, actor, "agency.add", agency_id)
    return agency_id


async def _insert_staff(session: Session, actor: Actor, command: AddStaff, agency_id: UUID | None = None) -> UUID:
    account = command.issuer.isprintable() and command.subject.isprintable()
    name = command.display_name
    _judge(
        (account and 0 < len(command.issuer) <= 2048, "issuer", "issuer_form"),
        (account and 0 < len(command.subject) <= 255, "subject", "subject_form"),
        (0 < len(name.strip()) <= 200 and name.isprintable(), "displayName", "name_form"),
        (not command.email or bool(_EMAIL.fullmatch(command.email)), "email", "email_form"),
        (command.locale in LANGUAGES, "locale", "language_unknown"),
        (command.kind is StaffKind.MACHINE or not command.scopes, "scopes", "scopes_for_machines"),
        (all(_SCOPE.fullmatch(scope) for scope in command.scopes), "scopes", "scope_form"),
    )
    home = agency_id or command.agency_id
    if (await session.execute(select(col(Agency.id)).where(col(Agency.id) == home))).first() is None:
        raise NotFound
    row = insert(Staff).values(
        id=new_id(),
        issuer=command.issuer,
        subject=command.subject,
        display_name=command.display_name.strip(),
        agency_id=home,
        email=command.email,
        kind=command.kind,
        scopes=sorted(command.scopes),
        locale=command.locale,
        claims_managed=command.claims_managed,
        expires_at=command.expires_at,
        created_at=now(),
    )
    made = row.on_conflict_do_nothing().returning(col(Staff.id))
    staff_id: UUID | None = (await session.execute(made)).scalar_one_or_none()
    if staff_id is None:
        raise Conflict("account_exists")
    await append(session, actor, "staff.add", staff_id, body={"agency": str(home)})
    return staff_id


def _judge(*rules: tuple[bool, str, str]) -> None:
    """Raise `InvalidInput` with every (kept, path, code) that is not kept."""
    if broken := [FieldError(path, code) for kept, path, code in rules if not kept]:
        raise InvalidInput(*broken)
