"""What may be shown of referrals: an agency's inbox, a case's referrals, one referral; read through the policy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import text

from directory.hot import fetch
from hub.audit.ledger import look
from hub.base.db import Session
from hub.base.records import record
from hub.base.vault import Vault
from hub.cases.briefs import BRIEF, brief
from hub.cases.views import CaseView, WithheldView, cases, withheld
from hub.consent import standing
from hub.identity.lookups import AgencyBrief
from hub.policy.decide import Disclosed, Sight
from hub.policy.terms import NOBODY, Actor, Category, Facts, Obligation, Role, Standing
from scheduling.clocks import Urgency

from .reading import INBOX_COUNT, OF_CASE, ONE, SENT, STANDS, inbox_page
from .rules import Outcome, Reason, ReferralState

_SENDER = text("select from_agency_id, sent_by from referral where id = :referral")


@dataclass(frozen=True, slots=True)
class ServiceBrief:
    """A directory service by name; the directory is public to whoever is signed in."""

    id: UUID
    name: str
    names: dict[str, str]


@record
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
    (stands,) = await fetch(session, STANDS, {"id": referral_id})
    facts = await standing.facts_of(session, actor, [stands["case_id"]])
    sight = _sights(session, actor, [stands], facts)[stands["case_id"], stands["state"] == "accepted"]
    if not _known(actor, stands, sight):
        return None
    found = await _referrals(session, actor, await fetch(session, ONE, {"id": referral_id}), full=True)
    return found[0] if found else None


def just_sent(
    session: Session, actor: Actor, row: Any, facts: Facts, *, told: bool, hidden: bool
) -> ReferralView | None:
    """A referral its sender has just written, its case by heading alone, without reading it back; as in `inbox`."""
    given = vars(row)
    # another one unmasks nothing
    sight = _sight(session, actor, given["case_id"], replace(facts, referral_accepted=False))
    if not sight.may(Category.EXISTENCE) or not _concerns(actor, given, sight):
        return None
    return _referral(session, given, sight, brief(given, sight), _Named(), told=told, hidden=hidden)


async def of_case(session: Session, actor: Actor, case_id: UUID, *, full: bool) -> list[ReferralView]:
    """A case's referrals, newest first, as far as the actor may know of them. `full` as in `inbox`."""
    facts = (await standing.facts_of(session, actor, [case_id])).get(case_id, NOBODY)
    known = _sight(session, actor, case_id, facts).may(Category.EXISTENCE) and Standing.ASSIGNED in facts.standings
    rows = await fetch(session, OF_CASE, {"case": case_id, "to": None if known else actor.agency_id})
    return await _referrals(session, actor, rows, full=full)


async def sent_unanswered(session: Session, actor: Actor, most: int, *, full: bool) -> list[ReferralView]:
    """What the actor has sent and must look after: declined or returned first, then unanswered by due time.

    `full` as in `inbox`.
    """
    rows = await fetch(session, SENT, {"staff": actor.id, "most": most})
    return await _referrals(session, actor, rows, full=full)


async def inbox(
    session: Session,
    actor: Actor,
    first: int,
    after: tuple[datetime, UUID] | None,
    *,
    full: bool,
    heading: frozenset[str] = BRIEF,
    count: bool = False,
    told: bool = True,
    hidden: bool = True,
) -> tuple[list[ReferralView], bool, int | None]:
    """A page of the open referrals to the actor's agency by due time, whether more follow, and how many in all.

    `full`: read the cases whole (parties, risks); otherwise these fields of their `heading` come with the same
    statement.
    `count`: say how many the actor may know of, counted to 1,001. `told`: open summary and report; what nobody asked
    for stays sealed and out of the ledger. `hidden`: say what is withheld.
    """
    due, last = after or _BEGINNING
    asked = {"agency": actor.agency_id, "staff": actor.id, "due": due, "after": last, "most": first + 1}
    rows = await fetch(session, inbox_page(heading, told, count), asked)
    total: int | None = None
    if count:
        total = rows[0]["total"] if rows else await _inbox_count(session, actor)
    found = await _referrals(session, actor, rows[:first], full=full, heading=heading, told=told, hidden=hidden)
    return found, len(rows) > first, total


async def _inbox_count(session: Session, actor: Actor) -> int:
    rows = await fetch(session, INBOX_COUNT, {"agency": actor.agency_id, "staff": actor.id})
    return int(rows[0][0])


_URGENCIES = {urgency.value: urgency for urgency in Urgency}
_STATES = {state.value: state for state in ReferralState}
_ANSWERED = frozenset({"rejected", "returned", "completed", "cancelled"})
_ANSWERING = (Role.AGENCY_WORKER, Role.AGENCY_MANAGER, Role.COORDINATOR, Role.MACHINE)
_BEGINNING = (datetime.fromisoformat("0001-01-02T00:00:00+00:00"), UUID(int=0))


async def _referrals(
    session: Session,
    actor: Actor,
    rows: Sequence[Any],
    *,
    full: bool,
    heading: frozenset[str] = BRIEF,
    told: bool = True,
    hidden: bool = True,
) -> list[ReferralView]:
    facts = await standing.facts_of(session, actor, {row["case_id"] for row in rows})
    sights = _sights(session, actor, rows, facts)
    whole = await cases(session, actor, list({row["case_id"] for row in rows})) if full else {}
    named = _Named()
    found = []
    for row in rows:
        sight = sights[row["case_id"], row["state"] == "accepted"]
        if not sight.may(Category.EXISTENCE) or not _concerns(actor, row, sight):
            if not _answered(actor, row, sight):
                continue
            sight = _sight(session, actor, row["case_id"], Facts(own_report=True))
            if not sight.may(Category.EXISTENCE):
                continue
            found.append(_referral(session, row, sight, None, named, told=told, hidden=hidden))
            continue
        case = whole.get(row["case_id"]) if full else brief(row, sight, heading)
        found.append(_referral(session, row, sight, case, named, told=told, hidden=hidden))
    return found


def _sights(
    session: Session, actor: Actor, rows: Sequence[Any], facts: Mapping[UUID, Facts]
) -> dict[tuple[UUID, bool], Sight]:
    """A sight of each (case, whether accepted): an acceptance is asked of each referral and unmasks no other."""
    sights: dict[tuple[UUID, bool], Sight] = {}
    meant: dict[tuple[int, bool], Facts] = {}  # by identity: cases that stand alike share their facts
    for row in rows:
        case, accepted = row["case_id"], row["state"] == "accepted"
        if (case, accepted) not in sights:
            known = facts.get(case, NOBODY)
            here = meant.get((id(known), accepted))
            if here is None:
                here = known if known.referral_accepted is accepted else replace(known, referral_accepted=accepted)
                meant[id(known), accepted] = here
            sights[case, accepted] = _sight(session, actor, case, here)
    return sights


def _known(actor: Actor, row: Any, sight: Sight) -> bool:
    """Whether the actor may know of a referral at all."""
    return (sight.may(Category.EXISTENCE) and _concerns(actor, row, sight)) or _answered(actor, row, sight)


def _answered(actor: Actor, row: Any, sight: Sight) -> bool:
    """Whether it is one that the actor's own agency has answered, and nothing closes the case to them (F2)."""
    own = row["to_agency_id"] == actor.agency_id and row["state"] in _ANSWERED and actor.has(*_ANSWERING)
    return own and not sight.facts.conflicted


def _concerns(actor: Actor, row: Any, sight: Sight) -> bool:
    """A referral is known to its agency and to the case's coordinator, not to other agencies of the same case."""
    return row["to_agency_id"] == actor.agency_id or Standing.ASSIGNED in sight.facts.standings


def _sight(session: Session, actor: Actor, case_id: UUID, facts: Facts) -> Sight:
    return look(session, actor, case_id, standing.purpose_of(actor, facts), facts)


def _referral(
    session: Session,
    row: Any,
    sight: Sight,
    case: CaseView | None,
    named: _Named,
    *,
    told: bool,
    hidden: bool,
) -> ReferralView:
    reason, outcome, summary, report = row["reason"], row["outcome"], None, None
    if told:
        summary, report = _told(session, row, sight)
    need, area, urgency, state, why, sent_at, due_at, answered_at, came = sight.shows(
        Category.EXISTENCE,
        row["need"],
        row["area"],
        _URGENCIES[row["urgency"]],
        _STATES[row["state"]],
        reason and Reason(reason),
        row["sent_at"],
        row["due_at"],
        row["answered_at"],
        outcome and Outcome(outcome),
    )
    return ReferralView(
        row["id"],
        row["version"],
        need,
        area,
        urgency,
        state,
        why,
        sent_at,
        due_at,
        answered_at,
        came,
        summary,
        report,
        named.agency(row, "from"),
        named.agency(row, "to"),
        named.service(row),
        case,
        withheld(sight) if hidden else (),
    )


def _told(session: Session, row: Any, sight: Sight) -> tuple[Disclosed[str] | None, Disclosed[str] | None]:
    """Summary and report as far as they may be read; what may not stays sealed."""
    c, vault = Category.CASE_FACTS, None
    if sight.may(c) and Obligation.MASK_UNTIL_ACCEPTED not in sight.form(c):
        vault = Vault(session, row["case_id"], row["data_key"])
    summary = vault.unlock(f"referral:{row['id']}", row["summary"]) if vault else None
    report = vault.unlock(f"report-back:{row['id']}", row["report"]) if vault and row["report"] else None
    return sight.show(c, summary), sight.show(c, report)


class _Named:
    """The agencies and services of one page: each is made once, however many rows name it."""

    def __init__(self) -> None:
        self._agencies: dict[UUID, AgencyBrief] = {}
        self._services: dict[UUID, ServiceBrief] = {}

    def agency(self, row: Any, which: str) -> AgencyBrief:
        """The agency a row is `from` or `to`."""
        key = row[f"{which}_agency_id"]
        found = self._agencies.get(key)
        if found is None:
            code, name, names, network = (row[f"{which}_{part}"] for part in ("code", "name", "names", "network"))
            found = self._agencies[key] = AgencyBrief(key, code, name, _names(names), network)
        return found

    def service(self, row: Any) -> ServiceBrief:
        """The service a row asks for."""
        key = row["service_id"]
        found = self._services.get(key)
        if found is None:
            found = ServiceBrief(key, row["service_name"], _names(row["service_names"]))
            self._services[key] = found
        return found


def _names(given: str | dict[str, str]) -> dict[str, str]:
    """Names by language, as a page's text or as a statement of one row brings them."""
    names: dict[str, str] = orjson.loads(given) if isinstance(given, str) else given
    return names


async def sender(session: Session, referral_id: UUID) -> tuple[UUID, UUID | None] | None:
    """Which agency, and who there, sent a referral: they wait for its answer."""
    row = (await session.execute(_SENDER, {"referral": referral_id})).first()
    return None if row is None else (row.from_agency_id, row.sent_by)
