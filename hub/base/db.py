"""The database of a process, its session, and THE commit: one transaction a request or a piece of work."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import orjson
from sqlalchemy.engine import URL, make_url
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.ext.asyncio import AsyncSession as PlainSession
from sqlmodel.ext.asyncio.session import AsyncSession

from .crypto import Keys

__all__ = ["Database", "Session", "as_asyncpg", "before_commit", "keys_of"]


class Session(AsyncSession):
    """SQLModel's session; `execute` is SQLAlchemy's own again, for statements that return rows rather than models."""

    execute = PlainSession.execute  # SQLModel's warns against itself at each call


Hook = Callable[[Session], Awaitable[None]]
_HOOKS = "hub.before_commit"
_KEYS = "hub.keys"


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


class Database:
    """The engine of one process, in the application's own role, and the keys to what is sealed in it."""

    def __init__(self, url: str | URL, pool: int = 10, keys: Keys | None = None) -> None:
        self.keys = keys
        self.engine: AsyncEngine = create_async_engine(
            as_asyncpg(url) if isinstance(url, str) else url,
            pool_size=pool,
            max_overflow=0,
            pool_timeout=10,
            hide_parameters=True,  # an error's text must not repeat what was being written
            json_deserializer=orjson.loads,
            json_serializer=_json,
            connect_args={"server_settings": {"application_name": "hub", "timezone": "UTC"}},
        )

    @asynccontextmanager
    async def work(self) -> AsyncIterator[Session]:
        """One transaction: committed at the end of the block, rolled back if it raises. Nothing else commits."""
        async with Session(self.engine, expire_on_commit=False, autoflush=False) as session:
            if self.keys is not None:
                session.info[_KEYS] = self.keys
            yield session
            for hook in session.info.pop(_HOOKS, ()):
                await hook(session)
            await session.commit()

    async def close(self) -> None:
        """Give every connection back."""
        await self.engine.dispose()
