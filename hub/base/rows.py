"""New rows of several tables, written by one statement: one journey to the database, and all of them or none."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import lru_cache
from typing import Any

from sqlmodel import SQLModel

from directory.hot import driver, transacted
from directory.sql import Fragment, joined, listed
from directory.sql import name as named
from directory.sql import sql as made

from .db import ENDING, Session

Row = tuple[str, Mapping[str, Any]]
"""A table and the columns of a new row that the database does not fill in itself, as the driver takes them: JSON as
text, enumerations as their values."""

_WROTE = "hub.wrote"


async def write(session: Session, *rows: Row) -> None:
    """Insert the rows in the session's transaction. None sees another: a row may not depend on one beside it."""
    if session.new or session.dirty or session.deleted:
        await session.flush()  # what was done before comes before
    if not session.info.get(ENDING):
        transacted(session)
    session.info[_WROTE] = True
    statement = _statement(*((table, tuple(columns)) for table, columns in rows))
    values = [value for _, columns in rows for value in columns.values()]
    await (await driver(session)).execute(statement, *values)


@lru_cache(maxsize=128)
def _statement(*shapes: tuple[str, tuple[str, ...]]) -> str:
    """Only names of the tables' own: anything else is a KeyError."""
    inserts, place = list[Fragment](), 0
    for name, columns in shapes:
        table = SQLModel.metadata.tables[name]
        inserts.append(
            made(
                "insert into {table} ({names}) values ({places})",
                table=named(table.name),
                names=listed(table.c[column].name for column in columns),
                places=joined(", ", [made("${at}", at=place + number) for number, _ in enumerate(columns, 1)]),
            )
        )
        place += len(columns)
    *beside, last = inserts
    if not beside:
        return str(last)  # asyncpg takes a str itself alone
    rows = [made("row{number} as ({insert})", number=number, insert=insert) for number, insert in enumerate(beside)]
    return str(made("with {rows} {last}", rows=joined(", ", rows), last=last))


@asynccontextmanager
async def undone_if_refused(session: Session) -> AsyncIterator[None]:
    """Whatever is written inside is undone by an exception that leaves the block; what came before it stays.

    Where nothing came before, the transaction itself is undone and begins anew: no savepoint is paid for.
    """
    if session.info.get(_WROTE):
        async with session.begin_nested():
            yield
        return
    try:
        yield
    except BaseException:
        await session.rollback()
        session.info.pop(_WROTE, None)
        raise
    session.info[_WROTE] = True
