"""What a query means in this directory: its places looked up, its words corrected, its filters known or refused."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from .columns import GENDERS
from .facts import ACTS, COSTS, NATIONALITIES
from .found import chain
from .spelling import understand
from .steps import Known, Query
from .taxonomy import NEEDS, NETWORKS
from .words import loosened, terms, text_query


class UnknownFilterError(ValueError):
    """A filter's value that this directory has no meaning for: `name` of the query's field."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


_CLOSED: dict[str, Container[str]] = {
    "need": NEEDS, "network": NETWORKS, "cost": COSTS, "act": ACTS, "nationality": NATIONALITIES, "gender": GENDERS,
}  # fmt: skip
"""Filters whose values are a closed list; languages and kinds of access are whatever the services say."""


def _check(query: Query) -> None:
    for name, known in _CLOSED.items():
        value = getattr(query, name)
        if value is not None and value not in known:
            raise UnknownFilterError(name)


@dataclass(frozen=True, slots=True)
class Asked:
    """A query understood: what was looked up, what filters a row must pass, what was corrected."""

    known: Known
    given: dict[str, Any]
    corrections: tuple[tuple[str, str], ...] = ()


async def understood(
    session: AsyncSession, query: Query, now: datetime | None = None, *, loose: bool = False
) -> Asked | None:
    """What a query means in this directory; None where its words can find nothing. `now`: to ask for what is free.

    Raises `UnknownFilterError`: nobody may read "there is no such help" where the question was not understood.
    """
    _check(query)
    if query.free and now is None:
        raise ValueError("now")
    up, middle = list[str](), None
    if query.area is not None:
        found = await chain(session, query.area)
        if not found:
            raise UnknownFilterError("area")
        up, middle = [code for code, *_ in found[1:]], found[0][1:]
    if query.near is not None and query.near != query.area:
        near = await chain(session, query.near)
        if not near:
            raise UnknownFilterError("near")
        middle = near[0][1:]
    at = (middle[0], middle[1]) if middle and middle[0] is not None and middle[1] is not None else None
    if query.within_km is not None and at is None:
        raise UnknownFilterError("within_km")
    words = None
    corrections: tuple[tuple[str, str], ...] = ()
    if query.text and query.text.strip():
        said = loosened(query.text) if loose else query.text
        asked = [t for t in terms(said or "") if not t.run]
        meant = await understand(session, [t.text for t in asked], [t.text for t in asked if t.spelled])
        words, corrections = text_query(said or "", meant.forms), meant.corrections
        if words is None:
            return None
        if loose:
            corrections = ((" ".join(query.text.split()), said or ""), *corrections)
    given = {
        "patterns": (list(words.patterns) or None) if words else None,
        "age": query.age, "minute": query.open_at, "now": now if query.free else None,
        "closed": query.closed, "area": query.area, "chain": up,
        "lat": at[0] if at else None, "lon": at[1] if at else None,
    }  # fmt: skip
    return Asked(Known(up, at, words, loose), given, corrections)
