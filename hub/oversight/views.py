"""What the competent authority reads of the audit: whether the chain is whole, and what was done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from hub.audit.chain import append
from hub.audit.heads import Head
from hub.audit.reading import entries
from hub.audit.verify import verify
from hub.base.db import Session
from hub.consent.standing import facts_of
from hub.identity.lookups import AgencyBrief, briefs
from hub.policy.terms import NOBODY, Actor

SECRET = frozenset({"report.file"})
"""Entries whose doer is a reporter: who that is goes to nobody but the intake officer (DVPA 50 II)."""


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
    head: str
    head_checked: bool
    problems: tuple[FindingView, ...]


@dataclass(frozen=True, slots=True)
class EntryView:
    """One audit entry. Actors and cases are opaque ids; agencies are public."""

    id: UUID
    number: int
    at: datetime
    actor: str
    agency: AgencyBrief | None
    action: str
    subject: str
    case_ids: tuple[UUID, ...]


async def chain(session: Session, actor: Actor, head: Head | None, public_key: bytes | None) -> ChainView:
    """Verify the whole chain now; that somebody did is itself an entry."""
    report = await verify(session, head, public_key)
    await append(session, actor, "audit.verify", body={"whole": report.whole, "seals": report.seals})
    return ChainView(
        whole=report.whole,
        seals=report.seals,
        entries=report.entries,
        unsealed=report.unsealed,
        head=report.head,
        head_checked=report.head_checked,
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
            actor="" if row.action in SECRET else str(row.actor_id),
            agency=None if row.action in SECRET else names.get(row.agency_id),
            action=row.action,
            subject=row.subject,
            case_ids=tuple(row.case_ids),
        )
        for row in rows
    ]
