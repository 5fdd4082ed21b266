"""What may be shown of referrals: an agency's inbox, a case's referrals, one referral; read through the policy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text

from hub.audit.ledger import look
from hub.base.db import Session
from hub.base.vault import Vault
from hub.cases.views import BRIEF_COLUMNS, CaseView, WithheldView, brief, cases, withheld
from hub.consent import standing
from hub.identity.lookups import AGENCY_NAMES, AgencyBrief
from hub.policy.decide import Disclosed, Sight
from hub.policy.terms import NOBODY, Actor, Category, Facts, Obligation, Role, Standing
from scheduling.clocks import Urgency

from .rules import Outcome, Reason, ReferralState

_SELECT = f"""
    select r.id, r.case_id, r.need, r.area, r.urgency, r.state, r.reason, r.sent_at, r.due_at, r.answered_at,
           r.outcome, r.summary, r.report, r.version, r.to_agency_id, r.from_agency_id, r.service_id,
           f.code as from_code, f.name as from_name, f.names as from_names, f.network as from_network,
           t.code as to_code, t.name as to_name, t.names as to_names, t.network as to_network,
           s.name as service_name, s.name_i18n as service_names, {BRIEF_COLUMNS}
    from referral r
    join ({AGENCY_NAMES}) f on f.id = r.from_agency_id
    join ({AGENCY_NAMES}) t on t.id = r.to_agency_id
    join service s on s.id = r.service_id
    join case_file c on c.id = r.case_id
"""  # noqa: S608 - constants alone
_INBOX = f"""
    {{}} where r.to_agency_id = :agency and r.state in ('requested', 'accepted')
      and (r.due_at, r.id) > (:due, :after) and r.case_id not in {standing.CONFLICTED}
    order by r.due_at, r.id limit :most
"""
_COUNT = f"""
    select count(*) from (select from referral r where to_agency_id = :agency and state in ('requested', 'accepted')
      and r.case_id not in {standing.CONFLICTED} limit 1001) counted
"""  # noqa: S608 - constants alone
_INBOX_COUNT = text(_COUNT)
# The count comes with the page: one statement, evaluated once however many rows there are.
_INBOX_PAGE = {
    False: text(_INBOX.format(_SELECT)),
    True: text(_INBOX.format(_SELECT.replace("select r.id", f"select ({_COUNT}) as total, r.id", 1))),
}
_SENT = text(
    f"""
    {_SELECT} where r.sent_by = :staff and r.state in ('requested', 'rejected', 'returned')
    order by r.state = 'requested', r.due_at, r.id limit :most
    """
)
_OF_CASE = text(f"{_SELECT} where r.case_id = :case order by r.sent_at desc, r.id")
_ONE = text(f"{_SELECT} where r.id = any(:ids)")


@dataclass(frozen=True, slots=True)
class ServiceBrief:
    """A directory service by name; the directory is public to whoever is signed in."""

    id: UUID
    name: str
    names: dict[str, str]


@dataclass(frozen=True, slots=True)
class ReferralView:
    """A referral as this actor may see it."""

    id: UUID
    version: int
    need: Disclosed[str] | None
    area: Disclosed[str] | None
    urgency: Disclosed[Urgency] | None
    state: Disclosed[ReferralState] | None
    reason: Disclosed[Reason] | None
    sent_at: Disclosed[datetime] | None
    due_at: Disclosed[datetime] | None
    answered_at: Disclosed[datetime] | None
    outcome: Disclosed[Outcome] | None
    summary: Disclosed[str] | None
    report: Disclosed[str] | None
    from_agency: AgencyBrief
    to_agency: AgencyBrief
    service: ServiceBrief
    case: CaseView | None
    withheld: tuple[WithheldView, ...]


async def referral(session: Session, actor: Actor, referral_id: UUID) -> ReferralView | None:
    """One referral, or None when hidden."""
    rows = (await session.execute(_ONE, {"ids": [referral_id]})).all()
    found = await _referrals(session, actor, rows, full=True)
    return found[0] if found else None


async def of_case(session: Session, actor: Actor, case_id: UUID) -> list[ReferralView]:
    """A case's referrals, newest first, as far as the actor may know of them."""
    return await _referrals(session, actor, (await session.execute(_OF_CASE, {"case": case_id})).all(), full=False)


async def sent_unanswered(session: Session, actor: Actor, most: int) -> list[ReferralView]:
    """What the actor has sent and must look after: declined or returned first, then unanswered by due time."""
    rows = (await session.execute(_SENT, {"staff": actor.id, "most": most})).all()
    return await _referrals(session, actor, rows, full=False)


async def inbox(
    session: Session,
    actor: Actor,
    first: int,
    after: tuple[datetime, UUID] | None,
    *,
    full: bool,
    count: bool = False,
    told: bool = True,
    hidden: bool = True,
) -> tuple[list[ReferralView], bool, int | None]:
    """A page of the open referrals to the actor's agency by due time, whether more follow, and how many in all.

    `full`: read the cases whole (parties, risks); otherwise number, state and risk level come with the same statement.
    `count`: say how many the actor may know of, counted to 1,001. `told`: open summary and report; what nobody asked
    for stays sealed and out of the ledger. `hidden`: say what is withheld.
    """
    due, last = after or _BEGINNING
    asked = {"agency": actor.agency_id, "staff": actor.id, "due": due, "after": last, "most": first + 1}
    rows = (await session.execute(_INBOX_PAGE[count], asked)).all()
    total: int | None = None
    if count:
        total = rows[0].total if rows else await _inbox_count(session, actor)
    found = await _referrals(session, actor, rows[:first], full=full, told=told, hidden=hidden)
    return found, len(rows) > first, total


async def _inbox_count(session: Session, actor: Actor) -> int:
    count: int = (await session.execute(_INBOX_COUNT, {"agency": actor.agency_id, "staff": actor.id})).scalar_one()
    return count


_URGENCIES = {urgency.value: urgency for urgency in Urgency}
_STATES = {state.value: state for state in ReferralState}
_ANSWERED = frozenset({"rejected", "returned", "completed", "cancelled"})
_ANSWERING = (Role.AGENCY_WORKER, Role.AGENCY_MANAGER, Role.COORDINATOR, Role.MACHINE)
_BEGINNING = (datetime.fromisoformat("0001-01-02T00:00:00+00:00"), UUID(int=0))


async def _referrals(
    session: Session, actor: Actor, rows: Sequence[Any], *, full: bool, told: bool = True, hidden: bool = True
) -> list[ReferralView]:
    ids = {row.case_id for row in rows}
    agencies: dict[UUID, AgencyBrief] = {}
    facts = await standing.facts_of(session, actor, ids)
    # whether a referral is accepted is asked of each by itself: one acceptance unmasks no other
    sights = {
        (case, accepted): _sight(session, actor, case, replace(facts.get(case, NOBODY), referral_accepted=accepted))
        for case, accepted in {(row.case_id, row.state == "accepted") for row in rows}
    }
    whole = await cases(session, actor, list(ids)) if full else {}
    found = []
    for row in rows:
        sight = sights[row.case_id, row.state == "accepted"]
        if not sight.may(Category.EXISTENCE) or not _concerns(actor, row, sight):
            own = row.to_agency_id == actor.agency_id and row.state in _ANSWERED and actor.has(*_ANSWERING)
            if not own or sight.facts.conflicted:
                continue
            sight = _sight(session, actor, row.case_id, Facts(own_report=True))
            if not sight.may(Category.EXISTENCE):
                continue
            found.append(_referral(session, row, sight, None, agencies, told=told, hidden=hidden))
            continue
        case = whole.get(row.case_id) if full else brief(row, sight)
        found.append(_referral(session, row, sight, case, agencies, told=told, hidden=hidden))
    return found


def _concerns(actor: Actor, row: Any, sight: Sight) -> bool:
    """A referral is known to its agency and to the case's coordinator, not to other agencies of the same case."""
    return row.to_agency_id == actor.agency_id or Standing.ASSIGNED in sight.facts.standings


def _sight(session: Session, actor: Actor, case_id: UUID, facts: Facts) -> Sight:
    return look(session, actor, case_id, standing.purpose_of(actor, facts), facts)


def _referral(
    session: Session,
    row: Any,
    sight: Sight,
    case: CaseView | None,
    agencies: dict[UUID, AgencyBrief],
    *,
    told: bool,
    hidden: bool,
) -> ReferralView:
    c, show, vault = Category, sight.show, None
    if told and sight.may(c.CASE_FACTS):
        masked = Obligation.MASK_UNTIL_ACCEPTED in sight.form(c.CASE_FACTS)
        vault = None if masked else Vault(session, row.case_id, row.data_key)
    report = vault.unlock(f"report-back:{row.id}", row.report) if vault and row.report else None
    need, area, urgency, state, reason, sent_at, due_at, answered_at, outcome = sight.shows(
        c.EXISTENCE,
        row.need,
        row.area,
        _URGENCIES[row.urgency],
        _STATES[row.state],
        row.reason and Reason(row.reason),
        row.sent_at,
        row.due_at,
        row.answered_at,
        row.outcome and Outcome(row.outcome),
    )
    return ReferralView(
        id=row.id,
        version=row.version,
        need=need,
        area=area,
        urgency=urgency,
        state=state,
        reason=reason,
        sent_at=sent_at,
        due_at=due_at,
        answered_at=answered_at,
        outcome=outcome,
        summary=show(c.CASE_FACTS, vault.unlock(f"referral:{row.id}", row.summary) if vault else None)
        if told
        else None,
        report=show(c.CASE_FACTS, report) if told else None,
        from_agency=_from(row, agencies),
        to_agency=_to(row, agencies),
        service=ServiceBrief(row.service_id, row.service_name, row.service_names),
        case=case,
        withheld=withheld(sight) if hidden else (),
    )


def _from(row: Any, known: dict[UUID, AgencyBrief]) -> AgencyBrief:
    made = known.get(row.from_agency_id)
    if made is None:
        made = AgencyBrief(row.from_agency_id, row.from_code, row.from_name, row.from_names, row.from_network)
        known[made.id] = made
    return made


def _to(row: Any, known: dict[UUID, AgencyBrief]) -> AgencyBrief:
    made = known.get(row.to_agency_id)
    if made is None:
        made = AgencyBrief(row.to_agency_id, row.to_code, row.to_name, row.to_names, row.to_network)
        known[made.id] = made
    return made
