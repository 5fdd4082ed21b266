"""Goal 11: an HSDS package read by `import_package`, against COPY of equal rows; its memory, at two sizes.

As a program (`python -m bench.importing URL FOLDER`) it is the process whose memory is measured.
"""

from __future__ import annotations

import asyncio
import json
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from directory.actions import import_package
from directory.hsds import ENTITIES
from hub.base.db import Database

from .data_directory import write_package
from .figures import Figure, Run

_MOST_MEGABYTES = 500
_PATIENCE = 3600


@dataclass(frozen=True, slots=True)
class Imported:
    """What one import did: rows read, seconds, and the most memory its process ever held, in megabytes."""

    rows: int
    seconds: float
    megabytes: float


async def measure(run: Run) -> list[Figure]:
    """Import a package of `imported` services and one of a quarter of them, each in a process of its own."""
    size = run.imported
    with tempfile.TemporaryDirectory(prefix="hub-bench-") as folder:
        run.say(f"importing: writing packages of {size // 4:,} and {size:,} services")
        few = await asyncio.to_thread(write_package, Path(folder) / "few", size // 4)
        many = await asyncio.to_thread(write_package, Path(folder) / "many", size)
        async with run.site.fresh("bench_import") as urls:
            small = await _import(urls.app, few)
        run.say(f"importing: {small.rows:,} rows in {small.seconds:.1f} s")
        async with run.site.fresh("bench_import") as urls:
            large = await _import(urls.app, many)
            run.say(f"importing: {large.rows:,} rows in {large.seconds:.1f} s")
            rows, seconds = await _copied(urls.owner)
    ours, copied = large.rows / large.seconds, rows / seconds
    flat = large.megabytes / small.megabytes
    return [
        Figure(
            11, f"import of {large.rows:,} rows, search and routing built", f"{ours:,.0f} rows/s",
            f"{copied:,.0f} rows/s, COPY of the {rows:,} entity rows into equal tables and indexes",
            ours / copied, ">= 0.2", ours / copied >= 0.2,
        ),
        Figure(
            11, f"peak memory of that process at {size:,} services", f"{large.megabytes:,.0f} MB",
            f"{small.megabytes:,.0f} MB at {size // 4:,}", flat, "< 500 MB at 1 M",
            large.megabytes < _MOST_MEGABYTES,
        ),
    ]  # fmt: skip


async def _import(url: str, folder: Path) -> Imported:
    command = [sys.executable, "-m", "bench.importing", url, str(folder)]
    root = Path(__file__).parents[1]
    done = await asyncio.to_thread(
        subprocess.run, command, cwd=root, capture_output=True, text=True, timeout=_PATIENCE, check=False
    )
    if done.returncode:
        raise RuntimeError(f"the import failed: {done.stderr[-2000:]}")
    return Imported(**json.loads(done.stdout))


async def _copied(url: str) -> tuple[int, float]:
    """Rows and seconds of COPY: every entity's rows out, then into a table made like it, with its indexes."""
    connection = await asyncpg.connect(url)
    rows, seconds = 0, 0.0
    try:
        with tempfile.TemporaryDirectory(prefix="hub-bench-") as folder:
            for table in ("area", *ENTITIES):
                if not await connection.fetchval(f"select exists (select from {table})"):
                    continue
                dump = Path(folder) / table
                await connection.copy_from_table(table, output=dump, format="binary")
                await connection.execute(f"create table bench_{table} (like {table} including all)")
                began = time.perf_counter()
                told = await connection.copy_to_table(f"bench_{table}", source=dump, format="binary")
                seconds += time.perf_counter() - began
                rows += int(told.split()[1])
                dump.unlink()
    finally:
        await connection.close()
    return rows, seconds


async def _alone(url: str, folder: Path) -> Imported:
    db = Database(url, pool=2)
    began = time.perf_counter()
    try:
        async with db.work() as session:
            report = await import_package(session, folder, source="bench", dry_run=False)
    finally:
        await db.close()
    seconds = time.perf_counter() - began
    rejected = sum(table.rejected for table in report.tables)
    if report.refused or rejected:
        raise RuntimeError(f"refused: {report.refused}, rejected rows: {rejected}")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return Imported(sum(table.read for table in report.tables), seconds, peak)


if __name__ == "__main__":
    made = asyncio.run(_alone(sys.argv[1], Path(sys.argv[2])))
    print(json.dumps({"rows": made.rows, "seconds": made.seconds, "megabytes": made.megabytes}))
