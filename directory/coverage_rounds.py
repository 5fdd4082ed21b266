"""Coverage between rounds: the matrix frozen as it was when a round closed, and what has changed since."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from .coverage import COUNTED, CoverageState, Line, asking, duties, matrix, state_of
from .search import AreaRow
from .sql import statement
from .taxonomy import DUTY_MAP_VERSION


class Change(StrEnum):
    """What became of one cell between two moments."""

    GAP_CLOSED = "gap_closed"
    GAP_OPENED = "gap_opened"
    NEW = "new"
    """Offered now by a network that does not owe it, and was not before."""
    ENDED = "ended"
    """Offered no longer by a network that does not owe it."""
    MORE = "more"
    FEWER = "fewer"
    FRESHER = "fresher"
    """As many services, more of them attested in time."""
    STALER = "staler"


@dataclass(frozen=True, slots=True)
class Then:
    """Counts of a cell at one moment."""

    services: int
    whole: int
    attested: int

    @property
    def state(self) -> CoverageState:
        """The cell at one look."""
        return state_of(self.services, self.whole, self.attested)


@dataclass(frozen=True, slots=True)
class CellChange:
    """A cell that is not as it was."""

    need: str
    network: str
    change: Change
    before: Then
    after: Then


@dataclass(frozen=True, slots=True)
class Totals:
    """Of an area at one moment: duties without an offer, duties with one, and how many of those are attested."""

    gaps: int
    met: int
    attested: int


@dataclass(frozen=True, slots=True)
class TrendLine:
    """An area between two moments. `before` is None where the area was not known then; then nothing is compared."""

    area: AreaRow
    before: Totals | None
    after: Totals
    changes: tuple[CellChange, ...]


@dataclass(frozen=True, slots=True)
class Frozen:
    """A round whose matrix was frozen, by the label it was given."""

    label: UUID
    at: datetime
    duty_map: str


_ROUND = text(
    "INSERT INTO coverage_round (label, at, duty_map, needs, networks, areas) SELECT :label, :at, :duty_map, "
    "CAST(:needs AS text[]), CAST(:networks AS text[]), COALESCE(array_agg(code ORDER BY code), '{}') FROM area "
    "ON CONFLICT (label) DO NOTHING RETURNING label"
)
_FREEZE = statement(
    """
INSERT INTO coverage_frozen (label, area, need, network, services, whole, attested, free)
SELECT :label, code, need, network, max(services) FILTER (WHERE measure = ''),
  max(whole) FILTER (WHERE measure = ''), max(lasting) FILTER (WHERE measure = ''),
  COALESCE(jsonb_object_agg(substr(measure, 2), free) FILTER (WHERE measure <> '' AND lasting > 0), '{{}}')
FROM ({counted}) counted GROUP BY 2, 3, 4 HAVING max(services) FILTER (WHERE measure = '') > 0""",
    counted=COUNTED,
)
_LIST = text("SELECT label, at, duty_map FROM coverage_round ORDER BY at DESC, label LIMIT :most")
_ONE = text("SELECT at, needs, networks, areas FROM coverage_round WHERE label = :label")
_CELLS = text(
    "SELECT area, need, network, services, whole, attested FROM coverage_frozen "
    "WHERE label = :label AND area = ANY(CAST(:areas AS text[])) "
    "AND (CAST(:need AS text) IS NULL OR need = :need) AND (CAST(:network AS text) IS NULL OR network = :network)"
)


async def snapshot(session: AsyncSession, label: UUID, now: datetime, timezone: str = "Asia/Taipei") -> bool:
    """Freeze the matrix of every area under `label`, a closed round's id. False: it was frozen before, and stays."""
    asked = duties()
    row = {
        "label": label, "at": now, "duty_map": DUTY_MAP_VERSION, "needs": [d[0] for d in asked],
        "networks": [d[1] for d in asked],
    }  # fmt: skip
    if (await session.execute(_ROUND, row)).first() is None:
        return False
    areas = (await session.execute(_ONE, {"label": label})).one()[3]
    given = {**await asking(session, areas, now, timezone), "label": label}
    await session.execute(_FREEZE, given)
    return True


async def frozen(session: AsyncSession, most: int = 20) -> list[Frozen]:
    """The rounds whose matrix was frozen, newest first."""
    return [Frozen(*row) for row in (await session.execute(_LIST, {"most": most})).all()]


async def trend(
    session: AsyncSession,
    before: UUID,
    after: UUID | None,
    now: datetime,
    *,
    inside: str | None = None,
    codes: Sequence[str] | None = None,
    need: str | None = None,
    network: str | None = None,
    timezone: str = "Asia/Taipei",
) -> list[TrendLine] | None:
    """What changed between two frozen rounds, or between one and `now` (`after` None); None: no such round.

    Areas as for `matrix`. Each side is measured by the duty map of its own time.
    """
    lines = await matrix(session, now, inside=inside, codes=codes, need=need, network=network, timezone=timezone)
    names = [line.area.code for line in lines]
    then = await _frozen(session, before, names, need, network)
    later = _present(lines) if after is None else await _frozen(session, after, names, need, network)
    if then is None or later is None:
        return None
    return [_line(line.area, then, later) for line in lines if line.area.code in later.areas]


@dataclass(frozen=True, slots=True)
class _Side:
    areas: frozenset[str]
    duties: frozenset[tuple[str, str]]
    cells: dict[str, dict[tuple[str, str], Then]]


async def _frozen(
    session: AsyncSession, label: UUID, areas: Sequence[str], need: str | None, network: str | None
) -> _Side | None:
    row = (await session.execute(_ONE, {"label": label})).first()
    if row is None:
        return None
    cells: dict[str, dict[tuple[str, str], Then]] = {}
    given = {"label": label, "areas": list(areas), "need": need, "network": network}
    for area, what, who, *counts in (await session.execute(_CELLS, given)).all():
        cells.setdefault(area, {})[what, who] = Then(*counts)
    owed = frozenset(d for d in zip(row[1], row[2], strict=True) if need in (None, d[0]) and network in (None, d[1]))
    return _Side(frozenset(row[3]), owed, cells)


def _present(lines: Sequence[Line]) -> _Side:
    cells = {
        line.area.code: {(c.need, c.network): Then(c.services, c.whole, c.attested) for c in line.cells if c.services}
        for line in lines
    }
    owed = frozenset((c.need, c.network) for line in lines for c in line.cells if c.owed)
    return _Side(frozenset(cells), owed, cells)


_NONE = Then(0, 0, 0)


def _line(area: AreaRow, then: _Side, later: _Side) -> TrendLine:
    after = _totals(later, area.code)
    if area.code not in then.areas:
        return TrendLine(area, None, after, ())
    old, new = then.cells.get(area.code, {}), later.cells.get(area.code, {})
    changes = []
    for key in sorted({*old, *new}):
        a, b = old.get(key, _NONE), new.get(key, _NONE)
        change = _change(a, b, owed=key in later.duties)
        if change is not None:
            changes.append(CellChange(*key, change, a, b))
    return TrendLine(area, _totals(then, area.code), after, tuple(changes))


def _totals(side: _Side, area: str) -> Totals:
    cells = side.cells.get(area, {})
    met = [cells[duty] for duty in side.duties if duty in cells]
    return Totals(len(side.duties) - len(met), len(met), sum(cell.attested > 0 for cell in met))


def _change(before: Then, after: Then, *, owed: bool) -> Change | None:
    if not before.services:
        return (Change.GAP_CLOSED if owed else Change.NEW) if after.services else None
    if not after.services:
        return Change.GAP_OPENED if owed else Change.ENDED
    if before.services != after.services:
        return Change.MORE if after.services > before.services else Change.FEWER
    if before.attested != after.attested:
        return Change.FRESHER if after.attested > before.attested else Change.STALER
    return None
