"""The ledger of disclosures: what a request shows of whose case, to whom, on which basis; written before it leaves."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text

from hub.base.db import Session, before_commit
from hub.base.time import now
from hub.policy.decide import Sight
from hub.policy.terms import Actor, Category, Decision, Facts, Obligation, Purpose

from .chain import append

_WATCH = "hub.ledger"
_OF_CASE = text(
    """
    select id, at, actor_id, agency_id, subject, body from audit_entry
    where case_ids @> array[cast(:case as uuid)] and action = 'disclose'
      and (cast(:before as bigint) is null or id < :before)
    order by id desc limit :most
    """
)


class _Watch:
    """Every `Sight` of one transaction, and who looks through them."""

    def __init__(self, actor: Actor, operation: str) -> None:
        self.actor, self.operation, self.sights, self.at = actor, operation, list[Sight](), now()
        self.decided: dict[tuple[Purpose, Facts], dict[Category, Decision]] = {}
        self.same: dict[tuple[int, int], tuple[Facts, dict[Category, Decision]]] = {}
        """`decided` by identity: facts are fifteen fields to hash, for every row. It keeps them, so their ids stay."""


def watch(session: Session, actor: Actor, operation: str) -> None:
    """From here on, whatever `look` shows in this transaction goes to the ledger just before the commit."""
    session.info[_WATCH] = _Watch(actor, operation)
    before_commit(session, _write)


def look(session: Session, actor: Actor, case_id: UUID, purpose: Purpose, facts: Facts) -> Sight:
    """The actor's sight of a case in this transaction. There is no other way to make one outside the policy's tests."""
    watched: _Watch | None = session.info.get(_WATCH)
    if watched is None or watched.actor is not actor:
        watch(session, actor, "")
        watched = session.info[_WATCH]
    same = watched.same.get((id(facts), id(purpose)))
    if same is None:  # a page of fifty like cases is decided once
        same = facts, watched.decided.setdefault((purpose, facts), {})
        watched.same[id(facts), id(purpose)] = same
    sight = Sight(actor, case_id, purpose, facts, watched.at, same[1])
    watched.sights.append(sight)
    return sight


def moment(session: Session) -> datetime:
    """The moment at which this transaction's decisions are taken."""
    watched: _Watch | None = session.info.get(_WATCH)
    return watched.at if watched is not None else now()


async def of_case(session: Session, case_id: UUID, most: int, before: int | None = None) -> Sequence[Any]:
    """Entries that show something of a case, newest first, older than entry `before`. Policy comes first."""
    return (await session.execute(_OF_CASE, {"case": case_id, "before": before, "most": most})).all()


async def _write(session: Session) -> None:
    watched: _Watch = session.info.pop(_WATCH)
    groups = _grouped(watched.sights)
    if groups:
        cases = sorted(set[UUID]().union(*groups.values()))
        shown = [
            {
                "purpose": purpose,
                "categories": {category: list(bases) for category, bases in what},
                "consents": list(consents),
                "cases": sorted(map(str, found)),
            }
            for (purpose, what, consents), found in groups.items()
        ]
        await append(session, watched.actor, "disclose", watched.operation, cases=cases, body={"shown": shown})


_Told = tuple[str, tuple[tuple[str, tuple[str, ...]], ...], tuple[str, ...]]
"""Purpose, categories with their bases, consents."""


def _grouped(sights: Iterable[Sight]) -> dict[_Told, set[UUID]]:
    """The cases of each distinct (purpose, categories with bases, consents); a page is one entry, not fifty."""
    groups: dict[_Told, set[UUID]] = defaultdict(set)
    alike: dict[tuple[int, ...], set[UUID] | None] = {}  # by the very same permits; the sights keep them
    for sight in sights:
        if not sight.shown:
            continue
        key = (id(sight.purpose), *map(id, sight.shown.values()))
        if key not in alike:
            told = _told(sight)
            alike[key] = None if told is None else groups[told]
        if (group := alike[key]) is not None:
            group.add(sight.case_id)
    return groups


def _told(sight: Sight) -> _Told | None:
    """What the ledger says of a sight, or None where nothing it showed is due there."""
    due = [permit for permit in sight.shown.values() if Obligation.LEDGER in permit.obligations]
    if not due:
        return None
    what = tuple(sorted((p.category.value, tuple(sorted(b.value for b in p.bases))) for p in due))
    return sight.purpose.value, what, tuple(sorted({str(consent) for permit in due for consent in permit.consents}))
