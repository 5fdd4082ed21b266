"""Imports of many services: flat memory, nothing left of one that was killed, one at a time.

8,000 services always; a million with SOAK=1 (about 20 GB of disk and, on two quiet cores, half an hour).
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from bench.packages import write_package
from directory.actions import import_package
from directory.hsds import ENTITIES
from directory.reports import Step
from hub.base.db import Database

SOAK = bool(os.environ.get("SOAK"))
MOST_MEGABYTES = 500
_ALONE = """
import asyncio, json, sys
from pathlib import Path
from directory.actions import import_package
from hub.base.db import Database

async def run(url, path):
    db = Database(url, pool=1)
    async with db.work() as session:
        told = lambda step: print(json.dumps([step.name, step.done, step.share]), flush=True)
        report = await import_package(session, Path(path), dry_run=False, progress=told)
    await db.close()
    # Not getrusage: its peak is also that of the process this one was forked from.
    status = Path("/proc/self/status").read_text().split()
    peak = int(status[status.index("VmHWM:") + 1]) / 1024
    print(json.dumps({"rows": report.total("read"), "created": report.total("created"), "services": report.services,
                      "refused": report.refused and report.refused.code, "seconds": report.seconds, "peak": peak}))

asyncio.run(run(*sys.argv[1:]))
"""


async def _start(url: str, path: Path) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-c", _ALONE, url, str(path), cwd=Path(__file__).parents[2], stdout=asyncio.subprocess.PIPE
    )


async def _alone(url: str, path: Path) -> dict[str, Any]:
    """Import in a process of its own, whose peak memory is its own too; its last words."""
    process = await _start(url, path)
    said, _ = await process.communicate()
    assert process.returncode == 0
    lines = [json.loads(line) for line in said.splitlines()]
    shares = [step[2] for step in lines[:-1]]
    assert all(0 <= share <= 1 for share in shares)
    assert len(shares) > 10
    found: dict[str, Any] = lines[-1]
    return found


async def _rows(db: Database) -> int:
    async with db.work() as session:
        tables = ("area", "service_route", "service_search", *ENTITIES)
        counts = [await session.execute(text(f"SELECT count(*) FROM {table}")) for table in tables]
        return sum(count.scalar_one() for count in counts)


async def test_memory_is_flat(db: Database, database_url: str, tmp_path: Path) -> None:
    few, many = (2_000, 1_000_000) if SOAK else (1_000, 8_000)
    peaks = []
    for services in (few, many):
        path = tmp_path / f"p{services}.zip"
        rows = await asyncio.to_thread(write_package, path, services)
        found = await _alone(database_url, path)
        assert (found["refused"], found["rows"], found["services"]) == (None, rows, services)
        print(f"{services:,} services: {rows / found['seconds']:,.0f} rows/s, peak {found['peak']:,.0f} MB")
        peaks.append(found["peak"])
        path.unlink()
    assert peaks[1] < MOST_MEGABYTES
    assert peaks[1] < peaks[0] + (150 if SOAK else 60)
    async with db.work() as session:
        found_rows = await session.execute(text("SELECT count(*) FROM service_search"))
        assert found_rows.scalar_one() == many


async def test_one_killed_leaves_nothing_and_another_is_told_to_wait(
    db: Database, database_url: str, tmp_path: Path
) -> None:
    write_package(tmp_path / "p.zip", 3_000)
    process = await _start(database_url, tmp_path / "p.zip")
    assert process.stdout is not None
    while not (line := await process.stdout.readline()).startswith(b'["service_areas.csv"'):
        assert line, "it ended before it could be killed"
    async with db.work() as session:
        second = await import_package(session, tmp_path / "p.zip", dry_run=False)
    assert second.refused is not None
    assert second.refused.code == "busy"
    assert second.refused.advice("zh-Hant") == "請待其完成後再試"
    process.send_signal(signal.SIGKILL)
    await process.wait()
    for _ in range(200):
        async with db.work() as session:
            held = await session.execute(text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"))
            if not held.scalar_one():
                break
        await asyncio.sleep(0.05)
    assert await _rows(db) == 0
    steps: list[Step] = []
    async with db.work() as session:
        third = await import_package(session, tmp_path / "p.zip", dry_run=False, progress=steps.append)
    assert (third.refused, third.services) == (None, 3_000)
    assert steps[-1] == Step("search", 3_000, 1.0)


async def test_a_large_file_comes_in_as_a_stream(db: Database, tmp_path: Path) -> None:
    """One table of 20 MB (200 MB with SOAK=1) in cells near the limit; what is read is what there was."""
    size = (200 if SOAK else 20) << 20
    rows = 0
    write_package(tmp_path / "p", 10)
    with zipfile.ZipFile(tmp_path / "p.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for path in sorted((tmp_path / "p").iterdir()):
            if path.name != "schedules.csv":
                archive.write(path, path.name)
        with archive.open("schedules.csv", "w", force_zip64=True) as raw:
            written = raw.write(b"id,service_id,description\n")
            while written < size:
                written += raw.write(f"h{rows},s{rows % 10},{os.urandom(12_000).hex()}\n".encode())
                rows += 1
    async with db.work() as session:
        report = await import_package(session, tmp_path / "p.zip", dry_run=True)
    assert report.refused is None
    assert next(t.created for t in report.tables if t.entity == "schedule") == rows
    assert await _rows(db) == 0


@pytest.mark.parametrize("wrong", [1, 3_000])
async def test_the_report_does_not_grow_with_the_problems(db: Database, tmp_path: Path, wrong: int) -> None:
    write_package(tmp_path / "p", 10)
    with (tmp_path / "p" / "services.csv").open("a", encoding="utf-8") as file:
        file.writelines(f"x{n},nobody,服務,,,active,,,\n" for n in range(wrong))
    heard: list[tuple[int, str]] = []
    async with db.work() as session:
        report = await import_package(
            session, tmp_path / "p", dry_run=True, listen=lambda p: heard.append((p.row, p.code))
        )
    assert report.counts["services.csv", "unknown_relation"] == wrong
    assert sum(p.code == "unknown_relation" for p in report.problems) == min(wrong, 1_000)
    assert heard == [(12 + n, "unknown_relation") for n in range(wrong)]
    assert report.adds_up
