"""What may be shown of consents and of the ledger: to the coordinator for the victim, to oversight."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text

from hub.audit.ledger import look, of_case
from hub.base.crypto import UnreadableError, blind, covered, uncovered
from hub.base.db import Session, keys_of
from hub.base.errors import FieldError, InvalidInput
from hub.identity.lookups import AgencyBrief, briefs
from hub.policy.decide import Disclosed, Sight
from hub.policy.terms import Actor, Basis, Category, Purpose, Role, Standing

from . import standing

_ONE = text("select * from consent where id = :id")
# One row always: what is hidden must not take longer than what is absent.
_WHOSE = text("select coalesce((select case_id from consent where id = :id), cast(:id as uuid))")
_OF_CASE = text("select * from consent where case_id = :case order by recorded_at desc, id")


@dataclass(frozen=True, slots=True)
class ConsentView:
    """A consent record, for whoever does the case's work."""

    id: UUID
    case_id: UUID
    categories: Disclosed[list[Category]] | None
    purposes: Disclosed[list[Purpose]] | None
    recipients: tuple[AgencyBrief, ...]
    written: Disclosed[bool] | None
    starts_at: Disclosed[datetime] | None
    ends_at: Disclosed[datetime] | None
    withdrawn_at: Disclosed[datetime] | None
    live: Disclosed[bool] | None


@dataclass(frozen=True, slots=True)
class DisclosureView:
    """One line of the ledger: when, to which agency, for what, on which bases."""

    id: UUID
    at: Disclosed[datetime] | None
    agency: AgencyBrief | None
    operation: Disclosed[str] | None
    purpose: Disclosed[Purpose] | None
    categories: Disclosed[list[Category]] | None
    bases: Disclosed[list[str]] | None


async def consent(session: Session, actor: Actor, consent_id: UUID) -> ConsentView | None:
    """One consent, or None when hidden."""
    case_id = (await session.execute(_WHOSE, {"id": consent_id})).scalar_one()
    sight = await _sight(session, actor, case_id)
    if sight is None:
        return None
    row = (await session.execute(_ONE, {"id": consent_id})).first()
    return None if row is None else (await _consents(session, sight, [row]))[0]


async def consents(session: Session, actor: Actor, case_id: UUID) -> Sequence[ConsentView]:
    """A case's consents, newest first; nothing to whoever does not do its work."""
    sight = await _sight(session, actor, case_id)
    if sight is None:
        return []
    return await _consents(session, sight, (await session.execute(_OF_CASE, {"case": case_id})).all())


async def _sight(session: Session, actor: Actor, case_id: UUID) -> Sight | None:
    """The sight of whoever does the case's work; None for anybody else."""
    facts = await standing.facts(session, actor, case_id)
    sight = look(session, actor, case_id, standing.purpose_of(actor, facts), facts)
    return sight if Standing.ASSIGNED in facts.standings and sight.may(Category.LEDGER) else None


async def _consents(session: Session, sight: Sight, rows: Sequence[Any]) -> list[ConsentView]:
    names = await briefs(session, (agency for row in rows for agency in row.recipient_ids))
    show = sight.show
    return [
        ConsentView(
            id=row.id,
            case_id=row.case_id,
            categories=show(Category.LEDGER, [Category(value) for value in row.categories]),
            purposes=show(Category.LEDGER, [Purpose(value) for value in row.purposes]),
            recipients=tuple(names[agency] for agency in row.recipient_ids if agency in names),
            written=show(Category.LEDGER, row.written),
            starts_at=show(Category.LEDGER, row.starts_at),
            ends_at=show(Category.LEDGER, row.ends_at),
            withdrawn_at=show(Category.LEDGER, row.withdrawn_at),
            live=show(
                Category.LEDGER,
                row.withdrawn_at is None and row.starts_at <= sight.now < row.ends_at,
            ),
        )
        for row in rows
    ]


async def ledger(
    session: Session, actor: Actor, case_id: UUID, most: int, after: str | None = None
) -> tuple[list[DisclosureView], list[str], bool]:
    """Who saw what of a case, newest first (P12 for oversight, P15 for the victim), a cursor for each line, and whether
    there is more. Neither ids nor cursors count anything: what goes on in other cases is not to be read off them."""
    keys, before = keys_of(session), None
    if after is not None:
        try:
            before = uncovered(keys, after, case_id.bytes)
        except UnreadableError:
            raise InvalidInput(FieldError("after", "unknown_cursor")) from None
    facts = await standing.facts(session, actor, case_id)
    assigned = Standing.ASSIGNED in facts.standings
    purpose = Purpose.OVERSIGHT if actor.has(Role.AUDITOR) and not assigned else Purpose.PROTECTION
    sight = look(session, actor, case_id, purpose, facts)
    if not sight.may(Category.LEDGER):
        return [], [], False
    rows = await of_case(session, case_id, most, before)
    names = await briefs(session, (row.agency_id for row in rows))
    found, cursors = list[DisclosureView](), list[str]()
    for row in rows:
        for place, group in enumerate(row.body["shown"]):
            if str(case_id) not in group["cases"]:
                continue
            bases = sorted({basis for given in group["categories"].values() for basis in given})
            own = Basis.OWN_REPORT in bases  # a reporter reading their receipt: neither agency nor way may tell (F3)
            found.append(
                DisclosureView(
                    id=UUID(bytes=blind(keys, "disclosure", f"{row.id} {place}")[:16], version=4),
                    at=sight.show(Category.LEDGER, row.at),
                    agency=None if own else names.get(row.agency_id),
                    operation=sight.show(Category.LEDGER, None if own else row.subject or None),
                    purpose=sight.show(Category.LEDGER, Purpose(group["purpose"])),
                    categories=sight.show(Category.LEDGER, [Category(value) for value in group["categories"]]),
                    bases=sight.show(Category.LEDGER, [basis for basis in bases if basis != Basis.OWN_REPORT]),
                )
            )
            cursors.append(covered(keys, row.id, case_id.bytes))
    return found, cursors, len(rows) == most
