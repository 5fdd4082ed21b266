"""Forgetting what must never have stood in the directory: one administrator asks, another agrees, and it is gone."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from directory import purging
from directory.history import change_of_service
from directory.purging import PurgeReason
from hub.audit.chain import append
from hub.audit.ledger import moment
from hub.base.db import Session
from hub.base.errors import Conflict, NotFound, NotPermitted
from hub.identity.lookups import staff_names
from hub.identity.reach import administrator
from hub.policy.terms import Actor

from .keeping import PurgeView, deciders, purge_view

MOST_WAITING = 50


async def request(session: Session, actor: Actor, purge_id: UUID) -> PurgeView | None:
    """One request, for administrators."""
    administrator(actor)
    found = await purging.purge(session, purge_id)
    return None if found is None else purge_view(found, await staff_names(session, deciders([found])), actor)


async def waiting(session: Session, actor: Actor) -> Sequence[PurgeView]:
    """Requests that wait for a second administrator, the oldest first."""
    administrator(actor)
    found = await purging.waiting(session, MOST_WAITING)
    names = await staff_names(session, deciders(found))
    return [purge_view(one, names, actor) for one in found]


async def ask_purge(session: Session, actor: Actor, service_id: UUID, change_id: UUID, reason: PurgeReason) -> UUID:
    """Ask that the past of a changed field, or all of a removed row, be forgotten; what it says now stays.

    Raises `NotFound` where the service's history has no such change, `Conflict` where it waits or is done already.
    """
    administrator(actor)
    change = await change_of_service(session, service_id, change_id)
    if change is None:
        raise NotFound
    if change.purged is not None and not (change.previous_value or change.replacement_value):
        raise Conflict("forgotten_already")
    asked = await purging.ask(session, service_id, change, reason, actor.id, moment(session))
    if asked is None:
        raise Conflict("forgetting_waits")
    await append(session, actor, "history.ask_purge", service_id, body=_body(asked))
    return asked.id


async def decide_purge(session: Session, actor: Actor, purge_id: UUID, *, agreed: bool) -> UUID:
    """Agree to forget, which is done at once and for good, or let it stand. Who asked may only take it back.

    Raises `NotPermitted` for one's own request, `Conflict` where it is decided already.
    """
    administrator(actor)
    asked = await purging.purge(session, purge_id)
    if asked is None:
        raise NotFound
    if agreed and asked.asked_by == actor.id:
        raise NotPermitted("second_administrator")
    emptied = await purging.decide(session, asked, actor.id, moment(session), agreed=agreed)
    if emptied is None:
        raise Conflict("changed_meanwhile")
    body = {**_body(asked), "asked_by": str(asked.asked_by), "records": emptied}
    await append(session, actor, "history.purge" if agreed else "history.keep", asked.service_id, body=body)
    return purge_id


def _body(asked: purging.Purge) -> dict[str, str]:
    """What the audit says of a request: which field of what, never what was said."""
    return {
        "purge": str(asked.id), "entity": asked.resource_type, "resource": str(asked.resource_id),
        "field": asked.field_name, "reason": asked.reason,
    }  # fmt: skip
