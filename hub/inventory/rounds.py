"""What a round does by itself: it opens on its day, reminds, tells who is late, and is answered by editing too.

One clock a round. Whoever has not answered is found when it fires, so each agency is told once a step however many
services it has, and nobody who has answered is told at all. Effect and mark share one transaction.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from directory import inventory, rounds
from directory.history import said_by
from directory.inventory import Said
from directory.rounds import RoundRow, RoundState, TaskAnswer
from hub.audit.chain import append
from hub.audit.ledger import moment
from hub.base import clocks
from hub.base.db import Session
from hub.identity.views import AgencyView, all_agencies
from hub.notices.outbox import notify_once
from hub.policy.terms import Actor
from scheduling import deadlines
from scheduling.terms import Stage

__all__ = ["EFFECTS", "askable", "attested", "begin", "today"]


def today(session: Session) -> date:
    """The day it is where the agencies are."""
    return moment(session).astimezone(clocks.zone()).date()


async def askable(session: Session) -> dict[UUID, list[AgencyView]]:
    """The agencies that can be asked, by the directory's organization they stand for. Suspended ones cannot."""
    found: dict[UUID, list[AgencyView]] = {}
    for agency in await all_agencies(session):
        if agency.organization_id is not None and not agency.suspended:
            found.setdefault(agency.organization_id, []).append(agency)
    return found


async def begin(session: Session, row: RoundRow, actor: Actor) -> int:
    """Open a planned round now: tasks, the clock, one notice an agency. How many services are asked about."""
    now = moment(session)
    made = await rounds.begin(session, row.id, now)
    if made is None:
        return 0
    await clocks.start(session, "stock_taking", row.id, row.authority_id, now, term=row.due_at)
    told = await _tell(session, row.id, "round_opened", "opened")
    await append(session, actor, "round.begin", row.id, body={"services": made, "agencies": told})
    return made


async def _tell(session: Session, round_id: UUID, kind: str, step: str, day: date | None = None) -> int:
    """One notice to each agency with something left to answer; with `day`, a promise kept open by then counts."""
    agencies = await askable(session)
    silent = await inventory.silent(session, round_id, day)
    ids = [agency.id for key in silent for agency in agencies.get(key, ())]
    return await notify_once(session, kind, ids, round_id, f"{round_id}|{step}")


async def _opens(session: AsyncSession, fired: deadlines.Fired, _now: datetime) -> None:
    """The day of a planned round has come."""
    assert isinstance(session, Session)
    row = await rounds.get(session, fired.subject_id, lock=True)
    if row is not None and row.state is RoundState.PLANNED:  # whoever planned it opens it, by the clock
        await begin(session, row, Actor(row.planned_by, row.authority_id, frozenset()))


async def _runs(session: AsyncSession, fired: deadlines.Fired, _now: datetime) -> None:
    """Seven days and one day before the end, at the end, and to the authority a day later."""
    assert isinstance(session, Session)
    row = await rounds.get(session, fired.subject_id)
    if row is None or row.state is not RoundState.OPEN:
        return
    match fired.step.stage:
        case Stage.WARNED:
            await _tell(session, row.id, "round_reminder", f"warned {fired.step.warned}", today(session))
        case Stage.OVERDUE:
            await _tell(session, row.id, "round_overdue", "overdue")
            await notify_once(session, "round_ended", [row.authority_id], row.id, f"{row.id}|ended")
        case Stage.ESCALATED if await inventory.silent(session, row.id, None):
            await notify_once(session, "round_escalated", [row.authority_id], row.id, f"{row.id}|escalated")


async def _falls_due(session: AsyncSession, fired: deadlines.Fired, _now: datetime) -> None:
    """Something of a service must be said again: its agency is told once a day, however many services it has."""
    assert isinstance(session, Session)
    await notify_once(session, "attestation_due", [fired.owner_id], fired.owner_id, today(session).isoformat())


EFFECTS: dict[str, deadlines.Effect] = {
    "stock_taking_opening": _opens,
    "stock_taking": _runs,
    "attestation": _falls_due,
    "capacity_attestation": _falls_due,
}
"""What the worker does when a clock of this slice reaches a step."""


async def attested(session: Session, service_id: UUID, answer: TaskAnswer, by: Actor, said: Said | None = None) -> int:
    """A service has been looked at by its own agency: open rounds are answered, its clock begins anew, it is recorded.

    For whoever has already judged that `by` may, such as the editing of a service, which answers `changed`.
    Returns how many tasks of open rounds that answered.
    """
    return await attested_all(session, [service_id], said or Said(answer), by)


async def attested_all(
    session: Session, services: Collection[UUID], said: Said, by: Actor, round_id: UUID | None = None
) -> int:
    """The same of many services at once, recorded as one deed."""
    now, ids = moment(session), sorted(set(services))
    await said_by(session, str(by.id), now)
    changed = await inventory.answer(session, ids, said, by=by.id, for_=by.agency_id, now=now, today=today(session))
    if said.answer is TaskAnswer.NO_LONGER_OFFERED:
        for key in ids:
            await deadlines.cancel(session, key, "attestation")
            await deadlines.cancel(session, key, "capacity_attestation")
    elif said.answer is not TaskAnswer.LATER:
        await clocks.renew(session, "attestation", ids, by.agency_id, now)
    body = {"answer": said.answer.value, "reason": said.reason, "services": [str(key) for key in ids]}
    await append(session, by, "service.attest", round_id or (ids[0] if len(ids) == 1 else ""), body=body)
    return changed
