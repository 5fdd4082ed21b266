"""Raw SQL as the yardstick: PostgreSQL's own pgbench with prepared statements on a socket."""

from __future__ import annotations

import os
import subprocess
import tempfile
from pathlib import Path

from .load import Measured
from .site import Place, Site

_CONNECTING = 2
"""Seconds pgbench may take out of its time to connect; the rate is reckoned from its log, without them."""
_SQL = Path(__file__).parent / "sql"


def drive(site: Site, place: Place, script: str, clients: int, seconds: float, **picks: int) -> Measured:
    """Run a script of `bench/sql` with this many clients for about `seconds`; every transaction must succeed."""
    with tempfile.TemporaryDirectory(prefix="hub-bench-") as logs:
        command = [str(site.pgbench), "-n", "-M", "prepared", "-c", str(clients), "-j", "1"]
        command += ["-T", str(round(seconds) + _CONNECTING), "-f", str(_SQL / f"{script}.pgbench"), "--log"]
        command += [f"--log-prefix={logs}/log"] + [f"-D{name}={value}" for name, value in picks.items()]
        done = subprocess.run(
            command, env=os.environ | place.environment(), capture_output=True, text=True, check=False
        )
        if done.returncode or "number of failed transactions: 0" not in done.stdout:
            raise RuntimeError(f"pgbench {script}: {done.stdout}{done.stderr}")
        rows = [line.split() for path in Path(logs).iterdir() for line in path.read_text().splitlines()]
    began = min(int(row[4]) + int(row[5]) / 1e6 - int(row[2]) / 1e6 for row in rows)
    ended = max(int(row[4]) + int(row[5]) / 1e6 for row in rows)
    return Measured(ended - began, [int(row[2]) / 1e6 for row in rows])
