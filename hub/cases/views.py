"""What may be shown of reports and cases, read through the policy."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text

from hub.audit.ledger import look
from hub.base.db import Session
from hub.base.records import record
from hub.base.vault import Vault
from hub.consent import standing
from hub.policy.decide import Disclosed, Sight
from hub.policy.terms import NOBODY, Actor, Category, Facts, Obligation, Purpose, Role, Standing
from scheduling import deadlines

from .parties import PartyView, party_view
from .rules import Relationship, RiskLevel

_CASE = """
    select id, number, centre_id, coordinator_id, area, acts, state, risk_level, listed_at, opened_at, version,
           data_key, facts from case_file
"""
_CASES = text(f"{_CASE} where id = any(:ids)")
_MINE = text(
    f"""
    {_CASE} where coordinator_id = :actor and state = 'open'
      and (cast(:after as uuid) is null or (opened_at, id) <
           (select opened_at, id from case_file where id = :after and coordinator_id = :actor))
    order by opened_at desc, id desc limit :most
    """  # noqa: S608 - constants alone
)
_KEY = text("select data_key from case_file where id = :id")
_PARTIES = text("select id, case_id, kind, person from party where case_id = any(:ids) order by kind, id")
_RISKS = text(
    "select id, case_id, instrument, version, score, level, by_judgement, judgement, assessed_at"
    " from risk_assessment where case_id = any(:ids) order by assessed_at desc, id"
)


@dataclass(frozen=True, slots=True)
class WithheldView:
    """A category that was hidden, why (a code), and how to ask for it."""

    field: Category
    reason: str
    how_to_ask: str


@dataclass(frozen=True, slots=True)
class RiskView:
    """One risk assessment."""

    id: UUID
    instrument: Disclosed[str] | None
    version: Disclosed[str] | None
    score: Disclosed[int] | None
    level: Disclosed[RiskLevel] | None
    by_judgement: Disclosed[bool] | None
    judgement: Disclosed[str] | None
    assessed_at: Disclosed[datetime] | None


@dataclass(frozen=True, slots=True)
class ClockView:
    """A running statutory or guideline clock."""

    id: UUID
    code: Disclosed[str] | None
    due_at: Disclosed[datetime] | None


@record
class CaseView:
    """A case as this actor may see it."""

    id: UUID
    version: int
    number: Disclosed[str] | None
    state: Disclosed[str] | None
    area: Disclosed[str] | None
    acts: Disclosed[list[str]] | None
    opened_at: Disclosed[datetime] | None
    assigned: Disclosed[bool] | None
    summary: Disclosed[str] | None
    relationship: Disclosed[Relationship] | None
    risk_level: Disclosed[RiskLevel] | None
    listed_at: Disclosed[datetime] | None
    parties: tuple[PartyView, ...]
    risks: tuple[RiskView, ...]
    clocks: tuple[ClockView, ...]
    withheld: tuple[WithheldView, ...]
    hidden: tuple[str, ...] = ()
    """The fields, by their names in the API, of which null or nothing tells this actor nothing."""


ALL = frozenset(field.name for field in fields(CaseView))
"""Every field of a case."""


async def case(session: Session, actor: Actor, case_id: UUID) -> CaseView | None:
    """One case, or None when its existence is hidden."""
    return (await cases(session, actor, [case_id])).get(case_id)


async def cases(
    session: Session, actor: Actor, ids: Sequence[UUID], purpose: Purpose | None = None, *, asked: frozenset[str] = ALL
) -> dict[UUID, CaseView]:
    """The cases whose existence this actor may know, by id. `purpose` only where the place asked from sets it.

    Decided before anything is read: what is hidden takes no longer than what is absent.
    `asked`: the fields asked for; what nobody asked for stays sealed and out of the ledger. That a case exists and
    how it stands is told of each.
    """
    if not ids:
        return {}
    sights = await _sights(session, actor, ids, purpose)
    if not sights:
        return {}
    rows = (await session.execute(_CASES, {"ids": list(sights)})).all()
    return await _shown(session, rows, sights, asked)


async def vault_of(session: Session, case_id: UUID) -> Vault:
    """The opened data key of a case, for slices that seal under it."""
    return Vault(session, case_id, (await session.execute(_KEY, {"id": case_id})).scalar_one())


async def my_cases(
    session: Session, actor: Actor, first: int, after: UUID | None, *, asked: frozenset[str]
) -> tuple[list[CaseView], bool]:
    """A page of the coordinator's own open cases, newest first, and whether more follow. `asked` as in `cases`."""
    rows = (await session.execute(_MINE, {"actor": actor.id, "after": after, "most": first + 1})).all()
    sights = await _sights(session, actor, [row.id for row in rows[:first]], None)
    shown = await _shown(session, [row for row in rows[:first] if row.id in sights], sights, asked)
    return list(shown.values()), len(rows) > first


async def _sights(session: Session, actor: Actor, ids: Sequence[UUID], purpose: Purpose | None) -> dict[UUID, Sight]:
    """The sights of those of the cases whose existence the actor may know."""
    facts = await standing.facts_of(session, actor, ids)
    sights = {case_id: _sight(session, actor, case_id, facts.get(case_id, NOBODY), purpose) for case_id in ids}
    return {case_id: sight for case_id, sight in sights.items() if sight.may(Category.EXISTENCE)}


async def _shown(
    session: Session, rows: Sequence[Any], sights: Mapping[UUID, Sight], asked: frozenset[str]
) -> dict[UUID, CaseView]:
    parties, risks, clocks = await _children(session, [row.id for row in rows], asked)
    return {
        row.id: _case(session, row, sights[row.id], parties.get(row.id, ()), risks.get(row.id, ()), clocks, asked)
        for row in rows
    }


def _sight(session: Session, actor: Actor, case_id: UUID, facts: Facts, purpose: Purpose | None) -> Sight:
    if purpose is None:
        purpose = (
            Purpose.OVERSIGHT if actor.has(Role.AUDITOR) and not facts.standings else standing.purpose_of(actor, facts)
        )
    return look(session, actor, case_id, purpose, facts)


async def _children(
    session: Session, ids: list[UUID], asked: frozenset[str]
) -> tuple[dict[UUID, list[Any]], dict[UUID, list[Any]], Any]:
    parties: dict[UUID, list[Any]] = {}
    risks: dict[UUID, list[Any]] = {}
    for field, statement, found in (("parties", _PARTIES, parties), ("risks", _RISKS, risks)):
        if ids and field in asked:
            for row in (await session.execute(statement, {"ids": ids})).all():
                found.setdefault(row.case_id, []).append(row)
    return parties, risks, await deadlines.running(session, ids) if ids and "clocks" in asked else ()


def _case(
    session: Session, row: Any, sight: Sight, parties: Any, risks: Any, clocks: Any, asked: frozenset[str]
) -> CaseView:
    vault = Vault(session, row.id, row.data_key)
    c, show = Category, sight.show
    told = not asked.isdisjoint({"summary", "relationship"})
    facts = vault.unlock("facts", row.facts) if told and _whole_story(sight) else {}
    pseudonym = Obligation.PSEUDONYM in sight.form(c.EXISTENCE)
    relationship = facts.get("relationship")
    return CaseView(
        id=row.id,
        version=row.version,
        number=show(c.EXISTENCE, pseudonym_of(row.id) if pseudonym else row.number),
        state=show(c.EXISTENCE, row.state),
        area=None if pseudonym else show(c.EXISTENCE, row.area),
        acts=show(c.EXISTENCE, list(row.acts)),
        opened_at=None if pseudonym else show(c.EXISTENCE, row.opened_at),
        assigned=show(c.EXISTENCE, Standing.ASSIGNED in sight.facts.standings),
        summary=show(c.CASE_FACTS, facts.get("summary")),
        relationship=show(c.CASE_FACTS, Relationship(relationship) if relationship else None),
        risk_level=show(c.RISK_LEVEL, RiskLevel(row.risk_level)) if "risk_level" in asked else None,
        listed_at=show(c.RISK_LEVEL, row.listed_at) if "listed_at" in asked else None,
        parties=tuple(p for party in parties if (p := party_view(vault, party, sight)) is not None),
        risks=tuple(_risk(vault, risk, sight) for risk in risks) if sight.may(c.RISK_DETAIL) else (),
        clocks=_clocks(row.id, clocks, sight),
        withheld=withheld(sight),
        hidden=closed(sight, pseudonym=pseudonym),
    )


def closed(sight: Sight, *, pseudonym: bool) -> tuple[str, ...]:
    """The fields that are closed to the actor by category or form, whatever is in them."""
    found: tuple[str, ...] = ("area", "openedAt") if pseudonym else ()
    if not _whole_story(sight):
        found += ("summary", "relationship")
    for category, names in _FIELDS:
        if not sight.may(category):
            found += names
    return found


_FIELDS = (
    (Category.RISK_LEVEL, ("riskLevel", "listedAt")),
    (Category.RISK_DETAIL, ("risks",)),
    (Category.CLOCKS, ("clocks",)),
)


def pseudonym_of(case_id: UUID) -> str:
    """What oversight calls a case: always the same, and not what its centre calls it."""
    return "P-" + hashlib.sha256(b"pseudonym" + case_id.bytes).hexdigest()[:10]


_IN_PART = frozenset({Obligation.MASK_UNTIL_ACCEPTED, Obligation.OWN_PART})


def _whole_story(sight: Sight) -> bool:
    """Whether the case's own summary may be shown; an agency referred to reads its referral's summary instead (P4)."""
    return sight.may(Category.CASE_FACTS) and sight.form(Category.CASE_FACTS).isdisjoint(_IN_PART)


def _risk(vault: Vault, row: Any, sight: Sight) -> RiskView:
    def show(value: Any) -> Any:
        return sight.show(Category.RISK_DETAIL, value)

    return RiskView(
        id=row.id,
        instrument=show(row.instrument),
        version=show(row.version),
        score=show(row.score),
        level=show(RiskLevel(row.level)),
        by_judgement=show(row.by_judgement),
        judgement=show(vault.unlock(f"risk:{row.id}", row.judgement)),
        assessed_at=show(row.assessed_at),
    )


def _clocks(case_id: UUID, rows: Any, sight: Sight) -> tuple[ClockView, ...]:
    if not sight.may(Category.CLOCKS):
        return ()
    return tuple(
        ClockView(
            id=row.id, code=sight.show(Category.CLOCKS, row.clock), due_at=sight.show(Category.CLOCKS, row.due_at)
        )
        for row in rows
        if row.subject_id == case_id
    )


_TELL = (
    Category.CASE_FACTS,
    Category.RISK_LEVEL,
    Category.RISK_DETAIL,
    Category.CLOCKS,
    Category.VICTIM_IDENTITY,
    Category.VICTIM_CONTACT,
    Category.VICTIM_WHEREABOUTS,
    Category.OPPOSITE_IDENTITY,
    Category.HEALTH,
)


def withheld(sight: Sight) -> tuple[WithheldView, ...]:
    """What every case has and this actor may not see, with the way to ask; never whether it is filled in."""
    told = _OVERSEEN if sight.purpose is Purpose.OVERSIGHT else _HIDDEN
    return tuple(view for category, view in told if not sight.may(category))


_HIDDEN = [
    (category, WithheldView(category, "no_consent_or_article", "ask_coordinator_for_consent")) for category in _TELL
]
_OVERSEEN = [(category, WithheldView(category, "closed_to_oversight", "cannot_be_asked_for")) for category in _TELL]
"""No consent opens a case to oversight (P3 is for agencies)."""
