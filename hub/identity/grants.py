"""Use cases on one account's roles and relations; an administrator is made by two administrators."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col

from hub.audit.chain import append
from hub.base.crypto import blind
from hub.base.db import Session, keys_of
from hub.base.errors import Conflict, FieldError, InvalidInput, NotFound, NotPermitted
from hub.base.time import now
from hub.policy.terms import Actor, Role

from .reach import ADMINISTRATORS, in_good_standing, reach
from .tables import RelationKind, Staff, StaffKind, StaffRelation, StaffRole

__all__ = [
    "DECLARE_FOR_OTHERS",
    "MANAGER_MAY_GRANT",
    "TWO_PERSONS",
    "Relation",
    "RelationKind",
    "RoleOf",
    "declare_relation",
    "grant_role",
    "index_of",
    "revoke_role",
]

MANAGER_MAY_GRANT = frozenset({Role.AGENCY_WORKER, Role.REPORTER})
"""What an agency's manager may grant within the agency; all else is the administrators'."""

TWO_PERSONS = frozenset({Role.ADMINISTRATOR})
"""Roles that a second administrator must confirm."""

DECLARE_FOR_OTHERS = frozenset({Role.COORDINATOR, Role.ADMINISTRATOR})
"""Who may declare another's relation: it takes sight away and gives none (F2)."""


@dataclass(frozen=True, slots=True)
class RoleOf:
    """One role of one account, to grant or to revoke."""

    staff_id: UUID
    role: Role


@dataclass(frozen=True, slots=True)
class Relation:
    """That somebody is, lives with or is close to the person with this blind index (F2: SHPA 10; DVPA 50-1)."""

    staff_id: UUID
    person_index: bytes
    kind: RelationKind
    case_id: UUID | None = None
    """The case it was declared in, for the audit."""


async def grant_role(session: Session, actor: Actor, command: RoleOf) -> bool:
    """Grant a role; True if it holds now, False if it waits for another administrator to grant it too.

    Nobody grants themself anything. Machines are machines and nothing else.
    """
    kind = await reach(session, actor, command.staff_id)
    if command.staff_id == actor.id or not (actor.has(Role.ADMINISTRATOR) or command.role in MANAGER_MAY_GRANT):
        raise NotPermitted
    if (kind is StaffKind.MACHINE) != (command.role is Role.MACHINE):
        raise InvalidInput(FieldError("role", "role_not_for_kind"))
    this = (col(StaffRole.staff_id) == command.staff_id, col(StaffRole.role) == command.role)
    held = (await session.execute(select(StaffRole).where(*this).with_for_update())).scalar_one_or_none()
    if held is None:
        pending = command.role in TWO_PERSONS
        row = insert(StaffRole).values(
            staff_id=command.staff_id, role=command.role, pending=pending, granted_by=actor.id, granted_at=now()
        )
        if (await session.execute(row.on_conflict_do_nothing().returning(col(StaffRole.role)))).first() is None:
            raise Conflict
    elif held.pending and held.granted_by != actor.id:
        pending = False
        await session.execute(update(StaffRole).where(*this).values(pending=False))
    else:
        return not held.pending
    action = "staff.ask_role" if pending else "staff.grant_role"
    await append(session, actor, action, command.staff_id, body={"role": command.role})
    return not pending


async def revoke_role(session: Session, actor: Actor, command: RoleOf) -> None:
    """Take a role away. Raises `NotFound` if it is not held, `Conflict` for the last administrator."""
    await reach(session, actor, command.staff_id)
    if not (actor.has(Role.ADMINISTRATOR) or command.role in MANAGER_MAY_GRANT):
        raise NotPermitted
    if command.role is Role.ADMINISTRATOR:
        await session.execute(select(func.pg_advisory_xact_lock(ADMINISTRATORS)))
        others = select(func.count()).where(
            col(StaffRole.role) == Role.ADMINISTRATOR,
            ~col(StaffRole.pending),
            col(StaffRole.staff_id) != command.staff_id,
        )
        if not (await session.execute(others)).scalar_one():
            raise Conflict("last_administrator")
    gone = delete(StaffRole).where(col(StaffRole.staff_id) == command.staff_id, col(StaffRole.role) == command.role)
    if (await session.execute(gone.returning(col(StaffRole.role)))).first() is None:
        raise NotFound
    await append(session, actor, "staff.revoke_role", command.staff_id, body={"role": command.role})


def index_of(session: Session, name: str) -> bytes:
    """The blind index of somebody by name, as cases keep their parties. Raises `InvalidInput` for an unusable name."""
    if not (0 < len(name.strip()) <= 200 and name.isprintable()):
        raise InvalidInput(FieldError("name", "name_form"))
    return blind(keys_of(session), "name", name)


async def declare_relation(session: Session, actor: Actor, command: Relation) -> None:
    """Declare that somebody is, lives with or is close to a person: from now F2 holds. Declared again, it stands once.

    Oneself; coordinators and administrators for another. Raises `NotFound` where there is no such account.
    """
    in_good_standing(actor)
    if command.staff_id != actor.id and not actor.has(*DECLARE_FOR_OTHERS):
        raise NotPermitted
    known = select(col(Staff.id)).where(col(Staff.id) == command.staff_id, col(Staff.kind) == StaffKind.PERSON)
    if (await session.execute(known)).first() is None:
        raise NotFound
    row = insert(StaffRelation).values(
        staff_id=command.staff_id, person_index=command.person_index, kind=command.kind, declared_at=now()
    )
    await session.execute(row.on_conflict_do_nothing())
    cases = [] if command.case_id is None else [command.case_id]
    body = {"kind": command.kind}
    await append(session, actor, "staff.declare_relation", command.staff_id, cases=cases, body=body)
