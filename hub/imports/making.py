"""The worker's part in files of the directory: what was asked for is made, what is a day old goes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import UUID

import structlog
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col

from directory.actions import export_package
from directory.aside import export_aside
from directory.exporting import PackageFormat
from hub.audit.chain import append
from hub.base.db import Database, Session
from hub.base.time import now
from hub.base.workroom import workroom
from hub.identity.actors import actor_by_id

from .exports import KEPT, forget
from .rules import MOST_BEGUN, PART
from .states import ExportForm, ExportState
from .tables import DirectoryExport, ExportPart

log = structlog.get_logger("hub.imports")
_FORMS: dict[ExportForm, PackageFormat] = {ExportForm.HSDS: "zip", ExportForm.JSON: "json", ExportForm.XLSX: "xlsx"}


async def make_due(database: Database, home: Path, stop: Callable[[], bool]) -> None:
    """Make what was asked for, one after another, each in a folder of its own in `home`; files a day old go first."""
    async with database.work() as session:
        old = select(col(DirectoryExport.id)).where(
            col(DirectoryExport.state) != ExportState.WAITING, col(DirectoryExport.made_at) < now() - KEPT
        )
        for key in (await session.execute(old.with_for_update(skip_locked=True))).scalars().all():
            await forget(session, key)
    while not stop() and (due := await _begin(database)) is not None:
        try:
            async with database.work() as session:
                with workroom(home) as folder:
                    await _make(session, database, due, folder)
        except Exception as error:
            log.error("a file of the directory failed and is made again", kind=type(error).__name__, exc_info=error)
            return


async def _begin(database: Database) -> UUID | None:
    """The next file to be made. What ends its maker each time is given up."""
    async with database.work() as session:
        row = await _due(session)
        if row is None:
            return None
        row.begun += 1
        if row.begun > MOST_BEGUN:
            row.state, row.made_at = ExportState.FAILED, now()
        session.add(row)
        await session.flush()
        return row.id


async def _due(session: Session, key: UUID | None = None) -> DirectoryExport | None:
    found = select(DirectoryExport).where(col(DirectoryExport.state) == ExportState.WAITING)
    found = (
        found.order_by(col(DirectoryExport.asked_at)) if key is None else found.where(col(DirectoryExport.id) == key)
    )
    taken = await session.execute(found.limit(1).with_for_update(skip_locked=True))
    row: DirectoryExport | None = taken.scalar_one_or_none()
    return row


async def _make(session: Session, database: Database, key: UUID, folder: Path) -> None:
    row = await _due(session, key)
    if row is None:  # another worker makes it, or it has just been given up
        return
    form = ExportForm(row.form)
    path = folder / "directory"
    async with database.work() as reading:  # a transaction of its own: all of one moment
        if form in _FORMS:
            await export_package(reading, path, form=_FORMS[form])
        else:
            await export_aside(reading, path, "csv" if form is ExportForm.BEYOND_CSV else "json")
    parts = _parts(path)
    number = 0
    while part := await asyncio.to_thread(next, parts, b""):
        row.size += len(part)
        await session.execute(insert(ExportPart).values(export_id=key, number=number, body=part))
        number += 1
    row.state, row.made_at = ExportState.READY, now()
    session.add(row)
    await session.flush()
    actor = await actor_by_id(session, row.asked_by)
    if actor is not None:
        await append(session, actor, "export.made", key, body={"form": form.value, "bytes": row.size})


def _parts(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while part := file.read(PART):
            yield part
