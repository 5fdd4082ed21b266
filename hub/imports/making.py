"""The worker's part in files of the directory: what was asked for is made, what is a day old goes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import UUID

import structlog
from sqlalchemy import select, text
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
        found = select(DirectoryExport).where(col(DirectoryExport.state) == ExportState.WAITING)
        found = found.order_by(col(DirectoryExport.asked_at)).limit(1).with_for_update(skip_locked=True)
        row: DirectoryExport | None = (await session.execute(found)).scalar_one_or_none()
        if row is None or not await _mine(session, row.id):
            return None
        row.begun += 1
        if row.begun > MOST_BEGUN:
            row.state, row.made_at = ExportState.FAILED, now()
        session.add(row)
        await session.flush()
        return row.id


_MINE = text("SELECT pg_try_advisory_xact_lock(hashtext('directory.export'), hashtext(CAST(:id AS text)))")


async def _mine(session: Session, key: UUID) -> bool:
    """Whether nobody else makes it. Beside the row, not of it: what makes a file stale must not wait for its maker."""
    return bool((await session.execute(_MINE, {"id": str(key)})).scalar_one())


async def _make(session: Session, database: Database, key: UUID, folder: Path) -> None:
    if not await _mine(session, key):
        return
    waiting = select(DirectoryExport).where(
        col(DirectoryExport.id) == key, col(DirectoryExport.state) == ExportState.WAITING
    )
    row: DirectoryExport | None = (await session.execute(waiting)).scalar_one_or_none()
    if row is None:  # it has just been given up
        return
    form = ExportForm(row.form)
    path = folder / "directory"
    async with database.work() as reading:  # a transaction of its own: all of one moment
        if form in _FORMS:
            await export_package(reading, path, form=_FORMS[form])
        else:
            await export_aside(reading, path, "csv" if form is ExportForm.BEYOND_CSV else "json")
    again = waiting.with_for_update().execution_options(populate_existing=True)
    row = (await session.execute(again)).scalar_one_or_none()
    if row is None or row.begun == 0:  # something in it has become a secret meanwhile: it is made anew
        return
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
