"""Search rows written before migration 0005 are found after it, by what they knew."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import asyncpg
from alembic import command
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from directory.actions import import_package
from directory.county import write_county
from directory.search import SearchQuery
from hub.base import migrate
from hub.base.databases import Urls
from hub.base.db import Database, as_asyncpg
from tests.directory.searched import whole

NOW = datetime(2026, 1, 15, 4, 0, tzinfo=UTC)
QUERIES = (
    SearchQuery(),
    SearchQuery(text="庇護安置"),
    SearchQuery(text="police"),
    SearchQuery(need="counselling", area="99001020"),
    SearchQuery(area="99001040", age=30),
    SearchQuery(text="中心", near="99001040"),
    SearchQuery(gender="female", act="SHPA"),
)
_AS_BEFORE = """
UPDATE service_search SET document = ts_delete(document, ARRAY(
  SELECT t FROM unnest(tsvector_to_array(document)) AS t WHERE left(t, 1) IN ('=', '|', '.', '&', '$', '+', '~', ':')))
"""


async def test_rows_written_before_are_found(urls: Urls, tmp_path: Path) -> None:
    db = Database(urls.app)
    async with db.work() as session:
        await import_package(session, write_county(tmp_path / "county", NOW), dry_run=False)
    async with db.work() as session:
        found = [set(await whole(session, query)) for query in QUERIES]
    await db.close()
    engine = create_async_engine(as_asyncpg(urls.owner), poolclass=NullPool)

    def back(connection: Connection) -> None:
        config = migrate.config()
        config.attributes["connection"] = connection
        command.downgrade(config, "0004")

    async with engine.begin() as connection:
        await connection.run_sync(back)
    await engine.dispose()
    owner = await asyncpg.connect(urls.owner)
    await owner.execute(_AS_BEFORE)
    await owner.close()
    await migrate.upgrade(urls.owner, urls.app_password)
    db = Database(urls.app)
    async with db.work() as session:
        for query, before in zip(QUERIES, found, strict=True):
            assert before
            assert set(await whole(session, query)) >= before, query
    await db.close()
