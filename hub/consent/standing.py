"""Where people stand to cases: kept by the deeds that change it, read as the facts of a decision in one statement."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import text

from directory.hot import Hot, fetch
from directory.sql import replaced, sql
from hub.audit.ledger import moment
from hub.base.db import Session
from hub.base.ids import new_id
from hub.base.rows import Row, write
from hub.policy.terms import NOBODY, Actor, Category, ConsentFact, Facts, Purpose, Standing

from .tables import StandingRow

OPEN_END = datetime(9999, 1, 1, tzinfo=UTC)

FACTS_SQL = sql("""
    select s.case_id, s.kind, s.accepted, s.treatment, s.listed, s.until,
           null::uuid as consent_id, null::text[] as categories, null::text[] as purposes,
           null::timestamptz as starts_at, null::timestamptz as ends_at, null::timestamptz as withdrawn_at,
           null::boolean as written, null::boolean as opposite, null::boolean as capacity
    from standing s
    where s.case_id = any(:cases) and s.ended_at is null and (s.until is null or s.until > :now)
      and (s.staff_id is null or s.staff_id = :staff) and (s.agency_id is null or s.agency_id = :agency)
    union all
    select p.case_id, 'conflict', false, false, false, null, null, null, null, null, null, null, null, null, null
    from staff_relation r join party p on p.person_index = r.person_index
    where r.staff_id = :staff and p.case_id = any(:cases) and (r.kind = 'is' or p.kind = 'opposite')
    union all
    select c.case_id, 'consent', false, false, false, null, c.id, c.categories, c.purposes, c.starts_at,
           c.ends_at, c.withdrawn_at, c.written, c.grantor = 'opposite', c.capacity
    from consent c
    where c.case_id = any(:cases) and :agency = any(c.recipient_ids) and c.withdrawn_at is null
""")
FACTS_OF_ONE = replaced(FACTS_SQL, "= any(:cases)", sql("= :case"))
"""The same of one case. PostgreSQL plans it once; of a list it makes a new plan each time, at thrice the cost."""
_FACTS = Hot(FACTS_SQL)


CONFLICTED = sql("""
    (select p.case_id from staff_relation r join party p on p.person_index = r.person_index
     where r.staff_id = :staff and (r.kind = 'is' or p.kind = 'opposite')
     union select x.case_id from standing x
     where x.staff_id = :staff and x.kind = 'conflict' and x.ended_at is null)
""")
"""SQL: the cases staff `:staff` may not know of (F2): they are, live with or are close to its opposite party, or are a
party, or a conflict is on record. A relation counts from the moment it is declared."""
_END = text(
    "update standing set ended_at = :now where source_id = :source and kind = :kind and ended_at is null"
    " and (cast(:agency as uuid) is null or agency_id = :agency)"
)
_CHANGE = text(
    "update standing set accepted = coalesce(:accepted, accepted), until = coalesce(:until, until)"
    " where source_id = :source and kind = :kind and ended_at is null"
)
_KINDS = {kind.value: kind for kind in Standing}


async def facts_of(session: Session, actor: Actor, cases: Iterable[UUID], **more: Any) -> Mapping[UUID, Facts]:
    """The facts of each case for this actor; a case without any is absent (use `.get(case, NOBODY)`).

    `more` overrides fields of every Facts, for what only the caller knows (`about_offender_treatment`).
    """
    wanted = list(set(cases))
    if not wanted:
        return {}
    asked = {"cases": wanted, "agency": actor.agency_id, "staff": actor.id, "now": moment(session)}
    by_case: dict[UUID, list[Any]] = defaultdict(list)
    for row in await fetch(session, _FACTS, asked):
        by_case[row["case_id"]].append(row)
    # Most cases of a page stand alike (kind, accepted, treatment, listed, until, consent): made once, and decided once.
    alike: dict[tuple[Any, ...], Facts] = {}
    found = {}
    for case, rows in by_case.items():
        stands = tuple([row[1:7] for row in rows])
        facts = alike.get(stands)
        if facts is None:
            facts = alike[stands] = _facts(actor, rows, more)
        found[case] = facts
    return found


async def facts(session: Session, actor: Actor, case_id: UUID) -> Facts:
    """The facts of one case for this actor."""
    return (await facts_of(session, actor, [case_id])).get(case_id, NOBODY)


def read(actor: Actor, rows: Sequence[Any]) -> Facts:
    """The facts of one case out of the rows of `FACTS_SQL`, for whoever reads them with something else."""
    return _facts(actor, rows, {})


def _facts(actor: Actor, rows: Sequence[Any], more: Mapping[str, Any]) -> Facts:
    standings, consents = set[Standing](), []
    accepted = treatment = listed = conflicted = False
    until: datetime | None = None
    for row in rows:
        kind = row["kind"]
        if kind == "consent":
            consents.append(_consent(actor, row))
        elif kind == "conflict":
            conflicted = True
        else:
            standings.add(_KINDS[kind])
            accepted |= row["accepted"]
            treatment |= row["treatment"]
            if kind == "invited":
                listed |= row["listed"]
                until = max(until or row["until"] or OPEN_END, row["until"] or OPEN_END)
    return Facts(
        **{
            "standings": frozenset(standings),
            "conflicted": conflicted,
            "consents": tuple(consents),
            "referral_accepted": accepted,
            "referral_for_treatment": treatment,
            "conference_until": until,
            "conference_listed": listed,
            **more,
        }
    )


def _consent(actor: Actor, row: Any) -> ConsentFact:
    return ConsentFact(
        id=row["consent_id"],
        categories=_categories(tuple(row["categories"])),
        purposes=_purposes(tuple(row["purposes"])),
        recipient_agency_id=actor.agency_id,
        starts_at=row["starts_at"],
        ends_at=row["ends_at"],
        withdrawn_at=row["withdrawn_at"],
        written=row["written"],
        grantor_is_opposite=row["opposite"],
        capacity=row["capacity"],
    )


@lru_cache(maxsize=256)
def _categories(values: tuple[str, ...]) -> frozenset[Category]:
    return frozenset(map(Category, values))


@lru_cache(maxsize=256)
def _purposes(values: tuple[str, ...]) -> frozenset[Purpose]:
    return frozenset(map(Purpose, values))


async def stand(
    session: Session,
    case_id: UUID,
    kind: str,
    source_id: UUID,
    *,
    agency_id: UUID | None = None,
    staff_id: UUID | None = None,
    treatment: bool = False,
    listed: bool = False,
) -> None:
    """Record that an agency or a person now stands to a case in this way, and what it comes from."""
    stands = row(case_id, kind, source_id, agency_id=agency_id, staff_id=staff_id, treatment=treatment, listed=listed)
    await write(session, stands)


def row(
    case_id: UUID,
    kind: str,
    source_id: UUID,
    *,
    agency_id: UUID | None = None,
    staff_id: UUID | None = None,
    treatment: bool = False,
    listed: bool = False,
) -> Row:
    """The same as a row, to be written with what it comes from."""
    return StandingRow.__tablename__, {
        "id": new_id(),
        "case_id": case_id,
        "kind": kind,
        "source_id": source_id,
        "agency_id": agency_id,
        "staff_id": staff_id,
        "accepted": False,
        "treatment": treatment,
        "listed": listed,
    }


async def end(session: Session, source_id: UUID, kind: str, now: datetime, agency_id: UUID | None = None) -> None:
    """End what came from `source_id`, of one agency or of all, from this moment on."""
    await session.execute(_END, {"source": source_id, "kind": kind, "now": now, "agency": agency_id})


async def change(
    session: Session, source_id: UUID, kind: str, *, accepted: bool | None = None, until: datetime | None = None
) -> None:
    """Change what the standing that came from `source_id` says."""
    await session.execute(_CHANGE, {"source": source_id, "kind": kind, "accepted": accepted, "until": until})


def purpose_of(actor: Actor, facts: Facts) -> Purpose:
    """The purpose that follows from where the actor stands to the case and what their agency is there for."""
    if Standing.ASSIGNED in facts.standings or Standing.SAME_CENTRE in facts.standings:
        return Purpose.PROTECTION
    if Standing.REFERRED_TO in facts.standings:
        return (
            Purpose.OFFENDER_TREATMENT
            if facts.referral_for_treatment
            else _BY_NETWORK.get(actor.network, Purpose.PROTECTION)
        )
    if Standing.INVITED in facts.standings:
        return Purpose.RISK_CONFERENCE
    if Standing.ENFORCER in facts.standings:
        return Purpose.ORDER_ENFORCEMENT
    return Purpose.PROTECTION


_BY_NETWORK = {
    "health": Purpose.TREATMENT,
    "education": Purpose.SCHOOLING,
    "labour": Purpose.EMPLOYMENT,
    "police": Purpose.POLICING,
}
