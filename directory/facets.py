"""How many services each value of a filter would leave: counts to COUNT_CAP, consistent with the other filters."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from . import facts
from .columns import GENDERS
from .found import areas
from .search import COUNT_CAP, METRES, NARROWED, SearchQuery
from .sql import replaced, sql, statement
from .steps import FAR, Known, anywhere, as_arrays, counting
from .taxonomy import NEEDS, NETWORKS
from .understanding import Asked, understood
from .words import quoted

VALUES: dict[str, tuple[str, ...]] = {
    "need": tuple(NEEDS),
    "network": tuple(NETWORKS),
    "language": facts.LANGUAGES,
    "accessibility": facts.ACCESSIBILITY,
    "cost": facts.COSTS,
    "gender": GENDERS,
    "nationality": facts.NATIONALITIES,
    "act": facts.ACTS,
}
"""Filters with a closed list of values. Beside them: `area` (what lies within the area asked for), `open`, `free`."""
NAMES = (*VALUES, "area", "open", "free")


@dataclass(frozen=True, slots=True)
class Count:
    """A value of a filter and how many services it would leave; COUNT_CAP means that many or more."""

    name: str
    value: str
    count: int
    chosen: bool


MOST_HITS = 32_000
"""So many hits are gone through once for all values. Where there are more, a value that reached the cap among them is
counted; each of the others, the rarer ones, is counted by itself."""
_FREE = sql(
    "CAST(:shown AS timestamptz) IS NOT NULL AND EXISTS (SELECT FROM service_capacity f "
    "WHERE f.service_id = q.service_id AND f.available > 0 AND f.expires > CAST(:shown AS timestamptz))"
)
_THROUGH = statement(
    """
WITH h AS MATERIALIZED (
  SELECT x.* FROM unnest(CAST(:queries AS text[]), CAST(:lows AS integer[]), CAST(:highs AS integer[]),
    CAST(:firsts AS bigint[]), CAST(:lasts AS bigint[])) AS b(query, low, high, first, last)
  CROSS JOIN LATERAL (SELECT q.facets, q.facets && CAST(:wide AS text[]) AS wide,
      q.hours @> CAST(:minute_shown AS integer) AS open, {free} AS free
    FROM service_search q WHERE q.document @@ CAST(b.query AS tsquery) AND q.place BETWEEN b.first AND b.last
    AND {narrowed} AND (b.low = 0 AND b.high = {far} OR {metres} BETWEEN b.low AND b.high) OFFSET 0) x
  LIMIT CAST(:most AS integer))
SELECT 'all', false, count(*) FROM h UNION ALL SELECT 'open', false, count(*) FROM h WHERE open
UNION ALL SELECT 'free', false, count(*) FROM h WHERE free UNION ALL SELECT 'wide', false, count(*) FROM h WHERE wide
UNION ALL SELECT f, wide, count(*) FROM h, unnest(facets) AS f GROUP BY f, wide
""",
    free=_FREE,
    narrowed=NARROWED,
    far=FAR,
    metres=METRES,
)
_EACH = statement(
    """
SELECT v.nth, (SELECT count(*) FROM (
    SELECT FROM unnest(CAST(:tokens AS text[]), CAST(:lows AS integer[]), CAST(:highs AS integer[]),
      CAST(:firsts AS bigint[]), CAST(:lasts AS bigint[])) AS b(token, low, high, first, last)
    CROSS JOIN LATERAL (SELECT FROM service_search q
      WHERE q.document @@ CAST(b.token || v.query AS tsquery) AND q.place BETWEEN b.first AND b.last
      AND {narrowed}
      AND (b.low = 0 AND b.high = {far} OR {metres} BETWEEN b.low AND b.high) OFFSET 0) h LIMIT {most}) x)
FROM unnest(CAST(:queries AS text[]), CAST(:minutes AS integer[]), CAST(:nows AS timestamptz[]))
  WITH ORDINALITY AS v(query, minute, now, nth) ORDER BY v.nth
""",
    narrowed=replaced(replaced(NARROWED, ":minute", sql("v.minute")), ":now", sql("v.now")),
    far=FAR,
    metres=METRES,
    most=COUNT_CAP,
)
_MARKS = {
    "need": facts.NEED, "network": facts.NETWORK, "language": facts.LANGUAGE, "accessibility": facts.ACCESS,
    "cost": facts.COST, "gender": facts.GENDER, "nationality": facts.NATIONALITY, "act": facts.ACT,
}  # fmt: skip
_LENIENT = {"gender", "nationality", "act"}
_FIELDS = {"open": "open_at"}
Value = tuple[str, str, SearchQuery]
"""Filter, value, and the query with it chosen."""


async def facets(
    session: AsyncSession, query: SearchQuery, names: Iterable[str], now: datetime, minute: int
) -> list[Count]:
    """The counts of these filters' values (of NAMES), each as if it were chosen in the place of what is chosen there.

    Values that would leave nothing are not told, unless chosen. `minute` of the week is what `open` is about.
    """
    asked = await understood(session, query, now)
    if asked is None:
        return []
    values = [value for name in names if name in NAMES for value in await _values(session, query, name, minute)]
    bases: dict[SearchQuery, list[Value]] = {}
    for value in values:
        bases.setdefault(_base(query, value[0]), []).append(value)
    counts: dict[Value, int] = {}
    for base, there in bases.items():
        found = await _through(session, base, asked, now, minute, free=any(name == "free" for name, *_ in there))
        counts |= (seen := _read(there, found))
        if found["all", False] > MOST_HITS:
            rest = [value for value in there if seen[value] < COUNT_CAP]
            counts |= await _each(session, query, rest, asked, now)
    return [
        Count(name, value, min(counts[name, value, other], COUNT_CAP), other == query)
        for name, value, other in values
        if counts[name, value, other] or other == query
    ]


def _base(query: SearchQuery, name: str) -> SearchQuery:
    if name == "area":  # its values lie within what is chosen
        return query
    changed: dict[str, Any] = {_FIELDS.get(name, name): False if name == "free" else None}
    return replace(query, **changed)


async def _through(
    session: AsyncSession, base: SearchQuery, asked: Asked, now: datetime, minute: int, *, free: bool
) -> dict[tuple[str, bool], int]:
    """Hits of each token among the first, apart for those that serve all of the area."""
    arrays = as_arrays(counting(base, asked.known))
    rows = await session.execute(_THROUGH, {
        **_given(asked, base, now), **{name: values for name, values in arrays.items() if name != "ranks"},
        "wide": [facts.COVERS + code for code in _chain(base, asked.known)],
        "shown": now if free else None, "most": MOST_HITS + 1,
        "minute_shown": minute if base.open_at is None else base.open_at,
    })  # fmt: skip
    return {(row[0], row[1]): row[2] for row in rows}


def _given(asked: Asked, query: SearchQuery, now: datetime) -> dict[str, Any]:
    return {
        **{name: value for name, value in asked.given.items() if name not in {"area", "chain"}},
        "minute": query.open_at, "now": now if query.free else None,
    }  # fmt: skip


def _read(values: Sequence[Value], found: dict[tuple[str, bool], int]) -> dict[Value, int]:
    def hits(token: str) -> int:
        return found.get((token, False), 0) + found.get((token, True), 0)

    counts: dict[Value, int] = {}
    for name, value, other in values:
        if name == "area":
            # Whoever serves the whole serves each part; no service is counted twice.
            count = found["wide", False] + found.get((facts.WITHIN + value, False), 0)
        elif name in _MARKS:
            count = hits(_MARKS[name] + value) + (hits(_MARKS[name] + facts.UNSAID) if name in _LENIENT else 0)
        else:
            count = found[name, False]
        counts[name, value, other] = count
    return counts


async def _each(
    session: AsyncSession, query: SearchQuery, values: Sequence[Value], asked: Asked, now: datetime
) -> dict[Value, int]:
    every = counting(SearchQuery(within_km=query.within_km), replace(asked.known, words=None))
    alone = quoted(facts.EVERY)
    given = {
        **{k: v for k, v in _given(asked, query, now).items() if k not in {"minute", "now"}},
        "tokens": ["" if s.query == alone else f"{s.query} & " for s in every],
        "lows": [s.low for s in every], "highs": [s.high for s in every],
        "firsts": [s.first for s in every], "lasts": [s.last for s in every],
        "queries": [
            anywhere(other, asked.known.chain if other.area == query.area else _chain(query, asked.known),
                     asked.known.words) or alone
            for _, _, other in values
        ],
        "minutes": [other.open_at for _, _, other in values],
        "nows": [now if other.free else None for _, _, other in values],
    }  # fmt: skip
    rows = (await session.execute(_EACH, given)).all()
    return {value: row[1] for value, row in zip(values, rows, strict=True)}


def _chain(query: SearchQuery, known: Known) -> list[str]:
    """What contains the parts of the query's area: itself, and what contains it."""
    return [*([query.area] if query.area else []), *known.chain]


async def _values(session: AsyncSession, query: SearchQuery, name: str, minute: int) -> list[Value]:
    if name == "area":
        parts = [a.code for a in await areas(session, parent=query.area, top=query.area is None)]
        return [(name, code, replace(query, area=code)) for code in parts]
    if name == "open":
        at = minute if query.open_at is None else query.open_at
        return [(name, "open", replace(query, open_at=at))]
    if name == "free":
        return [(name, "free", replace(query, free=True))]
    changed: list[dict[str, Any]] = [{name: value} for value in VALUES[name]]
    return [(name, one[name], replace(query, **one)) for one in changed]
