"""Where a run takes place: one embedded PostgreSQL, an empty migrated database to copy, the programs beside it."""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg
from sqlalchemy.engine import make_url

from hub.base import migrate
from hub.base.databases import Urls, bootstrap, with_role
from hub.base.postgres import APP, OWNER, EmbeddedPostgres, bindir
from hub.base.settings import Settings

OPTIONS = {"shared_buffers": "512MB", "max_connections": "200", "max_wal_size": "4GB", "checkpoint_timeout": "30min"}
"""The embedded server's own settings but for these: no checkpoint falls into one contender's turn alone."""
EMPTY = "bench_empty"
"""The database nobody writes to: migrated, and copied wherever a fresh one is asked for."""

Say = Callable[[str], None]
"""Tells whoever waits what is being done."""


def teller(began: float) -> Say:
    """A `Say` that writes to standard error, with the seconds since `began` (of the monotonic clock)."""
    return lambda what: print(f"{time.monotonic() - began:6.0f} s  {what}", file=sys.stderr, flush=True)


@dataclass(frozen=True, slots=True)
class Place:
    """A database as libpq and node-postgres take it."""

    host: str
    port: str
    user: str
    password: str
    database: str

    def environment(self) -> dict[str, str]:
        """The PG* variables of a child process."""
        return {
            "PGHOST": self.host,
            "PGPORT": self.port,
            "PGUSER": self.user,
            "PGPASSWORD": self.password,
            "PGDATABASE": self.database,
        }


@dataclass(frozen=True, slots=True)
class Site:
    """A running server and what belongs to it."""

    home: Path
    admin: str
    words: Mapping[str, str]
    settings: Settings
    programs: Path
    version: str

    @property
    def pgbench(self) -> Path:
        """PostgreSQL's own load generator, of the same release as the server."""
        return self.programs / "pgbench"

    def urls(self, database: str) -> Urls:
        """A database of this server as its owner and as the application."""
        return Urls(
            with_role(self.admin, OWNER, self.words[OWNER], database),
            with_role(self.admin, APP, self.words[APP], database),
            self.words[APP],
        )

    def place(self, database: str, user: str = OWNER, password: str | None = None) -> Place:
        """The same for a child process."""
        url = make_url(self.admin)
        word = self.words[user] if password is None else password
        return Place(str(url.query["host"]), str(url.query["port"]), user, word, database)

    async def administer(self, *statements: str) -> None:
        """Run statements as the server's administrator, each by itself."""
        connection = await asyncpg.connect(self.admin)
        try:
            for statement in statements:
                await connection.execute(statement)
        finally:
            await connection.close()

    async def copy(self, name: str, template: str = EMPTY) -> Urls:
        """Make the database `name` as a copy of another; nobody may be connected to that."""
        await self.administer(f"create database {name} template {template} strategy file_copy owner {OWNER}")
        return self.urls(name)

    @asynccontextmanager
    async def fresh(self, name: str) -> AsyncIterator[Urls]:
        """An empty, migrated database for the length of the block."""
        urls = await self.copy(name)
        try:
            yield urls
        finally:
            await self.administer(f"drop database {name} with (force)")


@asynccontextmanager
async def started(issuer: str) -> AsyncIterator[Site]:
    """The server, with nothing in it but the empty database; all of it gone after the block."""
    home = _home()
    server = EmbeddedPostgres(home / "postgres", options=OPTIONS)
    try:
        admin, words = server.start(), server.passwords()
        urls = await bootstrap(admin, words[OWNER], words[APP], EMPTY)
        await migrate.upgrade(urls.owner, urls.app_password)
        connection = await asyncpg.connect(urls.owner)
        try:
            version = str(await connection.fetchval("show server_version"))
        finally:
            await connection.close()
        settings = Settings(mode="test", state_dir=home / "state", oidc_issuer=issuer)
        yield Site(home, admin, words, settings, bindir(settings.pg_bindir), version)
    finally:
        server.stop()
        shutil.rmtree(home)


def _home() -> Path:
    """A folder PostgreSQL's account may enter."""
    home = Path(tempfile.mkdtemp(prefix="hub-bench-"))
    home.chmod(0o711)
    return home
