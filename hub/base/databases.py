"""Which database the hub uses: that of HUB_DATABASE_URL, or the embedded one, started or joined; and its roles."""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import asyncpg
from sqlalchemy.engine import URL, make_url

from hub.base.errors import NotFit
from hub.base.folder import made
from hub.base.places import unfit_url
from hub.base.postgres import APP, OWNER, AlreadyRunning, EmbeddedPostgres
from hub.base.settings import Settings

log = logging.getLogger(__name__)

DATABASE = "hub"
PATIENCE = 60.0
"""Seconds another process may take to start or stop the embedded server that we want to join."""
PARTING = 5.0
"""Seconds that processes which joined the embedded server have to end once its owner was told to."""
_MAKING = 4_859_203  # one at a time makes roles and database


@dataclass(frozen=True, slots=True)
class Urls:
    """The database as its owner, for migrations alone, and as the application's own role, for everything else.

    `owner` is empty where the process was not told the owner's password: only `hub migrate` needs it.
    """

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
        await connection.fetchval("SELECT pg_advisory_lock($1)", _MAKING)  # until the connection is closed
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


def _given(url: str, app_password: str) -> Urls:
    """HUB_DATABASE_URL as it is: of the owner, from which the application's role follows, or of that role itself."""
    named = make_url(url)
    if named.username == APP:
        known = named.password or app_password
        return Urls("", with_role(url, APP, known), known)
    return Urls(url, with_role(url, APP, app_password), app_password)


@asynccontextmanager
async def databases(settings: Settings, *, leaving: bool = False) -> AsyncIterator[Urls]:
    """The URLs to use; an embedded server is started for the length of the block, or joined if one of ours runs.

    At the end the one who started it waits for those who joined: as long as they need or, if `leaving` says that the
    block ends because somebody wants it to, `PARTING` seconds. Raises `NotFit` or `EmbeddedFailed` with the reason.
    Migrations are not run: see `hub.base.migrate.upgrade`.
    """
    given = settings.database_app_password.get_secret_value()
    if settings.database_url:
        if why := unfit_url(settings.database_url):
            raise NotFit(f"HUB_DATABASE_URL {why}")
        yield _given(settings.database_url, given)
        return
    server = EmbeddedPostgres(made(settings.state_dir) / "postgres", programs=settings.pg_bindir)
    admin, owned = await _started_or_joined(server)
    try:
        words = server.passwords()
        yield await bootstrap(admin, words[OWNER], given or words[APP])
        if owned:
            await _left_alone(server, PARTING if leaving else math.inf)
    finally:
        await asyncio.to_thread(server.stop)


async def _left_alone(server: EmbeddedPostgres, patience: float) -> None:
    began, told = time.monotonic(), False
    while not server.unused() and time.monotonic() < began + patience:
        if not told and time.monotonic() > began + 1:
            told = True
            log.warning("another process still uses this one's database: waiting for it to end (Ctrl-C ends both)")
        await asyncio.sleep(0.05)


async def _started_or_joined(server: EmbeddedPostgres) -> tuple[str, bool]:
    """The superuser's URL, and whether the server is ours. Another that is just starting or stopping is waited for."""
    end = time.monotonic() + PATIENCE
    while True:
        if (admin := server.join()) is not None:
            return admin, False
        try:
            return await asyncio.to_thread(server.start), True
        except AlreadyRunning:
            if time.monotonic() > end:
                raise
        await asyncio.sleep(0.05)
