"""Forgetting the past of a field that must not be known any more: asked for, then done once another has agreed.

Who, when and which field stays in the history; what was said goes, there and wherever it was kept beside: in what an
import had no column for, in the source's own history, and in what search holds.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from .coverage_keeping import keep
from .history import Change
from .purge_tables import PurgeReason as PurgeReason
from .refresh import refresh_services
from .spelling import forget_these
from .sql import listed, statement
from .words import normal, words


@dataclass(frozen=True, slots=True)
class Purge:
    """A request. `decided_by` is None while it waits; `agreed` says what came of it."""

    id: UUID
    service_id: UUID
    change_id: UUID
    resource_type: str
    resource_id: UUID
    field_name: str
    reason: str
    asked_by: UUID
    asked_at: datetime
    decided_by: UUID | None
    decided_at: datetime | None
    agreed: bool | None


_COLUMNS = listed((field.name for field in fields(Purge)), "q.{name}")
_ASK = text(
    "INSERT INTO history_purge (id, service_id, change_id, resource_type, resource_id, field_name, reason, asked_by, "
    "asked_at) VALUES (gen_random_uuid(), :service, :change, :kind, :resource, :field, :reason, :by, :at) "
    "ON CONFLICT DO NOTHING RETURNING id"
)
_ONE = statement("SELECT {columns} FROM history_purge q WHERE q.id = :id", columns=_COLUMNS)
_OF = statement(
    "SELECT {columns} FROM history_purge q WHERE q.id = ANY(CAST(:done AS uuid[])) "
    "OR (q.decided_by IS NULL AND q.resource_id = ANY(CAST(:resources AS uuid[])))",
    columns=_COLUMNS,
)
_WAITING = statement(
    "SELECT {columns} FROM history_purge q WHERE q.decided_by IS NULL ORDER BY q.asked_at, q.id LIMIT :most",
    columns=_COLUMNS,
)
_SAID = text(
    "SELECT previous_value FROM metadata WHERE resource_id = :id AND resource_type = :kind "
    "AND (field_name IN (:field, '') OR :field = '') "
    "UNION SELECT replacement_value FROM metadata WHERE resource_id = :id AND resource_type = :kind "
    "AND (field_name = :field OR :field = '')"
)
_DECIDE = text("SELECT directory_purge(:id, :by, :at, :agreed)")
_HERE = text("SELECT id FROM service WHERE id = :id")


async def ask(
    session: AsyncSession, service_id: UUID, change: Change, reason: PurgeReason, by: UUID, at: datetime
) -> Purge | None:
    """Ask that the past of what a change was of be forgotten: of its field, or of the whole row where that is gone.

    None where it waits already.
    """
    given = {
        "service": service_id, "change": change.id, "kind": change.resource_type, "resource": change.resource_id,
        "field": change.field_name, "reason": reason, "by": by, "at": at,
    }  # fmt: skip
    found = (await session.execute(_ASK, given)).scalar_one_or_none()
    return None if found is None else await purge(session, found)


async def purge(session: AsyncSession, purge_id: UUID) -> Purge | None:
    """One request."""
    row = (await session.execute(_ONE, {"id": purge_id})).first()
    return None if row is None else Purge(*row)


async def purges_of(session: AsyncSession, changes: Collection[Change]) -> dict[UUID, Purge]:
    """Change -> the request by which it was emptied, or that waits to empty it."""
    given = {
        "done": [c.purged for c in changes if c.purged is not None],
        "resources": list({c.resource_id for c in changes}),
    }
    found = [Purge(*row) for row in (await session.execute(_OF, given)).all()]
    done = {one.id: one for one in found}
    return {
        change.id: one
        for change in changes
        if (one := done[change.purged] if change.purged is not None else _waits(change, found)) is not None
    }


def _waits(change: Change, found: Sequence[Purge]) -> Purge | None:
    return next(
        (
            one
            for one in found
            if one.decided_by is None
            and (one.resource_id, one.resource_type) == (change.resource_id, change.resource_type)
            and one.field_name in ("", change.field_name)
        ),
        None,
    )


async def waiting(session: AsyncSession, most: int) -> list[Purge]:
    """Requests nobody has decided yet, the oldest first."""
    return [Purge(*row) for row in (await session.execute(_WAITING, {"most": most})).all()]


async def decide(session: AsyncSession, asked: Purge, by: UUID, at: datetime, *, agreed: bool) -> int | None:
    """Forget it, or let it stand; how many records were emptied. None where it is decided already, or is one's own.

    Whoever asked may take it back, but never agree.
    """
    said: set[str] = set()
    if agreed:
        given = {"id": asked.resource_id, "kind": asked.resource_type, "field": asked.field_name}
        said = set((await session.execute(_SAID, given)).scalars().all())
    emptied: int | None = (
        await session.execute(_DECIDE, {"id": asked.id, "by": by, "at": at, "agreed": agreed})
    ).scalar_one()
    if not emptied:
        return emptied
    if (await session.execute(_HERE, {"id": asked.service_id})).first() is not None:
        await refresh_services(session, [asked.service_id])
        await keep(session, [asked.service_id])
    await forget_these(session, {word for text_ in said for word in words(normal(text_))})
    return emptied
