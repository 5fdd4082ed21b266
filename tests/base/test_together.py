"""Commands at once on one embedded database: one starts it, the others join, and nobody loses it under their feet."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import asyncpg

from hub.base import databases as rooms
from hub.base.databases import databases
from hub.base.settings import Settings
from tests.base.test_cli import PROGRAM
from tests.base.test_postgres import all_gone

HOLD = """
import asyncio, sys
from pathlib import Path
import asyncpg
from hub.base.databases import databases
from hub.base.settings import Settings

async def main(leaving):
    async with databases(Settings(mode="test", state_dir=Path(sys.argv[1])), leaving=leaving) as urls:
        connection = await asyncpg.connect(urls.owner)
        print("in", flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        print(await connection.fetchval("select 'served'"), flush=True)
        await connection.close()

asyncio.run(main(sys.argv[2] == "leaving"))
"""


def _environment(folder: Path) -> dict[str, str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("HUB_")}
    return {**clean, "HUB_MODE": "test", "HUB_STATE_DIR": str(folder), "COLUMNS": "200"}


def _begin(folder: Path, *command: str) -> subprocess.Popen[str]:
    pipe = subprocess.PIPE
    return subprocess.Popen(command, env=_environment(folder), stdin=pipe, stdout=pipe, stderr=pipe, text=True)


def _hold(folder: Path, how: str) -> subprocess.Popen[str]:
    return _begin(folder, sys.executable, "-c", HOLD, str(folder), how)


def test_migrations_at_once_all_succeed(open_folder: Path) -> None:
    """From nothing: one makes the database, the other waits for it, each comes to its end with 0."""
    begun = [_begin(open_folder / "state", *PROGRAM, "migrate") for _ in range(2)]
    for process in begun:
        said, complaint = process.communicate(timeout=120)
        assert process.returncode == 0, complaint
        assert "The database is at revision" in said
    assert all_gone(open_folder / "state" / "postgres", 0)


def test_who_started_it_waits_for_who_joined(open_folder: Path) -> None:
    """The owner's work is done; its server serves on until the other's is too. Both then end, and it with them."""
    state = open_folder / "state"
    owner = _hold(state, "staying")
    assert owner.stdout is not None
    assert owner.stdout.readline() == "in\n"
    joined = _hold(state, "staying")
    assert joined.stdout is not None
    assert joined.stdin is not None
    assert joined.stdout.readline() == "in\n"
    assert owner.stdin is not None
    owner.stdin.write("\n")
    owner.stdin.flush()
    assert owner.stdout.readline() == "served\n"
    time.sleep(1.5)
    assert owner.poll() is None
    joined.stdin.write("\n")
    joined.stdin.flush()
    assert joined.stdout.readline() == "served\n"
    for process in (joined, owner):
        process.communicate(timeout=30)
        assert process.returncode == 0
    assert all_gone(state / "postgres", 0)


async def test_who_is_told_to_stop_waits_a_little_only(open_folder: Path) -> None:
    """`serve` and `work` end when told to: a process that stays is given some seconds, then has no database."""
    state = open_folder / "state"
    made = Settings(mode="test", state_dir=state)
    async with databases(made, leaving=True) as urls:
        joined = _hold(state, "staying")
        assert joined.stdout is not None
        assert joined.stdout.readline() == "in\n"
        connection = await asyncpg.connect(urls.owner)
        assert await connection.fetchval("select 1") == 1
        await connection.close()
        began = time.monotonic()
    assert rooms.PARTING <= time.monotonic() - began < rooms.PARTING + 10
    assert all_gone(state / "postgres", 0)
    _, complaint = joined.communicate("\n", timeout=30)
    assert joined.returncode != 0
    assert "closed" in complaint


async def test_a_killed_guest_is_not_waited_for(open_folder: Path) -> None:
    """The kernel gives its share of the lock back."""
    state = open_folder / "state"
    async with databases(Settings(mode="test", state_dir=state)):
        joined = _hold(state, "staying")
        assert joined.stdout is not None
        assert joined.stdout.readline() == "in\n"
        joined.kill()
        joined.communicate()
        began = time.monotonic()
    assert time.monotonic() - began < 10
