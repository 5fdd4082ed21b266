"""Files of packages to keep: every remark of a report."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator, Sequence
from uuid import UUID

from sqlalchemy import func, select
from sqlmodel import col

from directory.messages import MESSAGES
from directory.remarks import HEADER
from directory.sheets import harmless
from hub.base.db import Database, Session
from hub.base.errors import Conflict, NotFound
from hub.inventory.files import File, as_file
from hub.policy.terms import Actor

from .tables import DirectoryImport, ImportRemark
from .views import overseer

CSV = "text/csv; charset=utf-8"
MOST_AT_ONCE = 20_000
"""Remarks one answer of the API holds; the stream holds them all."""
_PAGE = 2000


async def remarks_file(session: Session, actor: Actor, import_id: UUID, lang: str) -> File:
    """The remarks of a report, as `hub directory import --remarks` writes them. `Conflict` where there are too many."""
    name = await remarks_name(session, actor, import_id)
    mine = select(func.count()).where(col(ImportRemark.import_id) == import_id)
    if (await session.execute(mine)).scalar_one() > MOST_AT_ONCE:
        raise Conflict("remarks_too_many")
    text = _lines([HEADER])
    last = -1
    while rows := await _page(session, import_id, last):
        text += _lines(_told(rows, lang))
        last = rows[-1].number
    return as_file(name, CSV, text.encode("utf-8-sig"))


async def remarks_name(session: Session, actor: Actor, import_id: UUID) -> str:
    """What the file of all remarks is called. `NotFound` where there is no such package."""
    overseer(actor)
    if await session.get(DirectoryImport, import_id) is None:
        raise NotFound
    return f"remarks-{import_id.hex[:8]}.csv"


async def remarks_lines(database: Database, import_id: UUID, lang: str) -> AsyncIterator[bytes]:
    """All of it, a page at a time; no connection is held while they travel."""
    yield _lines([HEADER]).encode("utf-8-sig")
    last = -1
    while True:
        async with database.work() as session:
            rows = await _page(session, import_id, last)
        if not rows:
            return
        yield _lines(_told(rows, lang)).encode()
        last = rows[-1].number


async def _page(session: Session, import_id: UUID, last: int) -> Sequence[ImportRemark]:
    mine = select(ImportRemark).where(col(ImportRemark.import_id) == import_id, col(ImportRemark.number) > last)
    return (await session.execute(mine.order_by(col(ImportRemark.number)).limit(_PAGE))).scalars().all()


def _told(rows: Sequence[ImportRemark], lang: str) -> list[Sequence[str]]:
    return [(r.file, str(r.row), r.column, r.code, *MESSAGES[r.code][lang], r.detail) for r in rows]


def _lines(rows: Sequence[Sequence[str]]) -> str:
    text = io.StringIO(newline="")
    csv.writer(text).writerows([harmless(cell) for cell in row] for row in rows)
    return text.getvalue()
