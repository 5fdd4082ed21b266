"""Matching a need to services: ranked, each with the reasons that moved it up or down, and why others fell out.

No identity goes in. Points are whole numbers added up, so a score is exactly the sum of its reasons; ties break by id.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlmodel.ext.asyncio.session import AsyncSession

from .hot import fetch
from .ranking import INSIDE, NEAREST, RANKED
from .search import ServiceRow, UnknownFilterError, chain, services
from .taxonomy import NEEDS
from .weights import Weights, current

__all__ = ["FallenOut", "Match", "MatchRequest", "Matches", "Reason", "Urgency", "Weights", "match"]

TIMEZONE = "Asia/Taipei"
Row = tuple[Any, ...]
"""A service scored, as `ranking.RANKED` reads it."""


class Urgency(StrEnum):
    """How soon help is needed; immediate and urgent weigh being open now."""

    IMMEDIATE = "immediate"
    URGENT = "urgent"
    NORMAL = "normal"


@dataclass(frozen=True, slots=True)
class MatchRequest:
    """A need in a place, and facts that touch eligibility. `languages` codes as in the directory; no identity."""

    need: str
    area: str
    urgency: Urgency = Urgency.NORMAL
    language: str | None = None
    accessibility: str | None = None
    age: int | None = None
    gender: str | None = None
    act: str | None = None
    """`facts.ACTS`: the act the case goes by."""
    nationality: str | None = None
    """`facts.NATIONALITIES`."""
    exclude: tuple[UUID, ...] = ()
    """Services left out, as those that have declined already."""


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing that moved a service: a code to translate, up or down, its points, and a figure or code as detail."""

    code: str
    effect: str
    points: int
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Match:
    """A service, its score, and why."""

    service: ServiceRow
    score: int
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class FallenOut:
    """A service that meets the need in the place and cannot be taken: no_capacity, closed, suspended, age, gender."""

    service: ServiceRow
    why: str


@dataclass(frozen=True, slots=True)
class Matches:
    """The ranked services and those that fell out, both in a stable order."""

    found: tuple[Match, ...]
    fallen_out: tuple[FallenOut, ...]


async def match(
    session: AsyncSession,
    request: MatchRequest,
    now: datetime,
    limit: int = 20,
    weights: Weights | None = None,
) -> Matches:
    """Rank the services that meet a need in a place, best first. An unknown need or area: `UnknownFilterError`.

    Looked at: services that cover the area, an area containing it (county, country), an area inside it, and
    (when these are fewer than `limit`) the nearest others. `now` is an aware moment. `weights`: the authority's
    current ones where none are given.
    """
    w = weights or (await current(session)).weights
    if request.need not in NEEDS:
        raise UnknownFilterError("need")
    up = await chain(session, request.area)
    if not up:
        raise UnknownFilterError("area")
    given = _given(request, w, now, up, max(1, min(limit, 100)))
    inside = [row[0] for row in await fetch(session, INSIDE, {"area": request.area})]
    given["inside"] = inside
    given["areas"] = [request.area, *given["chain"], *inside]
    found, fallen = await _ranked(session, given)
    if len(found) < given["rows"] and given["lat"] is not None and w.elsewhere_areas > 0:
        near = await session.execute(
            NEAREST, {"chain": given["areas"], "lat": given["lat"], "lon": given["lon"], "rows": w.elsewhere_areas}
        )
        given["areas"] = [*given["areas"], *(r[0] for r in near.all())]
        found, fallen = await _ranked(session, given)
    rows = {s.id: s for s in await services(session, [r[0] for r in (*found, *fallen)])}
    return Matches(
        tuple(Match(rows[r[0]], r[11], reasons(r, request, w, now)) for r in found if r[0] in rows),
        tuple(FallenOut(rows[r[0]], r[10]) for r in fallen if r[0] in rows),
    )


async def _ranked(session: AsyncSession, given: dict[str, Any]) -> tuple[list[Row], list[Row]]:
    rows = [tuple(row) for row in await fetch(session, RANKED, given)]
    return [row for row in rows if not row[10]], [row for row in rows if row[10]]


def _given(
    request: MatchRequest, w: Weights, now: datetime, up: Sequence[tuple[str, float | None, float | None]], rows: int
) -> dict[str, Any]:
    local = now.astimezone(ZoneInfo(TIMEZONE))
    return {
        "need": request.need,
        "area": request.area,
        "chain": [code for code, *_ in up[1:]],
        "lat": up[0][1],
        "lon": up[0][2],
        "exclude": list(request.exclude),
        "now": now,
        "minute": local.weekday() * 1440 + local.hour * 60 + local.minute,
        "language": request.language,
        "accessibility": request.accessibility,
        "age": request.age,
        "gender": request.gender,
        "pressing": request.urgency is not Urgency.NORMAL,
        "rows": rows,
        "act": request.act,
        "nationality": request.nationality,
        **{f"w_{name}": points for name, points in asdict(w).items()},
    }


def reasons(row: Sequence[Any], request: MatchRequest, w: Weights, now: datetime) -> tuple[Reason, ...]:
    """Why a scored row stands where it does; the points add up to its score."""
    _, cover, mandated, available, updated, expires, is_open, speaks, accessible, km, *_ = row
    answered, minutes, in_hub, act, nation = row[12:]
    found: list[Reason] = []

    def tell(code: str, points: int, detail: str = "") -> None:
        found.append(Reason(code, "down" if points < 0 else "up", points, detail))

    if mandated:
        tell("mandate", w.mandate, "; ".join(NEEDS[request.need].articles))
    tell(
        *(("elsewhere", w.elsewhere), ("covers_part", w.part), ("covers_county", w.county), ("covers_area", w.area))[
            cover
        ]
    )
    distance = w.most_km if km is None else min(km, w.most_km)
    if distance:
        tell("distance_unknown" if km is None else "distance", w.per_km * distance, "" if km is None else str(km))
    if available is None:
        tell("capacity_unknown", w.capacity_unknown)
    elif expires <= now:
        tell("capacity_stale", w.capacity_stale, str((now - updated).days))
    else:
        tell("capacity_free", w.capacity_free, str(available))
    if request.urgency is not Urgency.NORMAL and is_open is not None:
        tell("open_now" if is_open else "closed_now", w.open_now if is_open else w.closed_now)
    if request.language is not None:
        code = "language_spoken" if speaks else "language_missing"
        tell(code, w.language_spoken if speaks else w.language_missing, request.language)
    if request.accessibility is not None:
        code = "accessible" if accessible else "accessible_unknown"
        tell(code, w.accessible if accessible else w.accessible_unknown, request.accessibility)
    if act:
        tell("act_named" if act > 0 else "act_other", w.act_named if act > 0 else w.act_other, request.act or "")
    if nation:
        code = "nationality_named" if nation > 0 else "nationality_other"
        tell(code, w.nationality_named if nation > 0 else w.nationality_other, request.nationality or "")
    if (answered or 0) >= w.fewest_answers and minutes <= w.quick_hours * 60:
        tell("answers_quickly", w.answers_quickly, str(-(-minutes // 60)))
    elif (answered or 0) >= w.fewest_answers and minutes > w.slow_hours * 60:
        tell("answers_slowly", w.answers_slowly, str(minutes // 60))
    if not in_hub:
        tell("not_in_hub", w.not_in_hub)
    return tuple(found)
