"""Matching a need to services: ranked, each with the reasons that moved it up or down, and why others fell out.

No identity goes in. Points are whole numbers added up, so a score is exactly the sum of its reasons; ties break by id.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from .search import ServiceRow, chain, services
from .taxonomy import NEEDS


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
    exclude: tuple[UUID, ...] = ()
    """Services left out, as those that have declined already."""


@dataclass(frozen=True, slots=True)
class Weights:
    """Points of each reason: the authority's to set. Distances in kilometres."""

    mandate: int = 300
    area: int = 400
    county: int = 250
    part: int = 150
    """Covers only a part of the area asked for, as a township of a county."""
    elsewhere: int = 0
    per_km: int = -2
    most_km: int = 150
    """Farther than this, and where the distance is unknown, counts as this far."""
    capacity_free: int = 200
    capacity_unknown: int = 0
    capacity_stale: int = -60
    open_now: int = 100
    closed_now: int = -50
    language_spoken: int = 120
    language_missing: int = -80
    accessible: int = 120
    accessible_unknown: int = -80
    elsewhere_areas: int = 12
    """How many of the nearest other areas are looked at when the place itself has too little."""
    timezone: str = "Asia/Taipei"


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


CANDIDATES = """
WITH c AS (
  SELECT r.service_id,
    max(CASE WHEN r.area = :area THEN 3 WHEN r.area = ANY(CAST(:chain AS text[])) THEN 2
      WHEN r.area = ANY(CAST(:inside AS text[])) THEN 1 ELSE 0 END) AS cover,
    bool_or(r.mandated) AS mandated, max(r.closed) AS closed, max(r.available) AS available, max(r.updated) AS updated,
    max(r.expires) AS expires,
    bool_or(r.hours @> CAST(:minute AS integer)) AS open, bool_or(:language = ANY(r.languages)) AS speaks,
    bool_or(:accessibility = ANY(r.accessibility)) AS accessible,
    bool_and(CAST(:age AS integer) IS NULL
      OR :age BETWEEN COALESCE(r.minimum_age, 0) AND COALESCE(r.maximum_age, 999)) AS age_fits,
    bool_and(CAST(:gender AS text) IS NULL OR r.genders = '{}' OR :gender = ANY(r.genders)) AS gender_fits,
    min(CAST(round(2 * 6371.0088 * asin(sqrt(least(1, power(sin(radians(r.latitude - :lat) / 2), 2)
      + cos(radians(:lat)) * cos(radians(r.latitude)) * power(sin(radians(r.longitude - :lon) / 2), 2))))) AS integer))
      AS km
  FROM service_route r WHERE r.need = :need AND r.area = ANY(CAST(:areas AS text[]))
    AND NOT r.service_id = ANY(CAST(:exclude AS uuid[]))
  GROUP BY r.service_id)
"""
_SCORED = (
    CANDIDATES  # noqa: S608 - built of constants, values are bound
    + """, s AS (SELECT c.*,
  CASE WHEN closed <> '' THEN closed WHEN NOT age_fits THEN 'age' WHEN NOT gender_fits THEN 'gender'
    WHEN available = 0 AND expires > :now THEN 'no_capacity' ELSE '' END AS why,
  CASE WHEN mandated THEN CAST(:mandate AS integer) ELSE 0 END
  + CASE cover WHEN 3 THEN CAST(:w_area AS integer) WHEN 2 THEN CAST(:w_county AS integer)
      WHEN 1 THEN CAST(:w_part AS integer) ELSE CAST(:w_elsewhere AS integer) END
  + CAST(:per_km AS integer) * least(COALESCE(km, CAST(:most_km AS integer)), CAST(:most_km AS integer))
  + CASE WHEN available IS NULL THEN CAST(:capacity_unknown AS integer)
      WHEN expires <= :now THEN CAST(:capacity_stale AS integer) ELSE CAST(:capacity_free AS integer) END
  + CASE WHEN NOT :pressing OR open IS NULL THEN 0 WHEN open THEN CAST(:open_now AS integer)
      ELSE CAST(:closed_now AS integer) END
  + CASE WHEN CAST(:language AS text) IS NULL THEN 0 WHEN speaks THEN CAST(:language_spoken AS integer)
      ELSE CAST(:language_missing AS integer) END
  + CASE WHEN CAST(:accessibility AS text) IS NULL THEN 0 WHEN accessible THEN CAST(:w_accessible AS integer)
      ELSE CAST(:accessible_unknown AS integer) END AS score FROM c)
"""
)
_FIELDS = "service_id, cover, mandated, available, updated, expires, open, speaks, accessible, km, why, score"
_FOUND = text(_SCORED + f"SELECT {_FIELDS} FROM s WHERE why = '' ORDER BY score DESC, service_id LIMIT :rows")  # noqa: S608 - built of constants, values are bound
_FALLEN = text(_SCORED + f"SELECT {_FIELDS} FROM s WHERE why <> '' ORDER BY score DESC, service_id LIMIT :rows")  # noqa: S608 - built of constants, values are bound

_NEAREST = text(
    "SELECT code FROM area WHERE NOT code = ANY(CAST(:chain AS text[])) AND latitude IS NOT NULL "
    "ORDER BY power(latitude - :lat, 2) + power((longitude - :lon) * cos(radians(:lat)), 2), code LIMIT :rows"
)
_INSIDE = text(
    "WITH RECURSIVE down AS (SELECT code FROM area WHERE code = :area "
    "UNION SELECT a.code FROM down JOIN area a ON a.parent = down.code) SELECT code FROM down WHERE code <> :area"
)


async def match(
    session: AsyncSession,
    request: MatchRequest,
    now: datetime,
    limit: int = 20,
    weights: Weights | None = None,
) -> Matches:
    """Rank the services that meet a need in a place, best first; an unknown need or area matches nothing.

    Looked at: services that cover the area, an area containing it (county, country), an area inside it, and
    (when these are fewer than `limit`) the nearest others. `now` is an aware moment.
    """
    w = weights or Weights()
    up = await chain(session, request.area)
    if request.need not in NEEDS or not up:
        return Matches((), ())
    given = _given(request, w, now, up, max(1, min(limit, 100)))
    inside = [r[0] for r in (await session.execute(_INSIDE, {"area": request.area})).all()]
    given["inside"] = inside
    given["areas"] = [request.area, *given["chain"], *inside]
    found = (await session.execute(_FOUND, given)).all()
    if len(found) < given["rows"] and given["lat"] is not None and w.elsewhere_areas > 0:
        near = await session.execute(
            _NEAREST, {"chain": given["areas"], "lat": given["lat"], "lon": given["lon"], "rows": w.elsewhere_areas}
        )
        given["areas"] = [*given["areas"], *(r[0] for r in near.all())]
        found = (await session.execute(_FOUND, given)).all()
    fallen = (await session.execute(_FALLEN, given)).all()
    rows = {s.id: s for s in await services(session, [r[0] for r in (*found, *fallen)])}
    return Matches(
        tuple(Match(rows[r[0]], r[11], reasons(r, request, w, now)) for r in found if r[0] in rows),
        tuple(FallenOut(rows[r[0]], r[10]) for r in fallen if r[0] in rows),
    )


def _given(
    request: MatchRequest, w: Weights, now: datetime, up: Sequence[tuple[str, float | None, float | None]], rows: int
) -> dict[str, Any]:
    local = now.astimezone(ZoneInfo(w.timezone))
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
        "mandate": w.mandate,
        "w_area": w.area,
        "w_county": w.county,
        "w_part": w.part,
        "w_elsewhere": w.elsewhere,
        "per_km": w.per_km,
        "most_km": w.most_km,
        "capacity_free": w.capacity_free,
        "capacity_unknown": w.capacity_unknown,
        "capacity_stale": w.capacity_stale,
        "open_now": w.open_now,
        "closed_now": w.closed_now,
        "language_spoken": w.language_spoken,
        "language_missing": w.language_missing,
        "w_accessible": w.accessible,
        "accessible_unknown": w.accessible_unknown,
    }


def reasons(row: Sequence[Any], request: MatchRequest, w: Weights, now: datetime) -> tuple[Reason, ...]:
    """Why a scored row stands where it does; the points add up to its score."""
    _, cover, mandated, available, updated, expires, is_open, speaks, accessible, km, _, _ = row
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
    return tuple(found)
