"""Files of packages to keep: the remarks of a report."""

from __future__ import annotations

import csv
import io
from uuid import UUID

from sqlalchemy import select
from sqlmodel import col

from directory.messages import MESSAGES
from directory.remarks import HEADER
from directory.sheets import harmless
from hub.base.db import Session
from hub.base.errors import NotFound
from hub.inventory.files import File, as_file
from hub.policy.terms import Actor

from .tables import DirectoryImport, ImportRemark
from .views import overseer

CSV = "text/csv; charset=utf-8"


async def remarks_file(session: Session, actor: Actor, import_id: UUID, lang: str) -> File:
    """The remarks of a report that are listed one by one, as `hub directory import --remarks` writes them."""
    overseer(actor)
    if await session.get(DirectoryImport, import_id) is None:
        raise NotFound
    mine = select(ImportRemark).where(col(ImportRemark.import_id) == import_id).order_by(col(ImportRemark.number))
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(HEADER)
    for r in (await session.execute(mine)).scalars():
        said = (*MESSAGES[r.code][lang], r.detail)
        writer.writerow([harmless(cell) for cell in (r.file, str(r.row), r.column, r.code, *said)])
    return as_file(f"remarks-{import_id.hex[:8]}.csv", CSV, text.getvalue().encode("utf-8-sig"))
