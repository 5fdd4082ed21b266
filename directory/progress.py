"""How far a round of stock-taking has come: counts in all, by network, by county, by agency; live or frozen."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import TextClause
from sqlmodel.ext.asyncio.session import AsyncSession

from .rounds import COUNTY_OF
from .sql import sql, statement


class RoundGroup(StrEnum):
    """What a round is counted by."""

    NETWORK = "network"
    COUNTY = "county"
    AGENCY = "agency"


@dataclass(frozen=True, slots=True)
class Counts:
    """How far a round or a part of it has come: total = answered + later + unanswered + nobody."""

    total: int = 0
    answered: int = 0
    """For good: unchanged, changed or stopped."""
    unchanged: int = 0
    changed: int = 0
    stopped: int = 0
    later: int = 0
    unanswered: int = 0
    nobody: int = 0
    """Of those not answered: whose agency is not in the hub, so that nobody can be asked."""


_LIVE = sql(
    "SELECT t.service_id, t.organization_id, COALESCE(o.network, '') AS network, t.organization_id = ANY(:asked) AS "
    "asked, t.answer, ARRAY(SELECT DISTINCT k.top FROM service_area x JOIN county k ON k.code = x.area_code "
    "WHERE x.service_id = t.service_id) AS counties FROM inventory_task t JOIN organization o "
    "ON o.id = t.organization_id WHERE t.round_id = :id AND cardinality(CAST(:asked AS uuid[])) >= 0"
)
_FROZEN = sql(
    "SELECT f.service_id, f.organization_id, f.network, f.asked, f.answer, f.counties FROM inventory_result f "
    "WHERE f.round_id = :id"
)
KEYS = {
    RoundGroup.NETWORK: (sql("x.network"), sql("")),
    RoundGroup.AGENCY: (sql("CAST(x.organization_id AS text)"), sql("")),
    RoundGroup.COUNTY: (
        sql("k.key"),
        sql(", unnest(CASE WHEN cardinality(x.counties) = 0 THEN ARRAY[''] ELSE x.counties END) AS k (key)"),
    ),
}
"""What rows `x` are counted by, and what is joined to them for it."""
_TALLY = sql(
    "count(*), count(*) FILTER (WHERE x.answer <> 'later'), count(*) FILTER (WHERE x.answer = 'unchanged'), "
    "count(*) FILTER (WHERE x.answer = 'changed'), count(*) FILTER (WHERE x.answer = 'no_longer_offered'), "
    "count(*) FILTER (WHERE x.answer = 'later'), count(*) FILTER (WHERE x.answer IS NULL AND x.asked), "
    "count(*) FILTER (WHERE x.answer IS NULL AND NOT x.asked)"
)


def _counting(by: RoundGroup | None, *, frozen: bool) -> TextClause:
    key, more = (sql("''"), sql("")) if by is None else KEYS[by]
    return statement(
        "{head} SELECT {key}, {tally} FROM ({rows}) x{more} "
        "WHERE CAST(:organization AS uuid) IS NULL OR x.organization_id = :organization GROUP BY 1 ORDER BY 1",
        head=sql("") if frozen else sql("WITH RECURSIVE {county_of}", county_of=COUNTY_OF),
        key=key,
        tally=_TALLY,
        rows=_FROZEN if frozen else _LIVE,
        more=more,
    )


_COUNTS = {(frozen, by): _counting(by, frozen=frozen) for by in (None, *RoundGroup) for frozen in (True, False)}


async def progress(
    session: AsyncSession,
    round_id: UUID,
    *,
    frozen: bool,
    asked: Collection[UUID],
    by: RoundGroup | None = None,
    organization: UUID | None = None,
) -> dict[str, Counts]:
    """How far a round has come, by the key of `by` (code of network or county, id of an organization; '' is all).

    A service in several counties counts in each; one in none, and an agency in no network, under ''. `frozen`: read
    the result of a closed round. `organization`: of that one alone.
    """
    given: dict[str, Any] = {"id": round_id, "organization": organization}
    if not frozen:
        given["asked"] = list(asked)
    rows = (await session.execute(_COUNTS[frozen, by], given)).all()
    return {str(row[0]): Counts(*row[1:]) for row in rows}
