"""What the tests of search stand on: the fictional county and 300 generated services."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from uuid import UUID

import asyncpg
import pytest
import pytest_asyncio
from sqlmodel.ext.asyncio.session import AsyncSession

from bench.data_directory import write_package
from directory.actions import import_package
from directory.county import write_county
from directory.search import SearchQuery, search
from hub.base.databases import with_role
from hub.base.db import Database, Session
from hub.base.ids import new_id
from hub.base.postgres import APP, OWNER
from tests.conftest import TEMPLATE, Server

NOW = datetime(2026, 1, 15, 4, 0, tzinfo=UTC)
MINUTE = 3 * 1440 + 12 * 60
"""The minute of the week of NOW in Taipei."""


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def searched(server: Server, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Database]:
    """A database with the county and the generated services, made once: no test of these commits."""
    name, folder = f"searched_{new_id().hex}", tmp_path_factory.mktemp("searched")
    admin = await asyncpg.connect(server.admin)
    await admin.execute(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE} STRATEGY file_copy OWNER {OWNER}")
    db = Database(with_role(server.template.owner, APP, server.template.app_password, name))
    try:
        async with db.work() as session:
            await import_package(session, write_county(folder / "county", NOW), dry_run=False)
            await import_package(session, write_package(folder / "many", 300), dry_run=False, source="many")
        yield db
    finally:
        await db.close()
        await admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
        await admin.close()


@pytest_asyncio.fixture(loop_scope="session")
async def session(searched: Database) -> AsyncIterator[AsyncSession]:
    """A session on the fictional county and 300 generated services; what a test changes is taken back."""
    async with Session(searched.engine, expire_on_commit=False, autoflush=False) as session:
        yield session
        await session.rollback()


async def whole(session: AsyncSession, query: SearchQuery, first: int = 100) -> list[UUID]:
    """Every service a query finds, page by page."""
    found: list[UUID] = []
    cursor: str | None = None
    while True:
        page = await search(session, query, first, cursor, count=False, fields=frozenset(), now=NOW)
        found += [row.id for row in page.rows]
        if not page.has_next:
            return found
        cursor = page.end_cursor
