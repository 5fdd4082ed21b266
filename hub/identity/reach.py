"""Whom an administrator or a manager may change: forbid F1 and reach, for what is not about a case."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlmodel import col

from hub.base.db import Session
from hub.base.errors import NotFound, NotPermitted
from hub.base.time import now
from hub.policy.terms import Actor, Role

from .tables import Staff, StaffKind, StaffRole

ADMINISTRATORS: Final = 0x48554249
"""Advisory lock: who the administrators are changes one at a time."""


def in_good_standing(actor: Actor) -> None:
    """F1 for what is not about a case; raises `NotPermitted`."""
    if actor.suspended or actor.agency_suspended or (actor.expires_at is not None and actor.expires_at <= now()):
        raise NotPermitted


def administrator(actor: Actor) -> None:
    """Administrators in good standing alone; raises `NotPermitted`."""
    in_good_standing(actor)
    if not actor.has(Role.ADMINISTRATOR):
        raise NotPermitted


def in_reach(actor: Actor, agency_id: UUID) -> None:
    """Whether the actor may add to this agency; raises `NotPermitted`."""
    in_good_standing(actor)
    if actor.has(Role.ADMINISTRATOR) or (actor.has(Role.AGENCY_MANAGER) and agency_id == actor.agency_id):
        return
    raise NotPermitted


async def reach(session: Session, actor: Actor, staff_id: UUID) -> StaffKind:
    """The kind of an account the actor may change. One beyond reach is one that is not there.

    A manager reaches the persons of the agency, but not its administrators and auditors, who watch over managers.
    """
    in_good_standing(actor)
    if not actor.has(Role.ADMINISTRATOR, Role.AGENCY_MANAGER):
        raise NotPermitted
    wanted = select(col(Staff.kind)).where(col(Staff.id) == staff_id)
    if not actor.has(Role.ADMINISTRATOR):
        watchers = select(col(StaffRole.staff_id)).where(
            col(StaffRole.role).in_([Role.ADMINISTRATOR, Role.AUDITOR]), ~col(StaffRole.pending)
        )
        wanted = wanted.where(
            col(Staff.agency_id) == actor.agency_id,
            col(Staff.kind) == StaffKind.PERSON,
            col(Staff.id).not_in(watchers),
        )
    kind = (await session.execute(wanted)).scalar_one_or_none()
    if kind is None:
        raise NotFound
    return StaffKind(kind)
