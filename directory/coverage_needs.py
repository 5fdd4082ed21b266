"""Coverage of an area by need: how many of the networks that owe it offer it, all networks taken together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from .coverage import Cell, CoverageState


@dataclass(frozen=True, slots=True)
class NeedCover:
    """A need in an area. `missing` are the networks that owe it and offer nothing; `owing` says how many owe it."""

    need: str
    state: CoverageState
    owing: int
    missing: tuple[str, ...]
    services: int
    attested: int
    articles: tuple[str, ...]

    @property
    def offering(self) -> int:
        """How many of the networks that owe it offer it."""
        return self.owing - len(self.missing)


def by_need(cells: Sequence[Cell]) -> tuple[NeedCover, ...]:
    """The cells of an area by need, in their order. A gap: no network that owes the need offers it; partly: one does
    not, or nobody covers the whole area."""
    return tuple(_cover(need, list(of_need)) for need, of_need in groupby(cells, key=lambda cell: cell.need))


def _cover(need: str, cells: Sequence[Cell]) -> NeedCover:
    owed = [cell for cell in cells if cell.owed]
    missing = tuple(cell.network for cell in owed if not cell.services)
    services, attested = sum(cell.services for cell in cells), sum(cell.attested for cell in cells)
    articles = owed[0].articles if owed else ()
    return NeedCover(need, _state(cells, owed, missing, attested), len(owed), missing, services, attested, articles)


def _state(cells: Sequence[Cell], owed: Sequence[Cell], missing: tuple[str, ...], attested: int) -> CoverageState:
    if len(missing) == len(owed) and owed:
        return CoverageState.GAP
    if not attested:
        return CoverageState.STALE
    if missing or not any(cell.whole for cell in cells):
        return CoverageState.PARTLY
    return CoverageState.OFFERED
