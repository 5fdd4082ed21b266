"""Sheets that agencies send back: read and judged row by row, kept, and written once their sender confirms it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select
from sqlmodel import col

from directory import inventory
from directory.inventory import Asking, Said, TaskRow
from directory.round_tables import InventoryUpload
from directory.rounds import StopReason, TaskAnswer
from hub.audit.chain import append
from hub.audit.ledger import moment
from hub.base.db import Session
from hub.base.errors import FieldError, NotFound
from hub.base.ids import new_id
from hub.policy.terms import Actor

from . import rules
from .actions import KEEPS, organization_of, tell_capacity
from .rounds import attested_all, today
from .sheets import MOST_ROWS, Line, by_service, read, write
from .versions import same_free, same_service, version_of


class UploadOutcome(StrEnum):
    """What would become, or has become, of a row."""

    READY = "ready"
    WRITTEN = "written"
    SAME = "same"
    EMPTY = "empty"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class RowProblem:
    """One cell that cannot be used: its column and the message code that says what to do."""

    column: str
    code: str


@dataclass(frozen=True, slots=True)
class UploadRow:
    """A row of the sheet, judged."""

    row: int
    service_id: UUID | None
    name: str
    version: str
    answer: TaskAnswer | None
    day: date | None
    reason: StopReason | None
    free: int | None
    unit: str | None
    outcome: UploadOutcome
    problems: tuple[RowProblem, ...]


@dataclass(frozen=True, slots=True)
class UploadTotals:
    """How many rows came to what."""

    rows: int
    ready: int
    written: int
    same: int
    empty: int
    refused: int


@dataclass(frozen=True, slots=True)
class UploadView:
    """A sheet as its agency's managers see it."""

    id: UUID
    sent_at: datetime
    confirmed_at: datetime | None
    rows: tuple[UploadRow, ...]
    totals: UploadTotals


async def sheet(session: Session, actor: Actor, lang: str) -> bytes:
    """The workbook of all that open rounds ask of the actor's own agency. Managers alone."""
    mine = await organization_of(session, actor, KEEPS)
    return write(await inventory.tasks(session, Asking(None, mine), MOST_ROWS), lang)


async def upload(session: Session, actor: Actor, raw: bytes) -> UUID:
    """Read and judge a sheet; nothing but the sheet itself is kept. A sheet of one's own not confirmed is forgotten."""
    mine = await organization_of(session, actor, KEEPS)
    rows = await _judged(session, mine, read(raw))
    old = delete(InventoryUpload).where(
        col(InventoryUpload.sent_by) == actor.id, col(InventoryUpload.confirmed_at).is_(None)
    )
    await session.execute(old)
    row = InventoryUpload(
        id=new_id(), agency_id=actor.agency_id, sent_by=actor.id, sent_at=moment(session), lines=_kept(rows)
    )
    session.add(row)
    await session.flush()
    await append(session, actor, "inventory.upload", row.id, body=_totals(rows))
    return row.id


async def confirm(session: Session, actor: Actor, upload_id: UUID) -> UUID:
    """Write what can be written of a sheet, judged again as things stand now. A second time changes nothing."""
    mine = await organization_of(session, actor, KEEPS)
    found = select(InventoryUpload).where(
        col(InventoryUpload.id) == upload_id, col(InventoryUpload.agency_id) == actor.agency_id
    )
    kept: InventoryUpload | None = (await session.execute(found.with_for_update())).scalar_one_or_none()
    if kept is None:
        raise NotFound
    if kept.confirmed_at is not None:
        return kept.id
    rows = await _judged(session, mine, [_line(row) for row in _rows(kept)])
    ready = [row for row in rows if row.outcome is UploadOutcome.READY]
    await _write(session, actor, mine, ready)
    rows = [replace(row, outcome=UploadOutcome.WRITTEN) if row in ready else row for row in rows]
    kept.lines, kept.confirmed_at = _kept(rows), moment(session)
    session.add(kept)
    await session.flush()
    await append(session, actor, "inventory.confirm", kept.id, body=_totals(rows))
    return kept.id


async def _write(session: Session, actor: Actor, mine: UUID, rows: Sequence[UploadRow]) -> None:
    tasks = by_service(await inventory.tasks(session, Asking(None, mine), MOST_ROWS))
    groups: dict[Said, list[UUID]] = {}
    for row in rows:
        assert row.service_id is not None
        if row.answer is not None and not _answered(tasks[row.service_id], _said(row)):
            groups.setdefault(_said(row), []).append(row.service_id)
    for said, services in groups.items():
        await attested_all(session, services, said, actor)
    for row in rows:
        if row.free is not None and row.unit is not None and row.service_id is not None:
            await tell_capacity(session, actor, row.service_id, row.free, row.unit)


async def view(session: Session, actor: Actor, upload_id: UUID) -> UploadView | None:
    """A sheet of one's own agency, or None."""
    await organization_of(session, actor, KEEPS)
    kept = await session.get(InventoryUpload, upload_id)
    if kept is None or kept.agency_id != actor.agency_id:
        return None
    rows = tuple(_rows(kept))
    found = Counter(row.outcome.value for row in rows)
    totals = UploadTotals(len(rows), **{outcome.value: found[outcome.value] for outcome in UploadOutcome})
    return UploadView(kept.id, kept.sent_at, kept.confirmed_at, rows, totals)


async def _judged(session: Session, mine: UUID, lines: Sequence[Line]) -> list[UploadRow]:
    tasks = by_service(await inventory.tasks(session, Asking(None, mine), MOST_ROWS))
    twice = {key for key, n in Counter(line.service_id for line in lines).items() if n > 1}
    own = await inventory.lines(session, [line.service_id for line in lines if line.service_id])
    rows = []
    for line in lines:
        wrong = list(line.wrong)
        known = own.get(line.service_id) if line.service_id else None
        asked = tasks.get(line.service_id, []) if line.service_id else []
        if line.service_id and (known is None or known.organization_id != mine):
            wrong, asked = [FieldError("service_id", "not_own_service")], []
        elif line.service_id in twice and line.service_id:
            wrong.append(FieldError("service_id", "twice_in_sheet"))
        elif line.service_id and not asked:
            wrong.append(FieldError("service_id", "no_round_asks"))
        if line.free is not None and line.unit is None and known is not None:
            line.unit = known.unit if known.unit in rules.UNITS else rules.UNITS[0]
        name = known.name if known is not None and known.organization_id == mine else line.name
        rows.append(_row(line, name, *_outcome(line, asked, wrong, today(session))))
    return rows


def _outcome(
    line: Line, asked: Sequence[TaskRow], wrong: list[FieldError], day: date
) -> tuple[UploadOutcome, list[FieldError]]:
    if wrong or not asked:
        return UploadOutcome.REFUSED, wrong
    wrong = rules.check_capacity(line.free, line.unit if line.free is not None else None)
    said = Said(line.answer, line.day, line.reason) if line.answer else None
    unchanged_free = line.free is None or (asked[0].available, asked[0].unit) == (line.free, line.unit)
    if said is None:
        wrong += [FieldError(key, "answer_first") for key in ("day", "reason") if getattr(line, key)]
        outcome = (
            UploadOutcome.EMPTY if line.free is None else UploadOutcome.SAME if unchanged_free else UploadOutcome.READY
        )
    elif _answered(asked, said):
        outcome = UploadOutcome.SAME if unchanged_free else UploadOutcome.READY
    else:
        outcome = UploadOutcome.READY
        if said.answer is TaskAnswer.CHANGED:
            wrong.append(FieldError("answer", "change_it_first"))
        elif not same_service(line.version, version_of(asked)):
            wrong.append(FieldError("answer", "changed_meanwhile"))
        elif said.answer is TaskAnswer.UNCHANGED and not rules.can_be_unchanged(asked[0].status, asked):
            wrong.append(FieldError("answer", "service_closed"))
        else:
            wrong += rules.check_answer(said, day, min(task.closes_on for task in asked))
    if not unchanged_free and not same_free(line.version, version_of(asked)):
        wrong.append(FieldError("free", "changed_meanwhile"))
    return (UploadOutcome.REFUSED, wrong) if wrong else (outcome, [])


def _answered(asked: Sequence[TaskRow], said: Said) -> bool:
    """Whether every round has this very answer already."""
    return all(
        (task.answer, task.later_on or task.stopped_on, task.reason) == (said.answer, said.day, said.reason)
        for task in asked
    )


def _said(row: UploadRow) -> Said:
    assert row.answer is not None
    return Said(row.answer, row.day, row.reason)


def _row(line: Line, name: str, outcome: UploadOutcome, wrong: Sequence[FieldError]) -> UploadRow:
    problems = tuple(RowProblem(error.path, error.code) for error in wrong)
    return UploadRow(
        line.row, line.service_id, name, line.version, line.answer, line.day, line.reason, line.free, line.unit,
        outcome, problems,
    )  # fmt: skip


def _line(row: UploadRow) -> Line:
    """A kept row to be judged again; what could not be read the first time cannot be the second."""
    unread = [FieldError(p.column, p.code) for p in row.problems if p.code in UNREADABLE]
    return Line(
        row.row, row.service_id, row.name, row.version, row.answer, row.day, row.reason, row.free, row.unit, unread
    )


UNREADABLE = frozenset({"unknown_id", "leave_as_it_is", "not_in_the_list", "free_places_form", "day_form"})
"""Problems of the cell itself, whatever the state of the round."""


def _totals(rows: Sequence[UploadRow]) -> dict[str, int]:
    return dict(Counter(row.outcome.value for row in rows))


def _kept(rows: Sequence[UploadRow]) -> dict[str, Any]:
    return {
        "rows": [
            [
                row.row, str(row.service_id or ""), row.name, row.version, row.answer, row.day and row.day.isoformat(),
                row.reason, row.free, row.unit, row.outcome, [[p.column, p.code] for p in row.problems],
            ]
            for row in rows
        ]
    }  # fmt: skip


def _rows(kept: InventoryUpload) -> list[UploadRow]:
    return [
        UploadRow(
            row, UUID(key) if key else None, name, version, TaskAnswer(answer) if answer else None,
            date.fromisoformat(day) if day else None, StopReason(reason) if reason else None, free, unit,
            UploadOutcome(outcome), tuple(RowProblem(*problem) for problem in problems),
        )
        for row, key, name, version, answer, day, reason, free, unit, outcome, problems in kept.lines["rows"]
    ]  # fmt: skip
