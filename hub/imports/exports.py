"""Files of the directory to keep: asked for by overseers, made by the worker; the template; what lies aside."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from sqlalchemy import delete, select
from sqlmodel import col

from directory import aside as kept_aside
from directory.aside import Aside, AsideCount
from directory.template_writer import areas_of, write_template
from hub.audit.chain import append
from hub.audit.ledger import moment
from hub.base.clocks import zone
from hub.base.db import Database, Session
from hub.base.errors import Conflict, NotFound
from hub.base.ids import new_id
from hub.inventory.files import XLSX, File, as_file
from hub.policy.terms import Actor

from .states import ExportForm, ExportState
from .tables import DirectoryExport, ExportPart
from .views import overseer

KEPT = timedelta(days=1)
NAMES = {
    ExportForm.HSDS: ("directory-{day}.zip", "application/zip"),
    ExportForm.JSON: ("directory-{day}.json", "application/json"),
    ExportForm.XLSX: ("directory-{day}.xlsx", XLSX),
    ExportForm.BEYOND_CSV: ("beyond-the-standard-{day}.csv", "text/csv; charset=utf-8"),
    ExportForm.BEYOND_JSON: ("beyond-the-standard-{day}.json", "application/json"),
}


@dataclass(frozen=True, slots=True)
class ExportView:
    """A file of the directory as overseers see it."""

    id: UUID
    form: ExportForm
    state: ExportState
    name: str
    media_type: str
    size: int
    asked_at: datetime
    made_at: datetime | None
    expires_at: datetime | None


async def make(session: Session, actor: Actor, form: ExportForm) -> UUID:
    """Have a file made as the directory now stands; one of the form that is there goes. One being made is enough."""
    overseer(actor)
    mine = col(DirectoryExport.form) == form
    found = select(DirectoryExport).where(mine).with_for_update()
    row: DirectoryExport | None = (await session.execute(found)).scalar_one_or_none()
    if row is not None and row.state == ExportState.WAITING:
        return row.id
    if row is not None:
        await forget(session, row.id)
    key = new_id()
    session.add(
        DirectoryExport(id=key, form=form, state=ExportState.WAITING, asked_by=actor.id, asked_at=moment(session))
    )
    await session.flush()
    await append(session, actor, "export.ask", key, body={"form": form.value})
    return key


async def forget(session: Session, key: UUID) -> None:
    """Take a file away."""
    await session.execute(delete(ExportPart).where(col(ExportPart.export_id) == key))
    await session.execute(delete(DirectoryExport).where(col(DirectoryExport.id) == key))


async def exports(session: Session, actor: Actor) -> Sequence[ExportView]:
    """The files there are, one a form at most."""
    overseer(actor)
    rows = await session.execute(select(DirectoryExport).order_by(col(DirectoryExport.form)))
    return [_view(row) for row in rows.scalars()]


async def export(session: Session, actor: Actor, key: UUID) -> ExportView | None:
    """A file, or None."""
    overseer(actor)
    row = await session.get(DirectoryExport, key)
    return None if row is None else _view(row)


def _view(row: DirectoryExport) -> ExportView:
    form, state = ExportForm(row.form), ExportState(row.state)
    name, media_type = NAMES[form]
    day = (row.made_at or row.asked_at).astimezone(zone()).date()
    return ExportView(
        id=row.id,
        form=form,
        state=state,
        name=name.format(day=day.isoformat()),
        media_type=media_type,
        size=row.size,
        asked_at=row.asked_at,
        made_at=row.made_at,
        expires_at=row.made_at + KEPT if row.made_at else None,
    )


async def taken(session: Session, actor: Actor, key: UUID) -> ExportView:
    """A file about to be handed out. `NotFound`, or `Conflict` while it is not made."""
    found = await export(session, actor, key)
    if found is None:
        raise NotFound
    if found.state is not ExportState.READY:
        raise Conflict("file_not_ready")
    await append(session, actor, "export.take", key, body={"form": found.form.value, "bytes": found.size})
    return found


async def pieces(database: Database, file: ExportView) -> AsyncIterator[bytes]:
    """The bytes of a file, a piece at a time; no connection is held while they travel.

    They end where the file goes meanwhile, with something that is secret now: none of the next one follow.
    """
    same = (col(DirectoryExport.state) == ExportState.READY, col(DirectoryExport.made_at) == file.made_at)
    part = select(col(ExportPart.body)).join(DirectoryExport, col(DirectoryExport.id) == col(ExportPart.export_id))
    number = 0
    while True:
        async with database.work() as session:
            at = (col(ExportPart.export_id) == file.id, col(ExportPart.number) == number)
            piece = (await session.execute(part.where(*at, *same))).scalar_one_or_none()
        if piece is None:
            return
        yield piece
        number += 1


async def template(session: Session, _actor: Actor, lang: str) -> File:
    """The empty workbook that agencies fill in, with lists to choose from."""
    areas = await areas_of(session, lang)
    return as_file(f"template-{lang}.xlsx", XLSX, await asyncio.to_thread(_template, lang, areas))


def _template(lang: str, areas: Sequence[str]) -> bytes:
    with tempfile.TemporaryDirectory(prefix="hub-template-") as folder:
        path = Path(folder, "template.xlsx")
        write_template(path, lang, areas)
        return path.read_bytes()


async def aside(
    session: Session, actor: Actor, first: int, place: tuple[str, UUID] | None, entity: str, source: str
) -> tuple[Sequence[Aside], bool]:
    """What sources said beyond the standard, and whether there is more. Nothing of a confidential place."""
    overseer(actor)
    rows = await kept_aside.aside(session, first + 1, place, entity=entity, source=source)
    return rows[:first], len(rows) > first


async def aside_counts(session: Session, actor: Actor) -> Sequence[AsideCount]:
    """How much of that there is, by entity and source."""
    overseer(actor)
    return await kept_aside.counts(session)
