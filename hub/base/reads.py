"""Statements of the hot paths, read by asyncpg itself in the session's own transaction."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from .db import Session
from .rows import Found, driver


class Hot:
    """A statement with `:named` parameters, turned once into what the driver takes.

    For reads that most requests make; everything else goes through SQLAlchemy (docs/decisions/0004-hot-path.md).
    """

    __slots__ = ("names", "sql")
    _NAME: Final = re.compile(r"(?<![:\w]):([a-z_]+)")

    def __init__(self, sql: str) -> None:
        self.names = tuple(dict.fromkeys(self._NAME.findall(sql)))
        self.sql = self._NAME.sub(lambda found: f"${self.names.index(found[1]) + 1}", sql)


async def fetch(session: Session, statement: Hot, values: Mapping[str, Any]) -> list[Found]:
    """The rows of a hot statement, at a third of what SQLAlchemy's way costs the process.

    Nothing is flushed first, and errors are asyncpg's own.
    """
    given = [values[name] for name in statement.names]
    rows: list[Found] = await (await driver(session)).fetch(statement.sql, *given, record_class=Found)
    return rows
