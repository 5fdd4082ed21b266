"""Which database the hub uses: that of HUB_DATABASE_URL, or the embedded one, started or joined; and its roles."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import asyncpg
from sqlalchemy.engine import URL, make_url

from hub.base.postgres import APP, OWNER, EmbeddedPostgres
from hub.base.settings import Settings

DATABASE = "hub"


@dataclass(frozen=True, slots=True)
class Urls:
    """The database as its owner, for migrations alone, and as the application's own role, for everything else."""

    owner: str
    app: str
    app_password: str


def with_role(url: str, role: str, password: str, database: str | None = None) -> str:
    """The same server as `role`, in `database` or the same one. An empty password is left out."""
    given = make_url(url)  # its set() would keep the old password where the new one is empty
    changed = URL.create(
        given.drivername, role, password or None, given.host, given.port, database or given.database, given.query
    )
    return changed.render_as_string(hide_password=False)


async def bootstrap(admin_url: str, owner_password: str, app_password: str, database: str = DATABASE) -> Urls:
    """Make the role `hub_owner` and its database where they are missing; any number of times.

    The owner may create roles, so that it makes and keeps `hub_app` itself, as on any other server.
    """
    connection = await asyncpg.connect(admin_url)
    try:
        if not await connection.fetchval("SELECT true FROM pg_roles WHERE rolname = $1", OWNER):
            await connection.execute(f"CREATE ROLE {OWNER}")
        statement = await connection.fetchval(
            "SELECT format('ALTER ROLE %I LOGIN CREATEROLE PASSWORD %L', $1::text, $2::text)", OWNER, owner_password
        )
        await connection.execute(statement)
        if not await connection.fetchval("SELECT true FROM pg_database WHERE datname = $1", database):
            name = await connection.fetchval("SELECT quote_ident($1)", database)
            await connection.execute(f"CREATE DATABASE {name} OWNER {OWNER}")
    finally:
        await connection.close()
    return Urls(
        with_role(admin_url, OWNER, owner_password, database),
        with_role(admin_url, APP, app_password, database),
        app_password,
    )


@asynccontextmanager
async def databases(settings: Settings) -> AsyncIterator[Urls]:
    """The URLs to use; an embedded server is started for the length of the block, or joined if one of ours runs.

    Raises `EmbeddedFailed` with the reason. Migrations are not run: see `hub.base.migrate.upgrade`.
    """
    given = settings.database_app_password.get_secret_value()
    if settings.database_url:
        yield Urls(settings.database_url, with_role(settings.database_url, APP, given), given)
        return
    server = EmbeddedPostgres(settings.state_dir / "postgres", programs=settings.pg_bindir)
    admin = server.running()
    try:
        if admin is None:
            admin = await asyncio.to_thread(server.start)
        words = server.passwords()
        yield await bootstrap(admin, words[OWNER], given or words[APP])
    finally:
        await asyncio.to_thread(server.stop)
