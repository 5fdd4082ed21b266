"""Coverage for people: the matrix and its gaps for whoever is signed in, unmet referrals and trends for overseers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from directory import coverage, coverage_rounds, rounds
from directory.coverage import Line, months_before
from directory.coverage_gaps import Gap, GapQuery
from directory.coverage_gaps import gaps as list_gaps
from directory.coverage_rounds import Frozen, TrendLine
from directory.taxonomy import NEEDS, NETWORKS
from hub.audit.chain import append
from hub.audit.ledger import moment
from hub.base import clocks
from hub.base.db import Session
from hub.base.errors import FieldError, InvalidInput, NotFound
from hub.base.time import now
from hub.identity.reach import in_good_standing
from hub.policy.terms import Actor
from hub.referrals.unmet import STEP, parts, unmet

from .views import OVERSEERS, overseer

MONTHS = (3, 6, 12)
"""How many whole months of referrals may be looked at: a closed list, so that no two lists differ by a day."""


@dataclass(frozen=True, slots=True)
class UnmetView:
    """How many people: at least so many, and fewer than `below`. Zero to four of an area without parts look the same;

    of one with parts as many may be left out in each of them.
    """

    at_least: int
    below: int


@dataclass(frozen=True, slots=True)
class GapView:
    """A gap, and how many people's need went unmet there; `unmet` is None for whoever may not know."""

    gap: Gap
    unmet: UnmetView | None


async def matrix(
    session: Session, actor: Actor, *, inside: str | None, area: str | None, need: str | None, network: str | None
) -> list[Line]:
    """The matrix of the counties, of the areas inside one, or of one area. The directory is open to all signed in."""
    in_good_standing(actor)
    _known(need, network)
    codes = [area] if area is not None else None
    return await coverage.matrix(
        session, moment(session), inside=inside, codes=codes, need=need, network=network, timezone=str(clocks.zone())
    )


async def gaps(
    session: Session, actor: Actor, query: GapQuery, first: int, skip: int, months: int
) -> tuple[Sequence[GapView], int]:
    """Gaps, the gravest first, and how many in all. Overseers see unmet referrals of the last whole `months`, and the
    order follows them; that they looked is an entry of the audit. For others population alone orders."""
    in_good_standing(actor)
    _known(query.need, query.network)
    if months not in MONTHS:
        raise InvalidInput(FieldError("months", "unknown_months"))
    counts, made_of = None, dict[str, int]()
    if actor.has(*OVERSEERS):
        counts = await unmet(session, *window(moment(session), months))
        made_of = await parts(session)
        await append(session, actor, "coverage.unmet", body={"months": months})
    page = await list_gaps(session, query, first, skip, counts)
    return [GapView(gap, _unmet(counts, made_of, gap)) for gap in page.rows], page.total


def window(at: datetime, months: int) -> tuple[datetime, datetime]:
    """The last `months` calendar months that have ended by `at`: their first moment, and the first after them."""
    zone = clocks.zone()
    first = at.astimezone(zone).date().replace(day=1)
    begins = months_before(first, months)
    return datetime.combine(begins, time(), zone), datetime.combine(first, time(), zone)


def _unmet(counts: dict[tuple[str, str], int] | None, made_of: dict[str, int], gap: Gap) -> UnmetView | None:
    if counts is None:
        return None
    least = counts.get((gap.area.code, gap.need), 0)
    return UnmetView(least, least + STEP * made_of.get(gap.area.code, 1))


async def frozen(session: Session, actor: Actor) -> list[Frozen]:
    """The rounds whose matrix was kept, newest first. Overseers alone."""
    overseer(actor)
    return await coverage_rounds.frozen(session)


async def trend(
    session: Session,
    actor: Actor,
    before: UUID,
    after: UUID | None,
    *,
    inside: str | None,
    need: str | None,
    network: str | None,
) -> list[TrendLine]:
    """What has changed between two rounds, or since one. Overseers alone; `NotFound` for a round never frozen."""
    overseer(actor)
    _known(need, network)
    found = await coverage_rounds.trend(
        session, before, after, moment(session), inside=inside, need=need, network=network, timezone=str(clocks.zone())
    )
    if found is None:
        raise NotFound
    return found


def _known(need: str | None, network: str | None) -> None:
    if need is not None and need not in NEEDS:
        raise InvalidInput(FieldError("need", "unknown_need"))
    if network is not None and network not in NETWORKS:
        raise InvalidInput(FieldError("network", "unknown_network"))


async def _freeze(session: AsyncSession, round_id: UUID) -> None:
    await coverage_rounds.snapshot(session, round_id, now(), str(clocks.zone()))


rounds.KEPT_AT_CLOSE.append(_freeze)
