"""Migrations: what the tables say and what the migrations make are one; they go down and up again."""

from __future__ import annotations

from pathlib import Path

import asyncpg
from alembic import command
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from hub.base import migrate
from hub.base.databases import Urls
from hub.base.db import as_asyncpg

HOUSE = Path(__file__).resolve().parents[2]


async def _run(urls: Urls, name: str, *arguments: str) -> None:
    engine = create_async_engine(as_asyncpg(urls.owner), poolclass=NullPool)

    def step(connection: Connection) -> None:
        config = migrate.config()
        config.attributes["connection"] = connection
        getattr(command, name)(config, *arguments)

    try:
        async with engine.begin() as connection:
            await connection.run_sync(step)
    finally:
        await engine.dispose()


async def test_tables_and_migrations_are_one(urls: Urls) -> None:
    """`alembic check` on a migrated database: nothing to add."""
    await _run(urls, "check")


async def test_down_and_up_again(urls: Urls) -> None:
    """The foundation can be taken back where there are no data, and laid again."""
    await _run(urls, "downgrade", "base")
    connection = await asyncpg.connect(urls.owner)
    try:
        left = await connection.fetch("select relname from pg_class where relnamespace = 'public'::regnamespace")
        assert {row["relname"] for row in left} <= {"alembic_version", "alembic_version_pkc"}
    finally:
        await connection.close()
    await migrate.upgrade(urls.owner, urls.app_password)
    await _run(urls, "check")


def test_head_is_written_down() -> None:
    """alembic/HEAD names the newest revision, so that two migrations cannot be merged blindly."""
    assert (HOUSE / "alembic" / "HEAD").read_text("utf-8").strip() == migrate.head()
    names = [path.name for path in (HOUSE / "alembic" / "versions").glob("*.py")]
    assert sorted(name[:4] for name in names) == [f"{number:04d}" for number in range(1, len(names) + 1)]


async def test_the_application_cannot_touch_the_audit(urls: Urls) -> None:
    """No UPDATE, DELETE, TRUNCATE or DDL; and the database alone says an entry's number and transaction."""
    connection = await asyncpg.connect(urls.app)
    try:
        for statement in (
            "update audit_entry set action = 'x'",
            "delete from audit_entry",
            "truncate audit_entry",
            "update audit_seal set number = 9",
            "delete from audit_seal",
            "create table mine (id int)",
            "alter table audit_entry add column mine int",
            "drop table audit_entry",
            "insert into audit_entry (xid, at, actor_id, agency_id, action, subject, case_ids, body) values "
            "('1', now(), gen_random_uuid(), gen_random_uuid(), 'x', '', '{}', '{}')",
        ):
            try:
                await connection.execute(statement)
            except asyncpg.InsufficientPrivilegeError:
                continue
            raise AssertionError(f"the application may: {statement}")
    finally:
        await connection.close()
