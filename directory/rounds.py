"""The life of a round of stock-taking: planned, open, closed with a frozen result, or cancelled. SQL alone.

A closed round's result is added once and never changed: the application's role may not, triggers refuse it to its
owner, and `digest` (which the audit chain holds too) tells whether somebody did.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from .round_tables import InventoryRound, RoundState, StopReason, TaskAnswer
from .sql import sql, statement

__all__ = ["InventoryRound", "RoundRow", "RoundState", "Scope", "StopReason", "TaskAnswer"]


@dataclass(frozen=True, slots=True)
class Scope:
    """What a round asks about: codes of networks, areas and needs; an empty list stands for all."""

    networks: tuple[str, ...] = ()
    areas: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RoundRow:
    """A round as it stands. `due_at` is the moment after the last day; `digest` is empty until it is closed."""

    id: UUID
    state: RoundState
    networks: tuple[str, ...]
    areas: tuple[str, ...]
    needs: tuple[str, ...]
    note: str
    opens_on: date
    closes_on: date
    opens_at: datetime
    due_at: datetime
    authority_id: UUID
    planned_by: UUID
    opened_at: datetime | None
    closed_at: datetime | None
    digest: str


_READ = sql(
    "SELECT r.id, r.state, r.networks, r.areas, r.needs, r.note, r.opens_on, r.closes_on, r.opens_at, r.due_at, "
    "r.authority_id, r.planned_by, r.opened_at, r.closed_at, r.digest FROM inventory_round r "
)
_ONE = statement("{read}WHERE r.id = :id", read=_READ)
_LOCKED = statement("{read}WHERE r.id = :id FOR UPDATE", read=_READ)
_PAGE = statement(
    "{read}WHERE (CAST(:day AS date) IS NULL OR (r.opens_on, r.id) < (CAST(:day AS date), CAST(:after AS uuid))) "
    "AND (CAST(:organization AS uuid) IS NULL OR r.state IN ('open', 'closed') AND EXISTS (SELECT FROM "
    "inventory_task t WHERE t.round_id = r.id AND t.organization_id = :organization)) "
    "ORDER BY r.opens_on DESC, r.id DESC LIMIT :most",
    read=_READ,
)

# A service is in scope by an area it serves, one that lies within it, or one that it lies within.
_TASKS = text(
    """
WITH RECURSIVE down AS (
  SELECT code FROM area WHERE code = ANY(:areas)
  UNION SELECT a.code FROM down JOIN area a ON a.parent = down.code),
up AS (
  SELECT parent AS code FROM area WHERE code = ANY(:areas) AND parent IS NOT NULL
  UNION SELECT a.parent FROM up JOIN area a ON a.code = up.code WHERE a.parent IS NOT NULL),
near AS (SELECT code FROM down UNION SELECT code FROM up)
INSERT INTO inventory_task (round_id, service_id, organization_id)
SELECT :id, s.id, s.organization_id FROM service s JOIN organization o ON o.id = s.organization_id
WHERE s.status IN ('active', 'temporarily closed') AND o.status <> 'closed'
AND (cardinality(CAST(:networks AS text[])) = 0 OR o.network = ANY(:networks))
AND (cardinality(CAST(:needs AS text[])) = 0 OR EXISTS (
  SELECT FROM attribute b JOIN taxonomy_term t ON t.id = b.taxonomy_term_id
  WHERE b.service_id = s.id AND t.need = ANY(:needs)))
AND (cardinality(CAST(:areas AS text[])) = 0 OR EXISTS (
  SELECT FROM service_area x WHERE x.service_id = s.id AND x.area_code IN (SELECT code FROM near)))
RETURNING id"""
)
_OPEN = text(
    "UPDATE inventory_round SET state = 'open', opened_at = :now WHERE id = :id AND state = 'planned' RETURNING id"
)
_CANCEL = text(
    "UPDATE inventory_round SET state = 'cancelled', closed_at = :now, closed_by = :by "
    "WHERE id = :id AND state = 'planned' RETURNING id"
)

COUNTY_OF = sql("""
up AS (
  SELECT code, code AS top, parent, kind FROM area
  UNION ALL SELECT up.code, a.code, a.parent, a.kind FROM up JOIN area a ON a.code = up.parent WHERE up.kind <> 'county'
),
county AS (SELECT code, top FROM up WHERE kind = 'county')""")
"""Two members of a WITH RECURSIVE: `county (code, top)` gives the county each area is or lies in."""
CAPACITY = sql(
    "LEFT JOIN LATERAL (SELECT available, unit, updated FROM service_capacity WHERE service_id = s.id "
    "ORDER BY updated DESC, available DESC, id LIMIT 1) c ON true "
)
"""Joins `c`, what was last said to be free of service `s`."""

_FREEZE = statement(
    """WITH RECURSIVE {county_of}
INSERT INTO inventory_result (round_id, service_id, name, names, organization_id, organization, organization_names,
  network, asked, status, assured_date, needs, areas, counties, answer, answered_at, answered_by, answered_for,
  later_on, stopped_on, reason, available, unit, capacity_updated)
SELECT t.round_id, s.id, s.name, s.name_i18n, o.id, o.name, o.name_i18n, COALESCE(o.network, ''), o.id = ANY(:asked),
  s.status, s.assured_date,
  ARRAY(SELECT DISTINCT w.need FROM attribute b JOIN taxonomy_term w ON w.id = b.taxonomy_term_id
    WHERE b.service_id = s.id AND w.need IS NOT NULL ORDER BY 1),
  ARRAY(SELECT DISTINCT x.area_code FROM service_area x WHERE x.service_id = s.id AND x.area_code IS NOT NULL
    ORDER BY 1),
  ARRAY(SELECT DISTINCT k.top FROM service_area x JOIN county k ON k.code = x.area_code WHERE x.service_id = s.id
    ORDER BY 1),
  t.answer, t.answered_at, t.answered_by, t.answered_for, t.later_on, t.stopped_on, t.reason, c.available, c.unit,
  c.updated
FROM inventory_task t JOIN service s ON s.id = t.service_id JOIN organization o ON o.id = t.organization_id
{capacity}WHERE t.round_id = :id""",
    county_of=COUNTY_OF,
    capacity=CAPACITY,
)
# In PostgreSQL's own binary form: nothing is left out and nothing is formatted in two ways.
_DIGEST = text(
    "SELECT encode(sha256(COALESCE(string_agg(sha256(record_send(f)), ''::bytea ORDER BY f.service_id), ''::bytea)), "
    "'hex'), count(*) FROM inventory_result f WHERE f.round_id = :id"
)
_CLOSE = text(
    "UPDATE inventory_round SET state = 'closed', closed_at = :now, closed_by = :by, digest = :digest WHERE id = :id"
)

Keep = Callable[[AsyncSession, UUID], Awaitable[None]]
KEPT_AT_CLOSE: list[Keep] = []
"""What else of the directory is kept as it was when a round closes: each is called once, in the closing transaction."""


async def snapshot(session: AsyncSession, round_id: UUID) -> None:
    """Let everything that belongs to a round's result keep its own state of this moment."""
    for keep in KEPT_AT_CLOSE:
        await keep(session, round_id)


async def plan_round(session: AsyncSession, row: InventoryRound) -> None:
    """Write a new round down; nobody is asked before `begin`."""
    session.add(row)
    await session.flush()


async def begin(session: AsyncSession, round_id: UUID, now: datetime) -> int | None:
    """Open a planned round: one task for each service in scope. How many; None when it was not planned."""
    if (await session.execute(_OPEN, {"id": round_id, "now": now})).first() is None:
        return None
    row = await get(session, round_id)
    assert row is not None
    given = {"networks": list(row.networks), "areas": list(row.areas), "needs": list(row.needs)}
    return len((await session.execute(_TASKS, {"id": round_id, **given})).all())


async def cancel(session: AsyncSession, round_id: UUID, by: UUID, now: datetime) -> bool:
    """Call a planned round off; False when it was not planned."""
    return (await session.execute(_CANCEL, {"id": round_id, "by": by, "now": now})).first() is not None


async def close(
    session: AsyncSession, round_id: UUID, by: UUID, now: datetime, asked: Collection[UUID]
) -> tuple[str, int]:
    """Freeze an open round's result and close it; its digest and how many services are in it.

    `asked` are the organizations that had somebody to ask. The caller holds the round (`get(..., lock=True)`).
    """
    await session.execute(_FREEZE, {"id": round_id, "asked": list(asked)})
    await snapshot(session, round_id)
    digest, count = await digest_of(session, round_id)
    await session.execute(_CLOSE, {"id": round_id, "by": by, "now": now, "digest": digest})
    return digest, count


async def digest_of(session: AsyncSession, round_id: UUID) -> tuple[str, int]:
    """The digest of a round's result as it is now (SHA-256, hex) and its number of services."""
    digest, count = (await session.execute(_DIGEST, {"id": round_id})).one()
    return str(digest), int(count)


async def get(session: AsyncSession, round_id: UUID, *, lock: bool = False) -> RoundRow | None:
    """A round, or None; with `lock`, nobody answers or closes it until this transaction ends."""
    row = (await session.execute(_LOCKED if lock else _ONE, {"id": round_id})).first()
    return None if row is None else _round(row)


async def page(
    session: AsyncSession, most: int, after: tuple[date, UUID] | None = None, organization: UUID | None = None
) -> Sequence[RoundRow]:
    """Rounds, the latest first; with `organization`, those that have asked it."""
    day, key = after or (None, None)
    given = {"day": day, "after": key, "organization": organization, "most": most}
    return [_round(row) for row in (await session.execute(_PAGE, given)).all()]


def _round(row: Any) -> RoundRow:
    return RoundRow(row.id, RoundState(row.state), tuple(row[2]), tuple(row[3]), tuple(row[4]), *row[5:])
