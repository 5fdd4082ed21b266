"""Changing an agency that takes part: its names, network, county, mailbox. Administrators alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlmodel import col

from hub.audit.chain import append
from hub.base.db import Session
from hub.base.errors import Conflict, NotFound, NotPermitted
from hub.policy.terms import Actor

from .actions import AddAgency, judge_agency
from .reach import administrator
from .tables import Agency
from .views import agencies

FIELDS = ("name", "names", "network", "county", "email")


async def update_agency(
    session: Session, actor: Actor, agency_id: UUID, version: str, given: Mapping[str, Any]
) -> UUID:
    """Change an agency: of `FIELDS` those that are given. What its people may see follows its network at once.

    Nobody changes the network of their own agency: it would be granting oneself what that network may see. Raises
    `Conflict` if `version` is not what it stands at, `InvalidInput` field by field, `NotFound`, `NotPermitted`.
    """
    administrator(actor)
    held = select(col(Agency.id)).where(col(Agency.id) == agency_id).with_for_update()
    if (await session.execute(held)).first() is None:
        raise NotFound
    before = (await agencies(session, [agency_id]))[agency_id]
    if before.version != version:
        raise Conflict("changed_meanwhile")
    changed = {name: given[name] for name in FIELDS if name in given and given[name] != getattr(before, name)}
    if "network" in changed and agency_id == actor.agency_id:
        raise NotPermitted("own_network")
    whole = {name: changed.get(name, getattr(before, name)) for name in FIELDS}
    judge_agency(AddAgency(code=before.code, **whole))
    if changed:
        await session.execute(update(Agency).where(col(Agency.id) == agency_id).values(changed))
        body: dict[str, Any] = {"fields": sorted(changed)}
        if "network" in changed:  # a code, and what decides what its people may see
            body["network"] = [before.network, changed["network"]]
        await append(session, actor, "agency.change", agency_id, body=body)
    return agency_id
