"""Migrations: rights of the application's role, any number of times, any number at once."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from hub.base import migrate
from hub.base.databases import Urls, bootstrap, with_role
from hub.base.db import as_asyncpg
from hub.base.postgres import EmbeddedPostgres


async def execute(url: str, *statements: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


@pytest.fixture
async def regranted(urls: Urls) -> Urls:
    """A database with an ordinary and an audit table, rights given after somebody widened them."""
    await execute(
        urls.owner,
        "CREATE TABLE plain (id int)",
        "CREATE TABLE audit_new (id int)",
        "GRANT ALL ON plain, audit_new TO hub_app",
        "GRANT CREATE ON SCHEMA public TO hub_app",
    )
    await migrate.upgrade(urls.owner, urls.app_password)
    return urls


async def test_the_application_has_rows_only(regranted: Urls) -> None:
    await execute(
        regranted.app,
        "INSERT INTO plain VALUES (1)",
        "UPDATE plain SET id = 2",
        "SELECT FROM plain",
        "DELETE FROM plain",
    )
    await execute(regranted.app, "INSERT INTO audit_new VALUES (1)", "SELECT FROM audit_new")
    for forbidden in (
        "UPDATE audit_new SET id = 2",
        "DELETE FROM audit_new",
        "TRUNCATE audit_new",
        "TRUNCATE plain",
        "DROP TABLE plain",
        "ALTER TABLE plain ADD COLUMN x int",
        "CREATE TABLE mine (id int)",
        "CREATE TEMPORARY TABLE mine (id int)",
        "CREATE SCHEMA mine",
        "CREATE ROLE another",
        "SET ROLE hub_owner",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await execute(regranted.app, forbidden)


async def test_a_table_made_later_by_hand_has_the_smaller_rights(regranted: Urls) -> None:
    await execute(regranted.owner, "CREATE TABLE later (id int)")
    await execute(regranted.app, "INSERT INTO later VALUES (1)")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await execute(regranted.app, "DELETE FROM later")


async def test_two_migrators_take_turns(postgres: EmbeddedPostgres) -> None:
    admin = postgres.running()
    assert admin is not None
    words = postgres.passwords()
    urls = await bootstrap(admin, words["hub_owner"], words["hub_app"], "migrated_twice")
    await asyncio.gather(*(migrate.upgrade(urls.owner, urls.app_password) for _ in range(3)))
    await execute(urls.app, "SELECT 1")


async def test_nothing_stays_of_a_turn_that_waits_too_long(urls: Urls, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(migrate, "WAIT_FOR_TURN", "100ms")
    engine = create_async_engine(as_asyncpg(urls.owner), poolclass=NullPool)
    try:
        async with engine.begin() as connection:
            await migrate.take_turn(connection)
            with pytest.raises(migrate.MigrationFailed, match="another migration"):
                await migrate.upgrade(urls.owner, urls.app_password)
    finally:
        await engine.dispose()


async def test_an_owner_that_may_not_alter_the_role_leaves_it_as_it_is(postgres: EmbeddedPostgres) -> None:
    """The role belongs to an administrator: migrating goes on, and its password stays theirs."""
    admin = postgres.running()
    assert admin is not None
    await execute(admin, "CREATE ROLE weak LOGIN PASSWORD 'w'", "CREATE DATABASE weakly OWNER weak")
    url = with_role(admin, "weak", "w", "weakly")
    try:
        await migrate.upgrade(url, "not-the-password")  # an administrator's role: its password stays as it was
        with pytest.raises(asyncpg.InvalidPasswordError):
            await execute(with_role(url, "hub_app", "not-the-password"), "SELECT 1")
    finally:
        await execute(admin, "DROP DATABASE weakly WITH (FORCE)", "DROP ROLE weak")


async def test_the_verifier_is_one_postgresql_takes(urls: Urls) -> None:
    for word in ("plain", "with 'quotes' : and $", "中文"):
        await migrate.upgrade(urls.owner, word)
        await execute(with_role(urls.app, "hub_app", word), "SELECT 1")
    await migrate.upgrade(urls.owner, urls.app_password)
