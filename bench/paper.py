"""Writing docs/performance.md from `performance.md`, `held.md` and what a whole run found."""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from . import servers
from .data import Scale
from .figures import Figure, figures_table
from .table import Line, ratio, table
from .turns import PROCESSES

HERE = Path(__file__).parent
PAPER = HERE.parent / "docs" / "performance.md"
_PACKAGES = ("uvicorn", "strawberry-graphql", "graphql-core", "sqlalchemy", "asyncpg", "orjson")


def write(
    asked: argparse.Namespace,
    found: Mapping[str, Mapping[str, Line]],
    figures: Sequence[Figure],
    postgres: str,
    busy: float,
    seconds: float,
) -> None:
    """Write the paper. `busy`: the load average before the run; `seconds`: what all of it took."""
    scale = Scale(asked.size, asked.size)
    held = [
        f"- {job}: {ratio(lines, n):.2f} of the better PostGraphile with {n} process{'es' if n > 1 else ''}"
        for job, lines in found.items()
        for n in PROCESSES
    ]
    missed = [f"- missed: {one.what} (goal {one.goal})" for one in figures if one.held is False]
    text = (HERE / "performance.md").read_text("utf-8")
    PAPER.write_text(
        text.format(
            held=(HERE / "held.md").read_text("utf-8").strip(),
            postgres=postgres,
            command=" ".join(["python -m bench", *sys.argv[1:]]),
            minutes=f"{seconds / 60:.1f}",
            load=f"{busy:.1f}",
            node=subprocess.run(
                [servers.node(), "--version"], capture_output=True, text=True, check=True
            ).stdout.strip(),
            peers=" and ".join(_release(n) for n in (4, 5)),
            table="\n\n".join(table(job, lines, PROCESSES) for job, lines in found.items()),
            figures=figures_table(figures),
            ratios="\n".join([*held, *missed]),
            date=datetime.now(UTC).date().isoformat(),
            machine=f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}",
            python=platform.python_version(),
            packages=", ".join(f"{name} {version(name)}" for name in _PACKAGES),
            size=f"{asked.size:,}",
            cases=f"{scale.cases:,}",
            agencies=scale.agencies,
            clients=asked.clients,
            rounds=asked.rounds,
            seconds=f"{asked.seconds:g}",
        ),
        "utf-8",
    )


def _release(major: int) -> str:
    package = servers.NODE / "node_modules" / f"postgraphile{major}" / "package.json"
    return str(json.loads(package.read_text("utf-8"))["version"])
