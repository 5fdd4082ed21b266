"""The weights of matching: read by whoever ranks or oversees, set by an administrator, each setting an audit entry."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from uuid import UUID

from directory import weights as kept
from directory.weights import BOUNDS, DEFAULT, Weights, WeightsRefused
from hub.audit.chain import append
from hub.audit.ledger import moment
from hub.base.db import Session
from hub.base.errors import Conflict, FieldError, InvalidInput, NotPermitted
from hub.policy.terms import Actor, Role

MOST_NOTE = 500


@dataclass(frozen=True, slots=True)
class WeightView:
    """One weight, its bounds, and what the product came with."""

    name: str
    value: int
    least: int
    most: int
    default: int


@dataclass(frozen=True, slots=True)
class WeightsView:
    """The weights that hold."""

    id: UUID
    version: int
    set_at: datetime | None
    note: str
    weights: tuple[WeightView, ...]


async def weights(session: Session) -> WeightsView:
    """The weights that hold now, version 0 being the product's own."""
    now = await kept.current(session)
    each = (
        WeightView(field.name, getattr(now.weights, field.name), *BOUNDS[field.name], getattr(DEFAULT, field.name))
        for field in fields(Weights)
    )
    return WeightsView(UUID(int=now.version), now.version, now.set_at, now.note, tuple(each))


async def shown(session: Session, _actor: Actor, _id: UUID) -> WeightsView:
    """What setting them answers."""
    return await weights(session)


async def set_weights(session: Session, actor: Actor, changes: Mapping[str, int], expected: int, note: str) -> UUID:
    """Let other weights hold from now. Raises `Conflict` if `expected` is no longer the version that holds."""
    if not actor.has(Role.ADMINISTRATOR):
        raise NotPermitted
    if not note.strip() or len(note) > MOST_NOTE:
        raise InvalidInput(FieldError("note", "required" if not note.strip() else "too_long"))
    try:
        done = await kept.set_weights(session, changes, actor.id, moment(session), note, expected=expected)
    except WeightsRefused as refused:
        raise InvalidInput(*(_fault(f"weights.{name}", code) for name, code in refused.faults)) from None
    if done is None:
        raise Conflict("changed_meanwhile")
    done_id = UUID(int=done.version)
    await append(session, actor, "weights.set", done_id, body={"version": done.version, "changes": dict(changes)})
    return done_id


def _fault(path: str, code: str) -> FieldError:
    """What the directory refused, as the hub says it."""
    if code == "unknown_weight":
        return FieldError(path, "unknown_weight")
    return FieldError(path, "weight_order") if code == "order" else FieldError(path, "out_of_bounds")
