"""Statements of the hot paths, read by asyncpg itself in the session's own transaction."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from asyncpg import Connection, Record
from sqlmodel.ext.asyncio.session import AsyncSession

from .sql import Fragment

READING: Final = "hub.reading"
"""In a session's info where each hot statement is a transaction of its own."""
_DRIVER: Final = "hub.driver"
_Held = tuple[object, "Connection[Record]"]


class Found(Record):
    """A row the driver read, its columns by name as attributes too."""

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None


class Hot:
    """A statement with `:named` parameters, turned once into what the driver takes.

    For reads that most requests make; everything else goes through SQLAlchemy (docs/decisions/0004-hot-path.md).
    Raises TypeError for what `sql` did not make.
    """

    __slots__ = ("names", "sql")
    _NAME: Final = re.compile(r"(?<![:\w]):([a-z_]+)")

    def __init__(self, sql: Fragment) -> None:
        if type(sql) is not Fragment:
            raise TypeError("not of our own words")
        self.names = tuple(dict.fromkeys(self._NAME.findall(sql)))
        self.sql: Final = self._NAME.sub(lambda found: f"${self.names.index(found[1]) + 1}", sql)


async def fetch(session: AsyncSession, statement: Hot, values: Mapping[str, Any]) -> list[Found]:
    """The rows of a hot statement, at a third of what SQLAlchemy's way costs the process.

    Nothing is flushed first, and errors are asyncpg's own.
    """
    given = [values[name] for name in statement.names]
    rows: list[Found] = await (await driver(session)).fetch(statement.sql, *given, record_class=Found)
    return rows


def transacted(session: AsyncSession) -> None:
    """From here on this session's hot statements are in its transaction, though it was opened to read."""
    if session.info.pop(READING, None):
        session.info.pop(_DRIVER, None)


async def driver(session: AsyncSession) -> Connection[Record]:
    """The driver's own connection, inside this session's transaction: for statements that run at every deed.

    Where the session only reads, none is begun for them; one that is under way holds them too.
    """
    held: _Held | None = session.info.get(_DRIVER)
    if held is not None and held[0] is session.sync_session.get_transaction():
        return held[1]
    adapted: Any = (await (await session.connection()).get_raw_connection()).dbapi_connection
    connection = adapted.driver_connection
    assert isinstance(connection, Connection)
    if not connection.is_in_transaction() and READING not in session.info:
        await adapted._start_transaction()  # as SQLAlchemy does before its own first statement, but without one
    session.info[_DRIVER] = session.sync_session.get_transaction(), connection
    return connection
