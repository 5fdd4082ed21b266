"""What may be shown of reports: to their reporter, to the centre that received them, to the intake officer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text

from hub.audit.ledger import look
from hub.base import clocks
from hub.base.db import Session
from hub.base.vault import Vault
from hub.identity.lookups import Relations, relations
from hub.policy.decide import Disclosed, Sight
from hub.policy.terms import Actor, Category, Facts, Purpose, Role, Standing
from scheduling.clocks import CLOCKS, due

from .rules import Relationship

_COLUMNS = """
    select r.id, r.receipt, r.centre_id, r.filed_by, r.received_at, r.learned_at, r.oral, r.area, r.acts, r.state,
           r.case_id, r.data_key, r.content, r.reporter, r.victim_index, r.opposite_index, r.supplemented_at
    from report r
"""


@dataclass(frozen=True, slots=True)
class ReportView:
    """A report as this actor may see it."""

    id: UUID
    receipt: Disclosed[str] | None
    state: Disclosed[str] | None
    received_at: Disclosed[datetime] | None
    oral: Disclosed[bool] | None
    area: Disclosed[str] | None
    acts: Disclosed[list[str]] | None
    supplement_due_at: Disclosed[datetime] | None
    supplemented_at: Disclosed[datetime] | None
    supplement: Disclosed[str] | None
    summary: Disclosed[str] | None
    relationship: Disclosed[Relationship] | None
    victim_name: Disclosed[str] | None
    opposite_name: Disclosed[str] | None
    reporter_name: Disclosed[str] | None
    reporter_phone: Disclosed[str] | None
    hidden: tuple[str, ...] = ()
    """The fields, by their names in the API, that are closed to the actor, whatever is in them."""


_ONE = text(f"{_COLUMNS} where r.id = :id")
# One row always: what is hidden must not take longer than what is absent.
_STANDS = text(
    "select x.id, r.case_id, r.centre_id, r.filed_by, coalesce(r.victim_index, '') as victim_index, r.opposite_index"
    " from (select cast(:id as uuid) as id) x left join report r on r.id = x.id"
)
_MINE = text(f"{_COLUMNS} where r.filed_by = :actor order by r.received_at desc, r.id limit :most")
_WAITING = text(
    f"{_COLUMNS} where r.centre_id = :centre and r.state = 'received' order by r.received_at, r.id limit :most"
)

_UNWRITTEN = text(
    f"{_COLUMNS} where r.centre_id = :centre and r.oral and r.supplemented_at is null order by r.received_at, r.id"
    " limit :most"
)
_TAKER = text(
    "select r.centre_id, c.coordinator_id from report r left join case_file c on c.id = r.case_id and c.state = 'open'"
    " and c.centre_id = r.centre_id where r.id = :report"
)


async def report(session: Session, actor: Actor, report_id: UUID) -> ReportView | None:
    """One report, or None when its existence is hidden."""
    stands = (await session.execute(_STANDS, {"id": report_id})).one()
    close = await relations(session, actor.id)
    if not _sight(session, actor, stands, close).may(Category.EXISTENCE):
        return None
    row = (await session.execute(_ONE, {"id": report_id})).first()
    return None if row is None else _report(session, actor, row, close)


async def my_reports(session: Session, actor: Actor, most: int) -> Sequence[ReportView]:
    """The actor's own reports, newest first."""
    rows = (await session.execute(_MINE, {"actor": actor.id, "most": most})).all()
    close = await relations(session, actor.id)
    return [view for row in rows if (view := _report(session, actor, row, close)) is not None]


async def waiting_reports(session: Session, actor: Actor, most: int) -> Sequence[ReportView]:
    """Reports of the actor's centre that nobody has opened yet, the oldest first."""
    rows = (await session.execute(_WAITING, {"centre": actor.agency_id, "most": most})).all()
    close = await relations(session, actor.id)
    return [view for row in rows if (view := _report(session, actor, row, close)) is not None]


async def unwritten_reports(session: Session, actor: Actor, most: int) -> Sequence[ReportView]:
    """Oral reports to the actor's centre whose written form has not come in, opened or not, the oldest first."""
    rows = (await session.execute(_UNWRITTEN, {"centre": actor.agency_id, "most": most})).all()
    close = await relations(session, actor.id)
    return [view for row in rows if (view := _report(session, actor, row, close)) is not None]


def _sight(session: Session, actor: Actor, row: Any, close: Relations) -> Sight:
    here = row.centre_id == actor.agency_id
    facts = Facts(
        standings=frozenset({Standing.SAME_CENTRE}) if here else frozenset(),
        conflicted=close.conflict(row.victim_index, row.opposite_index),
        own_report=row.filed_by == actor.id,
        intake_of_report=here and actor.has(Role.INTAKE_OFFICER),
    )
    return look(session, actor, row.case_id or row.id, Purpose.PROTECTION, facts)


def _report(session: Session, actor: Actor, row: Any, close: Relations) -> ReportView | None:
    sight = _sight(session, actor, row, close)
    if not sight.may(Category.EXISTENCE):
        return None
    c, show = Category, sight.show
    vault = Vault(session, row.id, row.data_key)
    content = vault.unlock("content", row.content) if sight.may(c.CASE_FACTS) else None
    reporter = vault.unlock("reporter", row.reporter) if sight.may(c.REPORTER_IDENTITY) else None
    own, here, intake = sight.facts.own_report, row.centre_id == actor.agency_id, sight.facts.intake_of_report
    return ReportView(
        id=row.id,
        receipt=show(c.EXISTENCE, row.receipt if own or intake else None),
        state=show(c.EXISTENCE, row.state),
        received_at=show(c.EXISTENCE, row.received_at),
        oral=show(c.EXISTENCE, row.oral if here or own else None),
        area=show(c.EXISTENCE, row.area if here else None),
        acts=show(c.EXISTENCE, list(row.acts) if here else None),
        supplement_due_at=show(c.EXISTENCE, _due(row.received_at) if row.oral and (here or own) else None),
        supplemented_at=show(c.EXISTENCE, row.supplemented_at if here or own else None),
        supplement=show(c.CASE_FACTS, (content and content.get("supplement")) or None),
        summary=show(c.CASE_FACTS, content and content["summary"]),
        relationship=show(c.CASE_FACTS, content and Relationship(content["relationship"])),
        victim_name=show(c.VICTIM_IDENTITY, content and content["victim"]["name"]),
        opposite_name=show(c.OPPOSITE_IDENTITY, (content and content["opposite"]["name"]) or None),
        reporter_name=show(c.REPORTER_IDENTITY, (reporter and reporter["name"]) or None),
        reporter_phone=show(c.REPORTER_IDENTITY, (reporter and reporter["phone"]) or None),
        hidden=_hidden(sight, receipt=own or intake, here=here, own=own),
    )


def _hidden(sight: Sight, *, receipt: bool, here: bool, own: bool) -> tuple[str, ...]:
    c, may = Category, sight.may
    shut = (
        (not receipt, ("receipt",)),
        (not here, ("area", "acts")),
        (not (here or own), ("oral", "supplementDueAt", "supplementedAt")),
        (not may(c.CASE_FACTS), ("supplement", "summary", "relationship")),
        (not (may(c.VICTIM_IDENTITY) and may(c.CASE_FACTS)), ("victimName",)),
        (not (may(c.OPPOSITE_IDENTITY) and may(c.CASE_FACTS)), ("oppositeName",)),
        (not may(c.REPORTER_IDENTITY), ("reporterName", "reporterPhone")),
    )
    return tuple(field for closed, fields in shut if closed for field in fields)


def _due(received_at: datetime) -> datetime:
    """Until when an oral report must be followed by the written form (DVPA ER 21)."""
    return due(CLOCKS["report_supplement"], received_at, clocks.calendar(), clocks.zone())


async def taker(session: Session, report_id: UUID) -> tuple[UUID, UUID | None] | None:
    """Which centre took a report in, and the coordinator of its case if it is open: they wait for the written form."""
    row = (await session.execute(_TAKER, {"report": report_id})).first()
    return None if row is None else (row.centre_id, row.coordinator_id)
