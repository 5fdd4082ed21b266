"""How a search goes through the index: in steps, each a small part of the order, until the page is full. Pure.

One index scan for a common word would read half the directory to show twenty services. So the order is cut into
consecutive runs, small ones first: rings of distance about a place, or runs of the standing order. Each run is one
tsquery, because the cells and runs a service lies in are tokens of the same index. PostgreSQL takes the steps in turn
and stops at the first that fills the page: what it answers is exact, and what it costs does not grow with the word.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from . import facts
from .facts import CELLS, RUNS, bucket, cell
from .words import TextQuery, any_of, quoted

FAR = 2**31 - 1
"""Metres of what has no known position."""
LAST = 2**63 - 1
"""The standing order ends before this."""
RINGS = (1_000, 5_000, 25_000, 125_000)
"""Metres at which a ring ends, each with the cells of the same number."""
_METRES_A_DEGREE = 111_000  # a little less than there are: cells may be too many, never too few
_MOST_CELLS = 64


@dataclass(frozen=True, slots=True)
class Query:
    """What is looked for; parts left out do not narrow. An unknown need, area or network finds nothing.

    What a service offers (language, accessibility, cost, opening, capacity) it must say; whom it is for (age, gender,
    nationality, act) leaves out only those that say otherwise.
    """

    text: str | None = None
    need: str | None = None
    area: str | None = None
    """Covers this area, an area that contains it, or a part of it."""
    network: str | None = None
    near: str | None = None
    """Order by distance from the middle of this area, whatever is covered; `area` where nothing is said."""
    within_km: int | None = None
    """Not farther than this from the middle of `near`."""
    language: str | None = None
    accessibility: str | None = None
    cost: str | None = None
    """One of facts.COSTS."""
    age: int | None = None
    gender: str | None = None
    nationality: str | None = None
    """One of facts.NATIONALITIES."""
    act: str | None = None
    """One of facts.ACTS."""
    open_at: int | None = None
    """Minute of the week, Monday 00:00 local = 0."""
    free: bool = False
    """Says that it has something free now."""
    closed: bool = False
    """Services that take nobody at present as well."""


@dataclass(frozen=True, slots=True)
class Step:
    """A run of the order: services that meet `query`, `low` to `high` metres off and `first` to `last` in standing."""

    query: str
    rank: int
    low: int
    high: int
    first: int
    last: int


def ladder(start: int) -> Iterator[tuple[str, int, int]]:
    """Runs of the standing order from `start` on, each longer than the last: (tsquery, first, last)."""
    at = start
    for level, length in enumerate(RUNS):
        last = (at // length + 1) * length - 1
        yield quoted(bucket(level, at)), at, last
        at = last + 1
    yield "", at, LAST


def rings(latitude: float, longitude: float, within: int = FAR) -> Iterator[tuple[str, int, int]]:
    """Rings about a position, the last without end, all not farther than `within` metres: (tsquery, low, high)."""
    low = 0
    for level, radius in enumerate(RINGS):
        high = min(radius - 1, within)
        if low <= high and (cells := _cells(latitude, longitude, level, high + 1)):
            yield any_of(cells), low, high
            low = high + 1
    if low <= within:
        yield "", low, within


def _cells(latitude: float, longitude: float, level: int, metres: int) -> list[str]:
    size, up = CELLS[level], metres / _METRES_A_DEGREE
    wide = math.cos(math.radians(min(89.9, abs(latitude) + up)))
    across = up / wide
    rows = range(math.floor((latitude - up) / size), math.floor((latitude + up) / size) + 1)
    columns = range(math.floor((longitude - across) / size), math.floor((longitude + across) / size) + 1)
    if len(rows) * len(columns) > _MOST_CELLS:
        return []
    return [cell(level, row, column) for row in rows for column in columns]


def narrowed(query: Query) -> list[str]:
    """The tsqueries of every filter but text, need and place."""
    found: list[str] = []
    for mark, value, lenient in (
        (facts.NETWORK, query.network, False),
        (facts.LANGUAGE, query.language, False),
        (facts.ACCESS, query.accessibility, False),
        (facts.COST, query.cost, False),
        (facts.GENDER, query.gender, True),
        (facts.NATIONALITY, query.nationality, True),
        (facts.ACT, query.act, True),
    ):
        if value is not None:
            found.append(any_of([mark + value, mark + facts.UNSAID] if lenient else [mark + value]))
    return found


def covered(need: str | None, area: str, chain: Sequence[str]) -> tuple[str, str, str]:
    """Tsqueries of services (of a need) that cover the area itself, one of those that contain it, or a part of it."""
    own = quoted((need or "") + facts.COVERS + area)
    part = f"{quoted((need or '') + facts.WITHIN + area)} & !{own}"
    if not chain:
        return own, "", part
    wide = any_of((need or "") + facts.COVERS + code for code in chain)
    return own, f"{wide} & !{own}", f"{part} & !{wide}"


def anywhere(query: Query, chain: Sequence[str], words: TextQuery | None) -> str:
    """One tsquery for all that is found, without order; empty where nothing narrows."""
    parts, need = narrowed(query), query.need or ""
    if query.area is not None:
        parts.insert(0, any_of([need + facts.WITHIN + query.area, *(need + facts.COVERS + code for code in chain)]))
    elif need:
        parts.insert(0, quoted(facts.NEED + need))
    if words is not None:
        parts.append(words.tsquery)
    return " & ".join(parts)


@dataclass(frozen=True, slots=True)
class Position:
    """A place in the order, to go on after: rank, metres, standing."""

    rank: int = -1
    metres: int = 0
    place: int = 0


@dataclass(frozen=True, slots=True)
class Known:
    """What was looked up of a query: the areas that contain its area, the middle it is near, what its words mean."""

    chain: Sequence[str] = ()
    middle: tuple[float, float] | None = None
    words: TextQuery | None = None
    loose: bool = False
    """The words were cut to pairs because nothing held them whole."""


LOOSE = 8
"""Added to the rank of what only the loosened words found."""


def steps(query: Query, known: Known, after: Position) -> list[Step]:
    """The steps of a search after a position, in the order of its answer.

    Without a place: hits in a name before others (rank 4), then by standing. With an area: what covers it itself,
    what contains it (1), a part of it (2), each by metres. Near one: by metres alone.
    """
    filters, words, loose = narrowed(query), known.words, LOOSE if known.loose else 0
    said = words.tsquery if words else ""
    if query.area is not None and query.need is not None and query.near is None:
        # Few enough to be ranked at once: the statement tells what covers what.
        return [Step(_all([anywhere(query, known.chain, words)]), loose, 0, _within(query), 0, LAST)]
    need = quoted(facts.NEED + query.need) if query.need and query.area is None else ""
    covers = [""] if query.area is None else covered(query.need, query.area, known.chain)
    tiers = [(loose, said)]
    if words is not None and known.middle is None:
        tiers = [(loose, words.named), (loose + 4, f"{said} & !({words.named})")]
    found: list[Step] = []
    for tier, text in tiers:
        for offset, cover in enumerate(covers):
            rank = tier + offset
            if rank < after.rank or (query.area is not None and not cover):
                continue
            going = after if rank == after.rank else Position()
            for part, low, high, first, last in _runs(query, known, going):
                found.append(Step(_all([part, cover, need, *filters, text]), rank, low, high, first, last))
    return found


def _within(query: Query) -> int:
    return FAR if query.within_km is None else query.within_km * 1000


def _all(parts: Sequence[str]) -> str:
    return " & ".join(part for part in parts if part) or quoted(facts.EVERY)


def _runs(query: Query, known: Known, after: Position) -> Iterator[tuple[str, int, int, int, int]]:
    if known.middle is not None:
        for part, low, high in rings(*known.middle, _within(query)):
            if high >= after.metres:
                yield part, low, high, 0, LAST
    else:
        for part, first, last in ladder(after.place):
            yield part, 0, FAR, first, last


def counting(query: Query, known: Known) -> list[Step]:
    """Steps that find everything once, in no order of worth: for counts that end at a cap."""
    found = anywhere(query, known.chain, known.words)
    if query.within_km is not None:
        runs = list(_runs(query, known, Position()))
    elif query.area is not None and query.need is not None:
        runs = [("", 0, FAR, 0, LAST)]
    else:
        runs = [(part, 0, FAR, first, last) for part, first, last in ladder(0)]
    return [Step(_all([run[0], found]), 0, *run[1:]) for run in runs]


def as_arrays(found: Sequence[Step]) -> Mapping[str, list[object]]:
    """Steps as the arrays a statement takes."""
    return {
        "queries": [s.query for s in found], "ranks": [s.rank for s in found], "lows": [s.low for s in found],
        "highs": [s.high for s in found], "firsts": [s.first for s in found], "lasts": [s.last for s in found],
    }  # fmt: skip
