"""Coverage: in each area, for each need, what each network offers, how much of it is attested, and what is missing.

A service reaches an area it names, every area inside that, and in part every area around it. "Whole" counts those that
cover all of an area: they name it or an area around it. An agency's word is good for `MONTHS` after it was given.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from .coverage_tables import FREE
from .search import AreaRow
from .sql import Fragment, sql, statement
from .taxonomy import NEEDS

MONTHS = 6
"""An attestation older than this is stale (the authority's guideline; `scheduling.clocks` reminds by the same)."""
_EPOCH = date(1970, 1, 1)


class CoverageState(StrEnum):
    """What a cell says at one look. The first that applies: gap, stale, partly, offered."""

    GAP = "gap"
    """The network owes the need and offers nothing here."""
    STALE = "stale"
    """Something is offered, and nobody has attested any of it in time."""
    PARTLY = "partly"
    """Something is offered, by nobody in the whole of the area: the areas inside tell where."""
    OFFERED = "offered"
    """Something is offered in the whole of the area, attested at least in part."""


@dataclass(frozen=True, slots=True)
class Free:
    """Places free now of one unit: `places` added up over the `services` that have said so and are not out of date."""

    unit: str
    places: int
    services: int


@dataclass(frozen=True, slots=True)
class Cell:
    """What one network (empty: not placed in the duty map) offers for a need in an area; counts are of services."""

    need: str
    network: str
    owed: bool
    services: int
    whole: int
    attested: int
    free: tuple[Free, ...]

    @property
    def stale(self) -> int:
        """Services nobody has attested in time."""
        return self.services - self.attested

    @property
    def state(self) -> CoverageState:
        """The cell at one look."""
        return state_of(self.services, self.whole, self.attested)

    @property
    def articles(self) -> tuple[str, ...]:
        """Why the network owes the need; empty where it does not."""
        return NEEDS[self.need].articles if self.owed else ()


@dataclass(frozen=True, slots=True)
class Line:
    """One area of the matrix, and its cells in the order of the duty map: what is owed or offered, nothing else."""

    area: AreaRow
    population: int | None
    population_year: int | None
    inner: int
    """How many areas lie directly inside it."""
    cells: tuple[Cell, ...]


def state_of(services: int, whole: int, attested: int) -> CoverageState:
    """The state that these counts make."""
    if not services:
        return CoverageState.GAP
    if not attested:
        return CoverageState.STALE
    return CoverageState.OFFERED if whole else CoverageState.PARTLY


def duties(need: str | None = None, network: str | None = None) -> list[tuple[str, str]]:
    """(need, network that owes it) in the order of the duty map, of one need or network if named."""
    return [
        (n.code, owing)
        for n in NEEDS.values()
        for owing in n.networks
        if need in (None, n.code) and network in (None, owing)
    ]


@dataclass(frozen=True, slots=True)
class Moments:
    """What a sum is asked for: attested after `old` and by `today` (days since 1970), free after `micro` (since 1970).

    A date of attestation still to come is an error of somebody's and attests nothing.
    """

    old: int
    today: int
    micro: int


def moments(now: datetime, timezone: str) -> Moments:
    """The moments of `now`: what was attested `MONTHS` ago to the day still counts."""
    today = now.astimezone(ZoneInfo(timezone)).date()
    epoch = datetime(1970, 1, 1, tzinfo=ZoneInfo("UTC"))
    return Moments(
        (months_before(today, MONTHS) - _EPOCH).days - 1,
        (today - _EPOCH).days,
        (now - epoch) // timedelta(microseconds=1),
    )


def months_before(day: date, months: int) -> date:
    """The same day of an earlier month, or that month's last day."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    last = (date(year + month // 11, (month + 1) % 12 + 1, 1) - timedelta(days=1)).day
    return date(year, month + 1, min(day.day, last))


_OLD, _TODAY, _MICRO = sql("CAST(:old AS bigint)"), sql("CAST(:today AS bigint)"), sql("CAST(:micro AS bigint)")


def _at(sums: Fragment, moment: Fragment) -> Fragment:
    """What is left of sums at a moment."""
    return sql("COALESCE({sums}[width_bucket({moment}, c.until) + 1], 0)", sums=sums, moment=moment)


def _lasting(sums: Fragment) -> Fragment:
    """How many services were attested in time, or how many figures are not out of date."""
    return sql(
        "CASE WHEN c.measure = '' THEN {old} - {today} ELSE {now} END",
        old=_at(sums, _OLD),
        today=_at(sums, _TODAY),
        now=_at(sums, _MICRO),
    )


# Each sum is looked into once, however many areas lie in the one it is of.
_VALUED = sql(
    """
  SELECT c.area, c.need, c.network, c.measure, c.area = ANY(CAST(:areas AS text[])) AS own,
    COALESCE(c.said[1], 0) AS said, COALESCE(c.whole[1], 0) AS whole, {reaching} AS lasting,
    {covering} AS whole_lasting, {free} AS free, {whole_free} AS whole_free
  FROM coverage c WHERE c.area = ANY(CAST(:wanted AS text[]))
    AND (CAST(:need AS text) IS NULL OR c.need = :need)
    AND (CAST(:network AS text) IS NULL OR c.network = :network)""",
    reaching=_lasting(sql("c.said")),
    covering=_lasting(sql("c.whole")),
    free=_at(sql("c.free"), _MICRO),
    whole_free=_at(sql("c.whole_free"), _MICRO),
)
COUNTED = sql(
    """
WITH valued AS MATERIALIZED ({valued})
SELECT code, need, network, measure, CAST(sum(services) AS integer) AS services, CAST(sum(whole) AS integer) AS whole,
  CAST(sum(lasting) AS integer) AS lasting, CAST(sum(free) AS bigint) AS free
FROM (
  SELECT area AS code, need, network, measure, said AS services, whole, lasting, free FROM valued WHERE own
  UNION ALL
  SELECT u.code, v.need, v.network, v.measure, v.whole, v.whole, v.whole_lasting, v.whole_free
  FROM unnest(CAST(:codes AS text[]), CAST(:above AS text[])) AS u(code, above) JOIN valued v ON v.area = u.above
  WHERE v.whole > 0) x
GROUP BY 1, 2, 3, 4 HAVING sum(services) > 0""",
    valued=_VALUED,
)
_CELLS = statement("{valued}", valued=_VALUED)  # adding up a page of cells costs the database more than it costs us
_AREAS = text(
    "SELECT a.code, a.parent, a.kind, a.names, a.latitude, a.longitude, p.population, p.year, "
    "(SELECT CAST(count(*) AS integer) FROM area i WHERE i.parent = a.code) "
    "FROM area a LEFT JOIN area_population p ON p.code = a.code "
    "WHERE CASE WHEN CAST(:codes AS text[]) IS NOT NULL THEN a.code = ANY(CAST(:codes AS text[])) "
    "WHEN CAST(:parent AS text) IS NOT NULL THEN a.parent = :parent "
    "ELSE a.kind = CASE WHEN EXISTS (SELECT FROM area WHERE kind = 'county') THEN 'county' ELSE 'state' END END "
    "ORDER BY a.code"
)
_ABOVE = text(
    "WITH RECURSIVE up(code, above) AS (SELECT code, parent FROM area WHERE code = ANY(CAST(:codes AS text[])) "
    "AND parent IS NOT NULL UNION SELECT up.code, a.parent FROM up JOIN area a ON a.code = up.above "
    "WHERE a.parent IS NOT NULL AND a.parent <> up.code) SELECT code, above FROM up"
)


async def matrix(
    session: AsyncSession,
    now: datetime,
    *,
    inside: str | None = None,
    codes: Sequence[str] | None = None,
    need: str | None = None,
    network: str | None = None,
    timezone: str = "Asia/Taipei",
) -> list[Line]:
    """The matrix of the counties (states where there are none), of the areas directly `inside` one, or of `codes`.

    Narrowed to a need or a network if named; an unknown one answers lines without cells.
    """
    areas = (await session.execute(_AREAS, {"parent": inside, "codes": None if codes is None else list(codes)})).all()
    given = {**await asking(session, [a[0] for a in areas], now, timezone), "need": need, "network": network}
    below: dict[str, list[str]] = {}
    for code, above in zip(given["codes"], given["above"], strict=True):
        below.setdefault(above, []).append(code)
    found: dict[str, Counts] = {}
    for row in (await session.execute(_CELLS, given)).all():
        area, what, who, measure, own, said, whole, lasting, whole_lasting, free, whole_free = row
        if own and said:
            _add(found.setdefault(area, {}), (what, who), measure, said, whole, lasting, free)
        if whole:
            for code in below.get(area, ()):
                _add(found.setdefault(code, {}), (what, who), measure, whole, whole, whole_lasting, whole_free)
    asked = duties(need, network)
    return [Line(AreaRow(*a[:6]), a[6], a[7], a[8], _cells(found.get(a[0], {}), asked)) for a in areas]


async def asking(session: AsyncSession, codes: Sequence[str], now: datetime, timezone: str) -> dict[str, Any]:
    """What `COUNTED` is to be asked about these areas at this moment, `need` and `network` left open."""
    up = (await session.execute(_ABOVE, {"codes": list(codes)})).all()
    at = moments(now, timezone)
    return {
        "areas": list(codes), "wanted": sorted({*codes, *(u[1] for u in up)}),
        "codes": [u[0] for u in up], "above": [u[1] for u in up], "need": None, "network": None,
        "old": at.old, "today": at.today, "micro": at.micro,
    }  # fmt: skip


_ORDER = {code: n for n, code in enumerate(NEEDS)}


Counts = dict[tuple[str, str], list[Any]]
"""(need, network) -> [services, whole, attested, {unit: [places, services]}]"""


def _add(
    counts: Counts, key: tuple[str, str], measure: str, services: int, whole: int, lasting: int, free: int
) -> None:
    counted = counts.get(key)
    if counted is None:
        counted = counts[key] = [0, 0, 0, {}]
    if not measure:
        counted[0] += services
        counted[1] += whole
        counted[2] += lasting
    elif lasting:
        places = counted[3].setdefault(measure.removeprefix(FREE), [0, 0])
        places[0] += free
        places[1] += lasting


def _cells(found: Counts, owed: Sequence[tuple[str, str]]) -> tuple[Cell, ...]:
    duty = frozenset(owed)
    cells = [Cell(*key, True, 0, 0, 0, ()) for key in owed if key not in found]
    for (need, network), (services, whole, attested, free) in found.items():
        places = tuple(Free(unit, *free[unit]) for unit in sorted(free)) if free else ()
        cells.append(Cell(need, network, (need, network) in duty, services, whole, attested, places))
    cells.sort(key=lambda cell: (_ORDER.get(cell.need, len(_ORDER)), not cell.owed, cell.network))
    return tuple(cells)
