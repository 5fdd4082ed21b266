"""How soon agencies answer lately: told by whoever knows, kept for the ranking."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

_KEEP = text("""
INSERT INTO organization_pace AS p (organization_id, answered, median_minutes, updated)
SELECT f.organization_id, f.answered, f.median_minutes, :now
FROM unnest(CAST(:organizations AS uuid[]), CAST(:answered AS integer[]), CAST(:medians AS integer[]))
  AS f (organization_id, answered, median_minutes)
ON CONFLICT (organization_id) DO UPDATE
SET answered = excluded.answered, median_minutes = excluded.median_minutes, updated = excluded.updated
""")
_FORGET = text(
    "UPDATE organization_pace SET answered = 0, median_minutes = NULL, updated = :now "
    "WHERE answered > 0 AND updated < :now"
)


@dataclass(frozen=True, slots=True)
class Pace:
    """Of so many answers of an organization, the median time in minutes."""

    organization_id: UUID
    answered: int
    median_minutes: int


async def keep(session: AsyncSession, found: Iterable[Pace], now: datetime) -> None:
    """Keep these, one an organization, and nothing of any other."""
    told = list(found)
    given = {
        "organizations": [one.organization_id for one in told],
        "answered": [one.answered for one in told],
        "medians": [one.median_minutes for one in told],
    }
    await session.execute(_KEEP, {**given, "now": now})
    await session.execute(_FORGET, {"now": now})
