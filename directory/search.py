"""Finding services: what was asked is understood, gone through in steps, and read, each by one statement."""

from __future__ import annotations

import base64
import binascii
import struct
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from .found import (
    ALL,
    MOST_ROWS,
    AreaRow,
    OrganizationRow,
    Reading,
    ServiceRow,
    areas,
    chain,
    organization,
    organizations,
    organizations_by_id,
    reading,
    service,
    services,
)
from .hot import Hot, fetch
from .sql import listed, replaced, sql
from .steps import FAR, LOOSE, Position, as_arrays, counting, steps
from .steps import Query as SearchQuery
from .understanding import Asked, UnknownFilterError, understood
from .words import loosened

__all__ = [
    "ALL", "COUNT_CAP", "MOST_ROWS", "AreaRow", "OrganizationRow", "SearchPage", "SearchQuery", "ServiceRow",
    "UnknownFilterError", "areas", "chain", "organization", "organizations", "organizations_by_id", "search",
    "service", "services",
]  # fmt: skip

COUNT_CAP = 1001


@dataclass(frozen=True, slots=True)
class SearchPage:
    """One page. `total_capped` counts up to COUNT_CAP: 1,001 means "1,000+"; None where it was not asked."""

    rows: tuple[ServiceRow, ...]
    end_cursor: str | None
    has_next: bool
    total_capped: int | None = None
    cursors: tuple[str, ...] = ()
    """One for each row, to read on after it."""
    distances: dict[UUID, int] = field(default_factory=dict)
    """Metres from the middle of the area asked for, where both are known."""
    corrections: tuple[tuple[str, str], ...] = ()
    """Words that occur nowhere, each with what was looked for instead."""
    searched: SearchQuery | None = None
    """The query as it was answered: its text cut to pairs where nothing held it whole. For its facets."""


# LEAST passes over nulls: an unknown position must be asked for first, or it would be half the world away.
METRES = sql("""CASE WHEN q.latitude + q.longitude + CAST(:lat AS float8) + CAST(:lon AS float8) IS NULL THEN 2147483647
    ELSE CAST(round(2 * 6371008.8 * asin(sqrt(least(1, power(sin(radians(q.latitude - :lat) / 2), 2)
      + cos(radians(:lat)) * cos(radians(q.latitude)) * power(sin(radians(q.longitude - :lon) / 2), 2))))) AS integer)
    END""")
# What a step leaves to the row: the longer runs of characters, ages, hours, what is free now.
NARROWED = sql("""(CAST(:closed AS boolean) OR NOT q.closed)
    AND (CAST(:patterns AS text[]) IS NULL OR q.haystack LIKE ALL (CAST(:patterns AS text[])))
    AND (CAST(:age AS integer) IS NULL OR :age BETWEEN COALESCE(q.minimum_age, 0) AND COALESCE(q.maximum_age, 999))
    AND (CAST(:minute AS integer) IS NULL OR q.hours @> CAST(:minute AS integer))
    AND (CAST(:now AS timestamptz) IS NULL OR EXISTS (SELECT FROM service_capacity f
      WHERE f.service_id = q.service_id AND f.available > 0 AND f.expires > :now))""")
# By the step alone: within it rows come sorted, and sorting them again would ask the next step where this one ends.
HITS = sql(
    """
SELECT b.nth, h.*
FROM unnest(CAST(:queries AS text[]), CAST(:ranks AS integer[]), CAST(:lows AS integer[]), CAST(:highs AS integer[]),
  CAST(:firsts AS bigint[]), CAST(:lasts AS bigint[])) WITH ORDINALITY AS b(query, rank, low, high, first, last, nth)
CROSS JOIN LATERAL (
  SELECT * FROM (
    SELECT q.service_id, q.place, q.hours @> CAST(:minute_shown AS integer) AS open, {metres} AS metres,
      CASE WHEN CAST(:area AS text) IS NULL THEN b.rank WHEN CAST(:area AS text) = ANY(q.areas) THEN b.rank / 4 * 4
        WHEN q.areas && CAST(:chain AS text[]) THEN b.rank / 4 * 4 + 1 ELSE b.rank / 4 * 4 + 2 END AS rank
    FROM service_search q WHERE q.document @@ CAST(b.query AS tsquery) AND q.place BETWEEN b.first AND b.last
    AND {narrowed} OFFSET 0) m
  WHERE m.metres BETWEEN b.low AND b.high
    AND (m.rank, m.metres, m.place, m.service_id) > (:after_rank, :after_metres, :after_place, CAST(:after_id AS uuid))
  ORDER BY m.rank, m.metres, m.place, m.service_id LIMIT :rows) h
ORDER BY b.nth LIMIT :rows
""",
    metres=METRES,
    narrowed=NARROWED,
)
COUNT = sql(
    """SELECT count(*) FROM (
  SELECT FROM unnest(CAST(:c_queries AS text[]), CAST(:c_lows AS integer[]), CAST(:c_highs AS integer[]),
    CAST(:c_firsts AS bigint[]), CAST(:c_lasts AS bigint[])) AS b(query, low, high, first, last)
  CROSS JOIN LATERAL (SELECT FROM service_search q WHERE q.document @@ CAST(b.query AS tsquery)
    AND q.place BETWEEN b.first AND b.last AND {narrowed}
    AND (b.low = 0 AND b.high = {far} OR {metres} BETWEEN b.low AND b.high) OFFSET 0) h LIMIT {most}) x
""",
    narrowed=NARROWED,
    far=FAR,
    metres=METRES,
    most=COUNT_CAP,
)


# A query of one step without a limit of distance has its total in that step: before the page is cut from it.
_WITH_TOTAL = replaced(HITS, "SELECT q.service_id,", sql("SELECT count(*) OVER () AS total, q.service_id,"))


@lru_cache(maxsize=512)
def _statement(wanted: frozenset[str], count: bool, alone: bool) -> tuple[Hot, Reading]:
    """Hits and what is read of them, in one statement; the total stands in each row, and in one row where none is."""
    read = reading(wanted)
    total = sql("({count})", count=COUNT)
    if not count:
        total = sql("NULL")
    elif alone:
        total = sql("(SELECT LEAST(max(total), {most}) FROM hits)", most=COUNT_CAP)
    made = sql(
        "WITH hits AS MATERIALIZED ({hits}) SELECT t.total, h.rank, h.metres, h.place, h.open, {columns} "
        "FROM (SELECT {total} AS total) t LEFT JOIN hits h ON true "
        "LEFT JOIN LATERAL ({read} WHERE s.id = h.service_id OFFSET 0) s ON true "
        "ORDER BY h.nth, h.rank, h.metres, h.place, h.service_id",
        hits=_WITH_TOTAL if count and alone else HITS,
        columns=listed(read.columns, "s.{name}"),
        total=total,
        read=read.sql,
    )
    return Hot(made), read


def _cursor(rank: int, metres: int, place: int, service_id: UUID) -> str:
    packed = struct.pack(">Biq", rank, metres, place) + service_id.bytes
    return base64.urlsafe_b64encode(packed).decode().rstrip("=")


def _after(cursor: str | None) -> tuple[Position, UUID]:
    if not cursor:
        return Position(), UUID(int=0)
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        return Position(*struct.unpack(">Biq", raw[:13])), UUID(bytes=raw[13:])
    except (ValueError, struct.error, binascii.Error) as error:
        raise ValueError("cursor") from error


async def search(
    session: AsyncSession,
    query: SearchQuery,
    first: int = 20,
    after: str | None = None,
    *,
    count: bool = True,
    fields: frozenset[str] = ALL,
    now: datetime | None = None,
    minute: int | None = None,
) -> SearchPage:
    """Services that meet the query, best first: see `steps` for the order.

    `first` is cut to MOST_ROWS. Only `fields` of the rows are read. `now` is an aware moment, needed to ask for what
    is free; `minute` (of the week) is when `ServiceRow.open` is about. A cursor that is none of ours raises ValueError,
    a filter's value without meaning here `UnknownFilterError`.
    """
    rows = max(1, min(first, MOST_ROWS))
    position, service_id = _after(after)
    asked = await understood(session, query, now, loose=position.rank >= LOOSE)
    if asked is None:
        return SearchPage((), None, False, 0)
    shown = query.open_at if minute is None else minute
    page = await _page(session, query, asked, (position, service_id), rows, shown, fields, count)
    if after is None and not page.rows and query.text and loosened(query.text):
        asked = await understood(session, query, now, loose=True)
        if asked is not None:
            loose = await _page(session, query, asked, (position, service_id), rows, shown, fields, count)
            return loose if loose.rows else page
    return page


async def _page(
    session: AsyncSession,
    query: SearchQuery,
    asked: Asked,
    after: tuple[Position, UUID],
    rows: int,
    minute: int | None,
    fields: frozenset[str],
    count: bool,
) -> SearchPage:
    position, service_id = after
    run = steps(query, asked.known, position)
    counted = counting(query, asked.known) if count else []
    alone = len(run) == len(counted) == 1 and query.within_km is None
    prepared, read = _statement(fields | {"confidential"} if asked.known.middle else fields, count, alone)
    given = {
        **asked.given, **as_arrays(run), "rows": rows + 1, "after_rank": position.rank,
        "after_metres": position.metres, "after_place": position.place, "after_id": service_id, "minute_shown": minute,
    }  # fmt: skip
    if count and not alone:
        given |= {f"c_{name}": values for name, values in as_arrays(counted).items() if name != "ranks"}
    found = await fetch(session, prepared, given)
    hits = [row for row in found if row[1] is not None]
    page = hits[:rows]
    cursors = tuple(_cursor(row[1], row[2], row[3], row[5]) for row in page)
    made = tuple(_made(read, tuple(row)) for row in page)
    return SearchPage(
        made,
        cursors[-1] if page else None,
        len(hits) > rows,
        (found[0][0] or 0) if count else None,
        cursors,
        {row.id: row.metres for row in made if row.metres is not None},
        asked.corrections,
        replace(query, text=loosened(query.text or "")) if asked.known.loose else query,
    )


def _made(read: Reading, row: Sequence[Any]) -> ServiceRow:
    made: ServiceRow = read.row(row[5:], opened=row[4])
    # A distance is of an open place or of an area; of what is confidential not even that is said.
    return made if row[2] == FAR or made.confidential else read.row(row[5:], opened=row[4], metres=row[2])
