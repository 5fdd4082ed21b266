"""Who is told that a clock runs out: whoever owes the duty, and at the end whoever stands above it (law of clocks)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from types import MappingProxyType
from uuid import UUID

import structlog
from sqlmodel.ext.asyncio.session import AsyncSession

from hub.base.db import Session
from hub.cases.reports import taker
from hub.conferences.views import convener
from hub.identity.lookups import authorities_of
from hub.identity.views import agencies
from hub.notices.outbox import Notice, notify
from hub.referrals.views import sender
from scheduling import deadlines
from scheduling.clocks import CLOCKS
from scheduling.counting import Above
from scheduling.terms import Stage

log = structlog.get_logger("hub.oversight")

Asker = Callable[[Session, UUID], Awaitable[tuple[UUID, UUID | None] | None]]
"""Of a clock's subject: the agency that waits for it, and who there, if somebody does."""

ASKERS: Mapping[str, Asker] = MappingProxyType(
    {
        "referral_answer": sender,
        "first_contact": sender,
        "report_back": sender,
        "action_item": convener,
        "report_supplement": taker,
    }
)
"""Whom each clock that escalates to its asker is asked by."""
_KINDS = {Stage.WARNED: "clock_warning", Stage.OVERDUE: "clock_overdue", Stage.ESCALATED: "clock_escalated"}

if missing := {code for code, clock in CLOCKS.items() if clock.escalates_to is Above.ASKER} ^ ASKERS.keys():
    raise LookupError(f"clocks and their askers differ: {', '.join(sorted(missing))}")


async def tell(session: AsyncSession, fired: deadlines.Fired, now: datetime) -> None:
    """A clock has reached a step: told in the transaction that marks it.

    Warnings and overdue go to whoever owes the duty; escalation to whoever stands above it besides. An agency that is
    suspended cannot act: whoever stands above is told every step in its place.
    """
    kind = _KINDS.get(fired.step.stage)
    if kind is None:
        return
    assert isinstance(session, Session)  # scheduling knows it by SQLModel's name alone
    told = await _able(session, {fired.owner_id: None})
    if not told or fired.step.stage is Stage.ESCALATED:
        told |= await _above(session, fired, now)
    if not told:
        log.error("nobody to tell of a clock", clock=fired.clock.code, deadline=fired.deadline_id)
    for agency_id, staff_id in told.items():
        await notify(session, Notice(kind, agency_id, fired.subject_id, staff_id=staff_id))


async def _above(session: Session, fired: deadlines.Fired, now: datetime) -> dict[UUID, UUID | None]:
    """Who asked for it; the competent authority where nobody did, or where the asker is the owner or suspended."""
    if fired.clock.escalates_to is Above.ASKER:
        found = await ASKERS[fired.clock.code](session, fired.subject_id)
        if found is not None and (able := await _able(session, dict([found]))) and found[0] != fired.owner_id:
            return able
    return dict.fromkeys(await authorities_of(session, fired.owner_id, now))


async def _able(session: Session, asked: dict[UUID, UUID | None]) -> dict[UUID, UUID | None]:
    """Those of them that are not suspended."""
    known = await agencies(session, list(asked))
    return {key: staff for key, staff in asked.items() if key in known and not known[key].suspended}
