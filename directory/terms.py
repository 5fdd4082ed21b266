"""Words of other vocabularies and the need each means: what nobody has mapped, what a person said, who follows.

What a person said is kept: no import changes it. A word that many services use is followed by them in batches.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from .coverage_keeping import keep
from .refresh import refresh_services
from .sql import sql, statement
from .taxonomy import DUTY_MAP_VERSION, NEEDS

AT_ONCE = 5000
"""Services that follow in the same transaction; where more use the word, `advance` takes them in batches."""
BATCH = 1000


class Which(StrEnum):
    """Which words: those nobody has mapped, or those a person has."""

    UNMAPPED = "unmapped"
    CHOSEN = "chosen"


@dataclass(frozen=True, slots=True)
class Term:
    """A word of an import. `chosen_at` None: no person has said what it means.

    `services` use it now; of the `following` that used it when it was said, `refreshed` are found by it.
    """

    id: UUID
    source: str
    taxonomy: str
    code: str
    name: str
    need: str | None
    services: int
    duty_map: str
    chosen_at: datetime | None
    chosen_by: UUID | None
    following: int
    refreshed: int
    finished_at: datetime | None


_COLUMNS = sql(
    "SELECT t.id, t.source, t.taxonomy, t.code, t.name, t.need, (SELECT count(DISTINCT a.service_id) FROM attribute a "
    "WHERE a.taxonomy_term_id = t.id) AS services, COALESCE(c.duty_map, ''), c.chosen_at, c.chosen_by, "
    "COALESCE(c.services, 0), COALESCE(c.refreshed, 0), c.finished_at FROM taxonomy_term t "
)
_ONE = statement(
    "{terms}LEFT JOIN term_choice c ON c.term_id = t.id WHERE t.id = :id AND t.source <> 'hub'", terms=_COLUMNS
)
_OF = {
    Which.UNMAPPED: sql(
        "LEFT JOIN term_choice c ON c.term_id = t.id WHERE t.need IS NULL AND c.term_id IS NULL AND t.source <> 'hub' "
    ),
    Which.CHOSEN: sql("JOIN term_choice c ON c.term_id = t.id WHERE true "),
}
_ORDER = {Which.UNMAPPED: sql("services DESC, t.name, t.id"), Which.CHOSEN: sql("c.chosen_at DESC, t.name, t.id")}
_PAGE = {
    which: statement(
        "{terms}{of}ORDER BY {order} LIMIT :most OFFSET :start", terms=_COLUMNS, of=of, order=_ORDER[which]
    )
    for which, of in _OF.items()
}
_COUNT = {which: statement("SELECT count(*) FROM taxonomy_term t {of}", of=of) for which, of in _OF.items()}


async def term(session: AsyncSession, term_id: UUID) -> Term | None:
    """One word of an import, or None."""
    row = (await session.execute(_ONE, {"id": term_id})).first()
    return None if row is None else Term(*row)


async def terms(session: AsyncSession, which: Which, most: int, start: int = 0) -> list[Term]:
    """Words, those more services use first; chosen ones by when it was said, the latest first."""
    return [Term(*row) for row in (await session.execute(_PAGE[which], {"most": most, "start": start})).all()]


async def count(session: AsyncSession, which: Which) -> int:
    """How many such words there are."""
    return int((await session.execute(_COUNT[which])).scalar_one())


_HOLD = text("SELECT need FROM taxonomy_term WHERE id = :id AND source <> 'hub' FOR UPDATE")
_SAY = text("UPDATE taxonomy_term SET need = :need WHERE id = :id AND need IS DISTINCT FROM CAST(:need AS text)")
_CHOOSE = text(
    "INSERT INTO term_choice AS c (term_id, need, duty_map, chosen_by, chosen_at, services, refreshed, reached, "
    "finished_at) SELECT CAST(:id AS uuid), CAST(:need AS text), CAST(:duty_map AS text), CAST(:by AS uuid), "
    "CAST(:now AS timestamptz), n.services, CASE WHEN CAST(:done AS boolean) THEN n.services ELSE 0 END, NULL, "
    "CASE WHEN CAST(:done AS boolean) THEN CAST(:now AS timestamptz) END "
    "FROM (SELECT count(DISTINCT a.service_id) AS services FROM attribute a WHERE a.taxonomy_term_id = :id) n "
    "ON CONFLICT (term_id) DO UPDATE SET need = excluded.need, duty_map = excluded.duty_map, "
    "chosen_by = excluded.chosen_by, chosen_at = excluded.chosen_at, services = excluded.services, "
    "refreshed = excluded.refreshed, reached = NULL, finished_at = excluded.finished_at RETURNING services"
)


async def choose(
    session: AsyncSession, term_id: UUID, need: str | None, by: UUID, now: datetime, *, at_once: int = AT_ONCE
) -> bool:
    """Say what a word of an import means; None: no need of ours. The services that use it follow. False: no such word.

    Up to `at_once` of them in this transaction, else `advance` takes them batch by batch. Raises ValueError for a need
    the duty map does not know.
    """
    if need is not None and need not in NEEDS:
        raise ValueError(need)
    held = (await session.execute(_HOLD, {"id": term_id})).first()
    if held is None:
        return False
    await session.execute(_SAY, {"id": term_id, "need": need})
    given = {"id": term_id, "need": need, "duty_map": DUTY_MAP_VERSION, "by": by, "now": now}
    same = held.need == need and not (await session.execute(_FOLLOWS, {"id": term_id})).scalar_one()
    services = int((await session.execute(_CHOOSE, {**given, "done": same})).scalar_one())
    if not same and services <= at_once:
        while await _follow(session, term_id, now):
            pass
    return True


_FOLLOWS = text("SELECT EXISTS (SELECT FROM term_choice WHERE term_id = :id AND finished_at IS NULL)")
_WAITING = text(
    "SELECT term_id FROM term_choice WHERE finished_at IS NULL ORDER BY chosen_at, term_id LIMIT 1 "
    "FOR UPDATE SKIP LOCKED"
)
_NEXT = text(
    "SELECT DISTINCT a.service_id FROM attribute a JOIN term_choice c ON c.term_id = a.taxonomy_term_id "
    "WHERE a.taxonomy_term_id = :id AND a.service_id IS NOT NULL AND (c.reached IS NULL OR a.service_id > c.reached) "
    "ORDER BY a.service_id LIMIT :most"
)
_REACHED = text(
    "UPDATE term_choice SET refreshed = least(services, refreshed + :several), reached = COALESCE(:reached, reached), "
    "finished_at = CASE WHEN CAST(:last AS boolean) THEN CAST(:now AS timestamptz) END WHERE term_id = :id"
)


async def _follow(session: AsyncSession, term_id: UUID, now: datetime) -> bool:
    """The next batch of services that use a word; whether there may be more."""
    ids = list((await session.execute(_NEXT, {"id": term_id, "most": BATCH})).scalars().all())
    await refresh_services(session, ids)
    await keep(session, ids)
    last = len(ids) < BATCH
    given = {"several": len(ids), "reached": ids[-1] if ids else None, "last": last, "now": now, "id": term_id}
    await session.execute(_REACHED, given)
    return not last


async def advance(session: AsyncSession, now: datetime) -> bool:
    """One batch of the word that waits longest, if any; whether something was done. Several workers take turns."""
    waiting: UUID | None = (await session.execute(_WAITING)).scalar()
    if waiting is None:
        return False
    await _follow(session, waiting, now)
    return True
