"""Every remark of an import: laid down as it is made, and put into the table once the import has ended."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import IO, Any
from uuid import UUID

import orjson
from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col

from directory.reports import Problem
from hub.base.db import Session

from .tables import ImportRemark

_AT_ONCE = 1000


class Remarks:
    """A trial is taken back with all it wrote, and there may be one for each of a million rows: they wait in a file."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def listen(self, problem: Problem) -> None:
        """Called by the import for each remark."""
        said = (problem.file[:300], int(problem.row), problem.column[:300], problem.code, problem.detail[:300])
        self._file.write(orjson.dumps(said) + b"\n")

    async def keep(self, session: Session, import_id: UUID) -> None:
        """Put them in place of those of an earlier trial."""
        await session.execute(delete(ImportRemark).where(col(ImportRemark.import_id) == import_id))
        rows = self._rows(import_id)
        while some := list(islice(rows, _AT_ONCE)):
            await session.execute(insert(ImportRemark), some)

    def _rows(self, import_id: UUID) -> Iterator[dict[str, Any]]:
        self._file.seek(0)
        for number, line in enumerate(self._file):
            values = dict(zip(("file", "row", "column", "code", "detail"), orjson.loads(line), strict=True))
            yield {"import_id": import_id, "number": number, **values}
