"""Where a run takes place: one embedded PostgreSQL with the county in it, and equal copies for the peers."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg
from sqlalchemy.engine import make_url

from directory.taxonomy import NEEDS
from hub.base import migrate
from hub.base.crypto import keys_of
from hub.base.databases import Urls, bootstrap, with_role
from hub.base.db import Database
from hub.base.postgres import APP, OWNER, EmbeddedPostgres, bindir
from hub.base.settings import Settings

from . import data, services
from .data import County, Scale

PEER_PASSWORD = "peer"
OPTIONS = {"shared_buffers": "512MB", "max_connections": "200", "max_wal_size": "4GB", "checkpoint_timeout": "30min"}
"""The embedded server's own settings but for these: no checkpoint falls into one contender's turn alone."""
_SERVICES_EACH = 20


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
class Ground:
    """Everything the contenders run on."""

    home: Path
    made: County
    found: list[services.Entry]
    settings: Settings
    urls: Urls
    raw: Place
    peer: Place
    programs: Path
    version: str

    @property
    def pgbench(self) -> Path:
        """PostgreSQL's own load generator, of the same release as the server."""
        return self.programs / "pgbench"


@asynccontextmanager
async def laid(scale: Scale, issuer: str) -> AsyncIterator[Ground]:
    """Start the server, write the county, copy it for the peers; all of it gone after the block."""
    home = _home()
    server = EmbeddedPostgres(home / "postgres", options=OPTIONS)
    try:
        admin = server.start()
        yield await _lay(home, server, admin, scale, issuer)
    finally:
        server.stop()
        shutil.rmtree(home)


def _home() -> Path:
    """A folder PostgreSQL's account may enter."""
    home = Path(tempfile.mkdtemp(prefix="hub-bench-"))
    home.chmod(0o711)
    return home


async def _lay(home: Path, server: EmbeddedPostgres, admin: str, scale: Scale, issuer: str) -> Ground:
    words = server.passwords()
    urls = await bootstrap(admin, words[OWNER], words[APP])
    await migrate.upgrade(urls.owner, urls.app_password)
    settings = Settings(mode="test", state_dir=home / "state", oidc_issuer=issuer)
    made = data.county(scale, list(NEEDS), services.areas(), _SERVICES_EACH)
    found = list(services.entries(made, scale.services))
    owner = await asyncpg.connect(urls.owner)
    db = Database(urls.app, keys=keys_of(settings))
    try:
        await data.load(owner, made, keys_of(settings), issuer)
        await services.load(owner, db, found)
        await db.close()
        await owner.execute("vacuum analyze")
        version = str(await owner.fetchval("show server_version"))
    finally:
        await db.close()
        await owner.close()
    places = []
    root = await asyncpg.connect(admin)
    try:
        for name in ("raw", "peer"):
            await root.execute(f"create database {name} template hub strategy file_copy owner {OWNER}")
        await root.execute(f"create role peer_server login noinherit password '{PEER_PASSWORD}'")
        await root.execute("create role peer_staff nologin; grant peer_staff to peer_server")
        await root.execute("checkpoint")
    finally:
        await root.close()
    for name, role, word in (("raw", OWNER, words[OWNER]), ("peer", "peer_server", PEER_PASSWORD)):
        await _script(with_role(urls.owner, OWNER, words[OWNER], name), f"{name}.sql")
        if name == "raw":
            await _pick_searches(with_role(urls.owner, OWNER, words[OWNER], name), found)
        url = make_url(urls.owner)
        places.append(Place(str(url.query["host"]), str(url.query["port"]), role, word, name))
    programs = bindir(settings.pg_bindir)
    return Ground(home, made, found, settings, urls, places[0], places[1], programs, version)


async def _pick_searches(url: str, found: list[services.Entry]) -> None:
    picked = [services.search_by_hand(need, area) for need, area in services.searches(found).pairs]
    connection = await asyncpg.connect(url)
    try:
        await connection.executemany(
            "insert into pick_search values ($1, $2::text::tsquery, $3, $4, $5, $6, $7, $8)",
            [(n, *values.values()) for n, values in enumerate(picked, 1)],
        )
    finally:
        await connection.close()


async def _script(url: str, name: str) -> None:
    path = Path(__file__).parent / "sql" / name
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(path.read_text("utf-8"))
    finally:
        await connection.close()
