"""What people do with referrals: send one, answer it, report back what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from directory.search import service as find_service
from directory.taxonomy import NEEDS
from hub.audit.chain import append
from hub.audit.ledger import moment
from hub.base import clocks
from hub.base.db import Session
from hub.base.errors import Conflict, FieldError, InvalidInput, NotFound, OutOfService
from hub.base.ids import new_id
from hub.base.vault import Vault
from hub.cases.actions import own_case
from hub.cases.rules import require
from hub.cases.views import vault_of
from hub.consent import standing
from hub.identity.views import agencies_of_organizations
from hub.notices.outbox import Notice, notify
from hub.policy.terms import Actor, Standing
from scheduling import deadlines
from scheduling.clocks import Urgency

from .rules import Answer, Outcome, Reason, ReferralState, answered
from .tables import Referral


@dataclass(frozen=True, slots=True)
class SendReferral:
    """A need of an own case, sent to the agency of a service. `summary` is all the agency is told without consent."""

    case_id: UUID
    need: str
    area: str
    urgency: Urgency
    service_id: UUID
    summary: str


@dataclass(frozen=True, slots=True)
class AnswerReferral:
    """An agency's answer to the version it has seen."""

    referral_id: UUID
    version: int
    answer: Answer
    reason: Reason | None


@dataclass(frozen=True, slots=True)
class ReportBack:
    """What came of an accepted referral."""

    referral_id: UUID
    version: int
    outcome: Outcome
    text: str


async def send_referral(session: Session, actor: Actor, given: SendReferral) -> UUID:
    """Send a need to whoever owes it; the answer's clock starts now. Returns the referral."""
    if given.need not in NEEDS:
        raise InvalidInput(FieldError("need", "unknown_need"))
    if given.need == "offender_treatment":  # it must never touch what belongs to the victim: a way of its own
        raise InvalidInput(FieldError("need", "not_by_this_way"))
    require([("summary", given.summary, 2000), ("area", given.area, 64)])
    case = await own_case(session, actor, given.case_id)
    service = await find_service(session, given.service_id)
    if service is None:
        raise InvalidInput(FieldError("serviceId", "unknown_id"))
    agency = (await agencies_of_organizations(session, [service.organization_id])).get(service.organization_id)
    if agency is None or service.status != "active":
        raise OutOfService
    now, referral_id = moment(session), new_id()
    due_at = await clocks.start(session, "referral_answer", referral_id, agency.id, now, urgency=given.urgency)
    vault = Vault(session, case.id, case.data_key)
    session.add(
        Referral(
            id=referral_id,
            case_id=case.id,
            need=given.need,
            area=given.area,
            urgency=given.urgency,
            from_agency_id=actor.agency_id,
            to_agency_id=agency.id,
            service_id=service.id,
            summary=vault.lock(f"referral:{referral_id}", given.summary),
            sent_by=actor.id,
            sent_at=now,
            due_at=due_at,
        )
    )
    await standing.stand(session, case.id, Standing.REFERRED_TO, referral_id, agency_id=agency.id)
    await notify(session, Notice("referral_received", agency.id, referral_id))
    body = {"need": given.need, "urgency": given.urgency.value, "to": str(agency.id)}
    await append(session, actor, "referral.send", referral_id, cases=[case.id], body=body)
    return referral_id


async def answer_referral(session: Session, actor: Actor, given: AnswerReferral) -> UUID:
    """Answer a referral sent to one's own agency. A refusal ends the agency's sight of the case at once."""
    referral = await _ours(session, actor, given.referral_id, given.version)
    now, before = moment(session), ReferralState(referral.state)
    referral.state = answered(before, given.answer, given.reason)
    referral.reason, referral.answered_by, referral.answered_at = given.reason, actor.id, now
    if given.answer is Answer.ACCEPT:
        await standing.change(session, referral.id, Standing.REFERRED_TO, accepted=True)
        await clocks.start(session, "report_back", referral.id, actor.agency_id, now)
    else:
        await standing.end(session, referral.id, Standing.REFERRED_TO, now)
    await deadlines.meet(session, referral.id, "referral_answer", now)
    if given.answer is not Answer.ACCEPT:
        await deadlines.cancel(session, referral.id)
    await _done(session, actor, referral, "referral.answer", {"answer": given.answer.value, "reason": given.reason})
    await notify(session, Notice("referral_answered", referral.from_agency_id, referral.id, staff_id=referral.sent_by))
    return referral.id


async def report_back(session: Session, actor: Actor, given: ReportBack) -> UUID:
    """Tell the coordinator what came of an accepted referral; the agency's sight of the case ends with it."""
    referral = await _ours(session, actor, given.referral_id, given.version)
    require([("text", given.text, 4000)])
    if referral.state != ReferralState.ACCEPTED:
        raise Conflict("not_accepted")
    now = moment(session)
    vault = await vault_of(session, referral.case_id)
    referral.state, referral.outcome = ReferralState.COMPLETED, given.outcome
    referral.report = vault.lock(f"report-back:{referral.id}", given.text)
    await deadlines.meet(session, referral.id, "report_back", now)
    await standing.end(session, referral.id, Standing.REFERRED_TO, now)
    await _done(session, actor, referral, "referral.report_back", {"outcome": given.outcome.value})
    await notify(session, Notice("referral_completed", referral.from_agency_id, referral.id, staff_id=referral.sent_by))
    return referral.id


async def _ours(session: Session, actor: Actor, referral_id: UUID, version: int) -> Referral:
    referral = await session.get(Referral, referral_id, with_for_update=True)
    if referral is None or referral.to_agency_id != actor.agency_id:
        raise NotFound
    facts = await standing.facts(session, actor, referral.case_id)
    if facts.conflicted:
        raise NotFound
    if referral.version != version:
        raise Conflict("changed_meanwhile")
    return referral


async def _done(session: Session, actor: Actor, referral: Referral, action: str, body: dict[str, Any]) -> None:
    referral.version += 1
    session.add(referral)
    await session.flush()
    await append(session, actor, action, referral.id, cases=[referral.case_id], body=body)
