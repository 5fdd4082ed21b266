"""The worker's part in packages: what waits is tried, what is confirmed is written, what nobody confirms goes."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import IO, Any
from uuid import UUID

import structlog
from sqlalchemy import delete, select, text
from sqlmodel import col

from directory.actions import claim, import_package
from directory.loading import changed_since, latest
from directory.reports import Step
from hub.audit.chain import append
from hub.base.crypto import open_data_key, unseal
from hub.base.db import Database, Session, keys_of
from hub.base.time import now
from hub.base.workroom import workroom
from hub.identity.actors import actor_by_id
from hub.policy.terms import Actor, Role

from .actions import bound, end, held
from .remarking import Remarks
from .rules import KEPT, MOST_BEGUN, REMARKS_KEPT, figures, name_on_disk, same_outcome, told_of
from .states import DUE, OPEN, ImportReason, ImportState
from .tables import DirectoryImport, ImportPart, ImportProgress, ImportRemark

log = structlog.get_logger("hub.imports")
_PACE = 0.5
"""Seconds between two notes of how far the work is."""
_BEGIN = text(
    "INSERT INTO directory_import_progress AS p (import_id, begun, at) VALUES (:id, 1, :now) "
    "ON CONFLICT (import_id) DO UPDATE SET begun = p.begun + 1, step = '', done = 0, share = 0, at = excluded.at "
    "RETURNING begun, stopped_by"
)
_NOT_BEGUN = text(
    "UPDATE directory_import_progress SET begun = greatest(begun - 1, 0) WHERE import_id = :id AND begun > 0"
)
_THIS = text("SELECT set_config('hub.import', :id, true)")
"""For the triggers that let packages go which know no better (migration 0018): this one does."""
_NOTE = text(
    "UPDATE directory_import_progress SET step = :step, done = :done, share = :share, at = :now "
    "WHERE import_id = :id RETURNING stopped_by"
)


class _NotNowError(Exception):
    """Undo what this transaction did; `end` says what becomes of the package instead, in another."""

    def __init__(self, end: ImportState, reason: ImportReason | None = None, by: UUID | None = None) -> None:
        self.end, self.reason, self.by = end, reason, by
        super().__init__(end)


async def run_due(database: Database, home: Path, stop: Callable[[], bool]) -> None:
    """Work until nothing is due. A package is claimed by its row; what ends in between comes again.

    While it is worked on it lies in clear in a folder of its own in `home`.
    """
    async with database.work() as session:
        await _expire(session)
    while not stop() and await _one(database, home):
        pass


async def _one(database: Database, home: Path) -> bool:
    key: UUID | None = None
    try:
        async with database.work() as session:
            row = await _due(session)
            if row is None or not await claim(session):
                return False
            key = row.id
            # Remarks lie in a file without a name in the folder: whatever ends the work, it is gone.
            with workroom(home) as folder, tempfile.TemporaryFile(dir=folder) as file:
                await _run(session, database, row, folder, Remarks(file))
    except _NotNowError as told:
        assert key is not None
        await _instead(database, key, told)
    except asyncio.CancelledError:
        if key is not None:  # the worker ends in order: that is no beginning that failed
            async with database.work() as session:
                await session.execute(_NOT_BEGUN, {"id": key})
        raise
    except Exception as error:
        if key is None:
            raise
        log.error("an import failed and is tried again", kind=type(error).__name__, exc_info=error)
        return False
    return True


async def _due(session: Session) -> DirectoryImport | None:
    found = select(DirectoryImport).where(col(DirectoryImport.state).in_(DUE)).order_by(col(DirectoryImport.staged_at))
    taken = await session.execute(found.limit(1).with_for_update(skip_locked=True, key_share=True))
    row: DirectoryImport | None = taken.scalar_one_or_none()
    return row


async def _run(session: Session, database: Database, row: DirectoryImport, folder: Path, remarks: Remarks) -> None:
    """Try a package, or write it, in this transaction."""
    writes = row.state == ImportState.CONFIRMED
    actor = await actor_by_id(session, row.confirmed_by if writes and row.confirmed_by else row.staged_by)
    if actor is None or actor.suspended or actor.agency_suspended or Role.ADMINISTRATOR not in actor.roles:
        raise _NotNowError(ImportState.FAILED, ImportReason.NOT_ALLOWED)
    await session.execute(_THIS, {"id": str(row.id)})
    async with _told(database, row.id) as told, _laid_down(session, row, folder) as path:
        source = row.source or None
        # Where the history stands: what another import has changed since may look the same in every count.
        past = await latest(session)
        tried = row.report or {}
        if writes and await changed_since(session, str(tried.get("source", "")), int(tried.get("past", 0))):
            raise _NotNowError(ImportState.WAITING)
        report = await import_package(
            session, path, dry_run=not writes, source=source, progress=told.step, listen=remarks.listen
        )
    said = told_of(report) | {"past": past}
    if report.refused is not None:
        await _keep(session, row, remarks, said)
        await end(session, row, ImportState.REFUSED)
    elif not writes:
        await _keep(session, row, remarks, said)
        row.state, row.version, row.tried_at = ImportState.TRIED, row.version + 1, now()
        session.add(row)
        await session.flush()
    elif not same_outcome(said, row.report or {}):
        raise _NotNowError(ImportState.WAITING)
    else:
        await _keep(session, row, remarks, said)
        await end(session, row, ImportState.WRITTEN)
    await append(session, actor, _ACTIONS[ImportState(row.state)], row.id, body=figures(report))


_ACTIONS = {
    ImportState.TRIED: "import.tried",
    ImportState.WRITTEN: "import.written",
    ImportState.REFUSED: "import.refused",
    ImportState.FAILED: "import.failed",
    ImportState.DISCARDED: "import.discard",
}


async def _instead(database: Database, key: UUID, told: _NotNowError) -> None:
    """What becomes of a package whose work was undone."""
    async with database.work() as session:
        row = await held(session, key)
        if row is None or row.state not in DUE:
            return
        if told.end is ImportState.WAITING:  # it would do something else than was shown: look at it again
            row.state, row.version, row.moved = told.end, row.version + 1, True
            session.add(row)
            await session.execute(delete(ImportProgress).where(col(ImportProgress.import_id) == key))
            await session.flush()
            return
        await end(session, row, told.end, told.reason)
        actor = await actor_by_id(session, told.by or row.confirmed_by or row.staged_by)
        if actor is not None:
            await append(session, actor, _ACTIONS[told.end], key)


async def _expire(session: Session) -> None:
    """Packages nobody has confirmed in a week go; remarks of what ended a month ago too."""
    ended = select(col(DirectoryImport.id)).where(col(DirectoryImport.ended_at) < now() - REMARKS_KEPT)
    await session.execute(delete(ImportRemark).where(col(ImportRemark.import_id).in_(ended)))
    old = select(DirectoryImport).where(
        col(DirectoryImport.state).in_([s for s in OPEN if s not in DUE]), col(DirectoryImport.staged_at) < now() - KEPT
    )
    for row in (await session.execute(old.with_for_update(skip_locked=True, key_share=True))).scalars().all():
        await end(session, row, ImportState.EXPIRED)
        actor: Actor | None = await actor_by_id(session, row.staged_by)
        if actor is not None:
            await append(session, actor, "import.expire", row.id)


class _Told:
    """How far the import is, and whether somebody wants it stopped."""

    def __init__(self, stopped_by: UUID | None) -> None:
        self.latest: Step | None = None
        self.stopped_by = stopped_by

    def step(self, step: Step) -> None:
        """Called by the import after each batch."""
        self.latest = step
        if self.stopped_by is not None:
            raise _NotNowError(ImportState.DISCARDED, by=self.stopped_by)


@asynccontextmanager
async def _told(database: Database, key: UUID) -> AsyncIterator[_Told]:
    """Notes of progress in transactions of their own, so that others see them while the import is under way."""
    async with database.work() as session:
        begun, stopped_by = (await session.execute(_BEGIN, {"id": key, "now": now()})).one()
    if stopped_by is not None:
        raise _NotNowError(ImportState.DISCARDED, by=stopped_by)
    if begun > MOST_BEGUN:
        raise _NotNowError(ImportState.FAILED, ImportReason.GIVEN_UP)
    told = _Told(stopped_by)
    noting = asyncio.create_task(_note(database, key, told))
    try:
        yield told
    finally:
        noting.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await noting


async def _note(database: Database, key: UUID, told: _Told) -> None:
    while True:
        await asyncio.sleep(_PACE)
        if (step := told.latest) is None:
            continue
        given = {"id": key, "step": step.name, "done": step.done, "share": step.share, "now": now()}
        async with database.work() as session:
            told.stopped_by = (await session.execute(_NOTE, given)).scalar_one_or_none()


@asynccontextmanager
async def _laid_down(session: Session, row: DirectoryImport, folder: Path) -> AsyncIterator[Path]:
    """The package as a file in a folder nobody else enters, for the length of the block."""
    assert row.key is not None
    key, digest = open_data_key(keys_of(session), row.key, row.id.bytes), hashlib.sha256()
    path = folder / name_on_disk(row.file_name)
    with _writing(path) as file:
        number = 0
        while (sealed := await _part(session, row.id, number)) is not None:
            part = unseal(key, sealed, bound(row.id, number))
            digest.update(part)
            await asyncio.to_thread(file.write, part)
            number += 1
    if digest.digest() != row.digest:  # a part is missing: another file than was sent
        raise _NotNowError(ImportState.FAILED, ImportReason.FILE_DAMAGED)
    yield path
    path.unlink()


def _writing(path: Path) -> IO[bytes]:
    return path.open("xb")


async def _part(session: Session, key: UUID, number: int) -> bytes | None:
    found = select(col(ImportPart.sealed)).where(col(ImportPart.import_id) == key, col(ImportPart.number) == number)
    sealed: bytes | None = (await session.execute(found)).scalar_one_or_none()
    return sealed


async def _keep(session: Session, row: DirectoryImport, remarks: Remarks, said: dict[str, Any]) -> None:
    row.report = said
    await remarks.keep(session, row.id)
