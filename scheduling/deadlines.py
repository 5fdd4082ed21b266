"""Statutory clocks as durable rows: started, met, cancelled, and fired by the worker's tick."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from sqlmodel import col, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from scheduling.clocks import CLOCKS, Clock, Urgency, WorkingDays, due
from scheduling.stages import Step, next_step, plan
from scheduling.tables import Deadline
from scheduling.terms import DeadlineState, Stage

TABLE = str(Deadline.__tablename__)
"""What `columns` are of."""


class NoHandler(LookupError):
    """A clock of the table has nobody to answer for it."""


@dataclass(frozen=True, slots=True)
class Fired:
    """What a handler is told: opaque ids, the clock and the step reached. No case data can be in it."""

    deadline_id: UUID
    clock: Clock
    subject_id: UUID
    owner_id: UUID
    due_at: datetime
    step: Step


Effect = Callable[[AsyncSession, Fired, datetime], Awaitable[None]]


async def start(
    session: AsyncSession,
    clock: Clock,
    subject_id: UUID,
    owner_id: UUID,
    starts_at: datetime,
    *,
    calendar: WorkingDays,
    tz: ZoneInfo,
    urgency: Urgency | None = None,
    term: datetime | None = None,
) -> Deadline:
    """Start a clock on a subject at `starts_at` (it may lie in the past). Raises what `clocks.due` raises."""
    given = columns(clock, subject_id, owner_id, starts_at, calendar=calendar, tz=tz, urgency=urgency, term=term)
    row = Deadline(**given)
    session.add(row)
    await session.flush()
    return row


def columns(
    clock: Clock,
    subject_id: UUID,
    owner_id: UUID,
    starts_at: datetime,
    *,
    calendar: WorkingDays,
    tz: ZoneInfo,
    urgency: Urgency | None = None,
    term: datetime | None = None,
) -> dict[str, Any]:
    """The columns of a clock that starts, for whoever writes it together with other rows. Raises as `start` does."""
    due_at = due(clock, starts_at, calendar, tz, urgency, term=term)
    return {
        "id": uuid4(),
        "clock": clock.code,
        "subject_id": subject_id,
        "owner_id": owner_id,
        "starts_at": starts_at,
        "due_at": due_at,
        "next_fire_at": plan(clock, starts_at, due_at)[0].at,
        "stage": Stage.WAITING,
        "warned": 0,
        "state": DeadlineState.RUNNING,
        "attempts": 0,
    }


async def renew(
    session: AsyncSession,
    clock: Clock,
    subject_ids: Collection[UUID],
    owner_id: UUID,
    at: datetime,
    *,
    calendar: WorkingDays,
    tz: ZoneInfo,
) -> datetime:
    """A recurring duty is done for these subjects at `at`: their running clocks are met, and each begins anew.

    Two statements, however many they are. Returns when they are due again; raises what `clocks.due` raises.
    """
    due_at = due(clock, at, calendar, tz)
    ids = sorted(set(subject_ids))
    met = update(Deadline).where(
        col(Deadline.subject_id).in_(ids),
        col(Deadline.clock) == clock.code,
        col(Deadline.state) == DeadlineState.RUNNING,
    )
    await session.exec(met.values(state=DeadlineState.MET, met_at=at, next_fire_at=None))
    first = plan(clock, at, due_at)[0].at
    session.add_all(
        Deadline(clock=clock.code, subject_id=key, owner_id=owner_id, starts_at=at, due_at=due_at, next_fire_at=first)
        for key in ids
    )
    await session.flush()
    return due_at


async def meet(session: AsyncSession, subject_id: UUID, code: str, now: datetime) -> Sequence[UUID]:
    """The duty is done at `now`: its running clocks of this code stop, late or not. Returns the deadlines met."""
    return await _close(session, subject_id, code, state=DeadlineState.MET, met_at=now)


async def cancel(session: AsyncSession, subject_id: UUID, code: str | None = None) -> Sequence[UUID]:
    """The duty has fallen away: running clocks of the subject (of one code, or all) stop. Returns their ids."""
    return await _close(session, subject_id, code, state=DeadlineState.CANCELLED)


async def _close(session: AsyncSession, subject_id: UUID, code: str | None, **values: Any) -> Sequence[UUID]:
    statement = (
        update(Deadline)
        .where(col(Deadline.subject_id) == subject_id, col(Deadline.state) == DeadlineState.RUNNING)
        .values(next_fire_at=None, **values)
        .returning(col(Deadline.id))
    )
    if code is not None:
        statement = statement.where(col(Deadline.clock) == code)
    return (await session.exec(statement)).scalars().all()


async def running(session: AsyncSession, subject_ids: Collection[UUID]) -> Sequence[Deadline]:
    """The running deadlines of these subjects, the next due first."""
    wanted = select(Deadline).where(
        col(Deadline.subject_id).in_(subject_ids), col(Deadline.state) == DeadlineState.RUNNING
    )
    return (await session.exec(wanted.order_by(col(Deadline.due_at), col(Deadline.id)))).all()


Handler = Callable[[AsyncSession, Deadline, datetime], Awaitable[datetime | None]]


def handlers(effects: Mapping[str, Effect], clocks: Mapping[str, Clock] = CLOCKS) -> dict[str, Handler]:
    """Handlers for `ticker.drain`, one a clock: compute the step, cause the effect, mark the row, all in one go.

    Raises `NoHandler` naming the clocks nobody answers for, so that a worker does not even start without them.
    """
    if missing := sorted(clocks.keys() - effects.keys()):
        raise NoHandler(", ".join(missing))
    return {code: _handler(clock, effects[code]) for code, clock in clocks.items()}


def _handler(clock: Clock, effect: Effect) -> Handler:
    async def fire(session: AsyncSession, row: Deadline, now: datetime) -> datetime | None:
        step, again = next_step(plan(clock, row.starts_at, row.due_at), row.stage, row.warned, now)
        if step is not None:
            await effect(session, Fired(row.id, clock, row.subject_id, row.owner_id, row.due_at, step), now)
            row.stage, row.warned = step.stage, step.warned
            if step.stage is Stage.ENDED:
                row.state = DeadlineState.ENDED
        return again

    return fire
