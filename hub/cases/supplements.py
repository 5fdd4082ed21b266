"""The written form that follows an oral report within 24 hours (DVPA ER 21)."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from hub.audit.chain import append
from hub.audit.ledger import moment
from hub.base.db import Session
from hub.base.errors import Conflict, NotFound
from hub.base.vault import Vault
from hub.identity.lookups import relations
from hub.notices.outbox import Notice, notify
from hub.policy.terms import Actor, Role
from scheduling import deadlines

from .actions import told, touch
from .rules import require
from .tables import CaseFile, Report


@dataclass(frozen=True, slots=True)
class SupplementReport:
    """The written form of an oral report: what it says beyond what was told, the facts and the help given."""

    report_id: UUID
    text: str


async def supplement_report(session: Session, actor: Actor, given: SupplementReport) -> UUID:
    """The written form has come in: from the reporter, or entered by the centre's intake officer or coordinator.

    Meets the clock, late or not. What it says follows the summary of the report, and of the case if that is open.
    `NotFound` to anybody else, also of the reporter's own agency.
    """
    report = await session.get(Report, given.report_id, with_for_update=True)
    if report is None or not _may(actor, report):
        raise NotFound
    if (await relations(session, actor.id)).conflict(report.victim_index, report.opposite_index):
        raise NotFound  # F2, as for whoever would open the case
    if not report.oral:
        raise Conflict("report_in_writing")
    if report.supplemented_at is not None:
        raise Conflict("already_supplemented")
    require([("text", given.text, 4000)])
    now, vault = moment(session), Vault(session, report.id, report.data_key)
    content = vault.unlock("content", report.content) | {"supplement": given.text}
    report.content, report.supplemented_at = vault.lock("content", content), now
    session.add(report)
    await session.flush()
    coordinator = None
    if report.case_id is not None:
        case = await session.get(CaseFile, report.case_id, with_for_update=True)
        if case is not None and case.state == "open":
            coordinator = case.coordinator_id
            case.facts = Vault(session, case.id, case.data_key).lock("facts", told(content))
            await touch(session, case)
    await deadlines.meet(session, report.id, "report_supplement", now)
    if coordinator != actor.id:
        await notify(session, Notice("report_supplemented", report.centre_id, report.id, staff_id=coordinator))
    await append(session, actor, "report.supplement", report.id)
    return report.id


def _may(actor: Actor, report: Report) -> bool:
    here = report.centre_id == actor.agency_id and (actor.has(Role.INTAKE_OFFICER) or actor.has(Role.COORDINATOR))
    return here or report.filed_by == actor.id
