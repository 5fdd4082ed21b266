"""What may be shown of referrals: an agency's inbox, a case's referrals, one referral; read through the policy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text

from directory.hot import fetch
from hub.audit.ledger import look
from hub.base.db import Session
from hub.cases.briefs import BRIEF, brief
from hub.cases.views import CaseView, cases
from hub.consent import standing
from hub.policy.decide import Sight
from hub.policy.terms import NOBODY, Actor, Category, Facts, Role, Standing

from .reading import INBOX_COUNT, OF_CASE, ONE, SENT, STANDS, inbox_page
from .showing import ALL, Asked, Named, ReferralView, shown

_SENDER = text("select from_agency_id, sent_by from referral where id = :referral")


async def referral(session: Session, actor: Actor, referral_id: UUID) -> ReferralView | None:
    """One referral, or None when hidden."""
    (stands,) = await fetch(session, STANDS, {"id": referral_id})
    facts = await standing.facts_of(session, actor, [stands["case_id"]])
    sight = _sights(session, actor, [stands], facts)[stands["case_id"], stands["state"] == "accepted"]
    if not _known(actor, stands, sight):
        return None
    found = await _referrals(session, actor, await fetch(session, ONE, {"id": referral_id}), ALL)
    return found[0] if found else None


def just_sent(session: Session, actor: Actor, row: Any, facts: Facts, asked: Asked) -> ReferralView | None:
    """A referral its sender has just written, its case by heading alone, without reading it back."""
    given = vars(row)
    # another one unmasks nothing
    sight = _sight(session, actor, given["case_id"], replace(facts, referral_accepted=False))
    if not sight.may(Category.EXISTENCE) or not _concerns(actor, given, sight):
        return None
    return shown(session, given, sight, brief(given, sight, asked.case), Named(), asked)


async def of_case(session: Session, actor: Actor, case_id: UUID, asked: Asked) -> list[ReferralView]:
    """A case's referrals, newest first, as far as the actor may know of them."""
    facts = (await standing.facts_of(session, actor, [case_id])).get(case_id, NOBODY)
    known = _sight(session, actor, case_id, facts).may(Category.EXISTENCE) and Standing.ASSIGNED in facts.standings
    rows = await fetch(session, OF_CASE, {"case": case_id, "to": None if known else actor.agency_id})
    return await _referrals(session, actor, rows, asked)


async def sent_unanswered(session: Session, actor: Actor, most: int, asked: Asked) -> list[ReferralView]:
    """What the actor has sent and must look after: declined or returned first, then unanswered by due time."""
    rows = await fetch(session, SENT, {"staff": actor.id, "most": most})
    return await _referrals(session, actor, rows, asked)


async def inbox(
    session: Session,
    actor: Actor,
    first: int,
    after: tuple[datetime, UUID] | None,
    asked: Asked,
    *,
    count: bool = False,
) -> tuple[list[ReferralView], bool, int | None]:
    """A page of the open referrals to the actor's agency by due time, whether more follow, and how many in all.

    The cases' headings come with the same statement. `count`: say how many the actor may know of, counted to 1,001.
    """
    due, last = after or _BEGINNING
    given = {"agency": actor.agency_id, "staff": actor.id, "due": due, "after": last, "most": first + 1}
    rows = await fetch(session, inbox_page(asked.case & BRIEF, asked.told, count), given)
    total: int | None = None
    if count:
        total = rows[0]["total"] if rows else await _inbox_count(session, actor)
    found = await _referrals(session, actor, rows[:first], asked)
    return found, len(rows) > first, total


async def _inbox_count(session: Session, actor: Actor) -> int:
    rows = await fetch(session, INBOX_COUNT, {"agency": actor.agency_id, "staff": actor.id})
    return int(rows[0][0])


_ANSWERED = frozenset({"rejected", "returned", "completed", "cancelled"})
_ANSWERING = (Role.AGENCY_WORKER, Role.AGENCY_MANAGER, Role.COORDINATOR, Role.MACHINE)
_BEGINNING = (datetime.fromisoformat("0001-01-02T00:00:00+00:00"), UUID(int=0))


async def _referrals(
    session: Session,
    actor: Actor,
    rows: Sequence[Any],
    asked: Asked,
) -> list[ReferralView]:
    facts = await standing.facts_of(session, actor, {row["case_id"] for row in rows})
    sights = _sights(session, actor, rows, facts)
    whole: dict[UUID, CaseView] | None = None
    if asked.beyond:
        whole = await cases(session, actor, list({row["case_id"] for row in rows}), asked=asked.case)
    named = Named()
    found = []
    for row in rows:
        sight = sights[row["case_id"], row["state"] == "accepted"]
        if not sight.may(Category.EXISTENCE) or not _concerns(actor, row, sight):
            if not _answered(actor, row, sight):
                continue
            sight = _sight(session, actor, row["case_id"], Facts(own_report=True))
            if not sight.may(Category.EXISTENCE):
                continue
            found.append(shown(session, row, sight, None, named, asked))
            continue
        case = brief(row, sight, asked.case) if whole is None else whole.get(row["case_id"])
        found.append(shown(session, row, sight, case, named, asked))
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


async def sender(session: Session, referral_id: UUID) -> tuple[UUID, UUID | None] | None:
    """Which agency, and who there, sent a referral: they wait for its answer."""
    row = (await session.execute(_SENDER, {"referral": referral_id})).first()
    return None if row is None else (row.from_agency_id, row.sent_by)
