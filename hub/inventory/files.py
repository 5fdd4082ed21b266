"""Files of stock-taking to keep: the sheet to fill in, the frozen result of a round."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from directory import comparing, rounds
from directory.rounds import RoundState
from hub.base.db import Session
from hub.base.errors import Conflict, NotFound
from hub.policy.terms import Actor

from . import uploads
from .rounds import today
from .views import overseer

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class FileForm(StrEnum):
    """What a result is handed out as."""

    CSV = "csv"
    XLSX = "xlsx"


@dataclass(frozen=True, slots=True)
class File:
    """A file: `content` in base64."""

    name: str
    media_type: str
    content: str


def as_file(name: str, media_type: str, raw: bytes) -> File:
    """Bytes as a file to hand out."""
    return File(name, media_type, base64.b64encode(raw).decode())


async def task_sheet(session: Session, actor: Actor, lang: str) -> File:
    """The workbook of all that open rounds ask of the actor's own agency. Managers alone."""
    raw = await uploads.sheet(session, actor, lang)
    return as_file(f"services-{today(session).isoformat()}.xlsx", XLSX, raw)


async def result(session: Session, actor: Actor, round_id: UUID, form: FileForm) -> File:
    """A closed round's result, a row a service. Overseers alone; `Conflict` while the round is not closed."""
    overseer(actor)
    row = await rounds.get(session, round_id)
    if row is None:
        raise NotFound
    if row.state is not RoundState.CLOSED:
        raise Conflict("round_not_closed")
    rows = [found async for found in comparing.result(session, round_id)]
    name = f"stock-taking-{row.closes_on.isoformat()}.{form.value}"
    if form is FileForm.CSV:
        return as_file(name, "text/csv; charset=utf-8", comparing.as_csv(comparing.COLUMNS, rows))
    return as_file(name, XLSX, comparing.as_workbook("stock-taking", comparing.COLUMNS, rows))
