"""Idempotency keys: the same person's same request is done once, and told from a different one under the same key."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import text

from hub.base.db import Session
from hub.base.errors import Conflict
from hub.base.time import now
from hub.policy.terms import Actor

from .tables import DoneOnce

_RECALL = text("select body_hash, result from done_once where actor_id = :actor and key = :key")
_TURN = text("select pg_advisory_xact_lock(hashtextextended(:turn, 0))")


async def recall(session: Session, actor: Actor, key: str, body_hash: bytes) -> UUID | None:
    """What this key did before, or None; two requests with one key take turns. `Conflict` on another body."""
    await session.execute(_TURN, {"turn": f"{actor.id}:{key}"})
    found = (await session.execute(_RECALL, {"actor": actor.id, "key": key})).first()
    if found is None:
        return None
    if found.body_hash != body_hash:
        raise Conflict("key_used_otherwise")
    return UUID(str(found.result))


async def remember(session: Session, actor: Actor, key: str, body_hash: bytes, result: UUID) -> None:
    """Keep what the key did, in the same transaction."""
    session.add(DoneOnce(actor_id=actor.id, key=key, body_hash=body_hash, result=result, at=now()))
    await session.flush()
