"""The worker's part in files of the directory: what was asked for is made, what is a day old goes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import UUID

import structlog
from sqlalchemy import bindparam, delete, func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col

from directory.actions import export_package
from directory.aside import export_aside
from directory.exporting import PackageFormat
from directory.hiding import secrets
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
    while not stop() and await _one(database, home):
        pass


async def _one(database: Database, home: Path) -> bool:
    """Make the file that has waited longest and that nobody else makes. False: nothing more to do now."""
    async with database.work() as holding:
        key = await _next(holding)
        if key is None or not await _begin(database, key):
            return False
        try:
            with workroom(home) as folder:
                seen = await _make(database, key, folder / "directory")
                await _keep(database, key, folder / "directory")
        except Exception as error:
            log.error("a file of the directory failed and is made again", kind=type(error).__name__, exc_info=error)
            return False
        await _finish(holding, key, seen)  # here: who has lost the lock has lost this connection too
    return True


_WAITING = select(DirectoryExport).where(col(DirectoryExport.state) == ExportState.WAITING)
_MINE = text("SELECT pg_try_advisory_xact_lock(hashtext('directory.export'), hashtext(CAST(:id AS text)))")
_QUIET = text("SELECT pg_try_advisory_xact_lock(hashtext('directory.secret'))")
"""Whether nothing becomes confidential just now; nothing does until the transaction ends (migration 0019)."""


_MY_PARTS = col(ExportPart.export_id) == bindparam("key")
_LEFT = delete(ExportPart).where(_MY_PARTS).returning(col(ExportPart.number))
_LOOSE = select(col(ExportPart.number)).where(_MY_PARTS).with_for_update(skip_locked=True)
_TAKE_BACK = delete(ExportPart).where(_MY_PARTS, col(ExportPart.number).in_(_LOOSE))
_SIZE = select(func.sum(func.octet_length(col(ExportPart.body)))).where(_MY_PARTS)
_NO_FAILURE = -1
"""The number of an empty part beside a waiting file: that it was begun and is not ready was no failure."""


async def _next(holding: Session) -> UUID | None:
    """Its maker holds a lock beside the row, not the row: what makes a file stale must not wait for its maker."""
    for row in (await holding.execute(_WAITING.order_by(col(DirectoryExport.asked_at)))).scalars().all():
        if (await holding.execute(_MINE, {"id": str(row.id)})).scalar_one():
            return row.id
    return None


async def _locked(session: Session, key: UUID) -> DirectoryExport | None:
    mine = _WAITING.where(col(DirectoryExport.id) == key).with_for_update()
    found = await session.execute(mine.execution_options(populate_existing=True))
    row: DirectoryExport | None = found.scalar_one_or_none()
    return row


async def _begin(database: Database, key: UUID) -> bool:
    """Count the beginning. What ends its maker each time is given up; while something becomes confidential it waits.

    Whatever a maker has left that did not come to its end goes.
    """
    async with database.work() as session:
        if not (await session.execute(_QUIET)).scalar_one() or (row := await _locked(session, key)) is None:
            return False
        if _NO_FAILURE not in (await session.execute(_LEFT, {"key": key})).scalars().all():
            row.begun += 1
        if given_up := row.begun > MOST_BEGUN:
            row.state, row.made_at = ExportState.FAILED, now()
        session.add(row)
        return not given_up


async def _make(database: Database, key: UUID, path: Path) -> str:
    """Write the file; what was confidential in the moment it tells of (`secrets`)."""
    async with database.work() as session:
        form = ExportForm((await session.get_one(DirectoryExport, key)).form)
    async with database.work() as reading:  # a transaction of its own: all of one moment
        if form in _FORMS:
            await export_package(reading, path, form=_FORMS[form])
        else:
            await export_aside(reading, path, "csv" if form is ExportForm.BEYOND_CSV else "json")
        return await secrets(reading)


async def _keep(database: Database, key: UUID, path: Path) -> None:
    """Lay it down in parts, which nobody may take yet: it takes a while, and hiding a place must not wait for that."""
    async with database.work() as session:
        parts = _parts(path)
        number = 0
        while (part := await asyncio.to_thread(next, parts, None)) is not None:
            await session.execute(insert(ExportPart).values(export_id=key, number=number, body=part))
            number += 1


async def _finish(session: Session, key: UUID, seen: str) -> None:
    """Hand the file out, unless it may hold what is secret now or is becoming so: then it goes, and is made anew.

    Whoever hides something holds the file's row, and deletes parts, until the end: neither is waited for.
    """
    quiet = (await session.execute(_QUIET)).scalar_one()
    if not quiet or await secrets(session) != seen or not (size := await _laid_down(session, key)):
        await session.execute(_TAKE_BACK, {"key": key})
        await session.execute(insert(ExportPart).values(export_id=key, number=_NO_FAILURE, body=b""))
        return
    row = await _locked(session, key)
    if row is None:
        return
    row.size, row.state, row.made_at = size, ExportState.READY, now()
    session.add(row)
    await session.flush()
    actor = await actor_by_id(session, row.asked_by)
    if actor is not None:
        await append(session, actor, "export.made", row.id, body={"form": row.form, "bytes": row.size})


async def _laid_down(session: Session, key: UUID) -> int:
    """How many bytes there are; none, if they went with a secret meanwhile."""
    return (await session.execute(_SIZE, {"key": key})).scalar_one() or 0


def _parts(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while part := file.read(PART):
            yield part
