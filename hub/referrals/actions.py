"""What people do with referrals: send one, answer it, report back what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from directory.found import OFFERS
from directory.hot import Found, Hot, fetch
from directory.sql import sql
from directory.taxonomy import NEEDS
from hub.audit.chain import append, entry
from hub.audit.ledger import moment
from hub.base import clocks
from hub.base.db import Session
from hub.base.errors import Conflict, FieldError, InvalidInput, NotFound, OutOfService
from hub.base.ids import new_id
from hub.base.rows import write
from hub.base.vault import Vault
from hub.cases.briefs import BRIEF_COLUMNS
from hub.cases.rules import require
from hub.cases.views import vault_of
from hub.consent import standing
from hub.identity.lookups import AGENCY_NAMES
from hub.notices import outbox
from hub.notices.outbox import Notice, notify
from hub.policy.terms import Actor, Facts, Standing
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
class Sent:
    """A referral just sent, as `views.just_sent` takes it: its row, and the facts of its sender."""

    id: UUID
    row: Any
    facts: Facts


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
    return (await send(session, actor, given)).id


async def send(session: Session, actor: Actor, given: SendReferral) -> Sent:
    """`send_referral` for whoever shows it at once: what was read and written, so that it need not be read back."""
    if given.need not in NEEDS:
        raise InvalidInput(FieldError("need", "unknown_need"))
    if given.need == "offender_treatment":  # it must never touch what belongs to the victim: a way of its own
        raise InvalidInput(FieldError("need", "not_by_this_way"))
    require([("summary", given.summary, 2000), ("area", given.area, 64)])
    found, facts = await _to_send(session, actor, given)
    now, referral_id, agency_id = moment(session), new_id(), found.to_agency_id
    vault = Vault(session, given.case_id, found.data_key)
    due_at, clock = clocks.row("referral_answer", referral_id, agency_id, now, urgency=given.urgency)
    columns = {
        "id": referral_id,
        "case_id": given.case_id,
        "need": given.need,
        "area": given.area,
        "urgency": given.urgency.value,
        "from_agency_id": actor.agency_id,
        "to_agency_id": agency_id,
        "service_id": given.service_id,
        "summary": vault.lock(f"referral:{referral_id}", given.summary),
        "state": ReferralState.REQUESTED.value,
        "sent_by": actor.id,
        "sent_at": now,
        "due_at": due_at,
        "version": 1,
    }
    body = {"need": given.need, "urgency": given.urgency.value, "to": str(agency_id)}
    await write(
        session,
        (Referral.__tablename__, columns),
        standing.row(given.case_id, Standing.REFERRED_TO, referral_id, agency_id=agency_id),
        clock,
        outbox.row(session, Notice("referral_received", agency_id, referral_id)),
        entry(actor, "referral.send", referral_id, cases=[given.case_id], body=body),
    )
    return Sent(referral_id, SimpleNamespace(**{**found, **_UNANSWERED, **columns}), facts)


_UNANSWERED = {"reason": None, "answered_at": None, "outcome": None, "report": None}
# One statement: where the sender stands to the case, the case (locked, if it is theirs), the service and its agency.
_TO_SEND = Hot(
    sql(
        """
    with stands as materialized ({facts}),
    here as materialized (
      select {brief},
        f.code as from_code, f.name as from_name, f.names as from_names, f.network as from_network,
        exists (select from area where code = :area) as area_known, {offers} as offered,
        s.id as found_service, s.status as service_status, s.name as service_name, s.name_i18n as service_names,
        t.id as to_agency_id, t.code as to_code, t.name as to_name, t.names as to_names, t.network as to_network
      from case_file c
      join ({agencies}) f on f.id = :agency
      left join service s on s.id = :service
      left join lateral ({agencies} where organization_id = s.organization_id and not suspended
        order by code desc limit 1) t on true
      where c.id = :case and exists (select from stands where kind = 'assigned')
      for update of c)
    select * from stands left join here on true
    """,
        facts=standing.FACTS_OF_ONE,
        brief=BRIEF_COLUMNS,
        agencies=AGENCY_NAMES,
        offers=OFFERS,
    )
)


async def _to_send(session: Session, actor: Actor, given: SendReferral) -> tuple[Found, Facts]:
    asked = {"case": given.case_id, "agency": actor.agency_id, "staff": actor.id, "service": given.service_id}
    told = {"area": given.area, "need": given.need, "now": moment(session)}
    rows = await fetch(session, _TO_SEND, {**asked, **told})
    facts = standing.read(actor, rows)
    if Standing.ASSIGNED not in facts.standings or facts.conflicted or rows[0].case_state is None:
        raise NotFound
    found = rows[0]
    if found.case_state != "open":
        raise Conflict("case_closed")
    if found.found_service is None:
        raise InvalidInput(FieldError("serviceId", "unknown_id"))
    if not found.area_known:
        raise InvalidInput(FieldError("area", "area_unknown"))
    if not found.offered:  # whoever it goes to reads the case's summary as that need's (P4)
        raise InvalidInput(FieldError("serviceId", "not_for_this_need"))
    if found.to_agency_id is None or found.service_status != "active":
        raise OutOfService
    return found, facts


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
