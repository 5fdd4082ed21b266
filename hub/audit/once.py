"""Idempotency keys: the same person's same request is done once, and told from a different one under the same key."""

from __future__ import annotations

from uuid import UUID

from directory.hot import Hot, fetch
from directory.sql import sql
from hub.base.db import Session
from hub.base.errors import Conflict
from hub.base.time import now
from hub.policy.terms import Actor

_UNKNOWN = UUID(int=0)  # what it made, until it has made it: nobody else sees this row before
_CLAIM = Hot(
    sql(
        "insert into done_once (actor_id, key, body_hash, result, at) values (:actor, :key, :body, :unknown, :now)"
        " on conflict do nothing returning true"
    )
)
_FOUND = Hot(sql("select body_hash, result from done_once where actor_id = :actor and key = :key"))
_MADE = Hot(sql("update done_once set result = :result where actor_id = :actor and key = :key"))


async def claim(session: Session, actor: Actor, key: str, body_hash: bytes) -> UUID | None:
    """Take this key for what this transaction does and return None; or return what the key made before.

    Of two requests with one key the second waits for the first to end: it finds what that made or, if it was undone,
    takes the key. `Conflict` on another body.
    """
    mine = {"actor": actor.id, "key": key}
    if await fetch(session, _CLAIM, {**mine, "body": body_hash, "unknown": _UNKNOWN, "now": now()}):
        return None
    (found,) = await fetch(session, _FOUND, mine)
    if found.body_hash != body_hash:
        raise Conflict("key_used_otherwise")
    made: UUID = found.result
    return made


async def remember(session: Session, actor: Actor, key: str, result: UUID) -> None:
    """Keep what the claimed key made, in the same transaction."""
    await fetch(session, _MADE, {"actor": actor.id, "key": key, "result": result})
