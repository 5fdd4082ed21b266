"""What may be shown of packages sent to the directory: to overseers alone. No case data anywhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, tuple_
from sqlmodel import col

from hub.base.db import Session
from hub.base.errors import NotPermitted
from hub.policy.terms import Actor, Role

from .rules import KEPT
from .states import DUE, OPEN, ImportReason, ImportState
from .tables import DirectoryImport, ImportProgress, ImportRemark

OVERSEERS = (Role.AUDITOR, Role.ADMINISTRATOR)


@dataclass(frozen=True, slots=True)
class TableView:
    """What became, or would become, of the rows of one table."""

    file: str
    entity: str
    read: int
    created: int
    updated: int
    kept: int
    rejected: int
    removed: int


@dataclass(frozen=True, slots=True)
class CountView:
    """How many remarks of one kind a file has."""

    file: str
    code: str
    count: int


@dataclass(frozen=True, slots=True)
class WordView:
    """A word of another vocabulary nobody has given a meaning yet."""

    taxonomy: str
    code: str
    name: str
    services: int


@dataclass(frozen=True, slots=True)
class ReportView:
    """What became, or would become, of a package."""

    source: str
    tables: tuple[TableView, ...]
    counts: tuple[CountView, ...]
    words: tuple[WordView, ...]
    not_read: tuple[str, ...]
    known: int
    changed: int
    gone: int
    services: int
    services_without_area: int
    services_without_need: int
    seconds: float


@dataclass(frozen=True, slots=True)
class ProgressView:
    """How far the work on a package is."""

    step: str
    done: int
    share: float
    at: datetime
    stopping: bool


@dataclass(frozen=True, slots=True)
class RemarkView:
    """One thing the report says of a row; row 0 speaks of the file."""

    number: int
    file: str
    row: int
    column: str
    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class ImportView:
    """A package as overseers see it."""

    id: UUID
    state: ImportState
    version: int
    file_name: str
    source: str
    size: int
    digest: str
    staged_at: datetime
    tried_at: datetime | None
    confirmed_at: datetime | None
    ended_at: datetime | None
    expires_at: datetime | None
    moved: bool
    reason: ImportReason | None
    progress: ProgressView | None
    report: ReportView | None


async def package(session: Session, actor: Actor, import_id: UUID) -> ImportView | None:
    """A package, or None."""
    overseer(actor)
    rows = await _rows(session, [col(DirectoryImport.id) == import_id], 1)
    return rows[0] if rows else None


async def packages(
    session: Session, actor: Actor, first: int, place: tuple[datetime, UUID] | None
) -> tuple[Sequence[ImportView], bool]:
    """Packages, the latest first, and whether there are more."""
    overseer(actor)
    at = (col(DirectoryImport.staged_at), col(DirectoryImport.id))
    rows = await _rows(session, [] if place is None else [tuple_(*at) < tuple_(*place)], first + 1)
    return rows[:first], len(rows) > first


async def _rows(session: Session, where: Sequence[Any], most: int) -> list[ImportView]:
    order = (col(DirectoryImport.staged_at).desc(), col(DirectoryImport.id).desc())
    found = select(DirectoryImport, ImportProgress).outerjoin(
        ImportProgress, col(ImportProgress.import_id) == col(DirectoryImport.id)
    )
    rows = await session.execute(
        found.where(*where).order_by(*order).limit(most).execution_options(populate_existing=True)
    )
    return [_view(*row) for row in rows.all()]


def _view(row: DirectoryImport, progress: ImportProgress | None) -> ImportView:
    state = ImportState(row.state)
    return ImportView(
        id=row.id,
        state=state,
        version=row.version,
        file_name=row.file_name,
        source=row.source,
        size=row.size,
        digest=row.digest.hex(),
        staged_at=row.staged_at,
        tried_at=row.tried_at,
        confirmed_at=row.confirmed_at,
        ended_at=row.ended_at,
        expires_at=row.staged_at + KEPT if state in OPEN else None,
        moved=row.moved,
        reason=ImportReason(row.reason) if row.reason else None,
        progress=_progress(progress) if progress is not None and state in DUE else None,
        report=_report(row.report) if row.report else None,
    )


def _progress(row: ImportProgress) -> ProgressView:
    return ProgressView(row.step, row.done, row.share, row.at, row.stopped_by is not None)


def _report(said: dict[str, Any]) -> ReportView:
    own = ("tables", "counts", "terms", "not_read", "past")
    plain = {name: value for name, value in said.items() if name not in own}
    return ReportView(
        tables=tuple(TableView(*table) for table in said["tables"]),
        counts=tuple(CountView(*count) for count in said["counts"]),
        words=tuple(WordView(*word) for word in said["terms"]),
        not_read=tuple(said["not_read"]),
        **plain,
    )


async def remarks(
    session: Session, actor: Actor, import_id: UUID, first: int, after: int, file: str | None, code: str | None
) -> tuple[Sequence[RemarkView], bool, int]:
    """Remarks of a package in the order they were made, of one file and code or all; more; how many in all."""
    overseer(actor)
    where = [col(ImportRemark.import_id) == import_id]
    where += [] if file is None else [col(ImportRemark.file) == file]
    where += [] if code is None else [col(ImportRemark.code) == code]
    total = (await session.execute(select(func.count()).where(*where))).scalar_one()
    found = select(ImportRemark).where(*where, col(ImportRemark.number) > after).order_by(col(ImportRemark.number))
    rows = (await session.execute(found.limit(first + 1))).scalars().all()
    shown = [RemarkView(r.number, r.file, r.row, r.column, r.code, r.detail) for r in rows[:first]]
    return shown, len(rows) > first, total


def overseer(actor: Actor) -> None:
    """Only for whoever oversees. Raises `NotPermitted`."""
    if actor.roles.isdisjoint(OVERSEERS):
        raise NotPermitted
