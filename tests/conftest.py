"""What every test may ask for: one embedded PostgreSQL a run, and a fresh, migrated database a test."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import pytest
import pytest_asyncio
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool
from sqlmodel import SQLModel

from hub.base import migrate
from hub.base.crypto import Keys
from hub.base.databases import Urls, bootstrap, with_role
from hub.base.db import Database, as_asyncpg
from hub.base.ids import new_id
from hub.base.postgres import APP, OWNER, EmbeddedPostgres
from hub.base.settings import settings

TEMPLATE = "template_hub"
KEYS = Keys(os.urandom(32), os.urandom(32), os.urandom(32))
"""The run's keys; what one test seals another may open."""


@dataclass(frozen=True, slots=True)
class Server:
    """The run's server: the superuser's URL, and the migrated template's."""

    admin: str
    template: Urls


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """An empty folder another account may enter, which pytest's own `tmp_path` is not; removed afterwards."""
    made = Path(tempfile.mkdtemp(prefix="hub-test-"))
    made.chmod(0o711)
    yield made
    shutil.rmtree(made)


@pytest.fixture(scope="session")
def postgres() -> Iterator[EmbeddedPostgres]:
    """One fast, unsafe PostgreSQL for the whole run."""
    home = Path(tempfile.mkdtemp(prefix="hub-test-"))
    home.chmod(0o711)
    running = EmbeddedPostgres(home / "postgres", fast=True, options={"max_connections": "200"})
    try:
        running.start()
        yield running
    finally:
        running.stop()
        shutil.rmtree(home)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def server(postgres: EmbeddedPostgres) -> Server:
    """The run's server, and in it the migrated template every test's database is cloned from."""
    admin, words = postgres.running(), postgres.passwords()
    assert admin is not None
    template = await bootstrap(admin, words[OWNER], words[APP], TEMPLATE)
    await _fill(template)
    return Server(admin, template)


async def _fill(urls: Urls) -> None:
    if migrate.head() is not None:
        await migrate.upgrade(urls.owner, urls.app_password)
        return
    migrate.load_tables()
    engine = create_async_engine(as_asyncpg(urls.owner), poolclass=NullPool)
    try:
        async with engine.begin() as connection:
            await connection.run_sync(SQLModel.metadata.create_all)
            await migrate.grant(connection, urls.app_password)
    finally:
        await engine.dispose()


async def _administer(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


@pytest_asyncio.fixture(loop_scope="session")
async def urls(server: Server) -> AsyncIterator[Urls]:
    """A fresh database of this test's own, as its owner and as the application's role."""
    name = f"test_{new_id().hex}"
    await _administer(server.admin, f"CREATE DATABASE {name} TEMPLATE {TEMPLATE} STRATEGY file_copy OWNER {OWNER}")
    words = server.template.app_password
    yield Urls(
        with_role(server.template.owner, OWNER, _password(server.template.owner), name),
        with_role(server.template.app, APP, words, name),
        words,
    )
    await _administer(server.admin, f"DROP DATABASE {name} WITH (FORCE)")


def _password(url: str) -> str:
    return as_asyncpg(url).password or ""


@pytest.fixture
def database_url(urls: Urls) -> str:
    """The test's database as the application's own role: rows only."""
    return urls.app


@pytest.fixture
def owner_url(urls: Urls) -> str:
    """The test's database as its owner: what only a migration, or a vandal in a test, may use."""
    return urls.owner


@pytest_asyncio.fixture(loop_scope="session")
async def db(database_url: str) -> AsyncIterator[Database]:
    """The test's database as the hub opens it."""
    database = Database(database_url, keys=KEYS)
    yield database
    await database.close()


@pytest.fixture
def settings_env(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[pytest.MonkeyPatch]:
    """An environment without the machine's HUB_*, in `test` mode; set what you need, then `settings.cache_clear()`."""
    for name in [name for name in os.environ if name.startswith("HUB_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HUB_MODE", "test")
    monkeypatch.setenv("HUB_STATE_DIR", str(tmp_path / "state"))
    settings.cache_clear()
    yield monkeypatch
    settings.cache_clear()


_unrun: list[str] = []


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Remember what did not run."""
    if report.skipped:
        _unrun.append(report.nodeid)


def pytest_collectreport(report: pytest.CollectReport) -> None:
    """Remember modules that did not run."""
    if report.skipped:
        _unrun.append(report.nodeid)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """With HUB_TEST_NOTHING_SKIPPED, a run that skipped anything has failed."""
    if _unrun and os.environ.get("HUB_TEST_NOTHING_SKIPPED") and session.exitstatus == 0:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say so."""
    if _unrun and os.environ.get("HUB_TEST_NOTHING_SKIPPED"):
        terminalreporter.write_line(f"FAILED: {len(_unrun)} skipped, and nothing may be: {_unrun}", red=True)
