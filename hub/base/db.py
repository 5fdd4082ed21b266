"""The database of a process, its session, and THE commit: one transaction a request or a piece of work."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import orjson
from sqlalchemy import event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.ext.asyncio import AsyncSession as PlainSession
from sqlmodel.ext.asyncio.session import AsyncSession

from directory.hot import READING

from .crypto import Keys

__all__ = ["Database", "Session", "as_asyncpg", "before_commit", "keys_of"]


class Session(AsyncSession):
    """SQLModel's session; `execute` is SQLAlchemy's own again, for statements that return rows rather than models."""

    execute = PlainSession.execute  # SQLModel's warns against itself at each call


Hook = Callable[[Session], Awaitable[None]]
_HOOKS = "hub.before_commit"
_KEYS = "hub.keys"
ENDING = "hub.ending"
"""In a session's info, true where whatever is written now is all that is written: the one entry at a query's end."""


def as_asyncpg(url: str) -> URL:
    """A plain postgresql:// URL as SQLAlchemy's asyncpg URL."""
    return make_url(url).set(drivername="postgresql+asyncpg")


def _json(value: object) -> str:
    return orjson.dumps(value).decode()


def before_commit(session: Session, hook: Hook) -> None:
    """Run `hook` once, just before this session's commit: if it raises, nothing happened and nothing leaves."""
    session.info.setdefault(_HOOKS, []).append(hook)


def keys_of(session: Session) -> Keys:
    """The keys of the installation whose data this session holds."""
    keys: Keys = session.info[_KEYS]
    return keys


PATIENCE = 10.0
"""Seconds a request waits for rows that a long piece of work, as an import, holds."""


def _alive(connection: Any, _record: object, _proxy: object) -> None:
    """Never hand out a connection the database has closed: hot statements pass SQLAlchemy, which would not learn of it.

    A look at the socket's state, no journey. All that are as old go with it; a new one is opened.
    """
    if connection.driver_connection.is_closed():
        raise InvalidatePoolError


class Database:
    """The engine of one process, in the application's own role, and the keys to what is sealed in it."""

    def __init__(
        self, url: str | URL, pool: int = 10, keys: Keys | None = None, name: str = "hub", *, patience: float = 0.0
    ) -> None:
        """`patience`: seconds a statement waits for what another transaction holds; 0: as long as it takes."""
        self.keys = keys
        self.engine: AsyncEngine = create_async_engine(
            as_asyncpg(url) if isinstance(url, str) else url,
            pool_size=pool,
            max_overflow=0,
            pool_timeout=10,
            hide_parameters=True,  # an error's text must not repeat what was being written
            json_deserializer=orjson.loads,
            json_serializer=_json,
            connect_args={
                "server_settings": {
                    "application_name": name,
                    "timezone": "UTC",
                    "lock_timeout": str(int(patience * 1000)),
                    # What is new in the search index waits in a list every search reads: a short one, but in imports.
                    "gin_pending_list_limit": "256kB",
                }
            },
        )
        event.listen(self.engine.sync_engine, "checkout", _alive)

    @asynccontextmanager
    async def work(self, *, reading: bool = False) -> AsyncIterator[Session]:
        """One transaction: committed at the end of the block, rolled back if it raises. Nothing else commits.

        `reading`: a query, whose one write is its entry of the ledger, at the end. Its hot statements need no
        transaction around them: each sees what is committed as it begins, here as there, and two journeys are saved.
        Whatever else it writes begins one, which holds all that follows.
        """
        async with Session(self.engine, expire_on_commit=False, autoflush=False) as session:
            if reading:
                session.info[READING] = True
            if self.keys is not None:
                session.info[_KEYS] = self.keys
            yield session
            hooks = session.info.pop(_HOOKS, ())
            session.info[ENDING] = len(hooks) == 1
            for hook in hooks:
                await hook(session)
            await session.commit()

    async def close(self) -> None:
        """Give every connection back."""
        await self.engine.dispose()
