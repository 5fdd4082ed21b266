"""What every test may ask for: one embedded PostgreSQL a run, and a fresh, migrated database a test, with a county."""

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
import structlog
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool
from sqlmodel import SQLModel

from directory import county
from directory.actions import import_package
from hub.base import migrate
from hub.base.crypto import Keys
from hub.base.databases import Urls, bootstrap, with_role
from hub.base.db import Database, as_asyncpg
from hub.base.ids import new_id
from hub.base.postgres import APP, OWNER, EmbeddedPostgres
from hub.base.settings import settings
from hub.base.time import now

TEMPLATE, COUNTY = "template_hub", "template_county"
_ROOM = 4 * 2**30
KEYS = Keys(os.urandom(32), os.urandom(32), os.urandom(32))
"""The run's keys; what one test seals another may open."""


@dataclass(frozen=True, slots=True)
class Server:
    """The run's server: the superuser's URL, and the migrated template's."""

    admin: str
    template: Urls


@pytest.fixture(scope="session", autouse=True)
def no_certificates(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """An empty store of authorities: tests speak in clear on loopback; reading the real one costs each client 0.1 s."""
    with pytest.MonkeyPatch.context() as environment:
        environment.delenv("SSL_CERT_FILE", raising=False)
        environment.setenv("SSL_CERT_DIR", str(tmp_path_factory.mktemp("certificates")))
        yield


@pytest.fixture(scope="session", autouse=True)
def plain_tracebacks() -> None:
    """Faults are logged without every local variable of every frame: with them, one takes seconds."""
    structlog.configure(processors=[structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)])


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """An empty folder another account may enter, which pytest's own `tmp_path` is not; removed afterwards."""
    made = Path(tempfile.mkdtemp(prefix="hub-test-"))
    made.chmod(0o711)
    yield made
    shutil.rmtree(made)


def _in_memory() -> Path | None:
    """The machine's folder in memory, if it has room for a run; else None, the ordinary one."""
    folder = Path("/dev/shm")  # noqa: S108 - a folder of our own is made in it
    return folder if folder.is_dir() and shutil.disk_usage(folder).free > _ROOM else None


@pytest.fixture(scope="session")
def postgres() -> Iterator[EmbeddedPostgres]:
    """One fast, unsafe PostgreSQL for the run, in memory where there is room: a test has 1,700 files of its own."""
    home = Path(tempfile.mkdtemp(prefix="hub-test-", dir=_in_memory()))
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


async def _cloned(server: Server, name: str, template: str) -> Urls:
    await _administer(server.admin, f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy OWNER {OWNER}")
    words = server.template.app_password
    return Urls(
        with_role(server.template.owner, OWNER, _password(server.template.owner), name),
        with_role(server.template.app, APP, words, name),
        words,
    )


@pytest.fixture
def template() -> str:
    """The database a test's own is cloned from: empty tables. Who wants the county in them overrides this."""
    return TEMPLATE


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def county_template(server: Server, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The fictional county's directory as it stands today, imported once a run, for `template` to return."""
    urls = await _cloned(server, COUNTY, TEMPLATE)
    database = Database(urls.app, keys=KEYS)
    async with database.work() as session:
        package = county.write_county(tmp_path_factory.mktemp("county"), now())
        report = await import_package(session, package, dry_run=False)
    assert report.refused is None, report
    await database.close()
    return COUNTY


@pytest_asyncio.fixture(loop_scope="session")
async def urls(server: Server, template: str) -> AsyncIterator[Urls]:
    """A fresh database of this test's own, as its owner and as the application's role."""
    name = f"test_{new_id().hex}"
    yield await _cloned(server, name, template)
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


LONG = (
    "test_soak.py", "test_worker.py", "test_killed.py", "test_round.py", "test_keeping.py", "test_coverage.py",
    "test_together.py", "test_administration.py", "test_every_page.py", "test_coordinator.py", "test_cli_whole.py",
    "test_import_big.py", "test_agency.py",
)  # fmt: skip
"""What takes longest comes first, so that nobody waits for it at the end. Otherwise the order is chance."""


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put these files first, each in the order chance gave it."""
    order = {name: number for number, name in enumerate(LONG)}
    items.sort(key=lambda item: order.get(item.path.name, len(LONG)))


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
