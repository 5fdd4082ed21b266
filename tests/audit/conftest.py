"""What the audit's tests share: an actor, a chain with gaps and several seals, and the owner's session."""

from __future__ import annotations

from collections.abc import AsyncIterator
from uuid import UUID

import pytest
import pytest_asyncio
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from hub.audit.chain import append, seal
from hub.base.db import Database, Session, as_asyncpg
from hub.base.ids import new_id
from hub.policy.terms import Actor, Role

ACTOR = Actor(UUID(int=1), UUID(int=2), frozenset({Role.AGENCY_WORKER}))


class Undone(Exception):
    """Raised inside a transaction that shall not be."""


class undone:  # noqa: N801 - it reads as a statement
    """Expects `Undone` to be raised inside, and goes on."""

    async def __aenter__(self) -> None:
        """Nothing to do."""

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> bool:
        assert kind is Undone, f"expected Undone, not {kind}"
        return True


@pytest.fixture
def actor() -> Actor:
    """Somebody who does things."""
    return ACTOR


@pytest_asyncio.fixture(loop_scope="session")
async def chain(db: Database) -> Database:
    """A database with some 40 entries under seven seals, gaps among the ids, and two entries not sealed yet."""
    for batch in range(7):
        for number in range(5 + batch % 3):
            async with db.work() as session:
                case = [new_id()]
                await append(session, ACTOR, "referral.send", new_id(), cases=case, body={"batch": batch, "n": number})
        async with undone(), db.work() as session:
            await append(session, ACTOR, "never.happened")
            raise Undone
        async with db.work() as session:
            assert await seal(session) == 5 + batch % 3
    async with db.work() as session:
        await append(session, ACTOR, "referral.answer")
        await append(session, ACTOR, "referral.answer")
    return db


@pytest_asyncio.fixture(loop_scope="session")
async def owner(owner_url: str) -> AsyncIterator[Session]:
    """A session of the database's owner; what it did is undone at the end."""
    engine = create_async_engine(as_asyncpg(owner_url), poolclass=NullPool)
    async with Session(engine) as session:
        yield session
        await session.rollback()
    await engine.dispose()
