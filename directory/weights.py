"""How much each reason weighs in a ranking: the authority's to set, each version kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from types import MappingProxyType
from uuid import UUID

from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel.ext.asyncio.session import AsyncSession

MOST_POINTS = 10_000


@dataclass(frozen=True, slots=True)
class Weights:
    """Points of each reason, whole numbers; below zero moves down. Distances in kilometres, times in hours."""

    mandate: int = 300
    """Its network owes the need by an article."""
    area: int = 400
    """Serves exactly the place asked for."""
    county: int = 250
    """Serves a place that contains it."""
    part: int = 150
    """Covers only a part of the area asked for, as a township of a county."""
    elsewhere: int = 0
    """Serves a near place."""
    per_km: int = -2
    """For each kilometre between the place and the service."""
    most_km: int = 150
    """Farther than this, and where the distance is unknown, counts as this far."""
    capacity_free: int = 200
    capacity_unknown: int = 0
    capacity_stale: int = -60
    """Free places were said, but that has expired."""
    open_now: int = 100
    """Open at this moment; asked only when help is urgent."""
    closed_now: int = -50
    language_spoken: int = 120
    language_missing: int = -80
    accessible: int = 120
    accessible_unknown: int = -80
    act_named: int = 80
    """Names the act the case goes by (SHPA, DVPA) among those it is for."""
    act_other: int = -40
    """Names another act and not this one."""
    nationality_named: int = 80
    nationality_other: int = -120
    """Names people of another nationality and not these."""
    answers_quickly: int = 60
    """Its agency's median answer came within `quick_hours`."""
    answers_slowly: int = -60
    """Its agency's median answer took longer than `slow_hours`."""
    quick_hours: int = 24
    slow_hours: int = 72
    fewest_answers: int = 5
    """With fewer referrals than this in the period, nothing is said of an agency's pace."""
    not_in_hub: int = -150
    """Its agency takes no referrals through the hub: it must be called."""
    elsewhere_areas: int = 12
    """How many of the nearest other areas are looked at when the place itself has too little."""


DEFAULT = Weights()
BOUNDS: Mapping[str, tuple[int, int]] = MappingProxyType(
    {field.name: (-MOST_POINTS, MOST_POINTS) for field in fields(Weights)}
    | {
        "per_km": (-100, 0),
        "most_km": (1, 1000),
        "quick_hours": (1, 24 * 30),
        "slow_hours": (1, 24 * 90),
        "fewest_answers": (1, 1000),
        "elsewhere_areas": (0, 100),
    }
)
"""Least and most of each, both included."""

_SET = text(
    "INSERT INTO match_weights (weights, set_by, set_at, note) VALUES (:weights, :by, :at, :note) RETURNING version"
).bindparams(bindparam("weights", type_=JSONB))
_NEWEST = text("SELECT version, weights, set_at, note FROM match_weights ORDER BY version DESC LIMIT 1")


@dataclass(frozen=True, slots=True)
class Version:
    """The weights that hold, and since when; version 0 is the product's own."""

    version: int
    weights: Weights
    set_at: datetime | None = None
    note: str = ""


class WeightsRefused(ValueError):
    """These weights cannot hold: `faults` says which field and why (`unknown_weight`, `out_of_bounds`, `order`)."""

    def __init__(self, *faults: tuple[str, str]) -> None:
        super().__init__(faults)
        self.faults = faults


async def current(session: AsyncSession) -> Version:
    """The weights that hold now. A weight newer than the stored version has its default."""
    row = (await session.execute(_NEWEST)).first()
    if row is None:
        return Version(0, DEFAULT)
    known = {name: value for name, value in row.weights.items() if name in BOUNDS}
    return Version(row.version, Weights(**known), row.set_at, row.note)


async def set_weights(
    session: AsyncSession, changes: Mapping[str, int], by: UUID, at: datetime, note: str = "", *, expected: int
) -> Version | None:
    """Let a new version hold from now: the current one with `changes`. None if `expected` is no longer the current.

    Raises WeightsRefused for an unknown name, a value out of its bounds, or a quick answer slower than a slow one.
    """
    await session.execute(text("SELECT pg_advisory_xact_lock(hashtext('directory.weights'))"))
    now = await current(session)
    if now.version != expected:
        return None
    merged = asdict(now.weights) | dict(changes)
    faults = [(name, "unknown_weight") for name in changes if name not in BOUNDS]
    faults += [(n, "out_of_bounds") for n, (least, most) in BOUNDS.items() if not least <= merged[n] <= most]
    if not faults and merged["quick_hours"] >= merged["slow_hours"]:
        faults.append(("quick_hours", "order"))
    if faults:
        raise WeightsRefused(*faults)
    given = {"weights": merged, "by": by, "at": at, "note": note.strip()}
    return Version((await session.execute(_SET, given)).scalar_one(), Weights(**merged), at, note.strip())
