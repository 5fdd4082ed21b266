"""Stock-taking by service: what a round asks, what was answered, and who has not."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from .actions import assure, set_status
from .rounds import CAPACITY, StopReason, TaskAnswer
from .sql import sql, statement


class TaskFilter(StrEnum):
    """Which tasks of a round. `unanswered` are those asked and not answered for good; `nobody` has none to ask."""

    ALL = "all"
    UNANSWERED = "unanswered"
    ANSWERED = "answered"
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class Said:
    """An answer: `day` is the last day of a service (`no_longer_offered`) or when the answer comes (`later`)."""

    answer: TaskAnswer
    day: date | None = None
    reason: StopReason | None = None


@dataclass(frozen=True, slots=True)
class TaskRow:
    """A task with what its owner has to look at. `names` by language; capacity is what was last said."""

    id: UUID
    round_id: UUID
    service_id: UUID
    version: int
    answer: TaskAnswer | None
    answered_at: datetime | None
    later_on: date | None
    stopped_on: date | None
    reason: StopReason | None
    name: str
    names: dict[str, str]
    status: str
    assured_on: date | None
    organization_id: UUID
    organization: str
    organization_names: dict[str, str]
    network: str | None
    available: int | None
    unit: str | None
    capacity_updated: datetime | None
    closes_on: date
    due_at: datetime


_OPEN_TASK = sql("(t.answer IS NULL OR t.answer = 'later')")
_COLUMNS = sql(
    "SELECT t.id, t.round_id, t.service_id, t.version, t.answer, t.answered_at, t.later_on, t.stopped_on, t.reason, "
    "s.name, s.name_i18n, s.status, s.assured_date, o.id, o.name, o.name_i18n, o.network, c.available, c.unit, "
    "c.updated, r.closes_on, r.due_at FROM inventory_task t JOIN inventory_round r ON r.id = t.round_id "
    "JOIN service s ON s.id = t.service_id JOIN organization o ON o.id = t.organization_id {capacity}",
    capacity=CAPACITY,
)
_WHICH = {
    TaskFilter.ALL: sql("true"),
    TaskFilter.UNANSWERED: sql("{open} AND t.organization_id = ANY(:asked)", open=_OPEN_TASK),
    TaskFilter.ANSWERED: sql("NOT {open}", open=_OPEN_TASK),
    TaskFilter.NOBODY: sql("NOT t.organization_id = ANY(:asked)"),
}
_ASKS_WHOM = {TaskFilter.UNANSWERED, TaskFilter.NOBODY}
_OF = sql(
    "(CAST(:round AS uuid) IS NULL AND r.state = 'open' OR t.round_id = :round) "
    "AND (CAST(:organization AS uuid) IS NULL OR t.organization_id = :organization) "
)
_LIST = {
    which: statement(
        "{tasks}WHERE {of}AND (CAST(:name AS text) IS NULL OR (s.name, t.id) > (:name, CAST(:after AS uuid))) "
        "AND {where} ORDER BY s.name, t.id LIMIT :most",
        tasks=_COLUMNS,
        of=_OF,
        where=where,
    )
    for which, where in _WHICH.items()
}
_COUNT = {
    which: statement(
        "SELECT count(*) FROM inventory_task t JOIN inventory_round r ON r.id = t.round_id WHERE {of}AND {where}",
        of=_OF,
        where=where,
    )
    for which, where in _WHICH.items()
}
_BY_ID = statement("{tasks}WHERE t.id = :id", tasks=_COLUMNS)
_OF_SERVICE = statement(
    "{tasks}WHERE t.service_id = :service AND r.state = 'open' ORDER BY r.due_at, t.id", tasks=_COLUMNS
)


@dataclass(frozen=True, slots=True)
class Asking:
    """Which tasks: of one round or all open ones, of one organization or all. `asked`: who can be asked."""

    round_id: UUID | None = None
    organization: UUID | None = None
    which: TaskFilter = TaskFilter.ALL
    asked: tuple[UUID, ...] = ()

    def given(self) -> dict[str, Any]:
        """The values its statements take."""
        whom = {"asked": list(self.asked)} if self.which in _ASKS_WHOM else {}
        return {"round": self.round_id, "organization": self.organization, **whom}


async def tasks(
    session: AsyncSession, asking: Asking, most: int, after: tuple[str, UUID] | None = None
) -> Sequence[TaskRow]:
    """Tasks by the name of their service, after (name, id) if given."""
    name, key = after or (None, None)
    given = {**asking.given(), "name": name, "after": key, "most": most}
    return [_task(row) for row in (await session.execute(_LIST[asking.which], given)).all()]


async def count(session: AsyncSession, asking: Asking) -> int:
    """How many such tasks there are."""
    return int((await session.execute(_COUNT[asking.which], asking.given())).scalar_one())


async def task(session: AsyncSession, task_id: UUID) -> TaskRow | None:
    """One task, or None."""
    row = (await session.execute(_BY_ID, {"id": task_id})).first()
    return None if row is None else _task(row)


async def tasks_of_service(session: AsyncSession, service_id: UUID) -> Sequence[TaskRow]:
    """What open rounds ask of one service, the next due first."""
    return [_task(row) for row in (await session.execute(_OF_SERVICE, {"service": service_id})).all()]


_SILENT = text(
    "SELECT DISTINCT t.organization_id FROM inventory_task t WHERE t.round_id = :id AND (t.answer IS NULL "
    "OR t.answer = 'later' AND (CAST(:day AS date) IS NULL OR t.later_on <= CAST(:day AS date)))"
)


async def silent(session: AsyncSession, round_id: UUID, day: date | None) -> Sequence[UUID]:
    """Organizations with something unanswered; a `later` counts from the day it names, and always without `day`."""
    return (await session.execute(_SILENT, {"id": round_id, "day": day})).scalars().all()


def _task(row: Any) -> TaskRow:
    values = list(row)
    values[4] = TaskAnswer(row.answer) if row.answer else None
    values[8] = StopReason(row.reason) if row.reason else None
    return TaskRow(*values)


@dataclass(frozen=True, slots=True)
class ServiceLine:
    """A service as stock-taking speaks of it."""

    id: UUID
    organization_id: UUID
    name: str
    names: dict[str, str]
    status: str
    assured_on: date | None
    available: int | None
    unit: str | None


_LINES = statement(
    "SELECT s.id, s.organization_id, s.name, s.name_i18n, s.status, s.assured_date, c.available, c.unit "
    "FROM service s {capacity}WHERE s.id = ANY(:ids)",
    capacity=CAPACITY,
)


async def lines(session: AsyncSession, ids: Collection[UUID]) -> dict[UUID, ServiceLine]:
    """Services by id; unknown ids are left out."""
    rows = (await session.execute(_LINES, {"ids": sorted(set(ids))})).all()
    return {row.id: ServiceLine(*row) for row in rows}


# Rounds first, then tasks, each in the order of its ids: the order in which closing takes them too.
_HOLD_ROUNDS = text(
    "SELECT r.id FROM inventory_round r WHERE r.state = 'open' AND EXISTS (SELECT FROM inventory_task t "
    "WHERE t.round_id = r.id AND t.service_id = ANY(:services)) ORDER BY r.id FOR SHARE"
)
_HOLD_TASKS = text(
    "SELECT t.id, t.service_id, t.answer, t.later_on, t.stopped_on, t.reason, t.status_before, s.status "
    "FROM inventory_task t JOIN service s ON s.id = t.service_id "
    "WHERE t.round_id = ANY(:rounds) AND t.service_id = ANY(:services) ORDER BY t.id FOR UPDATE OF t"
)
_ANSWER = text(
    "UPDATE inventory_task SET answer = :answer, answered_at = :now, answered_by = :by, answered_for = :for_, "
    "later_on = :later_on, stopped_on = :stopped_on, reason = :reason, version = version + 1, status_before = CASE "
    "WHEN CAST(:answer AS text) <> 'no_longer_offered' THEN '' WHEN answer = 'no_longer_offered' THEN status_before "
    "ELSE (SELECT s.status FROM service s WHERE s.id = service_id) END WHERE id = ANY(:tasks)"
)


async def answer(
    session: AsyncSession, services: Collection[UUID], said: Said, *, by: UUID, for_: UUID, now: datetime, today: date
) -> int:
    """Answer whatever open rounds ask of these services, and keep the services in step. How many tasks changed.

    Attested services get `assured_date`; one no longer offered becomes inactive, and what it was before again when
    the answer is taken back within the round. A `later` never replaces an answer. `by` and `for_` are opaque ids.
    """
    ids = sorted(set(services))
    rounds = (await session.execute(_HOLD_ROUNDS, {"services": ids})).scalars().all()
    held = (await session.execute(_HOLD_TASKS, {"rounds": list(rounds), "services": ids})).all() if rounds else []
    later_on = said.day if said.answer is TaskAnswer.LATER else None
    stopped_on = said.day if said.answer is TaskAnswer.NO_LONGER_OFFERED else None
    wanted = (said.answer, later_on, stopped_on, said.reason)
    changed = [row.id for row in held if (row.answer, row.later_on, row.stopped_on, row.reason) != wanted]
    if said.answer is TaskAnswer.LATER:
        changed = [row.id for row in held if row.id in set(changed) and row.answer in (None, TaskAnswer.LATER)]
    if changed:  # first: it notes the status that is about to end
        values = {"answer": said.answer, "now": now, "by": by, "for_": for_, "later_on": later_on}
        await session.execute(_ANSWER, {**values, "stopped_on": stopped_on, "reason": said.reason, "tasks": changed})
    if said.answer is TaskAnswer.NO_LONGER_OFFERED:
        await _statuses(session, dict.fromkeys(ids, "inactive"))
    elif said.answer is not TaskAnswer.LATER:
        back = {row.service_id: row.status_before for row in held if row.status_before and row.status == "inactive"}
        await _statuses(session, back)
        await assure(session, ids, today)
    return len(changed)


async def _statuses(session: AsyncSession, wanted: dict[UUID, str]) -> None:
    for status in sorted(set(wanted.values())):
        await set_status(session, [key for key, value in wanted.items() if value == status], status)
