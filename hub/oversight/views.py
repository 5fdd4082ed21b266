"""What the competent authority reads of the audit: whether the chain is whole, and what was done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from hub.audit.chain import append
from hub.audit.heads import Head
from hub.audit.reading import entries
from hub.audit.verify import verify
from hub.base.db import Session
from hub.consent.standing import facts_of
from hub.identity.lookups import AgencyBrief, briefs
from hub.policy.terms import NOBODY, Actor

SECRET = frozenset({"report.file", "report.supplement", "session.begin", "session.end"})
"""Entries whose doer is a reporter, or that stand beside a report and would tell: a reporter signs in, reports, signs
out. Who that is goes to nobody but the intake officer (DVPA 50 II, F3). A refused sign-in cannot have reported."""


@dataclass(frozen=True, slots=True)
class FindingView:
    """Something that does not fit in the chain: its kind and where."""

    kind: str
    where: str


@dataclass(frozen=True, slots=True)
class ChainView:
    """The state of the audit chain."""

    whole: bool
    seals: int
    entries: int
    unsealed: int
    unsealed_since: datetime | None
    head: str
    head_checked: bool
    head_at: datetime | None
    after_head: int
    problems: tuple[FindingView, ...]


@dataclass(frozen=True, slots=True)
class EntryView:
    """One audit entry. Actors and cases are opaque ids; agencies are public; neither where it could tell a reporter."""

    id: UUID
    number: int
    at: datetime
    actor: str
    agency: AgencyBrief | None
    action: str
    subject: str
    case_ids: tuple[UUID, ...]


async def chain(
    session: Session, actor: Actor, head: Head | None, public_key: bytes | None, late: timedelta
) -> ChainView:
    """Verify the whole chain now; that somebody did is itself an entry. `late`: how long an entry may go unsealed."""
    report = await verify(session, head, public_key, late)
    await append(session, actor, "audit.verify", body={"whole": report.whole, "seals": report.seals})
    return ChainView(
        whole=report.whole,
        seals=report.seals,
        entries=report.entries,
        unsealed=report.unsealed,
        unsealed_since=report.unsealed_since,
        head=report.head,
        head_checked=report.head_checked,
        head_at=report.head_at,
        after_head=report.after_head if report.head_checked else report.seals,
        problems=tuple(FindingView(kind, where) for kind, where in report.problems),
    )


async def audit_entries(
    session: Session, actor: Actor, most: int, before: int | None, action: str | None, case_id: UUID | None
) -> Sequence[EntryView]:
    """Entries, newest first; reading them is itself an entry."""
    rows = await entries(session, most, before, action, case_id)
    facts = await facts_of(session, actor, {case for row in rows for case in row.case_ids})
    rows = [row for row in rows if not any(facts.get(case, NOBODY).conflicted for case in row.case_ids)]
    names = await briefs(session, (row.agency_id for row in rows))
    await append(session, actor, "audit.read", body={"entries": len(rows)})
    return [
        EntryView(
            id=UUID(int=row.id),
            number=row.id,
            at=row.at,
            actor="" if _secret(row) else str(row.actor_id),
            agency=None if _secret(row) else names.get(row.agency_id),
            action=row.action,
            subject=row.subject,
            case_ids=tuple(row.case_ids),
        )
        for row in rows
    ]


def _secret(row: Any) -> bool:
    """Whether who did it stays hidden: a reporter's deed, or a look at what only the reporter of it may see."""
    return row.action in SECRET or row.own_report
